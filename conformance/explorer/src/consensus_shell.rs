//! The consensus half's shell: effects of its core, in order, and what arrives for it.

use ecp_consensus_core::{
    Answer, Call, CallId, Content, Effect, Failure, Feed, Halt, Header, Input, Note, Outcome, Parts, Timer, Write,
};
use ecp_execution_core::{
    CallKind,
    input::{
        BuildProposal, Call as ExecutionCall, Handshake, ImportHeader, ReframeInit, StartRound, StreamEvent,
        ValidateOpen,
    },
};
use ecp_types::{Action, ConsensusId, Counts, SessionRole};

use crate::{
    pair::{Down, Link, Pair, Told, Up},
    rules::Rule,
};

/// This consensus half.
pub const OWN_ID: ConsensusId = [7; 16];

impl Pair {
    /// Says the next thing of the shell itself.
    pub fn say_soon(&mut self) {
        if let Some(input) = self.consensus.soon.pop_front() {
            self.step_consensus(input);
        }
    }

    /// The connection that was asked for is open.
    pub fn connect(&mut self) {
        self.consensus.link = Link::Open;
        self.step_consensus(Input::Connected);
    }

    /// A timer fires.
    pub fn fire(&mut self, timer: Timer) {
        if self.consensus.timers.remove(&timer) {
            self.step_consensus(Input::Timer(timer));
        }
    }

    /// The message at a place of the queue arrives.
    pub fn deliver_down(&mut self, at: usize) {
        match self.down.remove(at) {
            Some(Down::Input(Input::Returned { id, result })) => {
                let waited = self.consensus.running.remove(&id);
                if waited {
                    let told = result.as_ref().err().and_then(|failure| failure.reason);
                    self.seen.fenced |= told == Some(ecp_types::Reason::Fenced);
                    self.step_consensus(Input::Returned { id, result });
                }
            }
            Some(Down::Input(input)) => self.step_consensus(input),
            Some(Down::Session(id, answer, token)) => {
                let waited = self.consensus.running.remove(&id);
                if waited {
                    self.consensus.token = Some(token);
                    let result = Ok(Outcome::Handshaken(answer));
                    self.step_consensus(Input::Returned { id, result });
                }
            }
            Some(Down::Lost) => {
                self.consensus.link = Link::Down;
                // Every call fails. The first one that still matters tells, and the others are given up with it.
                while let Some(id) = self.consensus.running.pop_first() {
                    let result = Err(failure(Action::Handshake, "the connection is lost"));
                    self.step_consensus(Input::Returned { id, result });
                }
            }
            None => {}
        }
    }

    /// One step of the core, and its effects; the process dies in between if that was asked for.
    pub fn step_consensus(&mut self, input: Input) {
        let effects = self.consensus.core.step(input);
        if effects.is_empty() {
            return;
        }
        let durable = |e: &Effect| matches!(e, Effect::Persist(_) | Effect::RaiseSigningFloor(_));
        self.cuts = (1..effects.len())
            .filter(|at| durable(&effects[at - 1]) || durable(&effects[*at]))
            .filter_map(|at| u8::try_from(at).ok())
            .collect();
        let cut = self.cut.take();
        for (at, effect) in effects.into_iter().enumerate() {
            if cut.is_some_and(|cut| usize::from(cut) == at) {
                return self.restart_consensus(true);
            }
            self.consensus_effect(effect);
        }
    }

    fn consensus_effect(&mut self, effect: Effect) {
        match effect {
            Effect::Connect => {
                if self.consensus.link == Link::Open {
                    self.close(true);
                }
                self.down.clear();
                self.consensus.running.clear();
                self.consensus.token = None;
                self.consensus.link = Link::Opening;
            }
            Effect::Call { id, call } => self.call(id, call),
            Effect::Feed { id, message } => {
                let event = match message {
                    Feed::Part(part) => StreamEvent::Part(part),
                    Feed::End(counts) => StreamEvent::End(counts),
                    Feed::Raise(basis) => StreamEvent::Raise(basis),
                };
                if self.consensus.running.contains(&id) {
                    self.send_event(id, event);
                }
            }
            Effect::Cancel(id) => {
                if self.consensus.running.remove(&id) {
                    self.send_event(id, StreamEvent::Reset);
                }
            }
            Effect::Persist(writes) => {
                for write in &writes {
                    if let Write::Adopted(position) = write
                        && self.consensus.disk.record.is_none_or(|last| last.height < position.height)
                    {
                        self.violate("ECP-REC-013", "a height is adopted that the key may still sign at");
                    }
                }
                self.consensus.disk.write(&writes, self.without);
            }
            Effect::RaiseSigningFloor(floor) => {
                if self.without != Some(Rule::Floor) {
                    self.consensus.disk.raise(floor);
                }
            }
            Effect::StartEngine { sign } => self.told.push(Told::StartEngine(sign)),
            Effect::Reply { reply, answer } => {
                if let Answer::Value(commitment) = &answer {
                    let known = |b: &ecp_consensus_core::Body| b.own && b.commitment == *commitment;
                    if !self.consensus.disk.bodies.values().any(known) {
                        self.violate("ECP-REC-002", "the engine hears an own value whose body is not durable");
                    }
                }
                self.told.push(Told::Reply(reply, answer));
            }
            Effect::Propose(value) => {
                let key = ecp_consensus_core::BodyKey { slot: value.header.slot, commitment: value.commitment };
                if value.valid && !self.consensus.disk.bodies.contains_key(&key) {
                    self.violate("ECP-REC-002", "the engine hears a value whose body is not durable");
                }
                self.told.push(Told::Propose(value));
            }
            Effect::Publish { header, stream_id, content } => self.publish(header, stream_id, content),
            Effect::Authenticate { envelope, .. } => {
                self.consensus.soon.push_back(Input::Authenticated { envelope, authentic: true });
            }
            Effect::CheckCertificate { check, certificate, .. } => {
                let height = certificate.height;
                self.consensus.soon.push_back(Input::CertificateChecked { check, height, valid: true });
            }
            Effect::SetTimer { timer, .. } => match timer {
                Timer::Reconnect(_) => {
                    self.consensus.timers.retain(|t| !matches!(t, Timer::Reconnect(_)));
                    self.consensus.timers.insert(timer);
                }
                Timer::Retry(_) | Timer::Propose(_) => {
                    self.consensus.timers.insert(timer);
                }
                // A lost connection is told here; silence is not.
                Timer::WatchSuspect(_) | Timer::WatchLost(_) => {}
            },
            Effect::Note(Note::Defect(text)) => {
                self.violate("ECP-ERR-002", format!("a defect between honest halves: {text}"))
            }
            Effect::Note(_) => {}
            Effect::Halt(halt) => self.halt(halt),
        }
    }

    fn halt(&mut self, halt: Halt) {
        match &halt {
            Halt::Refused(text) | Halt::Diverged(text) => {
                self.violate("ECP-REC-009", format!("the half stops for good: {text}"));
            }
            Halt::Fenced(_) | Halt::Restart(_) | Halt::Stopped => {}
        }
        // The process ends, and its connection with it.
        self.consensus.halted = Some(halt);
        self.consensus.running.clear();
        self.consensus.timers.clear();
        self.consensus.soon.clear();
        self.consensus.link = Link::Down;
        self.close(true);
    }

    fn publish(&mut self, header: Header, stream_id: ecp_types::StreamId, content: Content) {
        let slot = header.slot;
        match &content {
            Content::Part(part) => {
                let known = self.seen.parts.insert((slot, part.index), part.clone());
                if known.is_some_and(|known| known != *part) {
                    self.violate(
                        "ECP-REC-010",
                        format!("two proposals of height {} round {}", slot.height, slot.round),
                    );
                }
            }
            Content::End { commitment, .. } => {
                let known = self.seen.ends.insert(slot, *commitment);
                if known.is_some_and(|known| known != *commitment) {
                    self.violate(
                        "ECP-REC-010",
                        format!("two proposals of height {} round {}", slot.height, slot.round),
                    );
                }
            }
        }
        self.told.push(Told::Publish(header, stream_id, content));
    }

    fn call(&mut self, id: CallId, call: Call) {
        self.consensus.running.insert(id);
        let mut events = Vec::new();
        let (kind, call) = match call {
            Call::Handshake { takeover, .. } => {
                if self.seen.fenced {
                    self.violate("ECP-SES-019", "a fenced half handshakes again by itself");
                }
                let handshake = Handshake {
                    revisions: vec![1],
                    features: std::collections::BTreeSet::new(),
                    network: Some(self.setting.network()),
                    role: SessionRole::Writer,
                    consensus_id: OWN_ID,
                    takeover,
                    nonce: [0; 16],
                    invalid: None,
                };
                (CallKind::Handshake, ExecutionCall::Handshake(Box::new(handshake)))
            }
            Call::Watch => (CallKind::Watch, ExecutionCall::Watch),
            Call::GetHeightParams(height) => (CallKind::GetHeightParams, ExecutionCall::GetHeightParams(height)),
            Call::StartRound { slot, role, proposer } => {
                if self.without == Some(Rule::Announce) && !self.consensus.announced.insert(slot) {
                    self.consensus.running.remove(&id);
                    self.consensus.soon.push_back(Input::Returned { id, result: Ok(Outcome::Done) });
                    return;
                }
                let start = StartRound { height: slot.height, round: slot.round, role, proposer };
                (CallKind::StartRound, ExecutionCall::StartRound(start))
            }
            Call::Build { stream_id, slot, proposer, budget_ms } => {
                let (height, round) = (slot.height, slot.round);
                let build = BuildProposal { stream_id, height, round, proposer, budget_ms };
                (CallKind::BuildProposal, ExecutionCall::BuildProposal(build))
            }
            Call::Validate { stream_id, header, budget_ms, basis, same_as } => {
                let Header { slot, valid_round, proposer } = header;
                let basis = if self.without == Some(Rule::Basis) { ecp_types::Basis::Fresh } else { basis };
                let (height, round) = (slot.height, slot.round);
                let open = ValidateOpen { stream_id, height, round, valid_round, proposer, budget_ms, basis, same_as };
                events.push(StreamEvent::Open(Box::new(open)));
                (CallKind::ValidateProposal, ExecutionCall::ValidateProposal)
            }
            Call::ReframeInit { slot, valid_round, proposer, init } => {
                let reframe = ReframeInit { height: slot.height, init, round: slot.round, valid_round, proposer };
                (CallKind::ReframeInit, ExecutionCall::ReframeInit(reframe))
            }
            Call::Abort(stream) => (CallKind::Abort, ExecutionCall::Abort(stream)),
            Call::Decide(certificate) => {
                let known = self.consensus.disk.durable.decided.get(&certificate.height);
                if known.is_none_or(|known| known.certificate.commitment != certificate.commitment) {
                    self.violate("ECP-REC-004", "Decide is called before its certificate is durable");
                }
                (CallKind::Decide, ExecutionCall::Decide(Box::new(certificate)))
            }
            Call::Finalize { .. } => return,
            Call::GetCertificate(height) => (CallKind::GetDecided, ExecutionCall::GetDecided(height, height)),
            Call::Import { certificate, source } => {
                let parts = match source {
                    Parts::Given(parts) => parts,
                    Parts::Stored(key) => {
                        let body = self.consensus.disk.bodies.get(&key);
                        body.map(|body| body.parts.clone()).unwrap_or_default()
                    }
                };
                let counts = Counts::of(&parts);
                let part_format = String::new();
                events.push(StreamEvent::Header(Box::new(ImportHeader { certificate, part_format, counts })));
                events.extend(parts.into_iter().map(StreamEvent::Part));
                events.push(StreamEvent::End(counts));
                (CallKind::ImportDecided, ExecutionCall::ImportDecided)
            }
        };
        if self.consensus.link == Link::Open {
            let token = self.consensus.token.clone();
            self.up.push_back(Up::Call { id, token, kind, call: Box::new(call), events });
        }
    }

    fn send_event(&mut self, id: CallId, event: StreamEvent) {
        match self.up.back_mut() {
            Some(Up::Call { id: last, events, .. } | Up::Events { id: last, events }) if *last == id => {
                events.push(event)
            }
            _ => self.up.push_back(Up::Events { id, events: vec![event] }),
        }
    }
}

pub(crate) fn failure(action: Action, message: &str) -> Failure {
    Failure { action, reason: None, message: message.to_owned(), retry_after_ms: None }
}
