//! Consensus halves that each break one requirement, so that a suite can show that it notices. The command line is
//! that of `reference-consensus`, with `--fault NAME`, `--list-faults`
//! and `--crash-at POINT`.

mod client;
mod crash;
mod fault;
mod streams;

use std::{process::ExitCode, sync::Arc};

use clap::Parser;
use ecp_consensus_core::Durable;
use ecp_execution_client::Connector;
use reference_consensus::{Hooks, cli, store::Observer};

use crate::{client::FaultyConnector, fault::Fault};

/// A consensus half with one fault.
#[derive(Debug, Parser)]
#[command(name = "faulty-consensus", version, arg_required_else_help = true)]
struct Arguments {
    /// The fault; without one, the half is sound.
    #[arg(long, global = true, value_name = "NAME")]
    fault: Option<String>,
    /// Kill the process at an internal point.
    #[arg(long, global = true, value_name = "POINT", value_parser = crash::POINTS)]
    crash_at: Option<String>,
    /// Print all faults, one JSON object a line, and end.
    #[arg(long)]
    list_faults: bool,
    #[command(subcommand)]
    command: Option<cli::Command>,
}

struct Faulty {
    fault: Option<Fault>,
    crash_at: Option<String>,
}

impl Hooks for Faulty {
    fn loaded(&self, durable: &mut Durable) {
        if self.fault == Some(Fault::RebuildsAfterRestart) && !durable.marks.is_empty() {
            durable.marks.clear();
            durable.bodies.retain(|_, body| !body.own);
            fault::activated(Fault::RebuildsAfterRestart);
        }
    }

    fn observer(&self) -> Option<Observer> {
        self.crash_at.clone().map(crash::observer)
    }

    fn connector(&self, connector: Arc<dyn Connector>) -> Arc<dyn Connector> {
        match self.fault {
            Some(fault) => Arc::new(FaultyConnector::new(connector, fault)),
            None => connector,
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list_faults {
        for fault in fault::ALL {
            let (name, requirement, does) = (fault.name(), fault.requirement(), fault.does());
            println!("{}", serde_json::json!({ "name": name, "requirement": requirement, "does": does }));
        }
        return ExitCode::SUCCESS;
    }
    let fault = match arguments.fault.as_deref().map(|name| (name, fault::find(name))) {
        Some((name, None)) => {
            eprintln!("error: there is no fault {name}: --list-faults tells their names");
            return ExitCode::from(2);
        }
        Some((_, fault)) => fault,
        None => None,
    };
    match arguments.command {
        Some(command) => cli::execute(command, &Faulty { fault, crash_at: arguments.crash_at }),
        None => {
            eprintln!("error: nothing to do: give the command run, or --list-faults");
            ExitCode::from(2)
        }
    }
}
