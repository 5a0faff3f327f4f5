//! Makes messages from the ProtoJSON of cases.

use bytes::Bytes;
use prost_reflect::{
    Cardinality, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value,
};
use serde_json::Value as Json;

use super::{Bound, Names, is_reference};

/// Why a message cannot be made: the path of the field, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}")]
pub struct BuildError {
    /// Path of the field, such as `network.chain_id`.
    pub path: String,
    /// What is wrong.
    pub what: String,
}

/// Makes a message of `descriptor` from `json`; fields that are not written stay absent.
pub fn build(json: &Json, descriptor: MessageDescriptor, names: &Names) -> Result<DynamicMessage, BuildError> {
    build_over(json, DynamicMessage::new(descriptor), names)
}

/// Changes `message`: fields that are not written stay as they are, and `null` clears a field.
pub fn build_over(json: &Json, mut message: DynamicMessage, names: &Names) -> Result<DynamicMessage, BuildError> {
    overlay(json, &mut message, names, "")?;
    Ok(message)
}

fn overlay(json: &Json, message: &mut DynamicMessage, names: &Names, path: &str) -> Result<(), BuildError> {
    let fail = |what: String| BuildError { path: if path.is_empty() { ".".into() } else { path.into() }, what };
    if let Json::String(text) = json
        && let Some(reference) = is_reference(text)
    {
        if names.fits_all() {
            return Ok(());
        }
        return match names.get(reference).map_err(fail)? {
            Bound::Message(bound) if bound.descriptor() == message.descriptor() => {
                *message = *bound;
                Ok(())
            }
            other => Err(fail(format!("${reference} is {}, not a {}", other.readable(), message.descriptor().name()))),
        };
    }
    let Json::Object(fields) = json else {
        return Err(fail(format!("a {} is written as a mapping", message.descriptor().name())));
    };
    for (key, value) in fields {
        let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let Some(field) = field_of(&message.descriptor(), key) else {
            return Err(BuildError { path: here, what: format!("{} has no such field", message.descriptor().name()) });
        };
        if value.is_null() || (names.fits_all() && value == "*") {
            message.clear_field(&field);
            continue;
        }
        if field.is_list() {
            let Json::Array(items) = value else {
                return Err(BuildError { path: here, what: "written as a list".into() });
            };
            let values = items
                .iter()
                .enumerate()
                .map(|(i, item)| element(item, &field, None, names, &format!("{here}[{i}]")))
                .collect::<Result<Vec<_>, _>>()?;
            message.set_field(&field, Value::List(values));
            continue;
        }
        let base = match message.has_field(&field).then(|| message.get_field(&field).into_owned()) {
            Some(Value::Message(base)) => Some(base),
            _ => None,
        };
        let value = element(value, &field, base, names, &here)?;
        message.set_field(&field, value);
    }
    Ok(())
}

/// The field of this name, as in the protobuf file or as in ProtoJSON.
pub(super) fn field_of(descriptor: &MessageDescriptor, key: &str) -> Option<FieldDescriptor> {
    descriptor.get_field_by_name(key).or_else(|| descriptor.get_field_by_json_name(key))
}

fn element(
    json: &Json,
    field: &FieldDescriptor,
    base: Option<DynamicMessage>,
    names: &Names,
    path: &str,
) -> Result<Value, BuildError> {
    debug_assert!(field.cardinality() != Cardinality::Required);
    let fail = |what: String| BuildError { path: path.into(), what };
    if let Kind::Message(descriptor) = field.kind() {
        let mut inner = base.unwrap_or_else(|| DynamicMessage::new(descriptor));
        overlay(json, &mut inner, names, path)?;
        return Ok(Value::Message(inner));
    }
    scalar(json, &field.kind(), names).map_err(fail)
}

/// A value that is no message.
pub(super) fn scalar(json: &Json, kind: &Kind, names: &Names) -> Result<Value, String> {
    let bound = match json {
        Json::String(text) => match is_reference(text) {
            Some(_) if names.fits_all() => return Ok(Value::default_value(kind)),
            Some(reference) => Some(names.get(reference)?),
            None => None,
        },
        _ => None,
    };
    match kind {
        Kind::Bool => json.as_bool().map(Value::Bool).ok_or_else(|| "true or false is due".into()),
        Kind::String => match (bound, json) {
            (Some(Bound::Text(text)), _) => Ok(Value::String(text)),
            (Some(other), _) => Err(format!("{} is no text", other.readable())),
            (None, Json::String(text)) => Ok(Value::String(text.clone())),
            _ => Err("a text is due".into()),
        },
        Kind::Bytes => match (bound, json) {
            (Some(Bound::Bytes(bytes)), _) => Ok(Value::Bytes(bytes)),
            (Some(other), _) => Err(format!("{} is no bytes", other.readable())),
            (None, Json::String(text)) => bytes_of(text).map(Value::Bytes),
            _ => Err("bytes are written as 0x and hexadecimal digits".into()),
        },
        Kind::Enum(descriptor) => enum_number(json, descriptor).map(Value::EnumNumber),
        Kind::Uint64 | Kind::Fixed64 => number(json, bound).map(Value::U64),
        Kind::Uint32 | Kind::Fixed32 => number(json, bound)
            .and_then(|n| u32::try_from(n).map_err(|_| format!("{n} does not fit into 32 bits")))
            .map(Value::U32),
        other => Err(format!("values of kind {other:?} are not used by ECP")),
    }
}

/// `0x` and an even number of hexadecimal digits; `0x00*32` repeats.
pub(super) fn bytes_of(text: &str) -> Result<Bytes, String> {
    let digits = text.strip_prefix("0x").ok_or("bytes are written as 0x and hexadecimal digits")?;
    let (digits, times) = match digits.split_once('*') {
        Some((digits, times)) => (digits, times.parse::<usize>().map_err(|_| "no number after *".to_owned())?),
        None => (digits, 1),
    };
    let bytes = hex::decode(digits).map_err(|e| format!("{text}: {e}"))?;
    if bytes.len().saturating_mul(times) > 64 << 20 {
        return Err("more than 64 MiB".into());
    }
    Ok(bytes.repeat(times).into())
}

/// An enum value by its full name, by its name without the prefix, or by number.
pub(super) fn enum_number(json: &Json, descriptor: &EnumDescriptor) -> Result<i32, String> {
    match json {
        Json::String(text) => descriptor
            .values()
            .find(|v| {
                v.name() == text || v.name().strip_suffix(text.as_str()).is_some_and(|p| is_prefix(p, descriptor))
            })
            .map(|v| v.number())
            .ok_or_else(|| format!("{text} is no {}", descriptor.name())),
        _ => number(json, None).and_then(|n| i32::try_from(n).map_err(|_| format!("{n} is no enum value"))),
    }
}

/// Whether `prefix` is the enum's name in capitals with underscores.
fn is_prefix(prefix: &str, descriptor: &EnumDescriptor) -> bool {
    prefix.replace('_', "").eq_ignore_ascii_case(descriptor.name()) && prefix.ends_with('_')
}

fn number(json: &Json, bound: Option<Bound>) -> Result<u64, String> {
    match (bound, json) {
        (Some(Bound::Number(n)), _) => Ok(n),
        (Some(other), _) => Err(format!("{} is no number", other.readable())),
        (None, Json::Number(n)) => match (n.as_u64(), n.as_f64()) {
            (Some(n), _) => Ok(n),
            // Numbers of google.protobuf.Struct are doubles; larger ones are written as texts.
            (None, Some(f)) if f.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&f) => Ok(f as u64),
            _ => Err(format!("{n} is no natural number below 2^53; write larger ones in quotes")),
        },
        (None, Json::String(text)) => text.parse().map_err(|_| format!("{text} is no natural number")),
        _ => Err("a number is due".into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn start_round() -> MessageDescriptor {
        super::super::message("StartRoundRequest").unwrap()
    }

    #[test]
    fn null_clears_and_unwritten_stays() {
        let names = Names::default();
        let base = build(&json!({"height": 4, "round": 0, "role": "PROPOSER"}), start_round(), &names).unwrap();
        let changed = build_over(&json!({"height": null}), base, &names).unwrap();
        assert!(!changed.has_field_by_name("height"));
        assert!(changed.has_field_by_name("round"), "a round of zero is present");
        assert_eq!(changed.get_field_by_name("role").unwrap().as_enum_number(), Some(1));
    }

    #[test]
    fn names_the_field_that_does_not_exist() {
        let error = build(&json!({"heigth": 4}), start_round(), &Names::default()).unwrap_err();
        assert_eq!(error.to_string(), "heigth: StartRoundRequest has no such field");
    }

    #[test]
    fn references_and_offsets() {
        let mut names = Names::default();
        names.bind("next", Bound::Number(7));
        names.bind("P.commitment", Bound::Bytes(Bytes::from_static(&[1, 2])));
        let message = build(&json!({"height": "$next+2", "proposer": "$P.commitment"}), start_round(), &names).unwrap();
        assert_eq!(message.get_field_by_name("height").unwrap().as_u64(), Some(9));
        assert_eq!(message.get_field_by_name("proposer").unwrap().as_bytes().unwrap().as_ref(), [1, 2]);
        assert!(build(&json!({"height": "$nothing"}), start_round(), &names).is_err());
    }

    #[test]
    fn hexadecimal_bytes_repeat() {
        assert_eq!(bytes_of("0xff*3").unwrap().as_ref(), [255; 3]);
        assert!(bytes_of("ff").is_err());
    }
}
