//! Builds: what they need, the order of parts, and that a slot is built once.

use std::collections::{BTreeMap, BTreeSet};

use ecp_proto::v1alpha1::{self as v1, build_proposal_response::Event};

use crate::{event::Findings, parts::Sequence};

/// What is known of builds in this instance.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    /// Slots whose StartRound was acknowledged.
    started: BTreeSet<(u64, u32)>,
    /// Parts that each slot has been built with so far.
    parts: BTreeMap<(u64, u32), Vec<v1::Part>>,
}

/// One stream of a build.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stream {
    slot: Option<(u64, u32)>,
    sequence: Sequence,
    index: usize,
    built: bool,
}

impl State {
    pub(crate) fn started(&mut self, height: u64, round: u32) {
        self.started.insert((height, round));
    }

    pub(crate) fn opened(&mut self, request: &v1::BuildProposalRequest, stream: &mut Stream, findings: &mut Findings) {
        stream.slot = request.height.zip(request.round);
        if let Some((height, round)) = stream.slot
            && !self.started.contains(&(height, round))
        {
            let did = format!("asked to build height {height} round {round}, whose StartRound was not acknowledged");
            findings.consensus("ECP-ORD-005", "StartRound of the slot comes first, and its reply is awaited", did);
        }
    }

    pub(crate) fn said(&mut self, stream: &mut Stream, reply: v1::BuildProposalResponse, findings: &mut Findings) {
        const ORDER: &str = "parts in order, then one Built, then the end of the stream";
        if let Some((height, round)) = stream.slot
            && !self.started.contains(&(height, round))
        {
            let did = format!("built height {height} round {round}, whose StartRound it did not acknowledge");
            findings.execution("ECP-BLD-001", "only slots whose StartRound was acknowledged are built", did);
        }
        if stream.built {
            findings.execution("ECP-BLD-004", ORDER, "sent a message after Built");
        }
        match reply.event {
            Some(Event::Part(part)) => {
                if let Err(did) = stream.sequence.part(&part) {
                    findings.execution("ECP-BLD-004", ORDER, did);
                }
                self.same(stream, part, findings);
                stream.index += 1;
            }
            Some(Event::Built(built)) => {
                if let Err(did) = stream.sequence.end(built.counts.as_ref()) {
                    findings.execution("ECP-BLD-004", ORDER, did);
                }
                if built.commitment.len() != 32 || built.executed_count.is_none() {
                    findings.execution(
                        "ECP-BLD-004",
                        "Built tells commitment and count",
                        "a field of Built is missing",
                    );
                }
                stream.built = true;
            }
            None => findings.execution("ECP-BLD-004", ORDER, "sent a message without an event"),
        }
    }

    /// The same slot gives the same parts (ECP-BLD-005).
    fn same(&mut self, stream: &Stream, part: v1::Part, findings: &mut Findings) {
        let Some(slot) = stream.slot else { return };
        let parts = self.parts.entry(slot).or_default();
        match parts.get(stream.index) {
            Some(before) if *before == part => {}
            Some(_) => {
                let did = format!("built height {} round {} again with another part {}", slot.0, slot.1, stream.index);
                findings.execution("ECP-BLD-005", "the same slot gives the same parts while the instance lives", did);
            }
            None => parts.push(part),
        }
    }
}

impl Stream {
    pub(crate) fn ended(&self, findings: &mut Findings) {
        if !self.built {
            let legal = "a build ends with Built, or with an error";
            findings.execution("ECP-BLD-004", legal, "ended a build without error and without Built");
        }
    }
}
