//! A chain with funded accounts, in memory, and wallets that sign for them.
#![allow(dead_code, unreachable_pub, reason = "the example uses a part")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ecp_engine_starknet::{StarknetEngine, codec::Tx, section::STRK_ADDRESS};
use ecp_execution_core::seams::{
    Build, BuildStep, Clock, Executed, ExecutionEngine, Slot, Snapshot, Store, StoreError, Validation, ValidationStep,
    Write,
};
use ecp_types::{Felt, Genesis, InvalidReason, Part, PartKind};
use serde_json::json;
use starknet_api::{
    abi::abi_utils::selector_from_name,
    block::GasPrice,
    core::{ClassHash, ContractAddress, Nonce},
    data_availability::DataAvailabilityMode,
    execution_resources::GasAmount,
    transaction::{
        DeployAccountTransactionV3, InvokeTransactionV3,
        fields::{
            AccountDeploymentData, AllResourceBounds, Calldata, ContractAddressSalt, PaymasterData, ProofFacts,
            ResourceBounds, Tip, TransactionSignature, ValidResourceBounds,
        },
    },
};
use starknet_types_core::felt::Felt as StarkFelt;

type Rows = BTreeMap<(String, Vec<u8>), Vec<u8>>;

/// Rows in memory; a snapshot is a copy.
#[derive(Default)]
pub struct MemoryStore(Mutex<Arc<Rows>>);

struct MemorySnapshot(Arc<Rows>);

impl Snapshot for MemorySnapshot {
    fn get(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.get(&(table.to_owned(), key.to_vec())).cloned())
    }

    fn range(&self, table: &str, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let bounds = (table.to_owned(), from.to_vec())..(table.to_owned(), to.to_vec());
        Ok(self.0.range(bounds).take(limit).map(|((_, key), value)| (key.clone(), value.clone())).collect())
    }
}

impl MemoryStore {
    /// Another store with the same rows.
    pub fn copy(&self) -> Self {
        Self(Mutex::new(Arc::clone(&self.0.lock().unwrap())))
    }
}

impl Store for MemoryStore {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        Ok(Arc::new(MemorySnapshot(Arc::clone(&self.0.lock().unwrap()))))
    }

    fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let mut rows = self.0.lock().unwrap();
        let rows = Arc::make_mut(&mut rows);
        for (table, key, value) in writes {
            match value {
                Some(value) => rows.insert((table.to_owned(), key), value),
                None => rows.remove(&(table.to_owned(), key)),
            };
        }
        Ok(())
    }
}

/// A clock that tests set, in seconds.
pub struct TestClock(pub AtomicU64);

impl Clock for TestClock {
    fn unix_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst) * 1_000
    }
}

/// Secret keys of the funded accounts.
pub const KEYS: [u64; 4] = [11, 22, 33, 44];
/// Secret key of a funded account that is not deployed.
pub const NEW_KEY: u64 = 55;
/// What every account has at the start.
pub const BALANCE: u128 = 1_000 * 10_u128.pow(18);
/// When the chain begins.
pub const START: u64 = 1_800_000_000;

pub fn public_key(secret: u64) -> StarkFelt {
    starknet_crypto::get_public_key(&secret.into())
}

/// A genesis file with `change` applied to its JSON.
pub fn genesis(change: impl FnOnce(&mut serde_json::Value)) -> Genesis {
    let account = |secret: &u64, deployed: bool| {
        json!({
            "public_key": format!("{:#x}", public_key(*secret)),
            "balance_fri": BALANCE.to_string(),
            "deployed": deployed,
        })
    };
    let mut accounts: Vec<_> = KEYS.iter().map(|secret| account(secret, true)).collect();
    accounts.push(account(&NEW_KEY, false));
    let mut file = json!({
        "format": "ecp-genesis/1",
        "chain_id": "ECP_TEST",
        "fork_id": 0,
        "first_height": 0,
        "params": {
            "committee": [{"address": "0x1", "public_key": format!("0x{}", "11".repeat(32)), "voting_power": 1}],
            "builder": "0xb",
            "quorum": {"numerator": 2, "denominator": 3},
            "timeouts": {
                "propose_ms": 3000, "propose_delta_ms": 500, "prevote_ms": 1000, "prevote_delta_ms": 500,
                "precommit_ms": 1000, "precommit_delta_ms": 500, "rebroadcast_ms": 5000
            },
            "starknet_version": "0.14.4",
            "part_format": "starknet-p2p/2026-08",
            "commitment_scheme": "ecp-starknet-1",
            "signature_scheme": "ed25519",
            "max_proposal_bytes": 8_388_608
        },
        "workload": {"starknet": {"accounts": accounts, "timestamp": START}}
    });
    change(&mut file);
    Genesis::read(&serde_json::to_vec(&file).unwrap()).unwrap()
}

/// An engine over its own store.
pub struct Node {
    pub engine: Arc<StarknetEngine>,
    pub store: Arc<MemoryStore>,
    pub clock: Arc<TestClock>,
    pub genesis: Genesis,
}

impl Node {
    pub fn new() -> Self {
        Self::of(genesis(|_| {}))
    }

    pub fn of(genesis: Genesis) -> Self {
        let store = Arc::new(MemoryStore::default());
        let clock = Arc::new(TestClock(AtomicU64::new(START + 1)));
        let engine = StarknetEngine::open(&genesis, store.clone(), clock.clone()).unwrap();
        Self { engine, store, clock, genesis }
    }

    /// Another node with the same blocks, which goes its own way from here.
    pub fn fork(&self) -> Self {
        let store = Arc::new(self.store.copy());
        let clock = Arc::new(TestClock(AtomicU64::new(self.clock.0.load(Ordering::SeqCst))));
        let engine = StarknetEngine::open(&self.genesis, store.clone(), clock.clone()).unwrap();
        Self { engine, store, clock, genesis: self.genesis.clone() }
    }

    /// The same store in a new engine.
    pub fn restarted(self) -> Self {
        let engine = StarknetEngine::open(&self.genesis, self.store.clone(), self.clock.clone()).unwrap();
        Self { engine, ..self }
    }

    pub fn next_height(&self) -> u64 {
        self.engine.head().block.map_or(self.engine.first_height(), |(height, _)| height + 1)
    }

    pub fn slot(&self) -> Slot {
        Slot { height: self.next_height(), round: 0, valid_round: None, proposer: Felt::from_u64(1) }
    }

    /// Builds on the head, with plenty of time.
    pub fn build(&self) -> (Vec<Part>, Executed) {
        let mut build = self.engine.build(self.slot()).unwrap();
        drain(&mut *build, Duration::from_secs(60))
    }

    /// Validates at this node's next slot and expects it to be complete.
    pub fn validate(&self, parts: &[Part]) -> Executed {
        match self.verdict(parts) {
            ValidationStep::Complete { executed, local } => {
                assert_eq!(local, None);
                executed
            }
            other => panic!("{}", describe(&other)),
        }
    }

    /// Expects INVALID.
    pub fn invalid(&self, parts: &[Part]) -> (InvalidReason, String) {
        match self.verdict(parts) {
            ValidationStep::Invalid(reason, text) => (reason, text),
            other => panic!("{}", describe(&other)),
        }
    }

    /// What the engine says at the end, or as soon as it says anything.
    pub fn verdict(&self, parts: &[Part]) -> ValidationStep {
        let mut validation = self.engine.validate(self.slot()).unwrap();
        feed(&mut *validation, parts)
    }

    pub fn commit(&self, executed: &Executed) {
        let height = self.next_height();
        self.store.write(executed.writes.clone()).unwrap();
        self.engine.committed(height, executed).unwrap();
    }

    /// Computes and writes all hashes that are due.
    pub fn hash(&self) {
        while let Some(step) = self.engine.next_hash().unwrap() {
            self.store.write(step.writes).unwrap();
        }
    }

    /// Builds, commits and hashes a block of everything that waits.
    pub fn block(&self) -> (Vec<Part>, Executed) {
        let (parts, executed) = self.build();
        self.commit(&executed);
        self.hash();
        (parts, executed)
    }

    pub fn wallet(&self, secret: u64) -> Wallet {
        let chain = self.engine.chain();
        let address = ecp_engine_starknet::genesis_state::account_address(&public_key(secret), &chain.classes).unwrap();
        Wallet { secret: secret.into(), address, chain_id: chain.chain_id.clone(), class: chain.classes.account }
    }
}

pub fn describe(step: &ValidationStep) -> String {
    match step {
        ValidationStep::Continue => "Continue".into(),
        ValidationStep::Waiting(missing) => format!("Waiting({missing:?})"),
        ValidationStep::Invalid(reason, text) => format!("Invalid({reason:?}, {text})"),
        ValidationStep::Complete { executed, local } => format!("Complete({}, {local:?})", executed.commitment),
    }
}

pub fn feed(validation: &mut dyn Validation, parts: &[Part]) -> ValidationStep {
    for part in parts {
        match validation.part(part.clone()).unwrap() {
            ValidationStep::Continue => {}
            other => return other,
        }
    }
    validation.end().unwrap()
}

/// The same proposal with everything in one BODY: how many a build makes depends on how fast it is.
pub fn in_one_body(parts: &[Part]) -> Vec<Part> {
    let bodies = parts.iter().filter(|part| part.kind == PartKind::Body);
    // Batches are one repeated field, so their encodings can be joined.
    let payload = bodies.flat_map(|part| part.payload.iter().copied()).collect::<Vec<u8>>();
    let body = Part { index: 1, kind: PartKind::Body, payload: payload.into() };
    let fin = Part { index: 2, ..parts[parts.len() - 1].clone() };
    vec![parts[0].clone(), body, fin]
}

/// Steps a build to its end.
pub fn drain(build: &mut dyn Build, left: Duration) -> (Vec<Part>, Executed) {
    let mut parts = Vec::new();
    loop {
        match build.step(left).unwrap() {
            BuildStep::Part(part) => parts.push(part),
            BuildStep::Built(executed) => return (parts, executed),
            BuildStep::Waiting(missing) => panic!("waiting for {missing:?}"),
        }
    }
}

/// Signs for an account.
#[derive(Clone)]
pub struct Wallet {
    pub secret: StarkFelt,
    pub address: ContractAddress,
    pub chain_id: starknet_api::core::ChainId,
    pub class: ClassHash,
}

pub fn bounds() -> ValidResourceBounds {
    let bound = |amount: u64, price: u128| ResourceBounds {
        max_amount: GasAmount(amount),
        max_price_per_unit: GasPrice(price),
    };
    ValidResourceBounds::AllResources(AllResourceBounds {
        l1_gas: bound(10_000, 10_u128.pow(15)),
        l2_gas: bound(100_000_000, 10_u128.pow(11)),
        l1_data_gas: bound(10_000, 10_u128.pow(10)),
    })
}

impl Wallet {
    pub fn felt(&self) -> StarkFelt {
        *self.address.0.key()
    }

    pub fn sign(&self, hash: &StarkFelt) -> TransactionSignature {
        let k = starknet_crypto::rfc6979_generate_k(hash, &self.secret, None);
        let signature = starknet_crypto::sign(&self.secret, hash, &k).unwrap();
        TransactionSignature(Arc::new(vec![signature.r, signature.s]))
    }

    /// Calls one contract through the account.
    pub fn unsigned_call(&self, nonce: u64, to: StarkFelt, selector: &str, args: &[StarkFelt]) -> InvokeTransactionV3 {
        let mut calldata = vec![StarkFelt::ONE, to, selector_from_name(selector).0, args.len().into()];
        calldata.extend(args);
        InvokeTransactionV3 {
            resource_bounds: bounds(),
            tip: Tip(0),
            signature: TransactionSignature::default(),
            nonce: Nonce(nonce.into()),
            sender_address: self.address,
            calldata: Calldata(Arc::new(calldata)),
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            paymaster_data: PaymasterData::default(),
            account_deployment_data: AccountDeploymentData::default(),
            proof_facts: ProofFacts::default(),
        }
    }

    pub fn signed(&self, mut tx: InvokeTransactionV3) -> Tx {
        let hash = Tx::invoke(tx.clone(), &self.chain_id).unwrap().hash();
        tx.signature = self.sign(&hash);
        Tx::invoke(tx, &self.chain_id).unwrap()
    }

    /// A signed transfer of STRK.
    pub fn transfer(&self, nonce: u64, to: &Self, fri: u128) -> Tx {
        let strk = StarkFelt::from_hex(STRK_ADDRESS).unwrap();
        self.signed(self.unsigned_call(nonce, strk, "transfer", &[to.felt(), fri.into(), StarkFelt::ZERO]))
    }

    /// The same transfer, signed by somebody else's key.
    pub fn forged_transfer(&self, nonce: u64, to: &Self, fri: u128) -> Tx {
        Self { secret: 999_u64.into(), ..self.clone() }.transfer(nonce, to, fri)
    }

    /// The signed transaction that creates this account.
    pub fn deployment(&self) -> Tx {
        let public_key = starknet_crypto::get_public_key(&self.secret);
        let mut tx = DeployAccountTransactionV3 {
            resource_bounds: bounds(),
            tip: Tip(0),
            signature: TransactionSignature::default(),
            nonce: Nonce(StarkFelt::ZERO),
            class_hash: self.class,
            contract_address_salt: ContractAddressSalt(public_key),
            constructor_calldata: Calldata(Arc::new(vec![public_key])),
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            paymaster_data: PaymasterData::default(),
        };
        let hash = Tx::deploy_account(tx.clone(), &self.chain_id).unwrap().hash();
        tx.signature = self.sign(&hash);
        Tx::deploy_account(tx, &self.chain_id).unwrap()
    }
}
