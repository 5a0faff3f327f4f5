//! Messages of the streaming calls, and the requests and replies that belong to one call only.

use bytes::Bytes;
use ecp_types::{
    Basis, Certificate, Commitment, Counts, Felt, Height, HeightParams, Missing, Part, Position, Round, StreamId,
    Verdict, limits::BUDGET_MS_MAX,
};

use super::{
    FieldError, Within, bytes_of, commitment, decision::name16, detail, felt, in_range, known, required, text,
};
use crate::{status::shorten, v1alpha1 as pb};

fn budget(ms: u32) -> Result<u32, FieldError> {
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

/// A decided block without its parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DecidedHeader {
    /// The height.
    pub height: Height,
    /// Its certificate.
    pub certificate: Certificate,
    /// Part format of its parts.
    pub part_format: String,
    /// Counts of its parts.
    pub counts: Counts,
}

impl TryFrom<pb::DecidedHeader> for DecidedHeader {
    type Error = FieldError;

    fn try_from(h: pb::DecidedHeader) -> Result<Self, FieldError> {
        let height = required(h.height, "height")?;
        let certificate: Certificate = required(h.certificate, "certificate")?.try_into().within("certificate")?;
        if certificate.height != height {
            return Err(FieldError::new("certificate.height", "differs from height"));
        }
        Ok(Self {
            height,
            certificate,
            part_format: text(&h.part_format, "part_format", 1, 64)?,
            counts: required(h.counts, "counts")?.try_into().within("counts")?,
        })
    }
}

impl From<DecidedHeader> for pb::DecidedHeader {
    fn from(h: DecidedHeader) -> Self {
        Self {
            height: Some(h.height),
            certificate: Some(h.certificate.into()),
            part_format: h.part_format,
            counts: Some(h.counts.into()),
        }
    }
}

/// A message of GetDecided.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GetDecidedEvent {
    /// The next block begins.
    Header(DecidedHeader),
    /// A part of it.
    Part(Part),
    /// All were sent, up to this height.
    Done(Height),
}

impl TryFrom<pb::GetDecidedResponse> for GetDecidedEvent {
    type Error = FieldError;

    fn try_from(r: pb::GetDecidedResponse) -> Result<Self, FieldError> {
        use pb::get_decided_response::Event;
        Ok(match required(r.event, "event")? {
            Event::Header(header) => Self::Header(header.try_into().within("header")?),
            Event::Part(part) => Self::Part(part.try_into().within("part")?),
            Event::Done(done) => Self::Done(required(done.last, "done.last")?),
        })
    }
}

impl From<GetDecidedEvent> for pb::GetDecidedResponse {
    fn from(e: GetDecidedEvent) -> Self {
        use pb::get_decided_response::Event;
        let event = match e {
            GetDecidedEvent::Header(header) => Event::Header(header.into()),
            GetDecidedEvent::Part(part) => Event::Part(part.into()),
            GetDecidedEvent::Done(last) => Event::Done(pb::Done { last: Some(last) }),
        };
        Self { event: Some(event) }
    }
}

/// A message of ImportDecided.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ImportEvent {
    /// First, exactly once.
    Header(DecidedHeader),
    /// The next part.
    Part(Part),
    /// No more parts.
    End(Counts),
}

impl TryFrom<pb::ImportDecidedRequest> for ImportEvent {
    type Error = FieldError;

    fn try_from(r: pb::ImportDecidedRequest) -> Result<Self, FieldError> {
        use pb::import_decided_request::Event;
        Ok(match required(r.event, "event")? {
            Event::Header(header) => Self::Header(header.try_into().within("header")?),
            Event::Part(part) => Self::Part(part.try_into().within("part")?),
            Event::End(end) => Self::End(end.try_into().within("end")?),
        })
    }
}

impl From<ImportEvent> for pb::ImportDecidedRequest {
    fn from(e: ImportEvent) -> Self {
        use pb::import_decided_request::Event;
        let event = match e {
            ImportEvent::Header(header) => Event::Header(header.into()),
            ImportEvent::Part(part) => Event::Part(part.into()),
            ImportEvent::End(counts) => Event::End(counts.into()),
        };
        Self { event: Some(event) }
    }
}

/// What became of an import.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ImportOutcome {
    /// The block is durable.
    Committed(Position),
    /// The same block was durable already.
    AlreadyCommitted(Position),
    /// The parts cannot be decoded or do not match their counts.
    Malformed,
    /// Execution gives this instead.
    Mismatch(Commitment),
    /// Something is missing.
    NotReady(Missing),
    /// Another block is committed there.
    Conflict(Position),
}

/// ImportDecided's reply.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImportResult {
    /// The outcome.
    pub outcome: ImportOutcome,
    /// For people.
    pub detail: String,
    /// Parameters of the next height, if known.
    pub next_params: Option<HeightParams>,
}

impl TryFrom<pb::ImportDecidedResponse> for ImportResult {
    type Error = FieldError;

    fn try_from(r: pb::ImportDecidedResponse) -> Result<Self, FieldError> {
        let raw = known(r.outcome, "outcome", |outcome: pb::ImportOutcome| {
            (outcome != pb::ImportOutcome::Unspecified).then_some(outcome)
        })?;
        let committed = r.committed.map(Position::try_from).transpose().within("committed")?;
        let outcome = match raw {
            pb::ImportOutcome::Unspecified | pb::ImportOutcome::Malformed => ImportOutcome::Malformed,
            pb::ImportOutcome::Committed => ImportOutcome::Committed(required(committed, "committed")?),
            pb::ImportOutcome::AlreadyCommitted => ImportOutcome::AlreadyCommitted(required(committed, "committed")?),
            pb::ImportOutcome::Mismatch => {
                ImportOutcome::Mismatch(commitment(&required(r.computed, "computed")?, "computed")?)
            }
            pb::ImportOutcome::NotReady => {
                ImportOutcome::NotReady(required(r.missing, "missing")?.try_into().within("missing")?)
            }
            pb::ImportOutcome::Conflict => ImportOutcome::Conflict(required(committed, "committed")?),
        };
        Ok(Self {
            outcome,
            detail: detail(r.detail, "detail")?,
            next_params: r.next_params.map(TryInto::try_into).transpose().within("next_params")?,
        })
    }
}

impl From<ImportResult> for pb::ImportDecidedResponse {
    fn from(r: ImportResult) -> Self {
        let mut message =
            Self { detail: shorten(r.detail), next_params: r.next_params.map(Into::into), ..Self::default() };
        let outcome = match r.outcome {
            ImportOutcome::Committed(position) => {
                message.committed = Some(position.into());
                pb::ImportOutcome::Committed
            }
            ImportOutcome::AlreadyCommitted(position) => {
                message.committed = Some(position.into());
                pb::ImportOutcome::AlreadyCommitted
            }
            ImportOutcome::Malformed => pb::ImportOutcome::Malformed,
            ImportOutcome::Mismatch(computed) => {
                message.computed = Some(bytes_of(computed.as_bytes()));
                pb::ImportOutcome::Mismatch
            }
            ImportOutcome::NotReady(missing) => {
                message.missing = Some(missing.into());
                pb::ImportOutcome::NotReady
            }
            ImportOutcome::Conflict(position) => {
                message.committed = Some(position.into());
                pb::ImportOutcome::Conflict
            }
        };
        message.outcome = outcome.into();
        message
    }
}

/// ReframeInit's request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reframe {
    /// The height.
    pub height: Height,
    /// The INIT payload as it was proposed first.
    pub init: Bytes,
    /// The new round.
    pub round: Round,
    /// Round of the prevote quorum, below `round`.
    pub valid_round: Round,
    /// Who proposes it again.
    pub proposer: Felt,
}

impl TryFrom<pb::ReframeInitRequest> for Reframe {
    type Error = FieldError;

    fn try_from(r: pb::ReframeInitRequest) -> Result<Self, FieldError> {
        let round = required(r.round, "round")?;
        let valid_round = required(r.valid_round, "valid_round")?;
        if valid_round >= round {
            return Err(FieldError::new("valid_round", "must be below round"));
        }
        Ok(Self {
            height: required(r.height, "height")?,
            init: r.init,
            round,
            valid_round,
            proposer: felt(&r.proposer, "proposer")?,
        })
    }
}

impl From<Reframe> for pb::ReframeInitRequest {
    fn from(r: Reframe) -> Self {
        Self {
            height: Some(r.height),
            init: r.init,
            round: Some(r.round),
            valid_round: Some(r.valid_round),
            proposer: bytes_of(r.proposer.as_bytes()),
        }
    }
}

/// Decide's request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decision {
    /// The decided height.
    pub height: Height,
    /// The round of the certificate.
    pub round: Round,
    /// The decided commitment.
    pub commitment: Commitment,
    /// The certificate.
    pub certificate: Certificate,
}

impl TryFrom<pb::DecideRequest> for Decision {
    type Error = FieldError;

    fn try_from(r: pb::DecideRequest) -> Result<Self, FieldError> {
        let decision = Self {
            height: required(r.height, "height")?,
            round: required(r.round, "round")?,
            commitment: commitment(&r.commitment, "commitment")?,
            certificate: required(r.certificate, "certificate")?.try_into().within("certificate")?,
        };
        let c = &decision.certificate;
        if c.height != decision.height {
            return Err(FieldError::new("certificate.height", "differs from height"));
        }
        if c.round != decision.round {
            return Err(FieldError::new("certificate.round", "differs from round"));
        }
        if c.commitment != decision.commitment {
            return Err(FieldError::new("certificate.commitment", "differs from commitment"));
        }
        Ok(decision)
    }
}

impl From<Decision> for pb::DecideRequest {
    fn from(d: Decision) -> Self {
        Self {
            height: Some(d.height),
            round: Some(d.round),
            commitment: bytes_of(d.commitment.as_bytes()),
            certificate: Some(d.certificate.into()),
        }
    }
}

/// Decide's reply.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decided {
    /// What is committed now.
    pub committed: Position,
    /// Parameters of the next height, if known.
    pub next_params: Option<HeightParams>,
}

impl TryFrom<pb::DecideResponse> for Decided {
    type Error = FieldError;

    fn try_from(r: pb::DecideResponse) -> Result<Self, FieldError> {
        Ok(Self {
            committed: required(r.committed, "committed")?.try_into().within("committed")?,
            next_params: r.next_params.map(TryInto::try_into).transpose().within("next_params")?,
        })
    }
}

impl From<Decided> for pb::DecideResponse {
    fn from(d: Decided) -> Self {
        Self { committed: Some(d.committed.into()), next_params: d.next_params.map(Into::into) }
    }
}
