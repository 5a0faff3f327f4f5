//! The transfers that wait for a block.

use std::collections::{HashSet, VecDeque};

use ecp_testchain::{AccountKey, COST_MS_MAX, ChainState, Domain, Transfer, TransferError};

/// Most transfers that wait.
const CAPACITY: usize = 100_000;

/// Why a transfer is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// It can never be executed.
    #[error("{0}")]
    Refused(TransferError),
    /// A transfer of this sender and nonce waits already.
    #[error("a transfer of this sender and nonce waits already")]
    Waiting,
    /// Too many wait.
    #[error("{CAPACITY} transfers wait already")]
    Full,
}

/// Transfers in the order in which builds take them.
///
/// A build takes copies: a transfer leaves only when a committed block used its nonce up. So the transfers of a build
/// that was dropped, or of a candidate that lost, are here for the next one.
#[derive(Debug, Clone)]
pub(crate) struct Mempool {
    waiting: VecDeque<Transfer>,
    names: HashSet<(AccountKey, u64)>,
}

impl Mempool {
    /// The transfers of genesis, unchecked and in order, without those that `head` has used up.
    pub(crate) fn new(genesis: &[Transfer], head: &ChainState) -> Self {
        let names = genesis.iter().map(|transfer| (transfer.from, transfer.nonce)).collect();
        let mut mempool = Self { waiting: genesis.iter().cloned().collect(), names };
        mempool.prune(head);
        mempool
    }

    /// Adds a transfer behind the others.
    pub(crate) fn submit(&mut self, domain: &Domain, head: &ChainState, transfer: Transfer) -> Result<(), SubmitError> {
        let next = head.accounts.get(&transfer.from).map_or(0, |account| account.nonce);
        if transfer.cost_ms > COST_MS_MAX {
            return Err(SubmitError::Refused(TransferError::Cost(transfer.cost_ms)));
        }
        if !transfer.verify(domain) {
            return Err(SubmitError::Refused(TransferError::Signature));
        }
        if transfer.nonce < next {
            return Err(SubmitError::Refused(TransferError::NonceUsed { got: transfer.nonce, next }));
        }
        if self.names.contains(&(transfer.from, transfer.nonce)) {
            return Err(SubmitError::Waiting);
        }
        if self.waiting.len() >= CAPACITY {
            return Err(SubmitError::Full);
        }
        self.names.insert((transfer.from, transfer.nonce));
        self.waiting.push_back(transfer);
        Ok(())
    }

    /// Copies of all that wait, in order.
    pub(crate) fn snapshot(&self) -> VecDeque<Transfer> {
        self.waiting.clone()
    }

    /// Removes what `head` has used up.
    pub(crate) fn prune(&mut self, head: &ChainState) {
        let names = &mut self.names;
        self.waiting.retain(|transfer| {
            let used = head.accounts.get(&transfer.from).is_some_and(|account| transfer.nonce < account.nonce);
            if used {
                names.remove(&(transfer.from, transfer.nonce));
            }
            !used
        });
    }
}
