//! Methods about blocks.

use std::sync::Arc;

use starknet_rust_core::types::{
    BlockHashAndNumber, MaybePreConfirmedBlockWithReceipts, MaybePreConfirmedBlockWithTxHashes,
    MaybePreConfirmedBlockWithTxs, MaybePreConfirmedStateUpdate, PreConfirmedStateUpdate, StarknetError, StateDiff,
    StateUpdate, Transaction, TransactionResponseFlag,
};
use starknet_types_core::felt::Felt;

use crate::{
    Block, ViewError, answer,
    api::{Api, Found},
    args::Args,
    error::{internal, starknet},
    methods::Reply,
};

pub(crate) async fn block_number(api: Arc<Api>, _: Args) -> Reply<u64> {
    api.ask(|view| view.head()?.ok_or_else(|| StarknetError::NoBlocks.into())).await
}

pub(crate) async fn block_hash_and_number(api: Arc<Api>, args: Args) -> Reply<BlockHashAndNumber> {
    let head = block_number(Arc::clone(&api), args).await?;
    let block = api.block(head).await?;
    match block.sealed {
        Some(sealed) => Ok(BlockHashAndNumber { block_hash: sealed.block_hash, block_number: head }),
        None => Err(internal(&format!("the hash of block {head} is not known yet; ask again"))),
    }
}

pub(crate) async fn block_with_tx_hashes(api: Arc<Api>, mut args: Args) -> Reply<MaybePreConfirmedBlockWithTxHashes> {
    Ok(answer::block_with_hashes(block(&api, &mut args).await?))
}

pub(crate) async fn block_with_txs(api: Arc<Api>, mut args: Args) -> Reply<MaybePreConfirmedBlockWithTxs> {
    let proof_facts = proof_facts(&mut args)?;
    Ok(answer::block_with_transactions(block(&api, &mut args).await?, proof_facts))
}

pub(crate) async fn block_with_receipts(api: Arc<Api>, mut args: Args) -> Reply<MaybePreConfirmedBlockWithReceipts> {
    let proof_facts = proof_facts(&mut args)?;
    Ok(answer::block_with_receipts(block(&api, &mut args).await?, proof_facts)?)
}

pub(crate) async fn transaction_count(api: Arc<Api>, mut args: Args) -> Reply<u64> {
    let id = args.block_id()?;
    match api.find(id).await? {
        Found::Committed(height) => Ok(committed(&api, height).await?.transactions.len() as u64),
        Found::Next(_) => Ok(0),
    }
}

pub(crate) async fn transaction_by_index(api: Arc<Api>, mut args: Args) -> Reply<Transaction> {
    let (id, index): (_, u64) = (args.block_id()?, args.take("index")?);
    let proof_facts = proof_facts(&mut args)?;
    let Found::Committed(height) = api.find(id).await? else {
        return Err(starknet(&StarknetError::InvalidTransactionIndex));
    };
    let mut transactions = committed(&api, height).await?.transactions.into_iter();
    let executed = usize::try_from(index).ok().and_then(|index| transactions.nth(index));
    match executed {
        Some(executed) => Ok(answer::transaction(executed.transaction, proof_facts)),
        None => Err(starknet(&StarknetError::InvalidTransactionIndex)),
    }
}

pub(crate) async fn state_update(api: Arc<Api>, mut args: Args) -> Reply<MaybePreConfirmedStateUpdate> {
    let id = args.block_id()?;
    let only: Option<Vec<Felt>> = args.take_opt("contract_addresses")?;
    let Found::Committed(height) = api.find(id).await? else {
        return Ok(MaybePreConfirmedStateUpdate::PreConfirmedUpdate(PreConfirmedStateUpdate {
            old_root: None,
            state_diff: empty_diff(),
        }));
    };
    let block = api.block(height).await?;
    let diff = api
        .ask(move |view| {
            let diff = view.state_diff(height)?;
            diff.ok_or_else(|| ViewError::Internal(format!("the changes of block {height} cannot be read")))
        })
        .await?;
    let state_diff = match only {
        Some(only) => of_contracts(diff, &only),
        None => diff,
    };
    Ok(match block.sealed {
        Some(sealed) => MaybePreConfirmedStateUpdate::Update(StateUpdate {
            block_hash: sealed.block_hash,
            old_root: sealed.parent_root,
            new_root: sealed.state_root,
            state_diff,
        }),
        None => {
            MaybePreConfirmedStateUpdate::PreConfirmedUpdate(PreConfirmedStateUpdate { old_root: None, state_diff })
        }
    })
}

/// The block of the parameter `block_id`. The one after the head has the head's header and no transactions.
async fn block(api: &Api, args: &mut Args) -> Reply<Block> {
    let id = args.block_id()?;
    match api.find(id).await? {
        Found::Committed(height) => api.block(height).await,
        Found::Next(height) => {
            let head = committed(api, height - 1).await?;
            Ok(Block { height, sealed: None, transactions: Vec::new(), ..head })
        }
    }
}

/// A committed block, whether its hash is known or not.
async fn committed(api: &Api, height: u64) -> Reply<Block> {
    api.ask(move |view| {
        view.block(height)?.ok_or_else(|| ViewError::Internal(format!("committed block {height} cannot be read")))
    })
    .await
}

/// Whether the parameter `response_flags` asks for proof facts.
pub(crate) fn proof_facts(args: &mut Args) -> Reply<bool> {
    let flags: Vec<TransactionResponseFlag> = args.take_opt("response_flags")?.unwrap_or_default();
    Ok(flags.contains(&TransactionResponseFlag::IncludeProofFacts))
}

fn of_contracts(mut diff: StateDiff, only: &[Felt]) -> StateDiff {
    diff.storage_diffs.retain(|item| only.contains(&item.address));
    diff.deployed_contracts.retain(|item| only.contains(&item.address));
    diff.replaced_classes.retain(|item| only.contains(&item.contract_address));
    diff.nonces.retain(|item| only.contains(&item.contract_address));
    diff
}

fn empty_diff() -> StateDiff {
    StateDiff {
        storage_diffs: Vec::new(),
        deprecated_declared_classes: Vec::new(),
        declared_classes: Vec::new(),
        migrated_compiled_classes: None,
        deployed_contracts: Vec::new(),
        replaced_classes: Vec::new(),
        nonces: Vec::new(),
    }
}
