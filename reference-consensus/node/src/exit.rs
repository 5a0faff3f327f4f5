//! How the process ends, in one line that says what to do.

use ecp_consensus_core::Halt;
use ecp_execution_client::BadAddress;
use ecp_malachite_engine::StartError;
use ecp_types::{BadGenesis, BadKeys};

use crate::store::StoreError;

/// Why the half stopped or did not start.
#[derive(Debug, thiserror::Error)]
pub enum Exit {
    /// The genesis file.
    #[error("genesis {path}: {problem}")]
    Genesis {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The keys file.
    #[error("keys: {0}")]
    Keys(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address of the execution half.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// The consensus engine did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// An option.
    #[error("{0}")]
    Usage(String),
    /// The execution half refuses this half, or an operator is needed.
    #[error("{0}")]
    Refused(String),
    /// Another session holds the execution half now.
    #[error("another consensus half took the execution half over: {0}")]
    Fenced(String),
    /// Two decisions, or a decision that is invalid on the other half.
    #[error("stopped to keep the evidence: {0}")]
    Diverged(String),
    /// A new process can go on.
    #[error("{0}")]
    Restart(String),
    /// The engine's log cannot be trusted.
    #[error("{0}")]
    Unsafe(String),
}

impl Exit {
    /// The exit code: 1 refused, 2 usage, 3 fenced, 4 diverged, 5 start again, 6 unsafe to start again.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Fenced(_) => 3,
            Self::Diverged(_) => 4,
            Self::Restart(_) => 5,
            Self::Unsafe(_) => 6,
            _ => 1,
        }
    }

    /// The end that a halt of the bridge means; `None` if the operator asked for it.
    #[must_use]
    pub fn from_halt(halt: Halt) -> Option<Self> {
        match halt {
            Halt::Stopped => None,
            Halt::Restart(text) => Some(Self::Restart(text)),
            Halt::Fenced(text) => Some(Self::Fenced(text)),
            Halt::Refused(text) => Some(Self::Refused(text)),
            Halt::Diverged(text) => Some(Self::Diverged(text)),
        }
    }
}

impl From<BadKeys> for Exit {
    fn from(error: BadKeys) -> Self {
        Self::Keys(error.to_string())
    }
}

impl Exit {
    pub(crate) fn genesis(path: &std::path::Path, error: BadGenesis) -> Self {
        Self::Genesis { path: path.display().to_string(), problem: error.to_string() }
    }
}
