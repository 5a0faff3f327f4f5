//! Everything the bridge knows.

use std::collections::{BTreeMap, BTreeSet};

use ecp_types::{
    Action, Certificate, ConsensusPosition, Evidence, Felt, Height, HeightParams, InstanceId, LastSigned, Network,
    Position, Round, RoundRole, StreamId,
};

use crate::{
    building::OwnSlot,
    effect::{Answer, Call, Check, Effect, Halt, Note, Timer, Write},
    gossip::Future,
    input::{Ask, Input, Outcome},
    model::{Body, BodyKey, CallId, Failure, ReplyId, Slot},
    recovery::Recovery,
    session::Session,
    syncing::Synced,
    validating::Job,
};

/// What does not change while the process runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Config {
    /// This node's address; absent: it only follows.
    pub address: Option<Felt>,
    /// The network of this half (ECP-SES-003).
    pub network: Network,
    /// The operator's takeover flag (ECP-SES-011).
    pub takeover: bool,
    /// New with each process, random: makes stream ids unique (ECP-STR-006).
    pub stream_seed: [u8; 8],
    /// The operator lets a key without its record sign at once (ECP-REC-011).
    pub sign_anyway: bool,
    /// Signature schemes that this half can verify (ECP-HGT-009).
    pub signature_schemes: Vec<String>,
}

/// A decision that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decided {
    /// The proof.
    pub certificate: Certificate,
    /// Its body in the store.
    pub body: Option<BodyKey>,
}

/// What is on disk, as far as the bridge needs it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Durable {
    /// Highest height whose Decide was acknowledged.
    pub committed: Option<Position>,
    /// Highest height with a certificate.
    pub certified: Option<Position>,
    /// The signing record when the process started: absent if there is a key without one, and the highest signature
    /// if any was made.
    pub record: Option<Option<LastSigned>>,
    /// Decisions that are kept.
    pub decided: BTreeMap<Height, Decided>,
    /// Slots in which a proposal was begun (ECP-REC-001).
    pub marks: BTreeSet<Slot>,
    /// Undecided bodies.
    pub bodies: BTreeMap<BodyKey, Body>,
    /// Instance of the execution half at the last handshake.
    pub instance: Option<InstanceId>,
}

impl Durable {
    /// The position told in the handshake (ECP-SES-007).
    #[must_use]
    pub fn position(&self) -> ConsensusPosition {
        let last_signed = self.record.flatten();
        ConsensusPosition { committed: self.committed, last_signed, certified: self.certified }
    }

    /// Applies a write, as the store does.
    pub fn apply(&mut self, write: &Write) {
        match write {
            Write::Mark(slot) => {
                self.marks.insert(*slot);
            }
            Write::Body(body) => {
                self.bodies.insert(body.key(), body.clone());
            }
            Write::Decided { certificate, body } => {
                self.certified = Some(Position { height: certificate.height, commitment: certificate.commitment });
                self.decided.insert(certificate.height, Decided { certificate: certificate.clone(), body: *body });
            }
            Write::Committed(position) => self.committed = Some(*position),
            Write::Adopted(position) => {
                self.committed = Some(*position);
                self.certified = Some(*position);
            }
            Write::Refetch(position) => {
                self.certified = *position;
                let above = |height| position.is_none_or(|p| p.height < height);
                self.bodies.retain(|key, _| !above(key.slot.height));
                self.decided.iter_mut().filter(|(height, _)| above(**height)).for_each(|(_, d)| d.body = None);
            }
            Write::Instance(instance) => self.instance = Some(*instance),
            Write::Certificate(certificate) => {
                if let Some(decided) = self.decided.get_mut(&certificate.height) {
                    decided.certificate = certificate.clone();
                }
            }
            Write::Prune { keep_from, decided } => {
                self.decided.retain(|height, _| height >= keep_from);
                self.marks.retain(|slot| slot.height > *decided);
                self.bodies.retain(|key, _| key.slot.height > *decided);
            }
        }
    }
}

/// Where a piece of work stands that is one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Gate {
    /// May be called.
    #[default]
    Idle,
    /// Is called.
    InFlight(CallId),
    /// Tried again when this timer runs out.
    Timer(u64),
    /// Tried again when Watch tells something.
    Watch,
}

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    Handshake,
    Watch,
    Params(Height),
    StartRound(Slot),
    Decide(Height),
    Import(Height),
    ImportSynced(Height),
    Build(Round),
    Reframe(Round),
    Validate(u64),
    GapParams(Height),
    GapCertificate(Height),
    BestEffort,
    /// Its outcome matters no more, but that this half is fenced or has to stop does.
    Abandoned,
}

/// The round that the engine is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Current {
    pub(crate) round: Round,
    pub(crate) role: RoundRole,
    pub(crate) proposer: Felt,
    /// StartRound was acknowledged in this session's instance.
    pub(crate) announced: bool,
}

/// The height that the engine works on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct HeightState {
    pub(crate) params: HeightParams,
    pub(crate) current: Option<Current>,
    pub(crate) own: BTreeMap<Round, OwnSlot>,
    pub(crate) jobs: BTreeMap<u64, Job>,
    pub(crate) decided: bool,
}

/// The whole state of the bridge.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    pub(crate) config: Config,
    pub(crate) durable: Durable,
    pub(crate) session: Session,
    pub(crate) recovery: Recovery,
    pub(crate) calls: BTreeMap<CallId, Purpose>,
    pub(crate) last_id: u64,
    pub(crate) lane: Gate,
    pub(crate) params_gate: Gate,
    pub(crate) params: BTreeMap<Height, HeightParams>,
    pub(crate) engine_started: bool,
    /// Nothing is signed at or below this height (ECP-REC-011).
    pub(crate) silent_through: Option<Height>,
    /// A decided block from a peer, on its way to the execution half.
    pub(crate) synced: Option<Synced>,
    /// The engine waits to be told the next height.
    pub(crate) start_reply: Option<ReplyId>,
    pub(crate) height: Option<HeightState>,
    pub(crate) future: Future,
    /// A new instance of the execution half lost the candidates of the height at work (ECP-REC-008).
    pub(crate) restore_due: bool,
    /// Decisions whose candidate the execution half does not know: ImportDecided is due (ECP-DEC-005).
    pub(crate) import_due: BTreeSet<Height>,
    /// Late precommits and evidence that wait for the acknowledgment.
    pub(crate) finals: BTreeMap<Height, (Certificate, Vec<Evidence>)>,
    pub(crate) halted: bool,
}

impl State {
    /// A bridge over what is on disk.
    #[must_use]
    pub fn new(config: Config, durable: Durable) -> Self {
        let session = Session { instance: durable.instance, ..Session::default() };
        Self {
            config,
            durable,
            session,
            recovery: Recovery::default(),
            calls: BTreeMap::new(),
            last_id: 0,
            lane: Gate::Idle,
            params_gate: Gate::Idle,
            params: BTreeMap::new(),
            engine_started: false,
            silent_through: None,
            synced: None,
            start_reply: None,
            height: None,
            future: Future::default(),
            restore_due: false,
            import_due: BTreeSet::new(),
            finals: BTreeMap::new(),
            halted: false,
        }
    }

    /// Names (of calls, streams, timers) are numbers above this one from now on, if they are not yet. For exhaustive
    /// search: names that are far from every quantity can be told from them, and put in a canonical form.
    pub fn name_from(&mut self, number: u64) {
        self.last_id = self.last_id.max(number);
    }

    /// The newest name.
    #[must_use]
    pub fn last_name(&self) -> u64 {
        self.last_id
    }

    /// What is on disk.
    #[must_use]
    pub fn durable(&self) -> &Durable {
        &self.durable
    }

    /// The parameters of the height that the engine works on.
    #[must_use]
    pub fn current_params(&self) -> Option<&HeightParams> {
        self.height.as_ref().map(|h| &h.params)
    }

    /// Whether the bridge stopped.
    #[must_use]
    pub fn is_halted(&self) -> bool {
        self.halted
    }

    /// Takes one input. After a halt nothing has an effect any more.
    pub fn step(&mut self, input: Input) -> Vec<Effect> {
        let mut fx = Vec::new();
        if self.halted {
            return fx;
        }
        match input {
            Input::Start => {}
            Input::Stop => self.halt(Halt::Stopped, &mut fx),
            Input::Connected => self.on_connected(&mut fx),
            Input::ConnectFailed(failure) => self.on_connect_failed(&failure, &mut fx),
            Input::Timer(timer) => self.on_timer(timer, &mut fx),
            Input::Watch { id, state } => self.on_watch(id, state, &mut fx),
            Input::BuildPart { id, part } => self.on_build_part(id, part, &mut fx),
            Input::Waiting { .. } => {}
            Input::Returned { id, result } => self.on_returned(id, result, &mut fx),
            Input::Authenticated { envelope, authentic } => {
                if authentic {
                    self.on_authentic(envelope, &mut fx);
                }
            }
            Input::CertificateChecked { check: Check::Gap, height, valid } => {
                self.on_certificate_checked(height, valid, &mut fx);
            }
            Input::CertificateChecked { check: Check::Synced, height, valid } => {
                self.on_synced_checked(height, valid, &mut fx);
            }
            Input::SigningRefused { signed } => self.on_signing_refused(signed, &mut fx),
            Input::Engine(ask) => self.on_ask(ask, &mut fx),
        }
        self.advance(&mut fx);
        fx
    }

    /// Does what can be done now; asks for nothing twice.
    fn advance(&mut self, fx: &mut Vec<Effect>) {
        if self.halted {
            return;
        }
        self.advance_link(fx);
        self.advance_recovery(fx);
        self.advance_lane(fx);
        self.advance_params(fx);
        self.advance_engine(fx);
        self.advance_building(fx);
        self.restore_candidates();
        self.advance_jobs(fx);
    }

    fn on_returned(&mut self, id: CallId, result: Result<Outcome, Failure>, fx: &mut Vec<Effect>) {
        // A call of an earlier session, or one that was given up: its outcome is read from the position instead.
        let Some(purpose) = self.calls.remove(&id) else { return };
        if result.is_ok() && !matches!(purpose, Purpose::Handshake | Purpose::Watch) {
            self.session.troubles = 0;
        }
        match purpose {
            Purpose::Handshake => self.on_handshake(result, fx),
            Purpose::Watch => self.on_watch_ended(result, fx),
            Purpose::Params(height) => self.on_params(height, result, fx),
            Purpose::StartRound(slot) => self.on_round_started(slot, result, fx),
            Purpose::Decide(height) => self.on_decide_returned(height, result, fx),
            Purpose::Import(height) => self.on_import_returned(height, result, fx),
            Purpose::ImportSynced(height) => self.on_synced_imported(height, result, fx),
            Purpose::Build(round) => self.on_build_returned(round, result, fx),
            Purpose::Reframe(round) => self.on_reframed(round, result, fx),
            Purpose::Validate(job) => self.on_verdict(job, result, fx),
            Purpose::GapParams(height) => self.on_gap_params(height, result, fx),
            Purpose::GapCertificate(height) => self.on_gap_certificate(height, result, fx),
            Purpose::BestEffort => {
                if let Err(failure) = result {
                    self.settle(&failure, fx);
                }
            }
            Purpose::Abandoned => {
                // Who is told that it is fenced stops, whatever call told it (ECP-SES-019).
                if let Err(failure) = result
                    && failure.action == Action::Halt
                {
                    self.settle(&failure, fx);
                }
            }
        }
    }

    fn on_ask(&mut self, ask: Ask, fx: &mut Vec<Effect>) {
        match ask {
            Ask::Ready(reply) => self.start_reply = Some(reply),
            Ask::StartedRound { reply, slot, proposer, role } => {
                self.on_started_round(reply, slot, proposer, role, fx);
            }
            Ask::GetValue { reply, slot, timeout_ms } => self.on_get_value(reply, slot, timeout_ms, fx),
            Ask::Restream { slot, valid_round, commitment } => self.on_restream(slot, valid_round, commitment, fx),
            Ask::Received(envelope) => self.on_received(envelope, fx),
            Ask::Decided { reply, certificate } => self.on_decided(reply, certificate, fx),
            Ask::Finalized { reply, certificate, evidence } => self.on_finalized(reply, certificate, evidence, fx),
            Ask::Synced { reply, slot, proposer, certificate, parts } => {
                self.on_synced(Synced::new(reply, slot, proposer, certificate, parts), fx);
            }
            Ask::GetDecided { reply, from, to } => self.on_get_decided(reply, from, to, fx),
            Ask::MinHeight(reply) => {
                let height = self.min_height();
                fx.push(Effect::Reply { reply, answer: Answer::MinHeight(height) });
            }
        }
    }

    // ---- small tools of the other modules ----

    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// A stream id that was never used: this process's seed and a counter (ECP-STR-006).
    pub(crate) fn next_stream_id(&mut self) -> StreamId {
        let counter = self.next_id();
        stream_id(self.config.stream_seed, counter)
    }

    pub(crate) fn call(&mut self, purpose: Purpose, call: Call, fx: &mut Vec<Effect>) -> CallId {
        let id = self.next_id();
        self.calls.insert(id, purpose);
        fx.push(Effect::Call { id, call });
        id
    }

    pub(crate) fn persist(&mut self, writes: Vec<Write>, fx: &mut Vec<Effect>) {
        for write in &writes {
            self.durable.apply(write);
        }
        fx.push(Effect::Persist(writes));
    }

    pub(crate) fn halt(&mut self, halt: Halt, fx: &mut Vec<Effect>) {
        self.halted = true;
        fx.push(Effect::Halt(halt));
    }

    pub(crate) fn defect(&self, text: impl Into<String>, fx: &mut Vec<Effect>) {
        fx.push(Effect::Note(Note::Defect(text.into())));
    }

    /// The next height to decide: above every certificate held and every block that the execution half committed.
    #[must_use]
    pub fn next_height(&self) -> Height {
        self.durable.certified.map_or(self.session.first_height, |p| p.height.saturating_add(1))
    }

    fn on_timer(&mut self, timer: Timer, fx: &mut Vec<Effect>) {
        match timer {
            Timer::Retry(n) => self.open_gates(|gate| gate == Gate::Timer(n)),
            Timer::Propose(slot) => self.on_propose_timeout(slot, fx),
            Timer::Reconnect(_) | Timer::WatchSuspect(_) | Timer::WatchLost(_) => self.on_session_timer(timer, fx),
        }
    }

    /// Makes every waiting gate that matches idle again.
    pub(crate) fn open_gates(&mut self, matches: impl Fn(Gate) -> bool) {
        let mut gates = vec![&mut self.lane, &mut self.params_gate, &mut self.recovery.gate];
        if let Some(height) = &mut self.height {
            gates.extend(height.jobs.values_mut().map(|job| &mut job.gate));
            gates.extend(height.own.values_mut().map(|own| &mut own.gate));
        }
        for gate in gates {
            if matches(*gate) {
                *gate = Gate::Idle;
            }
        }
    }
}

/// A stream id from this process's seed and a number that is used once.
pub(crate) fn stream_id(seed: [u8; 8], number: u64) -> StreamId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&seed);
    id[8..].copy_from_slice(&number.to_be_bytes());
    id
}
