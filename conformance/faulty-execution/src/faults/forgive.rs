//! A reason to be INVALID that is overlooked: FIN is believed instead.

use std::collections::BTreeMap;

use ecp_execution_core::{
    Effect, Input, State, WorkId,
    effect::EngineCommand,
    input::{EngineEvent, Outcome},
};
use ecp_execution_server::Interposer;
use ecp_testchain::Fin;
use ecp_types::{InvalidReason, PartKind};

use super::Memory;
use crate::fault::activated;

/// Makes VALID of one reason to be INVALID.
pub(crate) struct Forgive {
    name: &'static str,
    reason: InvalidReason,
    works: Memory<BTreeMap<WorkId, Seen>>,
}

#[derive(Default)]
struct Seen {
    /// What FIN names.
    fin: Option<Outcome>,
    ended: bool,
    /// The engine gave up for the reason that is overlooked.
    forgiven: bool,
}

impl Seen {
    fn verdict(&mut self) -> Option<EngineEvent> {
        let outcome = self.fin.filter(|_| self.ended && std::mem::take(&mut self.forgiven))?;
        Some(EngineEvent::Complete { outcome, local: None })
    }
}

impl Forgive {
    pub(crate) fn new(name: &'static str, reason: InvalidReason) -> Self {
        Self { name, reason, works: Memory::default() }
    }
}

impl Interposer for Forgive {
    fn input(&self, _: &State, input: Input) -> Vec<Input> {
        match input {
            Input::Engine { work, event: EngineEvent::Invalid { reason, .. } } if reason == self.reason => {
                let mut works = self.works.get();
                let seen = works.entry(work).or_default();
                seen.forgiven = true;
                activated(self.name);
                seen.verdict().map(|event| Input::Engine { work, event }).into_iter().collect()
            }
            input => vec![input],
        }
    }

    fn effect(&self, _: &State, effect: Effect) -> Vec<Effect> {
        match &effect {
            Effect::Engine(work, EngineCommand::Part(part)) if part.kind == PartKind::Fin => {
                self.works.get().entry(*work).or_default().fin = Fin::decode(&part.payload)
                    .ok()
                    .map(|fin| Outcome { commitment: fin.commitment, executed_count: fin.executed_count });
            }
            Effect::Engine(work, EngineCommand::End) => self.works.get().entry(*work).or_default().ended = true,
            Effect::Engine(work, EngineCommand::Drop) => {
                self.works.get().remove(work);
            }
            _ => {}
        }
        vec![effect]
    }
}
