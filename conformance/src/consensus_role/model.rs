//! Judgements that every case makes of what the half does, whatever the case is about: certificates prove something,
//! payloads come from an execution half, a slot has one proposal and is never built by a second process.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bytes::Bytes;
use ecp_proto::v1alpha1::{
    self as v1, build_proposal_response::Event as Built, get_decided_response::Event as Archived,
    import_decided_request::Event as Importing, validate_proposal_request::Event as Validating,
};
use ecp_signatures::verify_certificate;
use ecp_types::{Certificate, Genesis};
use prost::Message as _;

/// Something that is not legal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    /// What was judged.
    pub subject: String,
    /// The requirement that it breaks.
    pub requirement: &'static str,
    /// What is wrong.
    pub what: String,
}

/// Height and round.
type Slot = (u64, u32);

/// What was seen of a stream of parts.
#[derive(Debug, Clone, Default)]
struct Stream {
    slot: Slot,
    proposer: Bytes,
    reproposal: Option<u32>,
    parts: u32,
}

/// What is known of all instances.
pub(super) struct Model {
    genesis: Genesis,
    /// Whether a short budget counts: only in a case about it, since the requirement is a SHOULD.
    budgets: bool,
    /// Payloads that an execution half gave, with their height.
    payloads: HashSet<(u64, i32, Bytes)>,
    /// INIT payloads of reproposals, by slot.
    reframed: BTreeSet<(Slot, Bytes)>,
    /// FIN payloads as validators were given them, by slot and proposer.
    fins: BTreeMap<(Slot, Bytes), Bytes>,
    /// Process of the half, by instance and slot, that was given the first part of a build.
    builders: BTreeMap<(u32, Slot), u32>,
    streams: BTreeMap<u32, Stream>,
    /// Highest committed height that an instance was told of.
    told: BTreeMap<u32, u64>,
}

impl Model {
    /// Nothing was seen yet.
    pub(super) fn new(genesis: Genesis, budgets: bool) -> Self {
        Self {
            genesis,
            budgets,
            payloads: HashSet::new(),
            reframed: BTreeSet::new(),
            fins: BTreeMap::new(),
            builders: BTreeMap::new(),
            streams: BTreeMap::new(),
            told: BTreeMap::new(),
        }
    }

    /// The highest committed height that an instance was told of.
    pub(super) fn told(&self, instance: u32) -> Option<u64> {
        self.told.get(&instance).copied()
    }

    /// A message of the half; `process` counts the processes of its instance.
    pub(super) fn consensus_said(
        &mut self,
        call: u32,
        instance: u32,
        process: u32,
        method: &str,
        bytes: &[u8],
    ) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        match method {
            "Handshake" => {
                let request = v1::HandshakeRequest::decode(bytes).ok();
                let claimed = request.and_then(|r| r.position?.committed?.height);
                if claimed > self.told.get(&instance).copied() {
                    complaints.push(Complaint {
                        subject: "the position in a handshake".to_owned(),
                        requirement: "ECP-DEC-014",
                        what: format!("took height {} for committed, which no answer said", claimed.unwrap_or(0)),
                    });
                }
            }
            "BuildProposal" => {
                let Ok(request) = v1::BuildProposalRequest::decode(bytes) else { return complaints };
                let (Some(height), Some(round)) = (request.height, request.round) else { return complaints };
                let slot = (height, round);
                if self.builders.get(&(instance, slot)).is_some_and(|builder| *builder != process) {
                    complaints.push(Complaint {
                        subject: format!("the build of height {height} round {round}"),
                        requirement: "ECP-REC-005",
                        what: format!(
                            "asked to build height {height} round {round} again in a new process, after the one before \
                             was given its first part"
                        ),
                    });
                }
                self.streams.insert(call, Stream { slot, ..Stream::default() });
            }
            "ReframeInit" => {
                if let Ok(request) = v1::ReframeInitRequest::decode(bytes)
                    && let (Some(height), Some(round)) = (request.height, request.round)
                {
                    self.streams.insert(call, Stream { slot: (height, round), ..Stream::default() });
                }
            }
            "ValidateProposal" => {
                if let Ok(v1::ValidateProposalRequest { event: Some(event) }) =
                    v1::ValidateProposalRequest::decode(bytes)
                {
                    self.validating(call, event, &mut complaints);
                }
            }
            "Decide" => {
                if let Ok(request) = v1::DecideRequest::decode(bytes) {
                    self.certificate("Decide", request.certificate, &mut complaints);
                }
            }
            "Finalize" => {
                if let Ok(request) = v1::FinalizeRequest::decode(bytes) {
                    self.certificate("Finalize", request.certificate, &mut complaints);
                }
            }
            "ImportDecided" => match v1::ImportDecidedRequest::decode(bytes).ok().and_then(|r| r.event) {
                Some(Importing::Header(header)) => {
                    let slot = (header.height.unwrap_or(0), 0);
                    self.streams.insert(call, Stream { slot, ..Stream::default() });
                    self.certificate("ImportDecided", header.certificate, &mut complaints);
                }
                Some(Importing::Part(part)) => self.part(call, part, &mut complaints),
                _ => {}
            },
            _ => {}
        }
        complaints
    }

    fn validating(&mut self, call: u32, event: Validating, complaints: &mut Vec<Complaint>) {
        match event {
            Validating::Open(open) => {
                let (Some(height), Some(round)) = (open.height, open.round) else { return };
                let stream =
                    Stream { slot: (height, round), proposer: open.proposer, reproposal: open.valid_round, parts: 0 };
                self.streams.insert(call, stream);
                let timeouts = self.genesis.height_params(height).map(|params| params.timeouts);
                if let Some(timeouts) = timeouts.filter(|_| self.budgets) {
                    let propose =
                        u64::from(timeouts.propose_ms) + u64::from(timeouts.propose_delta_ms) * u64::from(round);
                    if u64::from(open.budget_ms) < 3 * propose {
                        complaints.push(Complaint {
                            subject: format!("the budget of a validation in round {round}"),
                            requirement: "ECP-BUD-008",
                            what: format!(
                                "gave a validation {} ms, and the propose timeout of round {round} is {propose} ms",
                                open.budget_ms
                            ),
                        });
                    }
                }
            }
            Validating::Part(part) => self.part(call, part, complaints),
            _ => {}
        }
    }

    /// A part that the half forwards or hands over.
    fn part(&mut self, call: u32, part: v1::Part, complaints: &mut Vec<Complaint>) {
        let Some(stream) = self.streams.get_mut(&call) else { return };
        stream.parts += 1;
        let stream = stream.clone();
        let (height, round) = stream.slot;
        let subject = format!("a part at height {height}");
        let kind = part.kind().as_str_name();
        if !self.payloads.contains(&(height, part.kind, part.payload.clone())) {
            complaints.push(Complaint {
                subject: subject.clone(),
                requirement: "ECP-STR-001",
                what: format!("sent a {kind} of {} bytes that no execution half made", part.payload.len()),
            });
            return;
        }
        let is_init = part.kind() == v1::PartKind::Init;
        if is_init && stream.reproposal.is_some() && !self.reframed.contains(&(stream.slot, part.payload.clone())) {
            complaints.push(Complaint {
                subject: subject.clone(),
                requirement: "ECP-BLD-016",
                what: format!("proposed again in round {round} with an INIT that ReframeInit did not give"),
            });
        }
        if part.kind() == v1::PartKind::Fin && !stream.proposer.is_empty() {
            let key = (stream.slot, stream.proposer.clone());
            let first = self.fins.entry(key).or_insert_with(|| part.payload.clone());
            if *first != part.payload {
                complaints.push(Complaint {
                    subject,
                    requirement: "ECP-REC-010",
                    what: format!("made two different proposals in height {height} round {round}"),
                });
            }
        }
    }

    fn certificate(&self, method: &str, certificate: Option<v1::CommitCertificate>, complaints: &mut Vec<Complaint>) {
        let wrong = match certificate.ok_or("there is none".to_owned()).and_then(|c| {
            let certificate = Certificate::try_from(c).map_err(|e| e.to_string())?;
            let params = self.genesis.height_params(certificate.height);
            let params = params.ok_or_else(|| format!("height {} has no parameters", certificate.height))?;
            verify_certificate(&certificate, &params, &self.genesis.network()).map_err(|e| e.to_string())
        }) {
            Ok(()) => return,
            Err(wrong) => wrong,
        };
        complaints.push(Complaint {
            subject: format!("the certificate of {method}"),
            requirement: "ECP-DEC-009",
            what: format!("called {method} with a certificate that proves nothing: {wrong}"),
        });
    }

    /// A message that the half is given.
    pub(super) fn execution_said(&mut self, call: u32, instance: u32, process: u32, method: &str, bytes: &[u8]) {
        let told = match method {
            "Handshake" => v1::HandshakeResponse::decode(bytes).ok().and_then(|r| r.position?.committed),
            "Watch" => v1::WatchResponse::decode(bytes).ok().and_then(|r| r.committed),
            "Decide" => v1::DecideResponse::decode(bytes).ok().and_then(|r| r.committed),
            "ImportDecided" => v1::ImportDecidedResponse::decode(bytes).ok().and_then(|r| r.committed),
            _ => None,
        };
        if let Some(height) = told.and_then(|position| position.height) {
            let known = self.told.entry(instance).or_default();
            *known = height.max(*known);
        }
        match method {
            "BuildProposal" => {
                let Some(stream) = self.streams.get(&call) else { return };
                let slot = stream.slot;
                if let Ok(v1::BuildProposalResponse { event: Some(Built::Part(part)) }) =
                    v1::BuildProposalResponse::decode(bytes)
                {
                    self.builders.insert((instance, slot), process);
                    self.payloads.insert((slot.0, part.kind, part.payload));
                }
            }
            "ReframeInit" => {
                let Some(stream) = self.streams.get(&call) else { return };
                let slot = stream.slot;
                if let Ok(reply) = v1::ReframeInitResponse::decode(bytes) {
                    self.payloads.insert((slot.0, v1::PartKind::Init.into(), reply.init.clone()));
                    self.reframed.insert((slot, reply.init));
                }
            }
            "GetDecided" => match v1::GetDecidedResponse::decode(bytes).ok().and_then(|r| r.event) {
                Some(Archived::Header(header)) => {
                    let slot = (header.height.unwrap_or(0), 0);
                    self.streams.insert(call, Stream { slot, ..Stream::default() });
                }
                Some(Archived::Part(part)) => {
                    if let Some(stream) = self.streams.get(&call) {
                        self.payloads.insert((stream.slot.0, part.kind, part.payload));
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use ecp_types::Commitment;

    use super::*;
    use crate::{
        schema::{Propose, Setup},
        workload::{self, Chain, TEST_CHAIN},
    };

    fn model() -> (Model, Box<dyn Chain>) {
        let setup = Setup { validators: Some(2), ..Setup::default() };
        let chain = workload::fixture(TEST_CHAIN, &setup, 1).unwrap().chain;
        (Model::new(chain.genesis().clone(), true), chain)
    }

    fn build(model: &mut Model, call: u32, process: u32) -> Vec<Complaint> {
        let request =
            v1::BuildProposalRequest { height: Some(1), round: Some(0), ..v1::BuildProposalRequest::default() };
        model.consensus_said(call, 0, process, "BuildProposal", &request.encode_to_vec())
    }

    fn give(model: &mut Model, call: u32, process: u32, part: v1::Part) {
        let reply = v1::BuildProposalResponse { event: Some(Built::Part(part)) };
        model.execution_said(call, 0, process, "BuildProposal", &reply.encode_to_vec());
    }

    fn part(kind: v1::PartKind, payload: &'static [u8]) -> v1::Part {
        v1::Part { index: Some(0), kind: kind.into(), payload: Bytes::from_static(payload) }
    }

    fn validate(model: &mut Model, call: u32, budget_ms: u32, part: v1::Part) -> Vec<&'static str> {
        let open = v1::ValidateOpen {
            height: Some(1),
            round: Some(0),
            proposer: Bytes::from_static(&[1; 32]),
            budget_ms,
            ..v1::ValidateOpen::default()
        };
        let mut complaints = Vec::new();
        for event in [Validating::Open(open), Validating::Part(part)] {
            let message = v1::ValidateProposalRequest { event: Some(event) };
            complaints.extend(model.consensus_said(call, 1, 1, "ValidateProposal", &message.encode_to_vec()));
        }
        complaints.into_iter().map(|c| c.requirement).collect()
    }

    #[test]
    fn a_slot_is_built_again_only_by_the_same_process() {
        let (mut model, _) = model();
        assert_eq!(build(&mut model, 0, 1), []);
        assert_eq!(build(&mut model, 1, 2), [], "nothing was given to the first process");
        give(&mut model, 1, 2, part(v1::PartKind::Init, b"i"));
        assert_eq!(build(&mut model, 2, 2), []);
        assert_eq!(build(&mut model, 3, 3)[0].requirement, "ECP-REC-005");
    }

    #[test]
    fn a_height_is_committed_once_an_answer_says_so() {
        let (mut model, _) = model();
        let committed = Some(v1::Position { height: Some(3), commitment: Bytes::from_static(&[1; 32]) });
        let position = Some(v1::ConsensusPosition { committed: committed.clone(), ..v1::ConsensusPosition::default() });
        let request = v1::HandshakeRequest { position, ..v1::HandshakeRequest::default() }.encode_to_vec();
        let claim = |model: &mut Model| {
            let complaints = model.consensus_said(0, 0, 1, "Handshake", &request);
            complaints.into_iter().map(|c| c.requirement).collect::<Vec<_>>()
        };
        assert_eq!(claim(&mut model), ["ECP-DEC-014"]);
        let reply = v1::DecideResponse { committed, next_params: None }.encode_to_vec();
        model.execution_said(1, 1, 1, "Decide", &reply);
        assert_eq!(claim(&mut model), ["ECP-DEC-014"], "another instance was told");
        model.execution_said(1, 0, 1, "Decide", &reply);
        assert_eq!(claim(&mut model), [""; 0]);
    }

    #[test]
    fn payloads_budgets_and_second_proposals_are_judged() {
        let (mut model, _) = model();
        build(&mut model, 0, 1);
        give(&mut model, 0, 1, part(v1::PartKind::Fin, b"one"));
        give(&mut model, 0, 1, part(v1::PartKind::Fin, b"two"));
        assert_eq!(validate(&mut model, 1, 60_000, part(v1::PartKind::Fin, b"one")), [""; 0]);
        assert_eq!(validate(&mut model, 2, 1, part(v1::PartKind::Fin, b"one")), ["ECP-BUD-008"]);
        assert_eq!(validate(&mut model, 3, 60_000, part(v1::PartKind::Fin, b"onE")), ["ECP-STR-001"]);
        assert_eq!(validate(&mut model, 4, 60_000, part(v1::PartKind::Fin, b"two")), ["ECP-REC-010"]);
    }

    #[test]
    fn a_certificate_must_prove_the_decision() {
        let (mut model, chain) = model();
        let proposal = chain
            .propose(
                workload::Slot { height: 1, round: 0, valid_round: None, proposer: chain.proposer(0).unwrap() },
                &Propose::default(),
            )
            .unwrap();
        let decide = |model: &mut Model, certificate: Certificate| {
            let request = v1::DecideRequest { certificate: Some(certificate.into()), ..v1::DecideRequest::default() };
            let complaints = model.consensus_said(0, 0, 1, "Decide", &request.encode_to_vec());
            complaints.into_iter().map(|c| c.requirement).collect::<Vec<_>>()
        };
        let good = chain.certificate(1, 0, proposal.commitment).unwrap();
        assert_eq!(decide(&mut model, good.clone()), [""; 0]);
        let few = Certificate { signatures: good.signatures[..1].to_vec(), ..good.clone() };
        assert_eq!(decide(&mut model, few), ["ECP-DEC-009"]);
        assert_eq!(decide(&mut model, Certificate { commitment: Commitment([9; 32]), ..good }), ["ECP-DEC-009"]);
    }
}
