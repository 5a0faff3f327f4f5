//! What an operator can get wrong: one clear message, a non-zero exit, and nothing lost.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use anyhow::Result;
use conformance::network::Half;
use ecp_e2e::{Files, binaries};

/// Runs a binary to its end.
fn run(name: &str, args: &[&str]) -> Result<Output> {
    Ok(Command::new(binaries()?.join(name)).args(args).output()?)
}

/// It ended with a non-zero code and one line on stderr that holds all of `words`.
#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it ended with success:\n{stderr}");
    let last = stderr.lines().last().unwrap_or_default().to_owned();
    for word in words {
        assert!(last.contains(word), "the last line must say {word:?}, all of it is:\n{stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders are UTF-8")
}

#[test]
fn a_missing_genesis_is_named() -> Result<()> {
    let files = Files::new(1, 0)?;
    let (data, keys) = (files.path().join("d"), &files.keys[0]);
    let args = ["run", "--genesis", "/nowhere/genesis.json", "--data", text(&data), "--listen", "unix:/nowhere/s"];
    refused(&run("reference-execution", &args)?, &["/nowhere/genesis.json"]);
    let args = [
        "run",
        "--genesis",
        "/nowhere/genesis.json",
        "--data",
        text(&data),
        "--keys",
        text(keys),
        "--execution",
        "unix:/nowhere/s",
        "--p2p",
        "127.0.0.1:0",
    ];
    refused(&run("reference-consensus", &args)?, &["/nowhere/genesis.json"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_chain_id_is_a_network_mismatch() -> Result<()> {
    let files = Files::new(1, 10)?;
    let mut network = files.start().await?;
    network.reader(0).await?.committed(1).await?;
    network.kill(0, Half::Consensus).await;
    let other = files.changed_genesis(|file| file.chain_id = "OTHER".into())?;
    let execution = format!("unix:{}", network.validators[0].socket().display());
    let data = files.path().join("other");
    let args = [
        "run",
        "--genesis",
        text(&other),
        "--keys",
        text(&files.keys[0]),
        "--data",
        text(&data),
        "--execution",
        &execution,
        "--p2p",
        "127.0.0.1:0",
    ];
    refused(&run("reference-consensus", &args)?, &["NETWORK_MISMATCH", "chain_id"]);
    network.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_consensus_half_is_held_off() -> Result<()> {
    let files = Files::new(1, 10)?;
    let network = files.start().await?;
    network.reader(0).await?.committed(1).await?;
    let execution = format!("unix:{}", network.validators[0].socket().display());
    let data = files.path().join("second");
    let args = [
        "run",
        "--genesis",
        text(&files.genesis),
        "--keys",
        text(&files.keys[0]),
        "--data",
        text(&data),
        "--execution",
        &execution,
        "--p2p",
        "127.0.0.1:0",
    ];
    refused(&run("reference-consensus", &args)?, &["SESSION_HELD", "takeover"]);
    // The first one goes on.
    network.reader(0).await?.committed(5).await?;
    network.stop().await;
    Ok(())
}

#[test]
fn plaintext_to_another_address_is_refused_at_start() -> Result<()> {
    let files = Files::new(1, 0)?;
    let data = files.path().join("d");
    let args = ["run", "--genesis", text(&files.genesis), "--data", text(&data), "--listen", "tcp:0.0.0.0:0"];
    refused(&run("reference-execution", &args)?, &["0.0.0.0"]);
    Ok(())
}

#[test]
fn keys_that_others_can_read_are_refused() -> Result<()> {
    let files = Files::new(1, 0)?;
    std::fs::set_permissions(&files.keys[0], std::fs::Permissions::from_mode(0o644))?;
    let data = files.path().join("d");
    let args = [
        "run",
        "--genesis",
        text(&files.genesis),
        "--keys",
        text(&files.keys[0]),
        "--data",
        text(&data),
        "--execution",
        "unix:/nowhere/s",
        "--p2p",
        "127.0.0.1:0",
    ];
    refused(&run("reference-consensus", &args)?, &["chmod 600"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_another_genesis_is_refused_and_kept() -> Result<()> {
    let files = Files::new(1, 10)?;
    let mut network = files.start().await?;
    network.reader(0).await?.committed(2).await?;
    network.kill(0, Half::Consensus).await;
    network.kill(0, Half::Execution).await;
    let other = files.changed_genesis(|file| file.fork_id = 1)?;
    let (data, socket) = (files.home(0).join("execution"), files.path().join("s"));
    let listen = format!("unix:{}", socket.display());
    let args = ["run", "--genesis", text(&other), "--data", text(&data), "--listen", &listen];
    refused(&run("reference-execution", &args)?, &["genesis"]);
    network.restart(0, Half::Execution).await?;
    network.restart(0, Half::Consensus).await?;
    network.reader(0).await?.committed(4).await?;
    network.stop().await;
    Ok(())
}
