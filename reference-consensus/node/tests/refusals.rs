//! What is refused at the start: one line that says what is wrong and what to do, and a non-zero exit code.

mod support;

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use support::{Consensus, Execution, Net, refused};

fn expect(command: &mut Command, code: i32, parts: &[&str]) {
    let (got, text) = refused(command);
    assert_eq!(got, Some(code), "{text}");
    assert_eq!(text.trim_end().lines().filter(|line| line.starts_with("reference-consensus:")).count(), 1, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_addresses() {
    let net = Net::new(1, "ed25519");
    let base = |genesis: &str, keys: &str, execution: &str| {
        let mut command = support::binary();
        command.arg("run").arg("--genesis").arg(net.path(genesis)).arg("--keys").arg(net.path(keys));
        command.arg("--data").arg(net.path("data")).args(["--execution", execution]);
        command
    };
    let unix = format!("unix:{}", net.socket(1).display());
    expect(&mut base("none.json", "keys-1.json", &unix), 1, &["none.json", "--genesis"]);
    expect(&mut base("genesis.json", "none.json", &unix), 1, &["none.json"]);
    expect(support::binary().args(["run", "--data", "x"]), 2, &["--genesis is missing"]);
    expect(&mut base("genesis.json", "keys-1.json", "http://x"), 1, &["unix:/path/to/socket or tcp:host:port"]);
    expect(&mut base("genesis.json", "keys-1.json", "tcp:192.0.2.1:1"), 1, &["mutual TLS"]);
    expect(&mut base("genesis.json", "keys-1.json", "tcp:127.0.0.1:1"), 1, &["secret"]);

    let exposed = net.path("exposed.json");
    fs::copy(net.path("keys-1.json"), &exposed).unwrap();
    fs::set_permissions(&exposed, fs::Permissions::from_mode(0o644)).unwrap();
    expect(&mut base("genesis.json", "exposed.json", &unix), 1, &["chmod 600"]);

    let text = support::text(&net.path("keys-1.json"));
    let mut keys: serde_json::Value = serde_json::from_str(&text).unwrap();
    keys["public_key"] = serde_json::json!(format!("0x{}", "11".repeat(32)));
    let wrong = net.path("wrong.json");
    fs::write(&wrong, keys.to_string()).unwrap();
    fs::set_permissions(&wrong, fs::Permissions::from_mode(0o600)).unwrap();
    expect(&mut base("genesis.json", "wrong.json", &unix), 1, &["does not belong to the secret key"]);
    assert!(!refused(&mut base("genesis.json", "wrong.json", &unix)).1.contains(keys["secret_key"].as_str().unwrap()));

    let again = refused(support::binary().args(["keys", "new", "--address", "0x1", "--out"]).arg(&wrong));
    assert_eq!(again.0, Some(1), "an existing file is not overwritten");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_network_a_wrong_secret_and_what_is_in_use() {
    let net = Net::new(1, "ed25519");
    let other = Net::new(1, "ed25519");
    let execution = Execution::start(&net, 1).await;

    let mut strange = {
        let mut command = support::binary();
        command.arg("run").arg("--genesis").arg(other.path("genesis.json")).arg("--data").arg(other.path("data"));
        command.arg("--execution").arg(format!("unix:{}", net.socket(1).display()));
        command
    };
    expect(&mut strange, 1, &["NETWORK_MISMATCH"]);

    let mut running = Consensus::start(&mut net.run(1));
    running.wait_height(1);
    expect(&mut net.run(1), 1, &["in use by another process"]);
    assert_eq!(running.terminate(), Some(0));
    let occupied = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = occupied.local_addr().unwrap().to_string();
    expect(net.run(1).args(["--p2p", &address]), 1, &["cannot listen for peers", &address]);
    execution.kill().await;

    let (right, wrong) = (net.path("secret"), net.path("wrong-secret"));
    for (path, text) in [(&right, "open-sesame-open-sesame"), (&wrong, "simsim-simsim-simsim")] {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let execution = Execution::with_secret(&net, 1, &right).await;
    let with = |secret: &std::path::Path| {
        let mut command = support::binary();
        command.arg("run").arg("--genesis").arg(net.path("genesis.json")).arg("--data").arg(net.path("third"));
        command.args(["--execution", &execution.address(), "--secret-file"]).arg(secret);
        command
    };
    expect(&mut with(&wrong), 1, &["AUTH_REFUSED"]);
    assert!(!refused(&mut with(&wrong)).1.contains("simsim"));
    let mut follower = Consensus::spawn(&mut with(&right));
    follower.wait_for("its session", |line| line.contains("session with the execution half is open"));
    drop(follower);
    execution.kill().await;
}
