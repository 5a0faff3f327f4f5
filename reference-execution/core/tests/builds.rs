//! Builds: started rounds, parts from index 0, burned slots.

#![allow(clippy::unwrap_used)]

mod support;

use ecp_execution_core::{
    CallKind, Effect, Input,
    effect::{EngineCommand, Message, Reply},
    input::{Call, EngineEvent, StreamEvent, Timer},
};
use ecp_types::{Counts, PartKind, Reason};
use support::{Node, dropped, messages, outcome, part, parts, reply, started};

#[test]
fn a_round_is_started_before_it_is_built() {
    let mut node = Node::default();
    let (id, effects) = node.build(1, 0);
    assert_eq!(reply(&effects, id), Err(Reason::RoundNotStarted));
    let (id, effects) = node.start(2, 0);
    assert_eq!(reply(&effects, id), Err(Reason::HeightMismatch));
    let (_, effects) = node.start(1, 0);
    assert!(started(&effects).is_none());
    let (_, effects) = node.build(1, 0);
    assert!(matches!(
        effects.iter().find_map(|e| if let Effect::Engine(_, EngineCommand::Build(_, close)) = e {
            Some(*close)
        } else {
            None
        }),
        Some(950)
    ));
}

#[test]
fn every_stream_of_a_slot_reads_the_same_parts_from_index_zero() {
    let mut node = Node::default();
    let (first, work) = node.building(1, 0);
    let sent = node.engine(work, EngineEvent::Part(part(0, PartKind::Init)));
    assert_eq!(messages(&sent, first), [&Message::Part(part(0, PartKind::Init))]);
    node.feed(first, StreamEvent::Reset);
    node.engine(work, EngineEvent::Part(part(1, PartKind::Body)));

    let (second, effects) = node.build(1, 0);
    assert!(started(&effects).is_none(), "nothing is built twice");
    assert_eq!(messages(&effects, second).len(), 2);
    node.engine(work, EngineEvent::Part(part(2, PartKind::Fin)));
    let effects = node.engine(work, EngineEvent::Built(outcome(4)));
    assert_eq!(messages(&effects, second), [&Message::Built(outcome(4), Counts::of(&parts()))]);
    assert!(effects.contains(&Effect::Finish(second)));

    let (third, effects) = node.build(1, 0);
    assert_eq!(messages(&effects, third).len(), 4);
    assert!(effects.contains(&Effect::Finish(third)));
    // A complete build is a candidate.
    assert_eq!(node.state.candidates(), [support::commitment(4)]);
}

#[test]
fn a_higher_round_ends_builds_of_lower_ones_only_and_never_un_burns() {
    let mut node = Node::default();
    let (low, low_work) = node.building(1, 1);
    let (high, high_work) = node.building(1, 3);
    // Starting round 3 ended round 1.
    let (id, effects) = node.build(1, 1);
    assert_eq!(reply(&effects, id), Err(Reason::RoundBurned));
    assert_ne!(low, high);
    let (id, effects) = node.start(1, 2);
    assert_eq!(reply(&effects, id), Ok(&Reply::StartRound));
    assert!(!dropped(&effects, high_work) && !dropped(&effects, low_work));
    node.start(1, 1);
    let (id, effects) = node.build(1, 1);
    assert_eq!(reply(&effects, id), Err(Reason::RoundBurned));
}

#[test]
fn a_build_ends_by_budget_abort_and_decision_and_its_slot_is_burned() {
    for how in ["budget", "abort", "decide"] {
        let mut node = Node::default();
        node.candidate(1, 5);
        let (id, work) = node.building(1, 0);
        let effects = match how {
            "budget" => node.state.step(Input::Timer(Timer::Budget(work))),
            "abort" => node.call(CallKind::Abort, Call::Abort([2; 16])).1,
            _ => node.decide(1, 5).1,
        };
        assert_eq!(reply(&effects, id), Err(Reason::RoundBurned), "{how}");
        assert!(dropped(&effects, work), "{how}");
        let (id, effects) = node.build(1, 0);
        assert_eq!(reply(&effects, id), Err(Reason::RoundBurned), "{how}");
    }
}

#[test]
fn abort_of_a_complete_build_or_of_nothing_ends_nothing() {
    let mut node = Node::default();
    let (_, work) = node.building(1, 0);
    node.engine(work, EngineEvent::Part(part(0, PartKind::Init)));
    node.engine(work, EngineEvent::Built(outcome(4)));
    for stream in [[1; 16], [99; 16]] {
        let (id, effects) = node.call(CallKind::Abort, Call::Abort(stream));
        assert_eq!(reply(&effects, id), Ok(&Reply::Abort));
        assert!(!dropped(&effects, work));
    }
    let (id, effects) = node.build(1, 0);
    assert_eq!(messages(&effects, id).len(), 2);
}

#[test]
fn a_stream_id_names_one_stream() {
    let mut node = Node::default();
    node.building(1, 0);
    let mut open = node.open(1);
    open.stream_id = [1; 16];
    let (id, effects) = node.open_stream(open);
    assert_eq!(reply(&effects, id), Err(Reason::StreamIdReused));
}

#[test]
fn a_fault_of_the_engine_ends_the_build() {
    let mut node = Node::default();
    let (id, work) = node.building(1, 0);
    let effects = node.engine(work, EngineEvent::Fault("broken".into()));
    assert_eq!(reply(&effects, id), Err(Reason::InternalFault));
    let (id, effects) = node.build(1, 0);
    assert_eq!(reply(&effects, id), Err(Reason::RoundBurned));
}
