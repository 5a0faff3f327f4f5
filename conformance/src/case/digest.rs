//! The digest of a case: the same wherever and whenever it is computed.

use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::schema;

/// SHA-256 of what a case says, as JSON whose keys are in order. Maps have no order in protobuf, so its encoding would
/// not do.
pub(super) fn digest(case: &schema::Case, shape: MessageDescriptor) -> Result<[u8; 32], String> {
    let message = DynamicMessage::decode(shape, case.encode_to_vec().as_slice()).map_err(|e| e.to_string())?;
    let json = serde_json::to_value(&message).map_err(|e| e.to_string())?;
    let mut text = String::new();
    write(&json, &mut text);
    Ok(Sha256::digest(text).into())
}

fn write(json: &Json, text: &mut String) {
    match json {
        Json::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in fields {
                *text += &format!("{}:", Json::from(name.as_str()));
                write(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Json::Array(items) => {
            text.push('[');
            for item in items {
                write(item, text);
                text.push(',');
            }
            text.push(']');
        }
        other => *text += &other.to_string(),
    }
}
