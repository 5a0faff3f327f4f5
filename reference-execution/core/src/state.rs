//! The state and its step: what came is handed to whom it concerns.

use std::collections::{BTreeMap, BTreeSet};

use ecp_types::{
    Commitment, ExecutionPosition, Height, HeightParams, Phase, Position, Reason, Round, StreamId, WatchState,
};

use crate::{
    CallId, CallKind, Config, Effect, Input, Refusal, Restored, WorkId,
    build::Build,
    candidates::Candidate,
    effect::EngineCommand,
    import::Receiving,
    input::{Call, EngineEvent, StreamEvent, Timer},
    lane::Lane,
    session::Sessions,
    streams::Streams,
    validate::Validation,
};

/// Effects in the order of doing.
pub(crate) type Out = Vec<Effect>;

/// Everything that the execution half knows, apart from blocks and the engine's own data.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    pub(crate) config: Config,
    pub(crate) phase: Phase,
    pub(crate) phase_reason: String,
    pub(crate) committed: Option<Position>,
    pub(crate) earliest: Option<Height>,
    pub(crate) block_hash_height: Option<Height>,
    pub(crate) next_params: Option<HeightParams>,
    pub(crate) sessions: Sessions,
    /// Calls that are not answered yet, or streams that are open.
    pub(crate) calls: BTreeMap<CallId, OpenCall>,
    /// Names of the session's streams (ECP-STR-006).
    pub(crate) streams: Streams,
    /// Rounds of this height whose StartRound was acknowledged (ECP-BLD-001).
    pub(crate) started: BTreeSet<Round>,
    /// Slots of this height that are never built again (ECP-BLD-008).
    pub(crate) burned: BTreeSet<Round>,
    pub(crate) builds: BTreeMap<Round, Build>,
    pub(crate) validations: BTreeMap<WorkId, Validation>,
    pub(crate) candidates: BTreeMap<Commitment, Candidate>,
    /// Commitments of this height that were VALID once and stay so, also if their candidate is dropped (ECP-VAL-004).
    pub(crate) valid: BTreeSet<Commitment>,
    pub(crate) receiving: BTreeMap<CallId, Receiving>,
    pub(crate) lane: Lane,
    pub(crate) next_id: u64,
    polling: bool,
    /// Someone waits for [`Effect::Drained`].
    pub(crate) draining: bool,
    pub(crate) watched: Option<WatchState>,
}

/// A call that is not answered yet, or a stream that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct OpenCall {
    /// Serial number of its session.
    pub(crate) serial: u64,
    pub(crate) target: Target,
}

/// What an open call belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// A Watch of the holder.
    Watch,
    /// A reader of a build.
    Build(Round),
    /// A validation without its open message.
    ValidateUnopened,
    /// A validation without verdict.
    Validate(WorkId),
    /// An import without its header, or one whose parts arrive.
    Import,
    /// Waits for its turn in the lane, or for its end.
    Lane,
    /// Decided blocks that are being sent.
    Decided,
    /// A Decide of an old height that waits for the archive.
    ArchivedDecide,
    /// An import of an old height that waits for the archive.
    ArchivedImport,
}

impl State {
    /// The state of a new process.
    #[must_use]
    pub fn new(config: Config, restored: Restored) -> Self {
        let (phase, phase_reason) = restored.stopped.unwrap_or((Phase::Ready, String::new()));
        Self {
            config,
            phase,
            phase_reason,
            committed: restored.committed,
            earliest: restored.earliest,
            block_hash_height: restored.block_hash_height,
            next_params: restored.next_params,
            sessions: Sessions::default(),
            calls: BTreeMap::new(),
            streams: Streams::default(),
            started: BTreeSet::new(),
            burned: BTreeSet::new(),
            builds: BTreeMap::new(),
            validations: BTreeMap::new(),
            candidates: BTreeMap::new(),
            valid: BTreeSet::new(),
            receiving: BTreeMap::new(),
            lane: Lane::default(),
            next_id: 1,
            polling: false,
            draining: false,
            watched: None,
        }
    }

    /// Names (of works and writes) are numbers from this one on, if they are not yet. For exhaustive search: names that
    /// are far from every quantity can be told from them, and put in a canonical form.
    pub fn name_from(&mut self, number: u64) {
        self.next_id = self.next_id.max(number);
    }

    /// The stream ids that are remembered, oldest first.
    pub fn stream_ids(&self) -> impl Iterator<Item = &StreamId> {
        self.streams.names()
    }

    /// Forgets stream ids. For exhaustive search, which knows that nobody can use them any more; what is forgotten would
    /// not be found out if it came again (ECP-STR-006).
    pub fn forget_stream_ids(&mut self, gone: impl Fn(&StreamId) -> bool) {
        self.streams.forget(gone);
    }

    /// What is fixed.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What it can do now.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Highest committed height and its commitment.
    #[must_use]
    pub fn committed(&self) -> Option<Position> {
        self.committed
    }

    /// The height that is worked on: committed + 1, or the first.
    #[must_use]
    pub fn height(&self) -> Height {
        self.committed.map_or(self.config.first_height, |p| p.height.saturating_add(1))
    }

    /// Commitments of the complete candidates, for tests and tools.
    #[must_use]
    pub fn candidates(&self) -> Vec<Commitment> {
        self.candidates.keys().copied().collect()
    }

    /// What is durable, for handshakes.
    pub(crate) fn position(&self) -> ExecutionPosition {
        ExecutionPosition {
            committed: self.committed,
            earliest: self.earliest,
            block_hash_height: self.block_hash_height,
        }
    }

    /// Takes what happened and says what to do, in order.
    pub fn step(&mut self, input: Input) -> Vec<Effect> {
        let mut out = Vec::new();
        match input {
            Input::Call { id, token, kind, call } => self.call(id, token.as_deref(), kind, call, &mut out),
            Input::Stream { id, event } => self.stream(id, event, &mut out),
            Input::Engine { work, event } => self.engine(work, event, &mut out),
            Input::Timer(timer) => self.timer(timer, &mut out),
            Input::Stored { write, result } => self.stored(write, result, &mut out),
            Input::Archived { id, commitment } => self.archived(id, commitment, &mut out),
            Input::ParamsKnown(params) => {
                if params.height == self.height() {
                    self.next_params = Some(*params);
                    self.resume(&mut out);
                }
            }
            Input::HashKnown(height) => {
                self.block_hash_height = self.block_hash_height.max(Some(height));
                self.resume(&mut out);
            }
            Input::Broken(detail) => self.stop(Phase::Halted, detail, &mut out),
            Input::Syncing(syncing) => match (syncing, self.phase) {
                (true, Phase::Ready) => self.phase = Phase::Syncing,
                (false, Phase::Syncing) => self.phase = Phase::Ready,
                _ => {}
            },
            Input::Drain => self.begin_draining(),
            Input::DrainNow => self.drain_now(&mut out),
        }
        if self.lane.current.is_none() {
            self.answer_pending_handshake(&mut out);
        }
        self.poll(&mut out);
        self.watch(&mut out);
        self.drain(&mut out);
        out
    }

    fn call(&mut self, id: CallId, token: Option<&[u8]>, kind: CallKind, call: Result<Call, Refusal>, out: &mut Out) {
        let admitted = match &call {
            // A handshake makes its own checks: it has no session yet.
            Ok(Call::Handshake(_)) => Ok(0),
            _ if kind == CallKind::Handshake => Ok(0),
            _ => self.authorize(token, kind),
        };
        let (serial, call) = match admitted.and_then(|serial| call.map(|call| (serial, call))) {
            Ok(admitted) => admitted,
            Err(refusal) => return out.push(Effect::Refuse(id, refusal)),
        };
        let result = match call {
            Call::Handshake(handshake) => self.handshake(id, *handshake, out),
            Call::Watch => self.open_watch(id, serial, out),
            Call::GetHeightParams(height) => self.read_params(id, height, out),
            Call::StartRound(start) => self.queue_start(id, serial, start, out),
            Call::BuildProposal(build) => self.open_build(id, serial, build, out),
            Call::ValidateProposal => {
                self.calls.insert(id, OpenCall { serial, target: Target::ValidateUnopened });
                Ok(())
            }
            Call::ReframeInit(reframe) => self.read_reframe(id, reframe, out),
            Call::Abort(stream) => {
                self.abort(stream, out);
                out.push(Effect::Reply(id, crate::effect::Reply::Abort));
                Ok(())
            }
            Call::Decide(certificate) => self.queue_decide(id, serial, *certificate, out),
            Call::Finalize(finalize) => self.finalize(id, *finalize, out),
            Call::GetDecided(from, to) => self.read_decided(id, serial, from, to, out),
            Call::ImportDecided => {
                self.calls.insert(id, OpenCall { serial, target: Target::Import });
                Ok(())
            }
            Call::GetBlockHash(height) => self.read_block_hash(id, height, out),
        };
        if let Err(refusal) = result {
            out.push(Effect::Refuse(id, refusal));
        }
    }

    fn stream(&mut self, id: CallId, event: StreamEvent, out: &mut Out) {
        let Some(call) = self.calls.get(&id).copied() else {
            // Ended before: a server that answered early drains (ECP-STR-005).
            return;
        };
        match call.target {
            Target::ValidateUnopened => self.validate_unopened(id, call.serial, event, out),
            Target::Validate(work) => self.validate_event(id, work, event, out),
            Target::Import => self.import_event(id, call.serial, event, out),
            Target::Watch if matches!(event, StreamEvent::Reset) => self.watch_closed(id, out),
            Target::Build(round) if matches!(event, StreamEvent::Reset) => self.build_reader_gone(id, round),
            Target::Decided if matches!(event, StreamEvent::Reset) => {
                self.calls.remove(&id);
            }
            // Once accepted, it runs to its end whatever happens to the call (ECP-DEC-012).
            Target::Lane
            | Target::ArchivedDecide
            | Target::ArchivedImport
            | Target::Watch
            | Target::Decided
            | Target::Build(_) => {}
        }
    }

    fn engine(&mut self, work: WorkId, event: EngineEvent, out: &mut Out) {
        if let Some(round) = self.builds.iter().find(|(_, b)| b.work == work).map(|(round, _)| *round) {
            self.build_event(round, event, out);
        } else if self.validations.contains_key(&work) {
            self.validation_event(work, event, out);
        } else if self.lane.importing() == Some(work) {
            self.importing_event(event, out);
        }
        // Anything else speaks of work that was dropped.
    }

    fn timer(&mut self, timer: Timer, out: &mut Out) {
        match timer {
            Timer::Budget(work) => {
                if let Some(round) = self.builds.iter().find(|(_, b)| b.work == work).map(|(round, _)| *round) {
                    self.burn(round, "the budget ended before FIN", out);
                } else if self.validations.contains_key(&work) {
                    self.budget_ended(work, out);
                } else if self.lane.importing() == Some(work) {
                    self.import_patience_ended(out);
                }
            }
            Timer::WatchLost(serial) => self.sessions.lost(serial),
            Timer::Poll => {
                self.polling = false;
                self.resume(out);
            }
        }
    }

    /// Whether the formats of the height are supported (ECP-HGT-009), and whether it is the one worked on.
    pub(crate) fn check_height(&self, height: Height) -> Result<(), Refusal> {
        if height == self.height() {
            self.check_supported(self.next_params.as_ref())?;
            return Ok(());
        }
        Err(self.height_mismatch(height))
    }

    pub(crate) fn height_mismatch(&self, height: Height) -> Refusal {
        let expected = self.height();
        Refusal::new(Reason::HeightMismatch, format_args!("Height {height} came, {expected} is next."))
            .with("expected", expected)
    }

    fn check_supported(&self, params: Option<&HeightParams>) -> Result<(), Refusal> {
        let Some(params) = params else { return Ok(()) };
        for (known, used, what) in [
            (&self.config.part_formats, &params.part_format, "part format"),
            (&self.config.commitment_schemes, &params.commitment_scheme, "commitment scheme"),
        ] {
            if !known.is_empty() && !known.contains(used) {
                return Err(Refusal::new(
                    Reason::UnsupportedAtHeight,
                    format_args!("Height {} needs {what} {used}.", params.height),
                )
                .with("unsupported", used));
            }
        }
        Ok(())
    }

    pub(crate) fn fresh_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// Drops everything that belongs to the height worked on, but for the work being written.
    pub(crate) fn forget_height(&mut self, kept: Option<WorkId>, out: &mut Out) {
        let works = self
            .builds
            .values()
            .map(|b| b.work)
            .chain(self.validations.keys().copied())
            .chain(self.candidates.values().map(|c| c.work));
        for work in works.collect::<BTreeSet<_>>() {
            if Some(work) != kept {
                out.push(Effect::Disarm(Timer::Budget(work)));
                out.push(Effect::Engine(work, EngineCommand::Drop));
            }
        }
        self.builds.clear();
        self.validations.clear();
        self.candidates.clear();
        self.valid.clear();
        self.started.clear();
        self.burned.clear();
    }

    /// Asks again everything that waits.
    fn resume(&mut self, out: &mut Out) {
        let builds = self.builds.values().filter(|b| b.waiting).map(|b| b.work);
        let validations = self.validations.iter().filter(|(_, v)| v.waiting.is_some()).map(|(work, _)| *work);
        for work in builds.chain(validations).chain(self.lane.waiting()) {
            out.push(Effect::Engine(work, EngineCommand::Resume));
        }
    }

    fn poll(&mut self, out: &mut Out) {
        let waiting = self.builds.values().any(|b| b.waiting)
            || self.validations.values().any(|v| v.waiting.is_some())
            || self.lane.waiting().is_some();
        if waiting && !self.polling {
            self.polling = true;
            out.push(Effect::Arm(Timer::Poll, self.config.poll_ms));
        }
    }
}
