//! Random kills: halves of validators die and come back, as a seed says, while everything that is told is written down.

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use conformance::{
    demo::Light,
    network::{Half, Network, Reader},
    poll,
};
use ecp_signatures::verify_certificate;
use ecp_types::{Commitment, Height};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use tokio::{sync::Notify, task::JoinSet, time::MissedTickBehavior};

use crate::{
    binaries,
    history::{Bounds, Event, Violation, check},
    judged,
};

/// Shows each verdict in the consensus halves' logs, from which proposals are read.
const LOG: (&str, &str) =
    ("ECP_CONSENSUS_LOG", "warn,reference_consensus=debug,arc_malachitebft_network=error,libp2p=error");
/// How often a half that comes back is tried until its Watch can be opened again.
const REOPEN: Duration = Duration::from_millis(20);
/// Between two transfers of the load.
const TRANSFER: Duration = Duration::from_millis(200);
/// Between two looks at the memory.
const SAMPLE: Duration = Duration::from_secs(5);
/// Longest pauses: now and then nothing, often a moment, sometimes as long as rounds and reconnects take.
const PAUSES_MS: [u64; 4] = [1, 150, 800, 4_000];
/// Blocks that every validator commits after the last kill.
const AFTERWARDS: Height = 3;

/// What a soak does.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Everything random comes from it; the timing of the machine does not.
    pub seed: u64,
    /// How long halves are killed.
    pub kills_for: Duration,
    /// Most validators that lose a half at the same time; 0: nothing is killed.
    pub at_once: usize,
    /// Longest time without a new height while enough validators run, and for catching up in the end.
    pub stall: Duration,
}

/// What a soak saw.
#[derive(Debug)]
pub struct Report {
    /// Kills of halves.
    pub kills: usize,
    /// Consensus halves that asked to be started again.
    pub asked_again: usize,
    /// Verdicts on valid proposals that were read from logs.
    pub proposals: usize,
    /// Highest committed height.
    pub height: Height,
    /// Longest time without a new height on any validator, in milliseconds.
    pub longest_ms: u64,
    /// Transfers that JSON-RPC took, if there was a load.
    pub transfers: usize,
    /// What the processes held in memory while they ran.
    pub memory: Vec<Memory>,
    /// What was broken.
    pub violations: Vec<Violation>,
}

/// Memory of all processes at one moment.
#[derive(Debug, Clone)]
pub struct Memory {
    /// Seconds since the start.
    pub at_s: u64,
    /// Highest committed height.
    pub height: Height,
    /// Resident KiB of each execution half that runs.
    pub execution_kib: Vec<u64>,
    /// Resident KiB of each consensus half that runs.
    pub consensus_kib: Vec<u64>,
}

/// Everything that was seen so far, by many tasks.
#[derive(Clone)]
struct Log {
    begin: Instant,
    events: Arc<Mutex<Vec<Event>>>,
    grew: Arc<Notify>,
}

impl Log {
    fn new() -> Self {
        Self { begin: Instant::now(), events: Arc::default(), grew: Arc::default() }
    }

    fn add(&self, event: impl FnOnce(u64) -> Event) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        // The time is read under the lock: events are sorted by it.
        let at_ms = u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        events.push(event(at_ms));
        drop(events);
        self.grew.notify_one();
    }

    fn committed(&self, validators: usize) -> Vec<Option<Height>> {
        let mut tops = vec![None; validators];
        for event in self.events.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Event::Committed { node, height, .. } = event {
                tops[*node] = tops[*node].max(Some(*height));
            }
        }
        tops
    }
}

/// Runs a network of one validator for each keys file, kills as planned, and judges what was seen.
///
/// # Errors
/// The network cannot be run or read; what it does wrong stands in the report.
pub async fn run(dir: &Path, genesis: &Path, keys: &[PathBuf], plan: Plan) -> Result<Report> {
    soak(dir, genesis, keys, plan, None).await
}

/// The same on Starknet, under a light load of transfers.
///
/// # Errors
/// As [`run`].
pub async fn run_starknet(dir: &Path, load: Light, plan: Plan) -> Result<Report> {
    let (genesis, keys) = (load.genesis.clone(), load.keys.clone());
    soak(dir, &genesis, &keys, plan, Some(load)).await
}

async fn soak(dir: &Path, genesis: &Path, keys: &[PathBuf], plan: Plan, load: Option<Light>) -> Result<Report> {
    let network = Network::start_with(&binaries()?, dir, genesis, keys, &[LOG]).await?;
    let mut soak = Soak {
        network,
        log: Log::new(),
        random: StdRng::seed_from_u64(plan.seed),
        plan,
        kills: 0,
        urls: Arc::default(),
        transfers: Arc::default(),
        memory: Vec::new(),
    };
    soak.tell_urls();
    let mut tasks = soak.watch();
    if let Some(load) = load {
        tasks.spawn(send(load, Arc::clone(&soak.urls), Arc::clone(&soak.transfers)));
    }
    let outcome = soak.drive().await;
    tasks.shutdown().await;
    let expected = outcome?;
    soak.archives().await?;
    soak.log.add(|at_ms| Event::End { at_ms });
    soak.finish(expected).await
}

/// Where JSON-RPC is served now.
type Urls = Arc<Mutex<Vec<String>>>;

/// Sends transfers to one node after the other. Those that a dying node does not take are none.
async fn send(mut load: Light, urls: Urls, taken: Arc<AtomicUsize>) {
    let mut pace = tokio::time::interval(TRANSFER);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for turn in 0.. {
        pace.tick().await;
        let url = {
            let urls = urls.lock().unwrap_or_else(PoisonError::into_inner);
            urls.get(turn % urls.len().max(1)).cloned()
        };
        if let Some(url) = url
            && load.send(&url).await.is_ok()
        {
            taken.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Soak {
    network: Network,
    log: Log,
    random: StdRng,
    plan: Plan,
    kills: usize,
    urls: Urls,
    transfers: Arc<AtomicUsize>,
    memory: Vec<Memory>,
}

impl Soak {
    fn validators(&self) -> usize {
        self.network.validators.len()
    }

    /// Follows every execution half through all its processes.
    fn watch(&self) -> JoinSet<()> {
        let mut watchers = JoinSet::new();
        for (node, validator) in self.network.validators.iter().enumerate() {
            let (socket, log, network) =
                (validator.socket().to_owned(), self.log.clone(), self.network.genesis.network());
            watchers.spawn(async move {
                loop {
                    let open = || async { Ok::<_, Infallible>(Reader::open(&socket, network.clone()).await.ok()) };
                    let Ok(opened) = poll::until(REOPEN, Duration::MAX, open).await;
                    let Some(mut reader) = opened else { return };
                    let mut last = None;
                    // It ends with the process that it watches.
                    let _ended = reader
                        .watch(|state| {
                            if let Some(position) = state.committed.filter(|p| last != Some(*p)) {
                                last = Some(position);
                                let (height, commitment) = (position.height, position.commitment);
                                log.add(|at_ms| Event::Committed { at_ms, node, height, commitment });
                            }
                            false
                        })
                        .await;
                }
            });
        }
        watchers
    }

    /// Kills until the time is over, then waits until everybody has caught up; tells what height that was.
    async fn drive(&mut self) -> Result<Height> {
        let mut last_kill = Instant::now();
        while self.log.begin.elapsed() < self.plan.kills_for {
            self.sample();
            self.pause().await;
            self.restart_ended().await?;
            if self.plan.at_once > 0 {
                self.strike().await?;
                last_kill = Instant::now();
            }
        }
        let expected = self.reached() + AFTERWARDS;
        let deadline = last_kill.max(Instant::now()) + self.plan.stall;
        loop {
            self.restart_ended().await?;
            if self.log.committed(self.validators()).iter().all(|top| top.is_some_and(|top| top >= expected)) {
                break;
            }
            let news = async {
                tokio::select! {
                    () = self.log.grew.notified() => {}
                    () = self.network.any_ended() => {}
                }
            };
            if tokio::time::timeout_at(deadline.into(), news).await.is_err() {
                break;
            }
        }
        Ok(expected)
    }

    /// Highest height that any validator committed.
    fn reached(&self) -> Height {
        self.log.committed(self.validators()).into_iter().max().flatten().unwrap_or_default()
    }

    fn tell_urls(&self) {
        let urls = self.network.validators.iter().filter_map(|v| v.jsonrpc().map(ToOwned::to_owned)).collect();
        *self.urls.lock().unwrap_or_else(PoisonError::into_inner) = urls;
    }

    /// Looks at the memory now and then.
    fn sample(&mut self) {
        let at_s = self.log.begin.elapsed().as_secs();
        if self.memory.last().is_some_and(|last| at_s < last.at_s + SAMPLE.as_secs()) {
            return;
        }
        let of = |half| (0..self.validators()).filter_map(|node| self.network.resident_kib(node, half)).collect();
        let (execution_kib, consensus_kib) = (of(Half::Execution), of(Half::Consensus));
        self.memory.push(Memory { at_s, height: self.reached(), execution_kib, consensus_kib });
    }

    async fn pause(&mut self) {
        let longest = PAUSES_MS[self.random.gen_range(0..PAUSES_MS.len())];
        let ms = self.random.gen_range(0..longest);
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    /// Kills halves of one or more validators and starts them again, in any order.
    async fn strike(&mut self) -> Result<()> {
        let mut nodes: Vec<usize> = (0..self.validators()).collect();
        nodes.shuffle(&mut self.random);
        nodes.truncate(self.random.gen_range(1..=self.plan.at_once.min(self.validators())));
        let mut dead = Vec::new();
        for node in nodes {
            let halves: &[Half] = match self.random.gen_range(0..3) {
                0 => &[Half::Execution],
                1 => &[Half::Consensus],
                _ => &[Half::Execution, Half::Consensus],
            };
            dead.extend(halves.iter().map(|half| (node, *half)));
        }
        dead.shuffle(&mut self.random);
        for (node, half) in &dead {
            let (node, half) = (*node, *half);
            // Down before the signal and up after the ready line: only what certainly runs counts as running.
            self.log.add(|at_ms| Event::Down { at_ms, node, half });
            self.network.kill(node, half).await;
            self.kills += 1;
        }
        self.pause().await;
        dead.shuffle(&mut self.random);
        for (node, half) in &dead {
            self.network.launch(*node, *half).await?;
        }
        // An execution half is ready by itself, a consensus half only with it.
        dead.sort_by_key(|(_, half)| *half == Half::Consensus);
        for (node, half) in dead {
            self.ready(node, half).await?;
        }
        Ok(())
    }

    /// Waits for a launched half. One that asks for a new process before it is ready gets it later.
    async fn ready(&mut self, node: usize, half: Half) -> Result<()> {
        match self.network.ready(node, half).await {
            Ok(()) => {
                self.log.add(|at_ms| Event::Up { at_ms, node, half });
                self.tell_urls();
            }
            Err(error) if self.network.exited(node, half).is_none() => return Err(error),
            Err(_) => {}
        }
        Ok(())
    }

    /// As a supervisor does: what ended by itself is written down, and started again.
    async fn restart_ended(&mut self) -> Result<()> {
        for node in 0..self.validators() {
            for half in [Half::Execution, Half::Consensus] {
                let Some((code, log)) = self.network.exited(node, half) else { continue };
                self.log.add(|at_ms| Event::Down { at_ms, node, half });
                self.log.add(|_| Event::Exited { node, half, code, log });
                self.network.launch(node, half).await?;
                self.ready(node, half).await?;
            }
        }
        Ok(())
    }

    /// Reads every block of every archive, and checks its certificate.
    async fn archives(&mut self) -> Result<()> {
        let tops = self.log.committed(self.validators());
        let (network, first_height) = (self.network.genesis.network(), self.network.genesis.first_height());
        for (node, top) in tops.into_iter().enumerate() {
            let Some(top) = top else { continue };
            let mut reader = self.network.reader(node).await?;
            let blocks =
                reader.decided(first_height, top).await.with_context(|| format!("archive of validator {node}"))?;
            for block in blocks {
                let params = self.network.genesis.height_params(block.height).context("a height without parameters")?;
                let verified = verify_certificate(&block.certificate, &params, &network);
                let (height, commitment) = (block.height, Commitment(block.commitment));
                let bad_certificate = verified.err().map(|error| error.to_string());
                self.log.add(|_| Event::Archived { node, height, commitment, bad_certificate });
            }
        }
        Ok(())
    }

    async fn finish(self, expected: Height) -> Result<Report> {
        let bounds = Bounds {
            validators: self.validators(),
            first_height: self.network.genesis.first_height(),
            stall_ms: u64::try_from(self.plan.stall.as_millis())?,
        };
        let homes: Vec<_> = self.network.validators.iter().map(|v| v.home().to_owned()).collect();
        self.network.stop().await;
        let mut events = std::mem::take(&mut *self.log.events.lock().unwrap_or_else(PoisonError::into_inner));
        for (node, home) in homes.iter().enumerate() {
            events.extend(judged::read(node, &home.join("consensus.log"))?);
        }
        let kills = self.kills;
        let asked_again = events.iter().filter(|e| matches!(e, Event::Exited { code: Some(5), .. })).count();
        let proposals = events.iter().filter(|e| matches!(e, Event::Judged { .. })).count();
        let (mut height, mut longest_ms, mut last) = (0, 0, 0);
        for event in &events {
            if let Event::Committed { at_ms, height: new, .. } = event
                && *new > height
            {
                (height, longest_ms, last) = (*new, longest_ms.max(at_ms - last), *at_ms);
            }
        }
        let violations = check(&events, bounds, expected);
        let transfers = self.transfers.load(Ordering::Relaxed);
        Ok(Report { kills, asked_again, proposals, height, longest_ms, transfers, memory: self.memory, violations })
    }
}
