//! Calls of the bridge, each in a task of its own that tells what became of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use ecp_consensus_core::{Call, CallId, Failure, Feed, Handshaken, Header, Imported, Input, Outcome, Parts};
use ecp_execution_client::{CallError, ExecutionClient};
use ecp_proto::convert::{
    BuildEvent, BuildOpen, DecidedHeader, Decision, GetDecidedEvent, HandshakeOpen, ImportEvent, ImportOutcome,
    ImportResult, Reframe, ValidateEvent, ValidateOpen, ValidateReply,
};
use ecp_types::{
    Certificate, ConsensusId, Counts, Feature, Height, Limits, Network, Part, SessionRole, Software,
    limits::{CANDIDATES_MIN, MESSAGE_BYTES, PART_BYTES},
    tables::calls::Call as Name,
};
use futures::StreamExt as _;
use tokio::{sync::mpsc, task::AbortHandle};

use crate::store::Store;

/// Protocol revisions that this half speaks.
pub const REVISIONS: [u32; 1] = [1];
/// Messages of one validation: every part, the open, the end, and raises. Nothing waits behind a slow stream.
const FEED: usize = 65_536 + 64;
/// After the verdict the server ends the stream; this long it may take.
const GOODBYE: Duration = Duration::from_secs(5);

/// What does not change about the calls of this half.
#[derive(Clone)]
pub struct Identity {
    /// The network.
    pub network: Network,
    /// Durable identity of this half.
    pub consensus_id: ConsensusId,
    /// Which software it is.
    pub software: Software,
}

struct Running {
    task: AbortHandle,
    feed: Option<mpsc::Sender<ValidateEvent>>,
}

/// Calls under way.
pub struct Calls {
    identity: Identity,
    store: Arc<Store>,
    inputs: mpsc::UnboundedSender<Input>,
    slot: Slot,
    running: HashMap<CallId, Running>,
}

/// Where a task that connects leaves the connections, before it tells.
#[derive(Clone, Default)]
pub struct Slot(Arc<Mutex<Option<Arc<dyn ExecutionClient>>>>);

impl Slot {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<dyn ExecutionClient>>> {
        // Poisoned: a thread panicked while it held the lock; what is in it is still whole.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Leaves the connections.
    pub fn put(&self, client: Arc<dyn ExecutionClient>) {
        *self.lock() = Some(client);
    }
}

/// The failure that a call's error is.
#[must_use]
pub fn failure(error: &CallError) -> Failure {
    Failure {
        action: error.action(),
        reason: error.reason(),
        message: error.to_string(),
        retry_after_ms: error.retry_after().map(|d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX)),
    }
}

impl Calls {
    /// No calls yet.
    #[must_use]
    pub fn new(identity: Identity, store: Arc<Store>, inputs: mpsc::UnboundedSender<Input>) -> Self {
        Self { identity, store, inputs, slot: Slot::default(), running: HashMap::new() }
    }

    /// Gives every call up, and the connections.
    pub fn disconnect(&mut self) {
        for (_, running) in self.running.drain() {
            running.task.abort();
        }
        // A task that still connects keeps the old slot, which nobody looks into any more.
        self.slot = Slot::default();
    }

    /// Where the connections that are opened now are to be left.
    #[must_use]
    pub fn slot(&self) -> Slot {
        self.slot.clone()
    }

    /// The open connections.
    #[must_use]
    pub fn client(&self) -> Option<Arc<dyn ExecutionClient>> {
        self.slot.lock().clone()
    }

    /// The call ended: its stream is half-closed now, after the verdict (ECP-STR-009).
    pub fn ended(&mut self, id: CallId) {
        self.running.remove(&id);
    }

    /// Gives a call up.
    pub fn cancel(&mut self, id: CallId) {
        if let Some(running) = self.running.remove(&id) {
            running.task.abort();
        }
    }

    /// Sends a message of a validation.
    pub fn feed(&self, id: CallId, message: Feed) {
        let message = match message {
            Feed::Part(part) => ValidateEvent::Part(part),
            Feed::End(counts) => ValidateEvent::End(counts),
            Feed::Raise(basis) => ValidateEvent::RaiseBasis(basis),
        };
        if let Some(feed) = self.running.get(&id).and_then(|r| r.feed.as_ref()) {
            // Never full: there is room for every message of a legal proposal. Closed: the call has ended.
            let _ = feed.try_send(message);
        }
    }

    /// Makes a call.
    pub fn start(&mut self, id: CallId, call: Call, part_format: String) {
        let Some(client) = self.client() else { return };
        let task = Task { id, client, store: Arc::clone(&self.store), inputs: self.inputs.clone(), part_format };
        let mut feed = None;
        let handle = match call {
            Call::Validate { stream_id, header, budget_ms, basis, same_as } => {
                let Header { slot, valid_round, proposer } = header;
                let (height, round) = (slot.height, slot.round);
                let open = ValidateOpen { stream_id, height, round, valid_round, proposer, budget_ms, basis, same_as };
                let (sender, receiver) = mpsc::channel(FEED);
                let _ = sender.try_send(ValidateEvent::Open(open));
                feed = Some(sender);
                tokio::spawn(task.validate(receiver))
            }
            Call::Watch => tokio::spawn(task.watch()),
            Call::Build { stream_id, slot, proposer, budget_ms } => {
                let (height, round) = (slot.height, slot.round);
                tokio::spawn(task.build(BuildOpen { stream_id, height, round, proposer, budget_ms }))
            }
            call => {
                let identity = self.identity.clone();
                tokio::spawn(async move {
                    let result = task.unary(call, identity).await.map_err(|error| failure(&error));
                    task.returned(result);
                })
            }
        };
        self.running.insert(id, Running { task: handle.abort_handle(), feed });
    }
}

struct Task {
    id: CallId,
    client: Arc<dyn ExecutionClient>,
    store: Arc<Store>,
    inputs: mpsc::UnboundedSender<Input>,
    part_format: String,
}

impl Task {
    fn tell(&self, input: Input) {
        // Closed: the half is stopping.
        let _ = self.inputs.send(input);
    }

    fn returned(&self, result: Result<Outcome, Failure>) {
        self.tell(Input::Returned { id: self.id, result });
    }

    fn failed(&self, error: &CallError) {
        self.returned(Err(failure(error)));
    }

    async fn watch(self) {
        let mut stream = match self.client.watch().await {
            Ok(stream) => stream,
            Err(error) => return self.failed(&error),
        };
        while let Some(message) = stream.next().await {
            match message {
                Ok(state) => self.tell(Input::Watch { id: self.id, state }),
                Err(error) => return self.failed(&error),
            }
        }
        self.returned(Ok(Outcome::Done));
    }

    async fn build(self, open: BuildOpen) {
        let mut stream = match self.client.build_proposal(open).await {
            Ok(stream) => stream,
            Err(error) => return self.failed(&error),
        };
        while let Some(message) = stream.next().await {
            match message {
                Ok(BuildEvent::Part(part)) => self.tell(Input::BuildPart { id: self.id, part }),
                Ok(BuildEvent::Built(built)) => {
                    let outcome = Outcome::Built { commitment: built.commitment, counts: built.counts };
                    self.returned(Ok(outcome));
                    return drain(stream).await;
                }
                Err(error) => return self.failed(&error),
            }
        }
        self.failed(&CallError::Early { call: Name::BuildProposal });
    }

    async fn validate(self, messages: mpsc::Receiver<ValidateEvent>) {
        let mut stream = match self.client.validate_proposal(messages).await {
            Ok(stream) => stream,
            Err(error) => return self.failed(&error),
        };
        while let Some(message) = stream.next().await {
            match message {
                Ok(ValidateReply::Waiting(missing)) => self.tell(Input::Waiting { id: self.id, missing }),
                Ok(ValidateReply::Verdict(verdict)) => {
                    self.returned(Ok(Outcome::Verdict(verdict)));
                    return drain(stream).await;
                }
                Err(error) => return self.failed(&error),
            }
        }
        self.failed(&CallError::Early { call: Name::ValidateProposal });
    }

    async fn unary(&self, call: Call, identity: Identity) -> Result<Outcome, CallError> {
        let client = &self.client;
        Ok(match call {
            Call::Handshake { position, takeover } => {
                let open = HandshakeOpen {
                    revisions: REVISIONS.to_vec(),
                    features: vec![Feature::Finalize, Feature::SelfSync, Feature::VerifyCertificates],
                    limits: limits(),
                    network: identity.network,
                    software: identity.software,
                    role: SessionRole::Writer,
                    consensus_id: identity.consensus_id,
                    takeover,
                    position: Some(position),
                };
                let answer = client.handshake(open).await?;
                Outcome::Handshaken(Box::new(Handshaken {
                    revision: answer.revision,
                    features: answer.features,
                    network: answer.network,
                    instance_id: answer.instance_id,
                    position: answer.position,
                    build_margin_ms: answer.build_margin_ms,
                    first_height: answer.first_height,
                }))
            }
            Call::GetHeightParams(height) => Outcome::Params(client.get_height_params(height).await?),
            Call::StartRound { slot, role, proposer } => {
                client.start_round(slot.height, slot.round, role, proposer).await?;
                Outcome::Done
            }
            Call::ReframeInit { slot, valid_round, proposer, init } => {
                let (height, round) = (slot.height, slot.round);
                Outcome::Init(client.reframe_init(Reframe { height, init, round, valid_round, proposer }).await?)
            }
            Call::Abort(stream_id) => {
                client.abort(stream_id).await?;
                Outcome::Done
            }
            Call::Decide(certificate) => {
                let Certificate { height, round, commitment, .. } = certificate;
                let decided = client.decide(Decision { height, round, commitment, certificate }).await?;
                Outcome::Decided { committed: decided.committed, next_params: decided.next_params }
            }
            Call::Finalize { certificate, evidence } => {
                client.finalize(certificate.height, certificate, evidence).await?;
                Outcome::Done
            }
            Call::GetCertificate(height) => {
                Outcome::Certificate(read_one(client.as_ref(), height).await?.0.certificate)
            }
            Call::Import { certificate, source } => self.import(certificate, source).await?,
            // Streams have tasks of their own.
            Call::Watch | Call::Build { .. } | Call::Validate { .. } => Outcome::Done,
        })
    }

    async fn import(&self, certificate: Certificate, source: Parts) -> Result<Outcome, CallError> {
        let (parts, part_format) = match source {
            Parts::Given(parts) => (parts, self.part_format.clone()),
            Parts::Stored(key) => {
                let store = Arc::clone(&self.store);
                let read = tokio::task::spawn_blocking(move || store.body(key)).await;
                match read {
                    Ok(Ok(Some((body, part_format)))) => (body.parts, part_format),
                    // As if it were malformed: the bridge gets it from a peer.
                    _ => return Ok(Outcome::Imported(Imported::Malformed("it cannot be read from the store".into()))),
                }
            }
        };
        let counts = Counts::of(&parts);
        let header = DecidedHeader { height: certificate.height, certificate, part_format, counts };
        let (sender, receiver) = mpsc::channel(parts.len() + 2);
        let messages = std::iter::once(ImportEvent::Header(header))
            .chain(parts.into_iter().map(ImportEvent::Part))
            .chain(std::iter::once(ImportEvent::End(counts)));
        for message in messages {
            // Never full: there is room for all.
            let _ = sender.try_send(message);
        }
        drop(sender);
        let ImportResult { outcome, detail, next_params } = self.client.import_decided(receiver).await?;
        let next_params = next_params.map(Box::new);
        Ok(Outcome::Imported(match outcome {
            ImportOutcome::Committed(committed) | ImportOutcome::AlreadyCommitted(committed) => {
                Imported::Committed { committed, next_params }
            }
            ImportOutcome::Malformed => Imported::Malformed(detail),
            ImportOutcome::Mismatch(computed) => Imported::Mismatch(Some(computed)),
            ImportOutcome::NotReady(missing) => Imported::NotReady(Some(missing)),
            ImportOutcome::Conflict(_) => Imported::Conflict,
        }))
    }
}

/// Limits of this half.
#[must_use]
pub fn limits() -> Limits {
    Limits {
        max_message_bytes: MESSAGE_BYTES,
        max_part_bytes: PART_BYTES,
        max_candidates: u32::try_from(CANDIDATES_MIN).unwrap_or(u32::MAX),
    }
}

async fn drain<T>(mut stream: ecp_execution_client::Stream<T>) {
    // An error is the end: a cut frame is told again and again.
    let rest = async { while let Some(Ok(_)) = stream.next().await {} };
    let _ = tokio::time::timeout(GOODBYE, rest).await;
}

/// One decided block of the archive.
pub async fn read_one(client: &dyn ExecutionClient, height: Height) -> Result<(DecidedHeader, Vec<Part>), CallError> {
    let call = Name::GetDecided;
    let mut stream = client.get_decided(height, height).await?;
    let Some(GetDecidedEvent::Header(header)) = stream.next().await.transpose()? else {
        return Err(CallError::Early { call });
    };
    let mut parts = Vec::new();
    while let Some(event) = stream.next().await.transpose()? {
        match event {
            GetDecidedEvent::Part(part) => parts.push(part),
            GetDecidedEvent::Done(_) if Counts::of(&parts) == header.counts && header.height == height => {
                return Ok((header, parts));
            }
            GetDecidedEvent::Header(_) | GetDecidedEvent::Done(_) => break,
        }
    }
    Err(CallError::Early { call })
}
