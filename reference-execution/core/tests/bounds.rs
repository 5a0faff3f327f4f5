//! What callers and peers can make this half hold, and how it ends.

#![allow(clippy::unwrap_used)]

mod support;

use bytes::Bytes;
use ecp_execution_core::{
    CallId, CallKind, Effect, Input,
    effect::{EngineCommand, ImportReply, Message, Read, Reply},
    input::{Call, EngineEvent, ImportHeader, StreamEvent, Timer},
};
use ecp_types::{Counts, Missing, Part, PartKind, Phase, Position, Reason, SessionRole, Verdict};
use support::{
    HOLDER, Node, certificate, commitment, dropped, handshake, messages, outcome, part, parts, reply, unanswered,
    verdict, work, write,
};

fn built(node: &mut Node, round: u32, n: u8) {
    let (_, work) = node.building(1, round);
    for part in parts() {
        node.engine(work, EngineEvent::Part(part));
    }
    node.engine(work, EngineEvent::Built(outcome(n)));
}

#[test]
fn a_built_proposal_is_given_again_until_its_candidate_is_dropped() {
    let mut node = Node::new(|config| config.limits.max_candidates = 2);
    built(&mut node, 0, 1);
    built(&mut node, 1, 2);
    let (id, effects) = node.build(1, 0);
    assert_eq!(messages(&effects, id).len(), 4);
    built(&mut node, 2, 3);
    assert_eq!(node.state.candidates(), [commitment(2), commitment(3)]);
    let (id, effects) = node.build(1, 0);
    assert_eq!(reply(&effects, id), Err(Reason::RoundBurned));
    let (id, effects) = node.build(1, 1);
    assert_eq!(messages(&effects, id).len(), 4);
}

#[test]
fn what_came_late_does_not_keep_out_what_comes_next() {
    let mut node = Node::new(|config| config.limits.max_candidates = 2);
    let open = node.open(1);
    let (_, late) = node.validating(open);
    node.state.step(Input::Timer(Timer::Budget(late)));
    let open = node.open(1);
    let (_, running) = node.validating(open);
    let open = node.open(1);
    let (id, effects) = node.open_stream(open);
    assert!(unanswered(&effects, id) && dropped(&effects, late) && !dropped(&effects, running));
    // Two that are waited for are two.
    let open = node.open(1);
    let (id, effects) = node.open_stream(open);
    assert_eq!(reply(&effects, id), Err(Reason::Busy));
}

#[test]
fn parts_without_content_are_counted_too() {
    let mut node = Node::default();
    let open = node.open(1);
    let (id, effects) = node.open_stream(open);
    let work = work(&effects);
    node.feed(id, StreamEvent::Part(part(0, PartKind::Init)));
    let mut taken = 1;
    let refused = loop {
        let empty = Part { index: taken, kind: PartKind::Body, payload: Bytes::new() };
        let effects = node.feed(id, StreamEvent::Part(empty));
        if effects.iter().any(|effect| matches!(effect, Effect::Refuse(..))) {
            break effects;
        }
        taken += 1;
        assert!(taken <= 1 << 18, "no end");
    };
    assert_eq!(reply(&refused, id), Err(Reason::LimitExceeded));
    assert!(dropped(&refused, work));

    let (id, _) = node.call(CallKind::ImportDecided, Call::ImportDecided);
    let header = ImportHeader {
        certificate: certificate(1, 5),
        part_format: "ecp-test/1".into(),
        counts: Counts { parts: u32::MAX, bytes: 100 },
    };
    let effects = node.feed(id, StreamEvent::Header(Box::new(header)));
    assert!(matches!(reply(&effects, id), Ok(Reply::Import(ImportReply::Malformed(_)))));
}

#[test]
fn imports_that_never_end_are_bounded() {
    let mut node = Node::default();
    let open: Vec<CallId> = (0..8)
        .map(|n| {
            let (id, effects) = node.import_header(1, 50 + n);
            assert!(unanswered(&effects, id));
            id
        })
        .collect();
    let (id, effects) = node.import_header(1, 60);
    assert_eq!(reply(&effects, id), Err(Reason::LimitExceeded));
    node.feed(open[0], StreamEvent::Reset);
    let (id, effects) = node.import_header(1, 60);
    assert!(unanswered(&effects, id));
}

#[test]
fn streams_of_decided_blocks_are_bounded_and_end_with_their_session() {
    let mut node = Node::default();
    node.commit(1, 5);
    let read = |node: &mut Node| node.call(CallKind::GetDecided, Call::GetDecided(1, 1));
    let open: Vec<CallId> = (0..16)
        .map(|_| {
            let (id, effects) = read(&mut node);
            assert_eq!(effects, [Effect::Read(id, Read::Decided(1, 1))]);
            id
        })
        .collect();
    let (id, effects) = read(&mut node);
    assert_eq!(reply(&effects, id), Err(Reason::Busy));
    assert!(effects.iter().any(|e| matches!(e, Effect::Refuse(_, refusal) if refusal.retry_after_ms.is_some())));
    node.feed(open[3], StreamEvent::Reset);
    let (last, effects) = read(&mut node);
    assert_eq!(effects, [Effect::Read(last, Read::Decided(1, 1))]);

    let again = handshake(HOLDER, SessionRole::Writer);
    let (_, effects) = node.call_with(None, CallKind::Handshake, Ok(Call::Handshake(Box::new(again))));
    for id in [open[0], last] {
        assert_eq!(reply(&effects, id), Err(Reason::Fenced));
    }
    assert!(unanswered(&effects, open[3]));
}

#[test]
fn a_candidate_that_is_being_repeated_outlives_its_abort() {
    let mut node = Node::default();
    let open = node.open(1);
    let (stream, (_, late)) = (open.stream_id, node.validating(open));
    node.state.step(Input::Timer(Timer::Budget(late)));
    node.complete(late, 5);
    let open = ecp_execution_core::input::ValidateOpen { same_as: Some(commitment(5)), ..node.open(1) };
    let (id, _) = node.open_stream(open);
    let (_, effects) = node.call(CallKind::Abort, Call::Abort(stream));
    assert!(!dropped(&effects, late));
    let effects = node.feed(id, StreamEvent::Part(part(0, PartKind::Init)));
    let repeat = work(&effects);
    node.feed(id, StreamEvent::End(Counts { parts: 1, bytes: 7 }));
    let effects = node.engine(repeat, EngineEvent::Compared(true));
    assert!(matches!(verdict(&effects, id), Some(Verdict::Valid { .. })));
}

#[test]
fn a_successor_does_not_wait_for_an_import_that_waits() {
    let mut node = Node::default();
    let (import, effects) = node.import(1, 5);
    let importing = work(&effects);
    let again = handshake(HOLDER, SessionRole::Writer);
    let (id, effects) = node.call_with(None, CallKind::Handshake, Ok(Call::Handshake(Box::new(again))));
    assert!(unanswered(&effects, id), "the import executes");
    let effects = node.engine(importing, EngineEvent::Waiting(Missing::BlockHash(0)));
    assert_eq!(reply(&effects, import), Ok(&Reply::Import(ImportReply::NotReady(Missing::BlockHash(0)))));
    assert!(matches!(reply(&effects, id), Ok(Reply::Handshake(_))));
}

#[test]
fn an_accepted_decision_outlives_the_time_to_end_and_nothing_else_does() {
    let mut node = Node::default();
    let open = node.open(1);
    let (awaited_id, awaited) = node.validating(open);
    let (import, _) = node.import_header(1, 9);
    let (decide, _) = node.decide(1, 5);
    assert!(!node.state.step(Input::Drain).contains(&Effect::Drained));
    assert_eq!(node.state.phase(), Phase::Draining);
    let effects = node.state.step(Input::DrainNow);
    assert_eq!(reply(&effects, import), Err(Reason::Draining));
    assert!(unanswered(&effects, decide) && !dropped(&effects, awaited) && !effects.contains(&Effect::Drained));
    let effects = node.complete(awaited, 5);
    assert!(matches!(messages(&effects, awaited_id)[..], [Message::Verdict(Verdict::Valid { .. })]));
    let effects = node.stored(write(&effects).unwrap());
    let committed = Position { height: 1, commitment: commitment(5) };
    assert_eq!(reply(&effects, decide), Ok(&Reply::Decide { committed, next_params: None }));
    assert!(effects.contains(&Effect::Drained));
}

#[test]
fn what_runs_without_end_ends_when_the_time_to_end_is_over() {
    let mut node = Node::default();
    let (build, _) = node.building(1, 0);
    let open = node.open(1);
    let (validation, effects) = node.open_stream(open);
    let running = work(&effects);
    node.state.step(Input::Drain);
    let effects = node.state.step(Input::DrainNow);
    assert_eq!(verdict(&effects, validation), Some(Verdict::Aborted));
    assert_eq!(reply(&effects, build), Err(Reason::Draining));
    assert!(effects.contains(&Effect::Engine(running, EngineCommand::Drop)) && effects.contains(&Effect::Drained));
}

#[test]
fn a_half_that_stops_while_it_ends_still_ends() {
    let mut node = Node::default();
    let open = node.open(1);
    node.validating(open);
    node.state.step(Input::Drain);
    let effects = node.state.step(Input::Broken("the disk is gone".into()));
    assert!(effects.contains(&Effect::Drained));
    assert!(Node::default().state.step(Input::Drain).contains(&Effect::Drained));
}
