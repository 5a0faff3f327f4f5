//! Messages of ValidateProposal.

use ecp_types::{Basis, Commitment, Counts, Felt, Height, Missing, Part, Round, StreamId, Verdict};

use super::{FieldError, Within, build::budget, bytes_of, commitment, decision::name16, felt, required};
use crate::v1alpha1 as pb;

/// The first message of a validation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ValidateOpen {
    /// Names the stream.
    pub stream_id: StreamId,
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// Round of the prevote quorum that the proposer saw.
    pub valid_round: Option<Round>,
    /// Who proposes.
    pub proposer: Felt,
    /// Time until the verdict, in milliseconds.
    pub budget_ms: u32,
    /// Why it should pass.
    pub basis: Basis,
    /// A complete candidate whose body this proposal has.
    pub same_as: Option<Commitment>,
}

impl TryFrom<pb::ValidateOpen> for ValidateOpen {
    type Error = FieldError;

    fn try_from(o: pb::ValidateOpen) -> Result<Self, FieldError> {
        let round = required(o.round, "round")?;
        if o.valid_round.is_some_and(|valid| valid >= round) {
            return Err(FieldError::new("valid_round", "must be below round"));
        }
        Ok(Self {
            stream_id: name16(&o.stream_id, "stream_id")?,
            height: required(o.height, "height")?,
            round,
            valid_round: o.valid_round,
            proposer: felt(&o.proposer, "proposer")?,
            budget_ms: budget(o.budget_ms)?,
            basis: required(o.basis, "basis")?.try_into().within("basis")?,
            same_as: o.same_as.map(|c| commitment(&c, "same_as")).transpose()?,
        })
    }
}

impl From<ValidateOpen> for pb::ValidateOpen {
    fn from(o: ValidateOpen) -> Self {
        Self {
            stream_id: bytes_of(&o.stream_id),
            height: Some(o.height),
            round: Some(o.round),
            valid_round: o.valid_round,
            proposer: bytes_of(o.proposer.as_bytes()),
            budget_ms: o.budget_ms,
            basis: Some(o.basis.into()),
            same_as: o.same_as.map(|c| bytes_of(c.as_bytes())),
        }
    }
}

/// A message to a validation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ValidateEvent {
    /// First, exactly once.
    Open(ValidateOpen),
    /// The next part.
    Part(Part),
    /// No more parts.
    End(Counts),
    /// A higher basis.
    RaiseBasis(Basis),
}

impl TryFrom<pb::ValidateProposalRequest> for ValidateEvent {
    type Error = FieldError;

    fn try_from(r: pb::ValidateProposalRequest) -> Result<Self, FieldError> {
        use pb::validate_proposal_request::Event;
        Ok(match required(r.event, "event")? {
            Event::Open(open) => Self::Open(open.try_into().within("open")?),
            Event::Part(part) => Self::Part(part.try_into().within("part")?),
            Event::End(end) => Self::End(end.try_into().within("end")?),
            Event::RaiseBasis(basis) => Self::RaiseBasis(basis.try_into().within("raise_basis")?),
        })
    }
}

impl From<ValidateEvent> for pb::ValidateProposalRequest {
    fn from(e: ValidateEvent) -> Self {
        use pb::validate_proposal_request::Event;
        let event = match e {
            ValidateEvent::Open(open) => Event::Open(open.into()),
            ValidateEvent::Part(part) => Event::Part(part.into()),
            ValidateEvent::End(counts) => Event::End(counts.into()),
            ValidateEvent::RaiseBasis(basis) => Event::RaiseBasis(basis.into()),
        };
        Self { event: Some(event) }
    }
}

/// A message from a validation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ValidateReply {
    /// It waits.
    Waiting(Missing),
    /// The verdict.
    Verdict(Verdict),
}

impl TryFrom<pb::ValidateProposalResponse> for ValidateReply {
    type Error = FieldError;

    fn try_from(r: pb::ValidateProposalResponse) -> Result<Self, FieldError> {
        use pb::validate_proposal_response::Event;
        Ok(match required(r.event, "event")? {
            Event::Waiting(missing) => Self::Waiting(missing.try_into().within("waiting")?),
            Event::Verdict(verdict) => Self::Verdict(verdict.try_into().within("verdict")?),
        })
    }
}

impl From<ValidateReply> for pb::ValidateProposalResponse {
    fn from(r: ValidateReply) -> Self {
        use pb::validate_proposal_response::Event;
        let event = match r {
            ValidateReply::Waiting(missing) => Event::Waiting(missing.into()),
            ValidateReply::Verdict(verdict) => Event::Verdict(verdict.into()),
        };
        Self { event: Some(event) }
    }
}
