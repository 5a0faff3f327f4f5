//! Stands between the half and its execution half, and does the wrong thing there.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use bytes::Bytes;
use ecp_execution_client::{CallError, Connector, ExecutionClient, Stream};
use ecp_proto::convert::{
    BuildEvent, BuildOpen, Decided, Decision, GetDecidedEvent, HandshakeAnswer, HandshakeOpen, ImportEvent,
    ImportOutcome, ImportResult, Reframe, ValidateEvent, ValidateReply,
};
use ecp_types::{
    Action, Certificate, Evidence, Felt, Height, HeightParams, Network, Position, Reason, Round, RoundRole, StreamId,
    WatchState, tables::calls::Call,
};
use futures::StreamExt as _;
use tokio::sync::mpsc;

use crate::{
    fault::{Fault, activated},
    streams,
};

/// Opens connections that do the wrong thing.
pub(crate) struct FaultyConnector {
    inner: Arc<dyn Connector>,
    memory: Arc<Memory>,
}

/// What is remembered over all sessions.
struct Memory {
    fault: Fault,
    decisions: AtomicU64,
    first: Mutex<Option<(HandshakeAnswer, Arc<dyn ExecutionClient>)>>,
}

impl FaultyConnector {
    pub(crate) fn new(inner: Arc<dyn Connector>, fault: Fault) -> Self {
        let memory = Memory { fault, decisions: AtomicU64::new(0), first: Mutex::new(None) };
        Self { inner, memory: Arc::new(memory) }
    }
}

#[async_trait]
impl Connector for FaultyConnector {
    async fn connect(&self) -> Result<Arc<dyn ExecutionClient>, CallError> {
        let inner = self.inner.connect().await?;
        // The old connections and their token; they find the new process by themselves.
        let old = self.memory.first().map(|(_, client)| client);
        let inner = match old {
            Some(old) if self.memory.fault == Fault::NoHandshakeAfterRestart => old,
            _ => inner,
        };
        Ok(Arc::new(FaultyClient { inner, memory: Arc::clone(&self.memory) }))
    }
}

impl Memory {
    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn first(&self) -> Option<(HandshakeAnswer, Arc<dyn ExecutionClient>)> {
        self.first.lock().ok().and_then(|first| first.clone())
    }

    /// Whether the fault acts now; if so, it is told.
    fn acts(&self, fault: Fault, now: bool) -> bool {
        let acts = now && self.is(fault);
        if acts {
            activated(fault);
        }
        acts
    }

    /// FENCED is taken for a lost connection.
    fn unfence(&self, error: CallError) -> CallError {
        let fenced = error.reason() == Some(Reason::Fenced);
        match error {
            CallError::Told { call, .. } if self.acts(Fault::IgnoresFenced, fenced) => {
                let (code, message) = ("Unavailable".to_owned(), "fenced, and ignored".to_owned());
                CallError::Bare { call, code, message, action: Action::Handshake }
            }
            error => error,
        }
    }
}

struct FaultyClient {
    inner: Arc<dyn ExecutionClient>,
    memory: Arc<Memory>,
}

impl FaultyClient {
    fn told<T>(&self, result: Result<T, CallError>) -> Result<T, CallError> {
        result.map_err(|error| self.memory.unfence(error))
    }

    fn stream<T: Send + 'static>(&self, result: Result<Stream<T>, CallError>) -> Result<Stream<T>, CallError> {
        let memory = Arc::clone(&self.memory);
        self.told(result).map(|stream| stream.map(move |item| item.map_err(|e| memory.unfence(e))).boxed())
    }
}

fn own_network(open: &HandshakeOpen) -> Network {
    open.network.clone()
}

#[async_trait]
impl ExecutionClient for FaultyClient {
    async fn handshake(&self, mut open: HandshakeOpen) -> Result<HandshakeAnswer, CallError> {
        let memory = &self.memory;
        if let Some((answer, _)) = memory.first()
            && memory.acts(Fault::NoHandshakeAfterRestart, true)
        {
            return Ok(answer);
        }
        if memory.acts(Fault::AlwaysTakesOver, true) {
            open.takeover = true;
        }
        let holds = open.position.is_some_and(|p| p.certified.is_some() || p.last_signed.is_some());
        if memory.acts(Fault::NoPosition, holds) {
            open.position = Some(ecp_types::ConsensusPosition::default());
        }
        let network = own_network(&open);
        let mut answer = self.told(self.inner.handshake(open).await)?;
        let differs = answer.network != network;
        if memory.acts(Fault::NetworkNotCompared, differs) {
            answer.network = network;
        }
        if let Ok(mut first) = memory.first.lock()
            && first.is_none()
        {
            *first = Some((answer.clone(), Arc::clone(&self.inner)));
        }
        Ok(answer)
    }

    async fn watch(&self) -> Result<Stream<WatchState>, CallError> {
        let stream = self.stream(self.inner.watch().await)?;
        Ok(if self.memory.is(Fault::BelievesSilentWatch) { streams::never_silent(stream) } else { stream })
    }

    async fn get_height_params(&self, height: Height) -> Result<HeightParams, CallError> {
        self.told(self.inner.get_height_params(height).await)
    }

    async fn start_round(
        &self,
        height: Height,
        round: Round,
        role: RoundRole,
        proposer: Felt,
    ) -> Result<(), CallError> {
        if self.memory.acts(Fault::BuildsWithoutStart, role == RoundRole::Proposer) {
            return Ok(());
        }
        self.told(self.inner.start_round(height, round, role, proposer).await)
    }

    async fn build_proposal(&self, mut open: BuildOpen) -> Result<Stream<BuildEvent>, CallError> {
        if self.memory.acts(Fault::ReusesStreamId, true) {
            open.stream_id = streams::SAME_ID;
        }
        let stream = self.stream(self.inner.build_proposal(open).await)?;
        Ok(if self.memory.is(Fault::ProposesPartly) { streams::any_counts(stream) } else { stream })
    }

    async fn validate_proposal(
        &self,
        messages: mpsc::Receiver<ValidateEvent>,
    ) -> Result<Stream<ValidateReply>, CallError> {
        let fault = self.memory.fault;
        let (messages, seen) = streams::validation(fault, messages);
        if fault == Fault::DoesNotRestore
            && let Some(reply) = seen.made_up().await
        {
            activated(fault);
            return Ok(futures::stream::iter([Ok(reply)]).boxed());
        }
        let stream = self.stream(self.inner.validate_proposal(messages).await)?;
        Ok(stream.map(move |item| item.map(|reply| seen.judge(fault, reply))).boxed())
    }

    async fn reframe_init(&self, reframe: Reframe) -> Result<Bytes, CallError> {
        let old = reframe.init.clone();
        let init = self.told(self.inner.reframe_init(reframe).await)?;
        Ok(if self.memory.acts(Fault::KeepsInit, true) { old } else { init })
    }

    async fn abort(&self, stream_id: StreamId) -> Result<(), CallError> {
        self.told(self.inner.abort(stream_id).await)
    }

    async fn decide(&self, decision: Decision) -> Result<Decided, CallError> {
        let memory = &self.memory;
        let number = memory.decisions.fetch_add(1, Ordering::Relaxed);
        let made_up = Decided {
            committed: Position { height: decision.height, commitment: decision.commitment },
            next_params: None,
        };
        if memory.acts(Fault::SkipsDecide, number % 3 == 2) {
            return Ok(made_up);
        }
        let result = self.told(self.inner.decide(decision).await);
        let reason = result.as_ref().err().and_then(CallError::reason);
        if memory.acts(Fault::IgnoresConflict, reason == Some(Reason::Conflict)) {
            return Ok(made_up);
        }
        if memory.acts(Fault::NoImportAfterUnknown, reason == Some(Reason::UnknownProposal)) {
            let (code, message) = ("NotFound".to_owned(), "unknown, and repeated".to_owned());
            return Err(CallError::Bare { call: Call::Decide, code, message, action: Action::Retry });
        }
        result
    }

    async fn finalize(
        &self,
        height: Height,
        certificate: Certificate,
        evidence: Vec<Evidence>,
    ) -> Result<(), CallError> {
        self.told(self.inner.finalize(height, certificate, evidence).await)
    }

    async fn get_decided(&self, from: Height, to: Height) -> Result<Stream<GetDecidedEvent>, CallError> {
        self.stream(self.inner.get_decided(from, to).await)
    }

    async fn import_decided(&self, mut messages: mpsc::Receiver<ImportEvent>) -> Result<ImportResult, CallError> {
        if self.memory.acts(Fault::SkipsImport, true)
            && let Some(ImportEvent::Header(header)) = messages.recv().await
        {
            let position = Position { height: header.height, commitment: header.certificate.commitment };
            let outcome = ImportOutcome::Committed(position);
            return Ok(ImportResult { outcome, detail: String::new(), next_params: None });
        }
        self.told(self.inner.import_decided(messages).await)
    }
}
