//! Faults of decisions.

use std::collections::{BTreeMap, BTreeSet};

use ecp_execution_core::{CallId, Effect, Input, Refusal, State, effect::Reply, input::Call};
use ecp_execution_server::Interposer;
use ecp_types::{Position, Reason};

use super::Memory;
use crate::fault::activated;

/// A repeated Decide is refused.
pub(crate) struct DecideOnce {
    name: &'static str,
    repeats: Memory<BTreeSet<CallId>>,
}

impl DecideOnce {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, repeats: Memory::default() }
    }
}

impl Interposer for DecideOnce {
    fn input(&self, state: &State, input: Input) -> Vec<Input> {
        if let Input::Call { id, call: Ok(Call::Decide(certificate)), .. } = &input
            && state.committed().is_some_and(|p| certificate.height <= p.height)
        {
            self.repeats.get().insert(*id);
        }
        vec![input]
    }

    fn effect(&self, state: &State, effect: Effect) -> Vec<Effect> {
        match effect {
            Effect::Reply(id, Reply::Decide { .. }) if self.repeats.get().remove(&id) => {
                activated(self.name);
                let refusal = Refusal::new(Reason::HeightMismatch, "This height is committed.");
                vec![Effect::Refuse(id, refusal.with("expected", state.height()))]
            }
            effect => vec![effect],
        }
    }
}

/// Decide without a candidate is answered with OK.
pub(crate) struct UnknownCommitted {
    name: &'static str,
    asked: Memory<BTreeMap<CallId, Position>>,
}

impl UnknownCommitted {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, asked: Memory::default() }
    }
}

impl Interposer for UnknownCommitted {
    fn input(&self, _: &State, input: Input) -> Vec<Input> {
        if let Input::Call { id, call: Ok(Call::Decide(certificate)), .. } = &input {
            let position = Position { height: certificate.height, commitment: certificate.commitment };
            self.asked.get().insert(*id, position);
        }
        vec![input]
    }

    fn effect(&self, _: &State, effect: Effect) -> Vec<Effect> {
        match effect {
            Effect::Refuse(id, refusal) if refusal.reason == Reason::UnknownProposal => {
                let Some(committed) = self.asked.get().remove(&id) else { return vec![Effect::Refuse(id, refusal)] };
                activated(self.name);
                vec![Effect::Reply(id, Reply::Decide { committed, next_params: None })]
            }
            effect => vec![effect],
        }
    }
}

/// A second, different decision is taken for a repeat.
pub(crate) struct ConflictAccepted(pub(crate) &'static str);

impl Interposer for ConflictAccepted {
    fn input(&self, state: &State, input: Input) -> Vec<Input> {
        match input {
            Input::Call { id, token, kind, call: Ok(Call::Decide(mut certificate)) } => {
                if let Some(committed) = state.committed()
                    && committed.height == certificate.height
                    && committed.commitment != certificate.commitment
                {
                    certificate.commitment = committed.commitment;
                    activated(self.0);
                }
                vec![Input::Call { id, token, kind, call: Ok(Call::Decide(certificate)) }]
            }
            input => vec![input],
        }
    }
}
