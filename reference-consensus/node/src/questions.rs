//! The engine's messages as questions of the bridge, and the bridge's answers as the engine takes them.

use std::{collections::HashMap, sync::Arc};

use ecp_consensus_core::{Answer, Ask, Content, Envelope, Header, ProposedValue, ReplyId, Slot};
use ecp_execution_client::ExecutionClient;
use ecp_malachite_engine::{self as engine, DecidedValue, HostMessage, Reply, StartHeight, SyncedOutcome};
use ecp_proto::convert::DecidedHeader;
use ecp_signatures::{self as signatures, Signature, StreamHeader};
use ecp_types::{Commitment, Counts, Height, StreamId};

use crate::{calls::read_one, rows, store::Store};

/// Bytes of one answer to a peer that catches up, at most, unless one value alone has more.
const SERVED_BYTES: usize = 8 << 20;

enum Waiting {
    Start(StartHeight),
    Values(Reply<Vec<engine::ProposedValue>>),
    Value(Reply<Commitment>),
    Stored(Reply<()>),
    Synced(Reply<SyncedOutcome>),
    Decided(Reply<Vec<DecidedValue>>),
    MinHeight(Reply<Height>),
}

/// Questions that are not answered yet.
#[derive(Default)]
pub struct Questions {
    last: ReplyId,
    waiting: HashMap<ReplyId, Waiting>,
}

impl Questions {
    fn keep(&mut self, waiting: Waiting) -> ReplyId {
        self.last += 1;
        self.waiting.insert(self.last, waiting);
        self.last
    }

    /// The engine was started again: nobody waits any more.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    /// The question in the bridge's terms. `None`: it was answered here.
    pub fn ask(&mut self, message: HostMessage) -> Option<Ask> {
        Some(match message {
            HostMessage::ConsensusReady { start } => Ask::Ready(self.keep(Waiting::Start(start))),
            HostMessage::StartedRound { height, round, proposer, role, reply } => {
                let reply = self.keep(Waiting::Values(reply));
                Ask::StartedRound { reply, slot: Slot { height, round }, proposer, role }
            }
            HostMessage::GetValue { height, round, timeout, reply } => {
                let reply = self.keep(Waiting::Value(reply));
                let timeout_ms = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX);
                Ask::GetValue { reply, slot: Slot { height, round }, timeout_ms }
            }
            HostMessage::RestreamProposal { height, round, valid_round, proposer: _, commitment } => {
                Ask::Restream { slot: Slot { height, round }, valid_round, commitment }
            }
            HostMessage::ReceivedPart(part) => Ask::Received(envelope(part.envelope)),
            HostMessage::Decided { certificate, reply } => {
                Ask::Decided { reply: self.keep(Waiting::Stored(reply)), certificate }
            }
            HostMessage::Finalized { certificate, evidence, start } => {
                Ask::Finalized { reply: self.keep(Waiting::Start(start)), certificate, evidence }
            }
            HostMessage::GetDecidedValues { range, reply } => {
                let reply = self.keep(Waiting::Decided(reply));
                Ask::GetDecided { reply, from: *range.start(), to: *range.end() }
            }
            HostMessage::ProcessSyncedValue { height, round, proposer, bytes, reply } => {
                match rows::read_synced(bytes) {
                    Ok((header, parts)) => {
                        let reply = self.keep(Waiting::Synced(reply));
                        let (slot, certificate) = (Slot { height, round }, header.certificate);
                        Ask::Synced { reply, slot, proposer, certificate, parts }
                    }
                    Err(_) => {
                        reply.send(SyncedOutcome::PeerFault);
                        return None;
                    }
                }
            }
            HostMessage::GetHistoryMinHeight { reply } => Ask::MinHeight(self.keep(Waiting::MinHeight(reply))),
        })
    }

    /// Gives the engine an answer. An error says why the height cannot be run here (ECP-HGT-009).
    pub fn answer(
        &mut self,
        reply: ReplyId,
        answer: Answer,
        store: &Arc<Store>,
        client: Option<Arc<dyn ExecutionClient>>,
    ) -> Result<(), String> {
        match (self.waiting.remove(&reply), answer) {
            (Some(Waiting::Start(start)), Answer::Start(params)) => {
                return start.start(&params).map_err(|unsupported| unsupported.to_string());
            }
            (Some(Waiting::Values(reply)), Answer::Values(values)) => {
                reply.send(values.iter().map(proposed).collect());
            }
            (Some(Waiting::Value(reply)), Answer::Value(commitment)) => reply.send(commitment),
            (Some(Waiting::Stored(reply)), Answer::Stored) => reply.send(()),
            (Some(Waiting::Synced(reply)), Answer::Synced(value)) => {
                reply.send(SyncedOutcome::Verdict(proposed(&value)));
            }
            (Some(Waiting::Synced(reply)), Answer::PeerFault) => reply.send(SyncedOutcome::PeerFault),
            (Some(Waiting::Synced(reply)), Answer::Later) => reply.send(SyncedOutcome::LocalTransientError),
            (Some(Waiting::MinHeight(reply)), Answer::MinHeight(height)) => reply.send(height),
            (Some(Waiting::Decided(reply)), Answer::Decided { from, to }) => {
                let store = Arc::clone(store);
                tokio::spawn(async move { reply.send(serve(from, to, store, client).await) });
            }
            // No answer, or one that nobody waits for.
            _ => {}
        }
        Ok(())
    }
}

/// Decided values for a peer: from the store, else from the archive; without gaps, so it ends at the first failure.
async fn serve(
    from: Height,
    to: Height,
    store: Arc<Store>,
    client: Option<Arc<dyn ExecutionClient>>,
) -> Vec<DecidedValue> {
    let (mut values, mut bytes) = (Vec::new(), 0);
    for height in from..=to {
        let kept = Arc::clone(&store);
        let own = tokio::task::spawn_blocking(move || from_store(&kept, height)).await.ok().flatten();
        let block = match (own, &client) {
            (Some(block), _) => Some(block),
            (None, Some(client)) => read_one(client.as_ref(), height).await.ok(),
            (None, None) => None,
        };
        let Some((header, parts)) = block else { break };
        let certificate = header.certificate.clone();
        let value = DecidedValue { certificate, bytes: rows::synced(header, parts) };
        bytes += value.bytes.len();
        if bytes > SERVED_BYTES && !values.is_empty() {
            break;
        }
        values.push(value);
    }
    values
}

fn from_store(store: &Store, height: Height) -> Option<(DecidedHeader, Vec<ecp_types::Part>)> {
    let decided = store.decided(height).ok()??;
    let (body, part_format) = store.body(decided.body?).ok()??;
    let counts = Counts::of(&body.parts);
    Some((DecidedHeader { height, certificate: decided.certificate, part_format, counts }, body.parts))
}

/// A value as the engine takes it.
#[must_use]
pub fn proposed(value: &ProposedValue) -> engine::ProposedValue {
    let Header { slot, valid_round, proposer } = value.header;
    engine::ProposedValue {
        height: slot.height,
        round: slot.round,
        valid_round,
        proposer,
        commitment: value.commitment,
        valid: value.valid,
    }
}

/// An envelope as the bridge takes it.
#[must_use]
pub fn envelope(envelope: signatures::Envelope) -> Envelope {
    let StreamHeader { stream_id, height, round, valid_round, proposer } = envelope.header;
    let content = match envelope.content {
        signatures::Content::Part(part) => Content::Part(part),
        signatures::Content::End { counts, commitment } => Content::End { counts, commitment },
    };
    let header = Header { slot: Slot { height, round }, valid_round, proposer };
    Envelope { header, stream_id, content, signature: envelope.signature.0.to_vec() }
}

/// The same back, for its signature to be checked.
#[must_use]
pub fn signed_envelope(envelope: &Envelope) -> Option<signatures::Envelope> {
    let signature = Signature::from_bytes(&envelope.signature)?;
    let header = stream_header(&envelope.header, envelope.stream_id);
    Some(signatures::Envelope { header, content: content(envelope.content.clone()), signature })
}

/// What all envelopes of a stream say.
#[must_use]
pub fn stream_header(header: &Header, stream_id: StreamId) -> StreamHeader {
    let Header { slot, valid_round, proposer } = *header;
    StreamHeader { stream_id, height: slot.height, round: slot.round, valid_round, proposer }
}

/// What an envelope of this node holds.
#[must_use]
pub fn content(content: Content) -> signatures::Content {
    match content {
        Content::Part(part) => signatures::Content::Part(part),
        Content::End { counts, commitment } => signatures::Content::End { counts, commitment },
    }
}
