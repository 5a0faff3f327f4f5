//! One case from start to verdict.

use std::sync::Arc;

use bytes::Bytes;
use ecp_types::Genesis;

use super::{
    behind::{Behind, NoStart},
    execution::Execution,
    instance::Instance,
    model::Model,
    partner::Partner,
    stage::Stage,
    steps::{Play, Stopped},
};
use crate::{
    case::Case,
    execution_role::{CaseRun, NotStarted, Settings},
    schema::{self, Setup, binding, record::Event},
    subject::{HalfManifest, Placeholders, StartError, Subject, Workspace},
    transcript::Recorder,
    wire, workload,
};

/// Shortest time of a height, in milliseconds: a validator that is alone would fill the transcript otherwise.
const HEIGHT_MS: u32 = 100;

/// Transfers in the mempool of a case that does not say.
const MEMPOOL: u32 = 40;

/// Transfers in a block of a case that does not say.
const BLOCK_CAPACITY: u32 = 2;

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
    let fault = |what: String| recorder.record(Event::HarnessFault(schema::HarnessFault { what }));
    let mut log = String::new();
    let workspace = Workspace::new().map_err(|e| e.to_string());
    let prepared = match &workspace {
        Ok(workspace) => prepare(&case, subject, settings, &recorder, workspace).await,
        Err(what) => Err(NoStart::Suite(what.clone())),
    };
    match prepared {
        Ok(mut play) => {
            let not_started = steps(&case, &mut play, &recorder).await;
            play.stop().await;
            for instance in &play.instances {
                if play.instances.len() > 1 {
                    log += &format!("--- instance {}\n", instance.index());
                }
                log += &instance.output();
            }
            if let Some(error) = not_started {
                return Err(NotStarted { error, log: tail(&log) });
            }
        }
        Err(NoStart::Suite(what)) => fault(what),
        Err(NoStart::Half(error)) => {
            let log = workspace.as_ref().map_or_else(|_| String::new(), |w| outputs(w.path()));
            return Err(NotStarted { error, log: tail(&log) });
        }
    }
    let (judged, records) = recorder.finish();
    Ok(CaseRun { judged, records, log })
}

/// Does the steps until one fails; why the half did not start, if it did not.
async fn steps(case: &Case, play: &mut Play, recorder: &Recorder) -> Option<StartError> {
    let fault = |what: String| recorder.record(Event::HarnessFault(schema::HarnessFault { what }));
    for (index, step) in case.schema.steps.iter().enumerate() {
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        recorder.record(Event::StepBegan(schema::StepBegan { step: number }));
        match play.step(step).await {
            Ok(saw) => {
                let ended = schema::StepEnded { step: number, call: saw.call, observed: Some(saw.what) };
                recorder.record(Event::StepEnded(ended));
            }
            Err(Stopped::NotStarted(error)) => return Some(error),
            Err(Stopped::Failed) => {}
            Err(Stopped::Trouble(what)) => fault(what),
        }
        if recorder.has_failed() {
            break;
        }
        if let Err(what) = play.save(step) {
            fault(what);
            break;
        }
    }
    None
}

async fn prepare(
    case: &Arc<Case>,
    subject: &Subject,
    settings: &Settings,
    recorder: &Recorder,
    workspace: &Workspace,
) -> Result<Play, NoStart> {
    let (half, partners) = match subject {
        Subject::Launched(half) => (half, None),
        Subject::Pair(pair) => (&pair.consensus, Some(&pair.executions)),
        Subject::Running(_) => {
            let text = "a consensus half is certified by starting it: give its command";
            return Err(NoStart::Suite(text.to_owned()));
        }
    };
    let mut setup: Setup = case.schema.setup.unwrap_or_default();
    // Blocks are not empty for twenty heights.
    setup.mempool.get_or_insert(MEMPOOL);
    setup.block_capacity.get_or_insert(BLOCK_CAPACITY);
    setup.height_ms.get_or_insert(HEIGHT_MS);
    let fixture =
        workload::fixture(&settings.workload, &setup, settings.seed).map_err(|e| NoStart::Suite(e.to_string()))?;
    let genesis = Genesis::read(&fixture.genesis).map_err(|e| NoStart::Suite(e.to_string()))?;
    let genesis_path = workspace.path().join("genesis.json");
    std::fs::write(&genesis_path, &fixture.genesis).map_err(|e| NoStart::Suite(e.to_string()))?;

    let about = |requirement: &str| case.schema.verifies.iter().any(|id| id == requirement);
    let (budgets, silence) = (about("ECP-BUD-008"), about("ECP-SES-017"));
    let stage = Arc::new(Stage::new(recorder.clone(), Model::new(genesis.clone(), budgets), silence));
    let name = "first".to_owned();
    let value = Some(binding::Value::Number(genesis.first_height()));
    recorder.record(Event::Binding(schema::Binding { name, value }));

    let mut addresses = Vec::new();
    for _ in &fixture.keys {
        addresses.push(free_address().map_err(|e| NoStart::Suite(e.to_string()))?);
    }
    let mut instances = Vec::new();
    for (index, keys) in (0..).zip(&fixture.keys) {
        let path = workspace.path().join(format!("{index}.keys.json"));
        keys.write_new(&path).map_err(|e| NoStart::Suite(e.to_string()))?;
        let mut values = Placeholders::default();
        values.set("socket", workspace.socket(index).display().to_string());
        values.set("data", workspace.data(index).map_err(|e| NoStart::Suite(e.to_string()))?.display().to_string());
        values.set("genesis", genesis_path.display().to_string());
        values.set("keys", path.display().to_string());
        values.set("index", index.to_string());
        values.set("p2p", addresses[index as usize].clone());
        let peers = addresses.iter().enumerate().filter(|(peer, _)| *peer != index as usize);
        values.set("peers", peers.map(|(_, address)| address.as_str()).collect::<Vec<_>>().join(","));
        let behind = match partners {
            None => Behind::Suite(Execution::new(genesis.clone(), workspace.path(), index)),
            Some(partners) => {
                let half = &partners[index as usize % partners.len()];
                Behind::Half(partner(index, half, &values, workspace, recorder)?)
            }
        };
        instances.push(Instance::open(index, half, values, behind, workspace, &stage).await?);
    }
    Ok(Play::new(settings.clone(), stage, instances, genesis, fixture.chain))
}

/// The execution half of an instance whose consensus half has `values`.
fn partner(
    index: u32,
    half: &HalfManifest,
    values: &Placeholders,
    workspace: &Workspace,
    recorder: &Recorder,
) -> Result<Partner, NoStart> {
    let suite = |e: std::io::Error| NoStart::Suite(e.to_string());
    let socket = workspace.path().join(format!("e{index}"));
    let data = workspace.path().join(format!("de{index}"));
    std::fs::create_dir_all(&data).map_err(suite)?;
    let mut values = values.clone();
    values.set("socket", socket.display().to_string());
    values.set("data", data.display().to_string());
    values.set("jsonrpc", free_address().map_err(suite)?);
    Ok(Partner::new(index, half.clone(), values, workspace.path(), socket, recorder.clone()))
}

/// What halves that did not all start wrote to their outputs.
fn outputs(folder: &std::path::Path) -> String {
    let mut logs: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    logs.retain(|path| path.extension().is_some_and(|e| e == "log"));
    logs.sort();
    logs.iter().filter_map(|path| std::fs::read(path).ok()).map(|b| String::from_utf8_lossy(&b).into_owned()).collect()
}

/// `host:port` that was free a moment ago, chosen by the system.
fn free_address() -> std::io::Result<String> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.to_string())
}

/// The last lines of the half's output, to be shown after an error.
fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(10)..].iter().fold(String::new(), |text, line| text + "\n  | " + line)
}
