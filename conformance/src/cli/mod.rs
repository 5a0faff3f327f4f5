//! The command line. Its words and exit codes are a contract.

mod coverage;
mod demo;
mod diff;
mod explain;
mod faults;
mod half;
mod init;
mod known;
mod list;
mod matrix;
mod monitor;
mod reference;
mod replay;
mod run;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All as expected.
    Expected = 0,
    /// An unexpected failure, or a known failure that passed.
    Unexpected = 1,
    /// A mistake in the command line, a manifest or a list.
    Usage = 2,
    /// The suite itself failed.
    Suite = 3,
    /// The half did not start.
    NotStarted = 4,
    /// Nothing ran.
    NothingRan = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command could not be carried out.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct CliError {
    /// The exit code.
    pub exit: Exit,
    /// What went wrong and what to do.
    pub text: String,
}

impl CliError {
    /// A mistake of the caller.
    pub fn usage(text: impl std::fmt::Display) -> Self {
        Self { exit: Exit::Usage, text: text.to_string() }
    }

    /// A failure of the suite.
    pub fn suite(text: impl std::fmt::Display) -> Self {
        Self { exit: Exit::Suite, text: text.to_string() }
    }
}

/// Certifies either half of the Starknet Execution-Consensus Protocol, or a pair.
#[derive(Debug, Parser)]
#[command(name = "conformance", version, max_term_width = 100)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs cases on a half and writes report.json, junit.xml, report.html and transcripts.
    Run(run::RunArgs),
    /// Lists cases, one a line, id first.
    List(list::ListArgs),
    /// Explains a case or a requirement.
    Explain(explain::ExplainArgs),
    /// Shows which requirements have cases.
    Coverage(coverage::CoverageArgs),
    /// Lists the faults that the suite has to catch; with --run, runs each against its cases.
    Faults(faults::FaultsArgs),
    /// Sends a half the bytes of a transcript again and shows where it departs from it.
    Replay(replay::ReplayArgs),
    /// Runs one case on two halves and shows where they part.
    Diff(diff::DiffArgs),
    /// Stands between two halves as a proxy and tells which rules they break, until it is interrupted.
    Monitor(monitor::MonitorArgs),
    /// Writes a manifest for a client.
    Init(init::InitArgs),
    /// Brings a list of known failures in line with a report.
    UpdateKnownFailing(known::UpdateArgs),
    /// Checks a report: its digests, its score and its verdict must follow from what it says.
    VerifyReport(verify::VerifyArgs),
    /// Starts four validators, sends them real Starknet transactions, and certifies both halves.
    Demo(crate::demo::DemoArgs),
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let asked = !error.use_stderr();
            // Nowhere to say that nothing can be said.
            let _ = error.print();
            return if asked { Exit::Expected.into() } else { Exit::Usage.into() };
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("conformance: no runtime: {error}");
            return Exit::Suite.into();
        }
    };
    let result = runtime.block_on(async {
        // The monitor ends by being interrupted, and so do the nodes that the demo keeps.
        if matches!(args.command, Command::Monitor(_) | Command::Demo(_)) {
            return carry_out(args.command).await;
        }
        tokio::select! {
            result = carry_out(args.command) => result,
            _ = tokio::signal::ctrl_c() => Err(CliError { exit: Exit::Suite, text: "interrupted".to_owned() }),
        }
    });
    // Tasks that are still running hold nothing that must be finished; processes end with what holds them.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("conformance: {error}");
            error.exit.into()
        }
    }
}

async fn carry_out(command: Command) -> Result<Exit, CliError> {
    match command {
        Command::Run(args) => run::run(args).await,
        Command::List(args) => list::list(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Coverage(args) => coverage::coverage(&args),
        Command::Faults(args) => faults::faults(args).await,
        Command::Replay(args) => replay::replay(args).await,
        Command::Diff(args) => diff::diff(args).await,
        Command::Monitor(args) => monitor::monitor(args).await,
        Command::Init(args) => init::init(&args),
        Command::UpdateKnownFailing(args) => known::update(&args),
        Command::VerifyReport(args) => verify::verify(&args),
        Command::Demo(args) => demo::demo(args).await,
    }
}
