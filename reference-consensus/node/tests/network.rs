//! Four validators: gossip, votes, parts, and catching up.

mod support;

use std::process::Command;

use support::{Consensus, Execution, Net};

fn command(net: &Net, i: usize, p2p: &str, peers: &[String]) -> Command {
    let mut command = net.run(i);
    command.args(["--p2p", p2p, "--peers", &peers.join(",")]);
    command
}

async fn four(scheme: &str) -> (Net, Vec<Execution>, Vec<Consensus>) {
    let net = Net::new(4, scheme);
    let (mut executions, mut halves, mut peers) = (Vec::new(), Vec::<Consensus>::new(), Vec::new());
    for i in 1..=4 {
        executions.push(Execution::start(&net, i).await);
        let half = Consensus::start(&mut command(&net, i, "127.0.0.1:0", &peers));
        peers.push(half.p2p.clone());
        halves.push(half);
    }
    (net, executions, halves)
}

fn agree(halves: &[Consensus]) {
    let first = &halves[0].decided;
    for half in halves {
        for (height, commitment) in &half.decided {
            assert!(first.get(height).is_none_or(|known| known == commitment), "two blocks at {height}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_validators_agree_and_one_catches_up_from_far_behind() {
    let (net, executions, mut halves) = four("stark-ecdsa").await;
    for half in &mut halves {
        half.wait_height(5);
    }
    agree(&halves);

    // The last one dies with its execution half, and comes back when its peers no longer keep what it lacks: they
    // serve it from their archives.
    let mut executions = executions;
    let mut last = halves.pop().unwrap();
    let p2p = last.p2p.clone();
    let behind = last.highest();
    last.wait_height(behind);
    last.kill();
    executions.pop().unwrap().kill().await;
    for half in &mut halves {
        half.wait_height(behind + 75);
    }
    executions.push(Execution::start(&net, 4).await);
    let peers: Vec<String> = halves.iter().map(|half| half.p2p.clone()).collect();
    let mut last = Consensus::start(&mut command(&net, 4, &p2p, &peers));
    let tip = halves[0].highest();
    last.wait_height(tip + 5);
    for half in &mut halves {
        half.wait_height(tip + 5);
    }
    halves.push(last);
    agree(&halves);
    drop(halves);
    for execution in executions {
        execution.kill().await;
    }
}
