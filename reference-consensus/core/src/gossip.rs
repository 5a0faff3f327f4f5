//! Parts of proposals from the network: bounded, sorted by stream, and queued while their height or round is to come.

use std::collections::VecDeque;

use ecp_types::{
    Height, Round,
    limits::{self, PART_BYTES},
};

use crate::{
    effect::Effect,
    model::{Content, Envelope, Slot},
    state::State,
    validating::{Job, Source},
};

/// Heights above the current one whose parts are queued.
pub const FUTURE_HEIGHTS: Height = 4;
/// Rounds above the current one whose parts are kept.
pub const FUTURE_ROUNDS: Round = 4;
/// Most messages queued for future heights.
pub const FUTURE_MESSAGES: usize = 4096;
/// Most bytes queued for future heights.
pub const FUTURE_BYTES: u64 = 64 << 20;
/// Streams of one proposer in one slot. A second one covers a proposer that restarted; more can only waste time.
pub const STREAMS_PER_SLOT: usize = 2;
/// Most proposals kept at one height, over all rounds.
pub const JOBS_PER_HEIGHT: usize = 64;
/// Most parts of one proposal (ECP-LIM-010).
pub const PARTS_MAX: u32 = limits::PARTS_MAX as u32;

/// Messages of heights to come; their signatures are checked when the height's committee is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Future {
    queue: VecDeque<Envelope>,
    bytes: u64,
}

fn size(envelope: &Envelope) -> u64 {
    match &envelope.content {
        Content::Part(part) => part.payload.len() as u64 + 256,
        Content::End { .. } => 256,
    }
}

impl State {
    pub(crate) fn on_received(&mut self, envelope: Envelope, fx: &mut Vec<Effect>) {
        let Some(state) = &self.height else { return };
        let (slot, at) = (envelope.header.slot, state.params.height);
        if slot.height < at || (slot.height == at && state.decided) {
            return;
        }
        if slot.height > at {
            return self.queue_future(envelope, at);
        }
        let round = state.current.map_or(0, |c| c.round);
        let expected = state.params.proposer(slot.round).address;
        let plausible = slot.round <= round.saturating_add(FUTURE_ROUNDS)
            && envelope.header.proposer == expected
            && self.config.address != Some(expected)
            && envelope.header.valid_round.is_none_or(|valid| valid < slot.round);
        if plausible {
            fx.push(Effect::Authenticate { envelope, params: Box::new(state.params.clone()) });
        }
    }

    fn queue_future(&mut self, envelope: Envelope, at: Height) {
        let bytes = size(&envelope);
        let fits = envelope.header.slot.height <= at.saturating_add(FUTURE_HEIGHTS)
            && self.future.queue.len() < FUTURE_MESSAGES
            && self.future.bytes + bytes <= FUTURE_BYTES;
        if fits {
            self.future.bytes += bytes;
            self.future.queue.push_back(envelope);
        }
    }

    /// Takes the queued messages of a height that began.
    pub(crate) fn take_future(&mut self, height: Height, fx: &mut Vec<Effect>) {
        let queue = std::mem::take(&mut self.future.queue);
        self.future.bytes = 0;
        for envelope in queue {
            if envelope.header.slot.height > height {
                self.queue_future(envelope, height);
            } else {
                self.on_received(envelope, fx);
            }
        }
    }

    /// Puts an envelope that its proposer signed into its stream.
    pub(crate) fn on_authentic(&mut self, envelope: Envelope, fx: &mut Vec<Effect>) {
        let Envelope { header, stream_id, content, .. } = envelope;
        let new_id = self.next_id();
        let Some(height) = self.height.as_mut().filter(|h| h.params.height == header.slot.height && !h.decided) else {
            return;
        };
        let max_bytes = height.params.max_proposal_bytes;
        let source = Source::Gossip { stream_id };
        let known = height.jobs.iter().find(|(_, j)| j.source == source && j.header.proposer == header.proposer);
        let id = match known {
            Some((_, job)) if job.header != header => return,
            Some((id, _)) => *id,
            None if !has_room(height.jobs.values(), header.slot) => return,
            None => {
                height.jobs.insert(new_id, Job::new(source, header));
                new_id
            }
        };
        let Some(job) = height.jobs.get_mut(&id) else { return };
        if job.is_over() {
            return;
        }
        let fits = match content {
            Content::Part(part) if part.payload.len() as u64 > PART_BYTES => false,
            Content::Part(part) => job.add(part, max_bytes),
            Content::End { counts, commitment } => job.end(counts, commitment, max_bytes),
        };
        if fits { self.settle_if_judged(id, fx) } else { self.kill_job(id, "it breaks the limits of a proposal", fx) }
    }
}

fn has_room<'a>(jobs: impl Iterator<Item = &'a Job>, slot: Slot) -> bool {
    let (mut all, mut here) = (0, 0);
    for job in jobs {
        all += 1;
        here += usize::from(job.header.slot == slot && matches!(job.source, Source::Gossip { .. }));
    }
    all < JOBS_PER_HEIGHT && here < STREAMS_PER_SLOT
}
