//! The command line: that of the reference execution half, and which fault.

use std::sync::Arc;

use clap::{Parser, Subcommand};
use ecp_engine_scripted::{RealPace, ScriptedEngine};
use ecp_execution_core::seams::Store;
use ecp_execution_server::{
    MemoryStore,
    launch::{Flags, Refused, Settings, SystemClock, announce, finish, log, runtime, start, until_told},
};
use ecp_testchain::ECP_TEST_1;

use crate::{
    crash::{CrashPoint, Crashing},
    fault::{self, Fault},
};

/// An execution half over the test chain with one fault.
#[derive(Debug, Parser)]
#[command(name = "faulty-execution", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// The fault; without one, the half is sound.
    #[arg(long, global = true, value_name = "NAME")]
    fault: Option<String>,
    /// Kill the process at an internal point.
    #[arg(long, global = true, value_name = "POINT", value_enum)]
    crash_at: Option<CrashPoint>,
    /// Print all faults, one JSON object a line, and end.
    #[arg(long)]
    list_faults: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve ECP until SIGTERM or SIGINT; one line of JSON on stdout says when.
    Run(Flags),
}

/// Does what the command line says.
pub(crate) fn run(cli: Cli) -> Result<(), Refused> {
    if cli.list_faults {
        for fault in fault::ALL {
            println!(
                "{}",
                serde_json::json!({
                    "name": fault.name, "requirement": fault.requirement, "does": fault.does,
                })
            );
        }
        return Ok(());
    }
    let Some(Command::Run(flags)) = cli.command else {
        return Err(Refused::Settings("nothing to do: give the command run, or --list-faults".into()));
    };
    let fault = cli.fault.as_deref().map(find).transpose()?;
    let settings = Settings::load(&flags)?;
    log(&settings)?;
    runtime()?.block_on(serve(settings, fault, cli.crash_at))
}

fn find(name: &str) -> Result<&'static Fault, Refused> {
    fault::ALL
        .iter()
        .find(|fault| fault.name == name)
        .ok_or_else(|| Refused::Settings(format!("there is no fault {name}: --list-faults tells their names")))
}

async fn serve(settings: Settings, fault: Option<&'static Fault>, crash_at: Option<CrashPoint>) -> Result<(), Refused> {
    let genesis = settings.read_genesis()?;
    let mut config = settings.server(&genesis)?;
    config.part_formats = [ECP_TEST_1.to_owned()].into();
    config.commitment_schemes = config.part_formats.clone();
    let mut store = settings.open_store(&genesis)?;
    if let Some(fault) = fault.filter(|fault| fault.forgets) {
        store = Arc::new(crate::faults::durable::Forgetful::new(fault.name, MemoryStore::default()));
    }
    if let Some(point) = crash_at {
        store = Arc::new(Crashing::new(point, store));
    }
    let engine = open(&genesis, store.clone())?;
    let interposer = fault.and_then(|fault| fault.interposer.map(|make| make(fault.name)));
    let handle = start(config, Arc::new(engine), store, interposer).await?;
    announce(&handle, None)?;
    until_told().await?;
    finish(handle).await
}

fn open(genesis: &ecp_types::Genesis, store: Arc<dyn Store>) -> Result<ScriptedEngine, Refused> {
    ScriptedEngine::open(genesis.clone(), store, Arc::new(SystemClock), Arc::new(RealPace))
        .map_err(|error| Refused::Engine(error.to_string()))
}
