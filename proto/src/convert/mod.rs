//! Messages to values and back.
//!
//! `TryFrom` checks everything that is a field of ECP: presence, lengths, ranges, enum values. What is inside a
//! payload is not looked at: that is a verdict, never a status (ECP-ENC-006).

mod archive;
mod build;
mod decision;
mod height;
mod proposal;
mod requests;
mod session;
mod validate;

use bytes::Bytes;
use ecp_types::{Commitment, Felt, Reason, limits::ERROR_DETAIL_BYTES};

pub use archive::{DecidedHeader, GetDecidedEvent, ImportEvent, ImportOutcome, ImportResult};
pub use build::{BuildEvent, BuildOpen, Built};
pub use requests::{BlockHashAnswer, BlockRange, Decided, Decision, Finalization, Reframe};
pub use session::{HandshakeAnswer, HandshakeOpen, features};
pub use validate::{ValidateEvent, ValidateOpen, ValidateReply};

/// A field that breaks its rule (ECP-ENC-001 to ECP-ENC-003), or is larger than a limit of the handshake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {problem}", self.subject())]
pub struct FieldError {
    /// Path of the field, such as `certificate.signatures[2].address`; empty for the message as a whole.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
    /// The limit that it exceeds, in bytes, if that is what is wrong (ECP-LIM-002, ECP-LIM-006).
    pub limit: Option<u64>,
}

impl FieldError {
    /// A field and what is wrong with it.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into(), limit: None }
    }

    /// A field that is larger than both halves agreed on.
    pub(crate) fn too_large(field: &str, size: u64, limit: u64) -> Self {
        let problem = format!("has {size} bytes, at most {limit} are taken");
        Self { field: field.to_owned(), problem, limit: Some(limit) }
    }

    /// The reason that a request with this field is refused for.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        if self.limit.is_some() { Reason::LimitExceeded } else { Reason::FieldInvalid }
    }

    fn subject(&self) -> String {
        if self.field.is_empty() { "the message".to_owned() } else { format!("field `{}`", self.field) }
    }

    /// The same inside of `outer`.
    #[must_use]
    pub fn within(self, outer: &str) -> Self {
        Self { field: format!("{outer}.{}", self.field), ..self }
    }
}

/// Puts the path of the enclosing field in front.
pub(crate) trait Within<T> {
    fn within(self, outer: &str) -> Result<T, FieldError>;
}

impl<T> Within<T> for Result<T, FieldError> {
    fn within(self, outer: &str) -> Self {
        self.map_err(|e| e.within(outer))
    }
}

/// The value of a field that must be there.
pub(crate) fn required<T>(value: Option<T>, field: &str) -> Result<T, FieldError> {
    value.ok_or_else(|| FieldError::new(field, "is missing"))
}

pub(crate) fn felt(bytes: &[u8], field: &str) -> Result<Felt, FieldError> {
    Felt::from_bytes(bytes).map_err(|e| FieldError::new(field, format!("is no canonical felt: {e}")))
}

pub(crate) fn array<const N: usize>(bytes: &[u8], field: &str) -> Result<[u8; N], FieldError> {
    bytes.try_into().map_err(|_| FieldError::new(field, format!("must be {N} bytes, is {}", bytes.len())))
}

pub(crate) fn commitment(bytes: &[u8], field: &str) -> Result<Commitment, FieldError> {
    array(bytes, field).map(Commitment)
}

pub(crate) fn bytes_of(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

pub(crate) fn text(value: &str, field: &str, min: usize, max: usize) -> Result<String, FieldError> {
    if (min..=max).contains(&value.len()) && value.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        Ok(value.to_owned())
    } else {
        Err(FieldError::new(field, format!("must be {min} to {max} printable ASCII characters")))
    }
}

pub(crate) fn in_range<T: PartialOrd + std::fmt::Display>(
    value: T,
    min: T,
    max: T,
    field: &str,
) -> Result<T, FieldError> {
    if value >= min && value <= max {
        Ok(value)
    } else {
        Err(FieldError::new(field, format!("must be {min} to {max}, is {value}")))
    }
}

/// A text for people, at most 1 KiB (ECP-LIM-005).
pub(crate) fn detail(text: String, field: &str) -> Result<String, FieldError> {
    in_range(text.len() as u64, 0, ERROR_DETAIL_BYTES, field)?;
    Ok(text)
}

/// An enum field whose value must be known and not zero (ECP-ENC-001).
pub(crate) fn known<P: TryFrom<i32>, T>(raw: i32, field: &str, map: impl Fn(P) -> Option<T>) -> Result<T, FieldError> {
    P::try_from(raw)
        .ok()
        .and_then(map)
        .ok_or_else(|| FieldError::new(field, format!("has the unknown or unspecified value {raw}")))
}

#[cfg(test)]
mod tests;
