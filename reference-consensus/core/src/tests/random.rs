//! Random worlds: engine, execution half, peers, timers and crashes in any order. Nothing panics, and what must never
//! happen never does.
//!
//! Crashes strike between any two effects of a step: the disk then holds what was persisted before, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use ecp_types::{
    Action, Certificate, Commitment, Counts, ExecutionPosition, Felt, Height, InstanceId, InvalidReason, LocalReason,
    Missing, Part, Phase, Position, Round, RoundRole, Verdict, WatchState,
};
use proptest::{prelude::*, strategy::ValueTree as _};

use super::world::*;
use crate::{
    Answer, Ask, Call, Check, Content, Durable, Effect, Envelope, Handshaken, Header, Imported, Input, Outcome, Slot,
    State, Timer, Write,
};

/// Everything outside the bridge, with what it was ever told.
struct Outside {
    state: State,
    disk: Durable,
    calls: BTreeMap<u64, Call>,
    timers: Vec<Timer>,
    value_of: BTreeMap<u64, Slot>,
    instance: u8,
    committed: Option<Position>,
    last_reply: u64,
    halted: bool,
    connecting: bool,
    // What other nodes saw of this one, over all crashes.
    published: BTreeMap<(Slot, u32), Part>,
    ends: BTreeMap<Slot, Commitment>,
    decided: BTreeMap<Height, Commitment>,
    values: BTreeMap<Slot, Commitment>,
    acknowledged: BTreeSet<Height>,
}

impl Outside {
    fn new() -> Self {
        let disk = Durable { record: Some(None), ..Durable::default() };
        Self {
            state: State::new(config(), disk.clone()),
            disk,
            calls: BTreeMap::new(),
            timers: Vec::new(),
            value_of: BTreeMap::new(),
            instance: 1,
            committed: None,
            last_reply: 0,
            halted: false,
            connecting: false,
            published: BTreeMap::new(),
            ends: BTreeMap::new(),
            decided: BTreeMap::new(),
            values: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
        }
    }

    /// One input; only the first `survive` effects happen before the process dies, if it does.
    fn input(&mut self, input: Input, survive: Option<usize>) {
        let effects = self.state.step(input);
        assert!(!self.halted || effects.is_empty(), "an effect after a halt: {effects:?}");
        let all = effects.len();
        for effect in effects.into_iter().take(survive.unwrap_or(all)) {
            self.happen(effect);
        }
        if survive.is_some() {
            self.restart();
        } else {
            assert_eq!(self.state.durable(), &self.disk, "what the bridge holds durable is on disk");
        }
    }

    fn restart(&mut self) {
        self.state = State::new(config(), self.disk.clone());
        self.calls.clear();
        self.connecting = false;
        self.timers.clear();
        self.halted = false;
        self.input(Input::Start, None);
    }

    fn happen(&mut self, effect: Effect) {
        match effect {
            Effect::Connect => {
                self.connecting = true;
                self.calls.clear();
            }
            Effect::Call { id, call } => self.called(id, call),
            Effect::Feed { id, .. } => {
                assert!(matches!(self.calls.get(&id), None | Some(Call::Validate { .. })));
            }
            Effect::Cancel(id) => {
                self.calls.remove(&id);
            }
            Effect::Persist(writes) => writes.iter().for_each(|write| self.persisted(write)),
            Effect::Publish { header, content, .. } => self.published(header, content),
            Effect::Propose(value) if value.valid => {
                let key = crate::BodyKey { slot: value.header.slot, commitment: value.commitment };
                assert!(self.disk.bodies.contains_key(&key), "a value without a durable body");
            }
            Effect::Reply { reply, answer: Answer::Value(commitment) } => {
                let slot = self.value_of[&reply];
                let own = |b: &&crate::Body| b.own && b.header.slot == slot && b.commitment == commitment;
                assert!(self.disk.bodies.values().any(|b| own(&b)), "a value without a durable body");
                let known = self.values.insert(slot, commitment);
                assert!(known.is_none_or(|known| known == commitment), "two values in {slot:?}");
            }
            Effect::SetTimer { timer, .. } => self.timers.push(timer),
            Effect::Halt(_) => self.halted = true,
            _ => {}
        }
    }

    fn called(&mut self, id: u64, call: Call) {
        let serial = |call: &Call| matches!(call, Call::StartRound { .. } | Call::Decide(_) | Call::Import { .. });
        if serial(&call) {
            assert!(!self.calls.values().any(serial), "two calls of the serial lane at once");
        }
        match &call {
            Call::StartRound { slot, .. } => {
                let below = slot.height.checked_sub(1);
                assert!(below.is_none_or(|h| self.acknowledged.contains(&h)), "{slot:?} before its parent's decision");
            }
            Call::Build { slot, .. } => {
                assert!(self.disk.marks.contains(slot), "a build without its mark");
            }
            Call::Decide(certificate) => {
                let known = self.disk.decided.get(&certificate.height).map(|d| d.certificate.commitment);
                assert_eq!(known, Some(certificate.commitment), "Decide before the certificate is durable");
                let below = certificate.height.checked_sub(1);
                assert!(below.is_none_or(|h| self.acknowledged.contains(&h)), "decisions out of order");
            }
            _ => {}
        }
        self.calls.insert(id, call);
    }

    fn persisted(&mut self, write: &Write) {
        if let Write::Decided { certificate, .. } = write {
            let known = self.decided.insert(certificate.height, certificate.commitment);
            assert!(known.is_none_or(|known| known == certificate.commitment), "two decisions at one height");
        }
        if let Write::Committed(position) | Write::Adopted(position) = write {
            self.acknowledged.extend(0..=position.height);
        }
        self.disk.apply(write);
    }

    fn published(&mut self, header: Header, content: Content) {
        let slot = header.slot;
        assert!(self.disk.marks.contains(&slot), "a part before its mark");
        match content {
            Content::Part(part) => {
                let known = self.published.insert((slot, part.index), part.clone());
                assert!(known.is_none_or(|known| known == part), "two proposals in {slot:?}");
            }
            Content::End { commitment, .. } => {
                let known = self.ends.insert(slot, commitment);
                assert!(known.is_none_or(|known| known == commitment), "two proposals in {slot:?}");
            }
        }
    }

    fn height(&self) -> Height {
        self.state.current_params().map_or(0, |p| p.height)
    }

    fn reply(&mut self) -> u64 {
        self.last_reply += 1;
        self.last_reply
    }

    fn instance_id(&self) -> InstanceId {
        [self.instance; 16]
    }

    /// What the execution half answers; `kind` picks one of the legal and illegal answers.
    fn answer(&mut self, id: u64, call: &Call, kind: u8, n: u8) -> Vec<Input> {
        let returned = |result| vec![Input::Returned { id, result }];
        if kind < 12 {
            let actions =
                [Action::Retry, Action::Wait, Action::Handshake, Action::Resync, Action::Skip, Action::Report];
            return returned(Err(failure(actions[usize::from(kind) % actions.len()], None)));
        }
        match call {
            Call::Handshake { .. } => {
                let position = ExecutionPosition {
                    committed: self.committed,
                    earliest: self.committed.map(|_| 0),
                    block_hash_height: None,
                };
                returned(Ok(Outcome::Handshaken(Box::new(Handshaken {
                    revision: 1,
                    features: vec![],
                    network: network(),
                    instance_id: self.instance_id(),
                    position,
                    build_margin_ms: 0,
                    first_height: 0,
                }))))
            }
            Call::Watch => {
                let phase = if kind > 250 { Phase::Syncing } else { Phase::Ready };
                vec![Input::Watch { id, state: self.watch(phase) }]
            }
            Call::GetHeightParams(height) => returned(Ok(Outcome::Params(params(*height)))),
            Call::StartRound { .. } | Call::Abort(_) | Call::Finalize { .. } => returned(Ok(Outcome::Done)),
            Call::ReframeInit { .. } => returned(Ok(Outcome::Init(vec![n].into()))),
            Call::Build { .. } => {
                let parts = parts(n % 3);
                let some = if kind > 200 { parts.len() } else { usize::from(kind) % parts.len() };
                let mut inputs: Vec<_> =
                    parts[..some].iter().map(|part| Input::BuildPart { id, part: part.clone() }).collect();
                if kind > 120 {
                    let built = Outcome::Built { commitment: commitment(n % 3), counts: Counts::of(&parts) };
                    inputs.push(Input::Returned { id, result: Ok(built) });
                }
                inputs
            }
            Call::Validate { .. } => returned(Ok(Outcome::Verdict(match kind % 6 {
                0 | 1 => Verdict::Valid { commitment: commitment(n % 3), executed_count: 1 },
                2 => Verdict::Invalid { reason: InvalidReason::HeaderRule, detail: String::new() },
                3 => Verdict::NotReady(Missing::BlockHash(0)),
                4 => Verdict::Expired,
                _ => Verdict::RejectedLocal {
                    reason: LocalReason::PriceBand,
                    commitment: commitment(n % 3),
                    detail: String::new(),
                },
            }))),
            Call::Decide(certificate) | Call::Import { certificate, .. } => {
                let committed = Position { height: certificate.height, commitment: certificate.commitment };
                self.committed = Some(committed);
                // The block is durable there, and the answer may be lost.
                if kind > 230 {
                    self.instance = self.instance.wrapping_add(1);
                    return returned(Err(failure(Action::Handshake, None)));
                }
                returned(Ok(match call {
                    Call::Decide(_) => Outcome::Decided { committed, next_params: None },
                    _ => Outcome::Imported(Imported::Committed { committed, next_params: None }),
                }))
            }
            Call::GetCertificate(height) => {
                let n = self.decided.get(height).map_or(0, |c| c.0[0]);
                returned(Ok(Outcome::Certificate(certificate(*height, 0, n))))
            }
        }
    }

    fn watch(&self, phase: Phase) -> WatchState {
        WatchState {
            instance_id: self.instance_id(),
            phase,
            reason: String::new(),
            committed: self.committed,
            block_hash_height: None,
            params_height: None,
            network_tip: None,
            sequence: 0,
        }
    }

    /// What the engine or a peer does.
    fn ask(&mut self, kind: u8, round: Round, n: u8) -> Input {
        let (height, reply) = (self.height(), self.reply());
        let slot = Slot { height: height + u64::from(kind > 240), round };
        let proposer = Felt::from_u64(if round.is_multiple_of(2) { ME } else { OTHER });
        // One value is decided at a height, whatever is proposed.
        let agreed = self.decided.get(&height).map_or(n % 3, |c| c.0[0]);
        let certificate: Certificate = certificate(height, round, agreed);
        Input::Engine(match kind % 10 {
            0 => Ask::Ready(reply),
            1 | 2 => {
                let role = if round.is_multiple_of(2) { RoundRole::Proposer } else { RoundRole::Validator };
                Ask::StartedRound { reply, slot, proposer, role }
            }
            3 => {
                self.value_of.insert(reply, slot);
                Ask::GetValue { reply, slot, timeout_ms: 100 }
            }
            4 => Ask::Restream { slot, valid_round: 0, commitment: commitment(n % 3) },
            5 => {
                let parts = parts(n % 3);
                let content = match parts.get(usize::from(kind / 10) % 4) {
                    Some(part) => Content::Part(part.clone()),
                    None => Content::End { counts: Counts::of(&parts), commitment: commitment(n % 3) },
                };
                let header = Header { slot, valid_round: None, proposer };
                Ask::Received(Envelope { header, stream_id: [n % 3; 16], content, signature: vec![] })
            }
            6 => Ask::Decided { reply, certificate },
            7 => Ask::Finalized { reply, certificate, evidence: vec![] },
            8 => Ask::Synced { reply, slot, proposer, certificate, parts: parts(agreed) },
            _ => Ask::GetDecided { reply, from: 0, to: u64::from(n) },
        })
    }

    fn step(&mut self, (what, kind, round, n): (u8, u8, u8, u8), survive: Option<usize>) {
        // Mostly the first round, so that questions meet the round they are about.
        let round = if round < 160 { 0 } else { Round::from(round % 4) };
        let inputs = match what % 8 {
            _ if self.connecting && what > 60 => {
                self.connecting = false;
                vec![Input::Connected]
            }
            _ if self.state.current_params().is_none() && what > 200 => {
                let reply = self.reply();
                vec![Input::Engine(Ask::Ready(reply))]
            }
            0..=3 if !self.calls.is_empty() => {
                let at = usize::from(n) % self.calls.len();
                let (id, call) = self.calls.iter().nth(at).map(|(id, call)| (*id, call.clone())).expect("in range");
                if !matches!(call, Call::Watch) {
                    self.calls.remove(&id);
                }
                self.answer(id, &call, kind, n)
            }
            4 if !self.timers.is_empty() => {
                let at = usize::from(n) % self.timers.len();
                vec![Input::Timer(self.timers.swap_remove(at))]
            }
            5 => vec![Input::Connected],
            6 if kind > 200 => {
                let check = if n.is_multiple_of(2) { Check::Gap } else { Check::Synced };
                vec![Input::CertificateChecked { check, height: self.height(), valid: !n.is_multiple_of(7) }]
            }
            6 if kind > 100 => {
                let header = Header {
                    slot: Slot { height: self.height(), round: round | 1 },
                    valid_round: None,
                    proposer: Felt::from_u64(OTHER),
                };
                let end = Content::End { counts: Counts::of(&parts(n % 3)), commitment: commitment(n % 3) };
                let contents = parts(n % 3).into_iter().map(Content::Part).chain([end]);
                let envelope = |content| Envelope { header, stream_id: [n % 3; 16], content, signature: vec![] };
                contents.map(|c| Input::Authenticated { envelope: envelope(c), authentic: true }).collect()
            }
            // A height begins with its round, and an own round with the question for a value.
            7 if kind > 80 => vec![self.ask(1, round, n), self.ask(3, round, n)],
            _ => vec![self.ask(kind, round, n)],
        };
        let last = inputs.len().saturating_sub(1);
        for (at, input) in inputs.into_iter().enumerate() {
            self.input(input, survive.filter(|_| at == last));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_048, ..ProptestConfig::default() })]

    #[test]
    fn nothing_forbidden_ever_happens(
        steps in prop::collection::vec(((any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>()), 0u8..40), 1..400),
    ) {
        let mut world = Outside::new();
        world.input(Input::Start, None);
        for (step, crash) in steps {
            // One step in twenty is the last of its process, after some of its effects.
            let survive = (crash < 2).then_some(usize::from(step.3 % 5));
            world.step(step, survive);
            if world.halted {
                // An operator looks at it, and starts it again.
                world.restart();
            }
        }
    }
}

#[test]
fn random_worlds_decide_and_build() {
    // The driver reaches what the invariants are about; otherwise they would hold for nothing.
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let one = (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>());
    let (mut decided, mut published, mut values) = (0, 0, 0);
    for _ in 0..200 {
        let steps = prop::collection::vec(one, 300..400).new_tree(&mut runner).expect("a tree").current();
        let mut world = Outside::new();
        world.input(Input::Start, None);
        for step in steps {
            world.step(step, None);
            if world.halted {
                world.restart();
            }
        }
        decided += world.acknowledged.len();
        published += world.published.len();
        values += world.values.len();
    }
    assert!(decided > 50 && published > 50 && values > 20, "{decided} {published} {values}");
}
