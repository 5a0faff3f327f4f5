//! The command line.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::Subcommand;
use ecp_execution_client::{CallError, Connector as _};
use ecp_malachite_engine::{EngineHandle, QUIET_WHEN_ALONE};
use ecp_proto::convert::HandshakeOpen;
use ecp_signatures::{PrivateKey, Scheme};
use ecp_types::{Felt, Keys, Secret, SessionRole, SignatureScheme};
use rand::RngCore as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    assemble::{Hooks, assemble, connector, genesis, keys, software},
    calls::{REVISIONS, limits},
    exit::Exit,
    options::{Options, needed},
    shell,
};

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Run the consensus half.
    Run(Box<Options>),
    /// Check files, addresses and the execution half, and change nothing.
    Check(Box<Options>),
    /// Print the JSON Schema of the configuration file, and end.
    ConfigSchema,
    /// Work with keys.
    Keys {
        /// What to do with them.
        #[command(subcommand)]
        command: KeysCommand,
    },
}

/// What to do with keys.
#[derive(Debug, Clone, Subcommand)]
pub enum KeysCommand {
    /// Make new keys, with the record that lets them sign at once.
    New {
        /// File to write; an existing one is refused.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Signature scheme: stark-ecdsa or ed25519.
        #[arg(long, default_value = "stark-ecdsa")]
        scheme: String,
        /// Address of the validator in the committee: 0x and hexadecimal digits.
        #[arg(long)]
        address: Felt,
    },
}

/// Runs a command; a refusal is one line on standard error and a non-zero exit code.
#[must_use]
pub fn execute(command: Command, hooks: &dyn Hooks) -> ExitCode {
    match try_execute(command, hooks) {
        Ok(()) => ExitCode::SUCCESS,
        Err(exit) => {
            let line = exit.to_string().replace('\n', " ");
            let _ = writeln!(std::io::stderr(), "reference-consensus: {line}");
            ExitCode::from(exit.code())
        }
    }
}

fn try_execute(command: Command, hooks: &dyn Hooks) -> Result<(), Exit> {
    match command {
        Command::Run(options) => {
            let options = options.complete()?;
            logging();
            runtime()?.block_on(run(&options, hooks))
        }
        Command::Check(options) => {
            let options = options.complete()?;
            runtime()?.block_on(check(&options))
        }
        Command::ConfigSchema => {
            say(&Options::schema());
            Ok(())
        }
        Command::Keys { command: KeysCommand::New { out, scheme, address } } => new_keys(&out, &scheme, address),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Exit> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| Exit::Refused(format!("no threads: {error}")))
}

fn logging() {
    let default = format!("warn,reference_consensus=info,{QUIET_WHEN_ALONE}");
    let filter = std::env::var("ECP_CONSENSUS_LOG").unwrap_or(default);
    let filter = tracing_subscriber::EnvFilter::new(filter);
    // A second subscriber, as in a test, is refused; the first one goes on.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).try_init();
}

fn say(line: &serde_json::Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

async fn run(options: &Options, hooks: &dyn Hooks) -> Result<(), Exit> {
    let (execution, data) = (options.execution.clone(), options.data.clone());
    let address = options.keys.as_deref().map(|path| keys(path).map(|(keys, _)| keys.address)).transpose()?;
    let chain_id = genesis(&needed(options.genesis.clone(), "genesis")?)?.chain_id().to_owned();
    let on_ready = move |engine: &EngineHandle| {
        say(&json!({ "ready": {
            "role": "consensus",
            "chain_id": chain_id,
            "address": address,
            "p2p": engine.listening().map(|a| a.to_string()),
            "execution": execution,
            "data": data,
        }}));
    };
    let parts = assemble(options, hooks, Box::new(on_ready))?;
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        signal().await;
        stopping.cancel();
    });
    shell::run(parts, stop).await
}

/// Resolves when the process is asked to end.
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Reads what `run` would read, and asks the execution half as a READER, which fences nobody (ECP-SES-012).
async fn check(options: &Options) -> Result<(), Exit> {
    let genesis = genesis(&needed(options.genesis.clone(), "genesis")?)?;
    let address = options.keys.as_deref().map(|path| keys(path).map(|(keys, _)| keys.address)).transpose()?;
    let refused = |error: CallError| Exit::Refused(error.to_string());
    let client = connector(options)?.connect().await.map_err(refused)?;
    let mut consensus_id = [0; 16];
    rand::rngs::OsRng.fill_bytes(&mut consensus_id);
    let open = HandshakeOpen {
        revisions: REVISIONS.to_vec(),
        features: Vec::new(),
        limits: limits(),
        network: genesis.network(),
        software: software(),
        role: SessionRole::Reader,
        consensus_id,
        takeover: false,
        position: None,
    };
    let answer = client.handshake(open).await.map_err(refused)?;
    say(&json!({ "ok": {
        "chain_id": genesis.chain_id(),
        "address": address,
        "execution": { "name": answer.software.name, "version": answer.software.version, "revision": answer.revision },
        "committed": answer.position.committed.map(|p| p.height),
    }}));
    Ok(())
}

fn new_keys(out: &std::path::Path, scheme: &str, address: Felt) -> Result<(), Exit> {
    let name = match scheme {
        "stark-ecdsa" => SignatureScheme::StarkEcdsa,
        "ed25519" => SignatureScheme::Ed25519,
        other => return Err(Exit::Usage(format!("--scheme {other:?}: write stark-ecdsa or ed25519"))),
    };
    let known = Scheme::from_name(name.name());
    let known = known.ok_or_else(|| Exit::Usage(format!("--scheme {scheme:?} cannot sign here")))?;
    let mut random = rand::rngs::OsRng;
    let mut seed = [0; 32];
    let (secret, key) = loop {
        random.fill_bytes(&mut seed);
        if name == SignatureScheme::StarkEcdsa {
            // Below the order of the curve, whose top byte is 8.
            seed[0] &= 0x07;
        }
        if let Ok(key) = PrivateKey::from_bytes(known, &seed) {
            break (Secret::new(seed), key);
        }
    };
    let mut p2p = [0; 32];
    random.fill_bytes(&mut p2p);
    let public_key = key.public_key().to_bytes();
    let keys = Keys { scheme: name, secret_key: secret, public_key, address, p2p_secret_key: Secret::new(p2p) };
    keys.write_new(out)?;
    say(&json!({ "keys": {
        "file": out,
        "scheme": name.name(),
        "address": address,
        "public_key": format!("0x{}", hex::encode(public_key)),
    }}));
    Ok(())
}
