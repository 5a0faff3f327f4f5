//! What the bridge wants done. Effects are carried out in order, one after the other.

use bytes::Bytes;
use ecp_types::{
    Basis, Certificate, Commitment, ConsensusPosition, Counts, Evidence, Felt, Height, HeightParams, InstanceId,
    LastSigned, Part, Position, Round, RoundRole, StreamId,
};

use crate::model::{Body, BodyKey, CallId, Content, Envelope, Header, ProposedValue, ReplyId, Slot};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Open both connections anew; told by `Connected` or `ConnectFailed`. Every call of the old ones is given up.
    Connect,
    /// Make a call; told by `Returned` and what its stream says before.
    Call {
        /// Its name.
        id: CallId,
        /// The call.
        call: Call,
    },
    /// Send a message of a running validation.
    Feed {
        /// The validation.
        id: CallId,
        /// The message.
        message: Feed,
    },
    /// Give a call up; nothing more is told of it.
    Cancel(CallId),
    /// Write, atomically and durably, before any later effect.
    Persist(Vec<Write>),
    /// Nothing at or below is ever signed again (ECP-REC-013). Durable before any later effect.
    RaiseSigningFloor(LastSigned),
    /// Start the consensus engine, or start it again in place of the one that runs.
    StartEngine {
        /// With its key, or as a follower that signs nothing (ECP-REC-011).
        sign: bool,
    },
    /// Answer the engine.
    Reply {
        /// The question.
        reply: ReplyId,
        /// The answer.
        answer: Answer,
    },
    /// Give the engine a value that it did not ask for.
    Propose(ProposedValue),
    /// Sign and gossip a message of this node's proposal.
    Publish {
        /// What is said about the proposal.
        header: Header,
        /// This node's stream.
        stream_id: StreamId,
        /// Part or end.
        content: Content,
    },
    /// Check the signature of an envelope; told by `Authenticated`.
    Authenticate {
        /// The envelope.
        envelope: Envelope,
        /// The committee that it is checked against.
        params: Box<HeightParams>,
    },
    /// Check the signatures of a certificate; told by `CertificateChecked`.
    CheckCertificate {
        /// What for.
        check: Check,
        /// The certificate.
        certificate: Certificate,
        /// The committee that it is checked against.
        params: Box<HeightParams>,
    },
    /// Tell `Timer` after this many milliseconds; replaces a timer of the same kind.
    SetTimer {
        /// Which one.
        timer: Timer,
        /// Milliseconds.
        after_ms: u64,
    },
    /// For the log.
    Note(Note),
    /// Stop signing and exit. Nothing follows.
    Halt(Halt),
}

/// What a certificate is checked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Check {
    /// The execution half is ahead by it.
    Gap,
    /// A peer sent it for catching up.
    Synced,
}

/// Kinds of timers, each with a number by which an old one is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timer {
    /// Time to connect again.
    Reconnect(u64),
    /// Watch was silent for 3 s (ECP-SES-017).
    WatchSuspect(u64),
    /// Watch was silent for 10 s (ECP-SES-018).
    WatchLost(u64),
    /// What was to be retried may be retried.
    Retry(u64),
    /// The propose timeout of this round is over.
    Propose(Slot),
}

/// A call to the execution half.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Call {
    /// Opens the session.
    Handshake {
        /// What is durable here.
        position: ConsensusPosition,
        /// Take over from another consensus half; only the operator's flag sets it (ECP-SES-011).
        takeover: bool,
    },
    /// Opens the state channel.
    Watch,
    /// Asks for the parameters of a height.
    GetHeightParams(Height),
    /// Says that a round began.
    StartRound {
        /// The round.
        slot: Slot,
        /// What this node is in it.
        role: RoundRole,
        /// Who proposes.
        proposer: Felt,
    },
    /// Builds this node's proposal.
    Build {
        /// Name of the stream.
        stream_id: StreamId,
        /// The slot.
        slot: Slot,
        /// This node.
        proposer: Felt,
        /// Milliseconds until FIN is sent.
        budget_ms: u32,
    },
    /// Opens a validation; the parts follow as `Feed`.
    Validate {
        /// Name of the stream.
        stream_id: StreamId,
        /// What is said about the proposal.
        header: Header,
        /// Milliseconds until the verdict.
        budget_ms: u32,
        /// Why it should pass.
        basis: Basis,
        /// A complete candidate with the same body.
        same_as: Option<Commitment>,
    },
    /// Makes the INIT of a reproposal.
    ReframeInit {
        /// The new slot.
        slot: Slot,
        /// Round of the prevote quorum.
        valid_round: Round,
        /// This node.
        proposer: Felt,
        /// The INIT as it was.
        init: Bytes,
    },
    /// Ends a build or a validation.
    Abort(StreamId),
    /// Commits.
    Decide(Certificate),
    /// Late precommits and evidence.
    Finalize {
        /// The certificate.
        certificate: Certificate,
        /// The evidence.
        evidence: Vec<Evidence>,
    },
    /// Asks for the certificate of one decided height.
    GetCertificate(Height),
    /// Hands over a decided block.
    Import {
        /// Its certificate.
        certificate: Certificate,
        /// Its parts.
        source: Parts,
    },
}

/// Where the parts of an import come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Parts {
    /// From the store.
    Stored(BodyKey),
    /// From a peer.
    Given(Vec<Part>),
}

/// A message of a running validation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Feed {
    /// The next part, untouched (ECP-STR-001).
    Part(Part),
    /// No more parts.
    End(Counts),
    /// A higher basis.
    Raise(Basis),
}

/// An answer to the engine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Answer {
    /// To `Ready` and `Finalized`: start this height.
    Start(Box<HeightParams>),
    /// To `StartedRound`.
    Values(Vec<ProposedValue>),
    /// To `GetValue`.
    Value(Commitment),
    /// To `Decided`: it is durable.
    Stored,
    /// To `Synced`: the value.
    Synced(ProposedValue),
    /// To `Synced`: the peer sent something else than it should.
    PeerFault,
    /// To `Synced`: ask again later.
    Later,
    /// To `GetDecided`: these heights, from the store where it has them, else from the execution half's archive.
    Decided {
        /// First height.
        from: Height,
        /// Last height; below `from`: none.
        to: Height,
    },
    /// To `MinHeight`.
    MinHeight(Height),
    /// No answer will come.
    Nothing,
}

/// One change of what is durable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Write {
    /// A proposal for this slot was begun (ECP-REC-001).
    Mark(Slot),
    /// A whole body (ECP-REC-002).
    Body(Body),
    /// A decision: its certificate, and which body it decides (ECP-DEC-013).
    Decided {
        /// The proof.
        certificate: Certificate,
        /// The body, if it is stored.
        body: Option<BodyKey>,
    },
    /// The execution half acknowledged this height.
    Committed(Position),
    /// The execution half was ahead; its certificates were verified up to here.
    Adopted(Position),
    /// Bodies above this position are lost or of no use: forgotten, so that the engine gets them again from its peers.
    /// The certificates stay.
    Refetch(Option<Position>),
    /// The execution half's instance at the last handshake.
    Instance(InstanceId),
    /// A certificate grown by late precommits.
    Certificate(Certificate),
    /// Forget decided bodies below `keep_from`, and all that is undecided at or below `decided` (ECP-REC-006).
    Prune {
        /// First height whose body is kept.
        keep_from: Height,
        /// Last decided height.
        decided: Height,
    },
}

/// Something for the log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Note {
    /// A session is open.
    Session {
        /// Session of a new instance of the execution half.
        new_instance: bool,
        /// Its committed height.
        committed: Option<Height>,
    },
    /// The session is lost, and why.
    SessionLost(String),
    /// A defect of one of the halves (action `report`).
    Defect(String),
    /// A height is committed on both halves.
    Committed(Position),
    /// A proposal was judged.
    Judged {
        /// Its slot.
        slot: Slot,
        /// The verdict, for people.
        verdict: String,
    },
    /// This node stays silent in a slot, and why.
    Silent(Slot, String),
}

/// Why the half stops.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Halt {
    /// The operator asked.
    Stopped,
    /// The execution half moved ahead of the engine's height: a new process starts there.
    Restart(String),
    /// Another session replaced this one (ECP-SES-019).
    Fenced(String),
    /// The execution half refuses, or an operator is needed.
    Refused(String),
    /// Two decisions, or a decision that is invalid here: evidence is kept (ECP-DEC-007, ECP-DEC-008).
    Diverged(String),
}
