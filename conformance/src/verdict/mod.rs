//! Judges transcripts: pure, so that a transcript can be judged again anywhere, and every rule has a test.

mod judge;
mod known;
mod outcome;
#[cfg(test)]
mod tests;
mod update;

pub use judge::Judge;
pub(crate) use judge::said;
pub use known::{BadList, KnownFailing};
pub(crate) use outcome::{exit_text, reason_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use update::{Result as KnownResult, Updated, update as update_known};

/// What became of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Everything was legal.
    Pass,
    /// The half did something that is not legal.
    Fail,
    /// It failed as the list of known failures says.
    Xfail,
    /// It passed although the list says that it fails, or it failed for another reason than the list says.
    Xpass,
    /// The half does not claim what the case needs.
    NotClaimed,
    /// The ground of the case is disputed: it ran, and is not scored.
    Disputed,
    /// The suite failed.
    HarnessError,
}

impl Status {
    /// Name as in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Xfail => "XFAIL",
            Self::Xpass => "XPASS",
            Self::NotClaimed => "NOT_CLAIMED",
            Self::Disputed => "DISPUTED",
            Self::HarnessError => "HARNESS_ERROR",
        }
    }

    /// Whether the case ran.
    #[must_use]
    pub const fn ran(self) -> bool {
        !matches!(self, Self::NotClaimed)
    }
}

/// One thing that was not legal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Step, from 0, at which it was seen.
    pub step: Option<u32>,
    /// The requirement that it breaks. Absent: a step failed that only gets to the point of the case.
    pub requirement: Option<String>,
    /// What the half did.
    pub did: String,
    /// What would have been legal.
    pub legal: Vec<String>,
}

/// What a transcript came to, before known failures are taken into account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// `Pass`, `Fail`, `Disputed` or `HarnessError`.
    pub status: Status,
    /// What was not legal, in order.
    pub failures: Vec<Failure>,
    /// How the suite failed.
    pub harness_fault: Option<String>,
}

/// gRPC code by its name.
#[must_use]
pub fn code_of_name(name: &str) -> Option<i32> {
    CODES.iter().position(|c| *c == name).and_then(|i| i32::try_from(i).ok())
}

/// Name of a gRPC code.
#[must_use]
pub fn name_of_code(code: i32) -> &'static str {
    usize::try_from(code).ok().and_then(|i| CODES.get(i)).copied().unwrap_or("an unknown code")
}

const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];
