//! Validations: order, verdicts, budgets, bases, candidates.

#![allow(clippy::unwrap_used)]

mod support;

use ecp_execution_core::{
    CallKind, Effect, Input,
    effect::{EngineCommand, Message},
    input::{Call, EngineEvent, StreamEvent, Timer},
};
use ecp_types::{Basis, Counts, InvalidReason, LocalReason, Missing, PartKind, Reason, Verdict};
use support::{Node, commitment, dropped, messages, outcome, part, parts, reply, verdict, work};

fn objection() -> Option<(LocalReason, String)> {
    Some((LocalReason::TimestampWindow, "ahead".into()))
}

#[test]
fn parts_are_given_to_the_engine_as_they_come_and_one_verdict_follows() {
    let mut node = Node::default();
    let open = node.open(1);
    let (id, effects) = node.open_stream(open);
    let work = work(&effects);
    for part in parts() {
        assert_eq!(node.feed(id, StreamEvent::Part(part.clone())), [Effect::Engine(work, EngineCommand::Part(part))]);
    }
    assert_eq!(node.feed(id, StreamEvent::End(Counts::of(&parts()))), [Effect::Engine(work, EngineCommand::End)]);
    let effects = node.complete(work, 5);
    assert_eq!(verdict(&effects, id), Some(Verdict::Valid { commitment: commitment(5), executed_count: 5 }));
    assert_eq!(node.engine(work, EngineEvent::Progress), []);
}

#[test]
fn what_breaks_the_order_is_refused_and_nothing_is_kept() {
    let init = || StreamEvent::Part(part(0, PartKind::Init));
    let cases: Vec<Vec<StreamEvent>> = vec![
        vec![StreamEvent::Part(part(1, PartKind::Init))],
        vec![StreamEvent::Part(part(0, PartKind::Body))],
        vec![init(), StreamEvent::Part(part(2, PartKind::Body))],
        vec![init(), StreamEvent::Part(part(1, PartKind::Init))],
        vec![init(), StreamEvent::Part(part(1, PartKind::Fin)), StreamEvent::Part(part(2, PartKind::Body))],
        vec![init(), StreamEvent::End(Counts { parts: 1, bytes: 7 })],
        vec![init(), StreamEvent::Part(part(1, PartKind::Fin)), StreamEvent::End(Counts { parts: 3, bytes: 14 })],
        vec![init(), StreamEvent::Part(part(1, PartKind::Fin)), StreamEvent::End(Counts { parts: 2, bytes: 15 })],
        vec![init(), StreamEvent::HalfClosed],
    ];
    for events in cases {
        let mut node = Node::default();
        let open = node.open(1);
        let (id, effects) = node.open_stream(open);
        let work = work(&effects);
        let last = events.iter().cloned().map(|event| node.feed(id, event)).last().unwrap();
        assert_eq!(reply(&last, id), Err(Reason::StreamOrder), "{events:?}");
        assert!(dropped(&last, work), "{events:?}");
        assert_eq!(node.complete(work, 5), [], "{events:?}");
    }
}

#[test]
fn a_stream_begins_with_open_exactly_once() {
    let mut node = Node::default();
    let (id, _) = node.call(CallKind::ValidateProposal, Call::ValidateProposal);
    let effects = node.feed(id, StreamEvent::Part(part(0, PartKind::Init)));
    assert_eq!(reply(&effects, id), Err(Reason::StreamOrder));
    let open = node.open(1);
    let (id, _) = node.open_stream(open.clone());
    let effects = node.feed(id, StreamEvent::Open(Box::new(open)));
    assert_eq!(reply(&effects, id), Err(Reason::StreamOrder));
}

#[test]
fn a_reset_without_end_keeps_nothing_and_one_after_end_goes_on() {
    let mut node = Node::default();
    let open = node.open(1);
    let (id, effects) = node.open_stream(open);
    let lost = work(&effects);
    node.feed(id, StreamEvent::Part(part(0, PartKind::Init)));
    let effects = node.feed(id, StreamEvent::Reset);
    assert!(dropped(&effects, lost) && messages(&effects, id).is_empty());

    let open = node.open(1);
    let (id, kept) = node.validating(open);
    assert!(!dropped(&node.feed(id, StreamEvent::Reset), kept));
    node.complete(kept, 5);
    assert_eq!(node.state.candidates(), [commitment(5)]);
}

#[test]
fn too_large_proposals_are_invalid_and_too_large_parts_refused() {
    let mut node = Node::new(|config| config.limits.max_part_bytes = 6);
    let open = node.open(1);
    let (id, _) = node.open_stream(open);
    let effects = node.feed(id, StreamEvent::Part(part(0, PartKind::Init)));
    assert_eq!(reply(&effects, id), Err(Reason::LimitExceeded));

    let mut node = Node::default();
    let open = node.open(1);
    let (id, _) = node.open_stream(open);
    node.feed(id, StreamEvent::Part(part(0, PartKind::Init)));
    let mut big = part(1, PartKind::Body);
    big.payload = vec![0; 5 << 20].into();
    node.feed(id, StreamEvent::Part(big.clone()));
    big.index = 2;
    let effects = node.feed(id, StreamEvent::Part(big));
    assert!(
        matches!(verdict(&effects, id), Some(Verdict::Invalid { reason: InvalidReason::ProposalTooLarge, .. })),
        "{effects:?}"
    );
}

#[test]
fn at_the_end_of_the_budget_a_missing_condition_is_told_or_only_time_and_execution_goes_on() {
    for missing in [None, Some(Missing::BlockHash(3))] {
        let mut node = Node::default();
        let open = node.open(1);
        let (id, work) = node.validating(open);
        if let Some(missing) = missing {
            let effects = node.engine(work, EngineEvent::Waiting(missing));
            assert_eq!(messages(&effects, id), [&Message::Waiting(missing)]);
            assert!(effects.contains(&Effect::Arm(Timer::Poll, 50)));
        }
        let effects = node.state.step(Input::Timer(Timer::Budget(work)));
        assert_eq!(verdict(&effects, id), Some(missing.map_or(Verdict::Expired, Verdict::NotReady)));
        assert!(!dropped(&effects, work));
        node.complete(work, 5);
        assert_eq!(node.state.candidates(), [commitment(5)]);
        // Given up by its caller, it is dropped.
        let (_, effects) = node.call(CallKind::Abort, Call::Abort([1; 16]));
        assert!(dropped(&effects, work));
        assert!(node.state.candidates().is_empty());
    }
}

#[test]
fn what_waits_is_asked_again_at_a_hash_and_by_the_clock() {
    let mut node = Node::default();
    let open = node.open(1);
    let (_, work) = node.validating(open);
    node.engine(work, EngineEvent::Waiting(Missing::BlockHash(3)));
    let resumed = Effect::Engine(work, EngineCommand::Resume);
    assert!(node.state.step(Input::HashKnown(3)).contains(&resumed));
    let effects = node.state.step(Input::Timer(Timer::Poll));
    assert!(effects.contains(&resumed) && effects.contains(&Effect::Arm(Timer::Poll, 50)));
    node.engine(work, EngineEvent::Progress);
    assert!(!node.state.step(Input::Timer(Timer::Poll)).contains(&resumed));
}

#[test]
fn objections_count_only_for_fresh_and_the_candidate_is_kept() {
    for (basis, raised) in [(Basis::Fresh, None), (Basis::Quorum(0), None), (Basis::Fresh, Some(Basis::Restored))] {
        let mut node = Node::default();
        let mut open = node.open(1);
        open.basis = basis;
        let (id, work) = node.validating(open);
        if let Some(raised) = raised {
            node.feed(id, StreamEvent::Raise(raised));
            node.feed(id, StreamEvent::Raise(Basis::Fresh));
        }
        let effects = node.engine(work, EngineEvent::Complete { outcome: outcome(5), local: objection() });
        let rejected = matches!(verdict(&effects, id), Some(Verdict::RejectedLocal { .. }));
        assert_eq!(rejected, basis == Basis::Fresh && raised.is_none());
        assert_eq!(node.state.candidates(), [commitment(5)]);
    }
}

#[test]
fn what_was_valid_is_not_objected_to_later() {
    let mut node = Node::default();
    node.candidate(1, 5);
    let open = node.open(1);
    let (id, work) = node.validating(open);
    let effects = node.engine(work, EngineEvent::Complete { outcome: outcome(5), local: objection() });
    assert!(matches!(verdict(&effects, id), Some(Verdict::Valid { .. })));
}

fn repeat(node: &mut Node, n: u8, basis: Basis) -> (u64, Vec<Effect>) {
    let mut open = node.open(1);
    open.same_as = Some(commitment(n));
    open.basis = basis;
    open.round = 2;
    node.open_stream(open)
}

#[test]
fn a_repetition_sends_init_only_and_has_the_candidates_verdict() {
    let mut node = Node::default();
    let (id, effects) = repeat(&mut node, 5, Basis::Fresh);
    assert_eq!(reply(&effects, id), Err(Reason::UnknownProposal));
    node.candidate(1, 5);
    for same in [true, false] {
        let (id, _) = repeat(&mut node, 5, Basis::Quorum(0));
        let effects = node.feed(id, StreamEvent::Part(part(0, PartKind::Init)));
        let again = work(&effects);
        node.feed(id, StreamEvent::End(Counts { parts: 1, bytes: 7 }));
        let effects = node.engine(again, EngineEvent::Compared(same));
        if same {
            assert!(matches!(verdict(&effects, id), Some(Verdict::Valid { .. })));
        } else {
            // INIT differs: the whole is executed with it.
            let commands: Vec<_> =
                effects.iter().filter(|e| matches!(e, Effect::Engine(w, _) if *w == again)).collect();
            assert_eq!(commands.len(), 4, "Validate, INIT, the candidate's parts, End: {commands:?}");
            let invalid = EngineEvent::Invalid {
                reason: InvalidReason::CommitmentMismatch,
                detail: String::new(),
                computed: None,
            };
            assert!(matches!(verdict(&node.engine(again, invalid), id), Some(Verdict::Invalid { .. })));
        }
    }
}

#[test]
fn an_objection_is_asked_for_again_when_a_rejected_candidate_is_repeated() {
    let mut node = Node::default();
    let open = node.open(1);
    let (_, candidate) = node.validating(open);
    node.engine(candidate, EngineEvent::Complete { outcome: outcome(5), local: objection() });
    for (answer, rejected) in [(objection(), true), (None, false)] {
        let (id, _) = repeat(&mut node, 5, Basis::Fresh);
        let effects = node.feed(id, StreamEvent::Part(part(0, PartKind::Init)));
        let again = work(&effects);
        node.engine(again, EngineEvent::Compared(true));
        let effects = node.feed(id, StreamEvent::End(Counts { parts: 1, bytes: 7 }));
        assert!(effects.contains(&Effect::Engine(again, EngineCommand::Recheck(candidate))));
        let effects = node.engine(again, EngineEvent::Rechecked(answer));
        assert_eq!(matches!(verdict(&effects, id), Some(Verdict::RejectedLocal { .. })), rejected);
    }
}

#[test]
fn only_fresh_proposals_are_refused_for_want_of_a_slot() {
    let mut node = Node::new(|config| config.limits.max_candidates = 2);
    for _ in 0..2 {
        let open = node.open(1);
        node.open_stream(open);
    }
    let open = node.open(1);
    let (id, effects) = node.open_stream(open);
    assert_eq!(reply(&effects, id), Err(Reason::Busy));
    let refusal = effects.iter().find_map(|e| if let Effect::Refuse(_, r) = e { Some(r.clone()) } else { None });
    assert!(refusal.unwrap().retry_after_ms.is_some_and(|ms| (1..=60_000).contains(&ms)));
    let mut open = node.open(1);
    open.basis = Basis::Restored;
    let (_, effects) = node.open_stream(open);
    work(&effects);
}

#[test]
fn fresh_candidates_give_way_first() {
    let mut node = Node::new(|config| config.limits.max_candidates = 2);
    let mut open = node.open(1);
    open.basis = Basis::Quorum(0);
    let (_, vouched) = node.validating(open);
    node.complete(vouched, 1);
    node.candidate(1, 2);
    node.candidate(1, 3);
    assert_eq!(node.state.candidates(), [commitment(1), commitment(3)]);
}

#[test]
fn start_round_ends_no_validation() {
    let mut node = Node::default();
    let open = node.open(1);
    let (id, work) = node.validating(open);
    let (_, effects) = node.start(1, 7);
    assert!(!dropped(&effects, work));
    assert!(matches!(verdict(&node.complete(work, 5), id), Some(Verdict::Valid { .. })));
}
