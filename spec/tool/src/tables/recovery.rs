//! `recovery.toml`: what is done after a handshake, and what may be signed; `crash-points.toml`: where halves are killed.

use serde::Deserialize;

use super::{
    calls::{Calls, one_of},
    unique,
};

/// A name and what it means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedRow {
    /// In capitals.
    pub name: String,
    /// What it says.
    pub meaning: String,
}

/// An action of recovery.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryActionRow {
    /// In capitals.
    pub name: String,
    /// What is done.
    pub meaning: String,
    /// The rule behind it.
    pub requirement: String,
}

/// One row of the table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryRow {
    /// How the positions stand to each other.
    pub relation: String,
    /// Action if the instance is the one known before.
    pub same: String,
    /// Action if it is a new one.
    pub new: String,
}

/// State of the signing record, and what follows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordRow {
    /// In capitals.
    pub name: String,
    /// When it is so.
    pub meaning: String,
    /// What may be signed.
    pub signing: String,
}

/// The whole table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    /// How positions stand to each other.
    #[serde(rename = "relation")]
    pub relations: Vec<NamedRow>,
    /// What is done.
    #[serde(rename = "action")]
    pub actions: Vec<RecoveryActionRow>,
    /// The cells.
    #[serde(rename = "row")]
    pub rows: Vec<RecoveryRow>,
    /// States of the signing record.
    #[serde(rename = "record")]
    pub records: Vec<RecordRow>,
    /// What may be signed.
    #[serde(rename = "signing")]
    pub signings: Vec<NamedRow>,
}

impl Recovery {
    pub(super) fn check(&self) -> Result<(), String> {
        let names = |rows: &[NamedRow]| rows.iter().map(|row| row.name.clone()).collect::<Vec<_>>();
        let relations = names(&self.relations);
        unique("relation", relations.iter().map(String::as_str))?;
        unique("row", self.rows.iter().map(|row| row.relation.as_str()))?;
        unique("record", self.records.iter().map(|row| row.name.as_str()))?;
        let actions: Vec<&str> = self.actions.iter().map(|row| row.name.as_str()).collect();
        unique("action", actions.iter().copied())?;
        for relation in &relations {
            if !self.rows.iter().any(|row| row.relation == *relation) {
                return Err(format!("the relation {relation} has no row"));
            }
        }
        for row in &self.rows {
            one_of("row", &row.relation, &relations.iter().map(String::as_str).collect::<Vec<_>>())?;
            one_of(&row.relation, &row.same, &actions)?;
            one_of(&row.relation, &row.new, &actions)?;
        }
        if let Some(unused) = actions.iter().find(|name| !self.rows.iter().any(|r| r.same == **name || r.new == **name))
        {
            return Err(format!("no row leads to the action {unused}"));
        }
        let signings = names(&self.signings);
        let signings: Vec<&str> = signings.iter().map(String::as_str).collect();
        self.records.iter().try_for_each(|row| one_of(&row.name, &row.signing, &signings))
    }
}

/// A place at which the suite kills anybody's half.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservableRow {
    /// Stable name.
    pub name: String,
    /// The call that it belongs to.
    #[serde(default)]
    pub call: Option<String>,
    /// When it is.
    pub meaning: String,
    /// What follows if the execution half dies there.
    pub execution_dies: String,
    /// What follows if the consensus half dies there.
    pub consensus_dies: String,
}

/// A place around a durable write inside a half.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InternalRow {
    /// Stable name.
    pub name: String,
    /// `execution` or `consensus`.
    pub half: String,
    /// When it is.
    pub meaning: String,
}

/// All crash points.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrashPoints {
    /// Seen on the boundary.
    pub observable: Vec<ObservableRow>,
    /// Inside a half.
    pub internal: Vec<InternalRow>,
}

impl CrashPoints {
    pub(super) fn check(&self, calls: &Calls) -> Result<(), String> {
        let observable = self.observable.iter().map(|row| row.name.as_str());
        unique("crash point", observable.chain(self.internal.iter().map(|row| row.name.as_str())))?;
        let names: Vec<&str> = calls.calls.iter().map(|row| row.name.as_str()).collect();
        self.observable
            .iter()
            .filter_map(|row| row.call.as_ref().map(|call| (row, call)))
            .try_for_each(|(row, call)| one_of(&row.name, call, &names))?;
        self.internal.iter().try_for_each(|row| one_of(&row.name, &row.half, &["execution", "consensus"]))
    }
}
