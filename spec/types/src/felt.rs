//! 32-byte values: field elements, which are canonical, and commitments, which are opaque.

use std::fmt;

/// The prime of the Stark field, 2^251 + 17 * 2^192 + 1, big-endian.
const PRIME: [u8; 32] = {
    let mut p = [0; 32];
    p[0] = 0x08;
    p[7] = 0x11;
    p[31] = 0x01;
    p
};

/// A canonical element of the Stark field: 32 bytes, big-endian, below the prime (ECP-ENC-002).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Felt([u8; 32]);

/// Why bytes are no felt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFelt {
    /// Not 32 bytes.
    #[error("a felt is exactly 32 bytes, got {0}")]
    Length(usize),
    /// Not below the prime.
    #[error("a felt must be below the prime 2^251 + 17 * 2^192 + 1")]
    NotCanonical,
    /// Not hexadecimal.
    #[error("a felt in text is 0x and up to 64 hexadecimal digits")]
    Text,
}

impl Felt {
    /// Zero.
    pub const ZERO: Self = Self([0; 32]);

    /// Checks length and range.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadFelt> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| BadFelt::Length(bytes.len()))?;
        if bytes < PRIME { Ok(Self(bytes)) } else { Err(BadFelt::NotCanonical) }
    }

    /// A small number.
    #[must_use]
    pub fn from_u64(n: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[24..].copy_from_slice(&n.to_be_bytes());
        Self(bytes)
    }

    /// The 32 bytes, big-endian.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::str::FromStr for Felt {
    type Err = BadFelt;

    fn from_str(text: &str) -> Result<Self, BadFelt> {
        let digits = text.strip_prefix("0x").ok_or(BadFelt::Text)?;
        if digits.is_empty() || digits.len() > 64 {
            return Err(BadFelt::Text);
        }
        let bytes = hex::decode(format!("{digits:0>64}")).map_err(|_| BadFelt::Text)?;
        Self::from_bytes(&bytes)
    }
}

impl fmt::Display for Felt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = hex::encode(self.0);
        let digits = text.trim_start_matches('0');
        write!(f, "0x{}", if digits.is_empty() { "0" } else { digits })
    }
}

impl fmt::Debug for Felt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Felt {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Felt {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Felt {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Felt".into()
    }

    /// No text of more digits than the prime has; the prime itself is not a matter of form.
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A felt: 0x and 1 to 64 hexadecimal digits of a number below 2^251 + 17 * 2^192 + 1.",
            "pattern": "^0x(0?[0-8])?[0-9a-fA-F]{1,62}$",
        })
    }
}

/// What validators vote on: 32 bytes that are opaque to consensus.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Commitment(pub [u8; 32]);

impl Commitment {
    /// Checks the length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadFelt> {
        Ok(Self(bytes.try_into().map_err(|_| BadFelt::Length(bytes.len()))?))
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_largest_felt_and_refuses_the_prime() {
        let mut largest = PRIME;
        largest[31] = 0;
        assert!(Felt::from_bytes(&largest).is_ok());
        assert_eq!(Felt::from_bytes(&PRIME), Err(BadFelt::NotCanonical));
        assert_eq!(Felt::from_bytes(&[0; 31]), Err(BadFelt::Length(31)));
    }

    #[test]
    fn reads_and_writes_text() {
        let felt: Felt = "0x2a".parse().unwrap();
        assert_eq!(felt, Felt::from_u64(42));
        assert_eq!(felt.to_string(), "0x2a");
        assert_eq!(Felt::ZERO.to_string(), "0x0");
        assert_eq!("2a".parse::<Felt>(), Err(BadFelt::Text));
    }
}
