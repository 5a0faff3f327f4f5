//! Positions, certificates, votes, evidence.

use std::collections::BTreeSet;

use ecp_types::{
    Certificate, CommitSignature, Evidence, LastSigned, Position, SignedProposal, SignedStep, SignedVote, VoteType,
    limits::COMMITTEE_MEMBERS_MAX,
};

use super::{FieldError, Within, array, bytes_of, commitment, felt, in_range, known, required};
use crate::v1alpha1 as pb;

/// Longest signature, in bytes.
const SIGNATURE_BYTES_MAX: usize = 1024;

fn signature(bytes: &[u8], field: &str) -> Result<Vec<u8>, FieldError> {
    in_range(bytes.len(), 1, SIGNATURE_BYTES_MAX, field)?;
    Ok(bytes.to_vec())
}

impl TryFrom<pb::Position> for Position {
    type Error = FieldError;

    fn try_from(p: pb::Position) -> Result<Self, FieldError> {
        Ok(Self { height: required(p.height, "height")?, commitment: commitment(&p.commitment, "commitment")? })
    }
}

impl From<Position> for pb::Position {
    fn from(p: Position) -> Self {
        Self { height: Some(p.height), commitment: bytes_of(p.commitment.as_bytes()) }
    }
}

impl TryFrom<pb::CommitCertificate> for Certificate {
    type Error = FieldError;

    fn try_from(c: pb::CommitCertificate) -> Result<Self, FieldError> {
        in_range(c.signatures.len(), 1, COMMITTEE_MEMBERS_MAX as usize, "signatures")?;
        let mut seen = BTreeSet::new();
        let signatures = c
            .signatures
            .into_iter()
            .enumerate()
            .map(|(i, s)| {
                let at = format!("signatures[{i}]");
                let address = felt(&s.address, "address").within(&at)?;
                if !seen.insert(address) {
                    return Err(FieldError::new(format!("{at}.address"), "signs twice"));
                }
                Ok(CommitSignature { address, signature: signature(&s.signature, "signature").within(&at)? })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            height: required(c.height, "height")?,
            round: required(c.round, "round")?,
            commitment: commitment(&c.commitment, "commitment")?,
            signatures,
        })
    }
}

impl From<Certificate> for pb::CommitCertificate {
    fn from(c: Certificate) -> Self {
        Self {
            height: Some(c.height),
            round: Some(c.round),
            commitment: bytes_of(c.commitment.as_bytes()),
            signatures: c
                .signatures
                .into_iter()
                .map(|s| pb::CommitSignature { address: bytes_of(s.address.as_bytes()), signature: s.signature.into() })
                .collect(),
        }
    }
}

impl TryFrom<pb::LastSigned> for LastSigned {
    type Error = FieldError;

    fn try_from(l: pb::LastSigned) -> Result<Self, FieldError> {
        Ok(Self {
            height: required(l.height, "height")?,
            round: required(l.round, "round")?,
            step: known(l.step, "step", |step: pb::SignedStep| match step {
                pb::SignedStep::Unspecified => None,
                pb::SignedStep::Proposal => Some(SignedStep::Proposal),
                pb::SignedStep::Prevote => Some(SignedStep::Prevote),
                pb::SignedStep::Precommit => Some(SignedStep::Precommit),
            })?,
        })
    }
}

impl From<LastSigned> for pb::LastSigned {
    fn from(l: LastSigned) -> Self {
        let step = match l.step {
            SignedStep::Proposal => pb::SignedStep::Proposal,
            SignedStep::Prevote => pb::SignedStep::Prevote,
            SignedStep::Precommit => pb::SignedStep::Precommit,
        };
        Self { height: Some(l.height), round: Some(l.round), step: step.into() }
    }
}

impl TryFrom<pb::SignedVote> for SignedVote {
    type Error = FieldError;

    fn try_from(v: pb::SignedVote) -> Result<Self, FieldError> {
        Ok(Self {
            address: felt(&v.address, "address")?,
            height: required(v.height, "height")?,
            round: required(v.round, "round")?,
            vote_type: known(v.vote_type, "vote_type", |kind: pb::VoteType| match kind {
                pb::VoteType::Unspecified => None,
                pb::VoteType::Prevote => Some(VoteType::Prevote),
                pb::VoteType::Precommit => Some(VoteType::Precommit),
            })?,
            commitment: v.commitment.map(|c| commitment(&c, "commitment")).transpose()?,
            signature: signature(&v.signature, "signature")?,
        })
    }
}

impl From<SignedVote> for pb::SignedVote {
    fn from(v: SignedVote) -> Self {
        let kind = match v.vote_type {
            VoteType::Prevote => pb::VoteType::Prevote,
            VoteType::Precommit => pb::VoteType::Precommit,
        };
        Self {
            address: bytes_of(v.address.as_bytes()),
            height: Some(v.height),
            round: Some(v.round),
            vote_type: kind.into(),
            commitment: v.commitment.map(|c| bytes_of(c.as_bytes())),
            signature: v.signature.into(),
        }
    }
}

impl TryFrom<pb::SignedProposal> for SignedProposal {
    type Error = FieldError;

    fn try_from(p: pb::SignedProposal) -> Result<Self, FieldError> {
        Ok(Self {
            address: felt(&p.address, "address")?,
            height: required(p.height, "height")?,
            round: required(p.round, "round")?,
            valid_round: p.valid_round,
            commitment: commitment(&p.commitment, "commitment")?,
            signature: signature(&p.signature, "signature")?,
        })
    }
}

impl From<SignedProposal> for pb::SignedProposal {
    fn from(p: SignedProposal) -> Self {
        Self {
            address: bytes_of(p.address.as_bytes()),
            height: Some(p.height),
            round: Some(p.round),
            valid_round: p.valid_round,
            commitment: bytes_of(p.commitment.as_bytes()),
            signature: p.signature.into(),
        }
    }
}

/// Two votes of one step for different things.
fn double_vote(d: pb::DoubleVote) -> Result<Evidence, FieldError> {
    let first: SignedVote = required(d.first, "first")?.try_into().within("first")?;
    let second: SignedVote = required(d.second, "second")?.try_into().within("second")?;
    same(first.address == second.address, "address")?;
    same(first.height == second.height, "height")?;
    same(first.round == second.round, "round")?;
    same(first.vote_type == second.vote_type, "vote_type")?;
    if first.commitment == second.commitment {
        return Err(FieldError::new("second.commitment", "is that of the first"));
    }
    Ok(Evidence::DoubleVote(first, second))
}

/// Two proposals of one slot. With one commitment they still differ if only one is a reproposal.
fn double_proposal(d: pb::DoubleProposal) -> Result<Evidence, FieldError> {
    let first: SignedProposal = required(d.first, "first")?.try_into().within("first")?;
    let second: SignedProposal = required(d.second, "second")?.try_into().within("second")?;
    same(first.address == second.address, "address")?;
    same(first.height == second.height, "height")?;
    same(first.round == second.round, "round")?;
    if (first.commitment, first.valid_round) == (second.commitment, second.valid_round) {
        return Err(FieldError::new("second.commitment", "is that of the first"));
    }
    Ok(Evidence::DoubleProposal(first, second))
}

fn same(equal: bool, field: &str) -> Result<(), FieldError> {
    if equal { Ok(()) } else { Err(FieldError::new(format!("second.{field}"), "differs from the first")) }
}

impl TryFrom<pb::Evidence> for Evidence {
    type Error = FieldError;

    fn try_from(e: pb::Evidence) -> Result<Self, FieldError> {
        match required(e.kind, "kind")? {
            pb::evidence::Kind::DoubleVote(d) => double_vote(d).within("double_vote"),
            pb::evidence::Kind::DoubleProposal(d) => double_proposal(d).within("double_proposal"),
        }
    }
}

impl From<Evidence> for pb::Evidence {
    fn from(e: Evidence) -> Self {
        use pb::evidence::Kind;
        let kind = match e {
            Evidence::DoubleVote(first, second) => {
                Kind::DoubleVote(pb::DoubleVote { first: Some(first.into()), second: Some(second.into()) })
            }
            Evidence::DoubleProposal(first, second) => {
                Kind::DoubleProposal(pb::DoubleProposal { first: Some(first.into()), second: Some(second.into()) })
            }
        };
        Self { kind: Some(kind) }
    }
}

/// A 16-byte name from the wire.
pub(super) fn name16(bytes: &[u8], field: &str) -> Result<[u8; 16], FieldError> {
    array(bytes, field)
}
