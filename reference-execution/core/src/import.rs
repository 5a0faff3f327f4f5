//! Decided blocks from elsewhere (ECP-SYN-004 to ECP-SYN-007, ECP-SYN-019).

use ecp_types::{Certificate, Counts, Part, Phase, Position, Reason, limits::IMPORTS_MIN};

use crate::{
    CallId, Effect, Refusal, State,
    decide::{conflict_text, diverges},
    effect::{EngineCommand, ImportReply, Reply},
    input::{EngineEvent, ImportHeader, StreamEvent, Timer},
    lane::{Current, Import, Job, JobKind, Stage},
    state::{Out, Target},
    streams::{PARTS_MAX, PartOrder, name},
};

/// Imports whose parts arrive at a time: each holds up to a whole proposal (ECP-ORD-002).
const RECEIVING_MAX: usize = IMPORTS_MIN as usize;

/// An import whose parts arrive. The lane is entered at End, so that a slow caller holds up nobody.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Receiving {
    certificate: Certificate,
    part_format: String,
    counts: Counts,
    order: PartOrder,
    parts: Vec<Part>,
}

impl State {
    /// A message of an import stream.
    pub(crate) fn import_event(&mut self, id: CallId, serial: u64, event: StreamEvent, out: &mut Out) {
        let max_part = self.config.limits.max_part_bytes;
        let result = match (event, self.receiving.get_mut(&id)) {
            (StreamEvent::Reset, _) => {
                // Keeps nothing of a stream without End (ECP-STR-008).
                self.receiving.remove(&id);
                self.calls.remove(&id);
                return;
            }
            (StreamEvent::Invalid(refusal), _) => Err(refusal),
            (StreamEvent::Header(header), None) => self.import_header(id, serial, *header, out),
            (StreamEvent::Part(part), Some(receiving)) => receiving.order.take(&part, max_part).map(|()| {
                receiving.parts.push(part);
                let (sent, told) = (receiving.order.counts, receiving.counts);
                (sent.parts > told.parts || sent.bytes > told.bytes)
                    .then(|| ImportReply::Malformed("there are more parts or bytes than the header counts".into()))
            }),
            (StreamEvent::End(counts), Some(receiving)) => match receiving.order.end(counts, true) {
                Err(refusal) => Err(refusal),
                Ok(()) if receiving.counts != counts => {
                    Ok(Some(ImportReply::Malformed("the header counts other parts or bytes".into())))
                }
                Ok(()) => {
                    let Some(Receiving { certificate, part_format, parts, .. }) = self.receiving.remove(&id) else {
                        return;
                    };
                    if !self.attach(id, serial, (certificate.height, certificate.commitment), true) {
                        self.enqueue(id, serial, JobKind::Import(Import { certificate, part_format, parts }), out);
                    }
                    return;
                }
            },
            (other, None) => Err(Refusal::order("header", name(&other))),
            (other, Some(_)) => Err(Refusal::order("a part or End", name(&other))),
        };
        match result {
            Ok(None) => return,
            Ok(Some(reply)) => out.push(Effect::Reply(id, Reply::Import(reply))),
            Err(refusal) => out.push(Effect::Refuse(id, refusal)),
        }
        self.receiving.remove(&id);
        self.calls.remove(&id);
    }

    /// What can be told from the header is told at once; `None`: parts follow.
    fn import_header(
        &mut self,
        id: CallId,
        serial: u64,
        header: ImportHeader,
        out: &mut Out,
    ) -> Result<Option<ImportReply>, Refusal> {
        self.check_phase()?;
        let ImportHeader { certificate, part_format, counts } = header;
        if self.attach(id, serial, (certificate.height, certificate.commitment), true) {
            return Ok(None);
        }
        if self.committed.is_some_and(|p| certificate.height <= p.height) {
            let job = Job { serial, calls: vec![id], kind: JobKind::Decide(certificate.clone()) };
            self.import_old(&job, &certificate, out);
            return Ok(None);
        }
        if self.lane.is_idle() {
            self.check_height(certificate.height)?;
        }
        if let Some(malformed) = self.other_format(&certificate, &part_format) {
            return Ok(Some(malformed));
        }
        let most = self.max_proposal_bytes();
        if counts.bytes > most {
            return Ok(Some(ImportReply::Malformed(format!("the payloads exceed {most} bytes"))));
        }
        if counts.parts > PARTS_MAX {
            return Ok(Some(ImportReply::Malformed(format!("there are more than {PARTS_MAX} parts"))));
        }
        if self.receiving.len() >= RECEIVING_MAX {
            // A caller has one call of the lane in flight (ECP-ORD-009); a repeat may overlap the call that was lost.
            let problem = format_args!("{RECEIVING_MAX} imports are being received.").to_string();
            return Err(Refusal::new(Reason::LimitExceeded, problem).with("limit", RECEIVING_MAX));
        }
        let receiving = Receiving { certificate, part_format, counts, order: PartOrder::default(), parts: Vec::new() };
        self.receiving.insert(id, receiving);
        Ok(None)
    }

    /// Whether the header names another part format than the height has, as far as that is known: the header can come
    /// from a peer, so its text stops nobody (ECP-SYN-019).
    fn other_format(&self, certificate: &Certificate, part_format: &str) -> Option<ImportReply> {
        let params = self.next_params.as_ref().filter(|params| params.height == certificate.height)?;
        (params.part_format != part_format)
            .then(|| ImportReply::Malformed(format!("height {} has parts of {}", params.height, params.part_format)))
    }

    /// An import of a height that is committed.
    fn import_old(&mut self, job: &Job, certificate: &Certificate, out: &mut Out) {
        let Some(committed) = self.committed else { return };
        if certificate.height < committed.height {
            self.ask_archive(job, certificate, Target::ArchivedImport, out);
        } else if certificate.commitment == committed.commitment {
            self.answer(job, &Reply::Import(ImportReply::Already(committed)), out);
        } else {
            self.import_conflict(job, certificate, committed, out);
        }
    }

    /// Another block is committed: both halves halt (ECP-DEC-007).
    pub(crate) fn import_conflict(&mut self, job: &Job, certificate: &Certificate, committed: Position, out: &mut Out) {
        self.keep_conflict(certificate, committed, out);
        self.answer(job, &Reply::Import(ImportReply::Conflict(committed)), out);
        self.stop(Phase::Halted, conflict_text(certificate, committed), out);
    }

    /// An import at the head of the lane, with all its parts.
    pub(crate) fn run_import(&mut self, job: Job, import: Import, out: &mut Out) {
        let Import { certificate, part_format, parts } = import;
        if self.committed.is_some_and(|p| certificate.height <= p.height) {
            return self.import_old(&job, &certificate, out);
        }
        if let Err(refusal) = self.check_height(certificate.height) {
            return self.refuse_job(&job, &refusal, out);
        }
        if let Some(malformed) = self.other_format(&certificate, &part_format) {
            return self.answer(&job, &Reply::Import(malformed), out);
        }
        if let Some(candidate) = self.candidates.get(&certificate.commitment) {
            let (work, outcome) = (candidate.work, candidate.outcome);
            return self.commit(job, &certificate, work, outcome, out);
        }
        let work = self.fresh_id();
        out.push(Effect::Engine(work, EngineCommand::Import(certificate.height)));
        out.extend(parts.into_iter().map(|part| Effect::Engine(work, EngineCommand::Part(part))));
        out.push(Effect::Engine(work, EngineCommand::End));
        self.lane.current = Some(Current { job, stage: Stage::Importing { work, waiting: None } });
    }

    /// The engine says something about the import that executes.
    pub(crate) fn importing_event(&mut self, event: EngineEvent, out: &mut Out) {
        let Some(Current { job, stage: Stage::Importing { work, waiting } }) = &mut self.lane.current else { return };
        let work = *work;
        let JobKind::Import(Import { certificate, .. }) = &job.kind else { return };
        let certificate = certificate.clone();
        let result = match event {
            EngineEvent::Waiting(missing) => {
                if waiting.replace(missing).is_none() {
                    out.push(Effect::Arm(Timer::Budget(work), self.config.condition_wait_ms));
                }
                if self.sessions.awaited() {
                    // The caller is gone, and its successor waits.
                    self.import_patience_ended(out);
                }
                return;
            }
            EngineEvent::Progress => {
                if waiting.take().is_some() {
                    out.push(Effect::Disarm(Timer::Budget(work)));
                }
                return;
            }
            EngineEvent::Invalid { reason, detail, computed } => match computed {
                Some(computed) if computed == certificate.commitment && diverges(reason) => {
                    let Some(current) = self.lane.current.take() else { return };
                    out.push(Effect::Disarm(Timer::Budget(work)));
                    out.push(Effect::Engine(work, EngineCommand::Drop));
                    return self.divergence(&current.job, &certificate, &format!("{reason:?}: {detail}"), out);
                }
                // Commits nothing (ECP-SYN-006); the source's fault, INVALID or not.
                Some(computed) if computed != certificate.commitment => Ok(ImportReply::Mismatch(computed)),
                _ => Ok(ImportReply::Malformed(format!("{reason:?}: {detail}"))),
            },
            EngineEvent::Complete { outcome, .. } if outcome.commitment == certificate.commitment => {
                let Some(current) = self.lane.current.take() else { return };
                out.push(Effect::Disarm(Timer::Budget(work)));
                return self.commit(current.job, &certificate, work, outcome, out);
            }
            EngineEvent::Complete { outcome, .. } => Ok(ImportReply::Mismatch(outcome.commitment)),
            EngineEvent::Fault(detail) => {
                Err(Refusal::new(Reason::InternalFault, format_args!("The import failed: {detail}.")))
            }
            EngineEvent::Part(_) | EngineEvent::Built(_) | EngineEvent::Compared(_) | EngineEvent::Rechecked(_) => {
                return;
            }
        };
        self.import_ended(result, out);
    }

    /// A condition was missing for too long.
    pub(crate) fn import_patience_ended(&mut self, out: &mut Out) {
        if let Some(Current { stage: Stage::Importing { waiting: Some(missing), .. }, .. }) = &self.lane.current {
            let reply = ImportReply::NotReady(*missing);
            self.import_ended(Ok(reply), out);
        }
    }

    fn import_ended(&mut self, result: Result<ImportReply, Refusal>, out: &mut Out) {
        let Some(Current { job, stage }) = self.lane.current.take() else { return };
        if let Stage::Importing { work, .. } = stage {
            out.push(Effect::Disarm(Timer::Budget(work)));
            out.push(Effect::Engine(work, EngineCommand::Drop));
        }
        match result {
            Ok(reply) => self.answer(&job, &Reply::Import(reply), out),
            Err(refusal) => self.refuse_job(&job, &refusal, out),
        }
        self.run_lane(out);
    }
}
