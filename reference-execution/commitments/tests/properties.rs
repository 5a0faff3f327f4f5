//! The incremental trie against a tree made from scratch: after any batches of writes, with the store reopened between
//! them, roots, values and nodes are what the content alone gives.
#![allow(clippy::unwrap_used)] // also in the helpers of tests

use std::collections::BTreeMap;

use ecp_commitments::{
    ContractTrie, MemoryStore, NodeStore, NodeWrite, Path, PoseidonTrie, RowStore, Rows, StateDiff, StoreError, Trie,
    TrieError, TrieId, apply_state_diff, list_root, state,
    store::{contract_row, node_row},
};
use proptest::prelude::*;
use starknet_types_core::{
    felt::Felt,
    hash::{Pedersen, Poseidon, StarkHash},
};

/// The definition, without any cleverness: the root of the leaves that begin with the same `depth` bits.
fn from_scratch<H: StarkHash>(leaves: &[(Path, Felt)], depth: u8, height: u8) -> Felt {
    match leaves {
        [] => Felt::ZERO,
        [(_, value)] if depth == height => *value,
        _ => {
            let split = leaves.partition_point(|(path, _)| !path.bit(depth));
            let (zeros, ones) = leaves.split_at(split);
            if !zeros.is_empty() && !ones.is_empty() {
                let left = from_scratch::<H>(zeros, depth + 1, height);
                return H::hash(&left, &from_scratch::<H>(ones, depth + 1, height));
            }
            let (first, last) = (leaves[0].0, leaves[leaves.len() - 1].0);
            let bottom = first.prefix(first.common(&last));
            let child = from_scratch::<H>(leaves, bottom.len(), height);
            H::hash(&child, &bottom.value_from(depth)) + Felt::from(bottom.len() - depth)
        }
    }
}

fn expected<H: StarkHash, const HEIGHT: u8>(content: &BTreeMap<Felt, Felt>) -> Felt {
    let leaves: Vec<_> = content.iter().map(|(key, value)| (Path::of_key(key, HEIGHT).unwrap(), *value)).collect();
    from_scratch::<H>(&leaves, 0, HEIGHT)
}

/// Rows as they would be on disk: all that a reopened store has.
#[derive(Default, Clone, PartialEq, Debug)]
struct Disk(BTreeMap<Vec<u8>, Vec<u8>>);

impl Disk {
    fn write(&mut self, rows: impl IntoIterator<Item = (Vec<u8>, Option<Vec<u8>>)>) {
        for (key, value) in rows {
            match value {
                Some(value) => self.0.insert(key, value),
                None => self.0.remove(&key),
            };
        }
    }
}

impl Rows for &Disk {
    fn row(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.get(key).cloned())
    }
}

/// Keys that are near to each other, share long beginnings, or are anywhere; few enough to be hit again.
fn key(height: u8) -> impl Strategy<Value = Felt> {
    let top = Felt::TWO.pow(u128::from(height - 1));
    let keys = prop_oneof![
        (0_u64..12).prop_map(Felt::from),
        (0_u64..12).prop_map(move |low| top + Felt::from(low)),
        (0_u8..height, 0_u64..3).prop_map(|(bit, low)| Felt::TWO.pow(u128::from(bit)) + Felt::from(low)),
    ];
    keys.prop_map(move |key| if Path::of_key(&key, height).is_some() { key } else { Felt::ZERO })
}

fn batches(height: u8) -> impl Strategy<Value = Vec<Vec<(Felt, Felt)>>> {
    let value = prop_oneof![2 => Just(Felt::ZERO), 5 => (1_u64..9).prop_map(Felt::from)];
    prop::collection::vec(prop::collection::vec((key(height), value), 0..10), 1..8)
}

fn check<H: StarkHash, const HEIGHT: u8>(batches: &[Vec<(Felt, Felt)>]) -> Result<(), TestCaseError> {
    let trie = TrieId::Storage(Felt::from(7_u8));
    let mut memory = MemoryStore::default();
    let mut disk = Disk::default();
    let mut content = BTreeMap::new();
    for batch in batches {
        content.extend(batch.iter().copied());
        content.retain(|_, value| *value != Felt::ZERO);
        let update = Trie::<H, HEIGHT>::update(&memory, trie, batch.iter().copied()).unwrap();
        // The store is opened anew, so nothing but rows carries over.
        let again = Trie::<H, HEIGHT>::update(&RowStore(&disk), trie, batch.iter().copied()).unwrap();
        prop_assert_eq!(&update, &again);
        memory.apply(&update.nodes);
        disk.write(update.nodes.iter().map(node_row));
        prop_assert_eq!(update.root, expected::<H, HEIGHT>(&content));
        prop_assert_eq!(Trie::<H, HEIGHT>::root(&memory, trie).unwrap(), update.root);
        for (key, _) in batches.iter().flatten() {
            let value = content.get(key).copied().unwrap_or(Felt::ZERO);
            prop_assert_eq!(Trie::<H, HEIGHT>::get(&RowStore(&disk), trie, key).unwrap(), value);
        }
    }
    // No node is left behind: the store is what one batch of the content makes.
    let mut fresh = MemoryStore::default();
    fresh.apply(&Trie::<H, HEIGHT>::update(&fresh, trie, content).unwrap().nodes);
    prop_assert_eq!(memory, fresh);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pedersen_251(batches in batches(251)) {
        check::<Pedersen, 251>(&batches)?;
    }

    #[test]
    fn poseidon_251(batches in batches(251)) {
        check::<Poseidon, 251>(&batches)?;
    }

    #[test]
    fn poseidon_64(batches in batches(64)) {
        check::<Poseidon, 64>(&batches)?;
    }

    #[test]
    fn poseidon_4_where_every_leaf_is_near(batches in batches(4)) {
        check::<Poseidon, 4>(&batches)?;
    }

    #[test]
    fn lists(values in prop::collection::vec((1_u64..1000).prop_map(Felt::from), 0..40)) {
        let content: BTreeMap<_, _> = (0_u64..).map(Felt::from).zip(values.iter().copied()).collect();
        prop_assert_eq!(list_root::<Poseidon>(values.iter().copied()), expected::<Poseidon, 64>(&content));
        prop_assert_eq!(list_root::<Pedersen>(values), expected::<Pedersen, 64>(&content));
    }

    #[test]
    fn broken_rows_are_an_error_and_never_a_panic(
        batches in batches(251), at in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 0..70),
    ) {
        let trie = TrieId::Contracts;
        let mut disk = Disk::default();
        for batch in &batches {
            let update = PoseidonTrie::update(&RowStore(&disk), trie, batch.iter().copied()).unwrap();
            disk.write(update.nodes.iter().map(node_row));
        }
        prop_assume!(!disk.0.is_empty());
        let key = at.get(&disk.0.keys().cloned().collect::<Vec<_>>()).clone();
        disk.0.insert(key, bytes);
        // Whether the row is met or not, both return.
        let _ = PoseidonTrie::update(&RowStore(&disk), trie, batches.concat());
        for (key, _) in batches.iter().flatten() {
            let _ = PoseidonTrie::get(&RowStore(&disk), trie, key);
        }
    }

    #[test]
    fn state_roots_of_any_diffs(diffs in prop::collection::vec(diff(), 1..5)) {
        let version = "0.14.2".parse().unwrap();
        let mut disk = Disk::default();
        let mut whole = StateDiff::default();
        for diff in diffs {
            let update = apply_state_diff(&RowStore(&disk), &diff, &version).unwrap();
            disk.write(update.rows());
            whole.deployed_contracts.extend(diff.deployed_contracts);
            whole.declared_classes.extend(diff.declared_classes);
            whole.nonces.extend(diff.nonces);
            for (address, cells) in diff.storage_diffs {
                whole.storage_diffs.entry(address).or_default().extend(cells);
            }
            let (contracts, classes) = scratch_roots(&whole);
            prop_assert_eq!(update.contracts_root, contracts);
            prop_assert_eq!(update.classes_root, classes);
            prop_assert_eq!(update.root, state::state_root(&contracts, &classes, &version));
        }
    }
}

fn scratch_roots(whole: &StateDiff) -> (Felt, Felt) {
    let mut leaves = BTreeMap::new();
    let addresses = whole.deployed_contracts.keys().chain(whole.nonces.keys()).chain(whole.storage_diffs.keys());
    for address in addresses {
        let of = |map: &BTreeMap<Felt, Felt>| map.get(address).copied().unwrap_or_default();
        let mut cells = whole.storage_diffs.get(address).cloned().unwrap_or_default();
        cells.retain(|_, value| *value != Felt::ZERO);
        let (class, nonce, root) =
            (of(&whole.deployed_contracts), of(&whole.nonces), expected::<Pedersen, 251>(&cells));
        if [class, nonce, root] != [Felt::ZERO; 3] {
            let leaf = Pedersen::hash(&Pedersen::hash(&Pedersen::hash(&class, &root), &nonce), &Felt::ZERO);
            leaves.insert(*address, leaf);
        }
    }
    let tag = Felt::from_bytes_be_slice(b"CONTRACT_CLASS_LEAF_V0");
    let classes = whole.declared_classes.iter().map(|(class, casm)| (*class, Poseidon::hash(&tag, casm))).collect();
    (expected::<Pedersen, 251>(&leaves), expected::<Poseidon, 251>(&classes))
}

fn diff() -> impl Strategy<Value = StateDiff> {
    let map =
        |most| prop::collection::btree_map((1_u64..6).prop_map(Felt::from), (1_u64..9).prop_map(Felt::from), 0..most);
    let cells = prop::collection::btree_map(key(251), (0_u64..4).prop_map(Felt::from), 0..5);
    let storage = prop::collection::btree_map((1_u64..6).prop_map(Felt::from), cells, 0..3);
    (map(3), map(3), map(3), storage).prop_map(|(deployed_contracts, declared_classes, nonces, storage_diffs)| {
        StateDiff { deployed_contracts, declared_classes, nonces, storage_diffs, ..Default::default() }
    })
}

/// Counts what is read.
struct Counting<'a>(&'a MemoryStore, std::cell::Cell<usize>);

impl NodeStore for Counting<'_> {
    fn node(&self, trie: TrieId, path: &Path) -> Result<Option<ecp_commitments::Node>, StoreError> {
        self.1.set(self.1.get() + 1);
        self.0.node(trie, path)
    }
}

#[test]
fn a_write_touches_the_nodes_above_its_leaf_only() {
    let trie = TrieId::Classes;
    let key = |i: u64| Poseidon::hash_single(&Felt::from(i)).mod_floor(&Felt::TWO.pow(251_u16).try_into().unwrap());
    let mut store = MemoryStore::default();
    let update = PoseidonTrie::update(&store, trie, (0..4096).map(|i| (key(i), Felt::ONE))).unwrap();
    store.apply(&update.nodes);
    let counting = Counting(&store, std::cell::Cell::new(0));
    for (i, value) in [(17, Felt::TWO), (4096, Felt::ONE), (99, Felt::ZERO)] {
        counting.1.set(0);
        let update = PoseidonTrie::update(&counting, trie, [(key(i), value)]).unwrap();
        // 4096 random leaves are about 12 levels deep; far below the 8000 nodes there are.
        assert!(counting.1.get() <= 32, "{} reads", counting.1.get());
        assert!(update.nodes.len() <= 32, "{} writes", update.nodes.len());
    }
}

#[test]
fn what_changes_nothing_writes_nothing() {
    let mut store = MemoryStore::default();
    let writes = (0_u64..20).map(|i| (Felt::from(i), Felt::ONE));
    let update = ContractTrie::update(&store, TrieId::Contracts, writes.clone()).unwrap();
    store.apply(&update.nodes);
    let again = ContractTrie::update(&store, TrieId::Contracts, writes).unwrap();
    assert_eq!(again.root, update.root);
    assert_eq!(again.nodes, Vec::<NodeWrite>::new());
    let absent = ContractTrie::update(&store, TrieId::Contracts, [(Felt::from(1000), Felt::ZERO)]).unwrap();
    assert_eq!((absent.root, absent.nodes.len()), (update.root, 0));
    let none = ContractTrie::update(&store, TrieId::Contracts, []).unwrap();
    assert_eq!((none.root, none.nodes.len()), (update.root, 0));
}

#[test]
fn keys_that_are_too_large_and_missing_nodes_are_named() {
    let mut store = MemoryStore::default();
    let key = Felt::TWO.pow(251_u16);
    let refused = PoseidonTrie::update(&store, TrieId::Classes, [(key, Felt::ONE)]).unwrap_err();
    assert_eq!(refused, TrieError::KeyTooLarge { key, height: 251 });
    let update = PoseidonTrie::update(&store, TrieId::Classes, (0_u64..4).map(|i| (Felt::from(i), Felt::ONE))).unwrap();
    assert_eq!(update.nodes.len(), 4, "an edge, a node, and two below it");
    store.apply(&update.nodes[..3]);
    let incomplete = PoseidonTrie::update(&store, TrieId::Classes, [(Felt::THREE, Felt::TWO)]).unwrap_err();
    assert_eq!(incomplete, TrieError::Inconsistent { trie: TrieId::Classes, depth: 250 });
}

#[test]
fn a_broken_contract_row_is_named() {
    let mut disk = Disk::default();
    let address = Felt::from(9_u8);
    let (key, _) = contract_row(&address, &state::Contract::default());
    disk.0.insert(key, vec![1, 2, 3]);
    let diff = StateDiff { nonces: [(address, Felt::ONE)].into(), ..Default::default() };
    let error = apply_state_diff(&RowStore(&disk), &diff, &"0.14.2".parse().unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "trie store: the row of contract 0x9 is broken");
}
