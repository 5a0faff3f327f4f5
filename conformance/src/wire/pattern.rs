//! Compares messages with what a case calls legal.

use bytes::Bytes;
use prost_reflect::{DynamicMessage, Kind, ReflectMessage, Value};
use serde_json::Value as Json;

use super::{
    Bound, Names,
    build::{enum_number, field_of, scalar},
    is_reference, names,
};

/// How a message differs from a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The half said something else.
    #[error("{path} is {found}, not {wanted}")]
    Differs {
        /// Path of the field.
        path: String,
        /// What came.
        found: String,
        /// What the pattern wants.
        wanted: String,
    },
    /// The pattern itself is wrong: the suite's fault.
    #[error("the case is wrong at {path}: {what}")]
    BadPattern {
        /// Path of the field.
        path: String,
        /// What is wrong.
        what: String,
    },
}

/// Whether `message` contains `pattern`: each written field must be equal, `null` must be absent, `"*"` present.
pub fn contains(pattern: &Json, message: &DynamicMessage, names: &Names) -> Result<(), Mismatch> {
    compare(pattern, message, names, "")
}

fn compare(pattern: &Json, message: &DynamicMessage, names: &Names, path: &str) -> Result<(), Mismatch> {
    let here = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    if let Json::String(text) = pattern
        && let Some(reference) = is_reference(text)
    {
        let bound = names.get(reference).map_err(|what| Mismatch::BadPattern { path: here("."), what })?;
        return match &bound {
            Bound::Message(wanted) if **wanted == *message => Ok(()),
            _ => Err(Mismatch::Differs {
                path: here("."),
                found: super::readable(message),
                wanted: format!("${reference}, {}", bound.readable()),
            }),
        };
    }
    let Json::Object(fields) = pattern else {
        return Err(Mismatch::BadPattern { path: here("."), what: "a message is written as a mapping".into() });
    };
    for (key, wanted) in fields {
        let path = here(key);
        let Some(field) = field_of(&message.descriptor(), key) else {
            let what = format!("{} has no such field", message.descriptor().name());
            return Err(Mismatch::BadPattern { path, what });
        };
        let present = message.has_field(&field);
        let value = message.get_field(&field);
        let found = || {
            if present || !field.supports_presence() {
                names::value_to_readable(&value, &field.kind()).to_string()
            } else {
                "absent".to_owned()
            }
        };
        let differs =
            |wanted: &str| Mismatch::Differs { path: path.clone(), found: found(), wanted: wanted.to_owned() };
        if wanted.is_null() {
            if present {
                return Err(differs("absent"));
            }
            continue;
        }
        if wanted == "*" {
            if !present {
                return Err(differs("present"));
            }
            continue;
        }
        if field.supports_presence() && !present {
            return Err(differs(&wanted.to_string().replace(".0", "")));
        }
        match (&*value, wanted) {
            (Value::List(items), Json::Array(wanted_items)) => {
                if items.len() != wanted_items.len() {
                    return Err(differs(&format!("a list of {}", wanted_items.len())));
                }
                for (i, (item, wanted)) in items.iter().zip(wanted_items).enumerate() {
                    one(wanted, item, &field.kind(), names, &format!("{path}[{i}]"))?;
                }
            }
            (Value::List(_), _) => {
                return Err(Mismatch::BadPattern { path, what: "written as a list".into() });
            }
            (item, wanted) => one(wanted, item, &field.kind(), names, &path)?,
        }
    }
    Ok(())
}

fn one(wanted: &Json, value: &Value, kind: &Kind, names: &Names, path: &str) -> Result<(), Mismatch> {
    let bad = |what: String| Mismatch::BadPattern { path: path.to_owned(), what };
    let expected = match (value, kind) {
        (Value::Message(inner), _) => return compare(wanted, inner, names, path),
        (_, Kind::Enum(descriptor)) => Value::EnumNumber(enum_number(wanted, descriptor).map_err(bad)?),
        _ => scalar(wanted, kind, names).map_err(bad)?,
    };
    if expected == *value {
        return Ok(());
    }
    Err(Mismatch::Differs {
        path: path.to_owned(),
        found: names::value_to_readable(value, kind).to_string(),
        wanted: names::value_to_readable(&expected, kind).to_string(),
    })
}

/// The value at a dotted path, `.` being the message itself, to be saved under a name. `None` if it is absent.
pub fn select(message: &DynamicMessage, path: &str) -> Result<Option<Bound>, String> {
    if path == "." {
        return Ok(Some(Bound::Message(Box::new(message.clone()))));
    }
    let (head, rest) = path.split_once('.').map_or((path, None), |(h, r)| (h, Some(r)));
    let field = field_of(&message.descriptor(), head)
        .ok_or_else(|| format!("{} has no field {head}", message.descriptor().name()))?;
    if field.supports_presence() && !message.has_field(&field) {
        return Ok(None);
    }
    match (&*message.get_field(&field), rest) {
        (Value::Message(inner), Some(rest)) => select(inner, rest),
        (Value::Message(inner), None) => Ok(Some(Bound::Message(Box::new(inner.clone())))),
        (Value::U64(n), None) => Ok(Some(Bound::Number(*n))),
        (Value::U32(n), None) => Ok(Some(Bound::Number(u64::from(*n)))),
        (Value::Bytes(b), None) => Ok(Some(Bound::Bytes(Bytes::clone(b)))),
        (Value::String(s), None) => Ok(Some(Bound::Text(s.clone()))),
        _ => Err(format!("{path} cannot be saved")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::{build, message};

    fn verdict(json: Json) -> DynamicMessage {
        build(&json, message("Verdict").unwrap(), &Names::default()).unwrap()
    }

    #[test]
    fn a_different_reason_is_a_mismatch_that_names_both() {
        let said = verdict(json!({"invalid": {"reason": "HEADER_RULE", "detail": "old"}}));
        let names = Names::default();
        assert_eq!(contains(&json!({"invalid": {"reason": "HEADER_RULE"}}), &said, &names), Ok(()));
        let error = contains(&json!({"invalid": {"reason": "INIT_MISMATCH"}}), &said, &names).unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid.reason is \"INVALID_REASON_HEADER_RULE\", not \"INVALID_REASON_INIT_MISMATCH\""
        );
    }

    #[test]
    fn absent_differs_from_zero() {
        let none = verdict(json!({"valid": {"commitment": "0x00*32"}}));
        let names = Names::default();
        assert!(contains(&json!({"valid": {"executed_count": 0}}), &none, &names).is_err());
        assert!(contains(&json!({"valid": {"executed_count": null}}), &none, &names).is_ok());
        assert!(contains(&json!({"invalid": {}}), &none, &names).is_err());
    }

    #[test]
    fn a_pattern_with_an_unknown_field_is_the_suites_fault() {
        let none = verdict(json!({"aborted": {}}));
        assert!(matches!(contains(&json!({"bored": {}}), &none, &Names::default()), Err(Mismatch::BadPattern { .. })));
    }

    #[test]
    fn selects_by_path() {
        let said = verdict(json!({"valid": {"commitment": "0x07*32", "executed_count": 3}}));
        assert_eq!(select(&said, "valid.executed_count"), Ok(Some(Bound::Number(3))));
        assert_eq!(select(&said, "invalid.detail"), Ok(None));
        assert!(select(&said, "nonsense").is_err());
    }
}
