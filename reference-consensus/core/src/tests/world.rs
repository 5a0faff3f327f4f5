//! Values and a driver for tests: it keeps what the bridge wanted done, and answers by hand.

use bytes::Bytes;
use ecp_types::{
    Action, Certificate, CommitSignature, Commitment, Committee, Counts, ExecutionPosition, Felt, Height, HeightParams,
    Member, Network, Part, PartKind, Phase, Position, Quorum, Reason, Round, RoundRole, Timeouts, WatchState,
};

use crate::{
    Answer, Ask, Body, BodyKey, Call, CallId, Config, Content, Durable, Effect, Envelope, Failure, Halt, Handshaken,
    Header, Input, Outcome, ProposedValue, Slot, State, Timer, Write,
};

pub(super) const ME: u64 = 1;
pub(super) const OTHER: u64 = 2;

pub(super) fn network() -> Network {
    Network { chain_id: "TEST".into(), genesis_hash: [1; 32], fork_id: 0, activation_digest: [2; 32] }
}

pub(super) fn config() -> Config {
    Config {
        address: Some(Felt::from_u64(ME)),
        network: network(),
        takeover: false,
        stream_seed: [9; 8],
        sign_anyway: false,
        signature_schemes: vec!["ed25519".into()],
    }
}

/// Proposer of even rounds is this node, of odd rounds the other.
pub(super) fn params(height: Height) -> HeightParams {
    let member = |n| Member { address: Felt::from_u64(n), public_key: vec![0; 32], voting_power: 1 };
    HeightParams {
        height,
        committee: Committee::new(vec![member(ME), member(OTHER)]),
        proposers: vec![0, 1, 0, 1, 0, 1, 0, 1],
        builder: Felt::ZERO,
        quorum: Quorum::TWO_THIRDS,
        starknet_version: String::new(),
        part_format: "ecp-test/1".into(),
        commitment_scheme: "ecp-test/1".into(),
        signature_scheme: "ed25519".into(),
        timeouts: Timeouts {
            propose_ms: 1_000,
            propose_delta_ms: 500,
            prevote_ms: 100,
            prevote_delta_ms: 0,
            precommit_ms: 100,
            precommit_delta_ms: 0,
            rebroadcast_ms: 1_000,
            target_height_ms: None,
        },
        max_proposal_bytes: 10_000,
    }
}

pub(super) fn commitment(n: u8) -> Commitment {
    Commitment([n; 32])
}

pub(super) fn slot(height: Height, round: Round) -> Slot {
    Slot { height, round }
}

pub(super) fn header(height: Height, round: Round, proposer: u64) -> Header {
    Header { slot: slot(height, round), valid_round: None, proposer: Felt::from_u64(proposer) }
}

pub(super) fn parts(tag: u8) -> Vec<Part> {
    let kinds = [PartKind::Init, PartKind::Body, PartKind::Fin];
    kinds
        .into_iter()
        .zip(0..)
        .map(|(kind, index)| Part { index, kind, payload: Bytes::from(vec![tag, index as u8]) })
        .collect()
}

pub(super) fn certificate(height: Height, round: Round, n: u8) -> Certificate {
    let sign = |n| CommitSignature { address: Felt::from_u64(n), signature: vec![1] };
    Certificate { height, round, commitment: commitment(n), signatures: vec![sign(ME), sign(OTHER)] }
}

pub(super) fn position(height: Height, n: u8) -> Position {
    Position { height, commitment: commitment(n) }
}

pub(super) fn failure(action: Action, reason: Option<Reason>) -> Failure {
    Failure { action, reason, message: "test".into(), retry_after_ms: Some(5) }
}

pub(super) fn body(height: Height, round: Round, n: u8, own: bool) -> Body {
    let proposer = if own { ME } else { OTHER };
    Body { header: header(height, round, proposer), commitment: commitment(n), parts: parts(n), own }
}

/// A bridge with everything that it asked for and was not answered.
pub(super) struct World {
    pub(super) state: State,
    pub(super) effects: Vec<Effect>,
    pub(super) instance: u8,
    last_reply: u64,
}

impl World {
    pub(super) fn new(durable: Durable) -> Self {
        let mut world = Self { state: State::new(config(), durable), effects: Vec::new(), instance: 1, last_reply: 0 };
        world.input(Input::Start);
        world
    }

    /// A fresh key and an empty chain, with the session open, the engine at height 0 and round `round`.
    pub(super) fn running(round: Round) -> Self {
        let mut world = Self::new(Durable { record: Some(None), ..Durable::default() });
        world.open_session(None);
        world.start_height(0, round);
        world
    }

    pub(super) fn input(&mut self, input: Input) {
        let effects = self.state.step(input);
        self.effects.extend(effects);
    }

    pub(super) fn open_session(&mut self, committed: Option<Position>) {
        self.handshake(committed);
        self.watch(Phase::Ready);
    }

    pub(super) fn handshake(&mut self, committed: Option<Position>) {
        self.input(Input::Connected);
        let id = self.take_call(|call| matches!(call, Call::Handshake { .. }));
        let handshaken = Handshaken {
            revision: 1,
            features: vec![],
            network: network(),
            instance_id: [self.instance; 16],
            position: ExecutionPosition { committed, earliest: committed.map(|_| 0), block_hash_height: None },
            build_margin_ms: 10,
            first_height: 0,
        };
        self.returned(id, Ok(Outcome::Handshaken(Box::new(handshaken))));
    }

    pub(super) fn watch(&mut self, phase: Phase) {
        self.watch_tip(phase, None);
    }

    pub(super) fn watch_tip(&mut self, phase: Phase, network_tip: Option<Height>) {
        let id = self.find_call(|call| matches!(call, Call::Watch)).expect("a Watch is open");
        let state = WatchState {
            instance_id: [self.instance; 16],
            phase,
            reason: String::new(),
            committed: None,
            block_hash_height: None,
            params_height: None,
            network_tip,
            sequence: 1,
        };
        self.input(Input::Watch { id, state });
    }

    pub(super) fn returned(&mut self, id: CallId, result: Result<Outcome, Failure>) {
        self.input(Input::Returned { id, result });
    }

    /// Tells the engine's start and the parameters of `height`, then lets a round begin and be acknowledged.
    pub(super) fn start_height(&mut self, height: Height, round: Round) {
        let reply = self.reply();
        self.input(Input::Engine(Ask::Ready(reply)));
        self.give_params(height);
        self.start_round(height, round);
    }

    pub(super) fn give_params(&mut self, height: Height) {
        let id = self.take_call(|call| *call == Call::GetHeightParams(height));
        self.returned(id, Ok(Outcome::Params(params(height))));
    }

    pub(super) fn start_round(&mut self, height: Height, round: Round) {
        self.begin_round(height, round);
        let id = self.take_call(|call| matches!(call, Call::StartRound { .. }));
        self.returned(id, Ok(Outcome::Done));
    }

    pub(super) fn begin_round(&mut self, height: Height, round: Round) {
        let reply = self.reply();
        let own = round.is_multiple_of(2);
        let role = if own { RoundRole::Proposer } else { RoundRole::Validator };
        let proposer = Felt::from_u64(if own { ME } else { OTHER });
        self.input(Input::Engine(Ask::StartedRound { reply, slot: slot(height, round), proposer, role }));
    }

    pub(super) fn get_value(&mut self, height: Height, round: Round) -> u64 {
        let reply = self.reply();
        self.input(Input::Engine(Ask::GetValue { reply, slot: slot(height, round), timeout_ms: 1_000 }));
        reply
    }

    pub(super) fn reply(&mut self) -> u64 {
        self.last_reply += 1;
        self.last_reply
    }

    pub(super) fn find_call(&self, wanted: impl Fn(&Call) -> bool) -> Option<CallId> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Call { id, call } if wanted(call) => Some(*id),
            _ => None,
        })
    }

    /// The newest such call; it counts as answered.
    pub(super) fn take_call(&mut self, wanted: impl Fn(&Call) -> bool) -> CallId {
        let id = self.find_call(wanted).expect("the call was made");
        self.effects.retain(|effect| !matches!(effect, Effect::Call { id: known, .. } if *known == id));
        id
    }

    pub(super) fn has_call(&self, wanted: impl Fn(&Call) -> bool) -> bool {
        self.find_call(wanted).is_some()
    }

    pub(super) fn answer(&self, reply: u64) -> Option<&Answer> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Reply { reply: known, answer } if *known == reply => Some(answer),
            _ => None,
        })
    }

    pub(super) fn proposed(&self) -> Vec<ProposedValue> {
        self.effects.iter().filter_map(|e| if let Effect::Propose(value) = e { Some(*value) } else { None }).collect()
    }

    pub(super) fn halted(&self) -> Option<&Halt> {
        self.effects.iter().find_map(|e| if let Effect::Halt(halt) = e { Some(halt) } else { None })
    }

    /// Where in the order of effects something stands.
    pub(super) fn at(&self, wanted: impl Fn(&Effect) -> bool) -> Option<usize> {
        self.effects.iter().position(wanted)
    }

    pub(super) fn writes(&self, wanted: impl Fn(&Write) -> bool + Copy) -> Option<usize> {
        self.at(|e| matches!(e, Effect::Persist(writes) if writes.iter().any(wanted)))
    }

    pub(super) fn published(&self) -> Vec<Content> {
        self.effects
            .iter()
            .filter_map(|e| if let Effect::Publish { content, .. } = e { Some(content.clone()) } else { None })
            .collect()
    }

    /// The newest timer that `wanted` takes runs out.
    pub(super) fn run_out(&mut self, wanted: impl Fn(Timer) -> bool) {
        let timer = self.effects.iter().rev().find_map(|e| match e {
            Effect::SetTimer { timer, .. } if wanted(*timer) => Some(*timer),
            _ => None,
        });
        self.input(Input::Timer(timer.expect("the timer was set")));
    }

    /// Sends a whole proposal of the other node over the network, already authenticated.
    pub(super) fn gossip(&mut self, header: Header, parts: &[Part], n: u8) {
        self.gossip_stream(header, [header.slot.round as u8; 16], parts, n);
    }

    pub(super) fn gossip_stream(&mut self, header: Header, stream_id: [u8; 16], parts: &[Part], n: u8) {
        let end = Content::End { counts: Counts::of(parts), commitment: commitment(n) };
        for content in parts.iter().cloned().map(Content::Part).chain([end]) {
            let envelope = Envelope { header, stream_id, content, signature: vec![] };
            self.receive(envelope);
        }
    }

    pub(super) fn receive(&mut self, envelope: Envelope) {
        let before = self.effects.len();
        self.input(Input::Engine(Ask::Received(envelope)));
        let asked: Vec<Envelope> = self.effects[before..]
            .iter()
            .filter_map(|e| if let Effect::Authenticate { envelope, .. } = e { Some(envelope.clone()) } else { None })
            .collect();
        for envelope in asked {
            self.input(Input::Authenticated { envelope, authentic: true });
        }
    }

    /// The process dies, and starts again with what was on disk and the same signing record.
    pub(super) fn restart(&mut self) {
        *self = Self { instance: self.instance, ..Self::new(self.state.durable().clone()) };
    }

    /// Builds and decides a height alone: answers every call well.
    pub(super) fn decide_own(&mut self, height: Height, n: u8) {
        let value = self.get_value(height, 0);
        let id = self.take_call(|call| matches!(call, Call::Build { .. }));
        for part in parts(n) {
            self.input(Input::BuildPart { id, part });
        }
        let built = Outcome::Built { commitment: commitment(n), counts: Counts::of(&parts(n)) };
        self.returned(id, Ok(built));
        assert_eq!(self.answer(value), Some(&Answer::Value(commitment(n))));
        let reply = self.reply();
        self.input(Input::Engine(Ask::Decided { reply, certificate: certificate(height, 0, n) }));
        assert_eq!(self.answer(reply), Some(&Answer::Stored));
    }
}

pub(super) fn key(height: Height, round: Round, n: u8) -> BodyKey {
    BodyKey { slot: slot(height, round), commitment: commitment(n) }
}
