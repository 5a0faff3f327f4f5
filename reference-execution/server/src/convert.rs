//! Between the wire's values and the core's.

use ecp_execution_core::{
    Refusal,
    effect::{HandshakeReply, ImportReply, Message},
    input::{
        BuildProposal, Call, Finalize, Handshake, ImportHeader, ReframeInit, StartRound, StreamEvent, ValidateOpen,
    },
};
use ecp_proto::{
    EcpError, FieldError,
    convert::{
        BlockRange, BuildEvent, BuildOpen, Built, Decision, Finalization, HandshakeAnswer, HandshakeOpen, ImportEvent,
        ImportOutcome, ImportResult, Reframe, ValidateEvent, ValidateReply, features,
    },
    v1alpha1 as pb,
};
use ecp_types::{Limits, Network, Reason, SessionRole, Software, limits::HANDSHAKE_BYTES};
use prost::Message as _;
use tonic::Status;

/// A core's refusal as a status; the table's advice is appended (ECP-ERR-001, ECP-ERR-007).
pub(crate) fn status(refusal: Refusal) -> Status {
    let mut error = EcpError::new(refusal.reason, refusal.problem);
    for (key, value) in refusal.metadata {
        error = error.with(&key, value);
    }
    error.retry_after = refusal.retry_after_ms.map(std::time::Duration::from_millis);
    error.into()
}

/// A field that cannot be taken, for the core to tell after what precedes it.
pub(crate) fn field(error: FieldError) -> Refusal {
    let refusal = Refusal::new(error.reason(), format_args!("{error}."));
    match error.limit {
        Some(limit) => refusal.with("limit", limit),
        None => refusal.with("field", error.field),
    }
}

/// A handshake. Fields that are checked before FIELD_INVALID are taken even if others cannot be.
pub(crate) fn handshake(request: pb::HandshakeRequest, nonce: [u8; 16]) -> Result<Call, Refusal> {
    let size = request.encoded_len() as u64;
    if size > HANDSHAKE_BYTES {
        return Err(Refusal::new(Reason::LimitExceeded, format_args!("The handshake has {size} bytes."))
            .with("limit", HANDSHAKE_BYTES));
    }
    let mut handshake = Handshake {
        revisions: request.revisions.clone(),
        features: features(&request.features).into_iter().collect(),
        network: request.network.clone().and_then(|n| Network::try_from(n).ok()),
        role: SessionRole::Reader,
        consensus_id: [0; 16],
        takeover: request.takeover,
        nonce,
        invalid: None,
    };
    // SESSION_HELD precedes FIELD_INVALID: the role and id count if they stand.
    if request.role == i32::from(pb::SessionRole::Writer)
        && let Ok(id) = request.consensus_id.as_ref().try_into()
    {
        handshake.role = SessionRole::Writer;
        handshake.consensus_id = id;
    }
    match HandshakeOpen::try_from(request) {
        Ok(open) => {
            handshake.role = open.role;
            handshake.consensus_id = open.consensus_id;
        }
        Err(error) => handshake.invalid = Some(field(error)),
    }
    Ok(Call::Handshake(Box::new(handshake)))
}

/// What the execution half says about itself in each handshake.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) limits: Limits,
    pub(crate) network: Network,
    pub(crate) software: Software,
    pub(crate) instance_id: [u8; 16],
    pub(crate) build_margin_ms: u32,
    pub(crate) first_height: u64,
}

pub(crate) fn handshake_reply(reply: HandshakeReply, identity: &Identity) -> pb::HandshakeResponse {
    HandshakeAnswer {
        revision: reply.revision,
        features: reply.features.into_iter().collect(),
        limits: identity.limits,
        network: identity.network.clone(),
        software: identity.software.clone(),
        instance_id: identity.instance_id,
        session_token: reply.token,
        position: reply.position,
        build_margin_ms: identity.build_margin_ms,
        first_height: identity.first_height,
    }
    .into()
}

pub(crate) fn params_request(request: pb::GetHeightParamsRequest) -> Result<Call, Refusal> {
    Ok(Call::GetHeightParams(request.try_into().map_err(field)?))
}

pub(crate) fn hash_request(request: pb::GetBlockHashRequest) -> Result<Call, Refusal> {
    Ok(Call::GetBlockHash(request.try_into().map_err(field)?))
}

pub(crate) fn decided_request(request: pb::GetDecidedRequest) -> Result<Call, Refusal> {
    let range = BlockRange::try_from(request).map_err(field)?;
    Ok(Call::GetDecided(range.from, range.to))
}

pub(crate) fn start_round(request: pb::StartRoundRequest) -> Result<Call, Refusal> {
    let (height, round, role, proposer) = request.try_into().map_err(field)?;
    Ok(Call::StartRound(StartRound { height, round, role, proposer }))
}

pub(crate) fn build(request: pb::BuildProposalRequest) -> Result<Call, Refusal> {
    let open = BuildOpen::try_from(request).map_err(field)?;
    Ok(Call::BuildProposal(BuildProposal {
        stream_id: open.stream_id,
        height: open.height,
        round: open.round,
        proposer: open.proposer,
        budget_ms: open.budget_ms,
    }))
}

pub(crate) fn reframe(request: pb::ReframeInitRequest) -> Result<Call, Refusal> {
    let reframe = Reframe::try_from(request).map_err(field)?;
    Ok(Call::ReframeInit(ReframeInit {
        height: reframe.height,
        init: reframe.init,
        round: reframe.round,
        valid_round: reframe.valid_round,
        proposer: reframe.proposer,
    }))
}

pub(crate) fn abort(request: pb::AbortRequest) -> Result<Call, Refusal> {
    Ok(Call::Abort(request.try_into().map_err(field)?))
}

pub(crate) fn decide(request: pb::DecideRequest) -> Result<Call, Refusal> {
    Ok(Call::Decide(Box::new(Decision::try_from(request).map_err(field)?.certificate)))
}

pub(crate) fn finalize(request: pb::FinalizeRequest) -> Result<Call, Refusal> {
    let Finalization { height, certificate, evidence } = request.try_into().map_err(field)?;
    Ok(Call::Finalize(Box::new(Finalize { height, certificate, evidence })))
}

/// A message of a validation for the core.
pub(crate) fn validate_event(request: pb::ValidateProposalRequest) -> StreamEvent {
    match ValidateEvent::try_from(request) {
        Ok(ValidateEvent::Open(open)) => StreamEvent::Open(Box::new(ValidateOpen {
            stream_id: open.stream_id,
            height: open.height,
            round: open.round,
            valid_round: open.valid_round,
            proposer: open.proposer,
            budget_ms: open.budget_ms,
            basis: open.basis,
            same_as: open.same_as,
        })),
        Ok(ValidateEvent::Part(part)) => StreamEvent::Part(part),
        Ok(ValidateEvent::End(counts)) => StreamEvent::End(counts),
        Ok(ValidateEvent::RaiseBasis(basis)) => StreamEvent::Raise(basis),
        Err(error) => StreamEvent::Invalid(field(error)),
    }
}

/// A message of an import for the core.
pub(crate) fn import_event(request: pb::ImportDecidedRequest) -> StreamEvent {
    match ImportEvent::try_from(request) {
        Ok(ImportEvent::Header(header)) => StreamEvent::Header(Box::new(ImportHeader {
            certificate: header.certificate,
            part_format: header.part_format,
            counts: header.counts,
        })),
        Ok(ImportEvent::Part(part)) => StreamEvent::Part(part),
        Ok(ImportEvent::End(counts)) => StreamEvent::End(counts),
        Err(error) => StreamEvent::Invalid(field(error)),
    }
}

/// A message of a build for the wire; `None` for what no build says.
pub(crate) fn build_message(message: Message) -> Option<pb::BuildProposalResponse> {
    match message {
        Message::Part(part) => Some(BuildEvent::Part(part).into()),
        Message::Built(outcome, counts) => Some(
            BuildEvent::Built(Built { commitment: outcome.commitment, executed_count: outcome.executed_count, counts })
                .into(),
        ),
        Message::Waiting(_) | Message::Verdict(_) => None,
    }
}

/// A message of a validation for the wire; `None` for what no validation says.
pub(crate) fn validate_message(message: Message) -> Option<pb::ValidateProposalResponse> {
    match message {
        Message::Waiting(missing) => Some(ValidateReply::Waiting(missing).into()),
        Message::Verdict(verdict) => Some(ValidateReply::Verdict(verdict).into()),
        Message::Part(_) | Message::Built(..) => None,
    }
}

/// What became of an import, for the wire.
pub(crate) fn import_reply(reply: ImportReply) -> pb::ImportDecidedResponse {
    let mut result = ImportResult { outcome: ImportOutcome::Malformed, detail: String::new(), next_params: None };
    match reply {
        ImportReply::Committed { committed, next_params } => {
            result.outcome = ImportOutcome::Committed(committed);
            result.next_params = next_params.map(|p| *p);
        }
        ImportReply::Already(position) => result.outcome = ImportOutcome::AlreadyCommitted(position),
        ImportReply::Malformed(detail) => result.detail = detail,
        ImportReply::Mismatch(computed) => result.outcome = ImportOutcome::Mismatch(computed),
        ImportReply::NotReady(missing) => result.outcome = ImportOutcome::NotReady(missing),
        ImportReply::Conflict(position) => result.outcome = ImportOutcome::Conflict(position),
    }
    result.into()
}
