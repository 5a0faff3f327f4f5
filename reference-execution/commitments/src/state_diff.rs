//! What a block changes in the state, and its commitment.

use std::collections::{BTreeMap, BTreeSet};

use starknet_types_core::{
    felt::Felt,
    hash::{Poseidon, StarkHash},
};

use crate::short_string;

/// What a block changes in the state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateDiff {
    /// Class hash of each contract that was deployed, or whose class was replaced, by address.
    pub deployed_contracts: BTreeMap<Felt, Felt>,
    /// Compiled class hash of each declared (or migrated) class, by class hash.
    pub declared_classes: BTreeMap<Felt, Felt>,
    /// Hashes of declared Cairo 0 classes; these are in no trie.
    pub deprecated_declared_classes: BTreeSet<Felt>,
    /// New values by key, by contract address; zero deletes.
    pub storage_diffs: BTreeMap<Felt, BTreeMap<Felt, Felt>>,
    /// New nonces by contract address.
    pub nonces: BTreeMap<Felt, Felt>,
}

impl StateDiff {
    /// The number of changes, as the counts of a block hash count them.
    #[must_use]
    pub fn len(&self) -> u64 {
        let cells: usize = self.storage_diffs.values().map(BTreeMap::len).sum();
        let rest = self.deployed_contracts.len()
            + self.declared_classes.len()
            + self.deprecated_declared_classes.len()
            + self.nonces.len();
        (cells + rest) as u64
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Poseidon over `STARKNET_STATE_DIFF0`, then each kind of change with its count and in ascending order of keys, with
/// the constants 1 and 0 before the storage.
#[must_use]
pub fn state_diff_commitment(diff: &StateDiff) -> Felt {
    Poseidon::hash_array(&state_diff_chain(diff))
}

/// What [`state_diff_commitment`] hashes.
#[must_use]
pub fn state_diff_chain(diff: &StateDiff) -> Vec<Felt> {
    let mut chain = vec![short_string("STARKNET_STATE_DIFF0")];
    pairs(&mut chain, &diff.deployed_contracts);
    pairs(&mut chain, &diff.declared_classes);
    chain.push(diff.deprecated_declared_classes.len().into());
    chain.extend(&diff.deprecated_declared_classes);
    chain.extend([Felt::ONE, Felt::ZERO]);
    let written: Vec<_> = diff.storage_diffs.iter().filter(|(_, cells)| !cells.is_empty()).collect();
    chain.push(written.len().into());
    for (address, cells) in written {
        chain.push(*address);
        pairs(&mut chain, cells);
    }
    pairs(&mut chain, &diff.nonces);
    chain
}

fn pairs(chain: &mut Vec<Felt>, map: &BTreeMap<Felt, Felt>) {
    chain.push(map.len().into());
    chain.extend(map.iter().flat_map(|(key, value)| [*key, *value]));
}
