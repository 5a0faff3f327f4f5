//! Why a call is refused: a reason of the closed table, and what was wrong here.

use std::{collections::BTreeMap, fmt};

use ecp_types::Reason;

/// A refused call (ECP-ERR-001). The shell makes it a gRPC status.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}: {problem}", reason.as_str())]
pub struct Refusal {
    /// Which reason.
    pub reason: Reason,
    /// What was wrong here, as a sentence; the table's advice is appended at the edge (ECP-ERR-007).
    pub problem: String,
    /// Details for machines, as the table names them.
    pub metadata: BTreeMap<String, String>,
    /// When to try again, in milliseconds; set for what can be retried (ECP-ERR-004).
    pub retry_after_ms: Option<u64>,
}

impl Refusal {
    /// A refusal with what was wrong.
    #[must_use]
    pub fn new(reason: Reason, problem: impl fmt::Display) -> Self {
        Self { reason, problem: problem.to_string(), metadata: BTreeMap::new(), retry_after_ms: None }
    }

    /// Adds a detail for machines.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.metadata.insert(key.to_owned(), value.to_string());
        self
    }

    /// Says when to try again, in milliseconds.
    #[must_use]
    pub fn retry_after(mut self, ms: u64) -> Self {
        self.retry_after_ms = Some(ms);
        self
    }

    /// A message that is out of order in its stream (ECP-STR-002).
    #[must_use]
    pub fn order(expected: impl fmt::Display, got: impl fmt::Display) -> Self {
        Self::new(Reason::StreamOrder, format_args!("Expected {expected}, got {got}.")).with("expected", expected)
    }

    /// A field of ECP that cannot be taken (ECP-ENC-003).
    #[must_use]
    pub fn field(field: &str, problem: impl fmt::Display) -> Self {
        Self::new(Reason::FieldInvalid, format_args!("{field} {problem}.")).with("field", field)
    }
}
