//! The bytes that are signed (ECP-SEC-004).
//!
//! Integers are big-endian. Every message begins with the same four fields:
//!
//! | bytes | what |
//! |---|---|
//! | 1 + n | length of the domain tag, the tag in ASCII |
//! | 1 + n | length of the chain id, the chain id in ASCII |
//! | 8 | fork id |
//!
//! and goes on with
//!
//! | tag | fields |
//! |---|---|
//! | `ecp/vote/v1` | type (1; 1 prevote, 2 precommit), height (8), round (4), 0 for nil or 1 and the commitment (1 or 33) |
//! | `ecp/proposal/v1` | height (8), round (4), 0 or 1 and the valid round (1 or 5), commitment (32) |
//! | `ecp/part/v1` | stream id (16), height (8), round (4), 0 or 1 and the valid round (1 or 5), then a part: kind (1; 1 INIT, 2 BODY, 3 FIN), index (4), payload length (8), SHA-256 of the payload (32); or the end: kind 4 (1), count of parts (4), sum of the payload sizes (8), commitment (32) |
//! | `ecp/validator-proof/v1` | length (4) and bytes of the public key, length (4) and bytes of the peer id |
//!
//! The digest is SHA-256 of all of it. Who signed is not a field: the key that the signature verifies with tells it.

use ecp_types::{Commitment, Counts, Height, Network, Part, PartKind, Round, StreamId, VoteType};
use sha2::{Digest, Sha256};

/// Domain tag of votes.
pub const VOTE_TAG: &str = "ecp/vote/v1";
/// Domain tag of proposals.
pub const PROPOSAL_TAG: &str = "ecp/proposal/v1";
/// Domain tag of the parts of a proposal.
pub const PART_TAG: &str = "ecp/part/v1";
/// Domain tag of validator proofs.
pub const VALIDATOR_PROOF_TAG: &str = "ecp/validator-proof/v1";

/// A byte string to be signed, and its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preimage(Vec<u8>);

impl Preimage {
    /// A vote for `commitment`, or nil.
    #[must_use]
    pub fn vote(
        network: &Network,
        vote_type: VoteType,
        height: Height,
        round: Round,
        commitment: Option<&Commitment>,
    ) -> Self {
        let vote_type = match vote_type {
            VoteType::Prevote => 1,
            VoteType::Precommit => 2,
        };
        Self::begin(network, VOTE_TAG)
            .bytes(&[vote_type])
            .bytes(&height.to_be_bytes())
            .bytes(&round.to_be_bytes())
            .optional(commitment.map(Commitment::as_bytes))
    }

    /// A proposal of `commitment`.
    #[must_use]
    pub fn proposal(
        network: &Network,
        height: Height,
        round: Round,
        valid_round: Option<Round>,
        commitment: &Commitment,
    ) -> Self {
        Self::begin(network, PROPOSAL_TAG)
            .bytes(&height.to_be_bytes())
            .bytes(&round.to_be_bytes())
            .optional(valid_round.map(u32::to_be_bytes).as_ref())
            .bytes(commitment.as_bytes())
    }

    /// A part of a proposal's stream.
    #[must_use]
    pub fn part(
        network: &Network,
        stream_id: &StreamId,
        height: Height,
        round: Round,
        valid_round: Option<Round>,
        part: &Part,
    ) -> Self {
        let kind = match part.kind {
            PartKind::Init => 1,
            PartKind::Body => 2,
            PartKind::Fin => 3,
        };
        Self::stream(network, stream_id, height, round, valid_round)
            .bytes(&[kind])
            .bytes(&part.index.to_be_bytes())
            .bytes(&(part.payload.len() as u64).to_be_bytes())
            .bytes(&Sha256::digest(&part.payload))
    }

    /// The end of a proposal's stream.
    #[must_use]
    pub fn end(
        network: &Network,
        stream_id: &StreamId,
        height: Height,
        round: Round,
        valid_round: Option<Round>,
        counts: &Counts,
        commitment: &Commitment,
    ) -> Self {
        Self::stream(network, stream_id, height, round, valid_round)
            .bytes(&[4])
            .bytes(&counts.parts.to_be_bytes())
            .bytes(&counts.bytes.to_be_bytes())
            .bytes(commitment.as_bytes())
    }

    /// That a validator's key stands behind a peer of the gossip network.
    #[must_use]
    pub fn validator_proof(network: &Network, public_key: &[u8], peer_id: &[u8]) -> Self {
        Self::begin(network, VALIDATOR_PROOF_TAG).sized(public_key).sized(peer_id)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// SHA-256 of the bytes: what the schemes sign.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    fn begin(network: &Network, tag: &str) -> Self {
        Self(Vec::with_capacity(160)).short(tag).short(&network.chain_id).bytes(&network.fork_id.to_be_bytes())
    }

    fn stream(
        network: &Network,
        stream_id: &StreamId,
        height: Height,
        round: Round,
        valid_round: Option<Round>,
    ) -> Self {
        Self::begin(network, PART_TAG)
            .bytes(stream_id)
            .bytes(&height.to_be_bytes())
            .bytes(&round.to_be_bytes())
            .optional(valid_round.map(u32::to_be_bytes).as_ref())
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Tags are constants and a chain id has at most 31 characters: a longer one is cut, and then its length byte
    /// still tells it from any legal one.
    fn short(self, text: &str) -> Self {
        let bytes = &text.as_bytes()[..text.len().min(usize::from(u8::MAX))];
        self.bytes(&[bytes.len() as u8]).bytes(bytes)
    }

    fn sized(self, bytes: &[u8]) -> Self {
        // Keys and peer ids are far below 4 GiB.
        self.bytes(&(bytes.len() as u32).to_be_bytes()).bytes(bytes)
    }

    fn optional<const N: usize>(self, bytes: Option<&[u8; N]>) -> Self {
        match bytes {
            None => self.bytes(&[0]),
            Some(bytes) => self.bytes(&[1]).bytes(bytes),
        }
    }
}
