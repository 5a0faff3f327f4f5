//! Transactions that the suite signs itself and sends to the half's JSON-RPC, as a wallet does.

use bytes::Bytes;
use ecp_types::Felt;
use prost::Message as _;
use starknet_rust_core::{types::BroadcastedInvokeTransactionV3, utils::cairo_short_string_to_felt};
use starknet_types_core::felt::Felt as StarkFelt;

use super::{recording::Recording, wire};
use crate::{
    demo::wallet::{Wallet, invoke_hash},
    workload::{Live, WorkloadError},
};

/// A transaction to be sent, and how it must stand in a BODY.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub sent: Live,
    pub sender: Felt,
    pub nonce: u64,
    pub in_body: Bytes,
}

/// `count` transfers between the live accounts, in turn.
pub(super) fn transfers(recording: &Recording, count: u32) -> Result<Vec<Waiting>, WorkloadError> {
    let chain = cairo_short_string_to_felt(&recording.chain_id).map_err(|e| WorkloadError(e.to_string()))?;
    let wallets: Vec<Wallet> =
        recording.live_keys.iter().map(|key| Wallet::new(StarkFelt::from_bytes_be(key.as_bytes()))).collect();
    if wallets.is_empty() {
        return Err(WorkloadError("the recorded Starknet chain has no live accounts".into()));
    }
    let transfer = |i: usize| {
        let (from, to) = (&wallets[i % wallets.len()], &wallets[(i + 1) % wallets.len()]);
        let nonce = (i / wallets.len()) as u64;
        waiting(from.transfer(chain, nonce, to.address, 1_000), nonce, chain)
    };
    (0..count as usize).map(transfer).collect()
}

fn waiting(tx: BroadcastedInvokeTransactionV3, nonce: u64, chain: StarkFelt) -> Result<Waiting, WorkloadError> {
    let hash = invoke_hash(&tx, chain);
    let in_body = wire::invoke(&tx, &hash).encode_to_vec().into();
    let felt = |felt: &StarkFelt| Felt::from_bytes(&felt.to_bytes_be()).map_err(|e| WorkloadError(e.to_string()));
    let sender = felt(&tx.sender_address)?;
    Ok(Waiting { sender, nonce, in_body, sent: Live { hash: felt(&hash)?, transaction: tx } })
}
