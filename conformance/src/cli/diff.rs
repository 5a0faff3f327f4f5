//! `conformance diff`.

use std::{path::PathBuf, sync::Arc};

use clap::Args;

use super::{
    CliError, Exit,
    half::{Half, HalfArgs},
    replay::{exit_of, play},
    run::Suite,
};
use crate::{
    case::Role,
    compare::{answers, questions},
    execution_role::Settings,
    verdict::Judge,
    workload::TEST_CHAIN,
};

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// Manifest of one client.
    #[arg(value_name = "A.toml")]
    first: PathBuf,
    /// Manifest of the other.
    #[arg(value_name = "B.toml")]
    second: PathBuf,
    /// The case that both run, such as EXE/decide/commits.
    #[arg(long, value_name = "CASE")]
    script: String,
    /// Workload that it runs on.
    #[arg(long, value_name = "W", default_value = TEST_CHAIN)]
    workload: String,
    /// Seed of keys, ids and chains.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Runs one case on two halves and shows where they part.
pub(super) async fn diff(args: DiffArgs) -> Result<Exit, CliError> {
    let suite = Suite::load()?;
    let case = suite.cases.get(&args.script).ok_or_else(|| {
        CliError::usage(format!("--script {}: there is no such case; see `conformance list`", args.script))
    })?;
    if case.role == Role::Both {
        return Err(CliError::usage("two halves of one role are compared; a PAIR case has one of each"));
    }
    let case = Arc::new(case.clone());
    let settings = Settings { workload: args.workload.clone(), seed: args.seed, ..Settings::default() };
    let mut runs = Vec::new();
    for manifest in [args.first, args.second] {
        let half: Half = HalfArgs::of_manifest(manifest).half(case.role)?;
        if !half.workloads.contains(&args.workload) {
            return Err(CliError::usage(format!("{} does not claim the workload {}", half.name, args.workload)));
        }
        let records = play(Arc::clone(&case), &half, &settings).await?;
        let mut judge = Judge::new(Arc::clone(&case));
        records.iter().for_each(|record| judge.observe(record));
        let judged = judge.finish();
        let why = judged.failures.first().map(|f| format!(": {}", f.did)).unwrap_or_default();
        println!("{}  {}{why}", judged.status.name(), half.name);
        runs.push((half.name, records));
    }
    let [(mut first, one), (mut second, two)] =
        <[_; 2]>::try_from(runs).map_err(|_| CliError::suite("two halves ran"))?;
    if first == second {
        first += " (first)";
        second += " (second)";
    }
    let comparison = if case.role == Role::Execution { answers(&one, &two) } else { questions(&one, &two) };
    print!("{}", comparison.text(&first, &second));
    Ok(exit_of(&comparison))
}
