//! Runs the cases of a plan, several at a time.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use tokio::{sync::Semaphore, task::JoinSet};

use super::plan::{Chosen, Plan};
use crate::{
    case::{Registry, Role},
    consensus_role,
    execution_role::{self, CaseRun, Settings},
    report::CaseReport,
    subject::Subject,
    transcript,
    verdict::{Judged, KnownFailing, Status},
};

/// Lines of the half's output that a report repeats.
const OUTPUT_LINES: usize = 8;

/// What a run came to.
pub struct Outcome {
    /// One for each case and workload of the plan.
    pub results: Vec<CaseReport>,
    /// Entries of the list of known failures without a case.
    pub stale: Vec<String>,
    /// Output of the half, by case.
    pub logs: BTreeMap<String, String>,
}

/// A run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The half did not start for the first case.
    #[error("the half did not start: {0}")]
    NotStarted(String),
    /// A file could not be written.
    #[error("{path}: {error}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A task of the suite ended in an unforeseen way.
    #[error("a case ended in an unforeseen way: {0}")]
    Lost(String),
}

/// Runs `plan`; transcripts go below `out` if it is given.
pub async fn execute(
    plan: &Plan,
    subject: &Subject,
    settings: &Settings,
    jobs: usize,
    out: Option<&Path>,
    mut known: KnownFailing,
    registry: &Registry,
) -> Result<Outcome, RunError> {
    // A half that runs already has one chain and one session at a time.
    let jobs = if subject.is_launched() { jobs.max(1) } else { 1 };
    let slots = Arc::new(Semaphore::new(jobs));
    let started = Arc::new(AtomicBool::new(false));
    let mut tasks = JoinSet::new();
    for (index, chosen) in plan.to_run().cloned().enumerate() {
        let (slots, started, subject) = (Arc::clone(&slots), Arc::clone(&started), subject.clone());
        let settings = Settings { workload: chosen.workload.clone(), ..settings.clone() };
        tasks.spawn(async move {
            let permit = slots.acquire_owned().await;
            let began = Instant::now();
            let run = one(&chosen, &subject, &settings).await;
            if run.is_ok() {
                started.store(true, Ordering::SeqCst);
            }
            drop(permit);
            (index, chosen, run, began.elapsed())
        });
    }
    let mut results: Vec<CaseReport> =
        plan.0.iter().filter_map(|c| c.not_claimed.as_ref().map(|why| not_claimed(c, why))).collect();
    let mut logs = BTreeMap::new();
    while let Some(joined) = tasks.join_next().await {
        let (_, chosen, run, took) = joined.map_err(|e| RunError::Lost(e.to_string()))?;
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let run = match run {
            Ok(run) => run,
            // Nothing has started yet, so nothing will: dropping the tasks ends the others.
            Err(why) if !started.load(Ordering::SeqCst) => return Err(RunError::NotStarted(why.to_string())),
            Err(why) => did_not_start(&why.to_string()),
        };
        let mut result = reported(&chosen, &run.judged, known.apply(chosen.case.id(), &run.judged), registry);
        result.took_ms = took_ms;
        if let Some(out) = out {
            let transcript = write_transcript(out, &chosen, &run)?;
            if result.status != Status::Pass {
                let path = out.join(&transcript).display().to_string();
                result.replay = Some(format!("conformance replay {} {}", quoted(&path), half_words(subject)));
            }
            result.transcript = Some(transcript);
        }
        if result.status != Status::Pass {
            result.output = last_lines(&run.log);
        }
        result.again = Some(again(&chosen, subject, settings.seed));
        logs.insert(result.id.clone(), run.log);
        results.push(result);
    }
    Ok(Outcome { results, stale: known.unmatched(), logs })
}

async fn one(chosen: &Chosen, subject: &Subject, settings: &Settings) -> Result<CaseRun, execution_role::NotStarted> {
    let case = Arc::clone(&chosen.case);
    match case.role {
        Role::Consensus | Role::Both => consensus_role::run_case(case, subject, settings).await,
        Role::Execution => execution_role::run_case(case, subject, settings).await,
    }
}

fn not_claimed(chosen: &Chosen, why: &str) -> CaseReport {
    CaseReport {
        id: chosen.case.id().to_owned(),
        about: chosen.case.schema.about.clone(),
        workload: chosen.workload.clone(),
        status: Status::NotClaimed,
        verifies: chosen.case.schema.verifies.clone(),
        why: Some(why.to_owned()),
        failures: Vec::new(),
        broken: BTreeMap::new(),
        transcript: None,
        again: None,
        replay: None,
        output: Vec::new(),
        took_ms: 0,
    }
}

fn did_not_start(why: &str) -> CaseRun {
    let failure = crate::verdict::Failure {
        step: None,
        requirement: None,
        did: format!("it did not start, although it did before: {why}"),
        legal: vec!["it starts".to_owned()],
    };
    let judged = Judged { status: Status::Fail, failures: vec![failure], harness_fault: None };
    CaseRun { judged, records: Vec::new(), log: why.to_owned() }
}

fn reported(chosen: &Chosen, judged: &Judged, status: Status, registry: &Registry) -> CaseReport {
    let broken = judged
        .failures
        .iter()
        .filter_map(|f| registry.get(f.requirement.as_deref()?))
        .map(|r| (r.id.clone(), r.text.clone()))
        .collect();
    let disputed = (status == Status::Disputed).then(|| format!("disputed: {}", chosen.case.schema.disputed));
    CaseReport {
        id: chosen.case.id().to_owned(),
        about: chosen.case.schema.about.clone(),
        workload: chosen.workload.clone(),
        status,
        verifies: chosen.case.schema.verifies.clone(),
        why: judged.harness_fault.clone().or(disputed),
        failures: judged.failures.clone(),
        broken,
        transcript: None,
        again: None,
        replay: None,
        output: Vec::new(),
        took_ms: 0,
    }
}

/// The command that runs a case again.
fn again(chosen: &Chosen, subject: &Subject, seed: u64) -> String {
    let role = chosen.case.role.name();
    format!("conformance run --role {role} --only '{}' --seed {seed} {}", chosen.case.id(), half_words(subject))
}

/// How the half is named on a command line.
fn half_words(subject: &Subject) -> String {
    let words: Vec<_> = subject.describe().iter().map(|w| quoted(w)).collect();
    match subject {
        Subject::Launched(_) => format!("-- {}", words.join(" ")),
        Subject::Running(_) => format!("--addr {}", words.join(" ")),
        Subject::Pair(pair) => {
            let manifests = pair.manifests.iter().map(|path| format!("--manifest {}", quoted(path)));
            manifests.collect::<Vec<_>>().join(" ")
        }
    }
}

/// The end of what a half wrote to its output.
fn last_lines(log: &str) -> Vec<String> {
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(OUTPUT_LINES)..].iter().map(|line| (*line).to_owned()).collect()
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,{}".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Writes the transcript, and the half's output if the case did not pass; the transcript's path below `out`.
fn write_transcript(out: &Path, chosen: &Chosen, run: &CaseRun) -> Result<String, RunError> {
    let name = format!("transcripts/{}.{}.binpb", chosen.case.id(), chosen.workload);
    let path = out.join(&name);
    let failed = |error| RunError::Write { path: path.clone(), error };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    transcript::write(&path, &run.records).map_err(failed)?;
    if run.judged.status != Status::Pass && !run.log.is_empty() {
        std::fs::write(path.with_extension("log"), &run.log).map_err(failed)?;
    }
    Ok(name)
}
