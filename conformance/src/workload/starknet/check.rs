//! What the suite can say of a Starknet proposal without executing it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ecp_types::{Commitment, Felt, HeightParams, Part, PartKind};
use prost::Message as _;

use super::{
    live::Waiting,
    wire::{ConsensusTransaction, Felt252, ProposalFin, ProposalInit, TransactionBatch, Uint128},
};
use crate::workload::Slot;

/// A proposal, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Payloads {
    pub init: ProposalInit,
    /// All transactions that were sent.
    pub transactions: Vec<Bytes>,
    pub fin: ProposalFin,
    pub commitment: Commitment,
}

impl Payloads {
    /// Takes parts apart, or says why that cannot be done.
    pub(super) fn read(parts: &[Part]) -> Result<Self, String> {
        let [first, bodies @ .., last] = parts else { return Err("INIT or FIN is missing".into()) };
        let kinds = first.kind == PartKind::Init && last.kind == PartKind::Fin;
        if !kinds || bodies.iter().any(|b| b.kind != PartKind::Body) {
            return Err("the parts are not INIT, BODY..., FIN".into());
        }
        let init = ProposalInit::decode(first.payload.clone()).map_err(|e| format!("INIT is no ProposalInit: {e}"))?;
        let mut transactions = Vec::new();
        for body in bodies {
            let batch = TransactionBatch::decode(body.payload.clone())
                .map_err(|e| format!("part {} is no TransactionBatch: {e}", body.index))?;
            transactions.extend(batch.transactions);
        }
        let fin = ProposalFin::decode(last.payload.clone()).map_err(|e| format!("FIN is no ProposalFin: {e}"))?;
        let commitment = Commitment(*felt(fin.proposal_commitment.as_ref(), "proposal_commitment")?.as_bytes());
        Ok(Self { init, transactions, fin, commitment })
    }

    /// The slot that INIT names.
    pub(super) fn slot(&self) -> Result<Slot, String> {
        slot(&self.init)
    }

    /// The executed prefix.
    pub(super) fn executed(&self) -> Result<&[Bytes], String> {
        let count = self.fin.executed_transaction_count;
        let prefix = usize::try_from(count).ok().and_then(|count| self.transactions.get(..count));
        prefix.ok_or_else(|| format!("FIN counts {count} of {} transactions", self.transactions.len()))
    }

    /// L2 gas price of the next block, if FIN tells it.
    pub(super) fn next_price(&self) -> Option<u128> {
        self.fin.fin_payload.as_ref()?.l2_gas_info?.next_l2_gas_price_fri.map(u128::from)
    }
}

/// The slot that INIT names.
pub(super) fn slot(init: &ProposalInit) -> Result<Slot, String> {
    let proposer = felt(init.proposer.as_ref(), "proposer")?;
    Ok(Slot { height: init.height, round: init.round, valid_round: init.valid_round, proposer })
}

/// The head that a proposal stands on, as far as header rules need it.
pub(super) struct Header<'a> {
    pub params: &'a HeightParams,
    pub timestamp: u64,
    pub l2_gas_price: Option<u128>,
    pub version_constants: &'a Felt252,
}

impl Header<'_> {
    /// The rules of INIT; the text says which is broken.
    pub(super) fn check(&self, slot: Slot, payloads: &Payloads) -> Result<(), String> {
        let init = &payloads.init;
        let own = payloads.slot()?;
        if own != slot {
            return Err(format!("INIT names {own:?} instead of {slot:?}"));
        }
        if init.timestamp < self.timestamp {
            return Err(format!("the timestamp {} is before the parent's, {}", init.timestamp, self.timestamp));
        }
        if felt(init.builder.as_ref(), "builder")? != self.params.builder {
            return Err(format!("the builder is not {}", self.params.builder));
        }
        if init.starknet_version != self.params.starknet_version {
            return Err(format!("starknet_version is {:?}", init.starknet_version));
        }
        if init.version_constant_commitment.as_ref() != Some(self.version_constants) {
            return Err("version_constant_commitment is not that of the version".into());
        }
        if init.l1_da_mode != 1 {
            return Err("l1_da_mode is not Blob".into());
        }
        let price = |price: Option<Uint128>, field: &str| match price.map(u128::from) {
            Some(price) if price > 0 => Ok(price),
            _ => Err(format!("{field} is missing or 0")),
        };
        price(init.l1_gas_price_fri, "l1_gas_price_fri")?;
        price(init.l1_data_gas_price_fri, "l1_data_gas_price_fri")?;
        price(init.l1_gas_price_wei, "l1_gas_price_wei")?;
        price(init.l1_data_gas_price_wei, "l1_data_gas_price_wei")?;
        price(init.fee_proposal_fri, "fee_proposal_fri")?;
        let l2 = price(init.l2_gas_price_fri, "l2_gas_price_fri")?;
        match self.l2_gas_price {
            Some(due) if due != l2 => Err(format!("l2_gas_price_fri is {l2}, the block before made it {due}")),
            _ => Ok(()),
        }
    }
}

/// Checks that the transactions are those that wallets sent, unaltered, in the order of each account.
pub(super) fn only_sent(payloads: &Payloads, waiting: &[Waiting], committed: &BTreeSet<Felt>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let mut nonces: BTreeMap<Felt, u64> = BTreeMap::new();
    for live in waiting.iter().filter(|w| committed.contains(&w.sent.hash)) {
        *nonces.entry(live.sender).or_default() += 1;
    }
    let executed = payloads.executed()?.len();
    for (place, bytes) in payloads.transactions.iter().enumerate() {
        let hash = hash_of(bytes).map_err(|why| format!("transaction {place}: {why}"))?;
        if committed.contains(&hash) || !seen.insert(hash) {
            return Err(format!("transaction {place}, {hash}, stands twice in the chain"));
        }
        let live = waiting.iter().find(|w| w.sent.hash == hash);
        let live = live.ok_or_else(|| format!("transaction {place}, {hash}, was sent by nobody"))?;
        if !same(bytes, &live.in_body) {
            return Err(format!("transaction {place}, {hash}, is not what the wallet sent"));
        }
        if place < executed {
            let next = nonces.entry(live.sender).or_default();
            if live.nonce != *next {
                return Err(format!("transaction {place}, {hash}, has nonce {}, {next} is due", live.nonce));
            }
            *next += 1;
        }
    }
    Ok(())
}

/// The hash that a transaction of a BODY names.
pub(super) fn hash_of(bytes: &Bytes) -> Result<Felt, String> {
    let message = ConsensusTransaction::decode(bytes.clone()).map_err(|e| e.to_string())?;
    felt(message.transaction_hash.as_ref(), "transaction_hash")
}

/// Whether two transactions say the same, however their fields are ordered.
fn same(one: &Bytes, other: &Bytes) -> bool {
    let read = |bytes: &Bytes| ConsensusTransaction::decode(bytes.clone()).ok();
    one == other || read(one).is_some_and(|one| Some(one) == read(other))
}

fn felt(message: Option<&Felt252>, field: &str) -> Result<Felt, String> {
    let message = message.ok_or_else(|| format!("{field} is missing"))?;
    Felt::from_bytes(&message.elements).map_err(|e| format!("{field}: {e}"))
}
