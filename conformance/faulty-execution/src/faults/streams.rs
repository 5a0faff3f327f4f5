//! Faults of streams.

use std::collections::{BTreeMap, BTreeSet};

use ecp_execution_core::{
    CallId, Effect, Input, State,
    effect::Message,
    input::{Call, StreamEvent},
};
use ecp_execution_server::Interposer;
use ecp_types::{Counts, Height, InvalidReason, Reason, Round, Verdict};

use super::Memory;
use crate::fault::activated;

/// The verdict is sent twice.
pub(crate) struct TwoVerdicts(pub(crate) &'static str);

impl Interposer for TwoVerdicts {
    fn effect(&self, _: &State, effect: Effect) -> Vec<Effect> {
        if matches!(effect, Effect::Send(_, Message::Verdict(_))) {
            activated(self.0);
            return vec![effect.clone(), effect];
        }
        vec![effect]
    }
}

/// End's counts are made those of the parts that came.
pub(crate) struct AnyCounts {
    name: &'static str,
    counts: Memory<BTreeMap<CallId, Counts>>,
}

impl AnyCounts {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, counts: Memory::default() }
    }
}

impl Interposer for AnyCounts {
    fn input(&self, _: &State, mut input: Input) -> Vec<Input> {
        if let Input::Stream { id, event } = &mut input {
            let mut all = self.counts.get();
            match event {
                StreamEvent::Part(part) => {
                    let counts = all.entry(*id).or_default();
                    counts.parts += 1;
                    counts.bytes += part.payload.len() as u64;
                }
                StreamEvent::End(counts) => {
                    let came = all.remove(id).unwrap_or_default();
                    if *counts != came {
                        *counts = came;
                        activated(self.name);
                    }
                }
                _ => {}
            }
        }
        vec![input]
    }
}

/// Abort ends nothing.
pub(crate) struct AbortIgnored(pub(crate) &'static str);

impl Interposer for AbortIgnored {
    fn input(&self, _: &State, mut input: Input) -> Vec<Input> {
        if let Input::Call { call: Ok(Call::Abort(stream)), .. } = &mut input {
            // A name that nobody uses.
            *stream = [0xff; 16];
            activated(self.0);
        }
        vec![input]
    }
}

/// A proposal whose stream was lost is INVALID from then on.
pub(crate) struct ResetInvalid {
    name: &'static str,
    memory: Memory<Lost>,
}

#[derive(Default)]
struct Lost {
    /// Streams without End.
    open: BTreeMap<CallId, (Height, Round)>,
    lost: BTreeSet<(Height, Round)>,
    /// Streams of what was lost.
    again: BTreeSet<CallId>,
}

impl ResetInvalid {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, memory: Memory::default() }
    }

    fn invalid(&self, id: CallId) -> Effect {
        activated(self.name);
        let detail = "the stream of this proposal was lost".to_owned();
        Effect::Send(id, Message::Verdict(Verdict::Invalid { reason: InvalidReason::PayloadMalformed, detail }))
    }
}

impl Interposer for ResetInvalid {
    fn input(&self, _: &State, input: Input) -> Vec<Input> {
        if let Input::Stream { id, event } = &input {
            let mut memory = self.memory.get();
            match event {
                StreamEvent::Open(open) => {
                    let slot = (open.height, open.round);
                    if memory.lost.contains(&slot) {
                        memory.again.insert(*id);
                    }
                    memory.open.insert(*id, slot);
                }
                StreamEvent::End(_) => {
                    memory.open.remove(id);
                }
                StreamEvent::Reset | StreamEvent::HalfClosed => {
                    if let Some(slot) = memory.open.remove(id) {
                        memory.lost.insert(slot);
                        if *event == StreamEvent::HalfClosed {
                            memory.again.insert(*id);
                        }
                    }
                }
                _ => {}
            }
        }
        vec![input]
    }

    fn effect(&self, _: &State, effect: Effect) -> Vec<Effect> {
        match effect {
            Effect::Send(id, Message::Verdict(_)) if self.memory.get().again.remove(&id) => vec![self.invalid(id)],
            Effect::Refuse(id, refusal)
                if refusal.reason == Reason::StreamOrder && self.memory.get().again.remove(&id) =>
            {
                vec![self.invalid(id), Effect::Finish(id)]
            }
            effect => vec![effect],
        }
    }
}
