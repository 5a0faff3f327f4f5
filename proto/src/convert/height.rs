//! The parameters of a height.

use ecp_types::{
    Committee, HeightParams, Member, Quorum, RoundRole, Timeouts,
    limits::{COMMITTEE_MEMBERS_MAX, PROPOSERS_MAX, VOTING_POWER_TOTAL_MAX},
};

use super::{FieldError, Within, array, bytes_of, felt, in_range, known, required, text};
use crate::v1alpha1 as pb;

/// Longest public key, in bytes.
const PUBLIC_KEY_BYTES_MAX: usize = 1024;

fn committee(c: pb::Committee) -> Result<Committee, FieldError> {
    in_range(c.members.len(), 1, COMMITTEE_MEMBERS_MAX as usize, "members")?;
    let mut members: Vec<Member> = Vec::with_capacity(c.members.len());
    let mut seen = std::collections::BTreeSet::new();
    for (i, m) in c.members.into_iter().enumerate() {
        let at = format!("members[{i}]");
        let address = felt(&m.address, "address").within(&at)?;
        in_range(m.public_key.len(), 1, PUBLIC_KEY_BYTES_MAX, "public_key").within(&at)?;
        in_range(m.voting_power, 1, VOTING_POWER_TOTAL_MAX, "voting_power").within(&at)?;
        if !seen.insert(address) {
            return Err(FieldError::new(format!("{at}.address"), "stands twice in the committee"));
        }
        members.push(Member { address, public_key: m.public_key.to_vec(), voting_power: m.voting_power });
    }
    let committee = Committee { members, hash: array(&c.hash, "hash")? };
    if committee.total_power() > u128::from(VOTING_POWER_TOTAL_MAX) {
        return Err(FieldError::new("members", "have more than 2^62 voting power together"));
    }
    Ok(committee)
}

fn quorum(q: pb::Quorum) -> Result<Quorum, FieldError> {
    in_range(q.numerator, 1, u32::MAX, "numerator")?;
    let (n, d) = (u64::from(q.numerator), u64::from(q.denominator));
    if d > n && d <= 2 * n {
        Ok(Quorum { numerator: q.numerator, denominator: q.denominator })
    } else {
        Err(FieldError::new("denominator", "must be more than the numerator and at most twice it"))
    }
}

fn timeouts(t: pb::Timeouts) -> Result<Timeouts, FieldError> {
    for (value, field) in [
        (t.propose_ms, "propose_ms"),
        (t.prevote_ms, "prevote_ms"),
        (t.precommit_ms, "precommit_ms"),
        (t.rebroadcast_ms, "rebroadcast_ms"),
    ] {
        in_range(value, 1, u32::MAX, field)?;
    }
    if let Some(target) = t.target_height_ms {
        in_range(target, 1, u32::MAX, "target_height_ms")?;
    }
    Ok(Timeouts {
        propose_ms: t.propose_ms,
        propose_delta_ms: t.propose_delta_ms,
        prevote_ms: t.prevote_ms,
        prevote_delta_ms: t.prevote_delta_ms,
        precommit_ms: t.precommit_ms,
        precommit_delta_ms: t.precommit_delta_ms,
        rebroadcast_ms: t.rebroadcast_ms,
        target_height_ms: t.target_height_ms,
    })
}

impl TryFrom<pb::HeightParams> for HeightParams {
    type Error = FieldError;

    fn try_from(p: pb::HeightParams) -> Result<Self, FieldError> {
        let committee = committee(required(p.committee, "committee")?).within("committee")?;
        in_range(p.proposers.len(), 1, PROPOSERS_MAX as usize, "proposers")?;
        if let Some(i) = p.proposers.iter().position(|index| *index as usize >= committee.members.len()) {
            return Err(FieldError::new(format!("proposers[{i}]"), "names no member of the committee"));
        }
        Ok(Self {
            height: required(p.height, "height")?,
            committee,
            proposers: p.proposers,
            builder: felt(&p.builder, "builder")?,
            quorum: quorum(required(p.quorum, "quorum")?).within("quorum")?,
            starknet_version: text(&p.starknet_version, "starknet_version", 0, 31)?,
            part_format: text(&p.part_format, "part_format", 1, 64)?,
            commitment_scheme: text(&p.commitment_scheme, "commitment_scheme", 1, 64)?,
            signature_scheme: text(&p.signature_scheme, "signature_scheme", 1, 64)?,
            timeouts: timeouts(required(p.timeouts, "timeouts")?).within("timeouts")?,
            max_proposal_bytes: in_range(p.max_proposal_bytes, 1, u64::MAX, "max_proposal_bytes")?,
        })
    }
}

impl From<HeightParams> for pb::HeightParams {
    fn from(p: HeightParams) -> Self {
        let members = p
            .committee
            .members
            .into_iter()
            .map(|m| pb::CommitteeMember {
                address: bytes_of(m.address.as_bytes()),
                public_key: m.public_key.into(),
                voting_power: m.voting_power,
            })
            .collect();
        let t = p.timeouts;
        Self {
            height: Some(p.height),
            committee: Some(pb::Committee { members, hash: bytes_of(&p.committee.hash) }),
            proposers: p.proposers,
            builder: bytes_of(p.builder.as_bytes()),
            quorum: Some(pb::Quorum { numerator: p.quorum.numerator, denominator: p.quorum.denominator }),
            starknet_version: p.starknet_version,
            part_format: p.part_format,
            commitment_scheme: p.commitment_scheme,
            signature_scheme: p.signature_scheme,
            timeouts: Some(pb::Timeouts {
                propose_ms: t.propose_ms,
                propose_delta_ms: t.propose_delta_ms,
                prevote_ms: t.prevote_ms,
                prevote_delta_ms: t.prevote_delta_ms,
                precommit_ms: t.precommit_ms,
                precommit_delta_ms: t.precommit_delta_ms,
                rebroadcast_ms: t.rebroadcast_ms,
                target_height_ms: t.target_height_ms,
            }),
            max_proposal_bytes: p.max_proposal_bytes,
        }
    }
}

/// A role from its enum value.
pub(super) fn round_role(raw: i32, field: &str) -> Result<RoundRole, FieldError> {
    known(raw, field, |role: pb::RoundRole| match role {
        pb::RoundRole::Unspecified => None,
        pb::RoundRole::Proposer => Some(RoundRole::Proposer),
        pb::RoundRole::Validator => Some(RoundRole::Validator),
        pb::RoundRole::Observer => Some(RoundRole::Observer),
    })
}

/// StartRound's request, checked: height, round, role, proposer.
impl TryFrom<pb::StartRoundRequest> for (ecp_types::Height, ecp_types::Round, RoundRole, ecp_types::Felt) {
    type Error = FieldError;

    fn try_from(r: pb::StartRoundRequest) -> Result<Self, FieldError> {
        Ok((
            required(r.height, "height")?,
            required(r.round, "round")?,
            round_role(r.role, "role")?,
            felt(&r.proposer, "proposer")?,
        ))
    }
}

impl pb::StartRoundRequest {
    /// The request for these values.
    #[must_use]
    pub fn of(height: ecp_types::Height, round: ecp_types::Round, role: RoundRole, proposer: &ecp_types::Felt) -> Self {
        let role = match role {
            RoundRole::Proposer => pb::RoundRole::Proposer,
            RoundRole::Validator => pb::RoundRole::Validator,
            RoundRole::Observer => pb::RoundRole::Observer,
        };
        Self { height: Some(height), round: Some(round), role: role.into(), proposer: bytes_of(proposer.as_bytes()) }
    }
}
