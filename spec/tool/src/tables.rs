//! The tables of the specification, read from `spec/tables/*.toml` and checked.

pub mod answers;
pub mod calls;
pub mod days;
pub mod errors;
pub mod exclusions;
pub mod limits;
pub mod recovery;
pub mod states;
pub mod withdrawn;

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

pub use answers::{Complaints, Features, Points};
pub use calls::{CallRow, Calls, Meeting, Ordering};
pub use days::{DayRow, Days};
pub use errors::{Action, BareRow, Errors, GrpcCode, MetadataRow, ReasonRow};
pub use exclusions::{ExclusionRow, Exclusions};
pub use limits::{LimitRow, Limits, Unit};
pub use recovery::{CrashPoints, Recovery};
pub use states::{Machine, Machines, Transition};
pub use withdrawn::{Withdrawn, WithdrawnRow};

/// Why a table cannot be used: the author of the table is to blame.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no TOML of the table's shape.
    #[error("{path} is not a table of this kind: {source}")]
    Parse {
        /// Which file.
        path: PathBuf,
        /// What the parser says.
        source: Box<toml::de::Error>,
    },
    /// A rule over the rows is broken.
    #[error("{path}: {text}")]
    Rule {
        /// Which file.
        path: PathBuf,
        /// Which row breaks which rule.
        text: String,
    },
}

/// All tables.
#[derive(Debug, Clone)]
pub struct Tables {
    /// Reasons and bare statuses.
    pub errors: Errors,
    /// Limits and times.
    pub limits: Limits,
    /// The calls.
    pub calls: Calls,
    /// What happens when two calls meet.
    pub ordering: Ordering,
    /// State machines of the execution half.
    pub execution: Machines,
    /// State machines of the consensus half.
    pub consensus: Machines,
    /// What is done after a handshake.
    pub recovery: Recovery,
    /// Where halves are killed.
    pub crash_points: CrashPoints,
    /// Requirements that no case can check.
    pub exclusions: Exclusions,
    /// Ids that are never given again.
    pub withdrawn: Withdrawn,
    /// In which order a half is built.
    pub days: Days,
    /// What others complained about.
    pub complaints: Complaints,
    /// What only Starknet has.
    pub points: Points,
    /// What boundaries have.
    pub features: Features,
}

impl Tables {
    /// Reads and checks every table below `root`, the root of the repository.
    ///
    /// # Errors
    /// The first file that cannot be read, parsed, or breaks a rule of its table.
    pub fn load(root: &Path) -> Result<Self, TableError> {
        let dir = root.join("spec/tables");
        let calls = read(&dir, "calls.toml", Calls::check)?;
        Ok(Self {
            errors: read(&dir, "errors.toml", |table: &Errors| table.check(&calls))?,
            limits: read(&dir, "limits.toml", Limits::check)?,
            ordering: read(&dir, "ordering.toml", |table: &Ordering| table.check(&calls))?,
            execution: read(&dir, "execution-states.toml", Machines::check)?,
            consensus: read(&dir, "consensus-states.toml", Machines::check)?,
            recovery: read(&dir, "recovery.toml", Recovery::check)?,
            crash_points: read(&dir, "crash-points.toml", |table: &CrashPoints| table.check(&calls))?,
            exclusions: read(&dir, "exclusions.toml", Exclusions::check)?,
            withdrawn: read(&dir, "withdrawn.toml", Withdrawn::check)?,
            days: read(&dir, "days.toml", Days::check)?,
            complaints: read(&dir, "answers-complaints.toml", Complaints::check)?,
            points: read(&dir, "answers-starknet.toml", Points::check)?,
            features: read(&dir, "answers-features.toml", Features::check)?,
            calls,
        })
    }
}

/// Reads one table and applies its rules.
fn read<T: DeserializeOwned>(
    dir: &Path,
    name: &str,
    check: impl FnOnce(&T) -> Result<(), String>,
) -> Result<T, TableError> {
    let path = dir.join(name);
    let text = std::fs::read_to_string(&path).map_err(|source| TableError::Read { path: path.clone(), source })?;
    let table: T =
        toml::from_str(&text).map_err(|source| TableError::Parse { path: path.clone(), source: Box::new(source) })?;
    check(&table).map_err(|text| TableError::Rule { path, text })?;
    Ok(table)
}

/// Fails on the first value that stands twice.
fn unique<'a>(what: &str, values: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = std::collections::BTreeSet::new();
    for value in values {
        if !seen.insert(value) {
            return Err(format!("{what} {value} stands twice"));
        }
    }
    Ok(())
}

/// `ROUND_BURNED` and `Round burned` as `RoundBurned`.
#[must_use]
pub fn camel(name: &str) -> String {
    name.split(['_', '-', ' '])
        .filter(|word| !word.is_empty())
        .map(|word| {
            let mut chars = word.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase()).into_iter();
            first.chain(chars.map(|c| c.to_ascii_lowercase())).collect::<String>()
        })
        .collect()
}
