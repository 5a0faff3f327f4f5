//! The engine over a store and a clock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ecp_execution_core::seams::{
    Build, Clock, EngineFault, Executed, ExecutionEngine, HashStep, Slot, Store, StoreError, Validation,
};
use ecp_testchain::{
    BadSection, Block, BlockBuilder, BlockCheck, BuildError, Chain, ChainState, Init, Transfer, reframe_init,
};
use ecp_types::{Felt, Genesis, Height, HeightParams, Missing};

use crate::{Pace, SubmitError, building::ScriptedBuild, mempool::Mempool, rows, validating::ScriptedValidation};

/// Executes the test chain.
#[derive(Clone)]
pub struct ScriptedEngine {
    shared: Arc<Shared>,
}

/// Why the engine cannot be opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenError {
    /// The genesis file has no usable section for the test chain.
    #[error(transparent)]
    Genesis(#[from] BadSection),
    /// The store failed, or its rows are damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store holds another chain.
    #[error("the store was written under another genesis file: use another data folder, or the file it began with")]
    OtherGenesis,
}

/// What builds and validations share with the engine.
pub(crate) struct Shared {
    pub(crate) chain: Arc<Chain>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) pace: Arc<dyn Pace>,
    store: Arc<dyn Store>,
    head: Mutex<Head>,
}

struct Head {
    state: Arc<ChainState>,
    /// Highest height whose hash is told.
    hashed: Option<Height>,
    mempool: Mempool,
}

impl Shared {
    fn head(&self) -> MutexGuard<'_, Head> {
        // Every change of the head is a plain assignment, so a panic elsewhere leaves it whole.
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What execution at `height` still waits for (ECP-TST-011).
    pub(crate) fn missing(&self, height: Height) -> Option<Missing> {
        let needed = self.chain.needed_hash(height)?;
        (self.head().hashed < Some(needed)).then_some(Missing::BlockHash(needed))
    }

    /// A finished block as a candidate.
    pub(crate) fn executed(&self, parent: &ChainState, block: Block) -> Executed {
        Executed {
            commitment: block.commitment(),
            executed_count: block.executed_count(),
            parts: block.proposal.cut().parts(),
            writes: rows::block_writes(&self.chain, parent, &block),
            inner: Arc::new(block),
        }
    }
}

impl ScriptedEngine {
    /// Opens the chain of `genesis`, at the head that `store` holds.
    pub fn open(
        genesis: Genesis,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        pace: Arc<dyn Pace>,
    ) -> Result<Self, OpenError> {
        let chain = Arc::new(Chain::new(genesis)?);
        let (state, hashed) = rows::recover(&chain, &*store.snapshot()?)?;
        let mempool = Mempool::new(&chain.section().mempool, &state);
        let head = Mutex::new(Head { state: Arc::new(state), hashed, mempool });
        Ok(Self { shared: Arc::new(Shared { chain, clock, pace, store, head }) })
    }

    /// The rules of the chain.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.shared.chain
    }

    /// The state of the head.
    #[must_use]
    pub fn state(&self) -> Arc<ChainState> {
        Arc::clone(&self.shared.head().state)
    }

    /// Adds a transfer behind those that wait.
    pub fn submit(&self, transfer: Transfer) -> Result<(), SubmitError> {
        let mut head = self.shared.head();
        let state = Arc::clone(&head.state);
        head.mempool.submit(self.shared.chain.domain(), &state, transfer)
    }

    /// The transfers that wait, in order.
    #[must_use]
    pub fn waiting(&self) -> Vec<Transfer> {
        self.shared.head().mempool.snapshot().into()
    }
}

impl ExecutionEngine for ScriptedEngine {
    fn height_params(&self, height: Height) -> Result<Option<HeightParams>, EngineFault> {
        Ok(self.shared.chain.genesis().height_params(height))
    }

    fn first_height(&self) -> Height {
        self.shared.chain.genesis().first_height()
    }

    fn build(&self, slot: Slot) -> Result<Box<dyn Build>, EngineFault> {
        let shared = Arc::clone(&self.shared);
        let (state, transfers) = {
            let head = shared.head();
            (Arc::clone(&head.state), head.mempool.snapshot())
        };
        let now = shared.clock.unix_ms();
        let builder = BlockBuilder::new(Arc::clone(&shared.chain), state, chain_slot(&slot), now).map_err(fault)?;
        Ok(Box::new(ScriptedBuild::new(shared, slot.height, builder, transfers)))
    }

    fn validate(&self, slot: Slot) -> Result<Box<dyn Validation>, EngineFault> {
        let shared = Arc::clone(&self.shared);
        let state = Arc::clone(&shared.head().state);
        let check = BlockCheck::new(Arc::clone(&shared.chain), state, chain_slot(&slot)).map_err(fault)?;
        Ok(Box::new(ScriptedValidation::new(shared, slot.height, check)))
    }

    fn reframe_init(&self, slot: &Slot, init: &[u8]) -> Result<Bytes, String> {
        let named = Init::decode(init).map_err(|error| error.to_string())?.height;
        if named != slot.height {
            return Err(format!("INIT is of height {named}, not {}", slot.height));
        }
        reframe_init(init, slot.round, slot.valid_round, slot.proposer).map_err(|error| error.to_string())
    }

    fn init_slot(&self, init: &[u8]) -> Result<Slot, String> {
        let init = Init::decode(init).map_err(|error| error.to_string())?;
        Ok(Slot { height: init.height, round: init.round, valid_round: init.valid_round, proposer: init.proposer })
    }

    fn committed(&self, height: Height, executed: &Executed) -> Result<(), EngineFault> {
        let block = Arc::clone(&executed.inner)
            .downcast::<Block>()
            .map_err(|_| EngineFault("the committed candidate is not of this engine".into()))?;
        let mut head = self.shared.head();
        if height != head.state.next_height || block.proposal.init.height != height {
            let expected = head.state.next_height;
            return Err(EngineFault(format!("height {height} was committed where {expected} is next")));
        }
        let state = Arc::new(block.state.clone());
        head.mempool.prune(&state);
        head.state = state;
        Ok(())
    }

    fn next_hash(&self) -> Result<Option<HashStep>, EngineFault> {
        let (next, recent) = {
            let head = self.shared.head();
            let next = head.hashed.map_or(self.first_height(), |hashed| hashed + 1);
            let committed = head.state.next_height.checked_sub(1);
            if committed.and_then(|height| self.shared.chain.hash_due(height)) < Some(next) {
                return Ok(None);
            }
            (next, head.state.hash(next).copied())
        };
        self.shared.pace.work(std::time::Duration::from_millis(u64::from(self.shared.chain.section().hash_ms)));
        let hash = match recent {
            Some(hash) => hash,
            None => self.stored_hash(next)?.ok_or_else(|| EngineFault(format!("block {next} is missing")))?,
        };
        self.shared.head().hashed = Some(next);
        Ok(Some(HashStep {
            height: next,
            block_hash: hash.block_hash,
            state_root: hash.state_root,
            writes: rows::hash_writes(next),
        }))
    }

    fn block_hash(&self, height: Height) -> Result<Option<(Felt, Felt)>, EngineFault> {
        if self.block_hash_height() < Some(height) {
            return Ok(None);
        }
        Ok(self.stored_hash(height)?.map(|hash| (hash.block_hash, hash.state_root)))
    }

    fn block_hash_height(&self) -> Option<Height> {
        self.shared.head().hashed
    }
}

impl ScriptedEngine {
    fn stored_hash(&self, height: Height) -> Result<Option<ecp_testchain::BlockHash>, EngineFault> {
        let snapshot = self.shared.store.snapshot().map_err(|error| EngineFault(error.to_string()))?;
        rows::block_hash(&*snapshot, height).map_err(|error| EngineFault(error.to_string()))
    }
}

const fn chain_slot(slot: &Slot) -> ecp_testchain::Slot {
    ecp_testchain::Slot {
        height: slot.height,
        round: slot.round,
        valid_round: slot.valid_round,
        proposer: slot.proposer,
    }
}

pub(crate) fn fault(error: BuildError) -> EngineFault {
    EngineFault(error.to_string())
}
