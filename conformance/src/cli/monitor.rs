//! `conformance monitor`.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{CliError, Exit};
use crate::{
    case::Registry,
    proxy::{Door, Proxy},
    subject::Address,
    watching::{Behind, WatchReport, Watcher},
};

/// Arguments of `monitor`.
#[derive(Debug, Args)]
pub(super) struct MonitorArgs {
    /// Where the consensus half finds the monitor: unix:/path or http://127.0.0.1:port; port 0 lets the system choose.
    #[arg(long, value_name = "URL")]
    listen: String,
    /// Where the execution half serves: unix:/path or http://host:port.
    #[arg(long, value_name = "URL")]
    connect: String,
    /// Folder for monitor.json and transcript.binpb.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Stands between two halves until it is interrupted, and tells which rules they break.
pub(super) async fn monitor(args: MonitorArgs) -> Result<Exit, CliError> {
    let listen = Address::parse(&args.listen).map_err(|e| CliError::usage(format!("--listen {e}")))?;
    let connect = Address::parse(&args.connect).map_err(|e| CliError::usage(format!("--connect {e}")))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(CliError::suite)?;
    if let Some(out) = &args.out {
        std::fs::create_dir_all(out).map_err(|e| CliError::usage(format!("{}: {e}", out.display())))?;
    }
    let registry = Registry::embedded().map_err(CliError::suite)?;
    let transcript = args.out.as_ref().map(|out| out.join("transcript.binpb"));
    let watcher =
        Watcher::new(registry, transcript.as_deref(), |broken| println!("{broken}")).map_err(CliError::suite)?;
    let behind = Arc::new(Behind::new(&connect).map_err(CliError::usage)?);
    let script = Arc::new(watcher.clone());
    let (bound, door, _serving) = Door::serve_at(&listen, move |_| Proxy::new(script, behind))
        .await
        .map_err(|e| CliError::usage(format!("--listen {listen}: {e}")))?;
    println!("listening at {bound}, in front of {connect}");
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(CliError::suite)?,
        _ = terminate.recv() => {}
    }
    door.close();
    if let Address::Unix(path) = &bound {
        // It is this process's own; a next one makes its own.
        let _ = std::fs::remove_file(path);
    }
    let report = watcher.report().map_err(CliError::suite)?;
    if let Some(out) = &args.out {
        let path = out.join("monitor.json");
        let mut json = serde_json::to_vec_pretty(&report).map_err(CliError::suite)?;
        json.push(b'\n');
        std::fs::write(&path, json).map_err(|e| CliError::suite(format!("{}: {e}", path.display())))?;
        println!("report: {}", path.display());
    }
    println!("{}", report.sentence());
    Ok(exit_of(&report))
}

fn exit_of(report: &WatchReport) -> Exit {
    if !report.violations.is_empty() {
        Exit::Unexpected
    } else if report.calls.is_empty() {
        Exit::NothingRan
    } else {
        Exit::Expected
    }
}
