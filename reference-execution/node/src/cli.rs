//! The command line.

use std::{path::PathBuf, sync::Arc};

use clap::{Args, Parser, Subcommand};
use ecp_execution_server::launch::{Flags, Refused, Settings, announce, finish, log, runtime, start, until_told};
use ecp_types::Workload;

use crate::{
    engines,
    metrics::{self, Metered, Metrics},
};

/// Reference execution half of the Starknet Execution-Consensus Protocol.
#[derive(Debug, Parser)]
#[command(name = "reference-execution", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve ECP until SIGTERM or SIGINT; one line of JSON on stdout says when.
    Run(RunArgs),
    /// Make the data directory for a genesis, and end.
    Init(Flags),
    /// Print the JSON Schema of the configuration file, and end.
    ConfigSchema,
    /// Compile a Sierra class, and print its hashes and those of what it compiles to.
    CompileClass {
        /// The class as its compiler writes it, JSON.
        class: PathBuf,
        /// Also write the compiled class to this file, JSON.
        #[arg(long, value_name = "FILE")]
        casm: Option<PathBuf>,
    },
    /// Check a genesis file, and print the network that it makes.
    CheckGenesis(Flags),
}

#[derive(Debug, Args)]
struct RunArgs {
    #[command(flatten)]
    flags: Flags,
    /// Print the settings in force, and end.
    #[arg(long)]
    print_config: bool,
}

/// Does what the command line says.
///
/// # Errors
/// One line that says what is wrong and what to do.
pub fn run(cli: Cli) -> Result<(), Refused> {
    match cli.command {
        Command::Run(args) => {
            let settings = Settings::load(&args.flags)?;
            if args.print_config {
                println!("{}", settings.to_toml());
                return Ok(());
            }
            log(&settings)?;
            // JSON-RPC has threads of its own: what wallets ask must not delay consensus.
            let wallets = tokio::runtime::Runtime::new().map_err(Refused::System)?;
            runtime()?.block_on(serve(settings, wallets.handle()))
        }
        Command::Init(flags) => {
            let settings = Settings::load(&flags)?;
            let genesis = settings.read_genesis()?;
            engines::open(&genesis, settings.open_store(&genesis)?, None)?;
            println!("{} is ready for {}", settings.data.display(), genesis.chain_id());
            Ok(())
        }
        Command::ConfigSchema => {
            println!("{:#}", Settings::schema());
            Ok(())
        }
        Command::CompileClass { class, casm } => {
            println!("{}", engines::compile_class(&class, casm.as_deref())?);
            Ok(())
        }
        Command::CheckGenesis(flags) => {
            let genesis = Settings::load(&flags)?.read_genesis()?;
            engines::check(&genesis)?;
            let hex = |bytes: [u8; 32]| ecp_types::encode_hex(&bytes);
            let workload = match genesis.workload() {
                Workload::TestChain(_) => "test_chain",
                Workload::Starknet(_) => "starknet",
            };
            let network = serde_json::json!({
                "chain_id": genesis.chain_id(),
                "genesis_hash": hex(genesis.genesis_hash()),
                "fork_id": genesis.fork_id(),
                "activation_digest": hex(genesis.activation_digest()),
                "first_height": genesis.first_height(),
                "workload": workload,
            });
            println!("{network}");
            Ok(())
        }
    }
}

async fn serve(settings: Settings, wallets: &tokio::runtime::Handle) -> Result<(), Refused> {
    let genesis = settings.read_genesis()?;
    let mut config = settings.server(&genesis)?;
    engines::limit(&mut config, &genesis);
    let store = settings.open_store(&genesis)?;
    let opened = engines::open(&genesis, store.clone(), settings.l1_messages.as_deref())?;
    let page = settings.metrics.map(metrics::listen).transpose()?;
    let counted = Metrics::default();
    let engine = Arc::new(Metered::new(opened.engine.clone(), counted.clone()));
    let starknet = opened.starknet.clone();
    let jsonrpc = wallets.spawn(async move { opened.serve_jsonrpc(settings.jsonrpc).await }).await;
    let jsonrpc = jsonrpc.map_err(|error| Refused::JsonRpc(error.to_string()))??;
    let handle = start(config, engine, store, Some(Arc::new(counted.clone()))).await?;
    let watched = handle.host().watched();
    let refresh = move |metrics: &Metrics| {
        metrics.watch(&watched.borrow());
        if let Some(engine) = &starknet {
            metrics.waits(engine.mempool().len(), engine.mempool().bytes());
        }
    };
    // Served where JSON-RPC is: it must not delay consensus either.
    let _page = {
        let _entered = wallets.enter();
        page.map(|page| metrics::serve(page, counted, refresh)).transpose()?
    };
    announce(&handle, jsonrpc.as_ref().map(ecp_jsonrpc::JsonRpcServer::url).as_deref())?;
    until_told().await?;
    if let Some(server) = jsonrpc {
        server.stop().await;
    }
    finish(handle).await
}
