//! One case from start to verdict.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::state::{State, Trouble};
use crate::{
    case::Case,
    schema::{self, Record, Setup, process, record::Event},
    subject::{Address, HalfManifest, Placeholders, Process, StartError, Subject, Workspace},
    transcript::Recorder,
    verdict::Judged,
    wire,
    workload::{self, Fixture},
};

/// What running a case gives.
pub struct CaseRun {
    /// What it came to.
    pub judged: Judged,
    /// Everything that was said.
    pub records: Vec<Record>,
    /// What the half wrote to its output.
    pub log: String,
}

/// The half could not be started: the case did not run.
#[derive(Debug, thiserror::Error)]
#[error("{error}{log}")]
pub struct NotStarted {
    /// Why.
    pub error: StartError,
    /// The end of its output, or nothing.
    pub log: String,
}

/// How cases run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Workload.
    pub workload: String,
    /// Seed of everything random.
    pub seed: u64,
    /// How long the suite waits for what is due, above budgets that the case gives.
    pub patience: Duration,
    /// Slack that deadlines are judged with.
    pub slack: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            workload: workload::TEST_CHAIN.to_owned(),
            seed: 1,
            patience: Duration::from_secs(10),
            slack: Duration::from_secs(2),
        }
    }
}

/// Runs `case`. `Err` only if the half did not start.
pub async fn run_case(case: Arc<Case>, subject: &Subject, settings: &Settings) -> Result<CaseRun, NotStarted> {
    let recorder = Recorder::new(Arc::clone(&case));
    recorder.record(Event::Header(schema::Header {
        case_id: case.id().to_owned(),
        role: case.role.name().to_owned(),
        workload: settings.workload.clone(),
        seed: settings.seed,
        suite_version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol_digest: Bytes::copy_from_slice(&wire::protocol_digest()),
        case_digest: Bytes::copy_from_slice(&case.digest),
        slack_ms: u64::try_from(settings.slack.as_millis()).unwrap_or(u64::MAX),
    }));
    let mut log = String::new();
    match prepare(&case, subject, settings, &recorder).await {
        Ok(mut state) => {
            for (index, step) in case.schema.steps.iter().enumerate() {
                let number = u32::try_from(index).unwrap_or(u32::MAX);
                recorder.record(Event::StepBegan(schema::StepBegan { step: number }));
                let outcome = state.step(step).await;
                match outcome {
                    Ok(observed) => recorder.record(Event::StepEnded(schema::StepEnded {
                        step: number,
                        call: observed.call,
                        observed: Some(observed.what),
                    })),
                    Err(trouble) => recorder.record(Event::HarnessFault(schema::HarnessFault { what: trouble.0 })),
                }
                if recorder.has_failed() {
                    break;
                }
                if let Err(trouble) = state.save(step) {
                    recorder.record(Event::HarnessFault(schema::HarnessFault { what: trouble.0 }));
                    break;
                }
            }
            if let Some(host) = &mut state.host {
                host.stop().await;
                log = host.log();
            }
        }
        Err(Preparing::NotStarted(not_started)) => return Err(not_started),
        Err(Preparing::Trouble(trouble)) => {
            recorder.record(Event::HarnessFault(schema::HarnessFault { what: trouble.0 }));
        }
    }
    let (judged, records) = recorder.finish();
    Ok(CaseRun { judged, records, log })
}

/// Why a case cannot begin.
pub(super) enum Preparing {
    /// The half did not start.
    NotStarted(NotStarted),
    /// The suite could not do what it should.
    Trouble(Trouble),
}

impl From<Trouble> for Preparing {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// Starts the half on the chain of the case.
pub(super) async fn prepare(
    case: &Arc<Case>,
    subject: &Subject,
    settings: &Settings,
    recorder: &Recorder,
) -> Result<State, Preparing> {
    let default = Setup::default();
    let setup = case.schema.setup.as_ref().unwrap_or(&default);
    let fixture = workload::fixture(&settings.workload, setup, settings.seed).map_err(Trouble::of)?;
    let (host, address) = match subject {
        Subject::Running(address) => (None, address.clone()),
        Subject::Pair(_) => return Err(Trouble("a case of an execution half runs on one half".to_owned()).into()),
        Subject::Launched(half) => {
            let host = Host::start(half, &fixture, recorder).await?;
            let address = host.address.clone();
            (Some(host), address)
        }
    };
    let running = host.is_none();
    let mut state = State::new(case, settings, recorder.clone(), fixture.chain, host, address)?;
    if running {
        state.catch_up().await?;
    }
    state.send_live().await?;
    Ok(state)
}

/// A half that the suite started.
pub(super) struct Host {
    half: HalfManifest,
    workspace: Workspace,
    values: Placeholders,
    pub address: Address,
    process: Option<Process>,
    /// The suite is ending the process: its end is nothing to report.
    expected: Arc<AtomicBool>,
    recorder: Recorder,
}

impl Host {
    async fn start(half: &HalfManifest, fixture: &Fixture, recorder: &Recorder) -> Result<Self, Preparing> {
        let workspace = Workspace::new().map_err(Trouble::of)?;
        let genesis = workspace.path().join("genesis.json");
        std::fs::write(&genesis, &fixture.genesis).map_err(Trouble::of)?;
        let keys = workspace.path().join("keys.json");
        if let Some(first) = fixture.keys.first() {
            first.write_new(&keys).map_err(Trouble::of)?;
        }
        let socket = workspace.socket(0);
        let mut values = Placeholders::default();
        values.set("socket", socket.display().to_string());
        values.set("data", workspace.data(0).map_err(Trouble::of)?.display().to_string());
        values.set("genesis", genesis.display().to_string());
        values.set("keys", keys.display().to_string());
        values.set("index", "0");
        values.set("jsonrpc", free_port().map_err(Trouble::of)?);
        let address = Address::Unix(socket);
        let expected = Arc::new(AtomicBool::new(false));
        let mut host = Self {
            half: half.clone(),
            workspace,
            values,
            address,
            process: None,
            expected,
            recorder: recorder.clone(),
        };
        host.launch().await.map_err(|error| Preparing::NotStarted(NotStarted { error, log: host.log_tail() }))?;
        Ok(host)
    }

    /// Starts the process and waits until it serves.
    pub(super) async fn launch(&mut self) -> Result<(), StartError> {
        if let Address::Unix(path) = &self.address {
            // What a killed process left would answer nothing, and tell nothing about the new one.
            let _ = std::fs::remove_file(path);
        }
        let log = self.workspace.log(0);
        let mut process = Process::spawn(&self.half, &self.values, self.workspace.path(), &log)?;
        self.record(process::What::Started(schema::Command { argv: process.argv().to_vec() }));
        let patience = Duration::from_millis(self.half.start_timeout_ms);
        process.until_it_serves(&self.address, patience).await?;
        self.record(process::What::Ready(pbjson_types::Empty {}));
        self.expected = Arc::new(AtomicBool::new(false));
        let (mut exit, expected, recorder) = (process.watch(), Arc::clone(&self.expected), self.recorder.clone());
        tokio::spawn(async move {
            if let Ok(ended) = exit.wait_for(Option::is_some).await
                && !expected.load(Ordering::SeqCst)
            {
                let what = Some(process::What::Exited((*ended).unwrap_or_default()));
                recorder.record(Event::Process(schema::Process { instance: 0, execution: false, what }));
            }
        });
        self.process = Some(process);
        Ok(())
    }

    /// URL of its JSON-RPC; none if its command does not take the address.
    pub(super) fn jsonrpc(&self) -> Option<String> {
        let takes_it = self.half.command.iter().chain(self.half.env.values()).any(|word| word.contains("{jsonrpc}"));
        takes_it.then(|| format!("http://{}", self.values.fill("{jsonrpc}")))
    }

    /// Kills the process, as a step of a case.
    pub(super) async fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            self.expected.store(true, Ordering::SeqCst);
            process.kill().await;
            self.record(process::What::Killed(pbjson_types::Empty {}));
        }
    }

    /// Waits for the process to end by itself.
    pub(super) async fn wait(&mut self, patience: Duration) -> Option<schema::Exit> {
        let process = self.process.as_mut()?;
        tokio::time::timeout(patience, process.wait()).await.ok()
    }

    /// Ends the process after the case.
    pub(super) async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            self.expected.store(true, Ordering::SeqCst);
            process.kill().await;
        }
    }

    fn record(&self, what: process::What) {
        self.recorder.record(Event::Process(schema::Process { instance: 0, execution: false, what: Some(what) }));
    }

    /// What the half wrote to its output.
    pub(super) fn log(&self) -> String {
        std::fs::read(self.workspace.log(0))
            .map_or_else(|_| String::new(), |b| String::from_utf8_lossy(&b).into_owned())
    }

    /// The last lines of its output, to be shown after an error.
    fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        let tail = &lines[lines.len().saturating_sub(10)..];
        tail.iter().fold(String::new(), |text, line| text + "\n  | " + line)
    }
}

/// `host:port` that was free a moment ago, chosen by the system.
fn free_port() -> std::io::Result<String> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    Ok(listener.local_addr()?.to_string())
}

/// 16 bytes from seed, case and purpose.
pub(super) fn derive16(seed: u64, case: &str, purpose: &str, counter: u64) -> Bytes {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(case.as_bytes());
    hash.update([0]);
    hash.update(purpose.as_bytes());
    hash.update(counter.to_be_bytes());
    Bytes::copy_from_slice(&hash.finalize()[..16])
}
