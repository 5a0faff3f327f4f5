//! What is gossiped, logged and synced, as protocol buffers.
//!
//! A decoder refuses before it keeps anything: bytes over the limit of their kind, lists longer than the largest
//! committee, values out of range, and every encoding but the one that it would write itself. So equal messages have
//! equal bytes, and nothing that a peer sends makes a half panic (ECP-ERR-006).

mod consensus;
mod part;
mod sync;

use bytes::Bytes;
use ecp_types::{Commitment, Felt};
use prost::Message;

use crate::{Address, ValueId};

pub use part::{decode_envelope, encode_envelope};

/// The codec of the gossip network, the log and value sync.
#[derive(Debug, Clone, Copy)]
pub struct WireCodec {
    /// Largest gossiped message, in bytes.
    pub max_gossip_bytes: usize,
    /// Largest response of value sync, in bytes.
    pub max_sync_bytes: usize,
}

/// Largest committee (ECP-HGT-003), and so the longest certificate.
const MAX_SIGNATURES: usize = 1_000;
/// Largest message without a payload: a round certificate of the largest committee is below it.
const MAX_SMALL_BYTES: usize = 512 * 1024;
/// A round that can still be counted up in 32 bits.
const MAX_ROUND: u32 = u32::MAX / 2;
/// A height that can still be counted up in 64 bits.
const MAX_HEIGHT: u64 = u64::MAX / 2;

/// Why bytes were refused, or a message could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More bytes than allowed.
    #[error("{size} bytes exceed the limit of {limit}")]
    TooLarge {
        /// How many.
        size: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// Not a protocol buffer of this kind.
    #[error("not a protocol buffer of this kind: {0}")]
    Malformed(String),
    /// Another encoding of a message than the one that is written.
    #[error("not the canonical encoding of its message")]
    NotCanonical,
    /// A field is missing or out of range.
    #[error("field {0} is missing or out of range")]
    Field(&'static str),
    /// More signatures than members in the largest committee.
    #[error("more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// What the gossip network has no message for.
    #[error("there is no message for {0}")]
    NoMessage(&'static str),
}

/// Decodes bytes that are at most `limit` long and canonical.
fn decode<M: Message + Default>(bytes: Bytes, limit: usize) -> Result<M, DecodeError> {
    if bytes.len() > limit {
        return Err(DecodeError::TooLarge { size: bytes.len(), limit });
    }
    let message = M::decode(bytes.clone()).map_err(|error| DecodeError::Malformed(error.to_string()))?;
    if message.encoded_len() != bytes.len() || message.encode_to_vec() != bytes {
        return Err(DecodeError::NotCanonical);
    }
    Ok(message)
}

fn encode<M: Message>(message: &M) -> Bytes {
    message.encode_to_vec().into()
}

fn address(bytes: &Bytes, field: &'static str) -> Result<Address, DecodeError> {
    Felt::from_bytes(bytes).map(Address).map_err(|_| DecodeError::Field(field))
}

fn value(bytes: &Bytes) -> Result<ValueId, DecodeError> {
    Commitment::from_bytes(bytes).map(ValueId).map_err(|_| DecodeError::Field("commitment"))
}

fn round(round: u32) -> Result<u32, DecodeError> {
    if round <= MAX_ROUND { Ok(round) } else { Err(DecodeError::Field("round")) }
}

fn height(height: u64) -> Result<u64, DecodeError> {
    if height <= MAX_HEIGHT { Ok(height) } else { Err(DecodeError::Field("height")) }
}

fn copy(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}
