//! A long soak: `ecp-soak --seconds N --seed S`. It ends with 1 if a rule was broken, and keeps the files then.

use std::{process::ExitCode, time::Duration};

use anyhow::Result;
use clap::Parser;
use conformance::demo::Light;
use ecp_e2e::{Files, soak};

/// Kills halves of validators at random and checks what the network does.
#[derive(Debug, Parser)]
#[command(name = "ecp-soak")]
struct Args {
    /// How long halves are killed, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// What is killed, when, and for how long comes from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Validators of equal power.
    #[arg(long, default_value_t = 4)]
    validators: u8,
    /// Most validators that lose a half at the same time; 0: nothing is killed, and the memory is looked at.
    #[arg(long, default_value_t = 1)]
    at_once: usize,
    /// The chain: transfers that wait in every mempool, or real transactions through JSON-RPC.
    #[arg(long, value_enum, default_value_t = Workload::TestChain)]
    workload: Workload,
    /// Transfers that wait in the mempool of the test chain at the start.
    #[arg(long, default_value_t = 2_000)]
    transfers: u64,
    /// Longest time without a new height while enough validators run, in seconds.
    #[arg(long, default_value_t = 40)]
    stall: u64,
}

/// Which chain the network runs.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Workload {
    TestChain,
    Starknet,
}

/// Accounts that send on Starknet: more than transfers can wait at the same time.
const ACCOUNTS: usize = 40;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let plan = soak::Plan {
        seed: args.seed,
        kills_for: Duration::from_secs(args.seconds),
        at_once: args.at_once,
        stall: Duration::from_secs(args.stall),
    };
    let (dir, outcome) = match args.workload {
        Workload::TestChain => {
            let files = Files::new(args.validators, args.transfers)?;
            let outcome = soak::run(files.path(), &files.genesis, &files.keys, plan).await;
            (files.dir, outcome)
        }
        Workload::Starknet => {
            let dir = tempfile::tempdir()?;
            let load = Light::new(dir.path(), args.seed, args.validators.into(), ACCOUNTS)?;
            let outcome = soak::run_starknet(dir.path(), load, plan).await;
            (dir, outcome)
        }
    };
    let failed = outcome.as_ref().map_or(true, |report| !report.violations.is_empty());
    if failed {
        eprintln!("the nodes' files are kept in {}", dir.keep().display());
    }
    let report = outcome?;
    println!(
        "seed {}: {} kills, {} new processes asked for, {} verdicts, height {}, at most {} ms without a new one",
        args.seed, report.kills, report.asked_again, report.proposals, report.height, report.longest_ms
    );
    if report.transfers > 0 {
        println!("{} transfers were taken by JSON-RPC", report.transfers);
    }
    if args.at_once == 0 {
        println!("seconds, height, KiB of each execution half, KiB of each consensus half");
        for at in &report.memory {
            println!("{}, {}, {:?}, {:?}", at.at_s, at.height, at.execution_kib, at.consensus_kib);
        }
    }
    for violation in &report.violations {
        println!("BROKEN: {violation}");
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
