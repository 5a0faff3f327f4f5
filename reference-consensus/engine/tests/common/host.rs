//! The host in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use ecp_malachite_engine::{
    DecidedValue, EngineHandle, HostMessage, ProposedValue, ReceivedPart, StartHeight, SyncedOutcome,
};
use ecp_signatures::{Content, Envelope, StreamHeader, verify_certificate, verify_envelope};
use ecp_types::{Certificate, Commitment, Counts, Height, HeightParams, Part, PartKind, Round, StreamId};
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, watch};

use super::{Disk, Options, TestNetwork};

/// What a host keeps over a crash.
#[derive(Default)]
pub struct Store {
    pub decided: BTreeMap<Height, (Certificate, Bytes)>,
    pub bodies: BTreeMap<Commitment, (ProposedValue, Vec<Part>)>,
    pub own: BTreeMap<(Height, Round), Commitment>,
    pub decided_calls: Vec<Certificate>,
}

pub struct Host {
    network: TestNetwork,
    index: usize,
    options: Options,
    store: Arc<Mutex<Store>>,
    handle: EngineHandle,
    decided: watch::Sender<Option<Height>>,
    params: Option<HeightParams>,
    streams: BTreeMap<StreamId, Stream>,
    future: Vec<Envelope>,
}

#[derive(Default)]
struct Stream {
    parts: BTreeMap<u32, Part>,
    end: Option<(StreamHeader, Counts, Commitment)>,
}

/// What a body commits to.
fn commitment(parts: &[Part]) -> Commitment {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(&part.payload));
    Commitment(hash.finalize().into())
}

/// A body as these hosts sync it: each payload behind its length. It has three parts.
fn encode(parts: &[Part]) -> Bytes {
    let sized = |part: &Part| [&(part.payload.len() as u32).to_be_bytes(), part.payload.as_ref()].concat();
    parts.iter().flat_map(sized).collect::<Vec<u8>>().into()
}

fn decode(mut bytes: &[u8]) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for (index, kind) in [PartKind::Init, PartKind::Body, PartKind::Fin].into_iter().enumerate() {
        let (length, rest) = bytes.split_at_checked(4)?;
        let (payload, rest) = rest.split_at_checked(u32::from_be_bytes(length.try_into().ok()?) as usize)?;
        parts.push(Part { index: index as u32, kind, payload: Bytes::copy_from_slice(payload) });
        bytes = rest;
    }
    bytes.is_empty().then_some(parts)
}

impl Host {
    pub fn new(
        network: TestNetwork,
        index: usize,
        options: Options,
        disk: Disk,
        handle: EngineHandle,
        decided: watch::Sender<Option<Height>>,
    ) -> Self {
        let (store, params) = (disk.store, None);
        let (streams, future) = (BTreeMap::new(), Vec::new());
        Self { network, index, options, store, handle, decided, params, streams, future }
    }

    pub async fn run(mut self, mut messages: mpsc::Receiver<HostMessage>) {
        while let Some(message) = messages.recv().await {
            match message {
                HostMessage::ConsensusReady { start } => {
                    self.handle.wait_for_peers(self.options.wait_for_peers).await;
                    self.start_next(start);
                }
                HostMessage::StartedRound { height, reply, .. } => {
                    let store = self.store.lock().unwrap();
                    let values = store.bodies.values().map(|(value, _)| value.clone());
                    reply.send(values.filter(|value| value.height == height).collect());
                }
                HostMessage::GetValue { height, round, reply, .. } => reply.send(self.propose(height, round)),
                HostMessage::RestreamProposal { height, round, valid_round, commitment, .. } => {
                    let body = self.store.lock().unwrap().bodies[&commitment].1.clone();
                    self.stream(height, round, Some(valid_round), &body, commitment);
                }
                HostMessage::ReceivedPart(ReceivedPart { envelope, .. }) => self.part(envelope),
                HostMessage::Decided { certificate, reply } => {
                    let height = certificate.height;
                    self.store.lock().unwrap().decided_calls.push(certificate.clone());
                    if self.options.crash_at == Some(height) {
                        self.decided.send_replace(Some(height));
                        return;
                    }
                    self.keep(certificate);
                    reply.send(());
                    self.decided.send_replace(Some(height));
                }
                HostMessage::Finalized { certificate, start, .. } => {
                    self.keep(certificate);
                    self.start_next(start);
                }
                HostMessage::GetDecidedValues { range, reply } => {
                    let store = self.store.lock().unwrap();
                    let held = store.decided.range(range).map(|(_, (certificate, bytes))| DecidedValue {
                        certificate: certificate.clone(),
                        bytes: bytes.clone(),
                    });
                    reply.send(held.collect());
                }
                HostMessage::ProcessSyncedValue { height, round, proposer, bytes, reply } => {
                    reply.send(match decode(&bytes) {
                        Some(body) => {
                            let commitment = commitment(&body);
                            let value =
                                ProposedValue { height, round, valid_round: None, proposer, commitment, valid: true };
                            self.store.lock().unwrap().bodies.insert(commitment, (value.clone(), body));
                            SyncedOutcome::Verdict(value)
                        }
                        None => SyncedOutcome::PeerFault,
                    });
                }
                HostMessage::GetHistoryMinHeight { reply } => reply.send(self.network.first_height),
            }
        }
    }

    fn start_next(&mut self, start: StartHeight) {
        let decided = self.store.lock().unwrap().decided.keys().next_back().copied();
        let height = decided.map_or(self.network.first_height, |height| height + 1);
        let params = self.network.params(height);
        start.start(&params).unwrap();
        self.params = Some(params);
        self.streams.clear();
        let (now, later): (Vec<_>, Vec<_>) =
            self.future.drain(..).filter(|e| e.header.height >= height).partition(|e| e.header.height == height);
        self.future = later;
        now.into_iter().for_each(|envelope| self.part(envelope));
    }

    fn keep(&mut self, certificate: Certificate) {
        let height = certificate.height;
        verify_certificate(&certificate, &self.network.params(height), &self.network.network).unwrap();
        let mut store = self.store.lock().unwrap();
        let bytes = encode(&store.bodies[&certificate.commitment].1);
        store.decided.insert(height, (certificate, bytes));
    }

    /// Makes a body once for each slot, keeps it, and sends it.
    fn propose(&mut self, height: Height, round: Round) -> Commitment {
        let mut store = self.store.lock().unwrap();
        let made = store.own.get(&(height, round)).copied();
        let commitment = made.unwrap_or_else(|| {
            let part = |index, kind, text: String| Part { index, kind, payload: Bytes::from(text) };
            let parts = vec![
                part(0, PartKind::Init, format!("init {height} {round} {}", self.index)),
                part(1, PartKind::Body, "body ".repeat(2_000)),
                part(2, PartKind::Fin, "fin".into()),
            ];
            let commitment = commitment(&parts);
            let proposer = self.network.address(self.index);
            let value = ProposedValue { height, round, valid_round: None, proposer, commitment, valid: true };
            store.bodies.insert(commitment, (value, parts));
            store.own.insert((height, round), commitment);
            commitment
        });
        let body = store.bodies[&commitment].1.clone();
        drop(store);
        self.stream(height, round, None, &body, commitment);
        commitment
    }

    fn stream(&self, height: Height, round: Round, valid_round: Option<Round>, body: &[Part], commitment: Commitment) {
        let mut stream_id = [0; 16];
        stream_id[0] = self.index as u8;
        stream_id[1..5].copy_from_slice(&round.to_be_bytes());
        stream_id[8..].copy_from_slice(&height.to_be_bytes());
        let proposer = self.network.address(self.index);
        let header = StreamHeader { stream_id, height, round, valid_round, proposer };
        let end = Content::End { counts: Counts::of(body), commitment };
        for content in body.iter().cloned().map(Content::Part).chain([end]) {
            let envelope = self.handle.seal(header, content).unwrap();
            let _ = self.handle.publish_part(envelope);
        }
    }

    fn part(&mut self, envelope: Envelope) {
        let Some(params) = &self.params else { return self.future.push(envelope) };
        if envelope.header.height != params.height {
            if envelope.header.height > params.height {
                self.future.push(envelope);
            }
            return;
        }
        // A node on another chain is accepted here, so that only consensus is left to refuse it.
        let lenient = self.options.chain_id.is_some() || self.network.proposers.len() != self.network.members;
        if !lenient {
            verify_envelope(&envelope, params, &self.network.network).unwrap();
        }
        let stream_id = envelope.header.stream_id;
        let stream = self.streams.entry(stream_id).or_default();
        match envelope.content {
            Content::Part(part) => drop(stream.parts.insert(part.index, part)),
            Content::End { counts, commitment } => stream.end = Some((envelope.header, counts, commitment)),
        }
        let Some((header, counts, claimed)) = stream.end else { return };
        if stream.parts.len() != counts.parts as usize {
            return;
        }
        let parts: Vec<Part> = stream.parts.values().cloned().collect();
        let StreamHeader { height, round, valid_round, proposer, .. } = header;
        let valid = commitment(&parts) == claimed;
        let value = ProposedValue { height, round, valid_round, proposer, commitment: claimed, valid };
        self.store.lock().unwrap().bodies.insert(claimed, (value.clone(), parts));
        let _ = self.handle.propose_value(&value);
    }
}
