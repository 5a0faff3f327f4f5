//! `reference-consensus`: the reference consensus half as a process.

use clap::Parser;
use reference_consensus::{Unchanged, cli};

/// The reference consensus half of the Starknet Execution-Consensus Protocol.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: cli::Command,
}

fn main() -> std::process::ExitCode {
    cli::execute(Arguments::parse().command, &Unchanged)
}
