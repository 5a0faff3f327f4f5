//! The network that a pair of halves belongs to, and what its blocks look like.

use bytes::Bytes;
use ecp_execution_core::seams;
use ecp_types::{
    Certificate, CommitSignature, Commitment, Committee, Felt, Height, HeightParams, Member, Network, Part, PartKind,
    Quorum, Round, Timeouts,
};

/// Facts of the network, the same for every height but for its proposers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// This node.
    pub address: Felt,
    /// Everybody who votes.
    pub committee: Committee,
    /// Proposers of the first rounds, for each height in turn.
    pub proposers: Vec<Vec<u32>>,
    /// Timeouts of every height.
    pub timeouts: Timeouts,
}

impl Setting {
    /// Members with the addresses 1 to `n` and one vote each; this node is `me`.
    #[must_use]
    pub fn new(me: u64, n: u64, proposers: Vec<Vec<u32>>) -> Self {
        let member = |n: u64| Member {
            address: Felt::from_u64(n),
            public_key: Vec::new(),
            voting_power: if n == me { 1 } else { 3 },
        };
        Self {
            address: Felt::from_u64(me),
            committee: Committee::new((1..=n).map(member).collect()),
            proposers,
            timeouts: Timeouts {
                propose_ms: 1_000,
                propose_delta_ms: 500,
                prevote_ms: 500,
                prevote_delta_ms: 200,
                precommit_ms: 500,
                precommit_delta_ms: 200,
                rebroadcast_ms: 1_000,
                target_height_ms: None,
            },
        }
    }

    /// The network's identity.
    #[must_use]
    pub fn network(&self) -> Network {
        Network { chain_id: "EXPLORED".into(), genesis_hash: [1; 32], fork_id: 0, activation_digest: [2; 32] }
    }

    /// The facts of a height.
    #[must_use]
    pub fn params(&self, height: Height) -> HeightParams {
        let at = usize::try_from(height).unwrap_or_default() % self.proposers.len().max(1);
        HeightParams {
            height,
            committee: self.committee.clone(),
            proposers: self.proposers.get(at).cloned().unwrap_or_else(|| vec![0]),
            builder: Felt::ZERO,
            quorum: Quorum::TWO_THIRDS,
            starknet_version: String::new(),
            part_format: String::new(),
            commitment_scheme: String::new(),
            signature_scheme: "ed25519".into(),
            timeouts: self.timeouts,
            max_proposal_bytes: 10_000,
        }
    }

    /// A certificate of everybody but this node.
    #[must_use]
    pub fn certificate(&self, height: Height, round: Round, commitment: Commitment) -> Certificate {
        let others = self.committee.members.iter().filter(|m| m.address != self.address);
        let signatures = others.map(|m| CommitSignature { address: m.address, signature: vec![1] }).collect();
        Certificate { height, round, commitment, signatures }
    }

    /// Who proposes in a slot.
    #[must_use]
    pub fn proposer(&self, height: Height, round: Round) -> Felt {
        self.params(height).proposer(round).address
    }
}

/// What a block commits to: where and by whom it was built first, and which build it was.
#[must_use]
pub fn content(height: Height, round: Round, proposer: Felt, salt: u64) -> Commitment {
    let mut bytes = [0; 32];
    bytes[2..8].copy_from_slice(&height.to_be_bytes()[2..]);
    bytes[8..12].copy_from_slice(&round.to_be_bytes());
    bytes[12..20].copy_from_slice(&proposer.as_bytes()[24..]);
    bytes[24..].copy_from_slice(&salt.to_be_bytes());
    Commitment(bytes)
}

/// The height of a block that [`content`] names.
#[must_use]
pub fn height_of(commitment: &Commitment) -> Height {
    commitment.0[2..8].iter().fold(0, |height, byte| height << 8 | u64::from(*byte))
}

/// INIT of a slot.
#[must_use]
pub fn init(slot: &seams::Slot) -> Bytes {
    let proposer = &slot.proposer.as_bytes()[24..];
    let valid = slot.valid_round.map_or(0, |round| round + 1);
    let mut bytes = slot.height.to_be_bytes().to_vec();
    bytes.extend(slot.round.to_be_bytes());
    bytes.extend(valid.to_be_bytes());
    bytes.extend(proposer);
    bytes.into()
}

/// The parts of a proposal: INIT says where it is proposed, FIN what it is.
#[must_use]
pub fn parts(slot: &seams::Slot, commitment: Commitment) -> Vec<Part> {
    vec![
        Part { index: 0, kind: PartKind::Init, payload: init(slot) },
        Part { index: 1, kind: PartKind::Fin, payload: Bytes::copy_from_slice(&commitment.0) },
    ]
}

/// What parts commit to; `None` if they are no proposal.
#[must_use]
pub fn commitment(parts: &[Part]) -> Option<Commitment> {
    let fin = parts.last().filter(|part| part.kind == PartKind::Fin)?;
    Some(Commitment(fin.payload.as_ref().try_into().ok()?))
}
