//! One validator decides alone, over a Unix socket, and goes on after either half was killed.

mod support;

use support::{Consensus, Execution, Net};

#[tokio::test(flavor = "multi_thread")]
async fn decides_alone_and_survives_the_death_of_either_half() {
    let net = Net::new(1, "ed25519");
    let execution = Execution::start(&net, 1).await;
    let mut consensus = Consensus::start(&mut net.run(1));
    consensus.wait_height(5);

    // The consensus half dies: it goes on where it was.
    let before = consensus.kill();
    let mut consensus = Consensus::start(&mut net.run(1));
    let next = before.keys().next_back().unwrap() + 5;
    consensus.wait_height(next);
    for (height, commitment) in &consensus.decided {
        assert!(before.get(height).is_none_or(|known| known == commitment));
    }

    // The execution half dies: the consensus half hands over what it lost, and goes on.
    execution.kill().await;
    let execution = Execution::start(&net, 1).await;
    let next = consensus.highest() + 5;
    consensus.wait_height(next);

    // Both die.
    consensus.kill();
    execution.kill().await;
    let execution = Execution::start(&net, 1).await;
    let mut consensus = Consensus::start(&mut net.run(1));
    consensus.wait_height(next + 5);

    assert_eq!(consensus.terminate(), Some(0));
    execution.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_lost_its_record_signs_nothing_alone_unless_its_operator_overrides() {
    let net = Net::new(1, "ed25519");
    let execution = Execution::start(&net, 1).await;
    let mut consensus = Consensus::start(&mut net.run(1));
    consensus.wait_height(2);
    consensus.kill();
    std::fs::remove_dir_all(net.path("consensus-1")).unwrap();

    // Its identity is lost too, so it takes over from the one that it was.
    let mut consensus = Consensus::spawn(net.run(1).arg("--takeover"));
    consensus.wait_for("the warning", |line| line.contains("this key stays silent"));
    let silent = consensus.kill();
    assert!(silent.is_empty(), "{silent:?}");

    let mut consensus = Consensus::start(net.run(1).arg("--sign-without-record"));
    consensus.wait_height(4);
    drop(consensus);
    execution.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_consensus_half_waits_and_takes_over_only_if_told() {
    let net = Net::new(1, "ed25519");
    let execution = Execution::start(&net, 1).await;
    let mut first = Consensus::start(&mut net.run(1));
    first.wait_height(2);

    let data = net.path("another").display().to_string();
    let other = |extra: &[&str]| {
        let mut command = support::binary();
        command.arg("run").arg("--genesis").arg(net.path("genesis.json")).arg("--data").arg(&data);
        command.arg("--execution").arg(format!("unix:{}", net.socket(1).display())).args(extra);
        command
    };
    let mut waiting = Consensus::spawn(&mut other(&[]));
    waiting.wait_for("the refusal", |line| line.contains("SESSION_HELD"));
    drop(waiting);

    let mut follower = Consensus::spawn(&mut other(&["--takeover"]));
    follower.wait_for("its session", |line| line.contains("session with the execution half is open"));
    let (code, line) = first.ended();
    assert_eq!(code, Some(3), "{line}");
    assert!(line.contains("FENCED"), "{line}");
    drop(follower);
    execution.kill().await;
}
