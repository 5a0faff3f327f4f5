//! `calls.toml`: the calls, and `ordering.toml`: what happens when two of them meet.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::unique;

/// Phases, as Watch names them.
pub const PHASES: [&str; 5] = ["SYNCING", "READY", "DRAINING", "DIVERGED", "HALTED"];
/// Roles of a session.
pub const ROLES: [&str; 2] = ["WRITER", "READER"];
/// Shapes of a call.
pub const SHAPES: [&str; 4] = ["unary", "server-stream", "client-stream", "bidi"];

/// One call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallRow {
    /// Name of the gRPC method.
    pub name: String,
    /// One of [`SHAPES`].
    pub shape: String,
    /// `control` or `data`.
    pub connection: String,
    /// Whether a lost reply leaves the outcome unknown.
    pub mutating: bool,
    /// Sessions that may make it.
    pub roles: Vec<String>,
    /// Phases in which it is taken.
    pub phases: Vec<String>,
    /// `serial` or `free`.
    pub lane: String,
    /// The page that describes it.
    pub page: String,
    /// Its first requirement.
    pub requirement: String,
    /// What it does.
    pub meaning: String,
    /// The feature that it belongs to.
    #[serde(default)]
    pub feature: Option<String>,
}

/// All calls.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// In the order of the service.
    #[serde(rename = "call")]
    pub calls: Vec<CallRow>,
}

impl Calls {
    pub(super) fn check(&self) -> Result<(), String> {
        unique("call", self.calls.iter().map(|row| row.name.as_str()))?;
        for row in &self.calls {
            one_of(&row.name, &row.shape, &SHAPES)?;
            one_of(&row.name, &row.connection, &["control", "data"])?;
            one_of(&row.name, &row.lane, &["serial", "free"])?;
            row.roles.iter().try_for_each(|role| one_of(&row.name, role, &ROLES))?;
            row.phases.iter().try_for_each(|phase| one_of(&row.name, phase, &PHASES))?;
        }
        Ok(())
    }
}

/// What happens when a call arrives while another is in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Meeting {
    /// Both run.
    Together,
    /// The arriving one waits.
    Serial,
    /// The arriving one ends the other.
    Ends,
    /// The arriving one is refused.
    Refused,
}

impl Meeting {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Together, Self::Serial, Self::Ends, Self::Refused];

    /// Name as in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Together => "together",
            Self::Serial => "serial",
            Self::Ends => "ends",
            Self::Refused => "refused",
        }
    }

    /// What it says.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Together => "Both run.",
            Self::Serial => "The arriving call waits for the other; a repeat of the same request attaches to it.",
            Self::Ends => "The arriving call runs, and ends the one in flight.",
            Self::Refused => "The arriving call is refused, with the reason of the note.",
        }
    }
}

/// A remark on a cell.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderingNote {
    /// Row.
    pub in_flight: String,
    /// Column.
    pub arriving: String,
    /// The rule behind it.
    pub requirement: String,
    /// What it says.
    pub text: String,
}

/// The pairwise table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ordering {
    /// The columns.
    pub arriving: Vec<String>,
    /// The rows: a cell for each column.
    pub in_flight: BTreeMap<String, Vec<Meeting>>,
    /// Remarks.
    #[serde(rename = "note")]
    pub notes: Vec<OrderingNote>,
}

impl Ordering {
    pub(super) fn check(&self, calls: &Calls) -> Result<(), String> {
        let names: Vec<&str> = calls.calls.iter().map(|row| row.name.as_str()).collect();
        if self.arriving != names {
            return Err("the columns are the calls of calls.toml, in its order".into());
        }
        for name in &names {
            let cells = self.in_flight.get(*name).ok_or_else(|| format!("the row {name} is missing"))?;
            if cells.len() != names.len() {
                return Err(format!("the row {name} has {} cells for {} calls", cells.len(), names.len()));
            }
        }
        if let Some(name) = self.in_flight.keys().find(|name| !names.contains(&name.as_str())) {
            return Err(format!("{name} is no call"));
        }
        for note in &self.notes {
            one_of("note", &note.in_flight, &names)?;
            one_of("note", &note.arriving, &names)?;
        }
        for (row, cells) in &self.in_flight {
            for (column, cell) in names.iter().zip(cells) {
                let noted = self.notes.iter().any(|note| note.in_flight == *row && note.arriving == *column);
                if *cell == Meeting::Refused && !noted {
                    return Err(format!("{row} / {column} is refused without a note that tells the reason"));
                }
            }
        }
        Ok(())
    }
}

pub(super) fn one_of(what: &str, value: &str, allowed: &[&str]) -> Result<(), String> {
    if allowed.contains(&value) { Ok(()) } else { Err(format!("{what}: `{value}` is none of {}", allowed.join(", "))) }
}
