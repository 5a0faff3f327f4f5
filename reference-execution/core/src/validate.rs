//! Proposals of others: streams of parts in, one verdict out (ECP-VAL, ECP-STR).

use std::collections::BTreeSet;

use ecp_types::{
    Basis, Commitment, InvalidReason, LocalReason, Missing, Part, Reason, Round, StreamId, Verdict,
    limits::PROPOSAL_BYTES_DEFAULT,
};

use crate::{
    CallId, Effect, Refusal, State, WorkId,
    effect::{EngineCommand, Message},
    input::{EngineEvent, StreamEvent, Timer, ValidateOpen},
    seams::Slot,
    state::{OpenCall, Out, Target},
    streams::{PartOrder, StreamUse, name},
};

/// A validation that has no result yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Validation {
    /// The stream; `None` once it has its verdict, or its caller is gone.
    call: Option<CallId>,
    slot: Slot,
    pub(crate) basis: Basis,
    /// A candidate that the proposal repeats (ECP-VAL-013).
    pub(crate) same_as: Option<Commitment>,
    repeats: Repeats,
    parts: PartOrder,
    pub(crate) ended: bool,
    pub(crate) waiting: Option<Missing>,
}

/// How far a repeated proposal is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Repeats {
    /// It repeats nothing, or differs in more than its slot: it executes.
    No,
    /// Its INIT did not come, or is being compared.
    Unknown(Option<Part>),
    /// It is the candidate's block.
    Yes,
    /// The candidate's objection is being asked for again.
    Asked,
}

impl State {
    /// A validation stream without its open message.
    pub(crate) fn validate_unopened(&mut self, id: CallId, serial: u64, event: StreamEvent, out: &mut Out) {
        let refusal = match event {
            StreamEvent::Open(open) => match self.open_validation(id, serial, *open, out) {
                Ok(()) => return,
                Err(refusal) => refusal,
            },
            StreamEvent::Reset => {
                self.calls.remove(&id);
                return;
            }
            StreamEvent::Invalid(refusal) => refusal,
            other => Refusal::order("open", name(&other)),
        };
        self.calls.remove(&id);
        out.push(Effect::Refuse(id, refusal));
    }

    fn open_validation(&mut self, id: CallId, serial: u64, open: ValidateOpen, out: &mut Out) -> Result<(), Refusal> {
        if open.valid_round.is_some_and(|valid| valid >= open.round) {
            return Err(Refusal::field("open.valid_round", format_args!("must be below round {}", open.round)));
        }
        self.streams.check(&open.stream_id)?;
        self.check_phase()?;
        self.check_height(open.height)?;
        if self.lane.is_deciding() {
            // The next height is open once Decide has answered (ECP-ORD-006).
            let problem = format_args!("Height {} is being decided.", open.height).to_string();
            return Err(Refusal::new(Reason::HeightMismatch, problem).with("expected", open.height.saturating_add(1)));
        }
        if let Some(commitment) = open.same_as.filter(|c| !self.candidates.contains_key(c)) {
            let problem = format!("No complete candidate {commitment} is kept at height {}.", open.height);
            return Err(Refusal::new(Reason::UnknownProposal, problem));
        }
        let most = self.config.limits.max_candidates as usize;
        if open.basis == Basis::Fresh && self.validations.len() >= most && !self.give_up_unheard(out) {
            return Err(Refusal::new(Reason::Busy, format_args!("{most} validations run.")).retry_after(100));
        }
        let work = self.fresh_id();
        let slot =
            Slot { height: open.height, round: open.round, valid_round: open.valid_round, proposer: open.proposer };
        self.streams.insert(open.stream_id, StreamUse::Validate(work));
        self.calls.insert(id, OpenCall { serial, target: Target::Validate(work) });
        out.push(Effect::Arm(Timer::Budget(work), u64::from(open.budget_ms)));
        if open.same_as.is_none() {
            out.push(Effect::Engine(work, EngineCommand::Validate(slot.clone())));
        }
        let repeats = if open.same_as.is_some() { Repeats::Unknown(None) } else { Repeats::No };
        let validation = Validation {
            call: Some(id),
            slot,
            basis: open.basis,
            same_as: open.same_as,
            repeats,
            parts: PartOrder::default(),
            ended: false,
            waiting: None,
        };
        self.validations.insert(work, validation);
        // Complete candidates give way to what runs, so that this one has a slot (ECP-VAL-010).
        self.make_room(most.saturating_sub(self.validations.len()).max(1), None, out);
        Ok(())
    }

    /// Ends the oldest validation that nobody waits for and nobody vouches for, so that what came late does not keep out
    /// what comes next; says whether there was one.
    fn give_up_unheard(&mut self, out: &mut Out) -> bool {
        let unheard = self.validations.iter().find(|(work, validation)| {
            validation.call.is_none() && validation.basis == Basis::Fresh && !self.lane.awaits(**work)
        });
        let Some(work) = unheard.map(|(work, _)| *work) else { return false };
        self.drop_validation(work, out);
        true
    }

    /// A message on a validation stream that has no verdict yet.
    pub(crate) fn validate_event(&mut self, id: CallId, work: WorkId, event: StreamEvent, out: &mut Out) {
        let max_part = self.config.limits.max_part_bytes;
        let max_proposal = self.max_proposal_bytes();
        let Some(validation) = self.validations.get_mut(&work) else { return };
        let refusal = match event {
            StreamEvent::Part(part) if !validation.ended => match validation.parts.take(&part, max_part) {
                Err(refusal) => refusal,
                Ok(()) if validation.parts.counts.bytes > max_proposal => {
                    let detail = format!("the payloads exceed {max_proposal} bytes");
                    let reason = InvalidReason::ProposalTooLarge;
                    self.conclude(work, Verdict::Invalid { reason, detail }, out);
                    return self.drop_validation(work, out);
                }
                Ok(()) => return self.forward(work, part, out),
            },
            StreamEvent::End(counts) if !validation.ended => {
                let fin_due = validation.same_as.is_none();
                match validation.parts.end(counts, fin_due) {
                    Err(refusal) => refusal,
                    Ok(()) if validation.parts.counts.parts == 0 => Refusal::order("INIT", "End"),
                    Ok(()) => {
                        validation.ended = true;
                        if validation.repeats == Repeats::No {
                            return out.push(Effect::Engine(work, EngineCommand::End));
                        }
                        return self.repeat_goes_on(work, out);
                    }
                }
            }
            StreamEvent::Raise(basis) => {
                // A lower one is ignored (ECP-VAL-011).
                validation.basis = validation.basis.max(basis);
                return;
            }
            StreamEvent::HalfClosed if validation.ended => return,
            StreamEvent::Reset => return self.detach(work, out),
            StreamEvent::Invalid(refusal) => refusal,
            StreamEvent::HalfClosed => Refusal::order("End", "the end of the stream"),
            other if validation.ended => Refusal::order("raise_basis or nothing", name(&other)),
            other => Refusal::order("a part, End or raise_basis", name(&other)),
        };
        // The receiver keeps nothing of a broken stream, and it is no verdict (ECP-STR-008).
        validation.call = None;
        self.calls.remove(&id);
        out.push(Effect::Refuse(id, refusal));
        self.drop_validation(work, out);
    }

    fn forward(&mut self, work: WorkId, part: Part, out: &mut Out) {
        let Some(validation) = self.validations.get_mut(&work) else { return };
        if let Repeats::Unknown(init) = &mut validation.repeats {
            if init.is_some() {
                return self.refuse_validation(work, &Refusal::order("End", "a part after INIT of a repetition"), out);
            }
            let slot = validation.slot.clone();
            let payload = part.payload.clone();
            *init = Some(part);
            let candidate = validation.same_as.and_then(|c| self.candidates.get(&c)).map(|c| c.work);
            if let Some(candidate) = candidate {
                out.push(Effect::Engine(work, EngineCommand::Compare(candidate, slot, payload)));
            }
        } else {
            out.push(Effect::Engine(work, EngineCommand::Part(part)));
        }
    }

    /// INIT was compared, or the end came: a repetition that is complete has its verdict.
    fn repeat_goes_on(&mut self, work: WorkId, out: &mut Out) {
        let Some(validation) = self.validations.get_mut(&work) else { return };
        if !validation.ended || validation.repeats != Repeats::Yes {
            return;
        }
        let Some(candidate) = validation.same_as.and_then(|c| self.candidates.get_mut(&c)) else { return };
        if candidate.local.is_some() && validation.basis == Basis::Fresh {
            validation.repeats = Repeats::Asked;
            out.push(Effect::Engine(work, EngineCommand::Recheck(candidate.work)));
            return;
        }
        candidate.local = None;
        self.repeat_done(work, None, out);
    }

    fn repeat_done(&mut self, work: WorkId, local: Option<(LocalReason, String)>, out: &mut Out) {
        let Some(validation) = self.validations.get(&work) else { return };
        let local = local.filter(|_| validation.basis == Basis::Fresh);
        let Some(candidate) = validation.same_as.and_then(|c| self.candidates.get_mut(&c)) else { return };
        candidate.local.clone_from(&local);
        let outcome = candidate.outcome;
        if local.is_none() {
            self.valid.insert(outcome.commitment);
        }
        self.conclude(work, verdict(outcome, local), out);
        self.validations.remove(&work);
        self.awaited_done(work, Some(outcome.commitment), out);
    }

    /// The engine says something about a validation.
    pub(crate) fn validation_event(&mut self, work: WorkId, event: EngineEvent, out: &mut Out) {
        let awaited = self.lane.awaits(work);
        let Some(validation) = self.validations.get_mut(&work) else { return };
        match event {
            EngineEvent::Waiting(missing) => {
                if validation.waiting != Some(missing)
                    && let Some(id) = validation.call
                {
                    out.push(Effect::Send(id, Message::Waiting(missing)));
                }
                if validation.waiting.replace(missing).is_none() && awaited {
                    self.await_condition(work, out);
                }
            }
            EngineEvent::Progress => {
                if validation.waiting.take().is_some() && awaited {
                    out.push(Effect::Disarm(Timer::Budget(work)));
                }
            }
            EngineEvent::Invalid { reason, detail, computed } => {
                self.conclude(work, Verdict::Invalid { reason, detail: detail.clone() }, out);
                self.validations.remove(&work);
                out.push(Effect::Engine(work, EngineCommand::Drop));
                self.awaited_invalid(work, reason, &detail, computed, out);
            }
            EngineEvent::Complete { outcome, local } => {
                let (basis, unanswered) = (validation.basis, validation.call.is_none());
                let local = self.keep_validated(work, outcome, local, basis, unanswered, out);
                self.conclude(work, verdict(outcome, local), out);
                self.validations.remove(&work);
                self.awaited_done(work, Some(outcome.commitment), out);
            }
            EngineEvent::Compared(same) => {
                let Repeats::Unknown(init) = &mut validation.repeats else { return };
                let init = init.take();
                if same {
                    validation.repeats = Repeats::Yes;
                    return self.repeat_goes_on(work, out);
                }
                // More than the slot differs: only execution can tell what it is.
                validation.repeats = Repeats::No;
                let (slot, ended) = (validation.slot.clone(), validation.ended);
                let candidate = validation.same_as.and_then(|c| self.candidates.get(&c)).map(|c| c.work);
                out.push(Effect::Engine(work, EngineCommand::Validate(slot)));
                out.extend(init.map(|part| Effect::Engine(work, EngineCommand::Part(part))));
                out.extend(candidate.map(|c| Effect::Engine(work, EngineCommand::PartsOf(c))));
                if ended {
                    out.push(Effect::Engine(work, EngineCommand::End));
                }
            }
            EngineEvent::Rechecked(local) => {
                if validation.repeats == Repeats::Asked {
                    self.repeat_done(work, local, out);
                }
            }
            EngineEvent::Fault(detail) => {
                let refusal = Refusal::new(Reason::InternalFault, format_args!("The validation failed: {detail}."));
                self.refuse_validation(work, &refusal, out);
                self.awaited_done(work, None, out);
            }
            EngineEvent::Part(_) | EngineEvent::Built(_) => {}
        }
    }

    /// Gives the one verdict, if the stream is still there (ECP-VAL-001).
    pub(crate) fn conclude(&mut self, work: WorkId, verdict: Verdict, out: &mut Out) {
        out.push(Effect::Disarm(Timer::Budget(work)));
        if let Some(id) = self.validations.get_mut(&work).and_then(|v| v.call.take()) {
            self.calls.remove(&id);
            out.push(Effect::Send(id, Message::Verdict(verdict)));
            out.push(Effect::Finish(id));
        }
    }

    fn refuse_validation(&mut self, work: WorkId, refusal: &Refusal, out: &mut Out) {
        if let Some(id) = self.validations.get_mut(&work).and_then(|v| v.call.take()) {
            self.calls.remove(&id);
            out.push(Effect::Refuse(id, refusal.clone()));
        }
        self.drop_validation(work, out);
    }

    pub(crate) fn drop_validation(&mut self, work: WorkId, out: &mut Out) {
        if self.validations.remove(&work).is_some() {
            out.push(Effect::Disarm(Timer::Budget(work)));
            out.push(Effect::Engine(work, EngineCommand::Drop));
        }
    }

    /// The stream is gone. With all parts in, execution goes on; else nothing is kept (ECP-STR-008).
    pub(crate) fn detach(&mut self, work: WorkId, out: &mut Out) {
        let Some(validation) = self.validations.get_mut(&work) else { return };
        if let Some(id) = validation.call.take() {
            self.calls.remove(&id);
        }
        if !validation.ended {
            self.drop_validation(work, out);
        }
    }

    /// The budget ended: one of two verdicts, and with all parts in execution goes on (ECP-BUD-005, ECP-BUD-006). So it
    /// is for what a Decide awaited while a condition was missing for too long, and the lane goes on (ECP-ORD-010).
    pub(crate) fn budget_ended(&mut self, work: WorkId, out: &mut Out) {
        let Some(validation) = self.validations.get(&work) else { return };
        let (ended, verdict) = (validation.ended, validation.waiting.map_or(Verdict::Expired, Verdict::NotReady));
        self.conclude(work, verdict, out);
        if !ended {
            self.drop_validation(work, out);
        }
        self.awaited_done(work, None, out);
    }

    /// Ends a build or a validation by its stream (ECP-STR-007); unknown ones are no error.
    pub(crate) fn abort(&mut self, stream: StreamId, out: &mut Out) {
        match self.streams.get(&stream) {
            Some(StreamUse::Build(height, round)) if height == self.height() => {
                self.burn(round, "it was aborted", out);
            }
            // An accepted Decide runs to its end (ECP-DEC-012).
            Some(StreamUse::Validate(work)) if self.lane.awaits(work) => {}
            Some(StreamUse::Validate(work)) if self.validations.contains_key(&work) => {
                self.conclude(work, Verdict::Aborted, out);
                self.drop_validation(work, out);
            }
            Some(StreamUse::Validate(work)) => self.drop_unanswered(work, out),
            Some(StreamUse::Build(..)) | None => {}
        }
    }

    /// Largest sum of payload sizes at this height (ECP-LIM-003).
    pub(crate) fn max_proposal_bytes(&self) -> u64 {
        self.next_params.as_ref().map_or(PROPOSAL_BYTES_DEFAULT, |p| p.max_proposal_bytes)
    }

    /// Validations whose End came: one of them may be the decided block (ECP-DEC-004).
    pub(crate) fn ended_validations(&self) -> BTreeSet<WorkId> {
        self.validations.iter().filter(|(_, v)| v.ended).map(|(work, _)| *work).collect()
    }

    /// Raises what is awaited to DECIDED and lifts its budget (ECP-DEC-004).
    pub(crate) fn raise_to_decided(&mut self, works: &BTreeSet<WorkId>, out: &mut Out) {
        for work in works {
            if let Some(validation) = self.validations.get_mut(work) {
                validation.basis = Basis::Decided;
                out.push(Effect::Disarm(Timer::Budget(*work)));
            }
        }
    }

    /// The height is being decided: builds without FIN and other validations end (ECP-DEC-016, ECP-BLD-008).
    pub(crate) fn end_others(&mut self, awaited: &BTreeSet<WorkId>, out: &mut Out) {
        for round in self.builds.keys().copied().collect::<Vec<Round>>() {
            self.burn(round, "the height is decided", out);
        }
        for work in self.validations.keys().copied().filter(|w| !awaited.contains(w)).collect::<Vec<_>>() {
            self.conclude(work, Verdict::Aborted, out);
            self.drop_validation(work, out);
        }
    }
}

fn verdict(outcome: crate::input::Outcome, local: Option<(LocalReason, String)>) -> Verdict {
    match local {
        None => Verdict::Valid { commitment: outcome.commitment, executed_count: outcome.executed_count },
        Some((reason, detail)) => Verdict::RejectedLocal { reason, commitment: outcome.commitment, detail },
    }
}
