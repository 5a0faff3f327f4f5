//! Validations: what the caller sends in which order, and one verdict that holds.

use std::collections::BTreeMap;

use ecp_proto::v1alpha1::{
    self as v1, InvalidReason, LocalReason, validate_proposal_request::Event as Ask,
    validate_proposal_response::Event as Answer, verdict::Outcome,
};

use crate::{event::Findings, parts::Sequence};

/// Verdicts that hold for ever.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    /// By slot and parts: whether the proposal was VALID or INVALID.
    verdicts: BTreeMap<Content, (bool, String)>,
}

/// What a verdict is about: what the open message says, and the payloads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Content {
    slot: (Option<u64>, Option<u32>, Option<u32>),
    proposer: Vec<u8>,
    same_as: Option<Vec<u8>>,
    payloads: Vec<Vec<u8>>,
}

/// One validation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stream {
    opened: bool,
    content: Content,
    same_as: bool,
    sequence: Sequence,
    ended: bool,
    /// The caller broke the order: the execution half is free.
    broken: bool,
    verdict: bool,
    /// The caller half-closed before the verdict. A caller that gives up can do both, half-close and reset, so this
    /// counts only once the call has come to its end.
    closed_early: bool,
}

const ORDER: &str = "open once and first, parts by index, End with the counts";

impl Stream {
    pub(crate) fn consensus_said(&mut self, event: Ask, findings: &mut Findings) {
        if !self.opened && !matches!(event, Ask::Open(_)) {
            self.broken = true;
            findings.consensus("ECP-STR-004", ORDER, "sent something before the open message");
            return;
        }
        match event {
            Ask::Open(_) if self.opened => {
                self.broken = true;
                findings.consensus("ECP-STR-004", ORDER, "opened a validation twice");
            }
            Ask::Open(open) => {
                self.opened = true;
                self.same_as = open.same_as.is_some();
                self.content.slot = (open.height, open.round, open.valid_round);
                self.content.proposer = open.proposer.to_vec();
                self.content.same_as = open.same_as.map(|c| c.to_vec());
            }
            Ask::Part(part) => {
                self.content.payloads.push(part.payload.to_vec());
                // With same_as only INIT and End are sent, so there is no FIN.
                if !self.same_as
                    && let Err(did) = self.sequence.part(&part)
                {
                    self.broken = true;
                    findings.consensus("ECP-STR-002", ORDER, did);
                }
            }
            Ask::End(end) => {
                self.ended = true;
                if !self.same_as
                    && let Err(did) = self.sequence.end(Some(&end))
                {
                    self.broken = true;
                    findings.consensus("ECP-STR-011", ORDER, did);
                }
            }
            Ask::RaiseBasis(_) => {}
        }
    }

    pub(crate) fn half_closed(&mut self) {
        self.closed_early = !self.verdict;
    }

    pub(crate) fn ended(&self, findings: &mut Findings) {
        if self.closed_early {
            let legal = "the caller half-closes only after the verdict";
            findings.consensus("ECP-STR-009", legal, "half-closed a validation before its verdict");
        }
        if !self.verdict && self.ended && !self.broken {
            let legal = "exactly one verdict, as a message, then the end of the stream";
            findings.execution("ECP-VAL-001", legal, "ended a validation without error and without a verdict");
        }
    }
}

impl State {
    pub(crate) fn said(&mut self, stream: &mut Stream, reply: v1::ValidateProposalResponse, findings: &mut Findings) {
        const ONE: &str = "exactly one verdict, as a message, then the end of the stream";
        if stream.verdict {
            findings.execution("ECP-VAL-001", ONE, "sent a message after the verdict");
        }
        let verdict = match reply.event {
            Some(Answer::Waiting(_)) => return,
            Some(Answer::Verdict(verdict)) => verdict,
            None => return findings.execution("ECP-VAL-001", ONE, "sent a message without an event"),
        };
        stream.verdict = true;
        match verdict.outcome {
            Some(Outcome::Valid(valid)) => {
                if valid.commitment.len() != 32 || valid.executed_count.is_none() {
                    findings.execution(
                        "ECP-VAL-001",
                        "VALID tells commitment and count",
                        "a field of VALID is missing",
                    );
                }
                if !stream.ended {
                    let legal = "a proposal is VALID only as a whole: after End";
                    findings.execution("ECP-STR-008", legal, "said VALID before End came");
                }
                self.holds(stream, true, "VALID".to_owned(), findings);
            }
            Some(Outcome::Invalid(invalid)) => {
                if invalid.reason() == InvalidReason::Unspecified {
                    findings.execution("ECP-ENC-001", "an INVALID verdict says why", "said INVALID without a reason");
                }
                text(&invalid.detail, findings);
                self.holds(stream, false, format!("INVALID {}", invalid.reason().as_str_name()), findings);
            }
            Some(Outcome::RejectedLocal(rejected)) => {
                if rejected.reason() == LocalReason::Unspecified {
                    let legal = "a local rejection says why";
                    findings.execution("ECP-ENC-001", legal, "said REJECTED_LOCAL without a reason");
                }
                text(&rejected.detail, findings);
                if rejected.commitment.len() != 32 {
                    let legal = "a local rejection names the candidate that is kept";
                    findings.execution("ECP-VAL-008", legal, "said REJECTED_LOCAL without a commitment");
                }
            }
            Some(Outcome::NotReady(_) | Outcome::Aborted(_) | Outcome::Expired(_)) => {}
            None => findings.execution("ECP-VAL-001", ONE, "sent a verdict without an outcome"),
        }
    }

    /// VALID and INVALID are the same for ever (ECP-VAL-003, ECP-VAL-004).
    fn holds(&mut self, stream: &Stream, valid: bool, said: String, findings: &mut Findings) {
        if stream.broken || !stream.ended {
            return;
        }
        match self.verdicts.get(&stream.content) {
            Some((before, text)) if *before != valid => {
                let (requirement, legal) = match before {
                    true => ("ECP-VAL-004", "VALID stays VALID"),
                    false => ("ECP-VAL-003", "INVALID is the same for everyone and for ever"),
                };
                findings.execution(requirement, legal, format!("said {said} of a proposal that it called {text}"));
            }
            _ => {
                self.verdicts.insert(stream.content.clone(), (valid, said));
            }
        }
    }
}

fn text(detail: &str, findings: &mut Findings) {
    if detail.len() as u64 > ecp_types::limits::ERROR_DETAIL_BYTES {
        let did = format!("sent a text of {} bytes", detail.len());
        findings.execution("ECP-LIM-005", "texts have at most 1 KiB", did);
    }
}
