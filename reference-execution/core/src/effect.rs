//! What the core wants done.

use std::collections::BTreeSet;

use bytes::Bytes;
use ecp_types::{
    Certificate, Commitment, Counts, ExecutionPosition, Feature, Height, HeightParams, Missing, Part, Position,
    Verdict, WatchState,
};

use crate::{
    Refusal,
    input::{CallId, Finalize, Outcome, ReframeInit, Timer, WorkId, WriteId},
    seams::Slot,
};

/// Something to do, in the order of the list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Answer a unary call or an import.
    Reply(CallId, Reply),
    /// End a call with an error.
    Refuse(CallId, Refusal),
    /// Send a message on a stream.
    Send(CallId, Message),
    /// End a stream with OK.
    Finish(CallId),
    /// Answer a call by reading; the core allowed it.
    Read(CallId, Read),
    /// Tell the engine.
    Engine(WorkId, EngineCommand),
    /// Write the block and make it the engine's head, then tell `Input::Stored` (ECP-DEC-001).
    Commit(WriteId, Box<Commit>),
    /// Write what came after a decision, best effort, and answer the call.
    StoreFinalize(CallId, Box<Finalize>),
    /// Keep evidence of a conflict or divergence durably (ECP-DEC-007, ECP-DEC-008).
    KeepEvidence(Box<Conflict>),
    /// Fire this timer after so many milliseconds; replaces one of the same name.
    Arm(Timer, u64),
    /// Forget this timer.
    Disarm(Timer),
    /// The watched state changed; the shell fills in the sequence.
    Watch(Box<WatchState>),
    /// Nothing runs any more after `Input::Drain`: the process can end.
    Drained,
}

/// A unary answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reply {
    /// A session.
    Handshake(Box<HandshakeReply>),
    /// The round is started.
    StartRound,
    /// Ended, or never was.
    Abort,
    /// The block is durable.
    Decide {
        /// What is committed.
        committed: Position,
        /// Parameters of the next height, if known.
        next_params: Option<Box<HeightParams>>,
    },
    /// What became of an import.
    Import(ImportReply),
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HandshakeReply {
    /// The revision to speak.
    pub revision: u32,
    /// Features that both named.
    pub features: BTreeSet<Feature>,
    /// Goes with every later call.
    pub token: Vec<u8>,
    /// What is durable here.
    pub position: ExecutionPosition,
}

/// What became of an import.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ImportReply {
    /// Durable now.
    Committed {
        /// What is committed.
        committed: Position,
        /// Parameters of the next height, if known.
        next_params: Option<Box<HeightParams>>,
    },
    /// The same block was durable already.
    Already(Position),
    /// Ask another source.
    Malformed(String),
    /// Execution gives this; ask another source.
    Mismatch(Commitment),
    /// A condition is missing.
    NotReady(Missing),
    /// Another block is committed at this height.
    Conflict(Position),
}

/// A message of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Message {
    /// A part of a build.
    Part(Part),
    /// A build is complete.
    Built(Outcome, Counts),
    /// A validation waits.
    Waiting(Missing),
    /// The verdict of a validation.
    Verdict(Verdict),
}

/// A read that the core allowed; the shell answers the call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Read {
    /// Stream the watched state until the call ends.
    Watch,
    /// Facts of a height.
    HeightParams(Height),
    /// Decided blocks, from and to.
    Decided(Height, Height),
    /// A block hash.
    BlockHash(Height),
    /// The INIT of a reproposal.
    ReframeInit(ReframeInit),
    /// The commitment archived at this height, told back as `Input::Archived`; the call is not answered yet.
    ArchivedCommitment(Height),
}

/// What the engine should do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EngineCommand {
    /// Begin to build; execution closes the block after so many milliseconds (ECP-BLD-007).
    Build(Slot, u64),
    /// Begin to validate a proposal of this slot.
    Validate(Slot),
    /// Begin to validate a decided block of this height as its INIT says; the INIT follows as the first part.
    Import(Height),
    /// The next part.
    Part(Part),
    /// The parts of this finished work but for its INIT, as the next parts.
    PartsOf(WorkId),
    /// No more parts.
    End,
    /// Try again what waits.
    Resume,
    /// Compare an INIT for this slot with that of a finished work; answered by `Compared` or `Invalid`.
    Compare(WorkId, Slot, Bytes),
    /// Ask a finished work again for this node's objection; answered by `Rechecked`.
    Recheck(WorkId),
    /// Forget the work and what came of it.
    Drop,
}

/// A block to commit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Commit {
    /// The finished work that made it.
    pub work: WorkId,
    /// Proof of the decision.
    pub certificate: Certificate,
    /// Executed transactions.
    pub executed_count: u64,
}

/// Evidence that the network, or this node, is broken.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Conflict {
    /// Whether this node diverges; otherwise there are two decisions.
    pub divergence: bool,
    /// The certificate that came.
    pub certificate: Certificate,
    /// What is committed at that height, for two decisions.
    pub committed: Option<Commitment>,
    /// For people.
    pub detail: String,
}
