//! Proposals handed to the execution half, part by part, and what becomes of its verdicts.

use std::collections::BTreeMap;

use ecp_types::{
    Basis, Commitment, Counts, HeightParams, Part, PartKind, Round, StreamId, Verdict, limits::BUDGET_MS_MAX,
};

use crate::{
    effect::{Call, Effect, Feed, Note, Write},
    gossip::PARTS_MAX,
    input::Outcome,
    model::{Body, Failure, Header, ProposedValue},
    session::Settled,
    state::{Gate, Purpose, State},
};

/// A validation's budget is this many propose timeouts (ECP-BUD-008).
pub const BUDGET_FACTOR: u64 = 3;
/// How often a proposal is opened again after EXPIRED or ABORTED.
const REOPEN_MAX: u8 = 2;

/// Where a proposal came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// Parts on the network.
    Gossip { stream_id: StreamId },
    /// This half's store: VALID before, and lost by the execution half (ECP-REC-008).
    Restored,
}

/// What is known of a proposal for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Judged {
    Valid(Commitment),
    Invalid,
    /// Not now, or not whole: no vote, and no word to the engine.
    Silent,
}

/// A proposal on its way to a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Job {
    pub(crate) source: Source,
    pub(crate) header: Header,
    pub(crate) gate: Gate,
    parts: BTreeMap<u32, Part>,
    bytes: u64,
    end: Option<(Counts, Commitment)>,
    stream_id: StreamId,
    sent: u32,
    end_sent: bool,
    same_as: Option<Commitment>,
    /// The execution half dropped the candidate that `same_as` named: all parts are sent.
    all_parts: bool,
    judged: Option<Judged>,
    settled: bool,
    reopened: u8,
}

impl Job {
    pub(crate) fn new(source: Source, header: Header) -> Self {
        Self {
            source,
            header,
            gate: Gate::Idle,
            parts: BTreeMap::new(),
            bytes: 0,
            end: None,
            stream_id: [0; 16],
            sent: 0,
            end_sent: false,
            same_as: None,
            all_parts: false,
            judged: None,
            settled: false,
            reopened: 0,
        }
    }

    fn whole(source: Source, header: Header, parts: &[Part], commitment: Commitment) -> Self {
        let mut job = Self::new(source, header);
        let counts = Counts::of(parts);
        job.bytes = counts.bytes;
        job.end = Some((counts, commitment));
        job.parts = parts.iter().map(|part| (part.index, part.clone())).collect();
        job
    }

    pub(crate) fn is_over(&self) -> bool {
        self.settled
    }

    /// Takes a part in any order; false if it cannot belong to a legal proposal.
    pub(crate) fn add(&mut self, part: Part, max_bytes: u64) -> bool {
        if self.parts.contains_key(&part.index) {
            return true;
        }
        let inside = part.index < self.end.map_or(PARTS_MAX, |(counts, _)| counts.parts);
        self.bytes += part.payload.len() as u64;
        let legal = inside && self.bytes <= max_bytes && (part.kind == PartKind::Init) == (part.index == 0);
        self.parts.insert(part.index, part);
        legal
    }

    /// Takes the end; the first one counts.
    pub(crate) fn end(&mut self, counts: Counts, commitment: Commitment, max_bytes: u64) -> bool {
        if self.end.is_none() {
            self.end = Some((counts, commitment));
        }
        let highest = self.parts.last_key_value().map_or(0, |(index, _)| *index);
        counts.parts >= 2 && counts.parts <= PARTS_MAX && counts.bytes <= max_bytes && highest < counts.parts
    }

    /// All parts are here and agree with the end.
    fn complete(&self) -> Option<Commitment> {
        let (counts, commitment) = self.end?;
        let whole = self.parts.len() == counts.parts as usize && self.bytes == counts.bytes;
        whole.then_some(commitment)
    }
}

/// Milliseconds that a validation gets (ECP-BUD-008).
#[must_use]
pub fn validation_budget_ms(params: &HeightParams, round: Round) -> u32 {
    let timeouts = &params.timeouts;
    let propose = u64::from(timeouts.propose_ms) + u64::from(timeouts.propose_delta_ms) * u64::from(round);
    u32::try_from((propose * BUDGET_FACTOR).clamp(1, BUDGET_MS_MAX)).unwrap_or(u32::MAX)
}

impl State {
    /// Opens what can be opened, and sends on what has arrived.
    pub(crate) fn advance_jobs(&mut self, fx: &mut Vec<Effect>) {
        if !self.recovery.is_finished() || !self.session.is_ready() {
            return;
        }
        let next = self.session.next_height();
        let Some(height) = self.height.as_ref().filter(|h| h.params.height == next && !h.decided) else { return };
        let ids: Vec<u64> = height.jobs.keys().copied().collect();
        for id in ids {
            self.open_job(id, fx);
            self.feed_job(id, fx);
        }
    }

    fn open_job(&mut self, id: u64, fx: &mut Vec<Effect>) {
        let Some(height) = &self.height else { return };
        let Some(job) = height.jobs.get(&id) else { return };
        let current = height.current.map(|c| c.round);
        // Rounds to come wait for their turn here (ECP-ORD-007); what is decided or was VALID does not.
        let due = !matches!(job.source, Source::Gossip { .. }) || current.is_some_and(|c| job.header.slot.round <= c);
        if job.gate != Gate::Idle || job.judged.is_some() || !due || !job.parts.contains_key(&0) {
            return;
        }
        let header = job.header;
        let same_as = match (header.valid_round, &job.source) {
            (Some(_), Source::Gossip { .. }) if !job.all_parts => {
                // A body that this half knows may be meant: its commitment comes with the end.
                match (job.end, self.bodies_at(header.slot.height).next()) {
                    (None, Some(_)) => return,
                    (Some((_, c)), _) => self.bodies_at(header.slot.height).any(|b| b.commitment == c).then_some(c),
                    _ => None,
                }
            }
            _ => None,
        };
        let basis = match &job.source {
            Source::Restored => Basis::Restored,
            // The engine votes for a reproposal only with the quorum of its valid round at hand.
            Source::Gossip { .. } => header.valid_round.map_or(Basis::Fresh, Basis::Quorum),
        };
        let budget_ms = validation_budget_ms(&height.params, header.slot.round);
        let stream_id = self.next_stream_id();
        let call = Call::Validate { stream_id, header, budget_ms, basis, same_as };
        let call_id = self.call(Purpose::Validate(id), call, fx);
        if let Some(job) = self.job(id) {
            job.gate = Gate::InFlight(call_id);
            (job.stream_id, job.same_as, job.sent, job.end_sent) = (stream_id, same_as, 0, false);
        }
    }

    fn job(&mut self, id: u64) -> Option<&mut Job> {
        self.height.as_mut().and_then(|h| h.jobs.get_mut(&id))
    }

    /// Sends parts on in order, untouched, as they arrive (ECP-VAL-020), then the end.
    fn feed_job(&mut self, id: u64, fx: &mut Vec<Effect>) {
        let Some(job) = self.job(id) else { return };
        let Gate::InFlight(call) = job.gate else { return };
        if job.end_sent {
            return;
        }
        let limit = if job.same_as.is_some() { 1 } else { u32::MAX };
        while job.sent < limit
            && let Some(part) = job.parts.get(&job.sent)
        {
            // FIN is the last one: what a proposer does wrong never looks like this half's mistake (ECP-ENC-006).
            let after_fin = job.sent > 0 && job.parts.get(&(job.sent - 1)).is_some_and(|p| p.kind == PartKind::Fin);
            if after_fin {
                return self.kill_job(id, "a part follows FIN", fx);
            }
            fx.push(Effect::Feed { id: call, message: Feed::Part(part.clone()) });
            job.sent += 1;
        }
        let Some((counts, _)) = job.end else { return };
        let counts = match (job.same_as, job.parts.get(&0)) {
            (Some(_), Some(init)) => Counts { parts: 1, bytes: init.payload.len() as u64 },
            _ if job.sent < counts.parts => return,
            _ => counts,
        };
        let fin = job.parts.get(&(job.sent - 1)).is_some_and(|p| p.kind == PartKind::Fin);
        if job.same_as.is_none() && (!fin || job.bytes != counts.bytes) {
            return self.kill_job(id, "its end does not fit its parts", fx);
        }
        job.end_sent = true;
        fx.push(Effect::Feed { id: call, message: Feed::End(counts) });
    }

    pub(crate) fn on_verdict(&mut self, id: u64, result: Result<Outcome, Failure>, fx: &mut Vec<Effect>) {
        let Some(job) = self.job(id) else { return };
        job.gate = Gate::Idle;
        let slot = job.header.slot;
        let verdict = match result {
            Ok(Outcome::Verdict(verdict)) => verdict,
            Ok(_) => return self.silence_job(id),
            Err(failure) => return self.settle_job(id, &failure, fx),
        };
        fx.push(Effect::Note(Note::Judged { slot, verdict: format!("{verdict:?}") }));
        match verdict {
            Verdict::Valid { commitment, .. } => job.judged = Some(Judged::Valid(commitment)),
            Verdict::Invalid { .. } => job.judged = Some(Judged::Invalid),
            // An opinion of now: no vote for it, and never the engine's Invalid (ECP-VAL-008).
            Verdict::RejectedLocal { .. } => return self.silence_job(id),
            // Asked again when Watch tells something new: a late verdict is still worth a vote.
            Verdict::NotReady(_) => {
                job.gate = Gate::Watch;
                return;
            }
            Verdict::Aborted | Verdict::Expired => {
                job.reopened += 1;
                if job.reopened > REOPEN_MAX {
                    return self.silence_job(id);
                }
                job.gate = Gate::Watch;
                return;
            }
        }
        self.settle_if_judged(id, fx);
    }

    fn settle_job(&mut self, id: u64, failure: &Failure, fx: &mut Vec<Effect>) {
        let settled = self.settle(failure, fx);
        let Some(job) = self.job(id) else { return };
        match settled {
            Settled::Again(gate) => job.gate = gate,
            Settled::Lost => {}
            Settled::Resync if job.same_as.is_some() => job.all_parts = true,
            Settled::Resync | Settled::GiveUp => self.silence_job(id),
        }
    }

    /// Tells the engine what a verdict means, once the proposal is complete here too.
    pub(crate) fn settle_if_judged(&mut self, id: u64, fx: &mut Vec<Effect>) {
        let Some(job) = self.job(id).filter(|j| !j.settled) else { return };
        let Some(judged) = job.judged else { return };
        let (header, parts) = (job.header, job.parts.values().cloned().collect::<Vec<_>>());
        match (job.source.clone(), judged) {
            (_, Judged::Silent) => {}
            (Source::Restored, Judged::Valid(_)) => {}
            (Source::Restored, Judged::Invalid) => {
                self.defect(format!("a proposal of {:?} was VALID and is INVALID now", header.slot), fx);
            }
            (Source::Gossip { .. }, Judged::Valid(computed)) => {
                let Some(signed) = job.complete() else { return };
                if signed == computed {
                    self.store_body(Body { header, commitment: computed, parts, own: false }, fx);
                    fx.push(Effect::Propose(ProposedValue { header, commitment: computed, valid: true }));
                } else {
                    // A vote needs the proposer's signature over what execution gives (ECP-VAL-002).
                    let text = "the proposer signed another commitment than its parts give".to_owned();
                    fx.push(Effect::Note(Note::Silent(header.slot, text)));
                }
            }
            (Source::Gossip { .. }, Judged::Invalid) => {
                let Some((_, commitment)) = job.end else { return };
                let valid_here = self.bodies_at(header.slot.height).any(|b| b.commitment == commitment);
                if !valid_here {
                    fx.push(Effect::Propose(ProposedValue { header, commitment, valid: false }));
                }
            }
        }
        if let Some(job) = self.job(id) {
            job.settled = true;
            job.parts.clear();
        }
    }

    fn store_body(&mut self, body: Body, fx: &mut Vec<Effect>) {
        if !self.durable.bodies.contains_key(&body.key()) {
            self.persist(vec![Write::Body(body)], fx);
        }
    }

    /// No verdict that counts: no vote.
    fn silence_job(&mut self, id: u64) {
        if let Some(job) = self.job(id) {
            (job.judged, job.settled) = (Some(Judged::Silent), true);
            job.parts.clear();
        }
    }

    /// What a proposer or peer sent is no proposal: the stream ends, and is never INVALID (ECP-STR-008).
    pub(crate) fn kill_job(&mut self, id: u64, why: &str, fx: &mut Vec<Effect>) {
        let Some(job) = self.job(id).filter(|j| !j.settled) else { return };
        fx.push(Effect::Note(Note::Silent(job.header.slot, format!("a proposal was dropped: {why}"))));
        let (gate, stream_id) = (job.gate, job.stream_id);
        (job.judged, job.settled, job.gate) = (Some(Judged::Silent), true, Gate::Idle);
        job.parts.clear();
        self.end_call(gate, stream_id, fx);
    }

    fn end_call(&mut self, gate: Gate, stream_id: StreamId, fx: &mut Vec<Effect>) {
        if let Gate::InFlight(call) = gate
            && self.calls.remove(&call).is_some()
        {
            fx.push(Effect::Cancel(call));
            self.call(Purpose::BestEffort, Call::Abort(stream_id), fx);
        }
    }

    /// The height is decided. A validation whose end was sent goes on: Decide may raise and await it (ECP-DEC-004).
    pub(crate) fn drop_job(&mut self, job: Job, fx: &mut Vec<Effect>) {
        match job.gate {
            Gate::InFlight(call) if job.end_sent => {
                if let Some(purpose) = self.calls.get_mut(&call) {
                    *purpose = Purpose::Abandoned;
                }
            }
            gate => self.end_call(gate, job.stream_id, fx),
        }
    }

    /// Hands stored bodies of the height at work back to an execution half that may have lost them (ECP-REC-008).
    pub(crate) fn restore_candidates(&mut self) {
        let at = self.height.as_ref().filter(|h| !h.decided).map(|h| h.params.height);
        let Some(at) = at.filter(|_| self.restore_due) else { return };
        self.restore_due = false;
        let bodies: Vec<Body> = self.bodies_at(at).cloned().collect();
        let ids: Vec<u64> = bodies.iter().map(|_| self.next_id()).collect();
        let Some(height) = self.height.as_mut() else { return };
        height.jobs.retain(|_, job| job.source != Source::Restored);
        for (id, body) in ids.into_iter().zip(bodies) {
            let job = Job::whole(Source::Restored, body.header, &body.parts, body.commitment);
            height.jobs.insert(id, job);
        }
    }
}
