//! The engine's tables, and the bytes of their rows.

use std::collections::BTreeMap;

use ecp_commitments::StateDiff;
use ecp_execution_core::seams::{EngineFault, Snapshot, StoreError, Write};
use ecp_types::Height;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use starknet_types_core::felt::Felt as StarkFelt;

use crate::header::Init;

/// Storage: contract address and key to value.
pub const STORAGE: &str = "starknet_storage";
/// Contract address to nonce.
pub const NONCES: &str = "starknet_nonces";
/// Contract address to class hash.
pub const CONTRACTS: &str = "starknet_contracts";
/// Class hash to compiled class hash.
pub const CLASSES: &str = "starknet_classes";
/// Class hash to the wire bytes of a declared class; those of genesis are in the program.
pub const CLASS_DEFINITIONS: &str = "starknet_class_definitions";
/// Height to [`BlockRecord`].
pub const BLOCKS: &str = "starknet_blocks";
/// Height and index to a transaction's wire bytes.
pub const TRANSACTIONS: &str = "starknet_transactions";
/// Height and index to [`crate::receipts::Receipt`].
pub const RECEIPTS: &str = "starknet_receipts";
/// Transaction hash to height and index.
pub const TRANSACTION_PLACES: &str = "starknet_transaction_places";
/// Height to block hash and state root.
pub const HASHES: &str = "starknet_hashes";
/// Block hash to height.
pub const HASH_HEIGHTS: &str = "starknet_hash_heights";
/// Nodes and contracts of the state tries, which follow behind the head.
pub const TRIE: &str = "starknet_trie";
/// Single values.
pub const META: &str = "starknet_meta";

/// Key in [`META`]: digest of the genesis file that the tables belong to.
pub const META_GENESIS: &[u8] = b"genesis";
/// Key in [`META`]: state root before the first block.
pub const META_GENESIS_ROOT: &[u8] = b"genesis_root";
/// Key in [`META`]: height of the last committed block.
pub const META_HEAD: &[u8] = b"head";
/// Key in [`META`]: height of the last block whose hash is known.
pub const META_HASHED: &[u8] = b"hashed";

/// All tables.
pub const TABLES: [&str; 13] = [
    STORAGE,
    NONCES,
    CONTRACTS,
    CLASSES,
    CLASS_DEFINITIONS,
    BLOCKS,
    TRANSACTIONS,
    RECEIPTS,
    TRANSACTION_PLACES,
    HASHES,
    HASH_HEIGHTS,
    TRIE,
    META,
];

/// A committed block as far as later blocks, its hash and readers need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockRecord {
    /// Its header.
    pub init: Init,
    /// What was voted on.
    pub commitment: [u8; 32],
    /// Commitments to its content.
    pub content: ContentRecord,
    /// What it changed.
    pub diff: DiffRecord,
    /// L2 gas by the receipts.
    pub l2_gas_used: u64,
    /// Price of the next block.
    pub next_l2_gas_price: u128,
    /// Hashes of its transactions, in order.
    pub transactions: Vec<StarkFelt>,
}

/// [`ecp_commitments::BlockCommitments`] as a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentRecord {
    /// To the transactions.
    pub transactions: StarkFelt,
    /// To the events.
    pub events: StarkFelt,
    /// To the receipts.
    pub receipts: StarkFelt,
    /// To the changes of the state.
    pub state_diff: StarkFelt,
    /// Packed counts.
    pub counts: StarkFelt,
}

/// [`StateDiff`] as a row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffRecord {
    /// Class hashes by address.
    pub contracts: BTreeMap<StarkFelt, StarkFelt>,
    /// Compiled class hashes by class hash.
    pub classes: BTreeMap<StarkFelt, StarkFelt>,
    /// Storage by address and key.
    pub storage: BTreeMap<StarkFelt, BTreeMap<StarkFelt, StarkFelt>>,
    /// Nonces by address.
    pub nonces: BTreeMap<StarkFelt, StarkFelt>,
}

impl DiffRecord {
    /// For the formulas.
    #[must_use]
    pub fn to_diff(&self) -> StateDiff {
        StateDiff {
            deployed_contracts: self.contracts.clone(),
            declared_classes: self.classes.clone(),
            deprecated_declared_classes: Default::default(),
            storage_diffs: self.storage.clone(),
            nonces: self.nonces.clone(),
        }
    }

    /// Rows that make the flat state what it is after these changes.
    #[must_use]
    pub fn writes(&self) -> Vec<Write> {
        let mut writes = Vec::new();
        for (address, cells) in &self.storage {
            for (key, value) in cells {
                let row = (*value != StarkFelt::ZERO).then(|| value.to_bytes_be().to_vec());
                writes.push((STORAGE, storage_key(address, key), row));
            }
        }
        let maps = [(NONCES, &self.nonces), (CONTRACTS, &self.contracts), (CLASSES, &self.classes)];
        for (table, map) in maps {
            writes.extend(map.iter().map(|(k, v)| (table, k.to_bytes_be().to_vec(), Some(v.to_bytes_be().to_vec()))));
        }
        writes
    }
}

impl From<ecp_commitments::BlockCommitments> for ContentRecord {
    fn from(of: ecp_commitments::BlockCommitments) -> Self {
        Self {
            transactions: of.transactions,
            events: of.events,
            receipts: of.receipts,
            state_diff: of.state_diff,
            counts: of.counts,
        }
    }
}

impl From<ContentRecord> for ecp_commitments::BlockCommitments {
    fn from(of: ContentRecord) -> Self {
        Self {
            transactions: of.transactions,
            events: of.events,
            receipts: of.receipts,
            state_diff: of.state_diff,
            counts: of.counts,
        }
    }
}

/// Key of a storage cell.
#[must_use]
pub fn storage_key(address: &StarkFelt, key: &StarkFelt) -> Vec<u8> {
    [address.to_bytes_be(), key.to_bytes_be()].concat()
}

/// Key of a height, in the order of heights.
#[must_use]
pub fn height_key(height: Height) -> Vec<u8> {
    height.to_be_bytes().to_vec()
}

/// Key of a transaction's place, in the order of places.
#[must_use]
pub fn place_key(height: Height, index: u32) -> Vec<u8> {
    [&height.to_be_bytes()[..], &index.to_be_bytes()].concat()
}

/// A value as JSON. The rows hold nothing that JSON cannot.
pub(crate) fn json(value: &impl Serialize) -> Result<Vec<u8>, EngineFault> {
    serde_json::to_vec(value).map_err(|error| EngineFault(format!("cannot write a row: {error}")))
}

/// Reads a row of JSON.
pub(crate) fn read_json<T: DeserializeOwned>(
    snapshot: &dyn Snapshot,
    table: &str,
    key: &[u8],
) -> Result<Option<T>, EngineFault> {
    let Some(bytes) = snapshot.get(table, key).map_err(fault)? else { return Ok(None) };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| EngineFault(format!("a row of {table} is broken: {error}")))
}

/// Reads a height of [`META`].
pub(crate) fn read_height(snapshot: &dyn Snapshot, key: &[u8]) -> Result<Option<Height>, EngineFault> {
    let Some(bytes) = snapshot.get(META, key).map_err(fault)? else { return Ok(None) };
    let bytes = bytes.try_into().map_err(|_| EngineFault(format!("a row of {META} is broken")))?;
    Ok(Some(Height::from_be_bytes(bytes)))
}

/// Reads a felt; a missing row is zero.
pub(crate) fn read_felt(snapshot: &dyn Snapshot, table: &str, key: &[u8]) -> Result<StarkFelt, StoreError> {
    match snapshot.get(table, key)? {
        None => Ok(StarkFelt::ZERO),
        Some(bytes) => {
            let bytes: [u8; 32] =
                bytes.try_into().map_err(|_| StoreError(format!("a row of {table} is not 32 bytes")))?;
            Ok(StarkFelt::from_bytes_be(&bytes))
        }
    }
}

/// Reads a transaction's place.
pub(crate) fn read_place(snapshot: &dyn Snapshot, hash: &StarkFelt) -> Result<Option<(Height, u32)>, EngineFault> {
    let Some(bytes) = snapshot.get(TRANSACTION_PLACES, &hash.to_bytes_be()).map_err(fault)? else { return Ok(None) };
    let read = || {
        let (height, index) = bytes.split_first_chunk::<8>()?;
        Some((Height::from_be_bytes(*height), u32::from_be_bytes(index.try_into().ok()?)))
    };
    read().map(Some).ok_or_else(|| EngineFault(format!("a row of {TRANSACTION_PLACES} is broken")))
}

/// A failing store is the engine's fault, never a peer's.
pub(crate) fn fault(error: StoreError) -> EngineFault {
    EngineFault(error.to_string())
}
