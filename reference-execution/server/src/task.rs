//! The task that owns the core: calls go in, effects are done.

use std::{collections::HashMap, sync::Arc, time::Duration};

use ecp_execution_core::{
    CallId, CallKind, Effect, Input, Refusal, State, WorkId,
    effect::{Commit, EngineCommand, Read},
    input::{Call, StreamEvent, Timer},
    seams::{Executed, ExecutionEngine, Store},
};
use ecp_types::WatchState;
use tokio::{
    sync::{mpsc, watch},
    task::{AbortHandle, spawn_blocking},
};

use crate::{
    archive, commit,
    host::Said,
    interpose::Interposer,
    reads,
    work::{Order, Told, Work},
};

/// What happens to the task.
pub(crate) enum Event {
    /// A call begins.
    Open {
        id: CallId,
        token: Option<Vec<u8>>,
        kind: CallKind,
        call: Result<Call, Refusal>,
        say: mpsc::UnboundedSender<Said>,
    },
    /// Anything else that the core is told.
    Input(Input),
    /// Work of the engine tells.
    Told(Told),
    /// A timer of this generation fired.
    Fired(Timer, u64),
    /// The end.
    Stop,
}

/// What the task works with.
pub(crate) struct Parts {
    pub(crate) state: State,
    pub(crate) engine: Arc<dyn ExecutionEngine>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) interposer: Option<Arc<dyn Interposer>>,
    /// Wakes the thread that computes hashes.
    pub(crate) committed: std::sync::mpsc::Sender<()>,
}

/// Starts the task.
pub(crate) fn spawn(
    parts: Parts,
    events: &mpsc::UnboundedSender<Event>,
    inbox: mpsc::UnboundedReceiver<Event>,
    watch_state: watch::Sender<WatchState>,
    drained: watch::Sender<bool>,
) {
    let task = Task {
        state: parts.state,
        engine: parts.engine,
        store: parts.store,
        interposer: parts.interposer,
        committed: parts.committed,
        // The task ends with the last caller: it must not keep its own inbox open.
        events: events.downgrade(),
        callers: HashMap::new(),
        works: HashMap::new(),
        timers: HashMap::new(),
        next_timer: 0,
        watch_state,
        drained,
    };
    tokio::spawn(task.run(inbox));
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
                    let event = reads::compare(engine.as_ref(), &slot, &init, known.as_ref());
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

    fn commit(&mut self, write: u64, order: Commit) {
        let executed = self.works.get_mut(&order.work).and_then(|work| work.executed.take());
        let first = self.state.committed().is_none();
        let (engine, store) = (Arc::clone(&self.engine), Arc::clone(&self.store));
        let (events, woken) = (self.events.clone(), self.committed.clone());
        spawn_blocking(move || {
            let (result, broken) = commit::run(engine.as_ref(), store.as_ref(), &order, executed, first);
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
