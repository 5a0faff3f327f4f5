//! The reference execution half: see `reference-execution --help`.

use std::process::ExitCode;

use clap::Parser as _;
use reference_execution::cli::{Cli, run};

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refused) => {
            eprintln!("error: {refused}");
            ExitCode::FAILURE
        }
    }
}
