//! Parts, bases, verdicts.

use ecp_types::{Basis, Counts, InvalidReason, LocalReason, Missing, Part, PartKind, Verdict, limits::PART_BYTES};

use super::{FieldError, Within, array, bytes_of, commitment, detail, in_range, known, required};
use crate::{status::shorten, v1alpha1 as pb};

impl TryFrom<pb::Part> for Part {
    type Error = FieldError;

    fn try_from(p: pb::Part) -> Result<Self, FieldError> {
        let size = p.payload.len() as u64;
        if size > PART_BYTES {
            return Err(FieldError::too_large("payload", size, PART_BYTES));
        }
        Ok(Self {
            index: required(p.index, "index")?,
            kind: known(p.kind, "kind", |kind: pb::PartKind| match kind {
                pb::PartKind::Unspecified => None,
                pb::PartKind::Init => Some(PartKind::Init),
                pb::PartKind::Body => Some(PartKind::Body),
                pb::PartKind::Fin => Some(PartKind::Fin),
            })?,
            payload: p.payload,
        })
    }
}

impl From<Part> for pb::Part {
    fn from(p: Part) -> Self {
        let kind = match p.kind {
            PartKind::Init => pb::PartKind::Init,
            PartKind::Body => pb::PartKind::Body,
            PartKind::Fin => pb::PartKind::Fin,
        };
        Self { index: Some(p.index), kind: kind.into(), payload: p.payload }
    }
}

impl TryFrom<pb::End> for Counts {
    type Error = FieldError;

    fn try_from(e: pb::End) -> Result<Self, FieldError> {
        // INIT alone is a whole sequence after `same_as`; what else is due, the stream tells (ECP-STR-003).
        let parts = in_range(required(e.parts, "parts")?, 1, u32::MAX, "parts")?;
        Ok(Self { parts, bytes: required(e.bytes, "bytes")? })
    }
}

impl From<Counts> for pb::End {
    fn from(c: Counts) -> Self {
        Self { parts: Some(c.parts), bytes: Some(c.bytes) }
    }
}

impl TryFrom<pb::Basis> for Basis {
    type Error = FieldError;

    fn try_from(b: pb::Basis) -> Result<Self, FieldError> {
        let kind = known(b.kind, "kind", |kind: pb::BasisKind| (kind != pb::BasisKind::Unspecified).then_some(kind))?;
        match (kind, b.valid_round) {
            (pb::BasisKind::Quorum, Some(round)) => Ok(Self::Quorum(round)),
            (pb::BasisKind::Quorum, None) => Err(FieldError::new("valid_round", "is missing")),
            (_, Some(_)) => Err(FieldError::new("valid_round", "belongs to the kind QUORUM only")),
            (pb::BasisKind::Restored, None) => Ok(Self::Restored),
            (_, None) => Ok(Self::Fresh),
        }
    }
}

impl From<Basis> for pb::Basis {
    /// `Decided` is never on the wire: it is sent as the strongest basis there is.
    fn from(b: Basis) -> Self {
        let (kind, valid_round) = match b {
            Basis::Fresh => (pb::BasisKind::Fresh, None),
            Basis::Quorum(round) => (pb::BasisKind::Quorum, Some(round)),
            Basis::Restored | Basis::Decided => (pb::BasisKind::Restored, None),
        };
        Self { kind: kind.into(), valid_round }
    }
}

impl From<InvalidReason> for pb::InvalidReason {
    fn from(r: InvalidReason) -> Self {
        match r {
            InvalidReason::PayloadMalformed => Self::PayloadMalformed,
            InvalidReason::InitMismatch => Self::InitMismatch,
            InvalidReason::HeaderRule => Self::HeaderRule,
            InvalidReason::DuplicateTransaction => Self::DuplicateTransaction,
            InvalidReason::TransactionInvalid => Self::TransactionInvalid,
            InvalidReason::CountExceedsSent => Self::CountExceedsSent,
            InvalidReason::BlockOverCapacity => Self::BlockOverCapacity,
            InvalidReason::CommitmentMismatch => Self::CommitmentMismatch,
            InvalidReason::ProposalTooLarge => Self::ProposalTooLarge,
            InvalidReason::FinMismatch => Self::FinMismatch,
            InvalidReason::L1MessageConsumed => Self::L1MessageConsumed,
        }
    }
}

/// A reason from its enum value.
fn invalid_reason(raw: i32, field: &str) -> Result<InvalidReason, FieldError> {
    known(raw, field, |r: pb::InvalidReason| match r {
        pb::InvalidReason::Unspecified => None,
        pb::InvalidReason::PayloadMalformed => Some(InvalidReason::PayloadMalformed),
        pb::InvalidReason::InitMismatch => Some(InvalidReason::InitMismatch),
        pb::InvalidReason::HeaderRule => Some(InvalidReason::HeaderRule),
        pb::InvalidReason::DuplicateTransaction => Some(InvalidReason::DuplicateTransaction),
        pb::InvalidReason::TransactionInvalid => Some(InvalidReason::TransactionInvalid),
        pb::InvalidReason::CountExceedsSent => Some(InvalidReason::CountExceedsSent),
        pb::InvalidReason::BlockOverCapacity => Some(InvalidReason::BlockOverCapacity),
        pb::InvalidReason::CommitmentMismatch => Some(InvalidReason::CommitmentMismatch),
        pb::InvalidReason::ProposalTooLarge => Some(InvalidReason::ProposalTooLarge),
        pb::InvalidReason::FinMismatch => Some(InvalidReason::FinMismatch),
        pb::InvalidReason::L1MessageConsumed => Some(InvalidReason::L1MessageConsumed),
    })
}

impl From<LocalReason> for pb::LocalReason {
    fn from(r: LocalReason) -> Self {
        match r {
            LocalReason::TimestampWindow => Self::TimestampWindow,
            LocalReason::PriceBand => Self::PriceBand,
            LocalReason::L1MessageUnseen => Self::L1MessageUnseen,
        }
    }
}

fn local_reason(raw: i32, field: &str) -> Result<LocalReason, FieldError> {
    known(raw, field, |r: pb::LocalReason| match r {
        pb::LocalReason::Unspecified => None,
        pb::LocalReason::TimestampWindow => Some(LocalReason::TimestampWindow),
        pb::LocalReason::PriceBand => Some(LocalReason::PriceBand),
        pb::LocalReason::L1MessageUnseen => Some(LocalReason::L1MessageUnseen),
    })
}

impl TryFrom<pb::MissingCondition> for Missing {
    type Error = FieldError;

    fn try_from(m: pb::MissingCondition) -> Result<Self, FieldError> {
        use pb::missing_condition::Condition;
        Ok(match required(m.condition, "condition")? {
            Condition::Parent(height) => Self::Parent(height),
            Condition::BlockHash(height) => Self::BlockHash(height),
            Condition::Params(height) => Self::Params(height),
            Condition::L1Source(true) => Self::L1Source,
            Condition::L1Source(false) => return Err(FieldError::new("l1_source", "is always true")),
            Condition::ClassHash(hash) => Self::Class(array(&hash, "class_hash")?),
        })
    }
}

impl From<Missing> for pb::MissingCondition {
    fn from(m: Missing) -> Self {
        use pb::missing_condition::Condition;
        let condition = match m {
            Missing::Parent(height) => Condition::Parent(height),
            Missing::BlockHash(height) => Condition::BlockHash(height),
            Missing::Params(height) => Condition::Params(height),
            Missing::L1Source => Condition::L1Source(true),
            Missing::Class(hash) => Condition::ClassHash(bytes_of(&hash)),
        };
        Self { condition: Some(condition) }
    }
}

impl TryFrom<pb::Verdict> for Verdict {
    type Error = FieldError;

    fn try_from(v: pb::Verdict) -> Result<Self, FieldError> {
        use pb::verdict::Outcome;
        Ok(match required(v.outcome, "outcome")? {
            Outcome::Valid(v) => Self::Valid {
                commitment: commitment(&v.commitment, "valid.commitment")?,
                executed_count: required(v.executed_count, "valid.executed_count")?,
            },
            Outcome::Invalid(i) => Self::Invalid {
                reason: invalid_reason(i.reason, "invalid.reason")?,
                detail: detail(i.detail, "invalid.detail")?,
            },
            Outcome::RejectedLocal(r) => Self::RejectedLocal {
                reason: local_reason(r.reason, "rejected_local.reason")?,
                commitment: commitment(&r.commitment, "rejected_local.commitment")?,
                detail: detail(r.detail, "rejected_local.detail")?,
            },
            Outcome::NotReady(n) => {
                Self::NotReady(required(n.missing, "not_ready.missing")?.try_into().within("not_ready.missing")?)
            }
            Outcome::Aborted(_) => Self::Aborted,
            Outcome::Expired(_) => Self::Expired,
        })
    }
}

impl From<Verdict> for pb::Verdict {
    fn from(v: Verdict) -> Self {
        use pb::verdict::Outcome;
        let outcome = match v {
            Verdict::Valid { commitment, executed_count } => Outcome::Valid(pb::Valid {
                commitment: bytes_of(commitment.as_bytes()),
                executed_count: Some(executed_count),
            }),
            Verdict::Invalid { reason, detail } => Outcome::Invalid(pb::Invalid {
                reason: pb::InvalidReason::from(reason).into(),
                detail: shorten(detail),
            }),
            Verdict::RejectedLocal { reason, commitment, detail } => Outcome::RejectedLocal(pb::RejectedLocal {
                reason: pb::LocalReason::from(reason).into(),
                commitment: bytes_of(commitment.as_bytes()),
                detail: shorten(detail),
            }),
            Verdict::NotReady(missing) => Outcome::NotReady(pb::NotReady { missing: Some(missing.into()) }),
            Verdict::Aborted => Outcome::Aborted(pb::Aborted {}),
            Verdict::Expired => Outcome::Expired(pb::Expired {}),
        };
        Self { outcome: Some(outcome) }
    }
}
