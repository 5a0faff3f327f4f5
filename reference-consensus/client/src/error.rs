//! How calls fail.

use std::time::Duration;

use ecp_proto::{EcpError, FieldError};
use ecp_types::{Action, Reason, reasons::bare_action, tables::calls::Call};
use tonic::Status;

/// A failed call with the one thing to do about it (ECP-ERR-002).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The execution half answered with a reason of the table.
    #[error("{call}: {error}", call = call.as_str())]
    Told {
        /// The call.
        call: Call,
        /// The error.
        error: EcpError,
    },
    /// A library made the status: for a mutating call the outcome is unknown (ECP-ERR-005).
    #[error("{call}: {code}: {message}", call = call.as_str())]
    Bare {
        /// The call.
        call: Call,
        /// Its code, for people.
        code: String,
        /// Its message.
        message: String,
        /// What the table says.
        action: Action,
    },
    /// The reply breaks a rule of a field: a defect of the execution half.
    #[error("{call}: the execution half's reply is no ECP: {error}", call = call.as_str())]
    Reply {
        /// The call.
        call: Call,
        /// The field.
        error: FieldError,
    },
    /// The stream ended before its last message.
    #[error("{call}: the stream ended early", call = call.as_str())]
    Early {
        /// The call.
        call: Call,
    },
    /// No connection.
    #[error("cannot reach the execution half at {address}: {message}")]
    Unreachable {
        /// Where it should be.
        address: String,
        /// Why not.
        message: String,
    },
}

impl CallError {
    /// Reads a status.
    #[must_use]
    pub fn from_status(call: Call, status: &Status) -> Self {
        match EcpError::from_status(status) {
            Some(error) => Self::Told { call, error },
            None => Self::Bare {
                call,
                code: format!("{:?}", status.code()),
                message: status.message().to_owned(),
                action: bare_action(status.code() as i32, call.mutating()),
            },
        }
    }

    /// The only thing to do.
    #[must_use]
    pub fn action(&self) -> Action {
        match self {
            Self::Told { error, .. } => error.action(),
            Self::Bare { action, .. } => *action,
            Self::Reply { .. } => Action::Report,
            Self::Early { .. } | Self::Unreachable { .. } => Action::Handshake,
        }
    }

    /// The reason, if the execution half told one.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Told { error, .. } => Some(error.reason),
            _ => None,
        }
    }

    /// When to try again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Told { error, .. } => error.retry_after,
            _ => None,
        }
    }
}
