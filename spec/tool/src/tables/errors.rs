//! `errors.toml`: the closed set of reasons, and what to do on a status that names none.

use serde::Deserialize;

use super::{
    calls::{CallRow, Calls, one_of},
    unique,
};

/// What the caller does on an error; each reason has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Make the same call again after the delay that the error tells.
    Retry,
    /// Wait for Watch to tell that the condition changed, then make the call again.
    Wait,
    /// Reconnect if needed, handshake, read the position, then decide what to repeat.
    Handshake,
    /// Fetch or hand over what is missing, another way.
    Resync,
    /// Give this piece of work up and go on with the protocol.
    Skip,
    /// Stop signing and stop; an operator is needed.
    Halt,
    /// A defect of the caller or of the other half: log it, do not repeat the call as it is (ECP-ERR-010).
    Report,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 7] =
        [Self::Retry, Self::Wait, Self::Handshake, Self::Resync, Self::Skip, Self::Halt, Self::Report];

    /// Name as in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Wait => "wait",
            Self::Handshake => "handshake",
            Self::Resync => "resync",
            Self::Skip => "skip",
            Self::Halt => "halt",
            Self::Report => "report",
        }
    }

    /// What it asks of the caller, one sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Retry => "Make the same call again after the delay in `RetryInfo`, or after a second without one.",
            Self::Wait => "Make the same call again once Watch tells that the condition changed.",
            Self::Handshake => {
                "Reconnect if the connection is lost, handshake, read the position, then repeat what is still due."
            }
            Self::Resync => "Get or hand over what is missing another way, as the reason says.",
            Self::Skip => "Give this piece of work up and go on with the protocol.",
            Self::Halt => "Stop signing and stop: an operator is needed.",
            Self::Report => {
                "Log it as a defect of one of the halves, and do not repeat the call as it is; a call of the serial lane is made anew after a handshake."
            }
        }
    }
}

/// A gRPC status code, by the name that gRPC gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are gRPC's own")]
pub enum GrpcCode {
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

impl GrpcCode {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The name in gRPC's documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }
}

/// A detail for machines that a reason carries in the metadata of `ErrorInfo`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetadataRow {
    /// Key, in lower case.
    pub key: String,
    /// What the value is and how it is written.
    pub form: String,
    /// A value.
    pub example: String,
}

/// One reason.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonRow {
    /// Name on the wire, in capitals.
    pub name: String,
    /// Status code that carries it.
    pub code: GrpcCode,
    /// What the caller does.
    pub action: Action,
    /// Calls that may answer with it; `*` is every call.
    pub calls: Vec<String>,
    /// Told of a call that was taken, not by refusing it.
    #[serde(default)]
    pub running: bool,
    /// What it says.
    pub meaning: String,
    /// What helps.
    pub fix: String,
    /// Details that it always carries (ECP-ERR-009).
    #[serde(default)]
    pub metadata: Vec<MetadataRow>,
}

/// What to do on a status that a library made, without a reason.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BareRow {
    /// The status code.
    pub code: GrpcCode,
    /// Where it comes from.
    pub cause: String,
    /// Action after a mutating call.
    pub mutating: Action,
    /// Action after any other call.
    pub reading: Action,
}

/// The whole table; the order of reasons is their precedence.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Errors {
    /// Reasons in order of precedence.
    #[serde(rename = "reason")]
    pub reasons: Vec<ReasonRow>,
    /// Statuses without a reason.
    pub bare: Vec<BareRow>,
}

impl Errors {
    /// The row that stands for every code that has none of its own.
    ///
    /// # Panics
    /// Never for a table from [`super::Tables::load`], which asks for the row.
    #[must_use]
    pub fn fallback(&self) -> &BareRow {
        self.bare.iter().find(|row| row.code == GrpcCode::Unknown).expect("a checked table has the row UNKNOWN")
    }

    pub(super) fn check(&self, calls: &Calls) -> Result<(), String> {
        let names: Vec<&str> = calls.calls.iter().map(|row| row.name.as_str()).chain(["*"]).collect();
        unique("reason", self.reasons.iter().map(|row| row.name.as_str()))?;
        unique("bare status", self.bare.iter().map(|row| row.code.as_str()))?;
        if !self.bare.iter().any(|row| row.code == GrpcCode::Unknown) {
            return Err("the row UNKNOWN is missing: it stands for every code without a row".into());
        }
        for row in &self.reasons {
            if row.name.is_empty() || !row.name.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
                return Err(format!("reason `{}`: a name is capitals and underscores", row.name));
            }
            row.calls.iter().try_for_each(|call| one_of(&row.name, call, &names))?;
            if row.calls.is_empty() {
                return Err(format!("reason {}: no call answers with it", row.name));
            }
            unique(&format!("reason {}: key", row.name), row.metadata.iter().map(|detail| detail.key.as_str()))?;
            for detail in &row.metadata {
                if detail.key.is_empty() || !detail.key.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
                    return Err(format!("reason {}: key `{}` is lower case and underscores", row.name, detail.key));
                }
                if detail.form.is_empty() || detail.example.is_empty() {
                    return Err(format!("reason {}: key {} has a form and an example", row.name, detail.key));
                }
            }
            for (what, text) in [("meaning", &row.meaning), ("fix", &row.fix)] {
                if !text.ends_with('.') || text.contains('\n') {
                    return Err(format!("reason {}: {what} is one line that ends with a full stop", row.name));
                }
            }
        }
        let refused = |call: &&CallRow| !call.phases.iter().any(|phase| phase == "SYNCING");
        let refused: Vec<&str> = calls.calls.iter().filter(refused).map(|row| row.name.as_str()).collect();
        match self.reasons.iter().find(|row| row.name == "SYNCING" && row.calls != refused) {
            Some(_) => Err("SYNCING belongs to exactly the calls that calls.toml refuses while SYNCING".into()),
            None => Ok(()),
        }
    }
}
