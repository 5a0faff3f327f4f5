//! The way to the core, for the gRPC service and for callers in the same process.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use ecp_execution_core::{
    CallId, CallKind, Input, Refusal,
    effect::{Message, Reply},
    input::{Call, StreamEvent},
};
use ecp_proto::convert::GetDecidedEvent;
use ecp_types::{Felt, Height, HeightParams, Reason, WatchState};
use tokio::sync::{mpsc, watch};

use crate::task::{self, Event, Parts};

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

    /// The refusal of a call that hears nothing because the core is gone.
    pub(crate) fn gone(&self) -> Refusal {
        match self.ended() {
            true => Refusal::new(Reason::Draining, "This process has finished its work and ends.").retry_after(1000),
            false => Refusal::new(Reason::InternalFault, "The core of the execution half is gone."),
        }
    }

    /// Whether a core that is gone ended as it was asked to (ECP-SES-016).
    pub(crate) fn ended(&self) -> bool {
        *self.drained.borrow()
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

/// Starts the task that owns the core; it ends with [`Host::stop`], or when the last [`Host`] is gone.
pub(crate) fn start(parts: Parts, watched: WatchState) -> Host {
    let (events, inbox) = mpsc::unbounded_channel();
    let (watch_state, watched) = watch::channel(watched);
    let (drained, drained_too) = watch::channel(false);
    task::spawn(parts, &events, inbox, watch_state, drained);
    Host {
        events,
        next_call: Arc::new(AtomicU64::new(1)),
        sequence: Arc::new(AtomicU64::new(0)),
        watched,
        drained: drained_too,
    }
}
