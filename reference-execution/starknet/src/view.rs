//! The engine as JSON-RPC sees it.

use std::{sync::Arc, time::Duration};

use ecp_execution_core::seams::{EngineFault, Snapshot};
use ecp_jsonrpc::{Block, BlockEvents, NodeView, Place, Sealed, StateAt, ViewError};
use prost::Message as _;
use starknet_api::{
    core::ClassHash,
    executable_transaction::{AccountTransaction, DeployAccountTransaction, InvokeTransaction},
    execution_resources::GasVector,
    transaction::{
        DeployAccountTransaction as ApiDeploy, InvokeTransaction as ApiInvoke, TransactionHasher, TransactionVersion,
        fields::{Fee, ValidResourceBounds},
    },
};
use starknet_rust_core::types::{
    self as rpc, BroadcastedDeclareTransaction, BroadcastedDeployAccountTransaction, BroadcastedInvokeTransaction,
    BroadcastedTransaction, ContractErrorData, ContractExecutionError, DeclareTransactionResult,
    DeployAccountTransactionResult, FeeEstimate, FlattenedSierraClass, FunctionCall, StarknetError, StateDiff,
    TransactionExecutionErrorData,
};
use starknet_types_core::felt::Felt as StarkFelt;
use tokio::sync::watch;

use crate::{
    classes::Class,
    codec::{BadTransaction, Tx},
    compile::ClassError,
    convert,
    declare::{self, BadDeclaration, Declaration},
    engine::StarknetEngine,
    head::Head,
    mempool::Refused,
    receipts::Receipt,
    rows::{self, BlockRecord},
    rpc_types,
    simulate::{CallFailure, Objection, Simulation},
    wire,
};

/// How long a class that a user sends may compile. The largest that fit take about a second.
const COMPILE_PATIENCE: Duration = Duration::from_secs(10);
/// Contracts that have storage without a class.
const SYSTEM_CONTRACTS: [StarkFelt; 2] = [StarkFelt::ONE, StarkFelt::TWO];

fn internal(error: EngineFault) -> ViewError {
    ViewError::Internal(error.to_string())
}

fn broken(what: &str) -> ViewError {
    ViewError::Internal(format!("{what} is broken"))
}

fn not_admitted(error: BadTransaction) -> ViewError {
    StarknetError::ValidationFailure(error.to_string()).into()
}

impl StarknetEngine {
    /// The newest state, the only one that is kept.
    fn state(&self, at: StateAt) -> Result<Arc<Head>, ViewError> {
        let head = self.head();
        match at {
            StateAt::Head => Ok(head),
            StateAt::Height(height) if head.block.is_some_and(|(newest, _)| newest == height) => Ok(head),
            StateAt::Height(height) => Err(ViewError::StateNotKept(height)),
        }
    }

    fn record(&self, snapshot: &dyn Snapshot, height: u64) -> Result<Option<BlockRecord>, ViewError> {
        rows::read_json(snapshot, rows::BLOCKS, &rows::height_key(height)).map_err(internal)
    }

    fn receipt(&self, snapshot: &dyn Snapshot, height: u64, index: u32) -> Result<Receipt, ViewError> {
        let receipt = rows::read_json(snapshot, rows::RECEIPTS, &rows::place_key(height, index)).map_err(internal)?;
        receipt.ok_or_else(|| broken("the row of a receipt"))
    }

    fn stored(
        &self,
        snapshot: &dyn Snapshot,
        height: u64,
        index: u32,
    ) -> Result<(rpc::Transaction, Receipt), ViewError> {
        let key = rows::place_key(height, index);
        let bytes = snapshot.get(rows::TRANSACTIONS, &key).map_err(|error| internal(rows::fault(error)))?;
        let bytes = bytes.ok_or_else(|| broken("the row of a transaction"))?;
        let message = wire::ConsensusTransaction::decode(&*bytes).map_err(|_| broken("the row of a transaction"))?;
        let receipt = self.receipt(snapshot, height, index)?;
        let transaction = match (&message.txn, receipt.declared) {
            // Its class stands elsewhere, and nobody needs it compiled to read the transaction.
            (Some(wire::Txn::DeclareV3(wire::DeclareV3WithClass { common: Some(common), .. })), Some(class_hash)) => {
                let tx = declare::read_common(common, ClassHash(class_hash));
                rpc_types::declared(tx.map_err(|_| broken("the row of a transaction"))?, receipt.transaction_hash)
            }
            _ => {
                let rules = self.chain().rules(height).map_err(internal)?;
                let tx = Tx::from_wire(&message, &rules).map_err(|_| broken("the row of a transaction"))?;
                rpc_types::transaction(&tx).ok_or_else(|| broken("the row of a transaction"))?
            }
        };
        Ok((transaction, receipt))
    }

    fn sealed(&self, snapshot: &dyn Snapshot, height: u64) -> Result<Option<Sealed>, ViewError> {
        let read = |height| {
            rows::read_json::<(StarkFelt, StarkFelt)>(snapshot, rows::HASHES, &rows::height_key(height))
                .map_err(internal)
        };
        let Some((block_hash, state_root)) = read(height)? else { return Ok(None) };
        let before = height.checked_sub(1).filter(|before| *before >= self.chain().genesis.first_height());
        let (parent_hash, parent_root) = match before {
            Some(before) => read(before)?.ok_or_else(|| broken("the row of a block hash"))?,
            None => {
                let root = rows::read_felt(snapshot, rows::META, rows::META_GENESIS_ROOT);
                (StarkFelt::ZERO, root.map_err(|error| internal(rows::fault(error)))?)
            }
        };
        Ok(Some(Sealed { block_hash, parent_hash, state_root, parent_root }))
    }

    fn cell(&self, at: StateAt, table: &str, key: &[u8]) -> Result<StarkFelt, ViewError> {
        let state = self.state(at)?;
        rows::read_felt(&*state.snapshot, table, key).map_err(|error| internal(rows::fault(error)))
    }

    /// Takes a transaction into the mempool after every check that a block would make now.
    ///
    /// # Errors
    /// Those of Starknet's JSON-RPC specification.
    pub fn submit(&self, tx: Tx) -> Result<StarkFelt, ViewError> {
        tx.admissible().map_err(not_admitted)?;
        let Some(account) = tx.of_account() else {
            return Err(StarknetError::ValidationFailure("a message comes from L1 and is not submitted".into()).into());
        };
        let head = Self::head(self);
        let (hash, sender, nonce) = (tx.hash(), tx.sender(), tx.nonce());
        let known = rows::read_place(&*head.snapshot, &hash).map_err(internal)?;
        if known.is_some() || self.mempool().get(&hash).is_some() {
            return Err(StarknetError::DuplicateTx.into());
        }
        let read = |table| {
            rows::read_felt(&*head.snapshot, table, &sender.to_bytes_be()).map_err(|error| internal(rows::fault(error)))
        };
        let (next, class) = (read(rows::NONCES)?, read(rows::CONTRACTS)?);
        // An account whose deployment waits cannot validate anything yet; its transactions are checked when it can.
        let awaits_deployment = class == StarkFelt::ZERO
            && nonce != StarkFelt::ZERO
            && self.mempool().nonce_after(&sender, StarkFelt::ZERO) != StarkFelt::ZERO;
        if !awaits_deployment {
            let simulation = Simulation::new(&self.shared, &head).map_err(internal)?;
            simulation.validate(&account).map_err(internal)?.map_err(|objection| match objection {
                Objection::Nonce(text) => StarknetError::InvalidTransactionNonce(text),
                Objection::Balance => StarknetError::InsufficientAccountBalance,
                Objection::Bounds => StarknetError::InsufficientResourcesForValidate,
                Objection::Validation(text) => StarknetError::ValidationFailure(text),
            })?;
        }
        self.mempool().add(tx, next, self.shared.clock.unix_ms()).map_err(|refused| match refused {
            Refused::Known(_) => StarknetError::DuplicateTx,
            Refused::Underpriced { .. } => StarknetError::ReplacementTransactionUnderpriced,
            Refused::NonceTooLow { .. } | Refused::NonceTooHigh => {
                StarknetError::InvalidTransactionNonce(refused.to_string())
            }
            Refused::AccountFull | Refused::Full => StarknetError::UnexpectedError(refused.to_string()),
        })?;
        Ok(hash)
    }

    /// The class that a user declares, compiled.
    fn compiled(&self, class: Arc<FlattenedSierraClass>) -> Result<Class, ViewError> {
        self.chain().classes.compiled_within(class, COMPILE_PATIENCE).map_err(|error| {
            match error {
                ClassError::Version(_) => StarknetError::UnsupportedContractClassVersion,
                ClassError::TooLarge(_) => StarknetError::ContractClassSizeIsTooLarge,
                ClassError::NoThread(_) => StarknetError::UnexpectedError(error.to_string()),
                ClassError::DoesNotCompile(_) | ClassError::TooSlow(_) => {
                    StarknetError::CompilationFailed(error.to_string())
                }
            }
            .into()
        })
    }

    /// A transaction as a fee estimate executes it: hashed and signed as it came, but without bounds.
    fn unbounded(&self, tx: BroadcastedTransaction) -> Result<(AccountTransaction, bool), ViewError> {
        let version = |query: bool| {
            let three = StarkFelt::THREE;
            TransactionVersion(if query { StarkFelt::TWO.pow(128_u8) + three } else { three })
        };
        let bad = |error: String| ViewError::from(StarknetError::ValidationFailure(error));
        let chain_id = &self.chain().chain_id;
        match tx {
            BroadcastedTransaction::Invoke(tx) => {
                let query = tx.broadcasted_invoke_txn_v3.is_query;
                let mut tx = rpc_types::invoke(tx.broadcasted_invoke_txn_v3).map_err(bad)?;
                let hash = tx.calculate_transaction_hash(chain_id, &version(query)).map_err(|e| bad(e.to_string()))?;
                tx.resource_bounds = ValidResourceBounds::new_unlimited_gas_no_fee_enforcement();
                Ok((AccountTransaction::Invoke(InvokeTransaction { tx: ApiInvoke::V3(tx), tx_hash: hash }), query))
            }
            BroadcastedTransaction::DeployAccount(tx) => {
                let query = tx.is_query;
                let mut tx = rpc_types::deploy_account(tx);
                let hash = tx.calculate_transaction_hash(chain_id, &version(query)).map_err(|e| bad(e.to_string()))?;
                let made = DeployAccountTransaction::create(ApiDeploy::V3(tx.clone()), chain_id);
                let contract_address = made.map_err(|error| bad(error.to_string()))?.contract_address;
                tx.resource_bounds = ValidResourceBounds::new_unlimited_gas_no_fee_enforcement();
                let tx = DeployAccountTransaction { tx: ApiDeploy::V3(tx), tx_hash: hash, contract_address };
                Ok((AccountTransaction::DeployAccount(tx), query))
            }
            BroadcastedTransaction::Declare(tx) => {
                let query = tx.is_query;
                let class = self.compiled(Arc::clone(&tx.contract_class))?;
                let mut tx = rpc_types::declare(tx, class.class_hash).map_err(bad)?;
                let hash = tx.calculate_transaction_hash(chain_id, &version(query)).map_err(|e| bad(e.to_string()))?;
                tx.resource_bounds = ValidResourceBounds::new_unlimited_gas_no_fee_enforcement();
                Ok((declare::executable(&class, tx, hash), query))
            }
        }
    }
}

impl NodeView for StarknetEngine {
    fn chain_id(&self) -> StarkFelt {
        self.chain().chain_id_felt()
    }

    fn hash_height(&self) -> watch::Receiver<Option<u64>> {
        self.shared.hashed.subscribe()
    }

    fn first_height(&self) -> u64 {
        self.chain().genesis.first_height()
    }

    fn head(&self) -> Result<Option<u64>, ViewError> {
        Ok(Self::head(self).block.map(|(height, _)| height))
    }

    fn height_of(&self, block_hash: StarkFelt) -> Result<Option<u64>, ViewError> {
        let snapshot = self.shared.store.snapshot().map_err(|error| internal(rows::fault(error)))?;
        let row = snapshot.get(rows::HASH_HEIGHTS, &block_hash.to_bytes_be());
        let Some(bytes) = row.map_err(|error| internal(rows::fault(error)))? else { return Ok(None) };
        let bytes = bytes.try_into().map_err(|_| broken("the row of a block hash"))?;
        Ok(Some(u64::from_be_bytes(bytes)))
    }

    fn block(&self, height: u64) -> Result<Option<Block>, ViewError> {
        // Newer than the head's snapshot: the hash follows behind.
        let snapshot = self.shared.store.snapshot().map_err(|error| internal(rows::fault(error)))?;
        if Self::head(self).block.is_none_or(|(head, _)| head < height) {
            return Ok(None);
        }
        let Some(record) = self.record(&*snapshot, height)? else { return Ok(None) };
        let mut transactions = Vec::with_capacity(record.transactions.len());
        for index in 0..u32::try_from(record.transactions.len()).unwrap_or(u32::MAX) {
            let (transaction, receipt) = self.stored(&*snapshot, height, index)?;
            transactions.push(rpc_types::executed(transaction, receipt));
        }
        let sealed = self.sealed(&*snapshot, height)?;
        Ok(Some(rpc_types::block(record, transactions, sealed)))
    }

    fn state_diff(&self, height: u64) -> Result<Option<StateDiff>, ViewError> {
        let record = self.record(&*Self::head(self).snapshot, height)?;
        Ok(record.map(|record| rpc_types::state_diff(record.diff)))
    }

    fn transaction(&self, hash: StarkFelt) -> Result<Option<Place>, ViewError> {
        let place = rows::read_place(&*Self::head(self).snapshot, &hash).map_err(internal)?;
        if let Some((height, index)) = place {
            return Ok(Some(Place::Block { height, index: index as usize }));
        }
        Ok(self.mempool().get(&hash).and_then(|tx| rpc_types::transaction(&tx)).map(|tx| Place::Pool(Box::new(tx))))
    }

    fn nonce(&self, at: StateAt, address: StarkFelt) -> Result<StarkFelt, ViewError> {
        self.class_hash(at, address)?;
        self.cell(at, rows::NONCES, &address.to_bytes_be())
    }

    fn storage(&self, at: StateAt, address: StarkFelt, key: StarkFelt) -> Result<StarkFelt, ViewError> {
        if !SYSTEM_CONTRACTS.contains(&address) {
            self.class_hash(at, address)?;
        }
        self.cell(at, rows::STORAGE, &rows::storage_key(&address, &key))
    }

    fn class_hash(&self, at: StateAt, address: StarkFelt) -> Result<StarkFelt, ViewError> {
        let class = self.cell(at, rows::CONTRACTS, &address.to_bytes_be())?;
        if class == StarkFelt::ZERO { Err(StarknetError::ContractNotFound.into()) } else { Ok(class) }
    }

    fn class(&self, at: StateAt, class_hash: StarkFelt) -> Result<FlattenedSierraClass, ViewError> {
        let head = self.state(at)?;
        let class = self.chain().classes.find(&*head.snapshot, ClassHash(class_hash));
        let class = class.map_err(|error| internal(rows::fault(error)))?.ok_or(StarknetError::ClassHashNotFound)?;
        Ok(class.sierra.as_ref().clone())
    }

    fn events(&self, height: u64) -> Result<Option<BlockEvents>, ViewError> {
        let snapshot = self.shared.store.snapshot().map_err(|error| internal(rows::fault(error)))?;
        if Self::head(self).block.is_none_or(|(head, _)| head < height) {
            return Ok(None);
        }
        let Some(record) = self.record(&*snapshot, height)? else { return Ok(None) };
        let mut transactions = Vec::with_capacity(record.transactions.len());
        for (index, hash) in (0_u32..).zip(record.transactions) {
            let receipt = self.receipt(&*snapshot, height, index)?;
            transactions.push((hash, rpc_types::events(receipt.events)));
        }
        let block_hash = self.sealed(&*snapshot, height)?.map(|sealed| sealed.block_hash);
        Ok(Some(BlockEvents { block_hash, transactions }))
    }

    fn call(&self, at: StateAt, call: FunctionCall) -> Result<Vec<StarkFelt>, ViewError> {
        let head = self.state(at)?;
        let to = convert::address(call.contract_address).map_err(|_| StarknetError::ContractNotFound)?;
        let simulation = Simulation::new(&self.shared, &head).map_err(internal)?;
        let result = simulation.call(to, call.entry_point_selector, call.calldata).map_err(internal)?;
        result.map_err(|failure| match failure {
            CallFailure::ContractNotFound => StarknetError::ContractNotFound.into(),
            CallFailure::EntrypointNotFound => StarknetError::EntrypointNotFound.into(),
            CallFailure::Reverted(text) => {
                StarknetError::ContractError(ContractErrorData { revert_error: ContractExecutionError::Message(text) })
                    .into()
            }
        })
    }

    fn estimate_fee(
        &self,
        at: StateAt,
        transactions: Vec<BroadcastedTransaction>,
        skip_validate: bool,
    ) -> Result<Vec<FeeEstimate>, ViewError> {
        let head = self.state(at)?;
        let txs = transactions.into_iter().map(|tx| self.unbounded(tx)).collect::<Result<Vec<_>, _>>()?;
        let simulation = Simulation::new(&self.shared, &head).map_err(internal)?;
        let l1 = self.shared.sources.prices.l1_prices();
        let estimates = simulation.estimate(&txs, skip_validate).map_err(internal)?.map_err(|(index, text)| {
            StarknetError::TransactionExecutionError(TransactionExecutionErrorData {
                transaction_index: index as u64,
                execution_error: ContractExecutionError::Message(text),
            })
        })?;
        let estimate = |(gas, fee): (GasVector, Fee)| FeeEstimate {
            l1_gas_consumed: gas.l1_gas.0,
            l1_gas_price: l1.gas_fri,
            l2_gas_consumed: gas.l2_gas.0,
            l2_gas_price: head.next_l2_gas_price,
            l1_data_gas_consumed: gas.l1_data_gas.0,
            l1_data_gas_price: l1.data_gas_fri,
            overall_fee: fee.0,
        };
        Ok(estimates.into_iter().map(estimate).collect())
    }

    fn add_invoke(&self, transaction: BroadcastedInvokeTransaction) -> Result<StarkFelt, ViewError> {
        let tx = transaction.broadcasted_invoke_txn_v3;
        if tx.is_query {
            return Err(StarknetError::UnsupportedTxVersion.into());
        }
        if transaction.proof.is_some() || tx.proof_facts.as_ref().is_some_and(|facts| !facts.is_empty()) {
            let text = "transactions with proofs are not admitted".to_owned();
            return Err(StarknetError::ValidationFailure(text).into());
        }
        let tx = rpc_types::invoke(tx).map_err(StarknetError::ValidationFailure)?;
        self.submit(Tx::invoke(tx, &self.chain().chain_id).map_err(not_admitted)?)
    }

    fn add_deploy_account(
        &self,
        transaction: BroadcastedDeployAccountTransaction,
    ) -> Result<DeployAccountTransactionResult, ViewError> {
        if transaction.is_query {
            return Err(StarknetError::UnsupportedTxVersion.into());
        }
        self.class(StateAt::Head, transaction.class_hash)?;
        let tx = rpc_types::deploy_account(transaction);
        let tx = Tx::deploy_account(tx, &self.chain().chain_id).map_err(not_admitted)?;
        let contract_address = tx.sender();
        Ok(DeployAccountTransactionResult { transaction_hash: self.submit(tx)?, contract_address })
    }

    fn add_declare(&self, transaction: BroadcastedDeclareTransaction) -> Result<DeclareTransactionResult, ViewError> {
        if transaction.is_query {
            return Err(StarknetError::UnsupportedTxVersion.into());
        }
        let class = self.compiled(Arc::clone(&transaction.contract_class))?;
        let head = Self::head(self);
        let known = rows::read_felt(&*head.snapshot, rows::CLASSES, &class.class_hash.0.to_bytes_be());
        if known.map_err(|error| internal(rows::fault(error)))? != StarkFelt::ZERO {
            return Err(StarknetError::ClassAlreadyDeclared.into());
        }
        let class_hash = class.class_hash;
        let next = head.block.map_or(self.chain().genesis.first_height(), |(height, _)| height + 1);
        let rules = self.chain().rules(next).map_err(internal)?;
        let tx = rpc_types::declare(transaction, class_hash).map_err(StarknetError::ValidationFailure)?;
        let declaration = Declaration::new(tx, class, rules.compiled_hashes, rules.chain_id);
        let declaration = declaration.map_err(|error| match error {
            BadDeclaration::CompiledClassHash { .. } => StarknetError::CompiledClassHashMismatch,
            error => StarknetError::ValidationFailure(error.to_string()),
        })?;
        let transaction_hash = self.submit(Tx::Declare(declaration))?;
        Ok(DeclareTransactionResult { transaction_hash, class_hash: class_hash.0 })
    }
}
