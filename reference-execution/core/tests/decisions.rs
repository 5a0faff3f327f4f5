//! Decisions, imports, the lane, and what stops the half.

#![allow(clippy::unwrap_used)]

mod support;

use ecp_execution_core::{
    CallKind, Effect, Input,
    effect::{ImportReply, Read, Reply},
    input::{Call, EngineEvent, StreamEvent, Timer},
};
use ecp_types::{
    Counts, InvalidReason, Missing, PartKind, Phase, Position, Reason, Verdict,
    limits::{CONDITION_WAIT_MS_MAX, IMPORTS_MIN, PARTS_MAX},
};
use support::{Node, commitment, dropped, outcome, params, part, parts, reply, unanswered, verdict, work, write};

fn invalid(reason: InvalidReason, computed: Option<u8>) -> EngineEvent {
    EngineEvent::Invalid { reason, detail: "why".into(), computed: computed.map(commitment) }
}

#[test]
fn a_decision_is_answered_after_its_write_and_repeats_are_ok() {
    let mut node = Node::default();
    node.commit(1, 5);
    node.commit(2, 6);
    let (id, effects) = node.decide(2, 6);
    assert!(matches!(reply(&effects, id), Ok(Reply::Decide { .. })));
    // An old height is asked of the archive.
    let (id, effects) = node.decide(1, 5);
    assert!(effects.contains(&Effect::Read(id, Read::ArchivedCommitment(1))));
    let effects = node.state.step(Input::Archived { id, commitment: Some(commitment(5)) });
    assert!(matches!(reply(&effects, id), Ok(Reply::Decide { .. })));
    let (id, effects) = node.decide(4, 6);
    assert_eq!(reply(&effects, id), Err(Reason::HeightMismatch));
}

#[test]
fn a_repeat_attaches_to_the_run_in_progress() {
    let mut node = Node::default();
    node.candidate(1, 5);
    let (first, effects) = node.decide(1, 5);
    let written = write(&effects).unwrap();
    let (second, effects) = node.decide(1, 5);
    assert!(write(&effects).is_none());
    let effects = node.stored(written);
    for id in [first, second] {
        assert!(matches!(reply(&effects, id), Ok(Reply::Decide { .. })));
    }
}

#[test]
fn the_lane_keeps_the_order_of_arrival() {
    let mut node = Node::default();
    node.candidate(1, 5);
    let (_, effects) = node.decide(1, 5);
    let written = write(&effects).unwrap();
    let (start, effects) = node.start(2, 0);
    assert!(unanswered(&effects, start));
    let (late, effects) = node.start(1, 3);
    assert!(unanswered(&effects, late));
    let effects = node.stored(written);
    assert_eq!(reply(&effects, start), Ok(&Reply::StartRound));
    assert_eq!(reply(&effects, late), Err(Reason::HeightMismatch));
}

#[test]
fn a_validation_whose_end_came_is_awaited_and_others_are_aborted() {
    let mut node = Node::default();
    let open = node.open(1);
    let (awaited, awaited_work) = node.validating(open);
    let open = node.open(1);
    let (other, effects) = node.open_stream(open);
    let other_work = work(&effects);
    let (decide, effects) = node.decide(1, 5);
    assert!(unanswered(&effects, decide));
    assert_eq!(verdict(&effects, other), Some(Verdict::Aborted));
    assert!(dropped(&effects, other_work));
    assert!(effects.contains(&Effect::Disarm(Timer::Budget(awaited_work))));
    // Neither an Abort nor a lost caller ends it, and no objection counts.
    node.call(CallKind::Abort, Call::Abort([1; 16]));
    node.feed(decide, StreamEvent::Reset);
    let local = Some((ecp_types::LocalReason::PriceBand, "price".into()));
    let effects = node.engine(awaited_work, EngineEvent::Complete { outcome: outcome(5), local });
    assert!(matches!(verdict(&effects, awaited), Some(Verdict::Valid { .. })));
    let effects = node.stored(write(&effects).unwrap());
    assert!(matches!(reply(&effects, decide), Ok(Reply::Decide { .. })));
}

#[test]
fn without_a_block_the_caller_is_told_at_once_and_nothing_ends() {
    let mut node = Node::default();
    let open = node.open(1);
    let (id, effects) = node.open_stream(open);
    let validation = work(&effects);
    let (decide, effects) = node.decide(1, 5);
    assert_eq!(reply(&effects, decide), Err(Reason::UnknownProposal));
    assert!(!dropped(&effects, validation) && unanswered(&effects, id));

    node.send_parts(id);
    let (decide, _) = node.decide(1, 5);
    let effects = node.complete(validation, 6);
    assert_eq!(reply(&effects, decide), Err(Reason::UnknownProposal));
    assert!(write(&effects).is_none());
}

#[test]
fn while_a_height_is_decided_it_takes_no_new_work() {
    let mut node = Node::default();
    node.candidate(1, 5);
    node.start(1, 0);
    node.decide(1, 5);
    let (id, effects) = node.build(1, 0);
    assert_eq!(reply(&effects, id), Err(Reason::RoundBurned));
    let open = node.open(1);
    let (id, effects) = node.open_stream(open);
    assert_eq!(reply(&effects, id), Err(Reason::HeightMismatch));
}

#[test]
fn a_failed_write_commits_nothing_and_halts() {
    let mut node = Node::default();
    node.candidate(1, 5);
    let (id, effects) = node.decide(1, 5);
    let write = write(&effects).unwrap();
    let effects = node.state.step(Input::Stored { write, result: Err("disk full".into()) });
    assert_eq!(reply(&effects, id), Err(Reason::StorageFailed));
    assert_eq!((node.state.committed(), node.state.phase()), (None, Phase::Halted));
    let (id, effects) = node.start(1, 0);
    assert_eq!(reply(&effects, id), Err(Reason::Halted));
}

#[test]
fn two_decisions_halt_and_keep_the_evidence_first() {
    for old in [false, true] {
        let mut node = Node::default();
        node.commit(1, 5);
        if old {
            node.commit(2, 6);
        }
        let (id, mut effects) = node.decide(1, 9);
        if old {
            effects = node.state.step(Input::Archived { id, commitment: Some(commitment(5)) });
        }
        assert_eq!(reply(&effects, id), Err(Reason::Conflict));
        let at = |wanted: &dyn Fn(&Effect) -> bool| effects.iter().position(wanted).unwrap();
        assert!(at(&|e| matches!(e, Effect::KeepEvidence(_))) < at(&|e| matches!(e, Effect::Refuse(..))));
        assert_eq!(node.state.phase(), Phase::Halted);
    }
}

#[test]
fn a_decided_block_that_is_invalid_here_is_a_divergence() {
    let mut node = Node::default();
    let open = node.open(1);
    let (_, validation) = node.validating(open);
    let (decide, _) = node.decide(1, 5);
    let effects = node.engine(validation, invalid(InvalidReason::BlockOverCapacity, Some(5)));
    assert_eq!(reply(&effects, decide), Err(Reason::Divergence));
    assert!(effects.iter().any(|e| matches!(e, Effect::KeepEvidence(c) if c.divergence)));
    assert_eq!(node.state.phase(), Phase::Diverged);
}

#[test]
fn imports_commit_or_say_whose_fault_it_is() {
    let cases: Vec<(EngineEvent, Option<ImportReply>)> = vec![
        (EngineEvent::Complete { outcome: outcome(5), local: None }, None),
        (EngineEvent::Complete { outcome: outcome(6), local: None }, Some(ImportReply::Mismatch(commitment(6)))),
        (invalid(InvalidReason::CommitmentMismatch, Some(6)), Some(ImportReply::Mismatch(commitment(6)))),
        (invalid(InvalidReason::TransactionInvalid, Some(6)), Some(ImportReply::Mismatch(commitment(6)))),
        (invalid(InvalidReason::FinMismatch, Some(6)), Some(ImportReply::Mismatch(commitment(6)))),
    ];
    for (event, expected) in cases {
        let mut node = Node::default();
        let (id, effects) = node.import(1, 5);
        let effects = node.engine(work(&effects), event);
        match expected {
            Some(expected) => {
                assert_eq!(reply(&effects, id), Ok(&Reply::Import(expected)));
                assert_eq!(node.state.committed(), None);
            }
            None => {
                let effects = node.stored(write(&effects).unwrap());
                assert!(matches!(reply(&effects, id), Ok(Reply::Import(ImportReply::Committed { .. }))));
            }
        }
    }
    for (event, reason) in [
        (invalid(InvalidReason::TransactionInvalid, None), None),
        (invalid(InvalidReason::FinMismatch, Some(5)), None),
        (invalid(InvalidReason::HeaderRule, Some(5)), Some(Reason::Divergence)),
    ] {
        let mut node = Node::default();
        let (id, effects) = node.import(1, 5);
        let effects = node.engine(work(&effects), event);
        match reason {
            None => assert!(matches!(reply(&effects, id), Ok(Reply::Import(ImportReply::Malformed(_))))),
            Some(reason) => assert_eq!(reply(&effects, id), Err(reason)),
        }
    }
}

#[test]
fn an_import_waits_for_a_condition_for_a_while() {
    let mut node = Node::default();
    let (id, effects) = node.import(1, 5);
    let import = work(&effects);
    let effects = node.engine(import, EngineEvent::Waiting(Missing::BlockHash(9)));
    assert!(effects.contains(&Effect::Arm(Timer::Budget(import), CONDITION_WAIT_MS_MAX)));
    let effects = node.state.step(Input::Timer(Timer::Budget(import)));
    assert_eq!(reply(&effects, id), Ok(&Reply::Import(ImportReply::NotReady(Missing::BlockHash(9)))));
}

#[test]
fn a_decision_waits_for_a_condition_for_a_while() {
    for before in [true, false] {
        let mut node = Node::default();
        let open = node.open(1);
        let (validation, awaited) = node.validating(open);
        let waiting = EngineEvent::Waiting(Missing::BlockHash(9));
        if before {
            node.engine(awaited, waiting.clone());
        }
        let (decide, effects) = node.decide(1, 5);
        let arm = Effect::Arm(Timer::Budget(awaited), CONDITION_WAIT_MS_MAX);
        let at = |wanted: &Effect| effects.iter().position(|effect| effect == wanted);
        assert_eq!(at(&arm).is_some(), before);
        assert!(at(&arm).is_none_or(|arm| at(&Effect::Disarm(Timer::Budget(awaited))).unwrap() < arm));
        let (start, _) = node.start(1, 1);
        if !before {
            assert!(node.engine(awaited, waiting.clone()).contains(&arm));
        }
        // What the condition held up and goes on is awaited to its end; what it holds up again is timed anew.
        assert!(node.engine(awaited, EngineEvent::Progress).contains(&Effect::Disarm(Timer::Budget(awaited))));
        assert!(node.engine(awaited, waiting).contains(&arm));
        // The lane goes on, and the validation ends as at the end of its budget.
        let effects = node.state.step(Input::Timer(Timer::Budget(awaited)));
        assert_eq!(reply(&effects, decide), Err(Reason::UnknownProposal));
        assert_eq!(reply(&effects, start), Ok(&Reply::StartRound));
        assert_eq!(verdict(&effects, validation), Some(Verdict::NotReady(Missing::BlockHash(9))));
        assert!(!dropped(&effects, awaited));
        // The block is kept once the condition is there, and the next decision finds it.
        node.complete(awaited, 5);
        let (_, effects) = node.decide(1, 5);
        assert!(write(&effects).is_some());
    }
}

#[test]
fn another_validation_is_awaited_when_one_has_waited_for_too_long() {
    let mut node = Node::default();
    let (open, other) = (node.open(1), node.open(1));
    let (_, stuck) = node.validating(open);
    let (_, running) = node.validating(other);
    let (decide, _) = node.decide(1, 5);
    node.engine(stuck, EngineEvent::Waiting(Missing::BlockHash(9)));
    let effects = node.state.step(Input::Timer(Timer::Budget(stuck)));
    assert!(unanswered(&effects, decide));
    let effects = node.complete(running, 5);
    assert!(write(&effects).is_some());
}

#[test]
fn an_import_whose_parts_arrive_while_the_block_is_committed_hears_so() {
    for (mine, expected) in [(5, true), (6, false)] {
        let mut node = Node::default();
        let (slow, _) = node.import_header(1, mine);
        node.feed(slow, StreamEvent::Part(part(0, PartKind::Init)));
        node.commit(1, 5);
        node.feed(slow, StreamEvent::Part(part(1, PartKind::Body)));
        node.feed(slow, StreamEvent::Part(part(2, PartKind::Fin)));
        let effects = node.feed(slow, StreamEvent::End(Counts::of(&parts())));
        let committed = Position { height: 1, commitment: commitment(5) };
        let told = if expected { ImportReply::Already(committed) } else { ImportReply::Conflict(committed) };
        assert_eq!(reply(&effects, slow), Ok(&Reply::Import(told)));
    }
}

#[test]
fn a_part_format_of_a_header_is_never_a_status() {
    let other = |node: &mut Node| node.import_header_of(1, 5, "ecp-test/2", Counts::of(&parts()));
    let malformed = |effects: &[Effect], id| matches!(reply(effects, id), Ok(Reply::Import(ImportReply::Malformed(_))));
    let mut node = Node::new(|config| {
        config.part_formats = ["ecp-test/1".to_owned()].into();
    });
    // Unknown parameters compare nothing; they are compared in the lane once they are known.
    let (early, effects) = other(&mut node);
    assert!(unanswered(&effects, early));
    node.state.step(Input::ParamsKnown(Box::new(params(1))));
    for part in parts() {
        node.feed(early, StreamEvent::Part(part));
    }
    let effects = node.feed(early, StreamEvent::End(Counts::of(&parts())));
    assert!(malformed(&effects, early));
    let (late, effects) = other(&mut node);
    assert!(malformed(&effects, late));
    let (good, effects) = node.import_header(1, 5);
    assert!(unanswered(&effects, good));
    assert_eq!(node.state.phase(), Phase::Ready);
}

#[test]
fn limits_of_parts_and_imports_are_those_of_the_table() {
    let mut node = Node::default();
    let most = u32::try_from(PARTS_MAX).unwrap();
    let (id, effects) = node.import_header_of(1, 5, "ecp-test/1", Counts { parts: most + 1, bytes: 7 });
    assert!(matches!(reply(&effects, id), Ok(Reply::Import(ImportReply::Malformed(_)))));
    let (id, effects) = node.import_header_of(1, 5, "ecp-test/1", Counts { parts: most, bytes: 7 });
    assert!(unanswered(&effects, id));
    let effects = node.feed(id, StreamEvent::Part(part(most, PartKind::Body)));
    assert_eq!(reply(&effects, id), Err(Reason::LimitExceeded));
    for _ in 0..IMPORTS_MIN {
        let (id, effects) = node.import_header(1, 5);
        assert!(unanswered(&effects, id));
    }
    let (id, effects) = node.import_header(1, 5);
    assert_eq!(reply(&effects, id), Err(Reason::LimitExceeded));
}

#[test]
fn imports_of_what_is_committed_above_or_under_way() {
    let mut node = Node::default();
    let (first, effects) = node.import(1, 5);
    let import = work(&effects);
    let (second, effects) = node.import_header(1, 5);
    assert!(unanswered(&effects, second));
    node.feed(second, StreamEvent::Part(part(0, PartKind::Init)));
    let effects = node.complete(import, 5);
    let effects = node.stored(write(&effects).unwrap());
    for id in [first, second] {
        assert!(matches!(reply(&effects, id), Ok(Reply::Import(ImportReply::Committed { .. }))));
    }
    let (id, effects) = node.import_header(1, 5);
    let committed = Position { height: 1, commitment: commitment(5) };
    assert_eq!(reply(&effects, id), Ok(&Reply::Import(ImportReply::Already(committed))));
    let (id, effects) = node.import_header(3, 5);
    assert_eq!(reply(&effects, id), Err(Reason::HeightMismatch));
    let (id, effects) = node.import_header(1, 8);
    assert_eq!(reply(&effects, id), Ok(&Reply::Import(ImportReply::Conflict(committed))));
    assert_eq!(node.state.phase(), Phase::Halted);
}

#[test]
fn an_import_checks_its_counts_and_order() {
    let mut node = Node::default();
    let (id, _) = node.import_header(1, 5);
    node.feed(id, StreamEvent::Part(part(0, PartKind::Init)));
    node.feed(id, StreamEvent::Part(part(1, PartKind::Fin)));
    let effects = node.feed(id, StreamEvent::End(Counts { parts: 2, bytes: 14 }));
    assert!(matches!(reply(&effects, id), Ok(Reply::Import(ImportReply::Malformed(_)))));
    let (id, _) = node.import_header(1, 5);
    let effects = node.feed(id, StreamEvent::Part(part(1, PartKind::Body)));
    assert_eq!(reply(&effects, id), Err(Reason::StreamOrder));
    let (id, _) = node.call(CallKind::ImportDecided, Call::ImportDecided);
    let effects = node.feed(id, StreamEvent::Part(part(0, PartKind::Init)));
    assert_eq!(reply(&effects, id), Err(Reason::StreamOrder));
}
