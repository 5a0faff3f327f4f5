//! Carries the bridge's effects out, in order, and tells it what happens.

use std::{collections::HashMap, sync::Arc, time::Duration};

use ecp_consensus_core::{Config, Effect, Halt, Input, Note, State, Timer};
use ecp_execution_client::Connector;
use ecp_malachite_engine::{Engine, EngineConfig, EngineFailure, EngineHandle, HostMessage, Role};
use ecp_signatures::{PrivateKey, SigningRecord, verify_certificate, verify_envelope};
use ecp_types::{Felt, Network};
use tokio::{sync::mpsc, task::AbortHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    calls::{Calls, Identity, failure},
    exit::Exit,
    questions::{Questions, content, proposed, signed_envelope, stream_header},
    record::StoreRecord,
    store::Store,
};

/// The key of a validator.
#[derive(Clone)]
pub struct Validator {
    /// Its address in the committee.
    pub address: Felt,
    /// Its key.
    pub key: PrivateKey,
    /// The record that stands before each signature.
    pub record: Arc<StoreRecord>,
}

/// What a consensus half is made of. A team replaces the connector by its own execution half in process.
pub struct Parts {
    /// The bridge's configuration.
    pub config: Config,
    /// What the half says of itself.
    pub identity: Identity,
    /// The store.
    pub store: Arc<Store>,
    /// What the store held at the start.
    pub durable: ecp_consensus_core::Durable,
    /// The way to the execution half.
    pub connector: Arc<dyn Connector>,
    /// The engine; its role is set from `validator`.
    pub engine: EngineConfig,
    /// The key, or nothing: the half follows.
    pub validator: Option<Validator>,
    /// Told when the engine listens for peers, each time it is started.
    pub on_ready: Box<dyn Fn(&EngineHandle) + Send>,
}

struct Shell {
    parts: Parts,
    network: Network,
    inputs: mpsc::UnboundedSender<Input>,
    calls: Calls,
    questions: Questions,
    messages: Option<mpsc::Receiver<HostMessage>>,
    engine: Option<EngineHandle>,
    timers: HashMap<&'static str, AbortHandle>,
}

/// Runs the half until it stops. `Ok`: the operator asked.
pub async fn run(mut parts: Parts, stop: CancellationToken) -> Result<(), Exit> {
    let (inputs, mut received) = mpsc::unbounded_channel();
    let mut state = State::new(parts.config.clone(), std::mem::take(&mut parts.durable));
    let calls = Calls::new(parts.identity.clone(), Arc::clone(&parts.store), inputs.clone());
    let network = parts.identity.network.clone();
    let questions = Questions::default();
    let timers = HashMap::new();
    let mut shell = Shell { parts, network, inputs, calls, questions, messages: None, engine: None, timers };
    let mut input = Some(Input::Start);
    let ended = loop {
        if let Some(input) = input.take() {
            if let Input::Returned { id, .. } = &input {
                shell.calls.ended(*id);
            }
            let effects = state.step(input);
            if let Some(params) = state.current_params() {
                shell.parts.store.set_part_format(&params.part_format);
            }
            match shell.carry_out(effects, &state).await {
                Ok(None) => {}
                Ok(Some(halt)) => break Exit::from_halt(halt).map_or(Ok(()), Err),
                Err(exit) => break Err(exit),
            }
        }
        input = tokio::select! {
            told = received.recv() => told,
            message = next(&mut shell.messages) => shell.questions.ask(message).map(Input::Engine),
            failure = failed(shell.engine.clone()) => match shell.on_engine_failure(failure) {
                Ok(input) => Some(input),
                Err(exit) => break Err(exit),
            },
            () = stop.cancelled() => Some(Input::Stop),
        };
    };
    shell.end(&ended).await;
    ended
}

async fn next(messages: &mut Option<mpsc::Receiver<HostMessage>>) -> HostMessage {
    match messages {
        Some(receiver) => match receiver.recv().await {
            Some(message) => message,
            // The engine ended, and says how by another way.
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

async fn failed(engine: Option<EngineHandle>) -> EngineFailure {
    match engine {
        Some(engine) => engine.failed().await,
        None => std::future::pending().await,
    }
}

impl Shell {
    /// One after the other; the first halt or failure is the last thing done.
    async fn carry_out(&mut self, effects: Vec<Effect>, state: &State) -> Result<Option<Halt>, Exit> {
        for effect in effects {
            match effect {
                Effect::Connect => self.connect(),
                Effect::Call { id, call } => {
                    let part_format = state.current_params().map(|p| p.part_format.clone()).unwrap_or_default();
                    self.calls.start(id, call, part_format);
                }
                Effect::Feed { id, message } => self.calls.feed(id, message),
                Effect::Cancel(id) => self.calls.cancel(id),
                Effect::Persist(writes) => {
                    let store = Arc::clone(&self.parts.store);
                    blocking(move || store.write(&writes)).await??;
                }
                Effect::RaiseSigningFloor(floor) => {
                    if let Some(validator) = &self.parts.validator {
                        let record = Arc::clone(&validator.record);
                        blocking(move || record.raise(floor)).await??;
                    }
                }
                Effect::StartEngine { sign } => self.start_engine(sign).await?,
                Effect::Reply { reply, answer } => {
                    let client = self.calls.client();
                    let answered = self.questions.answer(reply, answer, &self.parts.store, client);
                    answered.map_err(Exit::Refused)?;
                }
                Effect::Propose(value) => self.cast(|engine| engine.propose_value(&proposed(&value)).is_ok()),
                Effect::Publish { header, stream_id, content: published } => self.cast(|engine| {
                    let sealed = engine.seal(stream_header(&header, stream_id), content(published));
                    sealed.is_none_or(|envelope| engine.publish_part(envelope).is_ok())
                }),
                Effect::Authenticate { envelope, params } => {
                    let (network, inputs) = (self.network.clone(), self.inputs.clone());
                    tokio::task::spawn_blocking(move || {
                        let authentic = signed_envelope(&envelope)
                            .is_some_and(|signed| verify_envelope(&signed, &params, &network).is_ok());
                        let _ = inputs.send(Input::Authenticated { envelope, authentic });
                    });
                }
                Effect::CheckCertificate { check, certificate, params } => {
                    let (network, inputs) = (self.network.clone(), self.inputs.clone());
                    tokio::task::spawn_blocking(move || {
                        let (height, valid) =
                            (certificate.height, verify_certificate(&certificate, &params, &network).is_ok());
                        let _ = inputs.send(Input::CertificateChecked { check, height, valid });
                    });
                }
                Effect::SetTimer { timer, after_ms } => self.set_timer(timer, after_ms),
                Effect::Note(note) => log(&note),
                Effect::Halt(halt) => return Ok(Some(halt)),
            }
        }
        Ok(None)
    }

    fn connect(&mut self) {
        self.calls.disconnect();
        let (connector, inputs) = (Arc::clone(&self.parts.connector), self.inputs.clone());
        let slot = self.calls.slot();
        tokio::spawn(async move {
            let input = match connector.connect().await {
                Ok(client) => {
                    slot.put(client);
                    Input::Connected
                }
                Err(error) => Input::ConnectFailed(failure(&error)),
            };
            let _ = inputs.send(input);
        });
    }

    fn cast(&self, tell: impl FnOnce(&EngineHandle) -> bool) {
        if let Some(engine) = &self.engine
            && !tell(engine)
        {
            tracing::debug!("the consensus engine is gone");
        }
    }

    async fn start_engine(&mut self, sign: bool) -> Result<(), Exit> {
        self.questions.clear();
        self.messages = None;
        if let Some(old) = self.engine.take() {
            old.shutdown().await;
        }
        let mut config = self.parts.engine.clone();
        config.role = match &self.parts.validator {
            Some(validator) if sign => Role::Validator {
                address: validator.address,
                key: validator.key.clone(),
                record: Arc::clone(&validator.record) as Arc<dyn SigningRecord>,
            },
            Some(_) => {
                tracing::warn!("this key stays silent for now: its signing record does not allow more yet");
                Role::Follower
            }
            None => Role::Follower,
        };
        let Engine { messages, handle } = ecp_malachite_engine::start(config).await?;
        (self.parts.on_ready)(&handle);
        self.messages = Some(messages);
        self.engine = Some(handle);
        Ok(())
    }

    fn on_engine_failure(&mut self, failure: EngineFailure) -> Result<Input, Exit> {
        self.engine = None;
        let refused = self.parts.validator.as_ref().and_then(|v| v.record.take_refused());
        match (failure, refused) {
            // Also while the engine replays its log, which it then cannot go on with: the log is sound, and the key
            // stays silent until the height has passed.
            (_, Some(signed)) => Ok(Input::SigningRefused { signed }),
            (EngineFailure::Safety(text), None) => Err(Exit::Unsafe(text)),
            (failure, None) => Err(Exit::Restart(failure.to_string())),
        }
    }

    fn set_timer(&mut self, timer: Timer, after_ms: u64) {
        let kind = match timer {
            Timer::Reconnect(_) => Some("reconnect"),
            Timer::WatchSuspect(_) => Some("suspect"),
            Timer::WatchLost(_) => Some("lost"),
            // Several run at once; each has a number of its own.
            Timer::Retry(_) | Timer::Propose(_) => None,
        };
        let inputs = self.inputs.clone();
        let task = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
            let _ = inputs.send(Input::Timer(timer));
        });
        if let Some(old) = kind.and_then(|kind| self.timers.insert(kind, task.abort_handle())) {
            old.abort();
        }
    }

    async fn end(mut self, ended: &Result<(), Exit>) {
        if let Some(validator) = &self.parts.validator {
            validator.record.silence(&ended.as_ref().err().map_or("stopped".to_owned(), ToString::to_string));
        }
        self.calls.disconnect();
        self.questions.clear();
        self.messages = None;
        if let Some(engine) = self.engine.take() {
            engine.shutdown().await;
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Exit> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Exit::Restart(format!("a thread failed: {error}")))
}

fn log(note: &Note) {
    match note {
        Note::Session { new_instance, committed } => {
            tracing::info!(new_instance, committed, "session with the execution half is open");
        }
        Note::SessionLost(why) => tracing::warn!("no session with the execution half: {why}"),
        Note::Defect(what) => tracing::error!("defect: {what}"),
        Note::Committed(position) => {
            tracing::info!(height = position.height, commitment = %position.commitment, "decided and committed");
        }
        Note::Judged { slot, verdict } => {
            tracing::debug!(height = slot.height, round = slot.round, verdict, "proposal judged");
        }
        Note::Silent(slot, why) => {
            tracing::info!(height = slot.height, round = slot.round, "silent: {why}");
        }
    }
}
