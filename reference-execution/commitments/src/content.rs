//! Commitments to the transactions of a block, and to what they did.

use sha3::{Digest, Keccak256};
use starknet_types_core::{
    felt::Felt,
    hash::{Poseidon, StarkHash},
};

use crate::{GrowingList, StarknetVersion, list_root};

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Event {
    /// The contract that emitted it.
    pub from_address: Felt,
    /// Its keys, the selector first.
    pub keys: Vec<Felt>,
    /// Its data.
    pub data: Vec<Felt>,
}

/// A message to L1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageToL1 {
    /// The contract that sent it.
    pub from_address: Felt,
    /// The L1 address it is for.
    pub to_address: Felt,
    /// What it says.
    pub payload: Vec<Felt>,
}

/// The gas that a receipt commits to; L2 gas is not among it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct GasConsumed {
    /// L1 gas.
    pub l1_gas: u64,
    /// L1 data gas.
    pub l1_data_gas: u64,
}

/// A transaction and what it did, as far as a block commits to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TransactionOutcome {
    /// Its hash.
    pub transaction_hash: Felt,
    /// Its signature; none for a message from L1.
    pub signature: Vec<Felt>,
    /// The fee it paid, in the smallest unit of its token.
    pub actual_fee: u128,
    /// Its events, in order.
    pub events: Vec<Event>,
    /// Its messages to L1, in order.
    pub messages: Vec<MessageToL1>,
    /// Why it was reverted, if it was.
    pub revert_reason: Option<String>,
    /// What it consumed.
    pub gas: GasConsumed,
}

/// Leaf of a transaction: Poseidon of its hash and signature. Before 0.13.4 an empty signature counts as one zero.
#[must_use]
pub fn transaction_leaf(outcome: &TransactionOutcome, version: &StarknetVersion) -> Felt {
    let mut chain = vec![outcome.transaction_hash];
    chain.extend(&outcome.signature);
    if outcome.signature.is_empty() && !version.has_block_hash_1() {
        chain.push(Felt::ZERO);
    }
    Poseidon::hash_array(&chain)
}

/// Leaf of an event.
#[must_use]
pub fn event_leaf(event: &Event, transaction_hash: &Felt) -> Felt {
    let mut chain = vec![event.from_address, *transaction_hash];
    counted(&mut chain, &event.keys);
    counted(&mut chain, &event.data);
    Poseidon::hash_array(&chain)
}

/// Leaf of a receipt: Poseidon of transaction hash, fee, hash of the messages, Keccak of the revert reason (zero
/// without one), and the gas, where that of L2 is always zero.
#[must_use]
pub fn receipt_leaf(outcome: &TransactionOutcome) -> Felt {
    let revert_reason = outcome.revert_reason.as_ref().map_or(Felt::ZERO, |reason| starknet_keccak(reason.as_bytes()));
    Poseidon::hash_array(&[
        outcome.transaction_hash,
        outcome.actual_fee.into(),
        messages_hash(&outcome.messages),
        revert_reason,
        Felt::ZERO,
        outcome.gas.l1_gas.into(),
        outcome.gas.l1_data_gas.into(),
    ])
}

/// The three trees of a block's content, complete as far as transactions were added.
pub struct ContentTrees {
    version: StarknetVersion,
    transactions: GrowingList<Poseidon>,
    events: GrowingList<Poseidon>,
    receipts: GrowingList<Poseidon>,
}

impl ContentTrees {
    /// Of a block of this version without transactions.
    #[must_use]
    pub fn new(version: StarknetVersion) -> Self {
        let empty = GrowingList::default;
        Self { version, transactions: empty(), events: empty(), receipts: empty() }
    }

    /// Adds a transaction after the others.
    pub fn push(&mut self, outcome: &TransactionOutcome) {
        self.transactions.push(transaction_leaf(outcome, &self.version));
        for event in &outcome.events {
            self.events.push(event_leaf(event, &outcome.transaction_hash));
        }
        self.receipts.push(receipt_leaf(outcome));
    }

    /// Roots over transactions, events and receipts.
    #[must_use]
    pub fn roots(&self) -> [Felt; 3] {
        [self.transactions.root(), self.events.root(), self.receipts.root()]
    }

    /// Numbers of transactions and events.
    #[must_use]
    pub const fn counts(&self) -> [u64; 2] {
        [self.transactions.len(), self.events.len()]
    }
}

/// Root over the transactions in order.
#[must_use]
pub fn transaction_commitment(outcomes: &[TransactionOutcome], version: &StarknetVersion) -> Felt {
    list_root::<Poseidon>(outcomes.iter().map(|outcome| transaction_leaf(outcome, version)))
}

/// Root over the events of all transactions in order.
#[must_use]
pub fn event_commitment(outcomes: &[TransactionOutcome]) -> Felt {
    list_root::<Poseidon>(
        outcomes.iter().flat_map(|outcome| outcome.events.iter().map(|e| event_leaf(e, &outcome.transaction_hash))),
    )
}

/// Root over the receipts in order.
#[must_use]
pub fn receipt_commitment(outcomes: &[TransactionOutcome]) -> Felt {
    list_root::<Poseidon>(outcomes.iter().map(receipt_leaf))
}

/// Poseidon of the number of messages and each message's sender, receiver and counted payload.
fn messages_hash(messages: &[MessageToL1]) -> Felt {
    let mut chain = vec![messages.len().into()];
    for message in messages {
        chain.extend([message.from_address, message.to_address]);
        counted(&mut chain, &message.payload);
    }
    Poseidon::hash_array(&chain)
}

fn counted(chain: &mut Vec<Felt>, felts: &[Felt]) {
    chain.push(felts.len().into());
    chain.extend(felts);
}

/// The low 250 bits of Keccak-256.
#[must_use]
pub fn starknet_keccak(bytes: &[u8]) -> Felt {
    let mut hash: [u8; 32] = Keccak256::digest(bytes).into();
    hash[0] &= 0b11;
    Felt::from_bytes_be(&hash)
}
