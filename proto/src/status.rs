//! An ECP error and its form as a gRPC status (ECP-ERR-001).

use std::{collections::BTreeMap, time::Duration};

use ecp_types::{Action, Reason, limits::ERROR_DETAIL_BYTES, reasons::ERROR_DOMAIN};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::FieldError;

/// An error of the closed table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", reason.as_str())]
pub struct EcpError {
    /// Which one.
    pub reason: Reason,
    /// What was wrong and what to do, at most 1 KiB (ECP-LIM-005).
    pub message: String,
    /// Details for machines, as the table names them.
    pub metadata: BTreeMap<String, String>,
    /// When to try again; set for what can be retried (ECP-ERR-004).
    pub retry_after: Option<Duration>,
}

impl EcpError {
    /// An error with what was wrong here; the table's advice is appended.
    #[must_use]
    pub fn new(reason: Reason, problem: impl std::fmt::Display) -> Self {
        let message = shorten(format!("{problem} {}", reason.fix()));
        Self { reason, message, metadata: BTreeMap::new(), retry_after: None }
    }

    /// Adds a detail for machines.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl std::fmt::Display) -> Self {
        self.metadata.insert(key.to_owned(), shorten(value.to_string()));
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// What the caller must do (ECP-ERR-002).
    #[must_use]
    pub fn action(&self) -> Action {
        self.reason.action()
    }

    /// The ECP error in a status, if it carries one; otherwise a library made it.
    #[must_use]
    pub fn from_status(status: &Status) -> Option<Self> {
        let details = status.get_error_details();
        let info = details.error_info().filter(|info| info.domain == ERROR_DOMAIN)?;
        Some(Self {
            reason: Reason::from_name(&info.reason)?,
            message: status.message().to_owned(),
            metadata: info.metadata.clone().into_iter().collect(),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
        })
    }
}

impl From<EcpError> for Status {
    fn from(error: EcpError) -> Self {
        let mut details = ErrorDetails::with_error_info(
            error.reason.as_str(),
            ERROR_DOMAIN,
            error.metadata.into_iter().collect::<std::collections::HashMap<_, _>>(),
        );
        if let Some(delay) = error.retry_after {
            details.set_retry_info(Some(delay));
        }
        Self::with_error_details(Code::from_i32(error.reason.code()), error.message, details)
    }
}

impl From<FieldError> for EcpError {
    fn from(error: FieldError) -> Self {
        let told = Self::new(error.reason(), format_args!("{error}."));
        match error.limit {
            Some(limit) => told.with("limit", limit),
            None => told.with("field", error.field),
        }
    }
}

impl From<FieldError> for Status {
    fn from(error: FieldError) -> Self {
        EcpError::from(error).into()
    }
}

/// Cuts a text for people at the limit, between characters.
#[must_use]
pub fn shorten(mut text: String) -> String {
    let limit = ERROR_DETAIL_BYTES as usize;
    if text.len() > limit {
        let end = (0..=limit).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_the_wire() {
        let error = EcpError::new(Reason::Busy, "All validation slots are taken.")
            .with("limit", 2)
            .retry_after(Duration::from_millis(250));
        let status = Status::from(error.clone());
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(EcpError::from_status(&status), Some(error));
    }

    #[test]
    fn a_bare_status_is_no_ecp_error() {
        assert_eq!(EcpError::from_status(&Status::unavailable("gone")), None);
    }

    #[test]
    fn cuts_texts_between_characters() {
        let text = shorten("ä".repeat(1000));
        assert_eq!(text.len(), 1024);
    }
}
