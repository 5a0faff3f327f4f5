//! Parameters of a call, by position or by name.

use jsonrpsee::types::{ErrorObjectOwned, Params};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use starknet_rust_core::types::BlockId;
use starknet_types_core::felt::Felt;

use crate::error::invalid_params;

/// The parameters of one call, taken one by one.
#[derive(Debug)]
pub(crate) struct Args(Map<String, Value>);

impl Args {
    /// Reads parameters with these names, in this order. Unknown names and too many positions are refused, and so is a
    /// felt that is not below the prime, which the types would silently reduce (ECP-ENC-002).
    pub(crate) fn read(params: &Params<'_>, names: &[&str]) -> Result<Self, ErrorObjectOwned> {
        let args = match params.parse::<Value>()? {
            Value::Null => Map::new(),
            Value::Array(values) if values.len() > names.len() => {
                let (given, most) = (values.len(), names.len());
                return Err(invalid_params(format!("{given} parameters; there are at most {most}: {names:?}")));
            }
            Value::Array(values) => names.iter().map(|name| (*name).to_owned()).zip(values).collect(),
            Value::Object(args) => match args.keys().find(|name| !names.contains(&name.as_str())) {
                Some(name) => return Err(invalid_params(format!("unknown parameter `{name}`; there are: {names:?}"))),
                None => args,
            },
            _ => return Err(invalid_params("parameters are an array or an object".to_owned())),
        };
        for (name, value) in &args {
            if let Some(text) = too_large(value) {
                return Err(invalid_params(format!("`{name}`: {text} is not below the prime of the field")));
            }
        }
        Ok(Self(args))
    }

    /// A parameter that must be there.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, ErrorObjectOwned> {
        self.take_opt(name)?.ok_or_else(|| invalid_params(format!("parameter `{name}` is missing")))
    }

    /// A parameter that may be absent or null.
    pub(crate) fn take_opt<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, ErrorObjectOwned> {
        let Some(value) = self.0.remove(name).filter(|value| !value.is_null()) else { return Ok(None) };
        serde_json::from_value(value).map(Some).map_err(|e| invalid_params(format!("`{name}`: {e}")))
    }

    /// The parameter `block_id`.
    pub(crate) fn block_id(&mut self) -> Result<BlockId, ErrorObjectOwned> {
        let value: Value = self.take("block_id")?;
        serde_json::from_value(value).map_err(|_| {
            invalid_params(
                "`block_id`: {\"block_hash\": felt}, {\"block_number\": number}, or one of `latest`, `pre_confirmed`, \
                 `l1_accepted`"
                    .to_owned(),
            )
        })
    }

    /// The value of a parameter without taking it.
    pub(crate) fn peek(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

/// The first text in `value` that reads as a number in hexadecimal and is no felt.
fn too_large(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => {
            let digits = text.strip_prefix("0x").unwrap_or(text).trim_start_matches('0');
            let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            (hex && digits.len() >= 63 && !is_canonical(digits)).then_some(text)
        }
        Value::Array(values) => values.iter().find_map(too_large),
        Value::Object(values) => values.values().find_map(too_large),
        _ => None,
    }
}

fn is_canonical(digits: &str) -> bool {
    // The text of a felt is the text of the number only below the prime.
    digits.len() == 63 && Felt::from_hex(digits).is_ok_and(|felt| format!("{felt:x}") == digits.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["address", "key", "flags"];

    fn read(params: &str) -> Result<Args, ErrorObjectOwned> {
        Args::read(&Params::new(Some(params)), NAMES)
    }

    fn refusal<T: std::fmt::Debug>(result: Result<T, ErrorObjectOwned>) -> String {
        let error = result.unwrap_err();
        assert_eq!(error.code(), -32602);
        error.data().unwrap().to_string()
    }

    #[test]
    fn positions_and_names_are_the_same() {
        for params in [r#"["0x1", "0x2"]"#, r#"{"key": "0x2", "address": "0x1"}"#, r#"["0x1", "0x2", null]"#] {
            let mut args = read(params).unwrap();
            assert_eq!(args.take::<Felt>("address").unwrap(), Felt::ONE);
            assert_eq!(args.take::<Felt>("key").unwrap(), Felt::TWO);
            assert_eq!(args.take_opt::<Vec<String>>("flags").unwrap(), None);
        }
        assert!(Args::read(&Params::new(None), NAMES).is_ok());
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(refusal(read("[1, 2, 3, 4]")).contains("4 parameters; there are at most 3"));
        assert!(refusal(read(r#"{"adress": "0x1"}"#)).contains("unknown parameter `adress`"));
        assert!(refusal(read("7")).contains("an array or an object"));
        let mut args = read(r#"{"address": [1]}"#).unwrap();
        assert!(refusal(args.take::<Felt>("key")).contains("parameter `key` is missing"));
        assert!(refusal(args.take::<Felt>("address")).contains("`address`: "));
    }

    #[test]
    fn felts_are_canonical_wherever_they_stand() {
        let prime = "0x800000000000011000000000000000000000000000000000000000000000001";
        let largest = "0x800000000000011000000000000000000000000000000000000000000000000";
        assert!(read(&format!(r#"["{largest}"]"#)).is_ok());
        assert!(refusal(read(&format!(r#"["{prime}"]"#))).contains("is not below the prime"));
        assert!(refusal(read(&format!(r#"{{"key": {{"calldata": ["0x1", "{prime}"]}}}}"#))).contains("`key`: "));
        assert!(refusal(read(&format!(r#"["0x{}"]"#, "f".repeat(64)))).contains("is not below the prime"));
    }
}
