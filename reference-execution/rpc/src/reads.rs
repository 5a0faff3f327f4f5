//! Methods that read the state or execute on it without changing it.

use std::sync::Arc;

use serde_json::Value;
use starknet_rust_core::types::{
    BroadcastedTransaction, FeeEstimate, FlattenedSierraClass, FunctionCall, SimulationFlagForEstimateFee,
    StorageResponseFlag,
};
use starknet_types_core::felt::Felt;

use crate::{
    SPEC_VERSION,
    api::{Api, state_at},
    args::Args,
    error::invalid_params,
    methods::{Reply, hex},
    pool::check_version,
};

pub(crate) async fn spec_version(_: Arc<Api>, _: Args) -> Reply<&'static str> {
    Ok(SPEC_VERSION)
}

pub(crate) async fn chain_id(api: Arc<Api>, _: Args) -> Reply<Value> {
    Ok(hex(&api.view.chain_id()))
}

/// The node serves what it has committed; there is nothing that it shows before.
pub(crate) async fn syncing(_: Arc<Api>, _: Args) -> Reply<bool> {
    Ok(false)
}

pub(crate) async fn nonce(api: Arc<Api>, mut args: Args) -> Reply<Value> {
    let (id, address) = (args.block_id()?, args.take("contract_address")?);
    Ok(hex(&api.ask(move |view| view.nonce(state_at(view, id)?, address)).await?))
}

pub(crate) async fn storage_at(api: Arc<Api>, mut args: Args) -> Reply<Value> {
    let (address, key): (_, Felt) = (args.take("contract_address")?, args.take("key")?);
    let id = args.block_id()?;
    let flags: Vec<StorageResponseFlag> = args.take_opt("response_flags")?.unwrap_or_default();
    if !flags.is_empty() {
        return Err(invalid_params(
            "`response_flags`: INCLUDE_LAST_UPDATE_BLOCK is not served by this node".to_owned(),
        ));
    }
    Ok(hex(&api.ask(move |view| view.storage(state_at(view, id)?, address, key)).await?))
}

pub(crate) async fn class_hash_at(api: Arc<Api>, mut args: Args) -> Reply<Value> {
    let (id, address) = (args.block_id()?, args.take("contract_address")?);
    Ok(hex(&api.ask(move |view| view.class_hash(state_at(view, id)?, address)).await?))
}

pub(crate) async fn class(api: Arc<Api>, mut args: Args) -> Reply<FlattenedSierraClass> {
    let (id, class_hash) = (args.block_id()?, args.take("class_hash")?);
    api.ask(move |view| view.class(state_at(view, id)?, class_hash)).await
}

pub(crate) async fn class_at(api: Arc<Api>, mut args: Args) -> Reply<FlattenedSierraClass> {
    let (id, address) = (args.block_id()?, args.take("contract_address")?);
    api.ask(move |view| {
        let at = state_at(view, id)?;
        view.class(at, view.class_hash(at, address)?)
    })
    .await
}

pub(crate) async fn call(api: Arc<Api>, mut args: Args) -> Reply<Vec<Value>> {
    let (request, id): (FunctionCall, _) = (args.take("request")?, args.block_id()?);
    let felts = api.ask(move |view| view.call(state_at(view, id)?, request)).await?;
    Ok(felts.iter().map(hex).collect())
}

pub(crate) async fn estimate_fee(api: Arc<Api>, mut args: Args) -> Reply<Vec<FeeEstimate>> {
    for transaction in args.peek("request").and_then(Value::as_array).into_iter().flatten() {
        check_version(transaction, true)?;
    }
    let transactions: Vec<BroadcastedTransaction> = args.take("request")?;
    let flags: Vec<SimulationFlagForEstimateFee> = args.take_opt("simulation_flags")?.unwrap_or_default();
    let id = args.block_id()?;
    let skip_validate = flags.contains(&SimulationFlagForEstimateFee::SkipValidate);
    api.ask(move |view| view.estimate_fee(state_at(view, id)?, transactions, skip_validate)).await
}
