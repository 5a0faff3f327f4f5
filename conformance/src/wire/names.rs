//! Names that cases refer to with `$`, and readable values.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost_reflect::{DynamicMessage, Kind, ReflectMessage, Value};
use serde_json::{Map, Value as Json, json};

/// What a name stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// A number, such as a height.
    Number(u64),
    /// Bytes, such as a commitment.
    Bytes(Bytes),
    /// A text.
    Text(String),
    /// A whole message.
    Message(Box<DynamicMessage>),
}

/// The names of a case, as they are now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Names {
    bound: BTreeMap<String, Bound>,
    /// Every name counts as bound, to something of the right kind: for checking a case before it runs.
    any: bool,
}

impl Names {
    /// Names for checking a case before it runs: whatever is referred to exists and fits.
    #[must_use]
    pub const fn any() -> Self {
        Self { bound: BTreeMap::new(), any: true }
    }

    /// Whether whatever is referred to fits.
    pub(super) const fn fits_all(&self) -> bool {
        self.any
    }

    /// Gives `name` a value, or another one.
    pub fn bind(&mut self, name: impl Into<String>, value: Bound) {
        self.bound.insert(name.into(), value);
    }

    /// Takes the value away.
    pub fn unbind(&mut self, name: &str) {
        self.bound.remove(name);
    }

    /// The value of `$name`, `$name+n` or `$name-n`, written without the `$`. `Err` tells what is wrong.
    pub fn get(&self, reference: &str) -> Result<Bound, String> {
        if let Some(bound) = self.bound.get(reference) {
            return Ok(bound.clone());
        }
        if let Some(at) = reference.rfind(['+', '-']) {
            let (name, offset) = reference.split_at(at);
            let sign = &offset[..1];
            let offset: u64 = offset[1..].parse().map_err(|_| format!("${reference}: no number after {sign}"))?;
            let Some(Bound::Number(base)) = self.bound.get(name) else {
                return Err(format!("${name} is not bound to a number"));
            };
            let result = if sign == "+" { base.checked_add(offset) } else { base.checked_sub(offset) };
            return result.map(Bound::Number).ok_or(format!("${reference} is no height"));
        }
        Err(format!("${reference} is not bound"))
    }
}

/// The name in a string such as `$P.commitment`; `None` if it is no reference.
#[must_use]
pub fn is_reference(text: &str) -> Option<&str> {
    text.strip_prefix('$')
}

/// A message as JSON for people.
pub(super) fn to_readable(message: &DynamicMessage) -> Json {
    let mut out = Map::new();
    for (field, value) in message.fields() {
        out.insert(field.name().to_owned(), value_to_readable(value, &field.kind()));
    }
    Json::Object(out)
}

/// A value as JSON for people.
pub(super) fn value_to_readable(value: &Value, kind: &Kind) -> Json {
    match value {
        Value::Bool(b) => json!(b),
        Value::I32(n) => json!(n),
        Value::I64(n) => json!(n),
        Value::U32(n) => json!(n),
        Value::U64(n) => json!(n),
        Value::F32(n) => json!(n),
        Value::F64(n) => json!(n),
        Value::String(s) => json!(s),
        Value::Bytes(b) if b.len() > 64 => json!(format!("0x{}… ({} bytes)", hex::encode(&b[..16]), b.len())),
        Value::Bytes(b) => json!(format!("0x{}", hex::encode(b))),
        Value::EnumNumber(n) => match kind {
            Kind::Enum(e) => e.get_value(*n).map_or_else(|| json!(n), |v| json!(v.name())),
            _ => json!(n),
        },
        Value::Message(m) => to_readable(m),
        Value::List(items) => Json::Array(items.iter().map(|i| value_to_readable(i, kind)).collect()),
        Value::Map(_) => json!(value.to_string()),
    }
}

impl Bound {
    /// A short text for people.
    #[must_use]
    pub fn readable(&self) -> String {
        match self {
            Self::Number(n) => n.to_string(),
            Self::Bytes(b) => format!("0x{}", hex::encode(b)),
            Self::Text(t) => t.clone(),
            Self::Message(m) => format!("{} {}", m.descriptor().name(), super::readable(m)),
        }
    }
}
