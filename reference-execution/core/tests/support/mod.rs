//! A core with a caller, an engine and a disk that the test plays.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::collections::BTreeSet;

use bytes::Bytes;
use ecp_execution_core::{
    CallId, CallKind, Config, Effect, Input, Refusal, Restored, State, WorkId, WriteId,
    effect::{EngineCommand, Message, Reply},
    input::{
        BuildProposal, Call, EngineEvent, Handshake, ImportHeader, Outcome, StartRound, StreamEvent, ValidateOpen,
    },
};
use ecp_types::{
    Basis, Certificate, CommitSignature, Commitment, Committee, Counts, Feature, Felt, HeightParams, Member, Network,
    Part, PartKind, Position, Quorum, Reason, RoundRole, SessionRole, Timeouts, Verdict,
};

pub const INSTANCE: [u8; 16] = [1; 16];
pub const HOLDER: [u8; 16] = [7; 16];

pub fn network() -> Network {
    Network { chain_id: "ECP_TEST".into(), genesis_hash: [3; 32], fork_id: 0, activation_digest: [4; 32] }
}

pub struct Node {
    pub state: State,
    pub token: Vec<u8>,
    next_call: CallId,
    next_stream: u8,
}

pub fn commitment(n: u8) -> Commitment {
    Commitment([n; 32])
}

pub fn outcome(n: u8) -> Outcome {
    Outcome { commitment: commitment(n), executed_count: u64::from(n) }
}

pub fn certificate(height: u64, n: u8) -> Certificate {
    Certificate {
        height,
        round: 0,
        commitment: commitment(n),
        signatures: vec![CommitSignature { address: Felt::from_u64(1), signature: vec![0; 64] }],
    }
}

/// Parameters of a height whose parts are of `ecp-test/1`.
pub fn params(height: u64) -> HeightParams {
    let member = Member { address: Felt::from_u64(1), public_key: vec![0; 32], voting_power: 1 };
    HeightParams {
        height,
        committee: Committee::new(vec![member]),
        proposers: vec![0],
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

pub fn handshake(id: [u8; 16], role: SessionRole) -> Handshake {
    Handshake {
        revisions: vec![1],
        features: BTreeSet::from([Feature::Finalize]),
        network: Some(network()),
        role,
        consensus_id: id,
        takeover: false,
        nonce: [9; 16],
        invalid: None,
    }
}

pub fn part(index: u32, kind: PartKind) -> Part {
    Part { index, kind, payload: Bytes::from_static(b"payload") }
}

pub fn parts() -> Vec<Part> {
    vec![part(0, PartKind::Init), part(1, PartKind::Body), part(2, PartKind::Fin)]
}

impl Default for Node {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl Node {
    pub fn new(tune: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(INSTANCE, network(), 1);
        tune(&mut config);
        let state = State::new(config, Restored::default());
        let mut node = Self { state, token: Vec::new(), next_call: 0, next_stream: 0 };
        node.token = node.handshake(handshake(HOLDER, SessionRole::Writer)).unwrap();
        node
    }

    pub fn id(&mut self) -> CallId {
        self.next_call += 1;
        self.next_call
    }

    pub fn stream_id(&mut self) -> [u8; 16] {
        self.next_stream += 1;
        [self.next_stream; 16]
    }

    pub fn call_with(
        &mut self,
        token: Option<Vec<u8>>,
        kind: CallKind,
        call: Result<Call, Refusal>,
    ) -> (CallId, Vec<Effect>) {
        let id = self.id();
        (id, self.state.step(Input::Call { id, token, kind, call }))
    }

    pub fn call(&mut self, kind: CallKind, call: Call) -> (CallId, Vec<Effect>) {
        self.call_with(Some(self.token.clone()), kind, Ok(call))
    }

    pub fn handshake(&mut self, handshake: Handshake) -> Result<Vec<u8>, Reason> {
        let (id, effects) = self.call_with(None, CallKind::Handshake, Ok(Call::Handshake(Box::new(handshake))));
        match reply(&effects, id) {
            Ok(Reply::Handshake(reply)) => Ok(reply.token.clone()),
            Ok(other) => panic!("{other:?}"),
            Err(reason) => Err(reason),
        }
    }

    pub fn start(&mut self, height: u64, round: u32) -> (CallId, Vec<Effect>) {
        let start = StartRound { height, round, role: RoundRole::Proposer, proposer: Felt::from_u64(1) };
        self.call(CallKind::StartRound, Call::StartRound(start))
    }

    pub fn build(&mut self, height: u64, round: u32) -> (CallId, Vec<Effect>) {
        let stream_id = self.stream_id();
        let build = BuildProposal { stream_id, height, round, proposer: Felt::from_u64(1), budget_ms: 1000 };
        self.call(CallKind::BuildProposal, Call::BuildProposal(build))
    }

    /// Starts a round and a build of it; gives the call and the work.
    pub fn building(&mut self, height: u64, round: u32) -> (CallId, WorkId) {
        let (id, effects) = self.start(height, round);
        assert_eq!(reply(&effects, id), Ok(&Reply::StartRound));
        let (id, effects) = self.build(height, round);
        (id, work(&effects))
    }

    pub fn open(&mut self, height: u64) -> ValidateOpen {
        ValidateOpen {
            stream_id: self.stream_id(),
            height,
            round: 0,
            valid_round: None,
            proposer: Felt::from_u64(1),
            budget_ms: 1000,
            basis: Basis::Fresh,
            same_as: None,
        }
    }

    pub fn open_stream(&mut self, open: ValidateOpen) -> (CallId, Vec<Effect>) {
        let (id, effects) = self.call(CallKind::ValidateProposal, Call::ValidateProposal);
        assert!(effects.iter().all(|e| !matches!(e, Effect::Refuse(..))), "{effects:?}");
        (id, self.feed(id, StreamEvent::Open(Box::new(open))))
    }

    /// Opens a validation and sends everything; gives the call and the work.
    pub fn validating(&mut self, open: ValidateOpen) -> (CallId, WorkId) {
        let (id, effects) = self.open_stream(open);
        let work = work(&effects);
        self.send_parts(id);
        (id, work)
    }

    pub fn send_parts(&mut self, id: CallId) {
        for part in parts() {
            self.feed(id, StreamEvent::Part(part));
        }
        self.feed(id, StreamEvent::End(Counts::of(&parts())));
    }

    pub fn feed(&mut self, id: CallId, event: StreamEvent) -> Vec<Effect> {
        self.state.step(Input::Stream { id, event })
    }

    pub fn engine(&mut self, work: WorkId, event: EngineEvent) -> Vec<Effect> {
        self.state.step(Input::Engine { work, event })
    }

    pub fn complete(&mut self, work: WorkId, n: u8) -> Vec<Effect> {
        self.engine(work, EngineEvent::Complete { outcome: outcome(n), local: None })
    }

    /// Validates a proposal whose execution gives commitment `n`.
    pub fn candidate(&mut self, height: u64, n: u8) {
        let open = self.open(height);
        let (id, work) = self.validating(open);
        let effects = self.complete(work, n);
        assert!(matches!(verdict(&effects, id), Some(Verdict::Valid { .. })));
    }

    pub fn decide(&mut self, height: u64, n: u8) -> (CallId, Vec<Effect>) {
        self.call(CallKind::Decide, Call::Decide(Box::new(certificate(height, n))))
    }

    pub fn stored(&mut self, write: WriteId) -> Vec<Effect> {
        self.state.step(Input::Stored { write, result: Ok(None) })
    }

    /// Validates and decides a block.
    pub fn commit(&mut self, height: u64, n: u8) {
        self.candidate(height, n);
        let (id, effects) = self.decide(height, n);
        assert!(reply_of(&effects, id).is_none(), "nothing is answered before the write");
        let effects = self.stored(write(&effects).unwrap());
        let committed = Position { height, commitment: commitment(n) };
        assert_eq!(reply(&effects, id), Ok(&Reply::Decide { committed, next_params: None }));
    }

    /// Sends a whole import; gives the call and the effects of its end.
    pub fn import(&mut self, height: u64, n: u8) -> (CallId, Vec<Effect>) {
        let (id, effects) = self.import_header(height, n);
        let mut all = effects;
        for part in parts() {
            all.extend(self.feed(id, StreamEvent::Part(part)));
        }
        all.extend(self.feed(id, StreamEvent::End(Counts::of(&parts()))));
        (id, all)
    }

    pub fn import_header(&mut self, height: u64, n: u8) -> (CallId, Vec<Effect>) {
        self.import_header_of(height, n, "ecp-test/1", Counts::of(&parts()))
    }

    pub fn import_header_of(&mut self, height: u64, n: u8, part_format: &str, counts: Counts) -> (CallId, Vec<Effect>) {
        let (id, _) = self.call(CallKind::ImportDecided, Call::ImportDecided);
        let header = ImportHeader { certificate: certificate(height, n), part_format: part_format.into(), counts };
        (id, self.feed(id, StreamEvent::Header(Box::new(header))))
    }
}

fn reply_of(effects: &[Effect], id: CallId) -> Option<Result<&Reply, Reason>> {
    effects.iter().find_map(|effect| match effect {
        Effect::Reply(call, reply) if *call == id => Some(Ok(reply)),
        Effect::Refuse(call, refusal) if *call == id => Some(Err(refusal.reason)),
        _ => None,
    })
}

/// The answer of a call; panics if there is none.
pub fn reply(effects: &[Effect], id: CallId) -> Result<&Reply, Reason> {
    reply_of(effects, id).unwrap_or_else(|| panic!("no answer to {id} in {effects:?}"))
}

pub fn unanswered(effects: &[Effect], id: CallId) -> bool {
    reply_of(effects, id).is_none()
}

/// The work that the effects start.
pub fn work(effects: &[Effect]) -> WorkId {
    started(effects).unwrap_or_else(|| panic!("nothing is started in {effects:?}"))
}

pub fn started(effects: &[Effect]) -> Option<WorkId> {
    effects.iter().find_map(|effect| match effect {
        Effect::Engine(
            work,
            EngineCommand::Build(..)
            | EngineCommand::Validate(_)
            | EngineCommand::Import(_)
            | EngineCommand::Compare(..),
        ) => Some(*work),
        _ => None,
    })
}

pub fn dropped(effects: &[Effect], work: WorkId) -> bool {
    effects.iter().any(|e| matches!(e, Effect::Engine(w, EngineCommand::Drop) if *w == work))
}

pub fn write(effects: &[Effect]) -> Option<WriteId> {
    effects.iter().find_map(|e| if let Effect::Commit(write, _) = e { Some(*write) } else { None })
}

/// The one verdict of a call, which ends with it.
pub fn verdict(effects: &[Effect], id: CallId) -> Option<Verdict> {
    let verdicts: Vec<_> = effects
        .iter()
        .filter_map(|e| match e {
            Effect::Send(call, Message::Verdict(verdict)) if *call == id => Some(verdict.clone()),
            _ => None,
        })
        .collect();
    assert!(verdicts.len() <= 1, "{verdicts:?}");
    assert_eq!(verdicts.len(), effects.iter().filter(|e| **e == Effect::Finish(id)).count());
    verdicts.into_iter().next()
}

pub fn messages(effects: &[Effect], id: CallId) -> Vec<&Message> {
    effects
        .iter()
        .filter_map(|e| if let Effect::Send(call, message) = e { (*call == id).then_some(message) } else { None })
        .collect()
}
