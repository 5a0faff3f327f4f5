//! The execution half's shell: what arrives for its core, and its effects.

use ecp_consensus_core::{CallId, Failure, Handshaken, Imported, Input, Outcome};
use ecp_execution_core::{
    self as execution, CallKind, Effect, Refusal,
    effect::{HandshakeReply, ImportReply, Message, Read, Reply},
    input::{Call, EngineEvent, Handshake, Input as ExecutionInput, StreamEvent, Timer},
};
use ecp_types::{Action, Commitment, Reason, SessionRole, Verdict};

use crate::{
    disk::Block,
    names::TWIN,
    pair::{Down, Pair, Up},
    rules::Rule,
};

/// The call of the stranger that takes the execution half over.
const STRANGER: CallId = 1;

impl Pair {
    /// The message at a place of the queue arrives; `twice`: and a second time, as a call that a library repeated.
    pub fn deliver_up(&mut self, at: usize, twice: bool) {
        match self.up.remove(at) {
            Some(Up::Call { id, token, kind, call, events }) => {
                let twin = twice.then(|| (token.clone(), call.clone(), events.clone()));
                self.arrive(id, token, kind, *call, events);
                if let Some((token, call, events)) = twin {
                    self.arrive(id + TWIN, token, kind, *call, events);
                }
            }
            Some(Up::Events { id, events }) => {
                for event in events {
                    self.stream_event(id, event);
                }
            }
            Some(Up::Closed) => {
                let open: Vec<CallId> = self.execution.callers.keys().copied().filter(|id| *id != STRANGER).collect();
                for id in open {
                    self.stream_event(id, StreamEvent::Reset);
                }
            }
            None => {}
        }
    }

    fn arrive(&mut self, id: CallId, token: Option<Vec<u8>>, kind: CallKind, call: Call, events: Vec<StreamEvent>) {
        let stale = token.is_some() && self.execution.newest.is_some() && token != self.execution.newest;
        let token = match self.without {
            Some(Rule::Fenced) if stale => self.execution.newest.clone(),
            _ => token,
        };
        if matches!(kind, CallKind::Decide | CallKind::ImportDecided) && !stale {
            self.seen.may_commit = true;
        }
        self.execution.callers.insert(id, kind);
        self.step_execution(ExecutionInput::Call { id, token, kind, call: Ok(call) });
        for event in events {
            self.stream_event(id, event);
        }
    }

    fn stream_event(&mut self, id: CallId, event: StreamEvent) {
        if event == StreamEvent::Reset {
            self.execution.callers.remove(&id);
            self.execution.watchers.remove(&id);
        }
        self.step_execution(ExecutionInput::Stream { id, event });
    }

    /// The engine says what it has to say next.
    pub fn say(&mut self) {
        let Some((work, events)) = self.execution.executor.say() else { return };
        for event in events {
            if let EngineEvent::Built(outcome) = &event {
                self.seen.valid.insert(outcome.commitment);
            }
            self.step_execution(ExecutionInput::Engine { work, event });
        }
    }

    /// The block that is being written is durable.
    pub fn written(&mut self) {
        let Some((write, commit, parts)) = self.execution.writing.take() else { return };
        let height = commit.certificate.height;
        if self.execution.disk.blocks.len() as u64 != height {
            self.violate("ECP-DEC-007", format!("a second block is written at height {height}"));
            return;
        }
        self.execution.disk.blocks.push(Block { certificate: commit.certificate, parts });
        let next = Box::new(self.setting.params(height + 1));
        self.step_execution(ExecutionInput::Stored { write, result: Ok(Some(next)) });
    }

    /// A timer of the execution half fires.
    pub fn fire_execution(&mut self, timer: Timer) {
        if self.execution.timers.remove(&timer) {
            self.step_execution(ExecutionInput::Timer(timer));
        }
    }

    /// Another consensus half takes the execution half over, because its operator said so. It makes no call after that.
    pub fn take_over(&mut self) {
        let handshake = Handshake {
            revisions: vec![1],
            features: std::collections::BTreeSet::new(),
            network: Some(self.setting.network()),
            role: SessionRole::Writer,
            consensus_id: [8; 16],
            takeover: true,
            nonce: [0; 16],
            invalid: None,
        };
        self.seen.taken = true;
        let call = Ok(Call::Handshake(Box::new(handshake)));
        self.step_execution(ExecutionInput::Call { id: STRANGER, token: None, kind: CallKind::Handshake, call });
    }

    fn step_execution(&mut self, input: ExecutionInput) {
        for effect in self.execution.core.step(input) {
            self.execution_effect(effect);
        }
    }

    fn execution_effect(&mut self, effect: Effect) {
        match effect {
            Effect::Reply(id, reply) => self.replied(id, reply),
            Effect::Refuse(id, refusal) => self.refused(id, refusal),
            Effect::Send(id, message) => self.sent(id, message),
            Effect::Finish(id) => {
                self.execution.callers.remove(&id);
            }
            Effect::Read(id, read) => self.read(id, read),
            Effect::Engine(work, command) => {
                let side = &mut *self.execution;
                side.executor.command(work, command, &mut side.builds, side.objection);
            }
            Effect::Commit(write, commit) => {
                let parts = self.execution.executor.parts(commit.work).map(<[_]>::to_vec).unwrap_or_default();
                if crate::setting::commitment(&parts) != Some(commit.certificate.commitment) {
                    self.violate("ECP-DEC-003", "another block than the decided one is written");
                }
                if !self.seen.may_commit {
                    self.violate("ECP-SES-009", "a block is written for a session that was replaced");
                }
                if self.without == Some(Rule::DurableDecide) {
                    self.answer_too_early(&commit.certificate);
                }
                self.execution.writing = Some((write, commit, parts));
            }
            Effect::StoreFinalize(id, _) => self.returned(id, Ok(Outcome::Done)),
            Effect::KeepEvidence(conflict) => {
                let requirement = if conflict.divergence { "ECP-DEC-008" } else { "ECP-DEC-007" };
                self.violate(requirement, conflict.detail);
            }
            Effect::Arm(timer, _) => {
                self.execution.timers.insert(timer);
            }
            Effect::Disarm(timer) => {
                self.execution.timers.remove(&timer);
            }
            Effect::Watch(state) => {
                self.execution.watched = Some(*state);
                for id in self.execution.watchers.clone() {
                    self.tell_watcher(id);
                }
            }
            Effect::Drained => {}
        }
    }

    /// A decision is answered when its write has only begun.
    fn answer_too_early(&mut self, certificate: &ecp_types::Certificate) {
        let committed = ecp_types::Position { height: certificate.height, commitment: certificate.commitment };
        let next_params = Some(self.setting.params(certificate.height + 1));
        let waiting = self.execution.callers.iter().filter(|(_, kind)| **kind == CallKind::Decide);
        for id in waiting.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.returned(id, Ok(Outcome::Decided { committed, next_params: next_params.clone() }));
        }
    }

    fn down(&mut self, id: CallId, message: Down) {
        // What a twin of a call or the stranger hears is of no interest.
        // What is said into a broken connection is lost.
        if id < TWIN && id != STRANGER && !self.down.contains(&Down::Lost) {
            self.down.push_back(message);
        }
    }

    fn returned(&mut self, id: CallId, result: Result<Outcome, Failure>) {
        self.execution.callers.remove(&id);
        self.down(id, Down::Input(Input::Returned { id, result }));
    }

    fn replied(&mut self, id: CallId, reply: Reply) {
        let outcome = match reply {
            Reply::Handshake(reply) => return self.session(id, *reply),
            Reply::StartRound | Reply::Abort => Outcome::Done,
            Reply::Decide { committed, next_params } => {
                if self.execution.disk.committed() < Some(committed) {
                    self.violate("ECP-DEC-001", "Decide is answered before its block is durable");
                }
                Outcome::Decided { committed, next_params: next_params.map(|params| *params) }
            }
            Reply::Import(reply) => Outcome::Imported(match reply {
                ImportReply::Committed { committed, next_params } => Imported::Committed { committed, next_params },
                ImportReply::Already(committed) => Imported::Committed { committed, next_params: None },
                ImportReply::Malformed(text) => Imported::Malformed(text),
                ImportReply::Mismatch(computed) => Imported::Mismatch(Some(computed)),
                ImportReply::NotReady(missing) => Imported::NotReady(Some(missing)),
                ImportReply::Conflict(_) => Imported::Conflict,
            }),
        };
        self.returned(id, Ok(outcome));
    }

    fn session(&mut self, id: CallId, reply: HandshakeReply) {
        self.execution.callers.remove(&id);
        self.seen.may_commit = false;
        if reply.position.committed != self.execution.disk.committed() {
            self.violate("ECP-SES-010", "a handshake tells another position than what is durable");
        }
        if matches!(self.without, Some(Rule::Fenced)) {
            self.execution.newest = Some(reply.token.clone());
        }
        let answer = Handshaken {
            revision: reply.revision,
            features: reply.features.into_iter().collect(),
            network: self.setting.network(),
            instance_id: self.instance_told(),
            position: reply.position,
            build_margin_ms: 50,
            first_height: 0,
        };
        self.down(id, Down::Session(id, Box::new(answer), reply.token));
    }

    fn instance_told(&self) -> [u8; 16] {
        if self.without == Some(Rule::NewInstance) { [1; 16] } else { [self.execution.instance; 16] }
    }

    fn refused(&mut self, id: CallId, refusal: Refusal) {
        let unknown = refusal.reason == Reason::UnknownProposal;
        let action = match (refusal.reason, self.without) {
            (Reason::UnknownProposal, Some(Rule::Import)) => Action::Retry,
            (Reason::Fenced, Some(Rule::FencedStops)) => Action::Handshake,
            (reason, _) => reason.action(),
        };
        let reason = Some(refusal.reason).filter(|_| !(unknown && self.without == Some(Rule::Import)));
        let message = refusal.problem;
        self.execution.watchers.remove(&id);
        self.returned(id, Err(Failure { action, reason, message, retry_after_ms: refusal.retry_after_ms }));
    }

    fn sent(&mut self, id: CallId, message: Message) {
        match message {
            Message::Part(part) => self.down(id, Down::Input(Input::BuildPart { id, part })),
            Message::Built(outcome, counts) => {
                let commitment = outcome.commitment;
                self.returned(id, Ok(Outcome::Built { commitment, counts }));
            }
            Message::Waiting(missing) => self.down(id, Down::Input(Input::Waiting { id, missing })),
            Message::Verdict(verdict) => {
                self.judged(&verdict);
                self.returned(id, Ok(Outcome::Verdict(verdict)));
            }
        }
    }

    fn judged(&mut self, verdict: &Verdict) {
        // A VALID that nobody heard binds nobody: what counts is the consensus half's record of it.
        let again = |pair: &mut Self, commitment: &Commitment| {
            if pair.consensus.disk.bodies.keys().any(|key| key.commitment == *commitment) {
                pair.violate("ECP-VAL-004", "what was VALID is REJECTED_LOCAL now");
            }
        };
        match verdict {
            Verdict::Valid { commitment, .. } => {
                self.seen.valid.insert(*commitment);
            }
            Verdict::RejectedLocal { commitment, .. } => again(self, commitment),
            Verdict::Invalid { reason, .. } => {
                self.violate("ECP-VAL-003", format!("an honest proposal is INVALID: {reason:?}"));
            }
            Verdict::NotReady(_) | Verdict::Aborted | Verdict::Expired => {}
        }
    }

    fn tell_watcher(&mut self, id: CallId) {
        let Some(mut state) = self.execution.watched.clone() else { return };
        state.instance_id = self.instance_told();
        // One slot: what was not taken yet is overwritten.
        self.down.retain(|m| !matches!(m, Down::Input(Input::Watch { id: known, .. }) if *known == id));
        self.down(id, Down::Input(Input::Watch { id, state }));
    }

    fn read(&mut self, id: CallId, read: Read) {
        match read {
            Read::Watch => {
                self.execution.watchers.insert(id);
                self.tell_watcher(id);
            }
            Read::HeightParams(height) => {
                let params = self.setting.params(height);
                self.returned(id, Ok(Outcome::Params(params)));
            }
            Read::Decided(from, _) => {
                if let Some(block) = self.execution.disk.block(from) {
                    let certificate = block.certificate.clone();
                    self.returned(id, Ok(Outcome::Certificate(certificate)));
                }
                self.step_execution(ExecutionInput::Stream { id, event: StreamEvent::Reset });
            }
            Read::BlockHash(_) => {}
            Read::ReframeInit(reframe) => {
                let slot = execution::seams::Slot {
                    height: reframe.height,
                    round: reframe.round,
                    valid_round: Some(reframe.valid_round),
                    proposer: reframe.proposer,
                };
                self.returned(id, Ok(Outcome::Init(crate::setting::init(&slot))));
            }
            Read::ArchivedCommitment(height) => {
                let commitment = self.execution.disk.block(height).map(|block| block.certificate.commitment);
                self.step_execution(ExecutionInput::Archived { id, commitment });
            }
        }
    }
}
