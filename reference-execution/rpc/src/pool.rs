//! Methods that send transactions and follow them.

use std::sync::Arc;

use serde_json::Value;
use starknet_rust_core::types::{
    BroadcastedDeclareTransaction, BroadcastedDeployAccountTransaction, BroadcastedInvokeTransaction,
    DeclareTransactionResult, DeployAccountTransactionResult, InvokeTransactionResult, StarknetError, Transaction,
    TransactionReceiptWithBlockInfo, TransactionStatus,
};
use starknet_types_core::felt::Felt;

use crate::{
    ExecutedTransaction, NodeView, Place, ViewError, answer,
    api::Api,
    args::Args,
    blocks::proof_facts,
    error::{internal, starknet},
    methods::Reply,
};

pub(crate) async fn add_invoke(api: Arc<Api>, mut args: Args) -> Reply<InvokeTransactionResult> {
    check_version(args.peek("invoke_transaction").unwrap_or(&Value::Null), false)?;
    let transaction: BroadcastedInvokeTransaction = args.take("invoke_transaction")?;
    let transaction_hash = api.ask(move |view| view.add_invoke(transaction)).await?;
    Ok(InvokeTransactionResult { transaction_hash })
}

pub(crate) async fn add_deploy_account(api: Arc<Api>, mut args: Args) -> Reply<DeployAccountTransactionResult> {
    check_version(args.peek("deploy_account_transaction").unwrap_or(&Value::Null), false)?;
    let transaction: BroadcastedDeployAccountTransaction = args.take("deploy_account_transaction")?;
    api.ask(move |view| view.add_deploy_account(transaction)).await
}

pub(crate) async fn add_declare(api: Arc<Api>, mut args: Args) -> Reply<DeclareTransactionResult> {
    check_version(args.peek("declare_transaction").unwrap_or(&Value::Null), false)?;
    let transaction: BroadcastedDeclareTransaction = args.take("declare_transaction")?;
    api.ask(move |view| view.add_declare(transaction)).await
}

/// Only version 3 is taken, and where a fee is estimated also its query form, which is never valid to execute.
pub(crate) fn check_version(transaction: &Value, query: bool) -> Reply<()> {
    let Some(version) = transaction.get("version").and_then(Value::as_str) else { return Ok(()) };
    let version = Felt::from_hex(version).ok();
    let query_version = Felt::TWO.pow(128_u8) + Felt::THREE;
    if version == Some(Felt::THREE) || (query && version == Some(query_version)) {
        return Ok(());
    }
    Err(starknet(&StarknetError::UnsupportedTxVersion))
}

pub(crate) async fn transaction_status(api: Arc<Api>, mut args: Args) -> Reply<TransactionStatus> {
    let hash = args.take("transaction_hash")?;
    api.ask(move |view| {
        Ok(match place(view, hash)? {
            Place::Pool(_) => TransactionStatus::Received,
            Place::Block { height, index } => {
                TransactionStatus::AcceptedOnL2(executed(view, height, index)?.execution_result)
            }
        })
    })
    .await
}

pub(crate) async fn transaction_by_hash(api: Arc<Api>, mut args: Args) -> Reply<Transaction> {
    let hash = args.take("transaction_hash")?;
    let proof_facts = proof_facts(&mut args)?;
    let transaction = api
        .ask(move |view| match place(view, hash)? {
            Place::Pool(transaction) => Ok(*transaction),
            Place::Block { height, index } => Ok(executed(view, height, index)?.transaction),
        })
        .await?;
    Ok(answer::transaction(transaction, proof_facts))
}

pub(crate) async fn transaction_receipt(api: Arc<Api>, mut args: Args) -> Reply<TransactionReceiptWithBlockInfo> {
    let hash = args.take("transaction_hash")?;
    let (height, index) = match api.ask(move |view| place(view, hash)).await? {
        Place::Block { height, index } => (height, index),
        // What is not executed has no receipt.
        Place::Pool(_) => return Err(starknet(&StarknetError::TransactionHashNotFound)),
    };
    let mut block = api.block(height).await?;
    if index >= block.transactions.len() {
        return Err(internal(&format!("block {height} has no transaction {index}")));
    }
    let executed = block.transactions.swap_remove(index);
    Ok(answer::receipt_with_block(&block, executed)?)
}

fn place(view: &dyn NodeView, hash: Felt) -> Result<Place, ViewError> {
    view.transaction(hash)?.ok_or_else(|| StarknetError::TransactionHashNotFound.into())
}

fn executed(view: &dyn NodeView, height: u64, index: usize) -> Result<ExecutedTransaction, ViewError> {
    let executed = view.block(height)?.and_then(|block| block.transactions.into_iter().nth(index));
    executed.ok_or_else(|| ViewError::Internal(format!("block {height} has no transaction {index}")))
}
