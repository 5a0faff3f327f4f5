//! Commitments, block hashes and state roots of blocks with real transactions.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use crate::common::{KEYS, MemoryStore, NEW_KEY, Node, START, TestClock, genesis};
use ecp_commitments::{MemoryStore as TrieStore, StateDiff, apply_state_diff};
use ecp_engine_starknet::{StarknetEngine, convert, rows};
use ecp_execution_core::seams::{ExecutionEngine as _, Slot, Snapshot, Store, StoreError, Write};
use ecp_types::Felt;
use starknet_types_core::felt::Felt as StarkFelt;

/// Three blocks with transfers, a deployment and a reverted transaction.
fn busy(node: &Node) {
    let (a, b, new) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]), node.wallet(NEW_KEY));
    let blocks = [
        vec![a.transfer(0, &b, 1), new.deployment()],
        vec![b.transfer(0, &new, u128::MAX), a.transfer(1, &new, 5), new.transfer(1, &a, 6)],
        vec![new.transfer(2, &b, 7)],
    ];
    for txs in blocks {
        let count = txs.len() as u64;
        for tx in txs {
            node.engine.submit(tx).unwrap();
        }
        assert_eq!(node.block().1.executed_count, count);
    }
}

#[test]
fn the_incremental_state_root_is_that_of_the_whole_state() {
    let node = Node::new();
    busy(&node);
    let snapshot = &node.engine.head().snapshot;
    let felt = |bytes: &[u8]| StarkFelt::from_bytes_be_slice(bytes);
    let table = |name: &str| snapshot.range(name, &[], &[0xff; 65], usize::MAX).unwrap();
    let map = |name: &str| table(name).iter().map(|(key, value)| (felt(key), felt(value))).collect();
    let mut whole = StateDiff {
        deployed_contracts: map(rows::CONTRACTS),
        declared_classes: map(rows::CLASSES),
        nonces: map(rows::NONCES),
        ..StateDiff::default()
    };
    for (key, value) in table(rows::STORAGE) {
        whole.storage_diffs.entry(felt(&key[..32])).or_default().insert(felt(&key[32..]), felt(&value));
    }
    assert!(whole.storage_diffs.len() > 5 && whole.deployed_contracts.len() == 2 + KEYS.len() + 1);
    let from_scratch = apply_state_diff(&TrieStore::default(), &whole, &"0.14.4".parse().unwrap()).unwrap().root;
    let (_, root) = node.engine.block_hash(2).unwrap().unwrap();
    assert_eq!(convert::stark(&root), from_scratch);
}

#[test]
fn the_schemes_agree_on_validity_and_differ_in_what_they_bind() {
    let with = |scheme: &str, fork: u64| {
        genesis(|file| {
            file["params"]["commitment_scheme"] = scheme.into();
            file["fork_id"] = fork.into();
        })
    };
    let commitments = |scheme: &str, fork: u64| {
        let (node, other) = (Node::of(with(scheme, fork)), Node::of(with(scheme, fork)));
        let mut all = Vec::new();
        for _ in 0..2 {
            let (parts, executed) = node.build();
            assert_eq!(other.validate(&parts).commitment, executed.commitment);
            node.commit(&executed);
            other.commit(&executed);
            all.push(executed.commitment);
        }
        all
    };
    let (bound, network) = ("ecp-starknet-1", "starknet-partial-block-hash");
    assert_ne!(commitments(bound, 0), commitments(bound, 1));
    assert_ne!(commitments(bound, 0), commitments(network, 0));
    assert_eq!(commitments(network, 0), commitments(network, 1));
}

/// A store whose reads fail once it is told to.
struct Failing {
    inner: MemoryStore,
    broken: Arc<AtomicBool>,
}

struct FailingSnapshot(Arc<dyn Snapshot>, Arc<AtomicBool>);

impl Store for Failing {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        Ok(Arc::new(FailingSnapshot(self.inner.snapshot()?, Arc::clone(&self.broken))))
    }
    fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.inner.write(writes)
    }
}

impl Snapshot for FailingSnapshot {
    fn get(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if self.1.load(Ordering::SeqCst) { Err(StoreError("disk".into())) } else { self.0.get(table, key) }
    }
    fn range(&self, table: &str, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        self.0.range(table, from, to, limit)
    }
}

#[test]
fn a_failing_store_is_a_fault_and_never_blamed_on_a_proposal() {
    let builder = Node::new();
    builder.engine.submit(builder.wallet(KEYS[0]).transfer(0, &builder.wallet(KEYS[1]), 1)).unwrap();
    let (parts, _) = builder.build();
    let broken = Arc::new(AtomicBool::new(false));
    let store = Arc::new(Failing { inner: MemoryStore::default(), broken: Arc::clone(&broken) });
    let clock = Arc::new(TestClock(AtomicU64::new(START + 1)));
    let engine = StarknetEngine::open(&genesis(|_| {}), store, clock).unwrap();
    let slot = Slot { height: 0, round: 0, valid_round: None, proposer: Felt::from_u64(1) };
    let mut validation = engine.validate(slot).unwrap();
    validation.part(parts[0].clone()).unwrap();
    broken.store(true, Ordering::SeqCst);
    let fault = validation.part(parts[1].clone()).err().unwrap();
    assert!(fault.to_string().contains("disk"), "{fault}");
    assert!(engine.submit(builder.wallet(KEYS[0]).transfer(0, &builder.wallet(KEYS[1]), 1)).is_err());
}
