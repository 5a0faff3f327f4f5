//! Byte strings in files: `0x` and two hexadecimal digits a byte.

use std::fmt;

/// Bytes that are written as `0x` and two lower-case hexadecimal digits a byte.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HexBytes(pub Vec<u8>);

/// Reads `0x` and two hexadecimal digits a byte, in either case.
pub fn decode_hex(text: &str) -> Result<Vec<u8>, BadHex> {
    let digits = text.strip_prefix("0x").ok_or(BadHex)?;
    hex::decode(digits).map_err(|_| BadHex)
}

/// Reads exactly `N` bytes.
pub fn decode_hex_array<const N: usize>(text: &str) -> Result<[u8; N], BadHex> {
    decode_hex(text)?.try_into().map_err(|_| BadHex)
}

/// Writes `0x` and two lower-case hexadecimal digits a byte.
#[must_use]
pub fn encode_hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// A text is no byte string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bytes are written as 0x and two hexadecimal digits a byte, in the length that the field requires")]
pub struct BadHex;

impl fmt::Debug for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode_hex(&self.0))
    }
}

impl serde::Serialize for HexBytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode_hex(&self.0))
    }
}

impl<'de> serde::Deserialize<'de> for HexBytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        decode_hex(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for HexBytes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HexBytes".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Bytes: 0x and two hexadecimal digits a byte.",
            "pattern": "^0x([0-9a-fA-F]{2})*$",
        })
    }
}
