//! Accounts, the state after a block, and the execution of transfers.

use std::collections::{BTreeMap, VecDeque};

use ecp_types::{Commitment, Felt, Height, InvalidReason};

use crate::{COST_MS_MAX, Domain, HASH_DISTANCE, Transfer, digest};

/// Names an account: its Ed25519 public key.
pub type AccountKey = [u8; 32];

/// An account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Account {
    /// What it owns.
    pub balance: u64,
    /// Nonce of its next transfer.
    pub nonce: u64,
}

/// Hash and state root of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockHash {
    /// The height.
    pub height: Height,
    /// The block hash.
    pub block_hash: Felt,
    /// The state root after the block.
    pub state_root: Felt,
}

/// Everything that the next block depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChainState {
    /// Height of the next block.
    pub next_height: Height,
    /// Commitment of the last block; the genesis hash before the first one.
    pub parent: Commitment,
    /// Timestamp of the last block; 0 before the first one.
    pub timestamp_ms: u64,
    /// The accounts.
    pub accounts: BTreeMap<AccountKey, Account>,
    /// Hashes of the last ten blocks, ascending. When they may be told is the matter of who keeps the state.
    pub hashes: VecDeque<BlockHash>,
}

impl ChainState {
    /// The hash of `height`, if it is one of the last ten.
    #[must_use]
    pub fn hash(&self, height: Height) -> Option<&BlockHash> {
        self.hashes.iter().find(|hash| hash.height == height)
    }

    /// The state after a block with these results.
    pub(crate) fn after(
        &self,
        commitment: Commitment,
        timestamp_ms: u64,
        accounts: BTreeMap<AccountKey, Account>,
        state_digest: &[u8; 32],
    ) -> Self {
        let parent_hash = self.hashes.back().map_or(Felt::ZERO, |hash| hash.block_hash);
        let state_root = digest::state_root(state_digest);
        let block_hash = digest::block_hash(self.next_height, &commitment, &state_root, &parent_hash);
        let mut hashes = self.hashes.clone();
        hashes.push_back(BlockHash { height: self.next_height, block_hash, state_root });
        while hashes.len() as u64 > HASH_DISTANCE {
            hashes.pop_front();
        }
        // A chain that has reached the last height has no next one; nothing can be built or validated there.
        let next_height = self.next_height.saturating_add(1);
        Self { next_height, parent: commitment, timestamp_ms, accounts, hashes }
    }
}

/// Why a transfer cannot be executed at its place (ECP-TST-010).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TransferError {
    /// The block is full.
    #[error("the block holds {0} transfers at most")]
    OverCapacity(u32),
    /// It may not take that long.
    #[error("a cost of {0} ms is above {COST_MS_MAX} ms")]
    Cost(u32),
    /// The signature is not the sender's.
    #[error("the signature is not the sender's")]
    Signature,
    /// A transfer of this sender and nonce is executed already.
    #[error("nonce {got} is used, the next one is {next}")]
    NonceUsed {
        /// Nonce of the transfer.
        got: u64,
        /// Nonce of the account.
        next: u64,
    },
    /// Nonces in between are missing.
    #[error("nonce {got} is too high, the next one is {next}")]
    NonceGap {
        /// Nonce of the transfer.
        got: u64,
        /// Nonce of the account.
        next: u64,
    },
    /// The sender does not exist or owns less.
    #[error("the sender owns {balance}, less than the amount {amount}")]
    Balance {
        /// Amount of the transfer.
        amount: u64,
        /// What the sender owns.
        balance: u64,
    },
}

impl TransferError {
    /// The verdict's reason if the transfer is in the executed prefix.
    #[must_use]
    pub const fn reason(&self) -> InvalidReason {
        match self {
            Self::OverCapacity(_) => InvalidReason::BlockOverCapacity,
            Self::NonceUsed { .. } => InvalidReason::DuplicateTransaction,
            Self::Cost(_) | Self::Signature | Self::NonceGap { .. } | Self::Balance { .. } => {
                InvalidReason::TransactionInvalid
            }
        }
    }
}

/// Executes transfers one by one on a copy of the accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Execution {
    pub(crate) accounts: BTreeMap<AccountKey, Account>,
    pub(crate) executed: Vec<Transfer>,
    capacity: u32,
}

impl Execution {
    pub(crate) fn new(parent: &ChainState, capacity: u32) -> Self {
        Self { accounts: parent.accounts.clone(), executed: Vec::new(), capacity }
    }

    /// Executes the next transfer, or changes nothing. The order of the checks is a rule (ECP-TST-010).
    pub(crate) fn execute(&mut self, domain: &Domain, transfer: &Transfer) -> Result<(), TransferError> {
        if self.executed.len() as u64 >= u64::from(self.capacity) {
            return Err(TransferError::OverCapacity(self.capacity));
        }
        if transfer.cost_ms > COST_MS_MAX {
            return Err(TransferError::Cost(transfer.cost_ms));
        }
        if !transfer.verify(domain) {
            return Err(TransferError::Signature);
        }
        let sender = self.accounts.get(&transfer.from).copied().unwrap_or_default();
        check_nonce(transfer.nonce, sender.nonce)?;
        let Some(balance) = sender.balance.checked_sub(transfer.amount) else {
            return Err(TransferError::Balance { amount: transfer.amount, balance: sender.balance });
        };
        // The last nonce cannot be used up: there would be no next one.
        let Some(nonce) = sender.nonce.checked_add(1) else {
            return Err(TransferError::NonceGap { got: transfer.nonce, next: sender.nonce });
        };
        self.accounts.insert(transfer.from, Account { balance, nonce });
        // After the sender is written, so that a transfer to oneself keeps the balance.
        let receiver = self.accounts.entry(transfer.to).or_default();
        // All balances together are below 2^64 in genesis, and transfers keep their sum.
        receiver.balance = receiver.balance.saturating_add(transfer.amount);
        self.executed.push(transfer.clone());
        Ok(())
    }
}

fn check_nonce(got: u64, next: u64) -> Result<(), TransferError> {
    match got.cmp(&next) {
        std::cmp::Ordering::Less => Err(TransferError::NonceUsed { got, next }),
        std::cmp::Ordering::Greater => Err(TransferError::NonceGap { got, next }),
        std::cmp::Ordering::Equal => Ok(()),
    }
}
