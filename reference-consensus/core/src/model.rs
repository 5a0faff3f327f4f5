//! Values that the bridge works with.

use ecp_types::{Action, Commitment, Counts, Felt, Height, Part, Reason, Round, StreamId};

/// Names a call to the execution half; never used twice.
pub type CallId = u64;
/// Names a question of the engine that is to be answered.
pub type ReplyId = u64;

/// A height and a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
}

/// What is said about a proposal outside its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Header {
    /// Where it is proposed.
    pub slot: Slot,
    /// Round of the prevote quorum behind it; absent for a first proposal.
    pub valid_round: Option<Round>,
    /// Who proposes.
    pub proposer: Felt,
}

/// Names a stored body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BodyKey {
    /// Where it was proposed.
    pub slot: Slot,
    /// What it commits to.
    pub commitment: Commitment,
}

/// A whole proposal whose commitment is known: built here, or found VALID.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Body {
    /// What is said about it.
    pub header: Header,
    /// What it commits to.
    pub commitment: Commitment,
    /// All parts, INIT first, FIN last.
    pub parts: Vec<Part>,
    /// Proposed by this node.
    pub own: bool,
}

impl Body {
    /// Its name in the store.
    #[must_use]
    pub fn key(&self) -> BodyKey {
        BodyKey { slot: self.header.slot, commitment: self.commitment }
    }
}

/// A value that the engine may vote on. Its body is durable when it is valid (ECP-REC-002).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProposedValue {
    /// What is said about it.
    pub header: Header,
    /// The value.
    pub commitment: Commitment,
    /// VALID, or INVALID for everyone; there is no third one (ECP-VAL-008).
    pub valid: bool,
}

/// What one gossiped message of a proposal holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Content {
    /// A part.
    Part(Part),
    /// All parts were sent.
    End {
        /// How many, and their bytes.
        counts: Counts,
        /// What the proposer says it proposes.
        commitment: Commitment,
    },
}

/// A gossiped message of a proposal. Streams are told apart by the proposer, who signs, and the stream id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Envelope {
    /// What is said about the proposal.
    pub header: Header,
    /// The proposer's stream.
    pub stream_id: StreamId,
    /// Part or end.
    pub content: Content,
    /// The proposer's signature; checked by the shell, opaque here.
    pub signature: Vec<u8>,
}

/// A call that failed, with what the table says is to be done (ECP-ERR-002).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Failure {
    /// The only thing to do.
    pub action: Action,
    /// The reason, unless a library made the status.
    pub reason: Option<Reason>,
    /// For people.
    pub message: String,
    /// When to try again, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.reason {
            Some(reason) => write!(f, "{}: {}", reason.as_str(), self.message),
            None => f.write_str(&self.message),
        }
    }
}
