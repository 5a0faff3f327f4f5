//! `limits.toml`: numbers of the protocol.

use serde::Deserialize;

use super::unique;

/// Unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Ms,
    /// How many.
    Count,
}

impl Unit {
    /// The word in the documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Ms => "ms",
            Self::Count => "count",
        }
    }
}

/// One number.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitRow {
    /// Its name, in capitals.
    pub name: String,
    /// Its value.
    pub value: u64,
    /// Its unit.
    pub unit: Unit,
    /// The requirement that uses it.
    pub requirement: String,
    /// What it bounds.
    pub meaning: String,
}

/// The whole table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The numbers.
    #[serde(rename = "limit")]
    pub limits: Vec<LimitRow>,
}

impl Limits {
    pub(super) fn check(&self) -> Result<(), String> {
        unique("limit", self.limits.iter().map(|row| row.name.as_str()))?;
        for row in &self.limits {
            if row.name.is_empty() || !row.name.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
                return Err(format!("limit `{}`: a name is capitals and underscores", row.name));
            }
            if !row.meaning.ends_with('.') || row.meaning.contains('\n') {
                return Err(format!("limit {}: meaning is one line that ends with a full stop", row.name));
            }
        }
        Ok(())
    }
}
