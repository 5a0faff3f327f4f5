//! Faults of builds.

use std::collections::BTreeSet;

use bytes::BytesMut;
use ecp_execution_core::{
    CallId, CallKind, Effect, Input, State,
    effect::Message,
    input::{Call, StartRound},
};
use ecp_execution_server::Interposer;
use ecp_types::{Height, PartKind, Round, RoundRole};

use super::Memory;
use crate::fault::activated;

/// A second stream of a slot gets another INIT.
pub(crate) struct Changed {
    name: &'static str,
    memory: Memory<Repeats>,
}

#[derive(Default)]
struct Repeats {
    slots: BTreeSet<(Height, Round)>,
    calls: BTreeSet<CallId>,
}

impl Changed {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, memory: Memory::default() }
    }
}

impl Interposer for Changed {
    fn input(&self, _: &State, input: Input) -> Vec<Input> {
        if let Input::Call { id, call: Ok(Call::BuildProposal(build)), .. } = &input {
            let mut memory = self.memory.get();
            if !memory.slots.insert((build.height, build.round)) {
                memory.calls.insert(*id);
            }
        }
        vec![input]
    }

    fn effect(&self, _: &State, effect: Effect) -> Vec<Effect> {
        match effect {
            Effect::Send(id, Message::Part(mut part))
                if part.kind == PartKind::Init && self.memory.get().calls.contains(&id) =>
            {
                let mut payload = BytesMut::from(part.payload.as_ref());
                if let Some(last) = payload.last_mut() {
                    *last ^= 1;
                }
                part.payload = payload.freeze();
                activated(self.name);
                vec![Effect::Send(id, Message::Part(part))]
            }
            effect => vec![effect],
        }
    }
}

/// BuildProposal starts its round by itself.
pub(crate) struct BuildWithoutStart {
    name: &'static str,
    started: Memory<BTreeSet<(Height, Round)>>,
    calls: Memory<u64>,
}

impl BuildWithoutStart {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, started: Memory::default(), calls: Memory::default() }
    }

    fn is_new(&self, height: Height, round: Round) -> bool {
        self.started.get().insert((height, round))
    }
}

impl Interposer for BuildWithoutStart {
    fn input(&self, _: &State, input: Input) -> Vec<Input> {
        let start = match &input {
            Input::Call { call: Ok(Call::StartRound(start)), .. } => {
                self.is_new(start.height, start.round);
                None
            }
            Input::Call { token, call: Ok(Call::BuildProposal(build)), .. }
                if self.is_new(build.height, build.round) =>
            {
                let start = StartRound {
                    height: build.height,
                    round: build.round,
                    role: RoundRole::Proposer,
                    proposer: build.proposer,
                };
                activated(self.name);
                let mut calls = self.calls.get();
                *calls += 1;
                // Counted from the top, where no caller's ids are.
                Some(Input::Call {
                    id: CallId::MAX - *calls,
                    token: token.clone(),
                    kind: CallKind::StartRound,
                    call: Ok(Call::StartRound(start)),
                })
            }
            _ => None,
        };
        start.into_iter().chain([input]).collect()
    }
}

/// Built counts one transaction more.
pub(crate) struct OverCount(pub(crate) &'static str);

impl Interposer for OverCount {
    fn effect(&self, _: &State, effect: Effect) -> Vec<Effect> {
        match effect {
            Effect::Send(id, Message::Built(mut outcome, counts)) => {
                outcome.executed_count += 1;
                activated(self.0);
                vec![Effect::Send(id, Message::Built(outcome, counts))]
            }
            effect => vec![effect],
        }
    }
}
