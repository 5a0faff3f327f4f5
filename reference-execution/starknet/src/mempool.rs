//! Transactions that wait for a block.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use starknet_types_core::felt::Felt as StarkFelt;

use crate::codec::Tx;

/// How many nonces ahead of its account a transaction may be.
pub const NONCES_AHEAD: u64 = 200;
/// How many refused transactions are remembered.
const REMEMBERED: usize = 2_000;

/// Bounds of what waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most transactions that wait at a time.
    pub transactions: usize,
    /// Most bytes of waiting transactions, as they stand in a payload.
    pub bytes: usize,
    /// Most transactions of one account.
    pub per_account: usize,
    /// How long a transaction may wait, in milliseconds: behind a gap of nonces, or because no block takes it.
    pub lifetime_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { transactions: 20_000, bytes: 64 << 20, per_account: 200, lifetime_ms: 60 * 60 * 1_000 }
    }
}

/// Why the mempool does not take a transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It waits already.
    #[error("transaction {0:#x} waits already")]
    Known(StarkFelt),
    /// Another one of its account with the same nonce waits, and this one does not bid a tenth more.
    #[error("transaction {waiting:#x} with this nonce waits already: bid a tip and an L2 gas price 10 % above it")]
    Underpriced {
        /// The one that waits.
        waiting: StarkFelt,
    },
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
    /// Too much of this account waits.
    #[error("too many transactions of this account wait already: try again when some are in a block")]
    AccountFull,
    /// Too much waits.
    #[error("too many transactions wait already: try again later")]
    Full,
}

/// The waiting transactions, in the order of nonces by account. What a block does not take stays.
#[derive(Default)]
pub struct Mempool {
    limits: Limits,
    inner: Mutex<Inner>,
    arrival: Condvar,
}

#[derive(Default)]
struct Inner {
    accounts: BTreeMap<StarkFelt, BTreeMap<StarkFelt, Waiting>>,
    by_hash: HashMap<StarkFelt, (StarkFelt, StarkFelt)>,
    refused: HashMap<StarkFelt, String>,
    refused_order: VecDeque<StarkFelt>,
    arrivals: u64,
    bytes: usize,
}

struct Waiting {
    arrival: u64,
    since_ms: u64,
    bytes: usize,
    tx: Tx,
}

impl Mempool {
    /// An empty one.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every critical section leaves the maps whole, so a panic elsewhere in its thread does not matter.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a transaction whose account's next nonce is `next`. One with the nonce of another that waits replaces it if
    /// it bids at least a tenth more, both in tip and in the price of L2 gas.
    pub fn add(&self, tx: Tx, next: StarkFelt, now_ms: u64) -> Result<(), Refused> {
        let (hash, sender, nonce) = (tx.hash(), tx.sender(), tx.nonce());
        if nonce < next {
            return Err(Refused::NonceTooLow { nonce, next });
        }
        if nonce - next > StarkFelt::from(NONCES_AHEAD) {
            return Err(Refused::NonceTooHigh);
        }
        let bytes = tx.to_bytes().len();
        let mut inner = self.lock();
        if inner.by_hash.len() >= self.limits.transactions || inner.bytes + bytes > self.limits.bytes {
            // Looked at only when it matters, and after each block: it looks at all that waits.
            inner.expire(now_ms, self.limits.lifetime_ms);
        }
        let mut queued = 0;
        let mut replaced = None;
        if let Some(queue) = inner.accounts.get(&sender) {
            queued = queue.len();
            if let Some(other) = queue.get(&nonce) {
                let waiting = other.tx.hash();
                if waiting == hash {
                    return Err(Refused::Known(hash));
                }
                if !outbids(&tx, &other.tx) {
                    return Err(Refused::Underpriced { waiting });
                }
                replaced = Some((waiting, other.bytes));
            }
        }
        match replaced {
            Some((waiting, freed)) => {
                if inner.bytes - freed + bytes > self.limits.bytes {
                    return Err(Refused::Full);
                }
                inner.forget(waiting, format!("replaced by transaction {hash:#x}, which bids more"));
            }
            None if queued >= self.limits.per_account => return Err(Refused::AccountFull),
            None if inner.by_hash.len() >= self.limits.transactions || inner.bytes + bytes > self.limits.bytes => {
                return Err(Refused::Full);
            }
            None => {}
        }
        inner.bytes += bytes;
        inner.arrivals += 1;
        let arrival = inner.arrivals;
        inner.refused.remove(&hash);
        inner.by_hash.insert(hash, (sender, nonce));
        inner.accounts.entry(sender).or_default().insert(nonce, Waiting { arrival, since_ms: now_ms, bytes, tx });
        drop(inner);
        self.arrival.notify_all();
        Ok(())
    }

    /// The transaction that came first among those that are next in their account; `next` tells the next nonce.
    pub fn next(&self, mut next: impl FnMut(&StarkFelt) -> StarkFelt, skip: &HashSet<StarkFelt>) -> Option<Tx> {
        let inner = self.lock();
        let ready = inner.accounts.iter().filter_map(|(sender, queue)| queue.get(&next(sender)));
        let ready = ready.filter(|waiting| !skip.contains(&waiting.tx.hash()));
        ready.min_by_key(|waiting| waiting.arrival).map(|waiting| waiting.tx.clone())
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
        self.lock().forget(hash, why);
    }

    /// Forgets what a committed block made obsolete: every nonce below the new ones.
    pub fn committed(&self, nonces: &BTreeMap<StarkFelt, StarkFelt>) {
        let mut inner = self.lock();
        for (sender, next) in nonces {
            let Some(queue) = inner.accounts.get(sender) else { continue };
            let gone: Vec<StarkFelt> = queue.range(..next).map(|(_, waiting)| waiting.tx.hash()).collect();
            for hash in gone {
                inner.remove(&hash);
            }
        }
    }

    /// Forgets what waits too long.
    pub fn expire(&self, now_ms: u64) {
        self.lock().expire(now_ms, self.limits.lifetime_ms);
    }

    /// A waiting transaction.
    #[must_use]
    pub fn get(&self, hash: &StarkFelt) -> Option<Tx> {
        let inner = self.lock();
        let (sender, nonce) = inner.by_hash.get(hash)?;
        inner.accounts.get(sender)?.get(nonce).map(|waiting| waiting.tx.clone())
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

    /// How many bytes wait.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Whether `new` bids at least a tenth more than `old`. Prices are below 2^64, so nothing overflows.
fn outbids(new: &Tx, old: &Tx) -> bool {
    let ((tip, price), (old_tip, old_price)) = (new.bid(), old.bid());
    let tenth_more = |new: u128, old: u128| new.saturating_mul(10) >= old.saturating_mul(11);
    price > old_price && tenth_more(price, old_price) && tenth_more(tip.into(), old_tip.into())
}

impl Inner {
    fn remove(&mut self, hash: &StarkFelt) {
        let Some((sender, nonce)) = self.by_hash.remove(hash) else { return };
        if let Some(queue) = self.accounts.get_mut(&sender) {
            if let Some(waiting) = queue.remove(&nonce) {
                self.bytes -= waiting.bytes;
            }
            if queue.is_empty() {
                self.accounts.remove(&sender);
            }
        }
    }

    fn forget(&mut self, hash: StarkFelt, why: String) {
        self.remove(&hash);
        if self.refused.insert(hash, why).is_none() {
            self.refused_order.push_back(hash);
        }
        while self.refused_order.len() > REMEMBERED {
            if let Some(oldest) = self.refused_order.pop_front() {
                self.refused.remove(&oldest);
            }
        }
    }

    fn expire(&mut self, now_ms: u64, lifetime_ms: u64) {
        let Some(oldest) = now_ms.checked_sub(lifetime_ms) else { return };
        let waiting = self.accounts.values().flat_map(BTreeMap::values);
        let gone: Vec<StarkFelt> = waiting.filter(|w| w.since_ms < oldest).map(|w| w.tx.hash()).collect();
        for hash in gone {
            self.forget(hash, format!("no block took it within {} s", lifetime_ms / 1_000));
        }
    }
}
