//! `withdrawn.toml`: ids of requirements that no longer hold and are never given again.

use serde::Deserialize;

use super::unique;

/// A tombstone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawnRow {
    /// The id.
    pub id: String,
    /// The revision that withdrew it.
    pub revision: u32,
    /// What it said, in a few words.
    pub subject: String,
    /// What holds instead.
    pub instead: String,
}

/// All tombstones.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawn {
    /// In the order of their ids.
    #[serde(rename = "withdrawn", default)]
    pub rows: Vec<WithdrawnRow>,
}

impl Withdrawn {
    /// The tombstone of this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&WithdrawnRow> {
        self.rows.iter().find(|row| row.id == id)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        unique("withdrawn id", self.rows.iter().map(|row| row.id.as_str()))?;
        match self.rows.iter().find(|row| row.subject.is_empty() || !row.instead.ends_with('.')) {
            Some(row) => Err(format!("{}: what it said, and a sentence that says what holds instead", row.id)),
            None => Ok(()),
        }
    }
}
