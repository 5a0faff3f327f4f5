//! A network in one process: engines with a host in memory, which proposes small bodies and finds every complete body
//! of the right commitment valid.
#![allow(unreachable_pub)]

pub mod host;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use ecp_malachite_engine::{EngineConfig, EngineFailure, EngineHandle, Role, start};
use ecp_signatures::{PrivateKey, Refused, Scheme, SigningRecord, record};
use ecp_types::{
    Certificate, Committee, Felt, Height, HeightParams, LastSigned, Member, Network, Quorum, Secret, Timeouts,
};
use tokio::{sync::watch, task::JoinHandle};

use host::{Host, Store};

/// Shows logs of a failed test when RUST_LOG asks for them.
pub fn logs() {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
}

/// A bound on what must happen; far above what it takes.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A record in memory that keeps everything that was signed.
#[derive(Default)]
pub struct MemoryRecord {
    state: Mutex<RecordState>,
    highest: watch::Sender<Option<LastSigned>>,
}

#[derive(Default)]
struct RecordState {
    last: Option<record::Recorded>,
    signed: BTreeMap<LastSigned, [u8; 32]>,
    refuse: bool,
}

impl MemoryRecord {
    /// Everything signed so far.
    pub fn signed(&self) -> BTreeMap<LastSigned, [u8; 32]> {
        self.state.lock().unwrap().signed.clone()
    }

    /// Waits until `step` or something higher is signed, and sees that `step` is.
    pub async fn has_signed(&self, step: LastSigned) {
        let mut highest = self.highest.subscribe();
        let reached = highest.wait_for(|highest| highest.is_some_and(|highest| highest >= step));
        tokio::time::timeout(DEADLINE, reached).await.unwrap_or_else(|_| panic!("{step:?} is not signed")).unwrap();
        assert!(self.signed().contains_key(&step), "{step:?} was left out");
    }

    /// Refuses everything from now on.
    pub fn refuse(&self) {
        self.state.lock().unwrap().refuse = true;
    }
}

impl SigningRecord for MemoryRecord {
    fn before_sign(&self, step: LastSigned, digest: &[u8; 32]) -> Result<(), Refused> {
        let mut state = self.state.lock().unwrap();
        if state.refuse {
            return Err(Refused::Silent { asked: step, reason: "the test says so".into() });
        }
        state.last = record::check(state.last.as_ref(), step, digest)?.or(state.last);
        state.signed.insert(step, *digest);
        self.highest.send_replace(Some(step));
        Ok(())
    }
}

/// What all nodes of a test have in common.
#[derive(Clone)]
pub struct TestNetwork {
    pub network: Network,
    pub scheme: Scheme,
    pub members: usize,
    pub first_height: Height,
    pub proposers: Vec<u32>,
    pub target_ms: Option<u32>,
}

impl TestNetwork {
    pub fn new(members: usize, scheme: Scheme) -> Self {
        Self {
            network: network("ECP_TEST"),
            scheme,
            members,
            first_height: 1,
            proposers: (0..members as u32).collect(),
            target_ms: None,
        }
    }

    pub fn key(&self, index: usize) -> PrivateKey {
        PrivateKey::from_bytes(self.scheme, Felt::from_u64(1_000 + index as u64).as_bytes()).unwrap()
    }

    pub fn address(&self, index: usize) -> Felt {
        Felt::from_u64(100 + index as u64)
    }

    /// The proposers rotate with the height.
    pub fn params(&self, height: Height) -> HeightParams {
        let members: Vec<_> = (0..self.members)
            .map(|index| Member {
                address: self.address(index),
                public_key: self.key(index).public_key().to_bytes().to_vec(),
                voting_power: 1,
            })
            .collect();
        let hash = [0; 32];
        let mut proposers = self.proposers.clone();
        if proposers.len() == self.members {
            proposers.rotate_left((height % self.members as u64) as usize);
        }
        HeightParams {
            height,
            committee: Committee { members, hash },
            proposers,
            builder: Felt::ZERO,
            quorum: Quorum::TWO_THIRDS,
            starknet_version: "0.14.4".into(),
            part_format: "memory".into(),
            commitment_scheme: "memory".into(),
            signature_scheme: self.scheme.name().into(),
            timeouts: Timeouts {
                propose_ms: 2_000,
                propose_delta_ms: 500,
                prevote_ms: 500,
                prevote_delta_ms: 250,
                precommit_ms: 500,
                precommit_delta_ms: 250,
                rebroadcast_ms: 1_000,
                target_height_ms: self.target_ms,
            },
            max_proposal_bytes: 8 << 20,
        }
    }
}

pub fn network(chain_id: &str) -> Network {
    Network { chain_id: chain_id.into(), genesis_hash: [0; 32], fork_id: 0, activation_digest: [0; 32] }
}

/// How a node of a test differs from the others.
#[derive(Clone, Default)]
pub struct Options {
    pub follower: bool,
    pub chain_id: Option<String>,
    /// Wait for this many peers before the first height.
    pub wait_for_peers: usize,
    /// Take the process down when this height is decided, before anything of it is kept.
    pub crash_at: Option<Height>,
}

/// A running node.
pub struct TestNode {
    pub handle: EngineHandle,
    pub decided: watch::Receiver<Option<Height>>,
    pub host: JoinHandle<()>,
    pub store: Arc<Mutex<Store>>,
    pub record: Arc<MemoryRecord>,
}

/// What outlives a node.
#[derive(Clone)]
pub struct Disk {
    pub wal: PathBuf,
    pub store: Arc<Mutex<Store>>,
    pub record: Arc<MemoryRecord>,
}

impl Disk {
    pub fn new(folder: &tempfile::TempDir, index: usize) -> Self {
        Self { wal: folder.path().join(format!("node-{index}")), store: Arc::default(), record: Arc::default() }
    }
}

impl TestNode {
    pub async fn start(network: &TestNetwork, index: usize, disk: &Disk, options: Options) -> Self {
        logs();
        let role = if options.follower {
            Role::Follower
        } else {
            let record = Arc::clone(&disk.record) as Arc<dyn SigningRecord>;
            Role::Validator { address: network.address(index), key: network.key(index), record }
        };
        let signs_for = options.chain_id.as_deref().map_or_else(|| network.network.clone(), self::network);
        let mut config = EngineConfig::new(signs_for, role, Secret::new([index as u8 + 1; 32]), disk.wal.clone());
        config.moniker = format!("node-{index}");
        config.status_interval = Duration::from_millis(200);
        let engine = start(config).await.unwrap();
        let (sender, decided) = watch::channel(disk.store.lock().unwrap().decided.keys().next_back().copied());
        let handle = engine.handle.clone();
        let host = Host::new(network.clone(), index, options, disk.clone(), handle.clone(), sender);
        let host = tokio::spawn(host.run(engine.messages));
        Self { handle, decided, host, store: Arc::clone(&disk.store), record: Arc::clone(&disk.record) }
    }

    /// Dials `other`.
    pub async fn connect(&self, other: &Self) {
        self.handle.add_peer(&other.handle.listening().unwrap().to_string()).await.unwrap();
    }

    /// Waits until `height` is decided here.
    pub async fn reaches(&mut self, height: Height) {
        let decided = self.decided.wait_for(|decided| decided.is_some_and(|decided| decided >= height));
        let failure = self.handle.failed();
        tokio::select! {
            reached = tokio::time::timeout(DEADLINE, decided) => {
                reached.unwrap_or_else(|_| panic!("height {height} is not decided")).unwrap();
            }
            failure = failure => panic!("waiting for height {height}: {failure}"),
        }
    }

    pub fn certificate(&self, height: Height) -> Certificate {
        self.store.lock().unwrap().decided[&height].0.clone()
    }

    pub async fn stop(self) {
        self.handle.shutdown().await;
        assert_eq!(self.handle.failed().await, EngineFailure::ShutDown);
        self.host.await.unwrap();
    }
}

/// Starts `n` nodes that are all connected.
pub async fn start_all(network: &TestNetwork, disks: &[Disk], options: &Options) -> Vec<TestNode> {
    let mut nodes = Vec::new();
    for (index, disk) in disks.iter().enumerate() {
        nodes.push(TestNode::start(network, index, disk, options.clone()).await);
    }
    for (index, node) in nodes.iter().enumerate() {
        for other in &nodes[index + 1..] {
            node.connect(other).await;
        }
    }
    nodes
}
