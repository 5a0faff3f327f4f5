//! Heights, rounds, and the facts of a height that a whole network agrees on.

use crate::Felt;

/// A block number.
pub type Height = u64;
/// A round of a height, from 0.
pub type Round = u32;

/// A committee member.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Member {
    /// Its address.
    pub address: Felt,
    /// Its public key in the signature scheme of the height.
    pub public_key: Vec<u8>,
    /// Its voting power, at least 1.
    pub voting_power: u64,
}

/// Who votes at a height.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Committee {
    /// The members; member indexes refer to this order.
    pub members: Vec<Member>,
    /// Their hash (ECP-HGT-005).
    pub hash: [u8; 32],
}

impl Committee {
    /// Sum of the voting power; at most 2^62 in a checked committee.
    #[must_use]
    pub fn total_power(&self) -> u128 {
        self.members.iter().map(|m| u128::from(m.voting_power)).sum()
    }

    /// The member with this address.
    #[must_use]
    pub fn member(&self, address: &Felt) -> Option<&Member> {
        self.members.iter().find(|m| m.address == *address)
    }
}

/// A fraction of the voting power that a decision must exceed, strictly (ECP-HGT-007).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quorum {
    /// Numerator, at least 1.
    #[schemars(range(min = 1))]
    pub numerator: u32,
    /// Denominator: above the numerator and at most twice as large, so at least 2.
    #[schemars(range(min = 2))]
    pub denominator: u32,
}

impl Quorum {
    /// More than two thirds.
    pub const TWO_THIRDS: Self = Self { numerator: 2, denominator: 3 };

    /// Whether `power` of `total` exceeds the fraction.
    #[must_use]
    pub fn is_met(&self, power: u128, total: u128) -> bool {
        power * u128::from(self.denominator) > total * u128::from(self.numerator)
    }
}

/// Timeouts of a height in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// Wait for a proposal in round 0, in milliseconds, at least 1.
    #[schemars(range(min = 1))]
    pub propose_ms: u32,
    /// Added for each further round, in milliseconds.
    pub propose_delta_ms: u32,
    /// Wait after a quorum of mixed prevotes, in milliseconds, at least 1.
    #[schemars(range(min = 1))]
    pub prevote_ms: u32,
    /// Added for each further round, in milliseconds.
    pub prevote_delta_ms: u32,
    /// Wait after a quorum of mixed precommits, in milliseconds, at least 1.
    #[schemars(range(min = 1))]
    pub precommit_ms: u32,
    /// Added for each further round, in milliseconds.
    pub precommit_delta_ms: u32,
    /// Votes are sent again after this time without progress, in milliseconds, at least 1.
    #[schemars(range(min = 1))]
    pub rebroadcast_ms: u32,
    /// Least time between the starts of two heights, in milliseconds, at least 1.
    #[schemars(range(min = 1))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_height_ms: Option<u32>,
}

/// Everything about a height that consensus needs (ECP-HGT-001).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeightParams {
    /// The height.
    pub height: Height,
    /// Who votes.
    pub committee: Committee,
    /// Member indexes, 1 to 256 (ECP-HGT-006).
    pub proposers: Vec<u32>,
    /// Who receives the fees.
    pub builder: Felt,
    /// What a decision must exceed.
    pub quorum: Quorum,
    /// Version of Starknet.
    pub starknet_version: String,
    /// Part format.
    pub part_format: String,
    /// Commitment scheme.
    pub commitment_scheme: String,
    /// Signature scheme of votes.
    pub signature_scheme: String,
    /// Timeouts of the rounds.
    pub timeouts: Timeouts,
    /// Largest sum of the payload sizes of a proposal, in bytes.
    pub max_proposal_bytes: u64,
}

impl HeightParams {
    /// Who proposes in `round`: the list first, then the members in turn (ECP-HGT-006).
    #[must_use]
    pub fn proposer(&self, round: Round) -> &Member {
        let members = &self.committee.members;
        let round = round as usize;
        let index = match self.proposers.get(round) {
            Some(index) => *index as usize,
            None => (round - self.proposers.len()) % members.len(),
        };
        &members[index]
    }
}

/// What this node is in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoundRole {
    /// It proposes.
    Proposer,
    /// It votes.
    Validator,
    /// It only follows.
    Observer,
}
