//! Execution halves over the scripted engine that each break one requirement, so that a suite can show that it
//! notices. See `faulty-execution --help` and `--list-faults`.

mod cli;
mod crash;
mod fault;
mod faults;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refused) => {
            eprintln!("error: {refused}");
            ExitCode::FAILURE
        }
    }
}
