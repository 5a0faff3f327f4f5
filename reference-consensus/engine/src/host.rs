//! The actor that asks the host.
//!
//! It forwards each message and returns: an answer goes straight to who asked, so that no question waits behind the
//! answer to another.

use std::sync::Arc;

use arc_malachitebft_core_consensus::{LocallyProposedValue, ProposedValue as EngineValue, Role as EngineRole};
use arc_malachitebft_core_types::{Round as EngineRound, Validity};
use arc_malachitebft_engine::{
    host::{HostMsg, Next, SyncedValueOutcome},
    util::streaming::StreamContent,
};
use arc_malachitebft_sync::RawDecidedValue;
use ecp_malachite_context::{Address, BlockHeight, EcpContext, ProposalPart, ValueId, convert};
use ecp_types::{Quorum, Round, RoundRole};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, async_trait};
use tokio::sync::{Semaphore, mpsc};

use crate::{DecidedValue, HostMessage, ProposedValue, ReceivedPart, Reply, StartHeight, SyncedOutcome};

/// Bytes of parts that may wait for the host. What comes beyond is dropped, as gossip may be: the largest proposals of
/// a few rounds fit.
const WAITING_PART_BYTES: usize = 64 << 20;
/// A part counts at least this much, so that empty parts cannot pile up.
const LEAST_PART_BYTES: usize = 4 << 10;

/// Forwards to the host.
pub(crate) struct Host {
    sender: mpsc::Sender<HostMessage>,
    waiting: Arc<Semaphore>,
    quorum: Quorum,
}

impl Host {
    pub(crate) fn new(sender: mpsc::Sender<HostMessage>, quorum: Quorum) -> Self {
        Self { sender, waiting: Arc::new(Semaphore::new(WAITING_PART_BYTES)), quorum }
    }

    fn start_height<T: Send + 'static>(
        &self,
        port: RpcReplyPort<T>,
        wrap: impl FnOnce(BlockHeight, arc_malachitebft_core_types::HeightParams<EcpContext>) -> T + Send + 'static,
    ) -> StartHeight {
        StartHeight { quorum: self.quorum, reply: reply(port, move |(height, params)| wrap(height, params)) }
    }

    /// The message for the host, or nothing if there is none to ask.
    fn translate(&self, message: HostMsg<EcpContext>) -> Option<HostMessage> {
        Some(match message {
            HostMsg::ConsensusReady { reply_to } => {
                HostMessage::ConsensusReady { start: self.start_height(reply_to, |height, params| (height, params)) }
            }
            HostMsg::StartedRound { height, round, proposer, role, reply_to } => HostMessage::StartedRound {
                height: height.block(),
                round: number(round),
                proposer: proposer.0,
                role: match role {
                    EngineRole::Proposer => RoundRole::Proposer,
                    EngineRole::Validator => RoundRole::Validator,
                    EngineRole::None => RoundRole::Observer,
                },
                reply: reply(reply_to, |values: Vec<ProposedValue>| values.iter().map(engine_value).collect()),
            },
            HostMsg::GetValue { height, round, timeout, reply_to } => HostMessage::GetValue {
                height: height.block(),
                round: number(round),
                timeout,
                reply: reply(reply_to, move |commitment| LocallyProposedValue::new(height, round, ValueId(commitment))),
            },
            HostMsg::RestreamValue { height, round, valid_round, address, value_id } => HostMessage::RestreamProposal {
                height: height.block(),
                round: number(round),
                valid_round: number(valid_round),
                proposer: address.0,
                commitment: value_id.0,
            },
            HostMsg::GetHistoryMinHeight { reply_to } => {
                HostMessage::GetHistoryMinHeight { reply: reply(reply_to, BlockHeight::of) }
            }
            HostMsg::ReceivedProposalPart { from, part, .. } => return self.part(from.to_string(), part.content),
            HostMsg::Decided { certificate, reply_to, .. } => HostMessage::Decided {
                certificate: convert::certificate(&certificate),
                reply: reply(reply_to, |()| ()),
            },
            HostMsg::Finalized { certificate, evidence, reply_to, .. } => HostMessage::Finalized {
                certificate: convert::certificate(&certificate),
                evidence: convert::evidence(&evidence),
                start: self.start_height(reply_to, Next::Start),
            },
            HostMsg::GetDecidedValues { range, reply_to } => HostMessage::GetDecidedValues {
                range: range.start().block()..=range.end().block(),
                reply: reply(reply_to, |values: Vec<DecidedValue>| {
                    // What is held with a broken certificate is as good as not held: the peer asks another node.
                    values
                        .into_iter()
                        .map_while(|value| {
                            let certificate = convert::extended_certificate(&value.certificate)?;
                            Some(RawDecidedValue::new(value.bytes, certificate))
                        })
                        .collect()
                }),
            },
            HostMsg::ProcessSyncedValue { height, round, proposer, value_bytes, reply_to } => {
                HostMessage::ProcessSyncedValue {
                    height: height.block(),
                    round: number(round),
                    proposer: proposer.0,
                    bytes: value_bytes,
                    reply: reply(reply_to, |outcome| match outcome {
                        SyncedOutcome::Verdict(value) => SyncedValueOutcome::Verdict(engine_value(&value)),
                        SyncedOutcome::PeerFault => SyncedValueOutcome::PeerFault,
                        SyncedOutcome::LocalTransientError => SyncedValueOutcome::LocalTransientError,
                    }),
                }
            }
            // The policy of every height is "no vote extensions": the engine does not ask.
            HostMsg::ExtendVote { .. } | HostMsg::VerifyVoteExtensions { .. } => return None,
        })
    }

    /// The answer to a part is never given here: the verdict comes later, through the handle.
    fn part(&self, from: String, content: StreamContent<ProposalPart>) -> Option<HostMessage> {
        let StreamContent::Data(ProposalPart(envelope)) = content else { return None };
        let bytes = match &envelope.content {
            ecp_signatures::Content::Part(part) => part.payload.len(),
            ecp_signatures::Content::End { .. } => 0,
        };
        let permits = u32::try_from(bytes.max(LEAST_PART_BYTES)).ok()?;
        let Ok(waiting) = Arc::clone(&self.waiting).try_acquire_many_owned(permits) else {
            tracing::warn!(height = envelope.header.height, from, "a part is dropped: too many wait for the host");
            return None;
        };
        Some(HostMessage::ReceivedPart(ReceivedPart { from, envelope, _waiting: waiting }))
    }
}

#[async_trait]
impl Actor for Host {
    type Msg = HostMsg<EcpContext>;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _myself: ActorRef<Self::Msg>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        _state: &mut (),
    ) -> Result<(), ActorProcessingErr> {
        if let Some(message) = self.translate(message) {
            self.sender.send(message).await.map_err(|_| "the host is gone")?;
        }
        Ok(())
    }
}

/// An answer to `port`. Who asked may be gone; then nobody needs it.
fn reply<A, T: Send + 'static>(port: RpcReplyPort<T>, wrap: impl FnOnce(A) -> T + Send + 'static) -> Reply<A> {
    Reply::new(move |answer| {
        if !port.is_closed() {
            let _ = port.send(wrap(answer));
        }
    })
}

/// Every round that the engine tells of has a number.
fn number(round: EngineRound) -> Round {
    round.as_u32().unwrap_or_default()
}

/// A value as consensus takes it.
pub(crate) fn engine_value(value: &ProposedValue) -> EngineValue<EcpContext> {
    EngineValue {
        height: BlockHeight::of(value.height),
        round: EngineRound::new(value.round),
        valid_round: EngineRound::from(value.valid_round),
        proposer: Address(value.proposer),
        value: ValueId(value.commitment),
        validity: Validity::from_bool(value.valid),
    }
}
