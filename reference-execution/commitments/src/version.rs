//! Starknet versions, as far as they change a formula.

use std::{fmt, str::FromStr};

use starknet_types_core::felt::Felt;

use crate::short_string;

/// A version of Starknet, such as 0.14.2: three or four numbers with dots between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StarknetVersion {
    numbers: [u8; 4],
    /// Three or four numbers; 0.13.1 and 0.13.1.0 are equally high and yet distinct texts.
    four: bool,
}

/// Why a text is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no Starknet version: three or four numbers below 256 with dots between")]
pub struct BadVersion(pub String);

/// The version is older than 0.13.2, for which no block hash is defined here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no block hash for Starknet {0}: 0.13.2 is the first")]
pub struct NoBlockHash(pub StarknetVersion);

impl StarknetVersion {
    /// A version of three numbers.
    #[must_use]
    pub const fn new(major: u8, minor: u8, patch: u8) -> Self {
        Self { numbers: [major, minor, patch, 0], four: false }
    }

    fn at_least(&self, major: u8, minor: u8, patch: u8) -> bool {
        self.numbers >= [major, minor, patch, 0]
    }

    /// Its text as a felt.
    #[must_use]
    pub fn to_felt(&self) -> Felt {
        short_string(&self.to_string())
    }

    /// Whether the roots of both tries are hashed also without classes: from 0.14.0.
    pub(crate) fn always_hashes_roots(&self) -> bool {
        self.at_least(0, 14, 0)
    }

    /// Whether the formulas of block hash 1 hold: from 0.13.4.
    pub(crate) fn has_block_hash_1(&self) -> bool {
        self.at_least(0, 13, 4)
    }

    /// Refuses versions before 0.13.2.
    pub(crate) fn check_block_hash(&self) -> Result<(), NoBlockHash> {
        if self.at_least(0, 13, 2) { Ok(()) } else { Err(NoBlockHash(*self)) }
    }
}

impl FromStr for StarknetVersion {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let bad = || BadVersion(text.chars().take(32).collect());
        let mut numbers = [0; 4];
        let mut count = 0;
        for part in text.split('.') {
            let number: u8 = part.parse().map_err(|_| bad())?;
            // One text for one version: neither a sign nor leading zeros.
            if number.to_string() != part {
                return Err(bad());
            }
            *numbers.get_mut(count).ok_or_else(bad)? = number;
            count += 1;
        }
        if count < 3 { Err(bad()) } else { Ok(Self { numbers, four: count == 4 }) }
    }
}

impl fmt::Display for StarknetVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, last] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        if self.four { write!(f, ".{last}") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_order_is_by_number() {
        for text in ["0.13.1", "0.13.1.1", "0.14.2", "255.0.10"] {
            assert_eq!(text.parse::<StarknetVersion>().unwrap().to_string(), text);
        }
        assert!("0.13.10".parse::<StarknetVersion>().unwrap() > "0.13.4".parse().unwrap());
        for text in ["", "0.13", "0.13.1.1.1", "0.13.+1", "0.13.01", "0.13.256", "a.b.c"] {
            assert_eq!(text.parse::<StarknetVersion>(), Err(BadVersion(text.to_owned())));
        }
        assert!(StarknetVersion::new(0, 13, 1).check_block_hash().is_err());
        assert!(StarknetVersion::new(0, 13, 2).check_block_hash().is_ok());
    }
}
