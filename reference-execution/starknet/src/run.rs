//! The execution of one block, transaction by transaction.

use std::sync::{Arc, PoisonError};

use blockifier::{
    blockifier::{
        config::TransactionExecutorConfig,
        transaction_executor::{TransactionExecutor, TransactionExecutorError},
    },
    state::{
        cached_state::CommitmentStateDiff, compiled_class_hash_migration::CompiledClassHashMigrationUpdater as _,
        errors::StateError, state_api::StateResult, stateful_compression::allocate_aliases_in_storage,
    },
};
use ecp_commitments::{BlockCommitments, ContentTrees, DataAvailability};
use ecp_execution_core::seams::{EngineFault, Write};
use ecp_types::{Commitment, Height};
use prost::Message as _;
use starknet_api::block::{BlockHash, BlockHashAndNumber, BlockNumber};
use starknet_types_core::felt::Felt as StarkFelt;

use crate::{
    chain::SharedChain,
    codec::{self, Tx},
    commitment::{Bound, Scheme},
    declare,
    guard::guarded,
    head::Head,
    header::Init,
    l1::L1Message,
    market,
    reader::{Failure, Reader},
    receipts::Receipt,
    rows::{self, BlockRecord, DiffRecord},
    wire,
};

/// How many blocks back the block hash is from that a block stores (ECP-STK-003).
pub const HASH_LAG: u64 = 10;

/// The height whose block hash the execution of `height` needs, if there is such a block.
#[must_use]
pub fn needed_hash(height: Height, first_height: Height) -> Option<Height> {
    height.checked_sub(HASH_LAG).filter(|needed| *needed >= first_height)
}

/// What came of one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the block, reverted or not.
    Included,
    /// The block has no room for it.
    Full,
    /// It fails validation and can stand in no block on this state.
    Failed(String),
}

/// A block under execution on the committed head.
pub struct Run {
    chain: SharedChain,
    head: Arc<Head>,
    init: Init,
    old_hash: Option<(Height, StarkFelt)>,
    executor: TransactionExecutor<Reader>,
    failure: Failure,
    txs: Vec<Tx>,
    receipts: Vec<Receipt>,
    /// Trees over the transactions, complete whenever no transaction is under execution.
    trees: ContentTrees,
}

/// An executed block.
pub struct Finished {
    /// What is voted on.
    pub commitment: Commitment,
    /// The block.
    pub record: BlockRecord,
    /// Its transactions.
    pub txs: Vec<Tx>,
    /// What they did.
    pub receipts: Vec<Receipt>,
    /// The parent's commitment.
    pub parent: Option<Commitment>,
}

impl Run {
    /// Begins a block. `old_hash` is that of [`needed_hash`].
    pub fn new(
        chain: SharedChain,
        head: Arc<Head>,
        init: Init,
        old_hash: Option<(Height, StarkFelt)>,
    ) -> Result<Self, EngineFault> {
        let reader = Reader::new(Arc::clone(&head.snapshot), chain.classes.clone());
        let failure = reader.failure();
        // The library wants a hash from block 10 on. Before a first height above 0 there is none: zero, which writes
        // nothing.
        let old = old_hash.or_else(|| init.height.checked_sub(HASH_LAG).map(|height| (height, StarkFelt::ZERO)));
        let old = old.map(|(number, hash)| BlockHashAndNumber { number: BlockNumber(number), hash: BlockHash(hash) });
        let executor = TransactionExecutor::pre_process_and_create(
            reader,
            chain.block_context(&init)?,
            old,
            TransactionExecutorConfig::default(),
        )
        .map_err(|error| EngineFault(format!("cannot begin block {}: {error}", init.height)))?;
        let trees = ContentTrees::new(init.starknet_version.parse().map_err(|error| EngineFault(format!("{error}")))?);
        let (txs, receipts) = (Vec::new(), Vec::new());
        Ok(Self { chain, head, init, old_hash, executor, failure, txs, receipts, trees })
    }

    /// The header.
    #[must_use]
    pub const fn init(&self) -> &Init {
        &self.init
    }

    /// How many transactions are in the block.
    #[must_use]
    pub fn count(&self) -> usize {
        self.txs.len()
    }

    /// Executes a transaction after the others.
    pub fn execute(&mut self, tx: &Tx) -> Result<Outcome, EngineFault> {
        let transaction = tx.for_block();
        let executed = guarded(&format!("transaction {:#x}", tx.hash()), || self.executor.execute(&transaction));
        self.failure.check()?;
        match executed {
            Ok(Ok((info, _))) => {
                let receipt = Receipt::new(tx, &info);
                self.trees.push(&receipt.outcome(tx));
                self.receipts.push(receipt);
                self.txs.push(tx.clone());
                Ok(Outcome::Included)
            }
            Ok(Err(TransactionExecutorError::BlockFull)) => Ok(Outcome::Full),
            Ok(Err(error)) => Ok(Outcome::Failed(error.to_string())),
            // A peer's transaction must not stop this node: it is one that cannot be executed, for every node that
            // runs the same library. What it left behind is not used.
            Err(fault) => {
                tracing::error!(%fault, "a defect of the execution library");
                let count = self.txs.len();
                self.rebuild(count)?;
                Ok(Outcome::Failed(fault.0))
            }
        }
    }

    /// The same block with only its first `count` transactions. They are executed again: what the later ones
    /// touched cannot be taken back.
    pub fn truncate(&mut self, count: usize) -> Result<(), EngineFault> {
        if count >= self.txs.len() { Ok(()) } else { self.rebuild(count) }
    }

    fn rebuild(&mut self, count: usize) -> Result<(), EngineFault> {
        let (chain, head) = (Arc::clone(&self.chain), Arc::clone(&self.head));
        let before = std::mem::replace(self, Self::new(chain, head, self.init.clone(), self.old_hash)?);
        for tx in before.txs.iter().take(count) {
            match self.execute(tx)? {
                Outcome::Included => {}
                other => return Err(EngineFault(format!("transaction {:#x} was included, then {other:?}", tx.hash()))),
            }
        }
        Ok(())
    }

    /// Closes the block with what was executed.
    pub fn finish(mut self) -> Result<Finished, EngineFault> {
        let closed = guarded("closing a block", || changes(&mut self.executor));
        self.failure.check()?;
        let changes =
            closed?.map_err(|error| EngineFault(format!("cannot close block {}: {error}", self.init.height)))?;
        let diff = diff_record(changes);
        let params = self.chain.params(self.init.height)?;
        let mode = if self.init.blobs { DataAvailability::Blob } else { DataAvailability::Calldata };
        let changes = diff.to_diff();
        let content = BlockCommitments::with_trees(&self.trees, &changes, mode);
        let l2_gas_used = self.receipts.iter().fold(0_u64, |sum, receipt| sum.saturating_add(receipt.l2_gas));
        let market = &self.chain.section.l2_gas_market;
        let floor = self.head.fee_actual();
        let next_l2_gas_price = market::next_price(self.init.l2_gas_price_fri, l2_gas_used, floor, market);
        let parent = self.head.block.map(|(_, commitment)| commitment);
        let bound = Bound {
            chain_id: self.chain.chain_id_felt(),
            fork_id: self.chain.genesis.fork_id(),
            parent: parent.as_ref(),
            init: &self.init,
            content: &content,
            next_l2_gas_price,
            l2_gas_used,
        };
        let commitment =
            Scheme::named(&params.commitment_scheme).and_then(|scheme| scheme.commit(&bound)).map_err(EngineFault)?;
        let record = BlockRecord {
            init: self.init,
            commitment: commitment.0,
            content: content.into(),
            diff,
            l2_gas_used,
            next_l2_gas_price,
            transactions: self.txs.iter().map(Tx::hash).collect(),
        };
        Ok(Finished { commitment, record, txs: self.txs, receipts: self.receipts, parent })
    }
}

impl Finished {
    /// The FIN payload.
    #[must_use]
    pub fn fin(&self) -> wire::ProposalFin {
        let content = &self.record.content;
        let felt = |bytes: &Commitment| wire::Hash { elements: bytes.0.to_vec() };
        wire::ProposalFin {
            proposal_commitment: Some(felt(&self.commitment)),
            executed_transaction_count: self.txs.len() as u64,
            fin_payload: Some(wire::ProposalFinPayload {
                commitment_parts: Some(wire::CommitmentParts {
                    concatenated_counts: Some(codec::write_felt(&content.counts)),
                    parent_commitment: self.parent.as_ref().map(felt),
                    transaction_commitment: Some(codec::write_hash(&content.transactions)),
                    event_commitment: Some(codec::write_hash(&content.events)),
                    receipt_commitment: Some(codec::write_hash(&content.receipts)),
                }),
                l2_gas_info: Some(wire::L2GasInfo {
                    next_l2_gas_price_fri: Some(self.record.next_l2_gas_price.into()),
                    l2_gas_used: self.record.l2_gas_used,
                }),
            }),
        }
    }

    /// The messages from L1 that the block consumes.
    #[must_use]
    pub fn messages(&self) -> Vec<L1Message> {
        let message = |tx: &Tx| match tx {
            Tx::L1Handler(handler) => Some(L1Message::of(handler)),
            Tx::Account(_) | Tx::Declare(_) => None,
        };
        self.txs.iter().filter_map(message).collect()
    }

    /// The rows that make the block the head.
    pub fn writes(&self) -> Result<Vec<Write>, EngineFault> {
        let height = self.record.init.height;
        let mut writes = self.record.diff.writes();
        writes.push((rows::BLOCKS, rows::height_key(height), Some(rows::json(&self.record)?)));
        for (index, (tx, receipt)) in (0_u32..).zip(self.txs.iter().zip(&self.receipts)) {
            let place = rows::place_key(height, index);
            writes.push((rows::TRANSACTIONS, place.clone(), Some(tx.to_row().encode_to_vec())));
            writes.push((rows::RECEIPTS, place.clone(), Some(rows::json(receipt)?)));
            writes.push((rows::TRANSACTION_PLACES, tx.hash().to_bytes_be().to_vec(), Some(place)));
            // A declaration that was reverted declares nothing.
            if let Tx::Declare(declaration) = tx
                && self.record.diff.classes.contains_key(&declaration.class().class_hash.0)
            {
                let class = declaration.class();
                let definition = declare::write_class(&class.sierra).encode_to_vec();
                writes.push((rows::CLASS_DEFINITIONS, class.class_hash.0.to_bytes_be().to_vec(), Some(definition)));
            }
        }
        writes.push((rows::META, rows::META_HEAD.to_vec(), Some(rows::height_key(height))));
        Ok(writes)
    }
}

/// What a block changed, with the aliases that the network allocates for it and the class hashes that it migrates. The
/// library's own closing also compresses the changes and collects what a proof reads: nobody asks for that here, and the
/// proposal waits for it.
fn changes(executor: &mut TransactionExecutor<Reader>) -> StateResult<CommitmentStateDiff> {
    let no_state = || StateError::StateReadError("the state of the block is gone".into());
    let state = executor.block_state.as_mut().ok_or_else(no_state)?;
    let constants = executor.block_context.versioned_constants();
    if constants.enable_stateful_compression {
        let aliases = constants.os_constants.os_contract_addresses.alias_contract_address();
        allocate_aliases_in_storage(state, aliases)?;
    }
    let mut bouncer = executor.bouncer.lock().unwrap_or_else(PoisonError::into_inner);
    let migrated = std::mem::take(bouncer.get_mut_class_hashes_to_migrate());
    state.set_compiled_class_hash_migration(&migrated)?;
    Ok(state.to_state_diff()?.state_maps.into())
}

fn diff_record(diff: CommitmentStateDiff) -> DiffRecord {
    let storage = diff.storage_updates.into_iter().filter(|(_, cells)| !cells.is_empty()).map(|(address, cells)| {
        (*address.0.key(), cells.into_iter().map(|(key, value)| (*key.0.key(), value)).collect())
    });
    DiffRecord {
        storage: storage.collect(),
        contracts: diff.address_to_class_hash.into_iter().map(|(address, class)| (*address.0.key(), class.0)).collect(),
        nonces: diff.address_to_nonce.into_iter().map(|(address, nonce)| (*address.0.key(), nonce.0)).collect(),
        classes: diff.class_hash_to_compiled_class_hash.into_iter().map(|(class, hash)| (class.0, hash.0)).collect(),
    }
}
