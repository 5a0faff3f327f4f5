//! What happens to the bridge.

use bytes::Bytes;
use ecp_types::{
    Certificate, Commitment, Counts, Evidence, ExecutionPosition, Feature, Felt, Height, HeightParams, InstanceId,
    LastSigned, Missing, Network, Part, Position, Round, RoundRole, Verdict, WatchState,
};

use crate::{
    effect::{Check, Timer},
    model::{CallId, Envelope, Failure, ReplyId, Slot},
};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Input {
    /// The process runs; sent once, first.
    Start,
    /// Both connections are open.
    Connected,
    /// They could not be opened.
    ConnectFailed(Failure),
    /// A call ended.
    Returned {
        /// Which one.
        id: CallId,
        /// How.
        result: Result<Outcome, Failure>,
    },
    /// Watch told the state.
    Watch {
        /// The Watch call.
        id: CallId,
        /// The state.
        state: WatchState,
    },
    /// A build sent its next part.
    BuildPart {
        /// The build.
        id: CallId,
        /// The part.
        part: Part,
    },
    /// A validation waits for something (ECP-VAL-015).
    Waiting {
        /// The validation.
        id: CallId,
        /// For what.
        missing: Missing,
    },
    /// A timer ran out.
    Timer(Timer),
    /// The engine asks.
    Engine(Ask),
    /// An envelope's signature was checked.
    Authenticated {
        /// The envelope.
        envelope: Envelope,
        /// Whether its proposer signed it.
        authentic: bool,
    },
    /// The engine stopped because its record refused a signature.
    SigningRefused {
        /// The highest that is signed.
        signed: LastSigned,
    },
    /// The signatures of a certificate were checked.
    CertificateChecked {
        /// What for.
        check: Check,
        /// Its height.
        height: Height,
        /// Whether every one is right.
        valid: bool,
    },
    /// The operator asks to stop.
    Stop,
}

/// How a call ended well.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Handshake.
    Handshaken(Box<Handshaken>),
    /// GetHeightParams.
    Params(HeightParams),
    /// StartRound, Abort, Finalize; a Watch that the server ended.
    Done,
    /// BuildProposal, after all its parts.
    Built {
        /// What it commits to.
        commitment: Commitment,
        /// Counts of the parts.
        counts: Counts,
    },
    /// ValidateProposal.
    Verdict(Verdict),
    /// ReframeInit.
    Init(Bytes),
    /// Decide.
    Decided {
        /// What is committed.
        committed: Position,
        /// Parameters of the next height, if known.
        next_params: Option<HeightParams>,
    },
    /// ImportDecided.
    Imported(Imported),
    /// GetDecided of one height: its certificate.
    Certificate(Certificate),
}

/// What the execution half said in the handshake.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Handshaken {
    /// The revision to speak.
    pub revision: u32,
    /// Features of both.
    pub features: Vec<Feature>,
    /// Its network.
    pub network: Network,
    /// Its process.
    pub instance_id: InstanceId,
    /// What it holds durably.
    pub position: ExecutionPosition,
    /// Time that closing a block takes, in milliseconds.
    pub build_margin_ms: u32,
    /// First height of the chain.
    pub first_height: Height,
}

/// What became of an import.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Imported {
    /// The block is durable, now or before.
    Committed {
        /// What is committed.
        committed: Position,
        /// Parameters of the next height, if known.
        next_params: Option<Box<HeightParams>>,
    },
    /// The parts cannot be decoded.
    Malformed(String),
    /// Execution gives another commitment.
    Mismatch(Option<Commitment>),
    /// Something is missing.
    NotReady(Option<Missing>),
    /// Another block is committed there.
    Conflict,
}

/// A question or a message of the consensus engine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ask {
    /// It listens and asks where to start. Answer: start, as soon as the height's parameters are known.
    Ready(ReplyId),
    /// A round began. Answer at once: the values that are known for it.
    StartedRound {
        /// The question.
        reply: ReplyId,
        /// The round.
        slot: Slot,
        /// Who proposes.
        proposer: Felt,
        /// What this node is in it.
        role: RoundRole,
    },
    /// Build a value. Answer when it is built, or never.
    GetValue {
        /// The question.
        reply: ReplyId,
        /// For this slot.
        slot: Slot,
        /// Propose timeout of the round, in milliseconds.
        timeout_ms: u32,
    },
    /// Propose a valid value again.
    Restream {
        /// In this slot.
        slot: Slot,
        /// Round of its prevote quorum.
        valid_round: Round,
        /// The value.
        commitment: Commitment,
    },
    /// A message of a proposal arrived.
    Received(Envelope),
    /// A value is decided; its certificate was verified by the engine (ECP-DEC-009). Answer when it is durable.
    Decided {
        /// The question.
        reply: ReplyId,
        /// The proof.
        certificate: Certificate,
    },
    /// The height is over. Answer: the next height.
    Finalized {
        /// The question.
        reply: ReplyId,
        /// The certificate with late precommits.
        certificate: Certificate,
        /// Proofs of misbehavior.
        evidence: Vec<Evidence>,
    },
    /// A decided value came by value sync.
    Synced {
        /// The question.
        reply: ReplyId,
        /// Slot of the certificate that the engine verified.
        slot: Slot,
        /// Proposer of that slot.
        proposer: Felt,
        /// A certificate that came with the body; not verified yet.
        certificate: Certificate,
        /// The body.
        parts: Vec<Part>,
    },
    /// A peer asks for decided values.
    GetDecided {
        /// The question.
        reply: ReplyId,
        /// First height.
        from: Height,
        /// Last height.
        to: Height,
    },
    /// The earliest height that can be served.
    MinHeight(ReplyId),
}
