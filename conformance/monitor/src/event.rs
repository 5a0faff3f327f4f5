//! What the monitor is fed, and what it says.

use ecp_proto::EcpError;

/// One of the two halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Half {
    /// Calls.
    Consensus,
    /// Serves.
    Execution,
}

/// One thing that happened between two halves.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// The consensus half began a call.
    Call {
        /// Number of the call, never used twice.
        call: u32,
        /// Name of the method.
        method: &'a str,
        /// The session token, if any was sent.
        token: Option<&'a [u8]>,
    },
    /// The consensus half sent a message.
    FromConsensus {
        /// The call.
        call: u32,
        /// The message, encoded.
        bytes: &'a [u8],
    },
    /// The execution half sent a message.
    FromExecution {
        /// The call.
        call: u32,
        /// The message, encoded.
        bytes: &'a [u8],
    },
    /// The consensus half sends no more in this call.
    HalfClosed {
        /// The call.
        call: u32,
    },
    /// The consensus half gave the call up.
    Reset {
        /// The call.
        call: u32,
    },
    /// The call ended.
    Ended {
        /// The call.
        call: u32,
        /// gRPC code.
        code: i32,
        /// The ECP error in the status, if it carries one.
        error: Option<EcpError>,
        /// Text of the status.
        message: &'a str,
        /// The status was made on the caller's side, because the connection failed.
        local: bool,
    },
    /// A new process of the execution half.
    ExecutionStarted,
    /// A new process of the consensus half.
    ConsensusStarted,
}

/// A rule was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Who broke it.
    pub by: Half,
    /// Which one.
    pub requirement: &'static str,
    /// What was done.
    pub did: String,
    /// What the rule says.
    pub legal: &'static str,
}

/// Collects violations.
#[derive(Debug, Default)]
pub(crate) struct Findings(pub(crate) Vec<Violation>);

impl Findings {
    pub(crate) fn execution(&mut self, requirement: &'static str, legal: &'static str, did: impl Into<String>) {
        self.0.push(Violation { by: Half::Execution, requirement, did: did.into(), legal });
    }

    pub(crate) fn consensus(&mut self, requirement: &'static str, legal: &'static str, did: impl Into<String>) {
        self.0.push(Violation { by: Half::Consensus, requirement, did: did.into(), legal });
    }
}
