//! The task that owns the core: calls go in, effects are done.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use ecp_execution_core::{
    CallId, CallKind, Effect, Input, Refusal, State, WorkId,
    effect::{Commit, EngineCommand, Message, Read, Reply},
    input::{Call, EngineEvent, StreamEvent, Timer},
    seams::{Executed, ExecutionEngine, Slot, Store},
};
use ecp_proto::convert::GetDecidedEvent;
use ecp_types::{Felt, Height, HeightParams, InvalidReason, Reason, WatchState};
use tokio::{
    sync::{mpsc, watch},
    task::{AbortHandle, spawn_blocking},
};

use crate::{
    archive,
    interpose::Interposer,
    reads,
    work::{Order, Told, Work},
};

/// What a caller hears.
#[derive(Debug)]
pub enum Said {
    /// A unary answer.
    Reply(Reply),
    /// A message of a stream.
    Message(Message),
    /// The stream ends OK.
    Finished,
    /// The call is refused.
    Refused(Refusal),
    /// The watched state, as long as the caller listens.
    Watch(watch::Receiver<WatchState>),
    /// Facts of a height.
    Params(Box<HeightParams>),
    /// A block hash and state root, or the highest height whose hash is known.
    BlockHash(Result<(Felt, Felt), Option<Height>>),
    /// A reframed INIT.
    Init(Bytes),
    /// Decided blocks.
    Decided(mpsc::Receiver<GetDecidedEvent>),
    /// Taken.
    Finalized,
}

/// Where one caller hears.
pub type Hearing = mpsc::UnboundedReceiver<Said>;

enum Event {
    Open {
        id: CallId,
        token: Option<Vec<u8>>,
        kind: CallKind,
        call: Result<Call, Refusal>,
        say: mpsc::UnboundedSender<Said>,
    },
    Input(Input),
    Told(Told),
    Fired(Timer, u64),
    Stop,
}

/// A way to the core, for the gRPC service or for a caller in the same process.
#[derive(Clone)]
pub struct Host {
    events: mpsc::UnboundedSender<Event>,
    next_call: Arc<AtomicU64>,
    sequence: Arc<AtomicU64>,
    watched: watch::Receiver<WatchState>,
    drained: watch::Receiver<bool>,
}

impl Host {
    /// Makes a call; the answers come on the receiver. The streams of a caller continue with [`Host::feed`].
    #[must_use]
    pub fn open(&self, token: Option<Vec<u8>>, kind: CallKind, call: Result<Call, Refusal>) -> (CallId, Hearing) {
        let id = self.next_call.fetch_add(1, Ordering::Relaxed);
        let (say, hearing) = mpsc::unbounded_channel();
        // If the core is gone, `say` is dropped and the caller hears the end.
        let _ = self.events.send(Event::Open { id, token, kind, call, say });
        (id, hearing)
    }

    /// A message or the end of the caller's side of a stream.
    pub fn feed(&self, id: CallId, event: StreamEvent) {
        self.tell(Input::Stream { id, event });
    }

    /// Tells the core something.
    pub fn tell(&self, input: Input) {
        let _ = self.events.send(Event::Input(input));
    }

    /// The next sequence number of Watch (ECP-SES-013).
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The watched state now.
    #[must_use]
    pub fn watched(&self) -> watch::Receiver<WatchState> {
        self.watched.clone()
    }

    /// Ends the core at once; calls that are open hear the end without an answer.
    pub fn stop(&self) {
        let _ = self.events.send(Event::Stop);
    }

    /// Asks for an orderly end, and waits until nothing runs (ECP-SES-016). After `patience` what runs is ended, but for
    /// an accepted Decide or ImportDecided, which is waited for without limit (ECP-SES-031).
    pub async fn drain(&self, patience: Duration) {
        self.tell(Input::Drain);
        let mut drained = self.drained.clone();
        if tokio::time::timeout(patience, drained.wait_for(|drained| *drained)).await.is_err() {
            self.tell(Input::DrainNow);
            // The task is gone: so is what ran.
            let _ = drained.wait_for(|drained| *drained).await;
        }
    }
}

/// What the host works with.
pub(crate) struct Parts {
    pub(crate) state: State,
    pub(crate) engine: Arc<dyn ExecutionEngine>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) interposer: Option<Arc<dyn Interposer>>,
    pub(crate) committed: std::sync::mpsc::Sender<()>,
}

/// Starts the task; it ends with [`Host::stop`], or when the last [`Host`] is gone.
pub(crate) fn start(parts: Parts, watched: WatchState) -> Host {
    let (events, inbox) = mpsc::unbounded_channel();
    let (watch_state, watched) = watch::channel(watched);
    let (drained, drained_too) = watch::channel(false);
    let task = Task {
        state: parts.state,
        engine: parts.engine,
        store: parts.store,
        interposer: parts.interposer,
        committed: parts.committed,
        events: events.downgrade(),
        callers: HashMap::new(),
        works: HashMap::new(),
        timers: HashMap::new(),
        next_timer: 0,
        watch_state,
        drained,
    };
    tokio::spawn(task.run(inbox));
    Host {
        events,
        next_call: Arc::new(AtomicU64::new(1)),
        sequence: Arc::new(AtomicU64::new(0)),
        watched,
        drained: drained_too,
    }
}

struct Task {
    state: State,
    engine: Arc<dyn ExecutionEngine>,
    store: Arc<dyn Store>,
    interposer: Option<Arc<dyn Interposer>>,
    /// Wakes the thread that computes hashes.
    committed: std::sync::mpsc::Sender<()>,
    events: mpsc::WeakUnboundedSender<Event>,
    callers: HashMap<CallId, mpsc::UnboundedSender<Said>>,
    works: HashMap<WorkId, Work>,
    timers: HashMap<Timer, (u64, AbortHandle)>,
    next_timer: u64,
    watch_state: watch::Sender<WatchState>,
    drained: watch::Sender<bool>,
}

impl Task {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Event>) {
        while let Some(event) = inbox.recv().await {
            match event {
                Event::Open { id, token, kind, call, say } => {
                    self.callers.insert(id, say);
                    self.input(Input::Call { id, token, kind, call });
                }
                Event::Input(input) => {
                    if let Input::Stream { id, event: StreamEvent::Reset } = &input {
                        self.callers.remove(id);
                    }
                    self.input(input);
                }
                Event::Stop => break,
                Event::Told(told) => {
                    if let Some(executed) = told.executed
                        && let Some(work) = self.works.get_mut(&told.work)
                    {
                        work.executed = Some(executed);
                    }
                    self.input(Input::Engine { work: told.work, event: told.event });
                }
                Event::Fired(timer, generation) => {
                    // A timer that was disarmed or replaced while it fired is none.
                    if self.timers.get(&timer).is_some_and(|(armed, _)| *armed == generation) {
                        self.timers.remove(&timer);
                        self.input(Input::Timer(timer));
                    }
                }
            }
        }
    }

    fn input(&mut self, input: Input) {
        let inputs = match &self.interposer {
            None => vec![input],
            Some(interposer) => interposer.input(&self.state, input),
        };
        for input in inputs {
            for effect in self.state.step(input) {
                let effects = match &self.interposer {
                    None => vec![effect],
                    Some(interposer) => interposer.effect(&self.state, effect),
                };
                for effect in effects {
                    self.effect(effect);
                }
            }
        }
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Reply(id, reply) => self.last(id, Said::Reply(reply)),
            Effect::Refuse(id, refusal) => self.last(id, Said::Refused(refusal)),
            Effect::Finish(id) => self.last(id, Said::Finished),
            Effect::Send(id, message) => self.say(id, Said::Message(message)),
            Effect::Read(id, read) => self.read(id, read),
            Effect::Engine(work, command) => self.engine(work, command),
            Effect::Commit(write, commit) => self.commit(write, *commit),
            Effect::StoreFinalize(id, finalize) => {
                let Some(say) = self.callers.remove(&id) else { return };
                let store = Arc::clone(&self.store);
                spawn_blocking(move || {
                    // Best effort: what cannot be written is not kept (ECP-DEC-011).
                    if let Err(error) = store.write(vec![archive::finalize_row(*finalize)]) {
                        tracing::warn!(%error, "late precommits and evidence are not kept");
                    }
                    let _ = say.send(Said::Finalized);
                });
            }
            Effect::KeepEvidence(conflict) => {
                tracing::error!(detail = %conflict.detail, "stopped: an operator is needed; evidence is kept");
                // On this task, before the refusal is sent: it is the last thing that this process does.
                if let Err(error) = self.store.write(archive::evidence_rows(&conflict)) {
                    tracing::error!(%error, ?conflict, "the evidence cannot be written");
                }
            }
            Effect::Arm(timer, after_ms) => self.arm(timer, after_ms),
            Effect::Disarm(timer) => {
                if let Some((_, armed)) = self.timers.remove(&timer) {
                    armed.abort();
                }
            }
            Effect::Watch(state) => {
                self.watch_state.send_replace(*state);
            }
            Effect::Drained => {
                self.drained.send_replace(true);
            }
        }
    }

    fn say(&self, id: CallId, said: Said) {
        if let Some(caller) = self.callers.get(&id) {
            // A caller that is gone tells so by a reset.
            let _ = caller.send(said);
        }
    }

    fn last(&mut self, id: CallId, said: Said) {
        self.say(id, said);
        self.callers.remove(&id);
    }

    fn arm(&mut self, timer: Timer, after_ms: u64) {
        self.next_timer += 1;
        let generation = self.next_timer;
        let events = self.events.clone();
        let sleep = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
            if let Some(events) = events.upgrade() {
                let _ = events.send(Event::Fired(timer, generation));
            }
        });
        if let Some((_, replaced)) = self.timers.insert(timer, (generation, sleep.abort_handle())) {
            replaced.abort();
        }
    }

    fn read(&mut self, id: CallId, read: Read) {
        if read == Read::Watch {
            // The caller stays known: it hears when its session is replaced.
            return self.say(id, Said::Watch(self.watch_state.subscribe()));
        }
        if let Read::ArchivedCommitment(height) = read {
            let (store, events) = (Arc::clone(&self.store), self.events.clone());
            spawn_blocking(move || {
                let found = store
                    .snapshot()
                    .map_err(archive::ArchiveError::from)
                    .and_then(|s| archive::header(s.as_ref(), height));
                let input = match found {
                    Ok(header) => Input::Archived { id, commitment: header.map(|h| h.certificate.commitment) },
                    Err(error) => Input::Broken(error.to_string()),
                };
                send(&events, Event::Input(input));
            });
            return;
        }
        let (engine, store) = (Arc::clone(&self.engine), Arc::clone(&self.store));
        if matches!(read, Read::Decided(..)) {
            // The caller stays known: it hears when its session is replaced.
            let Some(say) = self.callers.get(&id).cloned() else { return };
            let events = self.events.clone();
            spawn_blocking(move || {
                reads::answer(read, engine.as_ref(), store.as_ref(), &say);
                send(&events, Event::Input(Input::Stream { id, event: StreamEvent::Reset }));
            });
            return;
        }
        let Some(say) = self.callers.remove(&id) else { return };
        spawn_blocking(move || reads::answer(read, engine.as_ref(), store.as_ref(), &say));
    }

    fn engine(&mut self, work: WorkId, command: EngineCommand) {
        match command {
            EngineCommand::Build(..) | EngineCommand::Validate(_) | EngineCommand::Import(_) => {
                let events = self.events.clone();
                let tell = Arc::new(move |told| send(&events, Event::Told(told)));
                if let Some(started) = Work::start(Arc::clone(&self.engine), work, command, tell) {
                    self.works.insert(work, started);
                }
            }
            EngineCommand::Part(part) => self.order(work, Order::Part(part)),
            EngineCommand::PartsOf(other) => {
                let parts = self.executed(other).map(|e| e.parts.clone()).unwrap_or_default();
                for part in parts.into_iter().skip(1) {
                    self.order(work, Order::Part(part));
                }
            }
            EngineCommand::End => self.order(work, Order::End),
            EngineCommand::Resume => self.order(work, Order::Resume),
            EngineCommand::Recheck(other) => self.order(other, Order::Recheck(work)),
            EngineCommand::Compare(other, slot, init) => {
                let known = self.executed(other).and_then(|e| e.parts.first()).map(|part| part.payload.clone());
                let (engine, events) = (Arc::clone(&self.engine), self.events.clone());
                spawn_blocking(move || {
                    let event = compare(engine.as_ref(), &slot, &init, known.as_ref());
                    send(&events, Event::Told(Told { work, event, executed: None }));
                });
            }
            EngineCommand::Drop => {
                self.works.remove(&work);
            }
        }
    }

    fn executed(&self, work: WorkId) -> Option<&Executed> {
        self.works.get(&work).and_then(|work| work.executed.as_ref())
    }

    fn order(&self, work: WorkId, order: Order) {
        if let Some(work) = self.works.get(&work) {
            work.order(order);
        }
    }

    fn commit(&mut self, write: u64, commit: Commit) {
        let executed = self.works.get_mut(&commit.work).and_then(|work| work.executed.take());
        let first = self.state.committed().is_none();
        let (engine, store) = (Arc::clone(&self.engine), Arc::clone(&self.store));
        let (events, woken) = (self.events.clone(), self.committed.clone());
        spawn_blocking(move || {
            let height = commit.certificate.height;
            let done = match executed {
                None => Err("the block of the candidate is gone".to_owned()),
                Some(executed) => {
                    let write = || write_block(engine.as_ref(), store.as_ref(), &commit, executed, first);
                    unwound(write).unwrap_or_else(|| Err(PANICKED.to_owned()))
                }
            };
            let (result, broken) = match done {
                Err(error) => (Err(error), None),
                Ok(None) => match unwound(|| engine.height_params(height.saturating_add(1))) {
                    Some(Ok(params)) => (Ok(params.map(Box::new)), None),
                    Some(Err(fault)) => (Ok(None), Some(fault.to_string())),
                    None => (Ok(None), Some(PANICKED.to_owned())),
                },
                Ok(Some(broken)) => (Ok(None), Some(broken)),
            };
            let _ = woken.send(());
            send(&events, Event::Input(Input::Stored { write, result }));
            if let Some(broken) = broken {
                send(&events, Event::Input(Input::Broken(broken)));
            }
        });
    }
}

fn send(events: &mpsc::WeakUnboundedSender<Event>, event: Event) {
    if let Some(events) = events.upgrade() {
        let _ = events.send(event);
    }
}

/// What is told of a panic; the log has its place.
const PANICKED: &str = "the engine panicked; its log tells where";

/// The result of `work`, or `None` if it panics: a caller that waits for a commit must hear of its end.
fn unwound<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Writes a block and makes it the head. `Ok(Some(_))`: it is durable, but the engine could not go on.
fn write_block(
    engine: &dyn ExecutionEngine,
    store: &dyn Store,
    commit: &Commit,
    mut executed: Executed,
    first: bool,
) -> Result<Option<String>, String> {
    let height = commit.certificate.height;
    let params = engine.height_params(height).map_err(|e| e.to_string())?;
    let params = params.ok_or_else(|| format!("the parameters of height {height} are unknown"))?;
    let mut rows = archive::block_rows(commit, &executed, &params, first);
    rows.append(&mut executed.writes);
    store.write(rows).map_err(|e| e.to_string())?;
    // Durable: whatever comes now, the block is committed (ECP-DEC-001).
    Ok(match unwound(|| engine.committed(height, &executed)) {
        Some(Ok(())) => None,
        Some(Err(fault)) => Some(fault.to_string()),
        None => Some(PANICKED.to_owned()),
    })
}

/// Whether an INIT equals that of a candidate but for the slot: both are written for the same slot and compared.
fn compare(engine: &dyn ExecutionEngine, slot: &Slot, init: &Bytes, known: Option<&Bytes>) -> EngineEvent {
    let invalid = |reason, detail| EngineEvent::Invalid { reason, detail, computed: None };
    let named = match engine.init_slot(init) {
        Ok(named) => named,
        Err(detail) => return invalid(InvalidReason::PayloadMalformed, detail),
    };
    if named != *slot {
        return invalid(InvalidReason::InitMismatch, "INIT names another slot than the open message".to_owned());
    }
    let theirs = engine.reframe_init(slot, init);
    let ours = known.map(|known| engine.reframe_init(slot, known));
    match (theirs, ours) {
        (Ok(theirs), Some(Ok(ours))) => EngineEvent::Compared(theirs == ours),
        _ => EngineEvent::Compared(false),
    }
}

/// The refusal when the core is gone.
pub(crate) fn gone() -> Refusal {
    Refusal::new(Reason::InternalFault, "The core of the execution half is gone.")
}
