//! Byte arrays in JSON: `0x` and two hexadecimal digits a byte.

use std::borrow::Cow;

use ecp_types::{decode_hex_array, encode_hex};
use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

pub(crate) fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&encode_hex(bytes))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error> {
    let text = <Cow<'de, str>>::deserialize(deserializer)?;
    decode_hex_array(&text).map_err(|_| D::Error::custom(format!("must be 0x and {} hexadecimal digits", 2 * N)))
}
