//! Bytes of the wire format that no encoder of these messages makes.

use prost::encoding::{WireType, encode_key, encode_varint};

/// A field number that no message has.
const UNKNOWN: u32 = 1000;

fn key(number: u32, wire_type: WireType) -> Vec<u8> {
    let mut out = Vec::new();
    encode_key(number, wire_type, &mut out);
    out
}

/// A number as varint.
pub(crate) fn varint(number: u32, value: u64) -> Vec<u8> {
    let mut out = key(number, WireType::Varint);
    encode_varint(value, &mut out);
    out
}

/// A length-delimited field: bytes, text, message, packed list.
pub(crate) fn sized(number: u32, content: &[u8]) -> Vec<u8> {
    let mut out = key(number, WireType::LengthDelimited);
    encode_varint(content.len() as u64, &mut out);
    out.extend_from_slice(content);
    out
}

/// Fields that no message has: a number, 8 bytes, a text, a group with a number in it, 4 bytes.
pub(crate) fn unknown_fields() -> Vec<u8> {
    [
        varint(UNKNOWN, 7),
        key(UNKNOWN + 1, WireType::SixtyFourBit),
        vec![1; 8],
        sized(UNKNOWN + 2, b"new"),
        key(UNKNOWN + 3, WireType::StartGroup),
        varint(1, 1),
        key(UNKNOWN + 3, WireType::EndGroup),
        key(UNKNOWN + 4, WireType::ThirtyTwoBit),
        vec![2; 4],
    ]
    .concat()
}

/// A field that promises five bytes and holds one.
pub(crate) fn cut_length() -> Vec<u8> {
    [key(UNKNOWN, WireType::LengthDelimited), vec![5, 0]].concat()
}
