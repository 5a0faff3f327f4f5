//! Transactions that wait for a block.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use starknet_types_core::felt::Felt as StarkFelt;

use crate::codec::Tx;

/// Most transactions that wait at a time.
pub const CAPACITY: usize = 20_000;
/// Most bytes of waiting transactions, as they stand in a payload.
pub const CAPACITY_BYTES: usize = 64 << 20;
/// How many nonces ahead of its account a transaction may be.
pub const NONCES_AHEAD: u64 = 200;
/// How many refused transactions are remembered.
const REMEMBERED: usize = 2_000;

/// Why the mempool does not take a transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It waits already, or another one of its account with the same nonce does.
    #[error("transaction {0:#x} with this nonce waits already")]
    Duplicate(StarkFelt),
    /// The account is past its nonce.
    #[error("the nonce is {nonce:#x}, but the account's next one is {next:#x}")]
    NonceTooLow {
        /// The transaction's.
        nonce: StarkFelt,
        /// The account's.
        next: StarkFelt,
    },
    /// It is too far ahead of its account.
    #[error("the nonce is more than {NONCES_AHEAD} ahead of the account's")]
    NonceTooHigh,
    /// Too much waits.
    #[error("too many transactions wait already: try again later")]
    Full,
}

/// The waiting transactions, in the order of nonces by account.
#[derive(Default)]
pub struct Mempool {
    inner: Mutex<Inner>,
    arrival: Condvar,
}

#[derive(Default)]
struct Inner {
    accounts: BTreeMap<StarkFelt, BTreeMap<StarkFelt, (u64, Tx)>>,
    by_hash: HashMap<StarkFelt, (StarkFelt, StarkFelt)>,
    refused: HashMap<StarkFelt, String>,
    refused_order: VecDeque<StarkFelt>,
    arrivals: u64,
    bytes: usize,
}

impl Mempool {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every critical section leaves the maps whole, so a panic elsewhere in its thread does not matter.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a transaction whose account's next nonce is `next`.
    pub fn add(&self, tx: Tx, next: StarkFelt) -> Result<(), Refused> {
        let (hash, sender, nonce) = (tx.hash(), tx.sender(), tx.nonce());
        if nonce < next {
            return Err(Refused::NonceTooLow { nonce, next });
        }
        if nonce - next > StarkFelt::from(NONCES_AHEAD) {
            return Err(Refused::NonceTooHigh);
        }
        let mut inner = self.lock();
        if let Some((_, waiting)) = inner.accounts.get(&sender).and_then(|queue| queue.get(&nonce)) {
            return Err(Refused::Duplicate(waiting.hash()));
        }
        let bytes = inner.bytes + tx.to_bytes().len();
        if inner.by_hash.len() >= CAPACITY || bytes > CAPACITY_BYTES {
            return Err(Refused::Full);
        }
        inner.bytes = bytes;
        inner.arrivals += 1;
        let arrival = inner.arrivals;
        inner.refused.remove(&hash);
        inner.by_hash.insert(hash, (sender, nonce));
        inner.accounts.entry(sender).or_default().insert(nonce, (arrival, tx));
        drop(inner);
        self.arrival.notify_all();
        Ok(())
    }

    /// The transaction that came first among those that are next in their account; `next` tells the next nonce.
    pub fn next(&self, mut next: impl FnMut(&StarkFelt) -> StarkFelt, skip: &HashSet<StarkFelt>) -> Option<Tx> {
        let inner = self.lock();
        let ready = inner.accounts.iter().filter_map(|(sender, queue)| queue.get(&next(sender)));
        ready.filter(|(_, tx)| !skip.contains(&tx.hash())).min_by_key(|(arrival, _)| *arrival).map(|(_, tx)| tx.clone())
    }

    /// Waits up to `patience` for something to arrive.
    pub fn wait(&self, patience: Duration) {
        let inner = self.lock();
        let before = inner.arrivals;
        // Whether it ends by time or by an arrival, the caller looks again.
        drop(self.arrival.wait_timeout_while(inner, patience, |inner| inner.arrivals == before));
    }

    /// Forgets a transaction that cannot stand in any block, and remembers why.
    pub fn refuse(&self, hash: StarkFelt, why: String) {
        let mut inner = self.lock();
        inner.remove(&hash);
        if inner.refused.insert(hash, why).is_none() {
            inner.refused_order.push_back(hash);
        }
        while inner.refused_order.len() > REMEMBERED {
            if let Some(oldest) = inner.refused_order.pop_front() {
                inner.refused.remove(&oldest);
            }
        }
    }

    /// Forgets what a committed block made obsolete: every nonce below the new ones.
    pub fn committed(&self, nonces: &BTreeMap<StarkFelt, StarkFelt>) {
        let mut inner = self.lock();
        for (sender, next) in nonces {
            let Some(queue) = inner.accounts.get(sender) else { continue };
            let gone: Vec<StarkFelt> = queue.range(..next).map(|(_, (_, tx))| tx.hash()).collect();
            for hash in gone {
                inner.remove(&hash);
            }
        }
    }

    /// A waiting transaction.
    #[must_use]
    pub fn get(&self, hash: &StarkFelt) -> Option<Tx> {
        let inner = self.lock();
        let (sender, nonce) = inner.by_hash.get(hash)?;
        inner.accounts.get(sender)?.get(nonce).map(|(_, tx)| tx.clone())
    }

    /// Why a transaction was refused after it had been taken.
    #[must_use]
    pub fn refusal(&self, hash: &StarkFelt) -> Option<String> {
        self.lock().refused.get(hash).cloned()
    }

    /// The nonce after the account's waiting transactions without a gap, from `next` on.
    #[must_use]
    pub fn nonce_after(&self, sender: &StarkFelt, mut next: StarkFelt) -> StarkFelt {
        let inner = self.lock();
        let Some(queue) = inner.accounts.get(sender) else { return next };
        while queue.contains_key(&next) {
            next += StarkFelt::ONE;
        }
        next
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().by_hash.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Inner {
    fn remove(&mut self, hash: &StarkFelt) {
        let Some((sender, nonce)) = self.by_hash.remove(hash) else { return };
        if let Some(queue) = self.accounts.get_mut(&sender) {
            if let Some((_, tx)) = queue.remove(&nonce) {
                self.bytes -= tx.to_bytes().len();
            }
            if queue.is_empty() {
                self.accounts.remove(&sender);
            }
        }
    }
}
