//! Decisions and commits (ECP-DEC).

use std::collections::BTreeSet;

use ecp_types::{Certificate, Commitment, HeightParams, InvalidReason, Phase, Position, Reason};

use crate::{
    CallId, Effect, Refusal, State, WorkId, WriteId,
    effect::{Commit, Conflict, EngineCommand, ImportReply, Read, Reply},
    input::{Outcome, Timer},
    lane::{Current, Job, JobKind, Lane, Stage},
    session::fenced,
    state::{OpenCall, Out, Target},
};

impl Lane {
    /// Whether this work's block is being written.
    pub(crate) fn is_committing(&self, work: WorkId) -> bool {
        matches!(&self.current, Some(Current { stage: Stage::Writing { work: w, .. }, .. }) if *w == work)
    }
}

impl State {
    pub(crate) fn queue_decide(
        &mut self,
        id: CallId,
        serial: u64,
        certificate: Certificate,
        out: &mut Out,
    ) -> Result<(), Refusal> {
        self.check_phase()?;
        if !self.attach(id, serial, (certificate.height, certificate.commitment), false) {
            self.enqueue(id, serial, JobKind::Decide(certificate), out);
        }
        Ok(())
    }

    /// A decision at the head of the lane.
    pub(crate) fn run_decide(&mut self, job: Job, certificate: &Certificate, out: &mut Out) {
        if let Some(committed) = self.committed.filter(|p| certificate.height <= p.height) {
            if certificate.height < committed.height {
                return self.ask_archive(&job, certificate, Target::ArchivedDecide, out);
            }
            if certificate.commitment == committed.commitment {
                return self.answer(&job, &self.decided(committed), out);
            }
            return self.conflict(&job, certificate, committed, out);
        }
        if let Err(refusal) = self.check_height(certificate.height) {
            return self.refuse_job(&job, &refusal, out);
        }
        if let Some(candidate) = self.candidates.get(&certificate.commitment) {
            let (work, outcome) = (candidate.work, candidate.outcome);
            self.end_others(&BTreeSet::new(), out);
            return self.commit(job, certificate, work, outcome, out);
        }
        let awaited = self.ended_validations();
        if awaited.is_empty() {
            return self.refuse_job(&job, &unknown(certificate), out);
        }
        self.end_others(&awaited, out);
        self.raise_to_decided(&awaited, out);
        for work in &awaited {
            if self.validations.get(work).is_some_and(|validation| validation.waiting.is_some()) {
                self.await_condition(*work, out);
            }
        }
        self.lane.current = Some(Current { job, stage: Stage::Awaiting(awaited) });
    }

    /// An awaited validation waits for a named condition: the lane waits with it for a bounded time (ECP-ORD-010). Its
    /// budget is lifted, so its timer is free for that.
    pub(crate) fn await_condition(&mut self, work: WorkId, out: &mut Out) {
        out.push(Effect::Arm(Timer::Budget(work), self.config.condition_wait_ms));
    }

    /// What a decision that is durable answers; a commit never waits for the next parameters (ECP-DEC-006).
    fn decided(&self, committed: Position) -> Reply {
        Reply::Decide { committed, next_params: self.params_after(committed).map(Box::new) }
    }

    /// Parameters of the height after a position, if it is the newest.
    pub(crate) fn params_after(&self, position: Position) -> Option<HeightParams> {
        self.next_params.clone().filter(|p| Some(p.height) == position.height.checked_add(1))
    }

    /// Asks which commitment an old height has; every call of the job waits for the answer by itself.
    pub(crate) fn ask_archive(&mut self, job: &Job, certificate: &Certificate, target: Target, out: &mut Out) {
        for id in &job.calls {
            if self.calls.contains_key(id) {
                self.calls.insert(*id, OpenCall { serial: job.serial, target });
                self.lane.old.insert(*id, certificate.clone());
                out.push(Effect::Read(*id, Read::ArchivedCommitment(certificate.height)));
            }
        }
    }

    /// The archive answered for an old height.
    pub(crate) fn archived(&mut self, id: CallId, commitment: Option<Commitment>, out: &mut Out) {
        let Some(certificate) = self.lane.old.remove(&id) else { return };
        let Some(call) = self.calls.get(&id).copied() else { return };
        let kind = JobKind::Decide(certificate.clone());
        let job = Job { serial: call.serial, calls: vec![id], kind };
        let Some(commitment) = commitment else {
            let refusal = self.height_mismatch(certificate.height);
            return self.refuse_job(&job, &refusal, out);
        };
        let position = Position { height: certificate.height, commitment };
        match (call.target, commitment == certificate.commitment) {
            (Target::ArchivedDecide, true) => self.answer(&job, &self.decided(position), out),
            (Target::ArchivedImport, true) => {
                self.answer(&job, &Reply::Import(ImportReply::Already(position)), out);
            }
            (Target::ArchivedImport, false) => self.import_conflict(&job, &certificate, position, out),
            (_, _) => self.conflict(&job, &certificate, position, out),
        }
    }

    /// Writes a decided block, if the session that asked still holds this half.
    pub(crate) fn commit(
        &mut self,
        job: Job,
        certificate: &Certificate,
        work: WorkId,
        outcome: Outcome,
        out: &mut Out,
    ) {
        if !self.sessions.holds(job.serial) {
            return self.refuse_job(&job, &fenced(), out);
        }
        let write = self.fresh_id();
        let commit = Commit { work, certificate: certificate.clone(), executed_count: outcome.executed_count };
        out.push(Effect::Commit(write, Box::new(commit)));
        self.lane.current = Some(Current { job, stage: Stage::Writing { write, work, outcome } });
    }

    /// A write ended: the block is durable, or nothing is (ECP-DEC-001).
    pub(crate) fn stored(&mut self, write: WriteId, result: Result<Option<Box<HeightParams>>, String>, out: &mut Out) {
        let ours =
            matches!(&self.lane.current, Some(Current { stage: Stage::Writing { write: w, .. }, .. }) if *w == write);
        let Some(Current { job, stage: Stage::Writing { work, outcome, .. } }) = self.lane.current.take_if(|_| ours)
        else {
            return;
        };
        match result {
            Ok(next_params) => {
                let height = self.height();
                self.end_others(&BTreeSet::new(), out);
                self.forget_height(Some(work), out);
                let committed = Position { height, commitment: outcome.commitment };
                self.committed = Some(committed);
                self.earliest.get_or_insert(height);
                self.next_params = next_params.map(|p| *p);
                let reply = match &job.kind {
                    JobKind::Import(..) => Reply::Import(ImportReply::Committed {
                        committed,
                        next_params: self.params_after(committed).map(Box::new),
                    }),
                    _ => self.decided(committed),
                };
                self.answer(&job, &reply, out);
            }
            Err(detail) => {
                let refusal = Refusal::new(Reason::StorageFailed, format_args!("The block was not written: {detail}."));
                self.refuse_job(&job, &refusal, out);
                self.stop(Phase::Halted, format!("the store failed: {detail}"), out);
            }
        }
        out.push(Effect::Engine(work, EngineCommand::Drop));
        self.run_lane(out);
    }

    /// A raised validation ended, with a block or without (ECP-DEC-004).
    pub(crate) fn awaited_done(&mut self, work: WorkId, commitment: Option<Commitment>, out: &mut Out) {
        let Some(Current { job, stage: Stage::Awaiting(works) }) = &mut self.lane.current else { return };
        if !works.remove(&work) {
            return;
        }
        let JobKind::Decide(certificate) = &job.kind else { return };
        let certificate = certificate.clone();
        let found = commitment.filter(|c| *c == certificate.commitment).and_then(|c| self.candidates.get(&c));
        if let Some(candidate) = found {
            let (work, outcome) = (candidate.work, candidate.outcome);
            if let Some(current) = self.lane.current.take() {
                self.end_others(&BTreeSet::new(), out);
                self.commit(current.job, &certificate, work, outcome, out);
            }
        } else if works.is_empty()
            && let Some(current) = self.lane.current.take()
        {
            self.refuse_job(&current.job, &unknown(&certificate), out);
        }
        self.run_lane(out);
    }

    /// A raised validation is INVALID: a divergence if its content has the decided commitment all the same.
    pub(crate) fn awaited_invalid(
        &mut self,
        work: WorkId,
        reason: InvalidReason,
        detail: &str,
        computed: Option<Commitment>,
        out: &mut Out,
    ) {
        let Some(Current { job, stage: Stage::Awaiting(works) }) = &self.lane.current else { return };
        let JobKind::Decide(certificate) = &job.kind else { return };
        if works.contains(&work) && computed == Some(certificate.commitment) && diverges(reason) {
            let certificate = certificate.clone();
            if let Some(current) = self.lane.current.take() {
                return self.divergence(&current.job, &certificate, &format!("{reason:?}: {detail}"), out);
            }
        }
        self.awaited_done(work, None, out);
    }

    /// Two decisions at one height: evidence is kept and the half stops (ECP-DEC-007).
    fn conflict(&mut self, job: &Job, certificate: &Certificate, committed: Position, out: &mut Out) {
        let refusal = Refusal::new(
            Reason::Conflict,
            format_args!("Height {} is committed as {}.", committed.height, committed.commitment),
        )
        .with("committed", committed.commitment);
        self.keep_conflict(certificate, committed, out);
        self.refuse_job(job, &refusal, out);
        self.stop(Phase::Halted, conflict_text(certificate, committed), out);
    }

    /// Keeps the evidence of two decisions.
    pub(crate) fn keep_conflict(&self, certificate: &Certificate, committed: Position, out: &mut Out) {
        out.push(Effect::KeepEvidence(Box::new(Conflict {
            divergence: false,
            certificate: certificate.clone(),
            committed: Some(committed.commitment),
            detail: conflict_text(certificate, committed),
        })));
    }

    /// A decided block is INVALID here: evidence is kept and the half stops (ECP-DEC-008).
    pub(crate) fn divergence(&mut self, job: &Job, certificate: &Certificate, why: &str, out: &mut Out) {
        let detail = format!(
            "the decided block {} at height {} is INVALID here: {why}",
            certificate.commitment, certificate.height
        );
        out.push(Effect::KeepEvidence(Box::new(Conflict {
            divergence: true,
            certificate: certificate.clone(),
            committed: None,
            detail: detail.clone(),
        })));
        self.refuse_job(job, &Refusal::new(Reason::Divergence, format_args!("{detail}.")), out);
        self.stop(Phase::Diverged, detail, out);
    }
}

/// No complete candidate: the caller hands the block over by ImportDecided (ECP-DEC-005).
fn unknown(certificate: &Certificate) -> Refusal {
    Refusal::new(
        Reason::UnknownProposal,
        format_args!("No complete candidate {} is kept at height {}.", certificate.commitment, certificate.height),
    )
}

pub(crate) fn conflict_text(certificate: &Certificate, committed: Position) -> String {
    format!(
        "two decisions at height {}: {} is committed, {} came",
        committed.height, committed.commitment, certificate.commitment
    )
}

/// Whether an INVALID block with the decided commitment is the decided block, and not only one whose framing was
/// spoiled on the way: parts, INIT's slot and FIN are not what the commitment is of.
pub(crate) const fn diverges(reason: InvalidReason) -> bool {
    match reason {
        InvalidReason::HeaderRule
        | InvalidReason::DuplicateTransaction
        | InvalidReason::TransactionInvalid
        | InvalidReason::BlockOverCapacity
        | InvalidReason::L1MessageConsumed => true,
        InvalidReason::PayloadMalformed
        | InvalidReason::InitMismatch
        | InvalidReason::CountExceedsSent
        | InvalidReason::CommitmentMismatch
        | InvalidReason::ProposalTooLarge
        | InvalidReason::FinMismatch => false,
    }
}
