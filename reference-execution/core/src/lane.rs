//! StartRound, Decide and ImportDecided: one after the other, in order of arrival (ECP-ORD-001).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ecp_types::{Certificate, Commitment, Height, Missing, Part};

use crate::{
    CallId, Effect, Refusal, State, WorkId, WriteId,
    effect::{EngineCommand, Reply},
    input::{Outcome, StartRound, Timer},
    session::fenced,
    state::{OpenCall, Out, Target},
};

/// The lane: one job is done, others wait.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Lane {
    queue: VecDeque<Job>,
    pub(crate) current: Option<Current>,
    /// Calls about old heights that wait for the archive; they do not hold up the lane.
    pub(crate) old: BTreeMap<CallId, Certificate>,
}

/// A call that waits for its turn; repeats attach to it (ECP-ORD-002).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Job {
    /// Serial number of the session that asked.
    pub(crate) serial: u64,
    /// Who waits for the answer.
    pub(crate) calls: Vec<CallId>,
    pub(crate) kind: JobKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum JobKind {
    Start(StartRound),
    Decide(Certificate),
    Import(Import),
}

/// A decided block from elsewhere, with all its parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Import {
    pub(crate) certificate: Certificate,
    /// As the header names it.
    pub(crate) part_format: String,
    pub(crate) parts: Vec<Part>,
}

/// The job that is being done, if it takes time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Current {
    pub(crate) job: Job,
    pub(crate) stage: Stage,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// A decision waits for running validations, raised to DECIDED (ECP-DEC-004).
    Awaiting(BTreeSet<WorkId>),
    /// An import executes.
    Importing { work: WorkId, waiting: Option<Missing> },
    /// The block is being written.
    Writing { write: WriteId, work: WorkId, outcome: Outcome },
}

impl JobKind {
    /// The decided block that the job is about.
    fn decided(&self) -> Option<(Height, Commitment)> {
        match self {
            Self::Start(_) => None,
            Self::Decide(certificate) | Self::Import(Import { certificate, .. }) => {
                Some((certificate.height, certificate.commitment))
            }
        }
    }

    fn is_import(&self) -> bool {
        matches!(self, Self::Import(..))
    }
}

impl Lane {
    pub(crate) fn is_idle(&self) -> bool {
        self.current.is_none() && self.queue.is_empty()
    }

    pub(crate) fn is_writing(&self) -> bool {
        matches!(self.current, Some(Current { stage: Stage::Writing { .. }, .. }))
    }

    /// Calls that wait for the block that is being written.
    pub(crate) fn writing_calls(&self) -> BTreeSet<CallId> {
        match &self.current {
            Some(current) if self.is_writing() => current.job.calls.iter().copied().collect(),
            _ => BTreeSet::new(),
        }
    }

    /// Whether a Decide was accepted and runs, or a block is being written.
    pub(crate) fn is_deciding(&self) -> bool {
        matches!(self.current, Some(Current { stage: Stage::Awaiting(_) | Stage::Writing { .. }, .. }))
    }

    /// Whether an accepted Decide waits for this validation.
    pub(crate) fn awaits(&self, work: WorkId) -> bool {
        matches!(&self.current, Some(Current { stage: Stage::Awaiting(works), .. }) if works.contains(&work))
    }

    /// Calls that wait for what is being done.
    pub(crate) fn current_calls(&self) -> BTreeSet<CallId> {
        self.current.iter().flat_map(|current| &current.job.calls).copied().collect()
    }

    /// The work of the import that executes.
    pub(crate) fn importing(&self) -> Option<WorkId> {
        match &self.current {
            Some(Current { stage: Stage::Importing { work, .. }, .. }) => Some(*work),
            _ => None,
        }
    }

    /// The work of the import that waits for a condition.
    pub(crate) fn waiting(&self) -> Option<WorkId> {
        match &self.current {
            Some(Current { stage: Stage::Importing { work, waiting: Some(_) }, .. }) => Some(*work),
            _ => None,
        }
    }

    /// The same decision or import that waits or is being done.
    pub(crate) fn repeat(&mut self, decided: (Height, Commitment), import: bool) -> Option<&mut Job> {
        let same = move |job: &&mut Job| job.kind.decided() == Some(decided) && job.kind.is_import() == import;
        self.current.as_mut().map(|c| &mut c.job).into_iter().chain(self.queue.iter_mut()).find(same)
    }

    /// Forgets what waits for its turn; the calls were answered.
    pub(crate) fn refuse_queue(&mut self) {
        self.queue.clear();
    }

    /// Forgets everything but a block that is being written; gives that block's work. The calls were answered.
    pub(crate) fn stop(&mut self, out: &mut Out) -> Option<WorkId> {
        self.queue.clear();
        self.old.clear();
        match &self.current {
            Some(Current { stage: Stage::Writing { work, .. }, .. }) => Some(*work),
            Some(Current { stage: Stage::Importing { work, .. }, .. }) => {
                out.push(Effect::Disarm(Timer::Budget(*work)));
                out.push(Effect::Engine(*work, EngineCommand::Drop));
                self.current = None;
                None
            }
            _ => {
                self.current = None;
                None
            }
        }
    }
}

impl State {
    pub(crate) fn queue_start(
        &mut self,
        id: CallId,
        serial: u64,
        start: StartRound,
        out: &mut Out,
    ) -> Result<(), Refusal> {
        self.check_phase()?;
        self.enqueue(id, serial, JobKind::Start(start), out);
        Ok(())
    }

    /// Puts a job at the end and goes on.
    pub(crate) fn enqueue(&mut self, id: CallId, serial: u64, kind: JobKind, out: &mut Out) {
        self.calls.insert(id, OpenCall { serial, target: Target::Lane });
        match self.lane.queue.back_mut() {
            // Only the last one: between two equal ones another round may lie.
            Some(last) if last.kind == kind => last.calls.push(id),
            _ => self.lane.queue.push_back(Job { serial, calls: vec![id], kind }),
        }
        self.run_lane(out);
    }

    /// Attaches a call to a job.
    pub(crate) fn attach(&mut self, id: CallId, serial: u64, decided: (Height, Commitment), import: bool) -> bool {
        let Some(job) = self.lane.repeat(decided, import) else { return false };
        job.calls.push(id);
        job.serial = job.serial.max(serial);
        self.calls.insert(id, OpenCall { serial, target: Target::Lane });
        true
    }

    /// Does jobs until one takes time.
    pub(crate) fn run_lane(&mut self, out: &mut Out) {
        while self.lane.current.is_none() {
            let Some(job) = self.lane.queue.pop_front() else { break };
            match &job.kind {
                JobKind::Start(start) => {
                    let start = start.clone();
                    match self.start_round(&start, out) {
                        Ok(()) => self.answer(&job, &Reply::StartRound, out),
                        Err(refusal) => self.refuse_job(&job, &refusal, out),
                    }
                }
                JobKind::Decide(certificate) => {
                    let certificate = certificate.clone();
                    self.run_decide(job, &certificate, out);
                }
                JobKind::Import(import) => {
                    let import = import.clone();
                    self.run_import(job, import, out);
                }
            }
        }
    }

    /// Answers everyone who waits for a job.
    pub(crate) fn answer(&mut self, job: &Job, reply: &Reply, out: &mut Out) {
        for id in &job.calls {
            if self.calls.remove(id).is_some() {
                out.push(Effect::Reply(*id, reply.clone()));
            }
        }
    }

    /// Refuses everyone who waits for a job.
    pub(crate) fn refuse_job(&mut self, job: &Job, refusal: &Refusal, out: &mut Out) {
        for id in &job.calls {
            if self.calls.remove(id).is_some() {
                out.push(Effect::Refuse(*id, refusal.clone()));
            }
        }
    }

    /// The session was replaced: what waits is refused; what was accepted runs to its end, and the new session hears
    /// the position after it (ECP-SES-010, ECP-DEC-012).
    pub(crate) fn lane_fenced(&mut self, out: &mut Out) {
        for job in std::mem::take(&mut self.lane.queue) {
            self.refuse_job(&job, &fenced(), out);
        }
        // An import that only waits for a condition is not waited for.
        self.import_patience_ended(out);
    }
}
