//! Each fault acts as a process of its own, and says so; without a fault the half is sound, also after SIGKILL.

#![allow(clippy::unwrap_used)]

#[path = "../../../reference-execution/server/tests/support/mod.rs"]
mod support;

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use ecp_proto::{EcpError, v1alpha1 as pb};
use ecp_testchain::{Block, Chain, ChainState, Proposal, Slot};
use ecp_types::{Felt, Reason};
use pb::{validate_proposal_request::Event, verdict::Outcome};
use support::{Caller, FIRST, Net, bytes, open, proposal, reason, wire};
use tokio_stream::StreamExt;

/// A process that ends with the test, and its directory.
struct Process {
    net: Net,
    directory: tempfile::TempDir,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl Process {
    fn start(net: Net, arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("genesis.json"), net.genesis().file().to_json()).unwrap();
        let arguments = arguments.iter().map(ToString::to_string).collect();
        let mut process = Self { net, directory, arguments, child: None };
        process.run();
        process
    }

    fn run(&mut self) {
        let path = |name: &str| self.directory.path().join(name);
        let mut child = Command::new(env!("CARGO_BIN_EXE_faulty-execution"))
            .arg("run")
            .args(&self.arguments)
            .arg("--genesis")
            .arg(path("genesis.json"))
            .arg("--data")
            .arg(path("data"))
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(path("log")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("ready"), "{line}{}", self.log());
        self.child = Some(child);
    }

    /// SIGKILL, and a new process on the same directory.
    fn kill_and_restart(&mut self) {
        self.kill();
        self.run();
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            child.wait().unwrap();
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("data/ecp.sock")
    }

    async fn writer(&self) -> Caller {
        Caller::at(self.socket(), &genesis(self), [7; 16]).await.unwrap()
    }

    fn chain(&self) -> Chain {
        Chain::new(genesis(self)).unwrap()
    }

    fn block(&self, state: &ChainState, count: u64) -> Block {
        let slot = Slot {
            height: state.next_height,
            round: 0,
            valid_round: None,
            proposer: Felt::from_u64(support::PROPOSER),
        };
        let transfers = (0..count).map(|nonce| self.net.pay(nonce, 0)).collect();
        let now = ecp_execution_core::seams::Clock::unix_ms(&support::SystemClock);
        self.chain().build_block(state, slot, now, vec![transfers], count).unwrap()
    }

    fn first_block(&self) -> Block {
        self.block(&self.chain().initial_state(), 2)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn genesis(process: &Process) -> ecp_types::Genesis {
    let bytes = std::fs::read(process.directory.path().join("genesis.json")).unwrap();
    ecp_types::Genesis::read(&bytes).unwrap()
}

async fn judged(caller: &mut Caller, stream: u8, proposed: &Proposal) -> Outcome {
    caller.validate(proposal(open(FIRST, stream), &wire(&proposed.parts()))).await.unwrap()
}

async fn commit(process: &Process, caller: &mut Caller) -> Block {
    let made = process.first_block();
    judged(caller, 200, &made.proposal).await;
    caller.decide(FIRST, &bytes(made.commitment())).await.unwrap();
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_fault_a_decided_block_survives_sigkill() {
    let mut process = Process::start(Net::default(), &[]);
    let mut caller = process.writer().await;
    let made = commit(&process, &mut caller).await;
    process.kill_and_restart();
    let caller = process.writer().await;
    let committed = caller.answer.position.unwrap().committed.unwrap();
    assert_eq!(committed.commitment, bytes(made.commitment()));
    assert!(!process.log().contains("fault-activated"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_dies_around_the_write_as_asked() {
    for (point, kept) in [("execution.before-block-write", false), ("execution.after-block-write", true)] {
        let mut process = Process::start(Net::default(), &["--crash-at", point]);
        let mut caller = process.writer().await;
        let made = process.first_block();
        judged(&mut caller, 1, &made.proposal).await;
        caller.decide(FIRST, &bytes(made.commitment())).await.unwrap_err();
        process.kill();
        process.arguments.clear();
        process.run();
        let caller = process.writer().await;
        assert_eq!(caller.answer.position.unwrap().committed.is_some(), kept, "{point}");
    }
}

/// Provokes a fault, and tells whether the requirement was seen to be broken.
async fn broken(name: &str, process: &mut Process) -> bool {
    let mut caller = process.writer().await;
    let made = process.first_block();
    let mut proposed = made.proposal.clone();
    let valid = |outcome: Outcome| matches!(outcome, Outcome::Valid(_));
    match name {
        "build-changes-on-retry" => {
            caller.start_round(FIRST, 0).await.unwrap();
            let first = caller.build(FIRST, 0, 1, 2000).await.unwrap();
            first.0 != caller.build(FIRST, 0, 2, 2000).await.unwrap().0
        }
        "builds-without-start" => caller.build(FIRST, 0, 1, 2000).await.is_ok(),
        "built-count-above-sent" => {
            caller.start_round(FIRST, 0).await.unwrap();
            caller.build(FIRST, 0, 1, 2000).await.unwrap().1.executed_count == Some(process.net.transfers + 1)
        }
        "accepts-init-mismatch" => {
            proposed.init.round = 3;
            valid(judged(&mut caller, 1, &proposed).await)
        }
        "accepts-count-above-sent" => {
            proposed.fin.executed_count = 9;
            valid(judged(&mut caller, 1, &proposed).await)
        }
        "accepts-block-over-capacity" => {
            let state = process.chain().initial_state();
            let over = process.chain().with_capacity(9);
            let slot = Slot { height: FIRST, round: 0, valid_round: None, proposer: Felt::from_u64(support::PROPOSER) };
            let transfers = (0..4).map(|nonce| process.net.pay(nonce, 0)).collect();
            let over = over.build_block(&state, slot, 1, vec![transfers], 4).unwrap();
            valid(judged(&mut caller, 1, &over.proposal).await)
        }
        "local-rejection-as-invalid" => {
            let far = ecp_execution_core::seams::Clock::unix_ms(&support::SystemClock) + 10_000_000;
            let state = process.chain().initial_state();
            let slot = Slot { height: FIRST, round: 0, valid_round: None, proposer: Felt::from_u64(support::PROPOSER) };
            let ahead = process.chain().build_block(&state, slot, far, vec![], 0).unwrap();
            matches!(judged(&mut caller, 1, &ahead.proposal).await, Outcome::Invalid(_))
        }
        "accepts-duplicate-transaction" => {
            proposed.bodies[0].transfers[1] = proposed.bodies[0].transfers[0].clone();
            valid(judged(&mut caller, 1, &proposed).await)
        }
        "accepts-commitment-mismatch" => {
            proposed.fin.commitment.0[0] ^= 1;
            valid(judged(&mut caller, 1, &proposed).await)
        }
        "two-verdicts" => {
            let requests = tokio_stream::iter(proposal(open(FIRST, 1), &wire(&proposed.parts())));
            let request = caller.with(requests);
            let events = caller.client.validate_proposal(request).await.unwrap().into_inner();
            events
                .filter(|e| {
                    e.as_ref().is_ok_and(|e| matches!(e.event, Some(pb::validate_proposal_response::Event::Verdict(_))))
                })
                .collect::<Vec<_>>()
                .await
                .len()
                == 2
        }
        "counts-not-checked" => {
            let mut messages = proposal(open(FIRST, 1), &wire(&proposed.parts()));
            messages.pop();
            messages.push(support::say(Event::End(pb::End { parts: Some(77), bytes: Some(1) })));
            caller.validate(messages).await.is_ok()
        }
        "stream-reset-is-invalid" => {
            let parts = wire(&proposed.parts());
            let half = proposal(open(FIRST, 1), &parts).into_iter().take(2);
            let request = caller.with(tokio_stream::iter(half.collect::<Vec<_>>()));
            let mut events = caller.client.validate_proposal(request).await.unwrap().into_inner();
            while events.next().await.is_some_and(|e| e.is_ok()) {}
            matches!(judged(&mut caller, 2, &proposed).await, Outcome::Invalid(_))
        }
        "abort-ignored" => {
            let slow = proposal(open(FIRST, 1), &wire(&proposed.parts()));
            let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
            for message in slow.into_iter().take(2) {
                sender.send(message).unwrap();
            }
            let request = caller.with(tokio_stream::wrappers::UnboundedReceiverStream::new(receiver));
            let mut events = caller.client.validate_proposal(request).await.unwrap().into_inner();
            let request = caller.with(pb::AbortRequest { stream_id: vec![1; 16].into() });
            caller.client.abort(request).await.unwrap();
            for message in proposal(open(FIRST, 1), &wire(&proposed.parts())).into_iter().skip(2) {
                sender.send(message).unwrap();
            }
            let verdict = events.next().await.unwrap().unwrap().event.unwrap();
            matches!(verdict, pb::validate_proposal_response::Event::Verdict(v) if matches!(v.outcome, Some(Outcome::Valid(_))))
        }
        "expired-instead-of-not-ready" => {
            let mut state = process.chain().initial_state();
            for height in FIRST..FIRST + 10 {
                let made = process.block(&state, 0);
                let stream = u8::try_from(height).unwrap();
                caller.validate(proposal(open(height, stream), &wire(&made.parts()))).await.unwrap();
                caller.decide(height, &bytes(made.commitment())).await.unwrap();
                state = made.state;
            }
            let made = process.block(&state, 0);
            let short = pb::ValidateOpen { budget_ms: 50, ..open(FIRST + 10, 100) };
            matches!(caller.validate(proposal(short, &wire(&made.parts()))).await.unwrap(), Outcome::Expired(_))
        }
        "ack-before-durable" => {
            commit(process, &mut caller).await;
            process.kill_and_restart();
            process.writer().await.answer.position.unwrap().committed.is_none()
        }
        "decide-not-idempotent" => {
            let made = commit(process, &mut caller).await;
            caller.decide(FIRST, &bytes(made.commitment())).await.is_err()
        }
        "unknown-proposal-committed" => caller.decide(FIRST, &[5; 32]).await.is_ok(),
        "conflict-accepted" => {
            commit(process, &mut caller).await;
            caller.decide(FIRST, &[5; 32]).await.is_ok()
        }
        "busy-without-delay" => {
            // One more than there are slots, and none ends by itself: the first answer is the one for want of a slot.
            let slots = caller.answer.limits.as_ref().unwrap().max_candidates;
            let (mut senders, mut answers) = (Vec::new(), tokio::task::JoinSet::new());
            for stream in 1..=u8::try_from(slots + 1).unwrap() {
                let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
                sender.send(support::say(Event::Open(open(FIRST, stream)))).unwrap();
                senders.push(sender);
                let request = caller.with(tokio_stream::wrappers::UnboundedReceiverStream::new(receiver));
                let mut events = caller.client.validate_proposal(request).await.unwrap().into_inner();
                answers.spawn(async move { events.next().await });
            }
            let status = answers.join_next().await.unwrap().unwrap().unwrap().unwrap_err();
            assert_eq!(reason(&status), Reason::Busy);
            EcpError::from_status(&status).unwrap().retry_after.is_none()
        }
        "errors-without-details" => {
            let status = caller.start_round(FIRST + 5, 0).await.unwrap_err();
            EcpError::from_status(&status).unwrap().metadata.is_empty()
        }
        "strange-header-is-a-status" => {
            let mut messages = support::import(FIRST, &bytes(made.commitment()), &wire(&proposed.parts()));
            if let Some(pb::import_decided_request::Event::Header(header)) = &mut messages[0].event {
                header.part_format = "of-nobody/9".into();
            }
            caller.import(messages).await.is_err()
        }
        "session-not-required" => {
            let mut bare = caller.client.clone();
            bare.get_height_params(pb::GetHeightParamsRequest { height: Some(FIRST) }).await.is_ok()
        }
        "network-not-compared" => {
            let mut other = support::handshake(&genesis(process), [7; 16]);
            other.network.as_mut().unwrap().fork_id = Some(9);
            caller.client.handshake(other).await.is_ok()
        }
        "old-token-accepted" => {
            process.writer().await;
            caller.start_round(FIRST, 0).await.is_ok()
        }
        "watch-misses-commits" => {
            let request = caller.with(pb::WatchRequest {});
            let mut watch = caller.client.watch(request).await.unwrap().into_inner();
            watch.next().await.unwrap().unwrap();
            commit(process, &mut caller).await;
            // A heartbeat after the commit tells the state before it.
            let mut told = Vec::new();
            for _ in 0..2 {
                told.push(watch.next().await.unwrap().unwrap().committed);
            }
            told.iter().all(Option::is_none)
        }
        other => panic!("no scenario for {other}"),
    }
}

/// Names of all faults, as the executable lists them.
fn listed() -> BTreeSet<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_faulty-execution")).arg("--list-faults").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let name = |line: &str| {
        let rest = line.split_once("\"name\":\"").unwrap().1;
        rest.split_once('"').unwrap().0.to_owned()
    };
    text.lines().map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_breaks_its_requirement_and_a_sound_half_does_not() {
    let faults = listed();
    assert!(faults.len() >= 20);
    for name in &faults {
        let hash_lag = if name == "expired-instead-of-not-ready" { 10 } else { 1 };
        let net = Net { capacity: 3, transfers: 2, hash_lag, ..Net::default() };
        let mut sound = Process::start(net.clone(), &[]);
        assert!(!broken(name, &mut sound).await, "a sound half does what {name} does");
        let mut faulty = Process::start(net, &["--fault", name]);
        assert!(broken(name, &mut faulty).await, "{name} breaks nothing");
        assert!(faulty.log().contains(&format!("fault-activated {name}")), "{name} did not say that it acted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reasons_stand_on_the_wire() {
    let process = Process::start(Net::default(), &[]);
    let mut caller = process.writer().await;
    let status = caller.decide(FIRST, &[5; 32]).await.unwrap_err();
    assert_eq!(reason(&status), Reason::UnknownProposal);
}
