//! Callers that stall, and an engine that breaks at the worst moment: what was decided stays decided, and the next call
//! works.

#![allow(clippy::unwrap_used)]

mod support;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use ecp_engine_scripted::ScriptedEngine;
use ecp_execution_core::{
    CallKind,
    input::Call,
    seams::{Build, EngineFault, Executed, ExecutionEngine, HashStep, Slot, Validation},
};
use ecp_execution_server::{Listen, MemoryStore, ServerConfig, host::Said, serve};
use ecp_proto::v1alpha1::{self as pb, validate_proposal_request::Event};
use ecp_types::{Felt, Height, HeightParams, Phase, Reason};
use support::{Caller, FIRST, Half, Net, SystemClock, bytes, open, proposal, reason, say, wire};
use tokio_stream::StreamExt;

/// Far more than anything here takes.
const LONG: Duration = Duration::from_secs(20);

async fn commit(half: &Half, caller: &mut Caller, height: u64) {
    let made = support::block(half, height, vec![half.net.pay(height - FIRST, 0)]);
    caller.validate(proposal(open(height, height as u8), &wire(&made.parts()))).await.unwrap();
    caller.decide(height, &bytes(made.commitment())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_read_no_blocks_do_not_hold_up_a_decision() {
    let half = Half::start(Net { transfers: 0, ..Net::default() }).await;
    let mut caller = half.writer().await;
    for height in FIRST..FIRST + 8 {
        commit(&half, &mut caller, height).await;
    }
    // More than a runtime has threads for what blocks.
    let host = half.handle.as_ref().unwrap().host();
    let stalled: Vec<_> = (0..600)
        .map(|_| host.open(Some(caller.token.clone()), CallKind::GetDecided, Ok(Call::GetDecided(FIRST, FIRST + 7))))
        .collect();
    tokio::time::timeout(LONG, commit(&half, &mut caller, FIRST + 8)).await.expect("the decision waits for readers");
    let mut busy = 0;
    let mut sent = Vec::new();
    for (_, mut hearing) in stalled {
        match hearing.recv().await.unwrap() {
            Said::Refused(refusal) => {
                assert_eq!(refusal.reason, Reason::Busy);
                busy += 1;
            }
            Said::Decided(blocks) => sent.push(blocks),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((busy, sent.len()), (584, 16));
    // When they are gone, others are served.
    drop(sent);
    let events = loop {
        match caller.get_decided(FIRST, FIRST + 8).await {
            Ok(events) => break events,
            Err(status) => assert_eq!(reason(&status), Reason::Busy),
        }
    };
    assert!(matches!(events.last(), Some(pb::get_decided_response::Event::Done(done)) if done.last == Some(FIRST + 8)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_blocks_ends_with_the_session_that_asked() {
    let half = Half::start(Net { transfers: 0, ..Net::default() }).await;
    let mut caller = half.writer().await;
    for height in FIRST..FIRST + 12 {
        commit(&half, &mut caller, height).await;
    }
    let request = caller.with(pb::GetDecidedRequest { from: Some(FIRST), to: Some(FIRST + 11) });
    let host = half.handle.as_ref().unwrap().host();
    let call = Ok(Call::GetDecided(FIRST, FIRST + 11));
    let (_, mut hearing) = host.open(Some(caller.token.clone()), CallKind::GetDecided, call);
    let Some(Said::Decided(_blocks)) = hearing.recv().await else { panic!("no blocks") };
    let mut second = half.writer().await;
    let Some(Said::Refused(refusal)) = hearing.recv().await else { panic!("the stream goes on") };
    assert_eq!(refusal.reason, Reason::Fenced);
    assert_eq!(reason(&caller.client.get_decided(request).await.unwrap_err()), Reason::Fenced);
    assert_eq!(second.get_decided(FIRST, FIRST + 11).await.unwrap().len(), 12 * 4 + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_read_whole_while_others_are_committed() {
    let half = Half::start(Net { transfers: 0, ..Net::default() }).await;
    let mut caller = half.writer().await;
    commit(&half, &mut caller, FIRST).await;
    let mut reader = caller.clone();
    let reading = tokio::spawn(async move {
        let mut last = FIRST;
        while last < FIRST + 20 {
            match reader.get_decided(last, last + 1).await {
                // Header, INIT, BODY, FIN of both, and Done.
                Ok(events) => {
                    assert_eq!(events.len(), 9);
                    last += 1;
                }
                Err(status) => assert_eq!(reason(&status), Reason::NotReady),
            }
        }
    });
    for height in FIRST + 1..=FIRST + 20 {
        commit(&half, &mut caller, height).await;
    }
    tokio::time::timeout(LONG, reading).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_stalled_streams_hold_up_neither_abort_nor_decide() {
    let half = Half::start(Net { transfers: 0, ..Net::default() }).await;
    let mut caller = half.writer().await;
    let made = support::block(&half, FIRST, vec![half.net.pay(0, 0)]);
    let parts = wire(&made.parts());
    caller.validate(proposal(open(FIRST, 100), &parts)).await.unwrap();
    let mut stalled = Vec::new();
    for stream in 1..=8 {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        sender.send(say(Event::Open(open(FIRST, stream)))).unwrap();
        sender.send(say(Event::Part(parts[0].clone()))).unwrap();
        let request = caller.with(tokio_stream::wrappers::UnboundedReceiverStream::new(receiver));
        stalled.push((sender, caller.client.validate_proposal(request).await.unwrap().into_inner()));
    }
    let refused = loop {
        // Each of the eight is open when a ninth is refused.
        match caller.validate(proposal(open(FIRST, 101), &parts)).await {
            Err(status) => break status,
            Ok(_) => tokio::task::yield_now().await,
        }
    };
    assert!([Reason::Busy, Reason::StreamIdReused].contains(&reason(&refused)));
    let request = caller.with(pb::AbortRequest { stream_id: vec![3; 16].into() });
    tokio::time::timeout(LONG, caller.client.abort(request)).await.unwrap().unwrap();
    tokio::time::timeout(LONG, caller.decide(FIRST, &bytes(made.commitment()))).await.unwrap().unwrap();
    for (_sender, mut events) in stalled {
        let event = tokio::time::timeout(LONG, events.next()).await.unwrap().unwrap().unwrap();
        let Some(pb::validate_proposal_response::Event::Verdict(verdict)) = event.event else { panic!("{event:?}") };
        assert!(matches!(verdict.outcome, Some(pb::verdict::Outcome::Aborted(_))));
    }
    caller.start_round(FIRST + 1, 0).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aborted_validation_stops_executing() {
    let half = Half::start(Net { transfers: 0, ..Net::default() }).await;
    let mut caller = half.writer().await;
    // Fifty seconds of work in one BODY.
    let made = support::block(&half, FIRST, (0..100).map(|nonce| half.net.pay(nonce, 500)).collect());
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    for message in proposal(open(FIRST, 1), &wire(&made.parts())) {
        sender.send(message).unwrap();
    }
    let request = caller.with(tokio_stream::wrappers::UnboundedReceiverStream::new(receiver));
    let mut events = caller.client.validate_proposal(request).await.unwrap().into_inner();
    let running = || threads("ecp-work-");
    while running() == 0 {
        tokio::task::yield_now().await;
    }
    let ended = async {
        loop {
            let request = caller.with(pb::AbortRequest { stream_id: vec![1; 16].into() });
            caller.client.abort(request).await.unwrap();
            if let Ok(event) = tokio::time::timeout(Duration::from_millis(20), events.next()).await {
                break event.unwrap().unwrap();
            }
        }
    };
    ended.await;
    let gone = async {
        while running() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.expect("the thread executes on");
}

/// Threads of this process whose name begins so.
fn threads(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
    tasks
        .filter(|task| std::fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.starts_with(name)))
        .count()
}

/// An engine that panics at one call.
struct Panicking {
    inner: ScriptedEngine,
    at_commit: bool,
}

impl ExecutionEngine for Panicking {
    fn height_params(&self, height: Height) -> Result<Option<HeightParams>, EngineFault> {
        self.inner.height_params(height)
    }
    fn first_height(&self) -> Height {
        self.inner.first_height()
    }
    fn build(&self, slot: Slot) -> Result<Box<dyn Build>, EngineFault> {
        self.inner.build(slot)
    }
    fn validate(&self, slot: Slot) -> Result<Box<dyn Validation>, EngineFault> {
        self.inner.validate(slot)
    }
    fn reframe_init(&self, slot: &Slot, init: &[u8]) -> Result<Bytes, String> {
        self.inner.reframe_init(slot, init)
    }
    fn init_slot(&self, init: &[u8]) -> Result<Slot, String> {
        self.inner.init_slot(init)
    }
    fn committed(&self, height: Height, executed: &Executed) -> Result<(), EngineFault> {
        assert!(!self.at_commit, "a defect");
        self.inner.committed(height, executed)
    }
    fn next_hash(&self) -> Result<Option<HashStep>, EngineFault> {
        let step = self.inner.next_hash()?;
        assert!(self.at_commit || step.is_none(), "a defect");
        Ok(step)
    }
    fn block_hash(&self, height: Height) -> Result<Option<(Felt, Felt)>, EngineFault> {
        self.inner.block_hash(height)
    }
    fn block_hash_height(&self) -> Option<Height> {
        self.inner.block_hash_height()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_panics_after_the_write_stops_the_half_and_loses_nothing() {
    for at_commit in [true, false] {
        let net = Net { hash_lag: 0, ..Net::default() };
        let sound = Half::start(net.clone()).await;
        let made = support::block(&sound, FIRST, vec![net.pay(0, 0)]);
        let directory = tempfile::tempdir().unwrap();
        let (store, socket) = (Arc::new(MemoryStore::default()), directory.path().join("ecp.sock"));
        let engine = |store: &Arc<MemoryStore>| {
            let (clock, pace) = (Arc::new(SystemClock), Arc::new(ecp_engine_scripted::RealPace));
            ScriptedEngine::open(net.genesis(), store.clone(), clock, pace).unwrap()
        };
        let config = ServerConfig::new(Listen::Unix(socket.clone()), net.genesis().network());
        let panicking = Arc::new(Panicking { inner: engine(&store), at_commit });
        let handle = serve(panicking, store.clone(), config.clone()).await.unwrap();
        let mut caller = Caller::at(socket.clone(), &net.genesis(), [7; 16]).await.unwrap();
        caller.validate(proposal(open(FIRST, 1), &wire(&made.parts()))).await.unwrap();
        let decided = tokio::time::timeout(LONG, caller.decide(FIRST, &bytes(made.commitment()))).await;
        let decided = decided.expect("Decide is answered").unwrap();
        assert_eq!(decided.committed.unwrap().height, Some(FIRST));
        let mut watched = handle.host().watched();
        let halted = watched.wait_for(|state| state.phase == Phase::Halted);
        let reason = tokio::time::timeout(LONG, halted).await.expect("the half stops").unwrap().reason.clone();
        assert!(reason.contains("panicked"), "{reason}");
        drop(watched);
        handle.kill().await;

        let handle = serve(Arc::new(engine(&store)), store.clone(), config).await.unwrap();
        let caller = Caller::at(socket, &net.genesis(), [7; 16]).await.unwrap();
        let position = caller.answer.position.unwrap().committed.unwrap();
        assert_eq!((position.height, position.commitment.to_vec()), (Some(FIRST), bytes(made.commitment())));
        handle.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_that_is_asked_to_end_says_draining_on_watch_and_ends_it() {
    let mut half = Half::start(Net::default()).await;
    let mut caller = half.writer().await;
    let request = caller.with(pb::WatchRequest {});
    let mut watch = caller.client.watch(request).await.unwrap().into_inner();
    assert_eq!(watch.next().await.unwrap().unwrap().phase(), pb::Phase::Ready);
    // A validation that runs is finished first, and new work is refused meanwhile.
    let made = support::block(&half, FIRST, vec![half.net.pay(0, 0)]);
    let (parts, (sender, receiver)) = (wire(&made.parts()), tokio::sync::mpsc::unbounded_channel());
    let request = caller.with(tokio_stream::wrappers::UnboundedReceiverStream::new(receiver));
    sender.send(say(Event::Open(open(FIRST, 1)))).unwrap();
    for part in parts.iter().cloned() {
        sender.send(say(Event::Part(part))).unwrap();
    }
    let mut validation = caller.client.validate_proposal(request).await.unwrap().into_inner();
    // The half has the stream once it takes what came after it on the connection.
    caller.start_round(FIRST, 0).await.unwrap();

    let ending = tokio::spawn(half.handle.take().unwrap().shutdown());
    let mut phases = Vec::new();
    while let Some(state) = tokio::time::timeout(LONG, watch.next()).await.expect("Watch goes on or ends") {
        phases.push(state.expect("Watch ends without an error").phase());
        if phases.last() == Some(&pb::Phase::Draining)
            && phases.iter().filter(|p| **p == pb::Phase::Draining).count() == 1
        {
            assert_eq!(reason(&caller.start_round(FIRST, 1).await.unwrap_err()), Reason::Draining);
            sender.send(say(Event::End(support::end(&parts)))).unwrap();
            let verdict = tokio::time::timeout(LONG, validation.next()).await.expect("a verdict").unwrap().unwrap();
            assert!(matches!(verdict.event, Some(pb::validate_proposal_response::Event::Verdict(_))), "{verdict:?}");
        }
    }
    assert_eq!(phases.last(), Some(&pb::Phase::Draining), "{phases:?}");
    tokio::time::timeout(LONG, ending).await.expect("it ends").unwrap();
}
