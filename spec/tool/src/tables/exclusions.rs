//! `exclusions.toml`: requirements that no case can check.

use serde::Deserialize;

use super::unique;

/// One exclusion.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExclusionRow {
    /// The requirement.
    pub id: String,
    /// Which observation is missing.
    pub missing: String,
    /// What checks it instead.
    pub instead: String,
}

/// All exclusions.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusions {
    /// The exclusions.
    #[serde(rename = "exclusion", default)]
    pub exclusions: Vec<ExclusionRow>,
}

impl Exclusions {
    /// The exclusion of this requirement.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&ExclusionRow> {
        self.exclusions.iter().find(|row| row.id == id)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        unique("exclusion", self.exclusions.iter().map(|row| row.id.as_str()))?;
        match self.exclusions.iter().find(|row| row.missing.is_empty() || row.instead.is_empty()) {
            Some(row) => Err(format!("{}: what is missing and what checks it instead are not optional", row.id)),
            None => Ok(()),
        }
    }
}
