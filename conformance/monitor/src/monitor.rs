//! One state for one pair of halves.

use std::collections::BTreeMap;

use ecp_proto::v1alpha1 as v1;
use prost::Message;

use crate::{
    archive, build, decide,
    event::{Event, Findings, Violation},
    session, status, validate,
};

/// Follows one pair of halves. Feed it with [`Monitor::observe`].
#[derive(Debug, Clone, Default)]
pub struct Monitor {
    session: session::State,
    builds: build::State,
    validations: validate::State,
    decisions: decide::State,
    calls: BTreeMap<u32, Call>,
}

/// A call under way.
#[derive(Debug, Clone)]
struct Call {
    method: String,
    /// Messages of the execution half so far.
    answers: u32,
    kind: Kind,
    session: session::Standing,
    token: Vec<u8>,
    reset: bool,
}

/// What is kept of a call, by its method.
#[derive(Debug, Clone)]
enum Kind {
    Handshake(Option<Box<v1::HandshakeRequest>>),
    Watch(session::Watch),
    HeightParams(Option<u64>),
    StartRound(Option<(u64, u32)>),
    Build(build::Stream),
    Validate(validate::Stream),
    Decide(Option<v1::DecideRequest>),
    GetDecided(archive::Reading),
    Import(archive::Import),
    Other,
}

impl Monitor {
    /// Nothing was seen yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what happened next and tells which rules it breaks.
    pub fn observe(&mut self, event: Event<'_>) -> Vec<Violation> {
        let mut findings = Findings::default();
        match event {
            Event::Call { call, method, token } => {
                let standing = self.session.call(method, token, &mut findings);
                let kind = match method {
                    "Handshake" => Kind::Handshake(None),
                    "Watch" => Kind::Watch(session::Watch::default()),
                    "GetHeightParams" => Kind::HeightParams(None),
                    "StartRound" => Kind::StartRound(None),
                    "BuildProposal" => Kind::Build(build::Stream::default()),
                    "ValidateProposal" => Kind::Validate(validate::Stream::default()),
                    "Decide" => Kind::Decide(None),
                    "GetDecided" => Kind::GetDecided(archive::Reading::default()),
                    "ImportDecided" => Kind::Import(archive::Import::default()),
                    _ => Kind::Other,
                };
                let call_state = Call {
                    method: method.to_owned(),
                    answers: 0,
                    kind,
                    session: standing,
                    token: token.unwrap_or_default().to_vec(),
                    reset: false,
                };
                self.calls.insert(call, call_state);
            }
            Event::FromConsensus { call, bytes } => self.consensus_said(call, bytes, &mut findings),
            Event::FromExecution { call, bytes } => self.execution_said(call, bytes, &mut findings),
            Event::HalfClosed { call } => {
                if let Some(Kind::Validate(stream)) = self.calls.get_mut(&call).map(|c| &mut c.kind) {
                    stream.half_closed();
                }
            }
            Event::Reset { call } => {
                if let Some(call) = self.calls.get_mut(&call) {
                    call.reset = true;
                }
            }
            Event::Ended { call, code, error, message, local } => {
                if let Some(seen) = self.calls.remove(&call)
                    && !seen.reset
                    && !local
                {
                    status::ended(&seen.method, seen.answers, code, error.as_ref(), message, &mut findings);
                    if code == 0 {
                        self.ended_well(&seen, &mut findings);
                    }
                }
            }
            Event::ExecutionStarted => {
                self.session.execution_started();
                self.builds = build::State::default();
                self.calls.clear();
            }
            Event::ConsensusStarted => {
                self.session.consensus_started();
                self.decisions.consensus_started();
                self.calls.clear();
            }
        }
        findings.0
    }

    fn consensus_said(&mut self, call: u32, bytes: &[u8], findings: &mut Findings) {
        let Some(call) = self.calls.get_mut(&call) else { return };
        match &mut call.kind {
            Kind::Handshake(request) => *request = v1::HandshakeRequest::decode(bytes).ok().map(Box::new),
            Kind::HeightParams(height) => {
                *height = v1::GetHeightParamsRequest::decode(bytes).ok().and_then(|r| r.height);
            }
            Kind::StartRound(slot) => {
                if let Ok(request) = v1::StartRoundRequest::decode(bytes) {
                    *slot = request.height.zip(request.round);
                    self.decisions.start_round(&request, findings);
                }
            }
            Kind::Build(stream) => {
                if let Ok(request) = v1::BuildProposalRequest::decode(bytes) {
                    self.builds.opened(&request, stream, findings);
                    self.session.stream_id(&request.stream_id, slot_text(request.height, request.round), findings);
                }
            }
            Kind::Validate(stream) => {
                if let Ok(v1::ValidateProposalRequest { event: Some(event) }) =
                    v1::ValidateProposalRequest::decode(bytes)
                {
                    if let v1::validate_proposal_request::Event::Open(open) = &event {
                        let what = format!("validation at {}", slot_text(open.height, open.round));
                        self.session.stream_id(&open.stream_id, what, findings);
                    }
                    stream.consensus_said(event, findings);
                }
            }
            Kind::Decide(request) => {
                *request = v1::DecideRequest::decode(bytes).ok();
                if let Some(request) = request {
                    self.decisions.asked(request, findings);
                }
            }
            Kind::GetDecided(reading) => {
                if let Ok(request) = v1::GetDecidedRequest::decode(bytes) {
                    reading.asked(&request);
                }
            }
            Kind::Import(import) => {
                if let Ok(v1::ImportDecidedRequest { event: Some(event) }) = v1::ImportDecidedRequest::decode(bytes) {
                    import.consensus_said(event, findings);
                }
            }
            Kind::Watch(_) | Kind::Other => {}
        }
    }

    fn execution_said(&mut self, call: u32, bytes: &[u8], findings: &mut Findings) {
        let Some(call) = self.calls.get_mut(&call) else { return };
        call.answers += 1;
        self.session.answered(&call.method, &call.session, findings);
        match &mut call.kind {
            Kind::Handshake(request) => {
                if let Some(reply) = decoded::<v1::HandshakeResponse>(bytes, &call.method, findings) {
                    self.session.greeted(request.as_deref(), &reply, findings);
                    self.decisions.greeted(reply.position.as_ref().and_then(|p| p.committed.as_ref()), findings);
                }
            }
            Kind::Watch(watch) => {
                if let Some(state) = decoded::<v1::WatchResponse>(bytes, &call.method, findings) {
                    self.session.watched(watch, &state, findings);
                    self.decisions.watched(&state, findings);
                }
            }
            Kind::HeightParams(height) => {
                if let Some(reply) = decoded::<v1::GetHeightParamsResponse>(bytes, &call.method, findings) {
                    self.decisions.params(*height, reply.params.as_ref(), findings);
                }
            }
            Kind::StartRound(slot) => {
                if let Some((height, round)) = *slot {
                    self.builds.started(height, round);
                }
            }
            Kind::Build(stream) => {
                if let Some(reply) = decoded::<v1::BuildProposalResponse>(bytes, &call.method, findings) {
                    self.builds.said(stream, reply, findings);
                }
            }
            Kind::Validate(stream) => {
                if let Some(reply) = decoded::<v1::ValidateProposalResponse>(bytes, &call.method, findings) {
                    self.validations.said(stream, reply, findings);
                }
            }
            Kind::Decide(request) => {
                if let Some(reply) = decoded::<v1::DecideResponse>(bytes, &call.method, findings)
                    && let Some(request) = request
                {
                    if self.session.is_replaced(&call.token) {
                        self.decisions.decided_late(request, findings);
                    }
                    self.decisions.decided(request, &reply, findings);
                }
            }
            Kind::GetDecided(reading) => {
                if let Some(reply) = decoded::<v1::GetDecidedResponse>(bytes, &call.method, findings) {
                    reading.said(reply, findings);
                }
            }
            Kind::Import(import) => {
                if let Some(reply) = decoded::<v1::ImportDecidedResponse>(bytes, &call.method, findings) {
                    let position = import.answered(&reply, findings);
                    self.decisions.told(position, findings);
                }
            }
            Kind::Other => {}
        }
    }

    fn ended_well(&self, call: &Call, findings: &mut Findings) {
        match &call.kind {
            Kind::Build(stream) => stream.ended(findings),
            Kind::Validate(stream) => stream.ended(findings),
            Kind::GetDecided(reading) => reading.ended(findings),
            _ => {}
        }
    }
}

/// A message of the execution half; bytes that are none are a finding.
fn decoded<M: Message + Default>(bytes: &[u8], method: &str, findings: &mut Findings) -> Option<M> {
    let message = M::decode(bytes).ok();
    if message.is_none() {
        let did = format!("{method} answered bytes that are no message of the protocol");
        findings.execution("ECP-ERR-001", "a reply is a message of the protocol", did);
    }
    message
}

fn slot_text(height: Option<u64>, round: Option<u32>) -> String {
    format!("height {height:?} round {round:?}")
}
