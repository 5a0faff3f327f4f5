//! This node's own proposals.

use bytes::Bytes;
use ecp_types::{Action, Counts, Phase, Reason, RoundRole};

use super::world::*;
use crate::{
    Answer, Ask, Call, Content, Durable, Effect, Input, Outcome, Timer, Write,
    building::{build_budget_ms, gossip_stream_id},
};

fn build(world: &mut World, n: u8) -> u64 {
    let id = world.take_call(|c| matches!(c, Call::Build { .. }));
    for part in parts(n) {
        world.input(Input::BuildPart { id, part });
    }
    id
}

fn built(n: u8) -> Outcome {
    Outcome::Built { commitment: commitment(n), counts: Counts::of(&parts(n)) }
}

#[test]
fn the_mark_is_durable_before_the_first_part_and_the_body_before_the_value() {
    let mut world = World::running(0);
    let reply = world.get_value(0, 0);
    let id = build(&mut world, 7);
    world.returned(id, Ok(built(7)));
    let mark = world.writes(|w| matches!(w, Write::Mark(s) if *s == slot(0, 0))).unwrap();
    let part = world.at(|e| matches!(e, Effect::Publish { .. })).unwrap();
    let stored = world.writes(|w| matches!(w, Write::Body(b) if b.key() == key(0, 0, 7))).unwrap();
    let end = world.at(|e| matches!(e, Effect::Publish { content: Content::End { .. }, .. })).unwrap();
    let value = world.at(|e| matches!(e, Effect::Reply { reply: r, .. } if *r == reply)).unwrap();
    assert!(mark < part && part < stored && stored < end && stored < value);
    assert_eq!(world.answer(reply), Some(&Answer::Value(commitment(7))));
    assert_eq!(world.published().len(), 4);
}

#[test]
fn no_build_before_its_round_is_acknowledged() {
    let mut world = World::running(1);
    world.begin_round(0, 2);
    world.get_value(0, 2);
    assert!(!world.has_call(|c| matches!(c, Call::Build { .. })));
    let id = world.take_call(|c| matches!(c, Call::StartRound { .. }));
    world.returned(id, Ok(Outcome::Done));
    assert!(world.has_call(|c| matches!(c, Call::Build { slot: s, .. } if *s == slot(0, 2))));
}

#[test]
fn nothing_is_built_at_a_height_that_the_network_has_left() {
    // Told before the round begins: the round is announced as a validator's, and the slot stays unmarked.
    let mut world = World::running(1);
    world.watch_tip(Phase::Ready, Some(0));
    world.begin_round(0, 2);
    let reply = world.get_value(0, 2);
    assert_eq!(world.answer(reply), Some(&Answer::Nothing));
    assert!(world.has_call(
        |c| matches!(c, Call::StartRound { slot: s, role, .. } if *s == slot(0, 2) && *role == RoundRole::Validator)
    ));
    assert!(world.writes(|w| matches!(w, Write::Mark(_))).is_none());
    // Told between the mark and the call.
    let mut world = World::running(1);
    world.begin_round(0, 2);
    let reply = world.get_value(0, 2);
    world.watch_tip(Phase::Ready, Some(0));
    let round = world.take_call(|c| matches!(c, Call::StartRound { slot: s, .. } if *s == slot(0, 2)));
    world.returned(round, Ok(Outcome::Done));
    assert!(!world.has_call(|c| matches!(c, Call::Build { .. })));
    assert_eq!(world.answer(reply), Some(&Answer::Nothing));
    // A tip below the height, as an unknown one, changes nothing.
    let mut world = World::running(0);
    world.decide_own(0, 7);
    let id = world.take_call(|c| matches!(c, Call::Decide(_)));
    world.returned(id, Ok(Outcome::Decided { committed: position(0, 7), next_params: Some(params(1)) }));
    world.watch_tip(Phase::Ready, Some(0));
    let reply = world.reply();
    world.input(Input::Engine(Ask::Ready(reply)));
    world.start_round(1, 0);
    world.get_value(1, 0);
    assert!(world.has_call(|c| matches!(c, Call::Build { slot: s, .. } if *s == slot(1, 0))));
}

#[test]
fn a_whole_proposal_is_published_again_after_a_restart_and_nothing_is_built() {
    let mut world = World::running(0);
    world.get_value(0, 0);
    let id = build(&mut world, 7);
    world.returned(id, Ok(built(7)));
    let first = world.published();
    world.restart();
    world.open_session(None);
    world.start_height(0, 0);
    let reply = world.get_value(0, 0);
    assert_eq!(world.answer(reply), Some(&Answer::Value(commitment(7))));
    assert_eq!(world.published(), first);
    assert!(!world.has_call(|c| matches!(c, Call::Build { .. })));
}

#[test]
fn a_marked_slot_without_a_whole_proposal_stays_silent_after_a_restart() {
    let mut world = World::running(0);
    world.get_value(0, 0);
    build(&mut world, 7);
    world.restart();
    world.open_session(None);
    world.start_height(0, 0);
    let reply = world.get_value(0, 0);
    assert_eq!(world.answer(reply), Some(&Answer::Nothing));
    assert!(world.published().is_empty());
    assert!(!world.has_call(|c| matches!(c, Call::Build { .. })));
}

#[test]
fn a_lost_connection_continues_the_build_and_publishes_nothing_twice() {
    let mut world = World::running(0);
    let reply = world.get_value(0, 0);
    let id = build(&mut world, 7);
    world.returned(id, Err(failure(Action::Handshake, None)));
    world.run_out(|t| matches!(t, Timer::Reconnect(_)));
    world.open_session(None);
    let round = world.take_call(|c| matches!(c, Call::StartRound { .. }));
    world.returned(round, Ok(Outcome::Done));
    let id = build(&mut world, 7);
    world.returned(id, Ok(built(7)));
    assert_eq!(world.published().len(), 4);
    assert_eq!(world.answer(reply), Some(&Answer::Value(commitment(7))));
}

#[test]
fn another_part_under_the_same_slot_ends_the_proposal() {
    let mut world = World::running(0);
    let reply = world.get_value(0, 0);
    let id = build(&mut world, 7);
    world.returned(id, Err(failure(Action::Handshake, None)));
    world.run_out(|t| matches!(t, Timer::Reconnect(_)));
    world.open_session(None);
    let round = world.take_call(|c| matches!(c, Call::StartRound { .. }));
    world.returned(round, Ok(Outcome::Done));
    build(&mut world, 8);
    assert_eq!(world.answer(reply), Some(&Answer::Nothing));
    assert!(world.has_call(|c| matches!(c, Call::Abort(_))));
    let reply = world.get_value(0, 0);
    assert_eq!(world.answer(reply), Some(&Answer::Nothing), "the slot is burned for good");
}

#[test]
fn a_new_instance_ends_a_build_that_was_begun() {
    let mut world = World::running(0);
    let reply = world.get_value(0, 0);
    let id = build(&mut world, 7);
    world.returned(id, Err(failure(Action::Handshake, None)));
    world.run_out(|t| matches!(t, Timer::Reconnect(_)));
    world.instance = 2;
    world.open_session(None);
    assert_eq!(world.answer(reply), Some(&Answer::Nothing));
    assert!(!world.has_call(|c| matches!(c, Call::Build { .. })));
}

#[test]
fn a_burned_round_is_skipped() {
    let mut world = World::running(0);
    let reply = world.get_value(0, 0);
    let id = world.take_call(|c| matches!(c, Call::Build { .. }));
    world.returned(id, Err(failure(Action::Skip, Some(Reason::RoundBurned))));
    assert_eq!(world.answer(reply), Some(&Answer::Nothing));
}

#[test]
fn a_higher_round_and_the_propose_timeout_abort_the_build() {
    for timeout in [false, true] {
        let mut world = World::running(0);
        let reply = world.get_value(0, 0);
        build(&mut world, 7);
        if timeout {
            world.input(Input::Timer(Timer::Propose(slot(0, 0))));
        } else {
            world.begin_round(0, 1);
        }
        assert_eq!(world.answer(reply), Some(&Answer::Nothing));
        assert!(world.has_call(|c| matches!(c, Call::Abort(_))));
    }
}

#[test]
fn counts_that_differ_are_no_proposal() {
    let mut world = World::running(0);
    let reply = world.get_value(0, 0);
    let id = build(&mut world, 7);
    world.returned(id, Ok(Outcome::Built { commitment: commitment(7), counts: Counts { parts: 3, bytes: 1 } }));
    assert_eq!(world.answer(reply), Some(&Answer::Nothing));
    assert!(world.writes(|w| matches!(w, Write::Body(_))).is_none());
}

#[test]
fn a_reproposal_keeps_body_and_end_and_gets_a_new_init() {
    let durable = Durable { record: Some(None), ..Durable::default() };
    let mut world = World::new(durable);
    world.open_session(None);
    world.start_height(0, 1);
    world.gossip(header(0, 1, OTHER), &parts(5), 5);
    let id = world.take_call(|c| matches!(c, Call::Validate { .. }));
    let valid = ecp_types::Verdict::Valid { commitment: commitment(5), executed_count: 1 };
    world.returned(id, Ok(Outcome::Verdict(valid)));
    world.start_round(0, 2);
    world.input(Input::Engine(Ask::Restream { slot: slot(0, 2), valid_round: 1, commitment: commitment(5) }));
    let id = world.take_call(|c| matches!(c, Call::ReframeInit { .. }));
    world.returned(id, Ok(Outcome::Init(Bytes::from_static(b"new init"))));
    let published = world.published();
    let Content::Part(init) = &published[0] else { panic!("{published:?}") };
    assert_eq!(init.payload, Bytes::from_static(b"new init"));
    assert_eq!(published[1..3], parts(5)[1..].iter().cloned().map(Content::Part).collect::<Vec<_>>());
    assert!(matches!(published[3], Content::End { commitment: c, .. } if c == commitment(5)));
    let mark = world.writes(|w| matches!(w, Write::Mark(s) if *s == slot(0, 2))).unwrap();
    assert!(mark < world.at(|e| matches!(e, Effect::Publish { .. })).unwrap());
    // Asked again: the same, without a call.
    world.input(Input::Engine(Ask::Restream { slot: slot(0, 2), valid_round: 1, commitment: commitment(5) }));
    assert_eq!(world.published().len(), 8);
}

#[test]
fn budgets_and_stream_ids() {
    assert_eq!(build_budget_ms(1_000), 750);
    assert_eq!(build_budget_ms(0), 1);
    assert_eq!(build_budget_ms(u32::MAX), 600_000);
    assert_ne!(gossip_stream_id(slot(1, 2)), gossip_stream_id(slot(2, 1)));
}
