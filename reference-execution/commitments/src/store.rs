//! Where nodes are kept. The crate only reads; what is to be written comes out as a list, so that the caller can make
//! it durable together with the rest of a block.

use std::collections::BTreeMap;

use starknet_types_core::felt::Felt;

use crate::{Contract, ContractStore, Node, Path, node::canonical};

/// Which trie a node belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrieId {
    /// All contracts.
    Contracts,
    /// All declared classes.
    Classes,
    /// The storage of one contract, by its address.
    Storage(Felt),
}

impl TrieId {
    /// Distinct bytes for each trie, none a prefix of another's.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Contracts => vec![0],
            Self::Classes => vec![1],
            Self::Storage(address) => [&[2][..], &address.to_bytes_be()].concat(),
        }
    }
}

/// The store could not be read, or holds bytes that this crate did not write: an operator's matter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("trie store: {0}")]
pub struct StoreError(pub String);

/// Reads nodes.
pub trait NodeStore {
    /// The node of `trie` at `path`, as of the last update that was written.
    fn node(&self, trie: TrieId, path: &Path) -> Result<Option<Node>, StoreError>;
}

impl<S: NodeStore + ?Sized> NodeStore for &S {
    fn node(&self, trie: TrieId, path: &Path) -> Result<Option<Node>, StoreError> {
        (**self).node(trie, path)
    }
}

/// A node to put, or with `None` to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeWrite {
    /// The trie.
    pub trie: TrieId,
    /// The position.
    pub path: Path,
    /// What stands there from now on.
    pub node: Option<Node>,
}

/// Keeps everything in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryStore {
    nodes: BTreeMap<(TrieId, Path), Node>,
    contracts: BTreeMap<Felt, Contract>,
}

impl MemoryStore {
    /// Writes nodes.
    pub fn apply(&mut self, writes: &[NodeWrite]) {
        for write in writes {
            match write.node {
                Some(node) => self.nodes.insert((write.trie, write.path), node),
                None => self.nodes.remove(&(write.trie, write.path)),
            };
        }
    }

    /// Writes contracts.
    pub fn apply_contracts(&mut self, contracts: &[(Felt, Contract)]) {
        self.contracts.extend(contracts.iter().copied());
    }

    /// How many nodes it holds.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }
}

impl NodeStore for MemoryStore {
    fn node(&self, trie: TrieId, path: &Path) -> Result<Option<Node>, StoreError> {
        Ok(self.nodes.get(&(trie, *path)).copied())
    }
}

impl ContractStore for MemoryStore {
    fn contract(&self, address: &Felt) -> Result<Option<Contract>, StoreError> {
        Ok(self.contracts.get(address).copied())
    }
}

/// A key and its value; `None` deletes.
pub type Row = (Vec<u8>, Option<Vec<u8>>);

/// Anybody's rows.
pub trait Rows {
    /// The value under `key`.
    fn row(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
}

/// Nodes and contracts over anybody's rows; [`crate::StateUpdate::rows`] gives the rows to write.
#[derive(Debug, Clone, Copy)]
pub struct RowStore<R>(pub R);

const NODE: u8 = b'n';
const CONTRACT: u8 = b'c';

/// Row of a node.
#[must_use]
pub fn node_row(write: &NodeWrite) -> Row {
    (node_key(write.trie, &write.path), write.node.map(|node| node.to_bytes()))
}

/// Row of a contract.
#[must_use]
pub fn contract_row(address: &Felt, contract: &Contract) -> Row {
    (contract_key(address), Some([contract.class_hash.to_bytes_be(), contract.nonce.to_bytes_be()].concat()))
}

fn node_key(trie: TrieId, path: &Path) -> Vec<u8> {
    [&[NODE][..], &trie.to_bytes(), &path.to_bytes()].concat()
}

fn contract_key(address: &Felt) -> Vec<u8> {
    [&[CONTRACT][..], &address.to_bytes_be()].concat()
}

impl<R: Rows> NodeStore for RowStore<R> {
    fn node(&self, trie: TrieId, path: &Path) -> Result<Option<Node>, StoreError> {
        let Some(bytes) = self.0.row(&node_key(trie, path))? else { return Ok(None) };
        let node = Node::from_bytes(&bytes);
        node.map(Some).ok_or_else(|| StoreError(format!("the node of {trie:?} at depth {} is broken", path.len())))
    }
}

impl<R: Rows> ContractStore for RowStore<R> {
    fn contract(&self, address: &Felt) -> Result<Option<Contract>, StoreError> {
        let Some(bytes) = self.0.row(&contract_key(address))? else { return Ok(None) };
        let read = || {
            let (class_hash, nonce) = bytes.split_first_chunk::<32>()?;
            Some(Contract { class_hash: canonical(class_hash)?, nonce: canonical(nonce.try_into().ok()?)? })
        };
        read().map(Some).ok_or_else(|| StoreError(format!("the row of contract {address:#x} is broken")))
    }
}
