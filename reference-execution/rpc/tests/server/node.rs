//! A small node in memory, and a client of its server.

use std::sync::{Arc, Mutex};

use ecp_jsonrpc::{
    Block, BlockEvents, ExecutedTransaction, JsonRpcServer, NodeView, Place, Sealed, ServeOptions, StateAt, ViewError,
};
use jsonrpsee::{
    core::{
        ClientError,
        client::ClientT,
        params::{ArrayParams, ObjectParams},
    },
    http_client::{HttpClient, HttpClientBuilder},
};
use serde_json::{Value, json};
use starknet_rust_core::types::{
    BroadcastedDeclareTransaction, BroadcastedDeployAccountTransaction, BroadcastedInvokeTransaction,
    BroadcastedTransaction, ContractErrorData, ContractExecutionError, DeclareTransactionResult,
    DeployAccountTransactionResult, EntryPointsByType, Event, ExecutionResources, ExecutionResult, FeeEstimate,
    FeePayment, FlattenedSierraClass, FunctionCall, InvokeTransaction, InvokeTransactionV3, L1DataAvailabilityMode,
    NonceUpdate, PriceUnit, ResourcePrice, StarknetError, StateDiff, Transaction,
};
use starknet_types_core::felt::Felt;
use tokio::sync::{mpsc, watch};

pub(crate) const ACCOUNT: Felt = Felt::from_hex_unchecked("0xacc");

/// Blocks, one account with a nonce, and a pool; an echo contract at `ACCOUNT`.
pub(crate) struct Node {
    state: Mutex<State>,
    hashes: watch::Sender<Option<u64>>,
    /// Told when somebody is about to wait for a hash.
    waiting: mpsc::UnboundedSender<()>,
}

#[derive(Default)]
struct State {
    blocks: Vec<Block>,
    pool: Vec<Transaction>,
    nonce: u64,
    estimates: Vec<(StateAt, Vec<BroadcastedTransaction>, bool)>,
}

impl Node {
    pub(crate) fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<()>) {
        let (waiting, told) = mpsc::unbounded_channel();
        (Arc::new(Self { state: Mutex::default(), hashes: watch::Sender::new(None), waiting }), told)
    }

    /// Commits a block with the transactions of the pool; the second of them is reverted.
    pub(crate) fn commit(&self) {
        let mut state = self.state.lock().unwrap();
        let height = state.blocks.len() as u64;
        let pool = std::mem::take(&mut state.pool);
        let executed = pool.into_iter().enumerate().map(|(i, transaction)| executed(transaction, i == 1));
        let transactions: Vec<_> = executed.collect();
        state.nonce += transactions.len() as u64;
        state.blocks.push(block(height, transactions));
    }

    /// Makes the hashes up to the head known.
    pub(crate) fn seal(&self) {
        let mut state = self.state.lock().unwrap();
        for block in &mut state.blocks {
            let parent = block.height;
            block.sealed = Some(Sealed {
                block_hash: block_hash(block.height),
                parent_hash: if parent == 0 { Felt::ZERO } else { block_hash(parent - 1) },
                state_root: Felt::from(0x2000 + block.height),
                parent_root: if parent == 0 { Felt::ZERO } else { Felt::from(0x2000 + parent - 1) },
            });
        }
        let height = state.blocks.len() as u64 - 1;
        drop(state);
        self.hashes.send_replace(Some(height));
    }

    pub(crate) fn estimates(&self) -> Vec<(StateAt, Vec<BroadcastedTransaction>, bool)> {
        std::mem::take(&mut self.state.lock().unwrap().estimates)
    }

    fn contract(&self, address: Felt) -> Result<(), ViewError> {
        if address == ACCOUNT { Ok(()) } else { Err(StarknetError::ContractNotFound.into()) }
    }
}

pub(crate) fn block_hash(height: u64) -> Felt {
    Felt::from(0x1000 + height)
}

fn block(height: u64, transactions: Vec<ExecutedTransaction>) -> Block {
    let price = |fri: u64| ResourcePrice { price_in_fri: Felt::from(fri), price_in_wei: Felt::from(fri * 2) };
    Block {
        height,
        timestamp: 1_700_000_000 + height,
        sequencer_address: Felt::from(0x5e9_u64),
        l1_gas_price: price(1),
        l2_gas_price: price(2),
        l1_data_gas_price: price(3),
        l1_da_mode: L1DataAvailabilityMode::Blob,
        starknet_version: "0.14.2".to_owned(),
        transaction_commitment: Felt::from(11_u8),
        event_commitment: Felt::from(12_u8),
        receipt_commitment: Felt::from(13_u8),
        state_diff_commitment: Felt::from(14_u8),
        state_diff_length: 5,
        sealed: None,
        transactions,
    }
}

fn executed(transaction: Transaction, reverted: bool) -> ExecutedTransaction {
    ExecutedTransaction {
        transaction,
        actual_fee: FeePayment { amount: Felt::from(99_u8), unit: PriceUnit::Fri },
        events: vec![Event { from_address: ACCOUNT, keys: vec![Felt::ONE], data: vec![Felt::TWO] }],
        messages_sent: Vec::new(),
        execution_resources: ExecutionResources { l1_gas: 0, l1_data_gas: 128, l2_gas: 1_000_000 },
        execution_result: match reverted {
            false => ExecutionResult::Succeeded,
            true => ExecutionResult::Reverted { reason: "not enough".to_owned() },
        },
        contract_address: Felt::ZERO,
    }
}

impl NodeView for Node {
    fn chain_id(&self) -> Felt {
        Felt::from_bytes_be_slice(b"ECP_TEST")
    }

    fn hash_height(&self) -> watch::Receiver<Option<u64>> {
        let receiver = self.hashes.subscribe();
        let _ = self.waiting.send(());
        receiver
    }

    fn first_height(&self) -> u64 {
        0
    }

    fn head(&self) -> Result<Option<u64>, ViewError> {
        Ok((self.state.lock().unwrap().blocks.len() as u64).checked_sub(1))
    }

    fn height_of(&self, hash: Felt) -> Result<Option<u64>, ViewError> {
        let state = self.state.lock().unwrap();
        let block = state.blocks.iter().find(|block| block.sealed.is_some_and(|sealed| sealed.block_hash == hash));
        Ok(block.map(|block| block.height))
    }

    fn block(&self, height: u64) -> Result<Option<Block>, ViewError> {
        Ok(self.state.lock().unwrap().blocks.get(height as usize).cloned())
    }

    fn state_diff(&self, height: u64) -> Result<Option<StateDiff>, ViewError> {
        let nonce = |address: u64| NonceUpdate { contract_address: Felt::from(address), nonce: Felt::ONE };
        let known = (height as usize) < self.state.lock().unwrap().blocks.len();
        Ok(known.then(|| StateDiff {
            storage_diffs: vec![],
            deprecated_declared_classes: vec![],
            declared_classes: vec![],
            migrated_compiled_classes: None,
            deployed_contracts: vec![],
            replaced_classes: vec![],
            nonces: vec![nonce(0xacc), nonce(0xbad)],
        }))
    }

    fn transaction(&self, hash: Felt) -> Result<Option<Place>, ViewError> {
        let state = self.state.lock().unwrap();
        if let Some(transaction) = state.pool.iter().find(|transaction| *transaction.transaction_hash() == hash) {
            return Ok(Some(Place::Pool(Box::new(transaction.clone()))));
        }
        Ok(state.blocks.iter().find_map(|block| {
            let index = block.transactions.iter().position(|e| *e.transaction.transaction_hash() == hash)?;
            Some(Place::Block { height: block.height, index })
        }))
    }

    fn nonce(&self, at: StateAt, address: Felt) -> Result<Felt, ViewError> {
        self.contract(address)?;
        let head = self.head()?;
        match at {
            StateAt::Height(height) if Some(height) != head => Err(ViewError::StateNotKept(height)),
            _ => Ok(self.state.lock().unwrap().nonce.into()),
        }
    }

    fn storage(&self, _: StateAt, address: Felt, key: Felt) -> Result<Felt, ViewError> {
        self.contract(address)?;
        Ok(key + Felt::ONE)
    }

    fn class_hash(&self, _: StateAt, address: Felt) -> Result<Felt, ViewError> {
        self.contract(address)?;
        Ok(Felt::from(0xc1a55_u64))
    }

    fn class(&self, _: StateAt, class_hash: Felt) -> Result<FlattenedSierraClass, ViewError> {
        if class_hash != Felt::from(0xc1a55_u64) {
            return Err(StarknetError::ClassHashNotFound.into());
        }
        Ok(FlattenedSierraClass {
            sierra_program: vec![Felt::ONE],
            contract_class_version: "0.1.0".to_owned(),
            entry_points_by_type: EntryPointsByType { constructor: vec![], external: vec![], l1_handler: vec![] },
            abi: "[]".to_owned(),
        })
    }

    fn events(&self, height: u64) -> Result<Option<BlockEvents>, ViewError> {
        Ok(self.block(height)?.map(|block| BlockEvents {
            block_hash: block.sealed.map(|sealed| sealed.block_hash),
            transactions: block
                .transactions
                .into_iter()
                .map(|executed| (*executed.transaction.transaction_hash(), executed.events))
                .collect(),
        }))
    }

    fn call(&self, _: StateAt, call: FunctionCall) -> Result<Vec<Felt>, ViewError> {
        self.contract(call.contract_address)?;
        match u64::try_from(call.entry_point_selector).unwrap() {
            1 => Ok(call.calldata),
            2 => {
                let revert_error = ContractExecutionError::Message("no".to_owned());
                Err(StarknetError::ContractError(ContractErrorData { revert_error }).into())
            }
            3 => panic!("a defect of the view"),
            4 => Err(ViewError::Internal("the disk is gone".to_owned())),
            _ => Err(StarknetError::EntrypointNotFound.into()),
        }
    }

    fn estimate_fee(
        &self,
        at: StateAt,
        transactions: Vec<BroadcastedTransaction>,
        skip_validate: bool,
    ) -> Result<Vec<FeeEstimate>, ViewError> {
        let estimate = FeeEstimate {
            l1_gas_consumed: 1,
            l1_gas_price: 2,
            l2_gas_consumed: 3,
            l2_gas_price: 4,
            l1_data_gas_consumed: 5,
            l1_data_gas_price: 6,
            overall_fee: 44,
        };
        let estimates = vec![estimate; transactions.len()];
        self.state.lock().unwrap().estimates.push((at, transactions, skip_validate));
        Ok(estimates)
    }

    fn add_invoke(&self, transaction: BroadcastedInvokeTransaction) -> Result<Felt, ViewError> {
        let invoke = transaction.broadcasted_invoke_txn_v3;
        if invoke.signature != [Felt::ONE, Felt::TWO] {
            return Err(StarknetError::ValidationFailure("wrong signature".to_owned()).into());
        }
        let mut state = self.state.lock().unwrap();
        let hash = Felt::from(0x100_u64) + invoke.nonce;
        if state.pool.iter().any(|pooled| *pooled.transaction_hash() == hash) {
            return Err(StarknetError::DuplicateTx.into());
        }
        let next = state.nonce + state.pool.len() as u64;
        if invoke.nonce != Felt::from(next) {
            return Err(StarknetError::InvalidTransactionNonce(format!("expected {next}")).into());
        }
        state.pool.push(Transaction::Invoke(InvokeTransaction::V3(InvokeTransactionV3 {
            transaction_hash: hash,
            sender_address: invoke.sender_address,
            calldata: invoke.calldata,
            signature: invoke.signature,
            nonce: invoke.nonce,
            resource_bounds: invoke.resource_bounds,
            tip: invoke.tip,
            paymaster_data: invoke.paymaster_data,
            account_deployment_data: invoke.account_deployment_data,
            nonce_data_availability_mode: invoke.nonce_data_availability_mode,
            fee_data_availability_mode: invoke.fee_data_availability_mode,
            proof_facts: invoke.proof_facts,
        })));
        Ok(hash)
    }

    fn add_deploy_account(
        &self,
        transaction: BroadcastedDeployAccountTransaction,
    ) -> Result<DeployAccountTransactionResult, ViewError> {
        let transaction = transaction.contract_address_salt;
        Ok(DeployAccountTransactionResult { transaction_hash: transaction, contract_address: ACCOUNT })
    }

    fn add_declare(&self, transaction: BroadcastedDeclareTransaction) -> Result<DeclareTransactionResult, ViewError> {
        let class_hash = transaction.contract_class.class_hash();
        Ok(DeclareTransactionResult { transaction_hash: transaction.compiled_class_hash, class_hash })
    }
}

/// A served node and its client.
pub(crate) struct Served {
    pub(crate) node: Arc<Node>,
    pub(crate) waiting: mpsc::UnboundedReceiver<()>,
    pub(crate) server: JsonRpcServer,
    pub(crate) client: HttpClient,
}

pub(crate) async fn serve(options: ServeOptions) -> Served {
    let (node, waiting) = Node::new();
    let server = JsonRpcServer::start("127.0.0.1:0".parse().unwrap(), node.clone(), options).await.unwrap();
    let client = HttpClientBuilder::default().build(server.url()).unwrap();
    Served { node, waiting, server, client }
}

/// Calls by position or, with an object, by name.
pub(crate) async fn call(client: &HttpClient, method: &str, params: Value) -> Result<Value, (i32, Value)> {
    let reply = match params {
        Value::Array(values) => {
            let mut array = ArrayParams::new();
            values.into_iter().for_each(|value| array.insert(value).unwrap());
            client.request(method, array).await
        }
        Value::Object(values) => {
            let mut object = ObjectParams::new();
            values.into_iter().for_each(|(name, value)| object.insert(&name, value).unwrap());
            client.request(method, object).await
        }
        _ => panic!("parameters are an array or an object"),
    };
    reply.map_err(|error| match error {
        ClientError::Call(error) => {
            let data = error.data().map_or(Value::Null, |data| serde_json::from_str(data.get()).unwrap());
            (error.code(), data)
        }
        other => panic!("{method}: {other}"),
    })
}

/// An invoke transaction as a wallet sends it.
pub(crate) fn invoke(nonce: u64) -> Value {
    let bounds = json!({"max_amount": "0x10", "max_price_per_unit": "0x20"});
    json!({
        "type": "INVOKE",
        "version": "0x3",
        "sender_address": "0xacc",
        "calldata": ["0x1", "0x2"],
        "signature": ["0x1", "0x2"],
        "nonce": format!("{nonce:#x}"),
        "resource_bounds": {"l1_gas": bounds, "l2_gas": bounds, "l1_data_gas": bounds},
        "tip": "0x0",
        "paymaster_data": [],
        "account_deployment_data": [],
        "nonce_data_availability_mode": "L1",
        "fee_data_availability_mode": "L1",
    })
}
