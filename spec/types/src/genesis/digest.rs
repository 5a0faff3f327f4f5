//! Digests of committees and of the activation table; all numbers are big-endian.

use sha2::{Digest, Sha256};

use super::{Entry, Proposers};
use crate::Member;

/// Hash of a committee (ECP-HGT-005).
#[must_use]
pub fn committee_hash(members: &[Member]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"ecp/committee/v1");
    hash.update((members.len() as u64).to_be_bytes());
    for member in members {
        hash.update(member.address.as_bytes());
        hash.update((member.public_key.len() as u32).to_be_bytes());
        hash.update(&member.public_key);
        hash.update(member.voting_power.to_be_bytes());
    }
    hash.finalize().into()
}

/// Digest of the parameters of all heights: of what holds, not of how the file says it.
pub(super) fn activations(table: &[Entry]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"ecp/activations/v1");
    hash.update((table.len() as u64).to_be_bytes());
    for entry in table {
        let params = &entry.params;
        hash.update(entry.height.to_be_bytes());
        hash.update(entry.committee.hash);
        match params.proposers() {
            Proposers::Rotate(length) => {
                hash.update([0]);
                hash.update(length.to_be_bytes());
            }
            Proposers::Fixed(list) => {
                hash.update([1]);
                hash.update((list.len() as u32).to_be_bytes());
                list.iter().for_each(|index| hash.update(index.to_be_bytes()));
            }
        }
        hash.update(params.builder.as_bytes());
        hash.update(params.quorum.numerator.to_be_bytes());
        hash.update(params.quorum.denominator.to_be_bytes());
        let t = &params.timeouts;
        for ms in [
            t.propose_ms,
            t.propose_delta_ms,
            t.prevote_ms,
            t.prevote_delta_ms,
            t.precommit_ms,
            t.precommit_delta_ms,
            t.rebroadcast_ms,
            // A target of zero is refused, so that zero says "none".
            t.target_height_ms.unwrap_or(0),
        ] {
            hash.update(ms.to_be_bytes());
        }
        for text in [&params.starknet_version, &params.part_format, &params.commitment_scheme, &params.signature_scheme]
        {
            hash.update((text.len() as u32).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.update(params.max_proposal_bytes.to_be_bytes());
    }
    hash.finalize().into()
}
