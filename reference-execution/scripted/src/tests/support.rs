//! A node of the engine alone: a store in memory, a clock that is set, and time that is only counted.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ecp_execution_core::seams::{
    BuildStep, Clock, Executed, ExecutionEngine as _, Slot, Snapshot, Store, StoreError, Validation, ValidationStep,
    Write,
};
use ecp_testchain::{Domain, ECP_TEST_1, Transfer, account_key, sign_transfer};
use ecp_types::{Felt, Genesis, InvalidReason, LocalReason, Part, encode_hex};
use serde_json::json;

use crate::{OpenError, Pace, ScriptedEngine};

pub(super) const FIRST: u64 = 3;
pub(super) const ALICE: [u8; 32] = [1; 32];
pub(super) const BOB: [u8; 32] = [2; 32];
pub(super) const CAROL: [u8; 32] = [3; 32];

/// What the genesis file of a test says.
#[derive(Clone)]
pub(super) struct Network {
    pub(super) mempool: Vec<Transfer>,
    pub(super) hash_lag: u64,
    pub(super) hash_ms: u32,
    pub(super) capacity: u32,
}

impl Default for Network {
    fn default() -> Self {
        let mut network = Self { mempool: Vec::new(), hash_lag: 1, hash_ms: 0, capacity: 100 };
        network.mempool = vec![
            network.pay(&ALICE, &BOB, 10, 0, 30),
            network.pay(&ALICE, &CAROL, 20, 1, 30),
            network.pay(&CAROL, &BOB, 20, 0, 40),
        ];
        network
    }
}

impl Network {
    pub(super) fn pay(&self, from: &[u8; 32], to: &[u8; 32], amount: u64, nonce: u64, cost_ms: u32) -> Transfer {
        let domain = Domain { chain_id: "ECP_TEST".into(), fork_id: 0 };
        sign_transfer(&domain, from, account_key(to), amount, nonce, cost_ms)
    }

    pub(super) fn genesis(&self) -> Genesis {
        let account = |secret: &[u8; 32], balance: u64, nonce: u64| json!({"key": encode_hex(&account_key(secret)), "balance": balance, "nonce": nonce});
        let file = json!({
            "format": "ecp-genesis/1",
            "chain_id": "ECP_TEST",
            "fork_id": 0,
            "first_height": FIRST,
            "params": {
                "committee": [
                    {"address": "0x101", "public_key": encode_hex(&[9; 32]), "voting_power": 1},
                    {"address": "0x102", "public_key": encode_hex(&[8; 32]), "voting_power": 1},
                ],
                "builder": "0xb",
                "quorum": {"numerator": 2, "denominator": 3},
                "timeouts": {
                    "propose_ms": 1, "propose_delta_ms": 0, "prevote_ms": 1, "prevote_delta_ms": 0,
                    "precommit_ms": 1, "precommit_delta_ms": 0, "rebroadcast_ms": 1
                },
                "starknet_version": "0.14.4",
                "part_format": ECP_TEST_1,
                "commitment_scheme": ECP_TEST_1,
                "signature_scheme": "ed25519",
                "max_proposal_bytes": 100_000
            },
            "workload": {"test_chain": {
                "accounts": [account(&ALICE, 1000, 0), account(&BOB, 500, 5), account(&CAROL, 0, 0)],
                "mempool": self.mempool,
                "hash_lag": self.hash_lag,
                "hash_ms": self.hash_ms,
                "window_ms": 500,
                "capacity": self.capacity,
                "batch": 2
            }}
        });
        Genesis::read(file.to_string().as_bytes()).unwrap()
    }
}

pub(super) struct Node {
    network: Network,
    pub(super) store: Arc<MemoryStore>,
    pub(super) clock: Arc<SetClock>,
    pub(super) pace: Arc<CountedPace>,
    pub(super) engine: ScriptedEngine,
}

pub(super) fn node(network: Network) -> Node {
    let (store, clock, pace) = (Arc::default(), Arc::new(SetClock::at(10_000)), Arc::default());
    let engine = open(&network, &store, &clock, &pace).unwrap();
    Node { network, store, clock, pace, engine }
}

fn open(
    network: &Network,
    store: &Arc<MemoryStore>,
    clock: &Arc<SetClock>,
    pace: &Arc<CountedPace>,
) -> Result<ScriptedEngine, OpenError> {
    ScriptedEngine::open(network.genesis(), store.clone(), clock.clone(), pace.clone())
}

impl Node {
    pub(super) fn build(&self, height: u64, mut left: Duration) -> (Vec<Part>, Executed) {
        let mut build = self.engine.build(slot(height)).unwrap();
        let mut parts = Vec::new();
        loop {
            let before = self.pace.spent_ms();
            match build.step(left).unwrap() {
                BuildStep::Part(part) => parts.push(part),
                BuildStep::Built(executed) => return (parts, executed),
                BuildStep::Waiting(missing) => panic!("waits for {missing:?}"),
            }
            left = left.saturating_sub(Duration::from_millis(self.pace.spent_ms() - before));
        }
    }

    pub(super) fn validate(
        &self,
        height: u64,
        parts: &[Part],
    ) -> Result<(Executed, Option<(LocalReason, String)>), InvalidReason> {
        let mut validation = self.engine.validate(slot(height)).unwrap();
        match run(&mut *validation, parts) {
            ValidationStep::Complete { executed, local } => Ok((executed, local)),
            ValidationStep::Invalid(reason, _) => Err(reason),
            ValidationStep::Waiting(missing) => panic!("waits for {missing:?}"),
            ValidationStep::Continue => panic!("no verdict"),
        }
    }

    pub(super) fn commit(&self, height: u64, executed: &Executed) {
        self.store.write(executed.writes.clone()).unwrap();
        self.engine.committed(height, executed).unwrap();
    }

    pub(super) fn follow_hashes(&self) {
        while let Some(step) = self.engine.next_hash().unwrap() {
            self.store.write(step.writes).unwrap();
        }
    }

    pub(super) fn reopen(&self) -> Result<ScriptedEngine, OpenError> {
        open(&self.network, &self.store, &self.clock, &self.pace)
    }
}

/// All parts and the end, up to the first step that is not `Continue`.
pub(super) fn run(validation: &mut dyn Validation, parts: &[Part]) -> ValidationStep {
    for part in parts {
        match validation.part(part.clone()).unwrap() {
            ValidationStep::Continue => {}
            step => return step,
        }
    }
    validation.end().unwrap()
}

pub(super) fn slot(height: u64) -> Slot {
    Slot { height, round: 0, valid_round: None, proposer: Felt::from_u64(0x101) }
}

pub(super) fn chain_slot(height: u64) -> ecp_testchain::Slot {
    ecp_testchain::Slot { height, round: 0, valid_round: None, proposer: Felt::from_u64(0x101) }
}

/// Counts time instead of spending it.
#[derive(Default)]
pub(super) struct CountedPace(AtomicU64);

impl CountedPace {
    pub(super) fn spent_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Pace for CountedPace {
    fn work(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

pub(super) struct SetClock(AtomicU64);

impl SetClock {
    pub(super) fn at(unix_ms: u64) -> Self {
        Self(AtomicU64::new(unix_ms))
    }

    pub(super) fn set(&self, unix_ms: u64) {
        self.0.store(unix_ms, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn unix_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

type Rows = BTreeMap<(String, Vec<u8>), Vec<u8>>;

#[derive(Default)]
pub(super) struct MemoryStore(Mutex<Rows>);

pub(super) struct MemorySnapshot(Rows);

impl MemoryStore {
    pub(super) fn snapshot_rows(&self) -> MemorySnapshot {
        MemorySnapshot(self.0.lock().unwrap().clone())
    }
}

impl Store for MemoryStore {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        Ok(Arc::new(self.snapshot_rows()))
    }

    fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let mut rows = self.0.lock().unwrap();
        for (table, key, value) in writes {
            match value {
                Some(value) => rows.insert((table.into(), key), value),
                None => rows.remove(&(table.into(), key)),
            };
        }
        Ok(())
    }
}

impl Snapshot for MemorySnapshot {
    fn get(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.get(&(table.into(), key.to_vec())).cloned())
    }

    fn range(&self, table: &str, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let rows = self.0.range((table.into(), from.to_vec())..(table.into(), to.to_vec()));
        Ok(rows.take(limit).map(|((_, key), value)| (key.clone(), value.clone())).collect())
    }
}
