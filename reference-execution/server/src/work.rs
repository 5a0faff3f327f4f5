//! Threads that drive the engine: one for each build, validation or import, since the engine may block.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use ecp_execution_core::{
    WorkId,
    effect::EngineCommand,
    input::{EngineEvent, Outcome},
    seams::{Build, BuildStep, EngineFault, Executed, ExecutionEngine, Slot, Validation, ValidationStep},
};
use ecp_types::{Height, InvalidReason, Part};

/// What a thread is told.
pub(crate) enum Order {
    /// The next part.
    Part(Part),
    /// No more parts.
    End,
    /// Try again what waits.
    Resume,
    /// Ask for this node's objection on behalf of another work.
    Recheck(WorkId),
}

/// What a thread tells: an event of the engine, with the block if it is one.
pub(crate) struct Told {
    pub(crate) work: WorkId,
    pub(crate) event: EngineEvent,
    pub(crate) executed: Option<Executed>,
}

/// Where threads tell.
pub(crate) type Tell = Arc<dyn Fn(Told) + Send + Sync>;

/// What a thread does.
type Job = Box<dyn FnOnce(&Voice) -> Result<(), EngineFault> + Send>;

/// Stack of a thread: contracts call contracts, and a stack that overflows would end the process. Only what is used is
/// backed by memory.
const STACK_BYTES: usize = 64 << 20;

/// A piece of work. Dropping it ends its thread at the next step.
pub(crate) struct Work {
    orders: mpsc::Sender<Order>,
    dropped: Arc<AtomicBool>,
    /// The block, once complete.
    pub(crate) executed: Option<Executed>,
}

impl Work {
    /// Starts a build or validation; `None` for a command that starts nothing.
    pub(crate) fn start(
        engine: Arc<dyn ExecutionEngine>,
        work: WorkId,
        command: EngineCommand,
        tell: Tell,
    ) -> Option<Self> {
        let (orders, inbox) = mpsc::channel();
        let dropped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&dropped);
        let job: Job = match command {
            EngineCommand::Build(slot, close_ms) => {
                // The clock runs from the receipt of the call, not from the start of the thread (ECP-BUD-001).
                let close = Instant::now() + Duration::from_millis(close_ms);
                Box::new(move |voice| build(engine.as_ref(), slot, close, &inbox, voice))
            }
            EngineCommand::Validate(slot) => {
                Box::new(move |voice| validate(engine.as_ref(), slot, None, &stop, &inbox, voice))
            }
            EngineCommand::Import(height) => {
                Box::new(move |voice| import(engine.as_ref(), height, &stop, &inbox, voice))
            }
            _ => return None,
        };
        let voice = Voice { work, tell };
        let name = format!("ecp-work-{work}");
        let refused = voice.clone();
        let run = move || {
            let fault = match catch_unwind(AssertUnwindSafe(|| job(&voice))) {
                Ok(Ok(())) => return,
                Ok(Err(fault)) => fault.0,
                Err(_) => "the engine panicked; its log tells where".to_owned(),
            };
            voice.say(EngineEvent::Fault(fault));
        };
        if let Err(error) = thread::Builder::new().name(name).stack_size(STACK_BYTES).spawn(run) {
            refused.say(EngineEvent::Fault(format!("no thread can be started: {error}")));
        }
        Some(Self { orders, dropped, executed: None })
    }

    /// Tells the thread; one that ended needs no orders.
    pub(crate) fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.dropped.store(true, Ordering::Relaxed);
    }
}

#[derive(Clone)]
struct Voice {
    work: WorkId,
    tell: Tell,
}

impl Voice {
    fn say(&self, event: EngineEvent) {
        (self.tell)(Told { work: self.work, event, executed: None });
    }

    fn say_block(&self, event: EngineEvent, executed: Executed) {
        (self.tell)(Told { work: self.work, event, executed: Some(executed) });
    }
}

fn outcome(executed: &Executed) -> Outcome {
    Outcome { commitment: executed.commitment, executed_count: executed.executed_count }
}

fn build(
    engine: &dyn ExecutionEngine,
    slot: Slot,
    close: Instant,
    inbox: &mpsc::Receiver<Order>,
    voice: &Voice,
) -> Result<(), EngineFault> {
    let mut build: Box<dyn Build> = engine.build(slot)?;
    loop {
        if matches!(inbox.try_recv(), Err(mpsc::TryRecvError::Disconnected)) {
            return Ok(());
        }
        match build.step(close.saturating_duration_since(Instant::now()))? {
            BuildStep::Part(part) => voice.say(EngineEvent::Part(part)),
            BuildStep::Built(executed) => {
                voice.say_block(EngineEvent::Built(outcome(&executed)), executed);
                return Ok(());
            }
            BuildStep::Waiting(missing) => {
                voice.say(EngineEvent::Waiting(missing));
                // Any order asks again; without a sender the work was dropped.
                if inbox.recv().is_err() {
                    return Ok(());
                }
            }
        }
    }
}

fn import(
    engine: &dyn ExecutionEngine,
    height: Height,
    stop: &Arc<AtomicBool>,
    inbox: &mpsc::Receiver<Order>,
    voice: &Voice,
) -> Result<(), EngineFault> {
    let Ok(Order::Part(init)) = inbox.recv() else { return Ok(()) };
    let invalid = |reason, detail| voice.say(EngineEvent::Invalid { reason, detail, computed: None });
    match engine.init_slot(&init.payload) {
        Err(detail) => invalid(InvalidReason::PayloadMalformed, detail),
        // Only the height is compared (ECP-SYN-012).
        Ok(slot) if slot.height != height => {
            invalid(InvalidReason::InitMismatch, format!("INIT names height {}, not {height}", slot.height));
        }
        Ok(slot) => return validate(engine, slot, Some(init), stop, inbox, voice),
    }
    Ok(())
}

fn validate(
    engine: &dyn ExecutionEngine,
    slot: Slot,
    first: Option<Part>,
    stop: &Arc<AtomicBool>,
    inbox: &mpsc::Receiver<Order>,
    voice: &Voice,
) -> Result<(), EngineFault> {
    let mut validation: Box<dyn Validation> = engine.validate(slot)?;
    validation.stop_when(Arc::clone(stop));
    let mut waiting = false;
    let mut done = false;
    // What came while the engine waited.
    let mut later: VecDeque<Order> = first.into_iter().map(Order::Part).collect();
    loop {
        let kept = if waiting { None } else { later.pop_front() };
        let Some(order) = kept.or_else(|| inbox.recv().ok()) else { return Ok(()) };
        if stop.load(Ordering::Relaxed) {
            // Orders that were given before it was dropped are not carried out.
            return Ok(());
        }
        let step = match order {
            Order::Recheck(asker) => {
                let event = EngineEvent::Rechecked(validation.local_objection());
                (voice.tell)(Told { work: asker, event, executed: None });
                continue;
            }
            _ if done => continue,
            Order::Resume if waiting => validation.resume()?,
            Order::Resume => continue,
            order if waiting => {
                later.push_back(order);
                continue;
            }
            Order::Part(part) => validation.part(part)?,
            Order::End => validation.end()?,
        };
        let waited = waiting;
        waiting = matches!(step, ValidationStep::Waiting(_));
        match step {
            ValidationStep::Continue if waited => voice.say(EngineEvent::Progress),
            ValidationStep::Continue => {}
            ValidationStep::Waiting(missing) => voice.say(EngineEvent::Waiting(missing)),
            ValidationStep::Invalid(reason, detail) => {
                voice.say(EngineEvent::Invalid { reason, detail, computed: validation.computed() });
                return Ok(());
            }
            ValidationStep::Complete { executed, local } => {
                done = true;
                voice.say_block(EngineEvent::Complete { outcome: outcome(&executed), local }, executed);
            }
        }
    }
}
