//! Makes a recorded proposal wrong, or merely different.

use bytes::Bytes;
use prost::Message as _;
use starknet_types_core::felt::Felt as StarkFelt;

use super::wire::{ConsensusTransaction, Felt252, ProposalFin, ProposalInit, Txn};
use crate::{schema::Mutation, workload::WorkloadError};

/// Whether a mutation can be made without executing what it makes; else why not.
pub(super) const fn refused(mutation: Mutation) -> Option<&'static str> {
    match mutation {
        Mutation::InitOtherParent => Some("INIT of starknet-p2p/2026-08 does not name the parent"),
        Mutation::CertifiedAsSent => Some("what cannot be executed on Starknet has no commitment"),
        Mutation::Unspecified
        | Mutation::FlipSignatureByte
        | Mutation::CommitmentMismatch
        | Mutation::CountAboveSent
        | Mutation::DuplicateTransaction
        | Mutation::Overspend
        | Mutation::WrongNonce
        | Mutation::InitOtherHeight
        | Mutation::InitOtherRound
        | Mutation::InitOtherProposer
        | Mutation::InitOtherValidRound
        | Mutation::InitGarbage
        | Mutation::BodyGarbage
        | Mutation::FinGarbage
        | Mutation::TimestampBeforeParent
        | Mutation::TimestampAhead
        | Mutation::OverCapacity
        | Mutation::FinOtherState
        | Mutation::CountBelowSent
        | Mutation::FeltNotBelowPrime
        | Mutation::NoFeeProposal => None,
    }
}

/// Flips one bit of a message's last byte.
fn flip(felt: Option<&mut Felt252>) {
    if let Some(felt) = felt {
        let mut bytes = felt.elements.to_vec();
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        felt.elements = bytes.into();
    }
}

/// A transaction with one bit of its signature flipped.
pub(super) fn flip_signature(transaction: &Bytes) -> Result<Bytes, WorkloadError> {
    with_signature(transaction, |felt| flip(Some(felt)))
}

/// A transaction with a signature that is no felt.
pub(super) fn spoil_signature(transaction: &Bytes) -> Result<Bytes, WorkloadError> {
    with_signature(transaction, |felt| felt.elements = Bytes::from_static(&[0xff; 32]))
}

fn with_signature(transaction: &Bytes, change: impl FnOnce(&mut Felt252)) -> Result<Bytes, WorkloadError> {
    let mut message = ConsensusTransaction::decode(transaction.clone()).map_err(|e| WorkloadError(e.to_string()))?;
    let signature = match &mut message.txn {
        Some(Txn::InvokeV3(with_proof)) => with_proof.invoke.as_mut().and_then(|i| i.signature.as_mut()),
        Some(Txn::DeployAccountV3(deploy)) => deploy.signature.as_mut(),
        None => None,
    };
    let first = signature.and_then(|s| s.parts.first_mut());
    change(first.ok_or_else(|| WorkloadError("a recorded transaction has no signature".into()))?);
    Ok(message.encode_to_vec().into())
}

/// Alters INIT.
pub(super) fn init(init: &mut ProposalInit, has: &impl Fn(Mutation) -> bool, parent_timestamp: u64) {
    if has(Mutation::InitOtherHeight) {
        init.height += 1;
    }
    if has(Mutation::InitOtherRound) {
        init.round += 1;
    }
    if has(Mutation::InitOtherProposer) {
        init.proposer = Some(Felt252::of(&StarkFelt::from(0xbad_u64)));
    }
    if has(Mutation::InitOtherValidRound) {
        init.valid_round = Some(init.valid_round.map_or(0, |r| r + 1));
    }
    if has(Mutation::NoFeeProposal) {
        init.fee_proposal_fri = None;
    }
    if has(Mutation::TimestampBeforeParent) {
        init.timestamp = parent_timestamp.saturating_sub(1);
    }
}

/// Alters FIN.
pub(super) fn fin(fin: &mut ProposalFin, has: &impl Fn(Mutation) -> bool) {
    if has(Mutation::CommitmentMismatch) {
        flip(fin.proposal_commitment.as_mut());
    }
    if has(Mutation::FinOtherState) {
        let gas = fin.fin_payload.as_mut().and_then(|p| p.l2_gas_info.as_mut());
        if let Some(gas) = gas {
            gas.l2_gas_used += 1;
        }
    }
    if has(Mutation::CountAboveSent) || has(Mutation::DuplicateTransaction) {
        fin.executed_transaction_count += 1;
    }
}
