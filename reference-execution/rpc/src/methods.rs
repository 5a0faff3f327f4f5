//! The methods, by name.

use std::sync::Arc;

use jsonrpsee::{
    RpcModule,
    core::RegisterMethodError,
    types::{ErrorObjectOwned, Params},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    api::Api,
    args::Args,
    blocks::{
        block_hash_and_number, block_number, block_with_receipts, block_with_tx_hashes, block_with_txs, state_update,
        transaction_by_index, transaction_count,
    },
    events::get_events,
    pool::{add_declare, add_deploy_account, add_invoke, transaction_by_hash, transaction_receipt, transaction_status},
    reads::{call, chain_id, class, class_at, class_hash_at, estimate_fee, nonce, spec_version, storage_at, syncing},
};

/// What a method gives.
pub(crate) type Reply<T> = Result<T, ErrorObjectOwned>;

/// All methods.
pub(crate) fn module(api: Api) -> Result<RpcModule<Api>, RegisterMethodError> {
    let mut methods = RpcModule::new(api);
    let m = &mut methods;
    add(m, "starknet_specVersion", &[], spec_version)?;
    add(m, "starknet_chainId", &[], chain_id)?;
    add(m, "starknet_syncing", &[], syncing)?;
    add(m, "starknet_blockNumber", &[], block_number)?;
    add(m, "starknet_blockHashAndNumber", &[], block_hash_and_number)?;
    add(m, "starknet_getBlockWithTxHashes", &["block_id"], block_with_tx_hashes)?;
    add(m, "starknet_getBlockWithTxs", &["block_id", "response_flags"], block_with_txs)?;
    add(m, "starknet_getBlockWithReceipts", &["block_id", "response_flags"], block_with_receipts)?;
    add(m, "starknet_getBlockTransactionCount", &["block_id"], transaction_count)?;
    let by_index = &["block_id", "index", "response_flags"];
    add(m, "starknet_getTransactionByBlockIdAndIndex", by_index, transaction_by_index)?;
    add(m, "starknet_getStateUpdate", &["block_id", "contract_addresses"], state_update)?;
    add(m, "starknet_getNonce", &["block_id", "contract_address"], nonce)?;
    let storage = &["contract_address", "key", "block_id", "response_flags"];
    add(m, "starknet_getStorageAt", storage, storage_at)?;
    add(m, "starknet_getClassHashAt", &["block_id", "contract_address"], class_hash_at)?;
    add(m, "starknet_getClass", &["block_id", "class_hash"], class)?;
    add(m, "starknet_getClassAt", &["block_id", "contract_address"], class_at)?;
    add(m, "starknet_getEvents", &["filter"], get_events)?;
    add(m, "starknet_call", &["request", "block_id"], call)?;
    add(m, "starknet_estimateFee", &["request", "simulation_flags", "block_id"], estimate_fee)?;
    add(m, "starknet_getTransactionStatus", &["transaction_hash"], transaction_status)?;
    add(m, "starknet_getTransactionByHash", &["transaction_hash", "response_flags"], transaction_by_hash)?;
    add(m, "starknet_getTransactionReceipt", &["transaction_hash"], transaction_receipt)?;
    add(m, "starknet_addInvokeTransaction", &["invoke_transaction"], add_invoke)?;
    add(m, "starknet_addDeployAccountTransaction", &["deploy_account_transaction"], add_deploy_account)?;
    add(m, "starknet_addDeclareTransaction", &["declare_transaction"], add_declare)?;
    Ok(methods)
}

/// Adds a method whose parameters have these names, in this order.
fn add<T, Fut>(
    module: &mut RpcModule<Api>,
    name: &'static str,
    names: &'static [&'static str],
    method: impl Fn(Arc<Api>, Args) -> Fut + Clone + Send + Sync + 'static,
) -> Result<(), RegisterMethodError>
where
    T: Serialize + Send,
    Fut: Future<Output = Reply<T>> + Send,
{
    module.register_async_method(name, move |params: Params<'static>, api, _| {
        let method = method.clone();
        async move {
            let reply = method(api, Args::read(&params, names)?).await?;
            // Through a value, so that a type that cannot be written is an error and not a broken answer.
            serde_json::to_value(reply).map_err(|e| crate::error::internal(&format!("{name}: {e}")))
        }
    })?;
    Ok(())
}

/// A number in hexadecimal.
pub(crate) fn hex(number: &impl std::fmt::LowerHex) -> Value {
    json!(format!("{number:#x}"))
}
