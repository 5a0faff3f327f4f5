//! Certificates and evidence to the types of ECP and back.

use arc_malachitebft_core_consensus::MisbehaviorEvidence;
use arc_malachitebft_core_types::{
    CommitCertificate, ExtendedCommitCertificate, ExtendedCommitSignature, NilOrVal, Round, SignedProposal, SignedVote,
    VoteType,
};
use ecp_signatures::Signature;
use ecp_types::{Certificate, CommitSignature, Evidence};

use crate::{Address, BlockHeight, EcpContext, ValueId};

/// A certificate of the engine, with the signatures in the order of the addresses.
#[must_use]
pub fn certificate(from: &CommitCertificate<EcpContext>) -> Certificate {
    let mut signatures: Vec<_> = from
        .commit_signatures
        .iter()
        .map(|entry| CommitSignature { address: entry.address.0, signature: entry.signature.0.to_vec() })
        .collect();
    signatures.sort_by_key(|entry| entry.address);
    // A certificate is of precommits, and those have a round.
    let round = from.round.as_u32().unwrap_or_default();
    Certificate { height: from.height.block(), round, commitment: from.value_id.0, signatures }
}

/// A certificate for value sync. `None` if a signature has not 64 bytes.
#[must_use]
pub fn extended_certificate(from: &Certificate) -> Option<ExtendedCommitCertificate<EcpContext>> {
    let mut commit_signatures = from
        .signatures
        .iter()
        .map(|entry| {
            let signature = Signature::from_bytes(&entry.signature)?;
            Some(ExtendedCommitSignature::new(Address(entry.address), signature, None))
        })
        .collect::<Option<Vec<_>>>()?;
    commit_signatures.sort_by_key(|entry| entry.address);
    Some(ExtendedCommitCertificate {
        height: BlockHeight::of(from.height),
        round: Round::new(from.round),
        value_id: ValueId(from.commitment),
        commit_signatures,
    })
}

/// A vote as it was signed.
#[must_use]
pub fn signed_vote(from: &SignedVote<EcpContext>) -> ecp_types::SignedVote {
    ecp_types::SignedVote {
        address: from.address.0,
        height: from.height.block(),
        round: from.round.as_u32().unwrap_or_default(),
        vote_type: match from.vote_type {
            VoteType::Prevote => ecp_types::VoteType::Prevote,
            VoteType::Precommit => ecp_types::VoteType::Precommit,
        },
        commitment: match from.value {
            NilOrVal::Nil => None,
            NilOrVal::Val(value) => Some(value.0),
        },
        signature: from.signature.0.to_vec(),
    }
}

/// A proposal as it was signed.
#[must_use]
pub fn signed_proposal(from: &SignedProposal<EcpContext>) -> ecp_types::SignedProposal {
    ecp_types::SignedProposal {
        address: from.address.0,
        height: from.height.block(),
        round: from.round.as_u32().unwrap_or_default(),
        valid_round: from.valid_round.as_u32(),
        commitment: from.value.0,
        signature: from.signature.0.to_vec(),
    }
}

/// What the engine saw of members that broke the rules.
///
/// Two votes of one step for the same value differ only in their signatures, of which STARK has two for each message:
/// they prove nothing and are left out.
#[must_use]
pub fn evidence(from: &MisbehaviorEvidence<EcpContext>) -> Vec<Evidence> {
    let votes = (&from.votes)
        .into_iter()
        .flat_map(|(_, pairs)| pairs)
        .filter(|(first, second)| first.message != second.message);
    let proposals =
        from.proposals.iter().flat_map(|(_, pairs)| pairs).filter(|(first, second)| first.message != second.message);
    votes
        .map(|(first, second)| Evidence::DoubleVote(signed_vote(first), signed_vote(second)))
        .chain(
            proposals.map(|(first, second)| Evidence::DoubleProposal(signed_proposal(first), signed_proposal(second))),
        )
        .collect()
}
