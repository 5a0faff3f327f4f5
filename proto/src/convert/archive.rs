//! Messages of GetDecided and ImportDecided: decided blocks with their parts.

use ecp_types::{Certificate, Commitment, Counts, Height, HeightParams, Missing, Part, Position};

use super::{FieldError, Within, bytes_of, commitment, detail, known, required, text};
use crate::{status::shorten, v1alpha1 as pb};

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
