//! What JSON-RPC needs to know of a node: one object-safe trait, without any transport in it.

use starknet_rust_core::types::{
    BroadcastedDeclareTransaction, BroadcastedDeployAccountTransaction, BroadcastedInvokeTransaction,
    BroadcastedTransaction, DeclareTransactionResult, DeployAccountTransactionResult, Event, ExecutionResources,
    ExecutionResult, FeeEstimate, FeePayment, FlattenedSierraClass, FunctionCall, L1DataAvailabilityMode, MsgToL1,
    ResourcePrice, StarknetError, StateDiff, Transaction,
};
use starknet_types_core::felt::Felt;
use tokio::sync::watch;

/// A node as its users see it.
///
/// All calls but [`NodeView::hash_height`] may block and execute contracts: the server makes them from threads where
/// that is allowed. Each answers from one consistent view of the node. Heights are of committed blocks; a block is
/// visible from the moment it is committed, before its hash is known.
pub trait NodeView: Send + Sync + 'static {
    /// The chain id as a felt: the ASCII text, big-endian.
    fn chain_id(&self) -> Felt;
    /// The highest height whose hash can be read by [`NodeView::block`], and each change of it. The sender must live as
    /// long as the view; it sends after the hash's rows are written.
    fn hash_height(&self) -> watch::Receiver<Option<u64>>;
    /// The height of the first block.
    fn first_height(&self) -> u64;
    /// The highest committed height; `None` before the first block.
    fn head(&self) -> Result<Option<u64>, ViewError>;
    /// The height of the block with this hash; `None` if no block has it.
    fn height_of(&self, block_hash: Felt) -> Result<Option<u64>, ViewError>;
    /// A committed block; `None` above the head.
    fn block(&self, height: u64) -> Result<Option<Block>, ViewError>;
    /// What a committed block changed; `None` above the head.
    fn state_diff(&self, height: u64) -> Result<Option<StateDiff>, ViewError>;
    /// Where a transaction is; `None` if it is neither in a block nor in the pool.
    fn transaction(&self, hash: Felt) -> Result<Option<Place>, ViewError>;
    /// The nonce of a contract. [`StarknetError::ContractNotFound`] if there is none.
    fn nonce(&self, at: StateAt, address: Felt) -> Result<Felt, ViewError>;
    /// A storage cell, zero if it was never written. [`StarknetError::ContractNotFound`] without a contract, except for
    /// the system contracts.
    fn storage(&self, at: StateAt, address: Felt, key: Felt) -> Result<Felt, ViewError>;
    /// The class hash of a contract. [`StarknetError::ContractNotFound`] if there is none.
    fn class_hash(&self, at: StateAt, address: Felt) -> Result<Felt, ViewError>;
    /// A declared class. [`StarknetError::ClassHashNotFound`] if it is not declared in this state.
    fn class(&self, at: StateAt, class_hash: Felt) -> Result<FlattenedSierraClass, ViewError>;
    /// The events of a committed block, without anything else of it; `None` above the head.
    fn events(&self, height: u64) -> Result<Option<BlockEvents>, ViewError>;
    /// Calls a contract without changing anything. [`StarknetError::ContractNotFound`],
    /// [`StarknetError::EntrypointNotFound`], or [`StarknetError::ContractError`] if the call fails.
    fn call(&self, at: StateAt, call: FunctionCall) -> Result<Vec<Felt>, ViewError>;
    /// The fee of each transaction, executed one after the other on this state.
    /// [`StarknetError::TransactionExecutionError`] names the first that fails.
    fn estimate_fee(
        &self,
        at: StateAt,
        transactions: Vec<BroadcastedTransaction>,
        skip_validate: bool,
    ) -> Result<Vec<FeeEstimate>, ViewError>;
    /// Takes an invoke transaction into the pool and gives its hash; it is validated first, so that the errors of the
    /// specification come out: nonce, balance, signature, duplicate, version.
    fn add_invoke(&self, transaction: BroadcastedInvokeTransaction) -> Result<Felt, ViewError>;
    /// Takes a deploy-account transaction into the pool, as [`NodeView::add_invoke`] does.
    fn add_deploy_account(
        &self,
        transaction: BroadcastedDeployAccountTransaction,
    ) -> Result<DeployAccountTransactionResult, ViewError>;
    /// Takes a declaration into the pool, as [`NodeView::add_invoke`] does; its class is compiled first, and must be the
    /// one that the transaction names.
    fn add_declare(&self, transaction: BroadcastedDeclareTransaction) -> Result<DeclareTransactionResult, ViewError>;
}

/// The events of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockEvents {
    /// The block hash; `None` until it is known.
    pub block_hash: Option<Felt>,
    /// The transactions in order: hash, and events in order.
    pub transactions: Vec<(Felt, Vec<Event>)>,
}

/// Which state to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateAt {
    /// The newest: after the highest committed block, or genesis before the first.
    Head,
    /// After the committed block of this height, which the caller found committed. A view that keeps no old states says
    /// [`ViewError::StateNotKept`] when the head has moved on.
    Height(u64),
}

/// Where a transaction is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the pool.
    Pool(Box<Transaction>),
    /// In a committed block.
    Block {
        /// The block's height.
        height: u64,
        /// Index in the block.
        index: usize,
    },
}

/// A committed block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its height.
    pub height: u64,
    /// In seconds since the Unix epoch.
    pub timestamp: u64,
    /// Who receives the fees.
    pub sequencer_address: Felt,
    /// Price of L1 gas.
    pub l1_gas_price: ResourcePrice,
    /// Price of L2 gas.
    pub l2_gas_price: ResourcePrice,
    /// Price of L1 data gas.
    pub l1_data_gas_price: ResourcePrice,
    /// Where the data goes on L1.
    pub l1_da_mode: L1DataAvailabilityMode,
    /// The version of Starknet that made it.
    pub starknet_version: String,
    /// Commitment to the transactions.
    pub transaction_commitment: Felt,
    /// Commitment to the events.
    pub event_commitment: Felt,
    /// Commitment to the receipts.
    pub receipt_commitment: Felt,
    /// Commitment to the changes of the state.
    pub state_diff_commitment: Felt,
    /// Number of changes of the state.
    pub state_diff_length: u64,
    /// What follows behind the decision; `None` until it is known.
    pub sealed: Option<Sealed>,
    /// The transactions in order, with what they did.
    pub transactions: Vec<ExecutedTransaction>,
}

/// What is known of a block once its hash is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// The block hash.
    pub block_hash: Felt,
    /// The hash of the parent; zero for the first block.
    pub parent_hash: Felt,
    /// The state root after the block.
    pub state_root: Felt,
    /// The state root before it.
    pub parent_root: Felt,
}

/// A transaction of a block and what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutedTransaction {
    /// The transaction with its hash.
    pub transaction: Transaction,
    /// The fee it paid.
    pub actual_fee: FeePayment,
    /// Its events in order.
    pub events: Vec<Event>,
    /// Its messages to L1 in order.
    pub messages_sent: Vec<MsgToL1>,
    /// What it consumed.
    pub execution_resources: ExecutionResources,
    /// Whether it was reverted, and why.
    pub execution_result: ExecutionResult,
    /// The address of the account that a deployment made; zero for other kinds.
    pub contract_address: Felt,
}

/// Why a view has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// The caller's matter: an error of the specification.
    #[error(transparent)]
    Starknet(#[from] StarknetError),
    /// The state of an older block was asked for and is not kept.
    #[error("the state after block {0} is not kept by this node; ask for `latest`")]
    StateNotKept(u64),
    /// The node's matter.
    #[error("{0}")]
    Internal(String),
}
