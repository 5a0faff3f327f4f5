//! What the core is told.

use std::collections::BTreeSet;

use bytes::Bytes;
use ecp_types::{
    Basis, Certificate, Commitment, ConsensusId, Counts, Evidence, Feature, Felt, Height, HeightParams, InvalidReason,
    LocalReason, Missing, Network, Part, Round, RoundRole, SessionRole, StreamId,
};

use crate::Refusal;

/// Names one call of the transport; the shell never uses one twice.
pub type CallId = u64;
/// Names one piece of work of the engine; the core never uses one twice.
pub type WorkId = u64;
/// Names one write of a block; the core never uses one twice.
pub type WriteId = u64;

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Input {
    /// A call arrived.
    Call {
        /// Its id.
        id: CallId,
        /// The session token that came with it.
        token: Option<Vec<u8>>,
        /// Which call. Its kind is known even if its fields cannot be taken.
        kind: CallKind,
        /// The call, or the field that cannot be taken: told only after what precedes it in the table (ECP-ERR-003).
        call: Result<Call, Refusal>,
    },
    /// A message or the end of the caller's side of a stream.
    Stream {
        /// The stream's call.
        id: CallId,
        /// What came.
        event: StreamEvent,
    },
    /// The engine says something.
    Engine {
        /// About which work.
        work: WorkId,
        /// What it says.
        event: EngineEvent,
    },
    /// An armed timer fired.
    Timer(Timer),
    /// A commit ended. `Ok` carries the next height's parameters if they are known.
    Stored {
        /// Which write.
        write: WriteId,
        /// The outcome; on failure nothing was committed.
        result: Result<Option<Box<HeightParams>>, String>,
    },
    /// The commitment that the archive holds, as asked by `Effect::Read`.
    Archived {
        /// The call that asked.
        id: CallId,
        /// What is archived at that height; `None` if nothing.
        commitment: Option<Commitment>,
    },
    /// The next height's parameters became known.
    ParamsKnown(Box<HeightParams>),
    /// The block hash up to this height is known and durable.
    HashKnown(Height),
    /// The engine or the store failed outside of any call: the half stops (phase HALTED).
    Broken(String),
    /// The half begins or ends syncing by itself (ECP-SYN-009).
    Syncing(bool),
    /// The process was asked to end: what runs is finished, new work is refused (ECP-SES-016).
    Drain,
    /// Time to end is over: only what the lane accepted is still finished (ECP-SES-031).
    DrainNow,
}

/// Which call it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum CallKind {
    Handshake,
    Watch,
    GetHeightParams,
    StartRound,
    BuildProposal,
    ValidateProposal,
    ReframeInit,
    Abort,
    Decide,
    Finalize,
    GetDecided,
    ImportDecided,
    GetBlockHash,
}

impl CallKind {
    /// Name as in the protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Handshake => "Handshake",
            Self::Watch => "Watch",
            Self::GetHeightParams => "GetHeightParams",
            Self::StartRound => "StartRound",
            Self::BuildProposal => "BuildProposal",
            Self::ValidateProposal => "ValidateProposal",
            Self::ReframeInit => "ReframeInit",
            Self::Abort => "Abort",
            Self::Decide => "Decide",
            Self::Finalize => "Finalize",
            Self::GetDecided => "GetDecided",
            Self::ImportDecided => "ImportDecided",
            Self::GetBlockHash => "GetBlockHash",
        }
    }

    /// Whether a READER may make it (ECP-SES-012).
    #[must_use]
    pub const fn is_read(self) -> bool {
        matches!(self, Self::Watch | Self::GetHeightParams | Self::GetDecided | Self::GetBlockHash)
    }
}

/// A call with checked fields.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Call {
    /// Opens a session.
    Handshake(Box<Handshake>),
    /// Opens the state channel.
    Watch,
    /// Asks for the facts of a height.
    GetHeightParams(Height),
    /// A round began.
    StartRound(StartRound),
    /// Asks for this node's proposal.
    BuildProposal(BuildProposal),
    /// A validation stream was opened; its messages follow.
    ValidateProposal,
    /// Asks for the INIT of a reproposal.
    ReframeInit(ReframeInit),
    /// Ends a build or a validation.
    Abort(StreamId),
    /// Commits a decided candidate.
    Decide(Box<Certificate>),
    /// Hands over late precommits and evidence.
    Finalize(Box<Finalize>),
    /// Asks for decided blocks, from and to.
    GetDecided(Height, Height),
    /// An import stream was opened; its messages follow.
    ImportDecided,
    /// Asks for a block hash.
    GetBlockHash(Height),
}

/// First call of a session. Fields stand as they came: what precedes FIELD_INVALID is checked first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Handshake {
    /// Revisions that the caller speaks.
    pub revisions: Vec<u32>,
    /// Features that it can use.
    pub features: BTreeSet<Feature>,
    /// Its network; `None` if the field cannot be taken.
    pub network: Option<Network>,
    /// What the session is for.
    pub role: SessionRole,
    /// Durable identity of the consensus half.
    pub consensus_id: ConsensusId,
    /// Operator's flag.
    pub takeover: bool,
    /// Sixteen random bytes for the token, from the shell.
    pub nonce: [u8; 16],
    /// The first field that cannot be taken.
    pub invalid: Option<Refusal>,
}

/// A round began.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StartRound {
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// What this node is in it.
    pub role: RoundRole,
    /// Who proposes.
    pub proposer: Felt,
}

/// Asks for this node's proposal of a slot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BuildProposal {
    /// Name of the stream.
    pub stream_id: StreamId,
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// This node.
    pub proposer: Felt,
    /// Time from receipt to FIN, in milliseconds.
    pub budget_ms: u32,
}

/// First message of a validation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ValidateOpen {
    /// Name of the stream.
    pub stream_id: StreamId,
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// Round of the prevote quorum behind it.
    pub valid_round: Option<Round>,
    /// Who proposes.
    pub proposer: Felt,
    /// Time from receipt to the verdict, in milliseconds.
    pub budget_ms: u32,
    /// Why it should pass.
    pub basis: Basis,
    /// A complete candidate that the proposal repeats.
    pub same_as: Option<Commitment>,
}

/// Asks for the INIT of a reproposal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReframeInit {
    /// The height.
    pub height: Height,
    /// INIT as it was proposed first.
    pub init: Bytes,
    /// The new round.
    pub round: Round,
    /// Round of the prevote quorum.
    pub valid_round: Round,
    /// Who proposes it again.
    pub proposer: Felt,
}

/// Late precommits and evidence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Finalize {
    /// A committed height.
    pub height: Height,
    /// The grown certificate.
    pub certificate: Certificate,
    /// Evidence of the height.
    pub evidence: Vec<Evidence>,
}

/// First message of an import.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImportHeader {
    /// The certificate; its height is the height of the import.
    pub certificate: Certificate,
    /// Part format of the parts.
    pub part_format: String,
    /// What follows.
    pub counts: Counts,
}

/// What comes on the caller's side of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StreamEvent {
    /// A validation's first message.
    Open(Box<ValidateOpen>),
    /// An import's first message.
    Header(Box<ImportHeader>),
    /// A part.
    Part(Part),
    /// No more parts.
    End(Counts),
    /// A higher basis.
    Raise(Basis),
    /// A message whose fields cannot be taken.
    Invalid(Refusal),
    /// The caller closed its side.
    HalfClosed,
    /// The caller, or the connection, gave the call up.
    Reset,
}

/// What the engine says about a piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EngineEvent {
    /// A build: the next part.
    Part(Part),
    /// A build: the proposal is complete.
    Built(Outcome),
    /// Something is missing.
    Waiting(Missing),
    /// A validation goes on; nothing is missing any more.
    Progress,
    /// A validation: invalid for everyone. `computed` is the commitment that the content nevertheless has.
    Invalid {
        /// Why.
        reason: InvalidReason,
        /// For people.
        detail: String,
        /// The commitment that the content has, if the engine can tell.
        computed: Option<Commitment>,
    },
    /// A validation: execution is complete and equals FIN.
    Complete {
        /// The candidate.
        outcome: Outcome,
        /// This node's objection.
        local: Option<(LocalReason, String)>,
    },
    /// The answer to `EngineCommand::Compare`: whether INIT equals the candidate's but for the slot.
    Compared(bool),
    /// The answer to `EngineCommand::Recheck`.
    Rechecked(Option<(LocalReason, String)>),
    /// The engine failed.
    Fault(String),
}

/// What execution gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// What is voted on.
    pub commitment: Commitment,
    /// Length of the executed prefix.
    pub executed_count: u64,
}

/// Names a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timer {
    /// The budget of a build or validation, or the patience of an import or of a Decide with what it awaits.
    Budget(WorkId),
    /// The holder has no Watch for too long: its session's serial number.
    WatchLost(u64),
    /// Ask again what waits for a condition.
    Poll,
}
