//! The engine: one chain over one store.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use ecp_commitments::{
    StoreError as TrieStoreError, apply_state_diff, block_hash,
    store::{RowStore, Rows},
};
use ecp_execution_core::seams::{
    Build, Clock, EngineFault, Executed, ExecutionEngine, HashStep, Slot, Snapshot, Store, Validation, Write,
};
use ecp_types::{Felt, Genesis, Height, HeightParams, Part};
use starknet_types_core::felt::Felt as StarkFelt;
use tokio::sync::watch;

use crate::{
    building::StarknetBuild,
    chain::{Chain, SharedChain},
    commitment::block_header,
    convert,
    genesis_state::genesis_state,
    head::Head,
    header::{Init, L1Prices},
    l1::{L1Message, L1Source, NoL1},
    mempool::Mempool,
    rows::{self, BlockRecord},
    run::Finished,
    sources::{FixedPrices, Sources},
    validating::StarknetValidation,
};

/// Starknet as an execution engine.
pub struct StarknetEngine {
    pub(crate) shared: Arc<Shared>,
    head: RwLock<Arc<Head>>,
}

/// What builds and validations share with the engine.
pub(crate) struct Shared {
    pub(crate) chain: SharedChain,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sources: Sources,
    pub(crate) mempool: Mempool,
    /// Highest height whose hash is written.
    pub(crate) hashed: watch::Sender<Option<Height>>,
}

/// An executed block, as it is handed back on commit.
struct Candidate {
    record: BlockRecord,
    /// The messages from L1 that it consumes.
    messages: Vec<L1Message>,
}

impl StarknetEngine {
    /// Opens the chain of `genesis`, whose state an empty store gets first. L1 prices are those of genesis, and no
    /// messages from L1 are seen.
    pub fn open(genesis: &Genesis, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Result<Arc<Self>, EngineFault> {
        Self::open_seeing(genesis, store, clock, Arc::new(NoL1))
    }

    /// The same with a view of L1's messages.
    pub fn open_seeing(
        genesis: &Genesis,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        l1: Arc<dyn L1Source>,
    ) -> Result<Arc<Self>, EngineFault> {
        let chain = Chain::new(genesis)?;
        let prices = &chain.section.prices;
        let fixed = FixedPrices(L1Prices {
            gas_fri: prices.l1_gas_fri,
            data_gas_fri: prices.l1_data_gas_fri,
            gas_wei: prices.l1_gas_wei,
            data_gas_wei: prices.l1_data_gas_wei,
        });
        Self::with_chain(chain, store, clock, Sources { prices: Arc::new(fixed), l1 })
    }

    /// The same with a view of L1, prices and messages.
    pub fn open_with(
        genesis: &Genesis,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        sources: Sources,
    ) -> Result<Arc<Self>, EngineFault> {
        Self::with_chain(Chain::new(genesis)?, store, clock, sources)
    }

    fn with_chain(
        chain: Chain,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        sources: Sources,
    ) -> Result<Arc<Self>, EngineFault> {
        initialize(&chain, &*store)?;
        let head = Head::load(&*store, &chain.section)?;
        let hashed = rows::read_height(&*head.snapshot, rows::META_HASHED)?;
        let shared = Shared {
            chain: Arc::new(chain),
            store,
            clock,
            sources,
            mempool: Mempool::default(),
            hashed: watch::Sender::new(hashed),
        };
        Ok(Arc::new(Self { shared: Arc::new(shared), head: RwLock::new(Arc::new(head)) }))
    }

    /// The committed head.
    #[must_use]
    pub fn head(&self) -> Arc<Head> {
        // The lock is only held to copy or replace the pointer.
        Arc::clone(&self.head.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The transactions that wait.
    #[must_use]
    pub fn mempool(&self) -> &Mempool {
        &self.shared.mempool
    }

    /// The unchanging facts of the chain.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.shared.chain
    }

    fn head_below(&self, height: Height) -> Result<Arc<Head>, EngineFault> {
        let head = self.head();
        let next = head.block.map_or(self.shared.chain.genesis.first_height(), |(height, _)| height + 1);
        if height == next { Ok(head) } else { Err(EngineFault(format!("height {height} is not the next one, {next}"))) }
    }
}

/// Writes the state before the first block into an empty store; refuses the store of another chain.
fn initialize(chain: &Chain, store: &dyn Store) -> Result<(), EngineFault> {
    let snapshot = store.snapshot().map_err(rows::fault)?;
    let own = chain.genesis.genesis_hash();
    match snapshot.get(rows::META, rows::META_GENESIS).map_err(rows::fault)? {
        Some(theirs) if theirs == own => return Ok(()),
        Some(_) => {
            return Err(EngineFault(
                "the data directory belongs to another genesis file: use that file, or another directory".into(),
            ));
        }
        None => {}
    }
    let state = genesis_state(&chain.section, &chain.classes)?;
    let params = chain.params(chain.genesis.first_height())?;
    let version = params.starknet_version.parse().map_err(|error| EngineFault(format!("{error}")))?;
    let trie = apply_state_diff(&TrieRows::over(&snapshot), &state.to_diff(), &version)
        .map_err(|error| EngineFault(error.to_string()))?;
    let mut writes = state.writes();
    writes.extend(trie.rows().map(|(key, value)| (rows::TRIE, key, value)));
    writes.push((rows::META, rows::META_GENESIS_ROOT.to_vec(), Some(trie.root.to_bytes_be().to_vec())));
    writes.push((rows::META, rows::META_GENESIS.to_vec(), Some(own.to_vec())));
    store.write(writes).map_err(rows::fault)
}

/// The trie's rows in a snapshot.
struct TrieRows<'a>(&'a dyn Snapshot);

impl<'a> TrieRows<'a> {
    fn over(snapshot: &'a Arc<dyn Snapshot>) -> RowStore<Self> {
        RowStore(Self(&**snapshot))
    }
}

impl Rows for TrieRows<'_> {
    fn row(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TrieStoreError> {
        self.0.get(rows::TRIE, key).map_err(|error| TrieStoreError(error.to_string()))
    }
}

impl Shared {
    /// Block hash and state root of a height.
    pub(crate) fn block_hash(&self, height: Height) -> Result<Option<(StarkFelt, StarkFelt)>, EngineFault> {
        let snapshot = self.store.snapshot().map_err(rows::fault)?;
        rows::read_json(&*snapshot, rows::HASHES, &rows::height_key(height))
    }

    fn tell_hashed(&self, hashed: Option<Height>) {
        self.hashed.send_if_modified(|known| std::mem::replace(known, hashed) != hashed);
    }

    /// Wraps an executed block for the core.
    pub(crate) fn executed(&self, finished: Finished, parts: Vec<Part>) -> Result<Executed, EngineFault> {
        Ok(Executed {
            commitment: finished.commitment,
            executed_count: finished.txs.len() as u64,
            parts,
            writes: finished.writes()?,
            inner: Arc::new(Candidate { messages: finished.messages(), record: finished.record }),
        })
    }
}

impl ExecutionEngine for StarknetEngine {
    fn height_params(&self, height: Height) -> Result<Option<HeightParams>, EngineFault> {
        Ok(self.shared.chain.genesis.height_params(height))
    }

    fn first_height(&self) -> Height {
        self.shared.chain.genesis.first_height()
    }

    fn build(&self, slot: Slot) -> Result<Box<dyn Build>, EngineFault> {
        let head = self.head_below(slot.height)?;
        Ok(Box::new(StarknetBuild::new(Arc::clone(&self.shared), head, slot)?))
    }

    fn validate(&self, slot: Slot) -> Result<Box<dyn Validation>, EngineFault> {
        let head = self.head_below(slot.height)?;
        Ok(Box::new(StarknetValidation::new(Arc::clone(&self.shared), head, slot)?))
    }

    fn reframe_init(&self, slot: &Slot, init: &[u8]) -> Result<Bytes, String> {
        let mut init = Init::decode(init)?;
        if init.height != slot.height {
            return Err(format!("INIT is of height {}, not {}", init.height, slot.height));
        }
        init.round = slot.round;
        init.valid_round = slot.valid_round;
        init.proposer = convert::stark(&slot.proposer);
        Ok(Bytes::from(init.encode()))
    }

    fn init_slot(&self, init: &[u8]) -> Result<Slot, String> {
        Init::decode(init).map(|init| init.slot())
    }

    fn committed(&self, height: Height, executed: &Executed) -> Result<(), EngineFault> {
        let head = self.head_below(height)?;
        let candidate = executed
            .inner
            .downcast_ref::<Candidate>()
            .ok_or_else(|| EngineFault("the committed block is another engine's".into()))?;
        let snapshot = self.shared.store.snapshot().map_err(rows::fault)?;
        let after = Arc::new(head.after(&candidate.record, snapshot));
        *self.head.write().unwrap_or_else(PoisonError::into_inner) = after;
        for message in &candidate.messages {
            self.shared.sources.l1.consumed(message);
        }
        self.shared.mempool.committed(&candidate.record.diff.nonces);
        self.shared.mempool.expire(self.shared.clock.unix_ms());
        Ok(())
    }

    fn next_hash(&self) -> Result<Option<HashStep>, EngineFault> {
        // Everything comes from rows, so that a restart goes on where the last written step ended (ECP-STK-007).
        let snapshot = self.shared.store.snapshot().map_err(rows::fault)?;
        let hashed = rows::read_height(&*snapshot, rows::META_HASHED)?;
        // The step before was written, or this one would not be asked for.
        self.shared.tell_hashed(hashed);
        let height = hashed.map_or(self.first_height(), |hashed| hashed + 1);
        let key = rows::height_key(height);
        let Some(record) = rows::read_json::<BlockRecord>(&*snapshot, rows::BLOCKS, &key)? else { return Ok(None) };
        let parent = match hashed {
            None => StarkFelt::ZERO,
            Some(hashed) => {
                rows::read_json::<(StarkFelt, StarkFelt)>(&*snapshot, rows::HASHES, &rows::height_key(hashed))?
                    .ok_or_else(|| EngineFault(format!("the hash of block {hashed} is missing")))?
                    .0
            }
        };
        let header = block_header(&record.init, &record.content.into()).map_err(EngineFault)?;
        let update = apply_state_diff(&TrieRows::over(&snapshot), &record.diff.to_diff(), &header.version)
            .map_err(|error| EngineFault(error.to_string()))?;
        let hash = block_hash(&header, &update.root, &parent).map_err(|error| EngineFault(error.to_string()))?;
        let mut writes: Vec<Write> = update.rows().map(|(key, value)| (rows::TRIE, key, value)).collect();
        writes.push((rows::HASHES, key.clone(), Some(rows::json(&(hash, update.root))?)));
        writes.push((rows::HASH_HEIGHTS, hash.to_bytes_be().to_vec(), Some(key.clone())));
        writes.push((rows::META, rows::META_HASHED.to_vec(), Some(key)));
        Ok(Some(HashStep { height, block_hash: convert::ecp(&hash), state_root: convert::ecp(&update.root), writes }))
    }

    fn block_hash(&self, height: Height) -> Result<Option<(Felt, Felt)>, EngineFault> {
        let known = self.shared.block_hash(height)?;
        Ok(known.map(|(hash, root)| (convert::ecp(&hash), convert::ecp(&root))))
    }

    fn block_hash_height(&self) -> Option<Height> {
        let read = || rows::read_height(&*self.shared.store.snapshot().map_err(rows::fault)?, rows::META_HASHED);
        match read() {
            Ok(hashed) => {
                self.shared.tell_hashed(hashed);
                hashed
            }
            Err(error) => {
                tracing::error!(%error, "cannot read the height of the last block hash");
                None
            }
        }
    }
}
