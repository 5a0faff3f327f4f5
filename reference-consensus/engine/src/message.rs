//! What the engine asks its host, and how it is answered.
//!
//! Which answers the engine waits for:
//!
//! | message | while it is not answered |
//! |---|---|
//! | `ConsensusReady`, `Finalized` | no height runs; votes of peers queue |
//! | `StartedRound` | **consensus stands still**: answer at once, from memory |
//! | `GetHistoryMinHeight` | value sync stands still: answer at once |
//! | `GetValue` | nothing else waits; after the propose timeout the round goes on without this node's proposal |
//! | `GetDecidedValues` | one request of a peer waits, until its own timeout |
//! | `ProcessSyncedValue` | the height waits for a value of value sync, and runs on as well |
//! | `Decided` | the height is not offered to peers |

use std::{fmt, ops::RangeInclusive, time::Duration};

use arc_malachitebft_core_types::HeightParams as EngineParams;
use bytes::Bytes;
use ecp_malachite_context::{BlockHeight, EcpContext, EcpTimeouts, EcpValidatorSet, Unsupported};
use ecp_signatures::Envelope;
use ecp_types::{Certificate, Commitment, Evidence, Felt, Height, HeightParams, Quorum, Round, RoundRole};
use tokio::sync::OwnedSemaphorePermit;

/// The one answer to a message. Dropped without an answer, the engine goes on as if the host had none.
pub struct Reply<T>(Box<dyn FnOnce(T) + Send>);

impl<T> Reply<T> {
    pub(crate) fn new(send: impl FnOnce(T) + Send + 'static) -> Self {
        Self(Box::new(send))
    }

    /// Answers. If the engine does not wait any more, nothing happens.
    pub fn send(self, answer: T) {
        (self.0)(answer);
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reply")
    }
}

/// Starts the next height.
#[derive(Debug)]
pub struct StartHeight {
    pub(crate) quorum: Quorum,
    pub(crate) reply: Reply<(BlockHeight, EngineParams<EcpContext>)>,
}

impl StartHeight {
    /// Starts the height of `params`, with its committee, timeouts and least duration (ECP-HGT-008).
    ///
    /// If the height cannot be run here, it is not started, and no later one: the half has to be started again with
    /// what the height needs. That is never INVALID (ECP-HGT-009).
    pub fn start(self, params: &HeightParams) -> Result<(), Unsupported> {
        if params.quorum != self.quorum {
            let (height, wanted) = (params.height, params.quorum);
            return Err(Unsupported::Quorum { height, wanted, configured: self.quorum });
        }
        let validator_set = EcpValidatorSet::new(params)?;
        let target = params.timeouts.target_height_ms.map(|ms| Duration::from_millis(u64::from(ms)));
        let engine_params = EngineParams::new(validator_set, EcpTimeouts(params.timeouts), target);
        self.reply.send((BlockHeight::of(params.height), engine_params));
        Ok(())
    }
}

/// A value with a verdict, as consensus takes it.
///
/// There is no third verdict: what is REJECTED_LOCAL, NOT_READY or EXPIRED is not told, and the propose timeout brings
/// the nil prevote (ECP-VAL-008).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedValue {
    /// The height.
    pub height: Height,
    /// The round in which it was proposed.
    pub round: Round,
    /// The round of the prevote quorum behind it.
    pub valid_round: Option<Round>,
    /// Who proposed it.
    pub proposer: Felt,
    /// The commitment that the proposer signed.
    pub commitment: Commitment,
    /// VALID with this commitment, or INVALID.
    pub valid: bool,
}

/// A decided value for a peer that catches up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedValue {
    /// Its certificate.
    pub certificate: Certificate,
    /// The body, in whatever encoding the hosts of the network agree on.
    pub bytes: Bytes,
}

/// What became of a value that a peer sent for catching up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncedOutcome {
    /// There is a verdict.
    Verdict(ProposedValue),
    /// The bytes are the peer's fault; another peer is asked.
    PeerFault,
    /// This side is not able now; it is asked for again, after a while.
    LocalTransientError,
}

/// A part that came in. Its signature is **not** verified yet: that needs the parameters of its height, see
/// [`ecp_signatures::verify_envelope`], and takes half a millisecond with STARK keys.
#[derive(Debug)]
pub struct ReceivedPart {
    /// The neighbor that delivered it. Only for limits: the proposer is in the envelope.
    pub from: String,
    /// The part.
    pub envelope: Envelope,
    /// Counts against the bytes that wait for the host.
    pub(crate) _waiting: OwnedSemaphorePermit,
}

/// What the engine asks or tells its host.
#[derive(Debug)]
pub enum HostMessage {
    /// The engine listens for peers; it waits for the first height.
    ConsensusReady {
        /// Starts it.
        start: StartHeight,
    },
    /// A round began.
    StartedRound {
        /// The height.
        height: Height,
        /// The round.
        round: Round,
        /// Who proposes in it.
        proposer: Felt,
        /// What this node is in it.
        role: RoundRole,
        /// Answer at once with the values of this height that have a verdict already, as after a restart.
        reply: Reply<Vec<ProposedValue>>,
    },
    /// This node proposes: a commitment is wanted, whose body is durable before the answer (ECP-REC-002).
    GetValue {
        /// The height.
        height: Height,
        /// The round.
        round: Round,
        /// The propose timeout of the round; a later answer is ignored.
        timeout: Duration,
        /// Takes the commitment.
        reply: Reply<Commitment>,
    },
    /// This node proposes again what had a prevote quorum: send its parts again, with a new header.
    RestreamProposal {
        /// The height.
        height: Height,
        /// The round of the new proposal.
        round: Round,
        /// The round of the quorum.
        valid_round: Round,
        /// Who proposes now.
        proposer: Felt,
        /// What is proposed.
        commitment: Commitment,
    },
    /// A part came in. It may be of any height and round, and from anybody.
    ReceivedPart(ReceivedPart),
    /// A height is decided. Told at least once.
    Decided {
        /// Its certificate, verified signature by signature when the votes came in.
        certificate: Certificate,
        /// Answer when certificate and body are durable (ECP-DEC-013).
        reply: Reply<()>,
    },
    /// The height is over: its least duration has passed, or it came by value sync.
    Finalized {
        /// The certificate with late precommits.
        certificate: Certificate,
        /// Who broke the rules at this height.
        evidence: Vec<Evidence>,
        /// Starts the next height.
        start: StartHeight,
    },
    /// A peer catches up.
    GetDecidedValues {
        /// The heights. Not checked against what is held here.
        range: RangeInclusive<Height>,
        /// Answer with what is held of it, from its start, without gaps.
        reply: Reply<Vec<DecidedValue>>,
    },
    /// A decided value for this node to catch up with. Its certificate is verified.
    ProcessSyncedValue {
        /// The height.
        height: Height,
        /// The round of the certificate.
        round: Round,
        /// Who proposed in that round.
        proposer: Felt,
        /// The body, as the peer sent it.
        bytes: Bytes,
        /// Takes what became of it.
        reply: Reply<SyncedOutcome>,
    },
    /// From which height on decided values are held.
    GetHistoryMinHeight {
        /// Answer at once.
        reply: Reply<Height>,
    },
}
