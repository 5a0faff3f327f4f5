//! Parts of a proposal, and what is said of it.

use bytes::Bytes;

use crate::{Commitment, Height, Round};

/// What a part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartKind {
    /// The block's metadata, index 0.
    Init,
    /// A batch of transactions.
    Body,
    /// The commitment and the executed count, last.
    Fin,
}

/// One piece of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Part {
    /// Position, from 0.
    pub index: u32,
    /// What it holds.
    pub kind: PartKind,
    /// Bytes in the part format of the height.
    pub payload: Bytes,
}

/// Counts of a sequence of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Counts {
    /// How many parts.
    pub parts: u32,
    /// Sum of the payload sizes, in bytes.
    pub bytes: u64,
}

impl Counts {
    /// Counts `parts`.
    #[must_use]
    pub fn of(parts: &[Part]) -> Self {
        Self {
            parts: u32::try_from(parts.len()).unwrap_or(u32::MAX),
            bytes: parts.iter().map(|p| p.payload.len() as u64).sum(),
        }
    }
}

/// Why a proposal should pass, apart from its content; ordered by strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Basis {
    /// Nobody vouches for it.
    Fresh,
    /// A prevote quorum exists in this round.
    Quorum(Round),
    /// This consensus half recorded VALID for it.
    Restored,
    /// It is decided. Only Decide sets this; it is never on the wire.
    Decided,
}

/// Why a proposal is INVALID (ECP-VAL-003).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvalidReason {
    /// A payload cannot be decoded.
    PayloadMalformed,
    /// INIT differs from the open message.
    InitMismatch,
    /// A header field breaks a pure rule.
    HeaderRule,
    /// A transaction stands twice.
    DuplicateTransaction,
    /// A transaction of the executed prefix fails validation.
    TransactionInvalid,
    /// FIN counts more than was sent.
    CountExceedsSent,
    /// The executed prefix does not fit into a block.
    BlockOverCapacity,
    /// Execution gives another commitment.
    CommitmentMismatch,
    /// The payloads exceed the limit of the height.
    ProposalTooLarge,
    /// FIN carries another value than execution gives.
    FinMismatch,
    /// An L1 message was consumed before.
    L1MessageConsumed,
}

/// Why this node rejects a proposal for now (ECP-VAL-008).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LocalReason {
    /// The timestamp is outside the window.
    TimestampWindow,
    /// A price is outside the band.
    PriceBand,
    /// An L1 message is not seen here.
    L1MessageUnseen,
}

/// What execution waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Missing {
    /// The parent, by height.
    Parent(Height),
    /// The block hash of this height.
    BlockHash(Height),
    /// The parameters of this height.
    Params(Height),
    /// The source of L1 messages.
    L1Source,
    /// A class, by hash.
    Class([u8; 32]),
}

/// The one verdict of a validation (ECP-VAL-001).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Valid.
    Valid {
        /// What execution gives.
        commitment: Commitment,
        /// Executed transactions.
        executed_count: u64,
    },
    /// Invalid for everyone and for ever.
    Invalid {
        /// Why.
        reason: InvalidReason,
        /// For people.
        detail: String,
    },
    /// An opinion of now.
    RejectedLocal {
        /// Why.
        reason: LocalReason,
        /// What execution gives.
        commitment: Commitment,
        /// For people.
        detail: String,
    },
    /// The budget ended while something was missing.
    NotReady(Missing),
    /// Ended by the caller or a decision.
    Aborted,
    /// Out of time.
    Expired,
}
