//! Validators for tests: execution halves in this process behind real Unix sockets, consensus halves as processes.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use ecp_engine_scripted::{RealPace, ScriptedEngine};
use ecp_execution_core::seams::{Clock, Store};
use ecp_execution_server::{DiskStore, Handle, Listen, Secret, Security, ServerConfig, serve};
use ecp_testchain::{Domain, ECP_TEST_1, Transfer, account_key, sign_transfer};
use ecp_types::{Genesis, Keys, encode_hex};
use serde_json::json;

const ALICE: [u8; 32] = [1; 32];
const BOB: [u8; 32] = [2; 32];
/// Nothing in these tests takes as long.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_reference-consensus"))
}

/// A network's files.
pub struct Net {
    pub dir: tempfile::TempDir,
    pub genesis: Genesis,
    pub validators: usize,
}

impl Net {
    pub fn new(validators: usize, scheme: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut committee = Vec::new();
        for i in 1..=validators {
            let file = dir.path().join(format!("keys-{i}.json"));
            let made = binary()
                .args(["keys", "new", "--scheme", scheme, "--address", &format!("{i:#x}"), "--out"])
                .arg(&file)
                .output()
                .unwrap();
            assert!(made.status.success(), "{made:?}");
            let keys = Keys::load(&file).unwrap();
            committee.push(json!({
                "address": keys.address, "public_key": encode_hex(&keys.public_key), "voting_power": 1,
            }));
        }
        let domain = Domain { chain_id: "ECP_TEST".into(), fork_id: 0 };
        let mempool: Vec<Transfer> =
            (0..40).map(|nonce| sign_transfer(&domain, &ALICE, account_key(&BOB), 1, nonce, 0)).collect();
        let file = json!({
            "format": "ecp-genesis/1", "chain_id": "ECP_TEST", "fork_id": 0, "first_height": 1,
            "params": {
                "committee": committee,
                "builder": "0xb", "quorum": {"numerator": 2, "denominator": 3},
                "timeouts": {
                    "propose_ms": 500, "propose_delta_ms": 500, "prevote_ms": 200, "prevote_delta_ms": 100,
                    "precommit_ms": 200, "precommit_delta_ms": 100, "rebroadcast_ms": 1000, "target_height_ms": 50
                },
                "starknet_version": "0.14.4", "part_format": ECP_TEST_1, "commitment_scheme": ECP_TEST_1,
                "signature_scheme": scheme, "max_proposal_bytes": 1_000_000
            },
            "workload": {"test_chain": {
                "accounts": [
                    {"key": encode_hex(&account_key(&ALICE)), "balance": 1000},
                    {"key": encode_hex(&account_key(&BOB)), "balance": 0}
                ],
                "mempool": mempool, "hash_lag": 2, "window_ms": 60_000, "capacity": 3, "batch": 2
            }}
        });
        let bytes = file.to_string().into_bytes();
        fs::write(dir.path().join("genesis.json"), &bytes).unwrap();
        Self { genesis: Genesis::read(&bytes).unwrap(), dir, validators }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The usual arguments of validator `i`.
    pub fn run(&self, i: usize) -> Command {
        let mut command = binary();
        command.arg("run").arg("--genesis").arg(self.path("genesis.json"));
        command.arg("--keys").arg(self.path(&format!("keys-{i}.json")));
        command.arg("--data").arg(self.path(&format!("consensus-{i}")));
        command.arg("--execution").arg(format!("unix:{}", self.socket(i).display()));
        command
    }

    pub fn socket(&self, i: usize) -> PathBuf {
        self.path(&format!("e{i}.sock"))
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn unix_ms(&self) -> u64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        u64::try_from(since.as_millis()).unwrap()
    }
}

/// A running execution half.
pub struct Execution {
    handle: Handle,
}

impl Execution {
    pub async fn start(net: &Net, i: usize) -> Self {
        Self::listen(net, i, Listen::Unix(net.socket(i)), Security::Owner).await
    }

    pub async fn with_secret(net: &Net, i: usize, secret: &Path) -> Self {
        let listen = Listen::Tcp("127.0.0.1:0".parse().unwrap());
        Self::listen(net, i, listen, Security::Secret(Secret::read(secret).unwrap())).await
    }

    async fn listen(net: &Net, i: usize, listen: Listen, security: Security) -> Self {
        let network = net.genesis.network();
        let file = net.path(&format!("execution-{i}.redb"));
        // The threads of a half that was just killed close their file; a real process would have taken it along.
        let store: Arc<dyn Store> = loop {
            match DiskStore::open(&file) {
                Ok(store) => break Arc::new(store),
                Err(ecp_execution_server::store::OpenError::Locked(_)) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        };
        let engine =
            ScriptedEngine::open(net.genesis.clone(), Arc::clone(&store), Arc::new(SystemClock), Arc::new(RealPace))
                .unwrap();
        let config = ServerConfig { security, ..ServerConfig::new(listen, network) };
        let handle = serve(Arc::new(engine), store, config).await.unwrap();
        Self { handle }
    }

    pub fn address(&self) -> String {
        self.handle.listen.to_string()
    }

    /// As a SIGKILL would.
    pub async fn kill(self) {
        self.handle.kill().await;
    }
}

/// A running consensus half; it ends with this value.
pub struct Consensus {
    child: Child,
    lines: mpsc::Receiver<String>,
    pub p2p: String,
    /// Commitments by height, as far as they were told.
    pub decided: BTreeMap<u64, String>,
    log: Vec<String>,
}

impl Drop for Consensus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Consensus {
    /// Starts it and waits until it listens for peers.
    pub fn start(command: &mut Command) -> Self {
        let mut consensus = Self::spawn(command);
        consensus.p2p = consensus.ready();
        consensus
    }

    /// Starts it.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        let err = BufReader::new(child.stderr.take().unwrap());
        let other = sender.clone();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        std::thread::spawn(move || err.lines().map_while(Result::ok).try_for_each(|line| other.send(line)));
        Self { child, lines, p2p: String::new(), decided: BTreeMap::new(), log: Vec::new() }
    }

    fn line(&mut self, deadline: Instant) -> Option<String> {
        let line = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()?;
        self.log.push(line.clone());
        if let Some((_, told)) = line.split_once("decided and committed height=")
            && let Some((height, commitment)) = told.split_once(" commitment=")
        {
            let known = self.decided.insert(height.parse().unwrap(), commitment.to_owned());
            assert!(known.is_none_or(|known| known == commitment), "two decisions at {height}");
        }
        Some(line)
    }

    fn ready(&mut self) -> String {
        let line = self.wait_for("the ready line", |line| line.starts_with('{'));
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        ready["ready"]["p2p"].as_str().unwrap().to_owned()
    }

    pub fn wait_for(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        while let Some(line) = self.line(deadline) {
            if wanted(&line) {
                return line;
            }
        }
        panic!("never came: {what}\n{}", self.log.join("\n"));
    }

    pub fn highest(&self) -> u64 {
        self.decided.keys().next_back().copied().unwrap_or(0)
    }

    /// Waits until this height is committed.
    pub fn wait_height(&mut self, height: u64) {
        let deadline = Instant::now() + PATIENCE;
        while self.highest() < height {
            if self.line(deadline).is_none() {
                panic!("height {height} never came\n{}", self.log.join("\n"));
            }
        }
    }

    /// SIGKILL.
    pub fn kill(mut self) -> BTreeMap<u64, String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        while self.line(Instant::now()).is_some() {}
        std::mem::take(&mut self.decided)
    }

    /// SIGTERM, and its exit code.
    pub fn terminate(mut self) -> Option<i32> {
        let id = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).unwrap();
        self.child.wait().unwrap().code()
    }

    /// Waits for its end by itself: exit code, and the last line.
    pub fn ended(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + PATIENCE;
        while self.line(deadline).is_some() {}
        assert!(Instant::now() < deadline, "it still runs: {}", self.log.join("\n"));
        let code = self.child.wait().unwrap().code();
        (code, self.log.last().cloned().unwrap_or_default())
    }
}

/// Runs a command that must end by itself: exit code and standard error.
pub fn refused(command: &mut Command) -> (Option<i32>, String) {
    let mut half = Consensus::spawn(command);
    let deadline = Instant::now() + PATIENCE;
    while half.line(deadline).is_some() {}
    assert!(Instant::now() < deadline, "it still runs: {}", half.log.join("\n"));
    (half.child.wait().unwrap().code(), half.log.join("\n"))
}

/// Reads everything.
pub fn text(path: &Path) -> String {
    let mut text = String::new();
    fs::File::open(path).unwrap().read_to_string(&mut text).unwrap();
    text
}
