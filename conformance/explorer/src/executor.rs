//! The engine under the execution core: it tells blocks apart and checks slots, and executes nothing.

use std::collections::{BTreeMap, VecDeque};

use ecp_execution_core::{
    WorkId,
    effect::EngineCommand,
    input::{EngineEvent, Outcome},
    seams::Slot,
};
use ecp_types::{Height, InvalidReason, LocalReason, Part, Round};

use crate::setting::{commitment, content, init, parts};

/// What a work is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kind {
    Build,
    Validate(Slot),
    Import,
}

/// A work, with all parts once it is finished.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Work {
    kind: Kind,
    parts: Vec<Part>,
}

/// Works of one process, and what they say next.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Executor {
    works: BTreeMap<WorkId, Work>,
    /// Said in this order; one entry is said at once.
    said: VecDeque<(WorkId, Vec<EngineEvent>)>,
}

/// What lasts over processes: how often each slot was built, so that no two builds give the same block.
pub type Builds = BTreeMap<(Height, Round), u64>;

impl Executor {
    /// Does what the core says. `objection`: this node's clock is against proposals of others.
    pub fn command(&mut self, work: WorkId, command: EngineCommand, builds: &mut Builds, objection: bool) {
        match command {
            EngineCommand::Build(slot, _) => {
                let count = builds.entry((slot.height, slot.round)).or_default();
                *count += 1;
                let commitment = content(slot.height, slot.round, slot.proposer, *count);
                let parts = parts(&slot, commitment);
                let mut events: Vec<_> = parts.iter().cloned().map(EngineEvent::Part).collect();
                events.push(EngineEvent::Built(Outcome { commitment, executed_count: 1 }));
                let rest = events.split_off(1);
                self.said.push_back((work, events));
                self.said.push_back((work, rest));
                self.works.insert(work, Work { kind: Kind::Build, parts });
            }
            EngineCommand::Validate(slot) => {
                self.works.insert(work, Work { kind: Kind::Validate(slot), parts: Vec::new() });
            }
            EngineCommand::Import(_) => {
                self.works.insert(work, Work { kind: Kind::Import, parts: Vec::new() });
            }
            EngineCommand::Part(part) => {
                if let Some(work) = self.works.get_mut(&work) {
                    work.parts.push(part);
                }
            }
            EngineCommand::PartsOf(other) => {
                let rest = self.works.get(&other).map(|w| w.parts.iter().skip(1).cloned().collect::<Vec<_>>());
                if let (Some(work), Some(rest)) = (self.works.get_mut(&work), rest) {
                    work.parts.extend(rest);
                }
            }
            EngineCommand::End => {
                if let Some(event) = self.works.get(&work).map(|w| judge(w, objection)) {
                    self.said.push_back((work, vec![event]));
                }
            }
            EngineCommand::Resume => {}
            EngineCommand::Compare(other, slot, theirs) => {
                let known = self.works.get(&other).is_some_and(|w| !w.parts.is_empty());
                let event = if theirs == init(&slot) {
                    EngineEvent::Compared(known)
                } else {
                    invalid(InvalidReason::InitMismatch)
                };
                self.said.push_back((work, vec![event]));
            }
            EngineCommand::Recheck(_) => {
                self.said.push_back((work, vec![EngineEvent::Rechecked(local(objection))]));
            }
            EngineCommand::Drop => {
                self.works.remove(&work);
                self.said.retain(|(other, _)| *other != work);
            }
        }
    }

    /// Whether there is something to say.
    #[must_use]
    pub fn speaks(&self) -> bool {
        !self.said.is_empty()
    }

    /// What is said next.
    pub fn say(&mut self) -> Option<(WorkId, Vec<EngineEvent>)> {
        self.said.pop_front()
    }

    /// All parts of a finished work.
    #[must_use]
    pub fn parts(&self, work: WorkId) -> Option<&[Part]> {
        self.works.get(&work).map(|w| w.parts.as_slice())
    }
}

fn local(objection: bool) -> Option<(LocalReason, String)> {
    objection.then(|| (LocalReason::TimestampWindow, "the clock differs".to_owned()))
}

fn invalid(reason: InvalidReason) -> EngineEvent {
    EngineEvent::Invalid { reason, detail: String::new(), computed: None }
}

fn judge(work: &Work, objection: bool) -> EngineEvent {
    let Some(commitment) = commitment(&work.parts) else { return invalid(InvalidReason::PayloadMalformed) };
    match &work.kind {
        Kind::Validate(slot) if work.parts.first().is_none_or(|part| part.payload != init(slot)) => {
            invalid(InvalidReason::InitMismatch)
        }
        Kind::Validate(_) | Kind::Build => {
            EngineEvent::Complete { outcome: Outcome { commitment, executed_count: 1 }, local: local(objection) }
        }
        Kind::Import => EngineEvent::Complete { outcome: Outcome { commitment, executed_count: 1 }, local: None },
    }
}
