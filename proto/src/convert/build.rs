//! Messages of BuildProposal.

use ecp_types::{Commitment, Counts, Felt, Height, Part, Round, StreamId, limits::BUDGET_MS_MAX};

use super::{FieldError, Within, bytes_of, commitment, decision::name16, felt, in_range, required};
use crate::v1alpha1 as pb;

/// A budget of a build or a validation, in milliseconds.
pub(super) fn budget(ms: u32) -> Result<u32, FieldError> {
    in_range(ms, 1, BUDGET_MS_MAX as u32, "budget_ms")
}

/// BuildProposal's request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BuildOpen {
    /// Names the stream.
    pub stream_id: StreamId,
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// This node's address.
    pub proposer: Felt,
    /// Time until FIN, in milliseconds.
    pub budget_ms: u32,
}

impl TryFrom<pb::BuildProposalRequest> for BuildOpen {
    type Error = FieldError;

    fn try_from(r: pb::BuildProposalRequest) -> Result<Self, FieldError> {
        Ok(Self {
            stream_id: name16(&r.stream_id, "stream_id")?,
            height: required(r.height, "height")?,
            round: required(r.round, "round")?,
            proposer: felt(&r.proposer, "proposer")?,
            budget_ms: budget(r.budget_ms)?,
        })
    }
}

impl From<BuildOpen> for pb::BuildProposalRequest {
    fn from(b: BuildOpen) -> Self {
        Self {
            stream_id: bytes_of(&b.stream_id),
            height: Some(b.height),
            round: Some(b.round),
            proposer: bytes_of(b.proposer.as_bytes()),
            budget_ms: b.budget_ms,
        }
    }
}

/// The end of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Built {
    /// What validators vote on.
    pub commitment: Commitment,
    /// Length of the executed prefix.
    pub executed_count: u64,
    /// Counts of all parts.
    pub counts: Counts,
}

/// A message of a build.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum BuildEvent {
    /// The next part.
    Part(Part),
    /// The end.
    Built(Built),
}

impl TryFrom<pb::BuildProposalResponse> for BuildEvent {
    type Error = FieldError;

    fn try_from(r: pb::BuildProposalResponse) -> Result<Self, FieldError> {
        use pb::build_proposal_response::Event;
        Ok(match required(r.event, "event")? {
            Event::Part(part) => Self::Part(part.try_into().within("part")?),
            Event::Built(b) => Self::Built(Built {
                commitment: commitment(&b.commitment, "built.commitment")?,
                executed_count: required(b.executed_count, "built.executed_count")?,
                counts: required(b.counts, "built.counts")?.try_into().within("built.counts")?,
            }),
        })
    }
}

impl From<BuildEvent> for pb::BuildProposalResponse {
    fn from(e: BuildEvent) -> Self {
        use pb::build_proposal_response::Event;
        let event = match e {
            BuildEvent::Part(part) => Event::Part(part.into()),
            BuildEvent::Built(b) => Event::Built(pb::Built {
                commitment: bytes_of(b.commitment.as_bytes()),
                executed_count: Some(b.executed_count),
                counts: Some(b.counts.into()),
            }),
        };
        Self { event: Some(event) }
    }
}
