//! The section `workload.test_chain` of a genesis file.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AccountKey, Transfer};

/// Most transfers of one BODY that a builder makes.
const BATCH_MAX: u32 = 1000;
/// Most heights by which hashes follow.
const HASH_LAG_MAX: u64 = 1000;
/// Longest time that a hash takes, in milliseconds.
const HASH_MS_MAX: u32 = 60_000;

/// What the test chain starts from (ECP-TST-003).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Section workload.test_chain of the genesis file")]
pub struct Section {
    /// Accounts before the first block, each key once, balances together below 2^64.
    pub accounts: Vec<AccountSection>,
    /// Transfers that a builder takes in this order, before any other. They are not checked here.
    #[serde(default)]
    pub mempool: Vec<Transfer>,
    /// The hash of a block is told when this many blocks stand above it, 0 to 1,000.
    /// From 10 on, no block above the first ten can be executed, ever.
    #[schemars(range(max = HASH_LAG_MAX))]
    pub hash_lag: u64,
    /// Time that computing one block hash takes, in milliseconds, at most 60,000.
    #[serde(default)]
    #[schemars(range(max = HASH_MS_MAX))]
    pub hash_ms: u32,
    /// A timestamp may lie this far ahead of the validator's clock, in milliseconds.
    pub window_ms: u64,
    /// Most executed transfers of a block, at least 1.
    #[schemars(range(min = 1))]
    pub capacity: u32,
    /// Transfers that a builder puts into one BODY, 1 to 1,000.
    #[schemars(range(min = 1, max = BATCH_MAX))]
    pub batch: u32,
}

/// An account before the first block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountSection {
    /// Its Ed25519 public key.
    #[serde(with = "crate::hex_array")]
    #[schemars(with = "String", regex(pattern = r"^0x[0-9a-fA-F]{64}$"))]
    pub key: AccountKey,
    /// What it owns.
    pub balance: u64,
    /// Nonce of its next transfer.
    #[serde(default)]
    pub nonce: u64,
}

/// Why a section is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("genesis field `workload.test_chain{field}`: {problem}")]
pub struct BadSection {
    /// The field, with its leading dot.
    pub field: String,
    /// What is wrong.
    pub problem: String,
}

impl BadSection {
    pub(crate) fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

impl Section {
    /// Reads and checks the section.
    pub fn read(value: &serde_json::Value) -> Result<Self, BadSection> {
        let section: Self = serde_path_to_error::deserialize(value)
            .map_err(|error| BadSection::new(format!(".{}", error.path()), error.inner().to_string()))?;
        section.check()?;
        Ok(section)
    }

    fn check(&self) -> Result<(), BadSection> {
        let (mut keys, mut total) = (BTreeSet::new(), 0u64);
        for (i, account) in self.accounts.iter().enumerate() {
            if !keys.insert(account.key) {
                return Err(BadSection::new(format!(".accounts[{i}].key"), "stands twice"));
            }
            total = total.checked_add(account.balance).ok_or_else(|| {
                BadSection::new(format!(".accounts[{i}].balance"), "all balances together must be below 2^64")
            })?;
        }
        let range = |field: &str, value: u64, min: u64, max: u64| {
            let problem = format!("must be {min} to {max}, is {value}");
            if (min..=max).contains(&value) { Ok(()) } else { Err(BadSection::new(field, problem)) }
        };
        range(".hash_lag", self.hash_lag, 0, HASH_LAG_MAX)?;
        range(".hash_ms", u64::from(self.hash_ms), 0, u64::from(HASH_MS_MAX))?;
        range(".capacity", u64::from(self.capacity), 1, u64::from(u32::MAX))?;
        range(".batch", u64::from(self.batch), 1, u64::from(BATCH_MAX))
    }
}
