//! What the engine keeps in the store: one row per account, per block, and three pointers.

use std::collections::VecDeque;

use ecp_execution_core::seams::{Snapshot, StoreError, Write};
use ecp_testchain::{Account, Block, BlockHash, Chain, ChainState, HASH_DISTANCE, chain::changed_accounts};
use ecp_types::{Commitment, Felt, Height};

use crate::OpenError;

/// Account key to balance and nonce.
const ACCOUNTS: &str = "testchain_accounts";
/// Height to commitment, timestamp, block hash, state root.
const BLOCKS: &str = "testchain_blocks";
/// The pointers.
const META: &str = "testchain_meta";
/// Height of the last committed block.
const HEAD: &[u8] = b"head";
/// Highest height whose hash is told.
const HASHED: &[u8] = b"hashed";
/// Genesis hash of the chain that the rows are of.
const GENESIS: &[u8] = b"genesis";
/// Accounts that are read at once.
const PAGE: usize = 1000;

/// Rows that make `block` the head.
pub(crate) fn block_writes(chain: &Chain, parent: &ChainState, block: &Block) -> Vec<Write> {
    let height = parent.next_height;
    let mut writes: Vec<Write> = changed_accounts(parent, &block.state)
        .into_iter()
        .map(|(key, account)| {
            let row = [account.balance.to_be_bytes(), account.nonce.to_be_bytes()].concat();
            (ACCOUNTS, key.to_vec(), Some(row))
        })
        .collect();
    // The state after a block ends with that block's hash.
    if let Some(hash) = block.state.hashes.back() {
        let mut row = block.state.parent.as_bytes().to_vec();
        row.extend_from_slice(&block.state.timestamp_ms.to_be_bytes());
        row.extend_from_slice(hash.block_hash.as_bytes());
        row.extend_from_slice(hash.state_root.as_bytes());
        writes.push((BLOCKS, height.to_be_bytes().to_vec(), Some(row)));
    }
    writes.push((META, HEAD.to_vec(), Some(height.to_be_bytes().to_vec())));
    writes.push((META, GENESIS.to_vec(), Some(chain.genesis().genesis_hash().to_vec())));
    writes
}

/// Rows that make the hash of `height` told.
pub(crate) fn hash_writes(height: Height) -> Vec<Write> {
    vec![(META, HASHED.to_vec(), Some(height.to_be_bytes().to_vec()))]
}

/// Hash and state root of a committed block.
pub(crate) fn block_hash(store: &dyn Snapshot, height: Height) -> Result<Option<BlockHash>, OpenError> {
    Ok(read_block(store, height)?.map(|row| row.hash))
}

/// The head's state, and up to where hashes are told.
pub(crate) fn recover(chain: &Chain, store: &dyn Snapshot) -> Result<(ChainState, Option<Height>), OpenError> {
    let mut state = chain.initial_state();
    let Some(head) = read_height(store, HEAD)? else { return Ok((state, None)) };
    if store.get(META, GENESIS)?.as_deref() != Some(&chain.genesis().genesis_hash()) {
        return Err(OpenError::OtherGenesis);
    }
    let last = read_block(store, head)?.ok_or_else(|| damaged("the head's block is missing"))?;
    state.next_height = head.saturating_add(1);
    state.parent = last.commitment;
    state.timestamp_ms = last.timestamp_ms;
    state.hashes = recent_hashes(chain, store, head)?;
    read_accounts(store, &mut state)?;
    Ok((state, read_height(store, HASHED)?))
}

fn recent_hashes(chain: &Chain, store: &dyn Snapshot, head: Height) -> Result<VecDeque<BlockHash>, OpenError> {
    let lowest = head.saturating_sub(HASH_DISTANCE - 1).max(chain.genesis().first_height());
    (lowest..=head)
        .map(|height| block_hash(store, height)?.ok_or_else(|| damaged("one of the last ten blocks is missing")))
        .collect()
}

fn read_accounts(store: &dyn Snapshot, state: &mut ChainState) -> Result<(), OpenError> {
    let mut from = Vec::new();
    loop {
        // No key has 33 bytes, so this is above all of them.
        let rows = store.range(ACCOUNTS, &from, &[0xff; 33], PAGE)?;
        for (key, row) in &rows {
            let key = key.as_slice().try_into().map_err(|_| damaged("an account's key has not 32 bytes"))?;
            let (balance, nonce) = split_account(row).ok_or_else(|| damaged("an account's row has not 16 bytes"))?;
            state.accounts.insert(key, Account { balance, nonce });
        }
        match rows.last() {
            // The least key above the last one.
            Some((key, _)) if rows.len() == PAGE => from = [key.as_slice(), &[0]].concat(),
            _ => return Ok(()),
        }
    }
}

fn split_account(row: &[u8]) -> Option<(u64, u64)> {
    let (balance, nonce) = row.split_at_checked(8)?;
    Some((u64::from_be_bytes(balance.try_into().ok()?), u64::from_be_bytes(nonce.try_into().ok()?)))
}

struct BlockRow {
    commitment: Commitment,
    timestamp_ms: u64,
    hash: BlockHash,
}

fn read_block(store: &dyn Snapshot, height: Height) -> Result<Option<BlockRow>, OpenError> {
    let Some(row) = store.get(BLOCKS, &height.to_be_bytes())? else { return Ok(None) };
    split_block(height, &row).map(Some).ok_or_else(|| damaged("a block's row cannot be read"))
}

fn split_block(height: Height, row: &[u8]) -> Option<BlockRow> {
    if row.len() != 104 {
        return None;
    }
    Some(BlockRow {
        commitment: Commitment::from_bytes(&row[..32]).ok()?,
        timestamp_ms: u64::from_be_bytes(row[32..40].try_into().ok()?),
        hash: BlockHash {
            height,
            block_hash: Felt::from_bytes(&row[40..72]).ok()?,
            state_root: Felt::from_bytes(&row[72..]).ok()?,
        },
    })
}

fn read_height(store: &dyn Snapshot, key: &[u8]) -> Result<Option<Height>, OpenError> {
    let Some(row) = store.get(META, key)? else { return Ok(None) };
    let bytes = row.try_into().map_err(|_| damaged("a height has not 8 bytes"))?;
    Ok(Some(Height::from_be_bytes(bytes)))
}

fn damaged(what: &'static str) -> OpenError {
    StoreError(format!("damaged: {what}")).into()
}
