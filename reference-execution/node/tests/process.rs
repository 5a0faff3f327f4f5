//! The executable: what it refuses, and that it starts, says so, and ends.

#![allow(clippy::unwrap_used)]

use std::{
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};

fn genesis(directory: &Path, name: &str, chain: &str) -> PathBuf {
    let file = json!({
        "format": "ecp-genesis/1", "chain_id": chain, "fork_id": 0, "first_height": 1,
        "params": {
            "committee": [{"address": "0x101", "public_key": format!("0x{}", "09".repeat(32)), "voting_power": 1}],
            "builder": "0xb", "quorum": {"numerator": 2, "denominator": 3},
            "timeouts": {
                "propose_ms": 1000, "propose_delta_ms": 0, "prevote_ms": 1000, "prevote_delta_ms": 0,
                "precommit_ms": 1000, "precommit_delta_ms": 0, "rebroadcast_ms": 1000
            },
            "starknet_version": "0.14.4", "part_format": "ecp-test/1", "commitment_scheme": "ecp-test/1",
            "signature_scheme": "ed25519", "max_proposal_bytes": 100_000
        },
        "workload": {"test_chain": {
            "accounts": [], "mempool": [], "hash_lag": 1, "window_ms": 1000, "capacity": 10, "batch": 2
        }}
    });
    let path = directory.join(name);
    std::fs::write(&path, file.to_string()).unwrap();
    path
}

fn command(arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reference-execution"));
    command.args(arguments.iter().map(|a| a.as_ref())).env_clear();
    command
}

/// The one line that the process ends with.
fn refused(arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> String {
    let Output { status, stderr, stdout } = command(arguments).output().unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(stdout.is_empty());
    let text = String::from_utf8(stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

/// A process that ends with the test.
struct Running {
    child: Child,
    ready: Value,
}

impl Running {
    fn start(genesis: &Path, data: &Path) -> Self {
        let arguments: [&dyn AsRef<std::ffi::OsStr>; 5] = [&"run", &"--genesis", &genesis, &"--data", &data];
        let mut child = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap();
        Self { child, ready }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_says_where_it_listens_and_keeps_others_out() {
    let directory = tempfile::tempdir().unwrap();
    let (data, file) = (directory.path().join("data"), genesis(directory.path(), "genesis.json", "ONE"));
    let running = Running::start(&file, &data);
    let listen = running.ready["ready"]["listen"].as_str().unwrap();
    assert_eq!(listen, format!("unix:{}", data.join("ecp.sock").display()));

    let text = refused(&[&"run", &"--genesis", &file, &"--data", &data]);
    assert!(text.contains("another process has"), "{text}");
    let other_data = directory.path().join("other");
    let text = refused(&[&"run", &"--genesis", &file, &"--data", &other_data, &"--listen", &listen]);
    assert!(text.contains("is in use: stop the other process, or listen elsewhere"), "{text}");
}

#[test]
fn a_killed_process_leaves_a_socket_that_the_next_one_replaces() {
    let directory = tempfile::tempdir().unwrap();
    let (data, file) = (directory.path().join("data"), genesis(directory.path(), "genesis.json", "ONE"));
    drop(Running::start(&file, &data));
    assert!(data.join("ecp.sock").exists());
    let again = Running::start(&file, &data);
    assert!(again.ready["ready"]["listen"].is_string());
}

#[test]
fn another_genesis_is_refused_for_a_data_directory() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let one = genesis(directory.path(), "one.json", "ONE");
    let two = genesis(directory.path(), "two.json", "TWO");
    assert!(command(&[&"init", &"--genesis", &one, &"--data", &data]).output().unwrap().status.success());
    let text = refused(&[&"run", &"--genesis", &two, &"--data", &data]);
    assert!(text.contains("belongs to another network"), "{text}");
}

#[test]
fn missing_and_broken_files_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let text = refused(&[&"run"]);
    assert!(text.contains("no genesis file: give --genesis FILE"), "{text}");
    let text = refused(&[&"run", &"--genesis", &"/nowhere/genesis.json"]);
    assert!(text.contains("/nowhere/genesis.json"), "{text}");
    let broken = directory.path().join("broken.json");
    std::fs::write(&broken, "{}").unwrap();
    let text = refused(&[&"check-genesis", &"--genesis", &broken]);
    assert!(text.contains("format"), "{text}");
    let text = refused(&[&"run", &"--config", &"/nowhere/config.toml"]);
    assert!(text.contains("does not exist"), "{text}");
}

#[test]
fn unprotected_tcp_and_open_secrets_are_refused_before_anything_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let (data, file) = (directory.path().join("data"), genesis(directory.path(), "genesis.json", "ONE"));
    let listen = "tcp:127.0.0.1:0";
    let text = refused(&[&"run", &"--genesis", &file, &"--data", &data, &"--listen", &listen]);
    assert!(text.contains("without protection"), "{text}");
    let secret = directory.path().join("secret");
    std::fs::write(&secret, "0123456789abcdef").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o640)).unwrap();
    let text =
        refused(&[&"run", &"--genesis", &file, &"--data", &data, &"--listen", &listen, &"--secret-file", &secret]);
    assert!(text.contains("chmod 600") && !text.contains("0123456789abcdef"), "{text}");
    assert!(!data.exists());
}

#[test]
fn settings_come_from_file_environment_and_flags_in_this_order() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.toml");
    std::fs::write(&config, "log = \"from-file\"\ndata = \"from-file\"\nlisten = \"unix:from-file\"\n").unwrap();
    let mut print = command(&[&"run", &"--print-config", &"--config", &config, &"--listen", &"unix:from-flag"]);
    let output = print.env("ECP_EXECUTION_DATA", "from-environment").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for line in ["log = \"from-file\"", "data = \"from-environment\"", "listen = \"unix:from-flag\""] {
        assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
    }
    std::fs::write(&config, "unknown = 1\n").unwrap();
    let text = refused(&[&"run", &"--config", &config]);
    assert!(text.contains("unknown"), "{text}");
}

#[test]
fn metrics_are_read_by_http() {
    use std::io::{Read as _, Write as _};
    let directory = tempfile::tempdir().unwrap();
    let (data, file) = (directory.path().join("data"), genesis(directory.path(), "genesis.json", "ONE"));
    let arguments: [&dyn AsRef<std::ffi::OsStr>; 9] =
        [&"run", &"--genesis", &file, &"--data", &data, &"--metrics", &"127.0.0.1:0", &"--log", &"info"];
    let mut child = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Kept open to the end: a process whose log goes nowhere may stop.
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut ready = String::new();
    let told = log.by_ref().lines().map(Result::unwrap).find(|line| line.contains("metrics are served")).unwrap();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let running = Running { child, ready: serde_json::from_str(&ready).unwrap() };
    let address = told.split("address=").nth(1).unwrap().trim();
    let ask = |path: &str| {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        page
    };
    let page = ask("/metrics");
    assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
    for line in ["ecp_execution_phase 1", "ecp_execution_committed_height 0", "ecp_execution_transactions_total 0"] {
        assert!(page.lines().any(|l| l == line), "{line} is not in\n{page}");
    }
    assert!(ask("/").starts_with("HTTP/1.1 404"));
    let text = refused(&[&"run", &"--genesis", &file, &"--data", &directory.path().join("b"), &"--metrics", &address]);
    assert!(text.contains("metrics: cannot listen on"), "{text}");
    drop((running, log));
}
