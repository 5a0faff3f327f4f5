//! The state root: what stands in the leaves of the tries, and how a block's changes go into them.

use std::collections::BTreeSet;

use starknet_types_core::{
    felt::Felt,
    hash::{Pedersen, Poseidon, StarkHash},
};

use crate::{
    ContractTrie, NodeStore, NodeWrite, PoseidonTrie, StarknetVersion, StateDiff, StoreError, TrieError, TrieId,
    short_string,
    store::{Row, contract_row, node_row},
};

/// What a leaf of the contract trie holds of a contract, besides the root of its storage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Contract {
    /// Its class; zero for the system contracts, which have storage only.
    pub class_hash: Felt,
    /// Its nonce.
    pub nonce: Felt,
}

/// Reads contracts as of the last update that was written, which may be behind the head of the chain.
pub trait ContractStore: NodeStore {
    /// The contract at `address`, if it was ever written.
    fn contract(&self, address: &Felt) -> Result<Option<Contract>, StoreError>;
}

impl<S: ContractStore + ?Sized> ContractStore for &S {
    fn contract(&self, address: &Felt) -> Result<Option<Contract>, StoreError> {
        (**self).contract(address)
    }
}

/// What a block's changes come to. The writes belong into one atomic write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateUpdate {
    /// The state root after the block.
    pub root: Felt,
    /// Root of the contract trie.
    pub contracts_root: Felt,
    /// Root of the class trie.
    pub classes_root: Felt,
    /// Nodes to write.
    pub nodes: Vec<NodeWrite>,
    /// Contracts to write.
    pub contracts: Vec<(Felt, Contract)>,
}

impl StateUpdate {
    /// The writes as rows, for a [`crate::RowStore`].
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let contracts = self.contracts.iter().map(|(address, contract)| contract_row(address, contract));
        self.nodes.iter().map(node_row).chain(contracts)
    }
}

/// Leaf of a contract: Pedersen of class, storage root, nonce and a version of zero; absent for an empty contract.
#[must_use]
pub fn contract_leaf(contract: &Contract, storage_root: &Felt) -> Felt {
    if *contract == Contract::default() && *storage_root == Felt::ZERO {
        return Felt::ZERO;
    }
    let state = Pedersen::hash(&contract.class_hash, storage_root);
    Pedersen::hash(&Pedersen::hash(&state, &contract.nonce), &Felt::ZERO)
}

/// Leaf of a class.
#[must_use]
pub fn class_leaf(compiled_class_hash: &Felt) -> Felt {
    Poseidon::hash(&short_string("CONTRACT_CLASS_LEAF_V0"), compiled_class_hash)
}

/// The state root out of the roots of both tries. Before 0.14.0 a state without classes has the contracts' root.
#[must_use]
pub fn state_root(contracts_root: &Felt, classes_root: &Felt, version: &StarknetVersion) -> Felt {
    let no_classes = *classes_root == Felt::ZERO;
    if no_classes && (*contracts_root == Felt::ZERO || !version.always_hashes_roots()) {
        return *contracts_root;
    }
    Poseidon::hash_array(&[short_string("STARKNET_STATE_V0"), *contracts_root, *classes_root])
}

/// Applies the changes of the block after the last one that was written to `store` (ECP-STK-007).
pub fn apply_state_diff<S: ContractStore + ?Sized>(
    store: &S,
    diff: &StateDiff,
    version: &StarknetVersion,
) -> Result<StateUpdate, TrieError> {
    let mut nodes = Vec::new();
    let mut contracts = Vec::new();
    let mut leaves = Vec::new();
    let changed: BTreeSet<&Felt> =
        diff.storage_diffs.keys().chain(diff.deployed_contracts.keys()).chain(diff.nonces.keys()).collect();
    for address in changed {
        let trie = TrieId::Storage(*address);
        let cells = diff.storage_diffs.get(address).into_iter().flatten().map(|(key, value)| (*key, *value));
        let storage = ContractTrie::update(store, trie, cells)?;
        nodes.extend(storage.nodes);
        let before = store.contract(address)?.unwrap_or_default();
        let after = Contract {
            class_hash: diff.deployed_contracts.get(address).copied().unwrap_or(before.class_hash),
            nonce: diff.nonces.get(address).copied().unwrap_or(before.nonce),
        };
        if after != before {
            contracts.push((*address, after));
        }
        leaves.push((*address, contract_leaf(&after, &storage.root)));
    }
    let contract_trie = ContractTrie::update(store, TrieId::Contracts, leaves)?;
    nodes.extend(contract_trie.nodes);
    let classes = diff.declared_classes.iter().map(|(class, compiled)| (*class, class_leaf(compiled)));
    let class_trie = PoseidonTrie::update(store, TrieId::Classes, classes)?;
    nodes.extend(class_trie.nodes);
    Ok(StateUpdate {
        root: state_root(&contract_trie.root, &class_trie.root, version),
        contracts_root: contract_trie.root,
        classes_root: class_trie.root,
        nodes,
        contracts,
    })
}
