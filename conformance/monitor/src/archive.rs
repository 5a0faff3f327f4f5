//! Reading the archive, and importing from one.

use ecp_proto::v1alpha1::{
    self as v1, ImportOutcome, get_decided_response::Event as Read, import_decided_request::Event as Ask,
};

use crate::{event::Findings, parts::Sequence};

/// One GetDecided.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    from: Option<u64>,
    to: Option<u64>,
    next: Option<u64>,
    block: Option<(Sequence, Option<v1::End>)>,
    done: bool,
}

const ORDER: &str = "for each height one header and its parts, then one Done";

impl Reading {
    pub(crate) fn asked(&mut self, request: &v1::GetDecidedRequest) {
        self.from = request.from;
        self.to = request.to;
        self.next = request.from;
    }

    pub(crate) fn said(&mut self, reply: v1::GetDecidedResponse, findings: &mut Findings) {
        if self.done {
            findings.execution("ECP-SYN-003", ORDER, "sent a message after Done");
        }
        match reply.event {
            Some(Read::Header(header)) => {
                self.finish_block(findings);
                if header.height != self.next {
                    let did = format!("sent the header of height {:?} where {:?} was due", header.height, self.next);
                    findings.execution("ECP-SYN-003", ORDER, did);
                }
                let certified = header.certificate.as_ref().and_then(|c| c.height);
                if certified != header.height {
                    let did = format!("sent a certificate of height {certified:?} with height {:?}", header.height);
                    findings.execution("ECP-SYN-003", "each block comes with its certificate", did);
                }
                self.next = header.height.and_then(|h| h.checked_add(1));
                self.block = Some((Sequence::default(), header.counts));
            }
            Some(Read::Part(part)) => match &mut self.block {
                Some((sequence, _)) => {
                    if let Err(did) = sequence.part(&part) {
                        findings.execution("ECP-SYN-003", ORDER, did);
                    }
                }
                None => findings.execution("ECP-SYN-003", ORDER, "sent a part before any header"),
            },
            Some(Read::Done(done)) => {
                self.finish_block(findings);
                self.done = true;
                if done.last != self.to {
                    let did = format!("was done at height {:?}, asked up to {:?}", done.last, self.to);
                    findings.execution("ECP-SYN-003", ORDER, did);
                }
            }
            None => findings.execution("ECP-SYN-003", ORDER, "sent a message without an event"),
        }
    }

    fn finish_block(&mut self, findings: &mut Findings) {
        if let Some((mut sequence, counts)) = self.block.take()
            && let Err(did) = sequence.end(counts.as_ref())
        {
            findings.execution("ECP-SYN-003", "the header counts the parts that follow", did);
        }
    }

    pub(crate) fn ended(&self, findings: &mut Findings) {
        if !self.done {
            findings.execution("ECP-SYN-003", ORDER, "ended the stream without error and without Done");
        }
    }
}

/// One ImportDecided.
#[derive(Debug, Clone, Default)]
pub(crate) struct Import {
    header: Option<v1::DecidedHeader>,
    sequence: Sequence,
}

impl Import {
    pub(crate) fn consensus_said(&mut self, event: Ask, findings: &mut Findings) {
        const ORDER: &str = "header first and once, parts by index, End with the counts";
        match event {
            Ask::Header(_) if self.header.is_some() => {
                findings.consensus("ECP-STR-004", ORDER, "sent a second header");
            }
            Ask::Header(header) => self.header = Some(header),
            _ if self.header.is_none() => findings.consensus("ECP-STR-004", ORDER, "sent something before the header"),
            Ask::Part(part) => {
                if let Err(did) = self.sequence.part(&part) {
                    findings.consensus("ECP-STR-002", ORDER, did);
                }
            }
            Ask::End(end) => {
                if let Err(did) = self.sequence.end(Some(&end)) {
                    findings.consensus("ECP-STR-011", ORDER, did);
                }
            }
        }
    }

    /// The position that the reply says is committed.
    pub(crate) fn answered<'a>(
        &self,
        reply: &'a v1::ImportDecidedResponse,
        findings: &mut Findings,
    ) -> Option<&'a v1::Position> {
        let outcome = reply.outcome();
        match outcome {
            ImportOutcome::Unspecified => {
                findings.execution("ECP-ENC-001", "an import ends with an outcome", "answered without an outcome");
            }
            ImportOutcome::Committed | ImportOutcome::AlreadyCommitted => {
                let wanted =
                    self.header.as_ref().and_then(|h| h.certificate.as_ref()).map(|c| (c.height, &c.commitment));
                let told = reply.committed.as_ref().map(|p| (p.height, &p.commitment));
                if wanted.is_some() && wanted != told {
                    let did = format!("answered {} with another position", outcome.as_str_name());
                    findings.execution("ECP-SYN-005", "the position of the imported block", did);
                }
                if outcome == ImportOutcome::Committed && !self.sequence.has_ended() {
                    let did = "committed an import before End came".to_owned();
                    findings.execution("ECP-STR-008", "nothing is kept of a stream without End", did);
                }
                return reply.committed.as_ref();
            }
            ImportOutcome::Mismatch if reply.computed.as_ref().is_none_or(|c| c.len() != 32) => {
                let legal = "MISMATCH tells what execution gives";
                findings.execution("ECP-SYN-006", legal, "answered MISMATCH without the computed commitment");
            }
            _ => {}
        }
        None
    }
}
