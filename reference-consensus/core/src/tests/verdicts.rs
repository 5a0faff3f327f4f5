//! Proposals of others, and what their verdicts mean.

use bytes::Bytes;
use ecp_types::{Action, Basis, Counts, InvalidReason, LocalReason, Missing, Part, PartKind, Phase, Reason, Verdict};

use super::world::*;
use crate::{
    Answer, Ask, Call, Content, Effect, Envelope, Feed, Header, Input, Outcome, Write, gossip::STREAMS_PER_SLOT,
    validating::validation_budget_ms,
};

fn validation(world: &mut World) -> u64 {
    world.take_call(|c| matches!(c, Call::Validate { .. }))
}

fn fed(world: &World) -> Vec<Feed> {
    world
        .effects
        .iter()
        .filter_map(|e| if let Effect::Feed { message, .. } = e { Some(message.clone()) } else { None })
        .collect()
}

fn valid(n: u8) -> Outcome {
    Outcome::Verdict(Verdict::Valid { commitment: commitment(n), executed_count: 1 })
}

#[test]
fn parts_are_sent_on_as_they_come_and_untouched() {
    let mut world = World::running(1);
    let header = header(0, 1, OTHER);
    let send = |world: &mut World, part: &Part| {
        let content = Content::Part(part.clone());
        world.receive(Envelope { header, stream_id: [1; 16], content, signature: vec![] });
    };
    let all = parts(5);
    send(&mut world, &all[1]);
    assert!(!world.has_call(|c| matches!(c, Call::Validate { .. })), "the first part is missing");
    send(&mut world, &all[0]);
    assert!(world.has_call(|c| matches!(c, Call::Validate { basis: Basis::Fresh, same_as: None, .. })));
    assert_eq!(fed(&world), [Feed::Part(all[0].clone()), Feed::Part(all[1].clone())]);
    send(&mut world, &all[2]);
    send(&mut world, &all[2]);
    let end = Content::End { counts: Counts::of(&all), commitment: commitment(5) };
    world.receive(Envelope { header, stream_id: [1; 16], content: end, signature: vec![] });
    assert_eq!(fed(&world)[2..], [Feed::Part(all[2].clone()), Feed::End(Counts::of(&all))]);
}

#[test]
fn a_valid_body_is_durable_before_the_engine_hears_of_it() {
    let mut world = World::running(1);
    world.gossip(header(0, 1, OTHER), &parts(5), 5);
    let id = validation(&mut world);
    world.returned(id, Ok(valid(5)));
    let stored = world.writes(|w| matches!(w, Write::Body(b) if b.key() == key(0, 1, 5))).unwrap();
    let told = world.at(|e| matches!(e, Effect::Propose(v) if v.valid && v.commitment == commitment(5))).unwrap();
    assert!(stored < told);
}

#[test]
fn another_commitment_than_the_signed_one_gets_no_vote() {
    let mut world = World::running(1);
    world.gossip(header(0, 1, OTHER), &parts(5), 6);
    let id = validation(&mut world);
    world.returned(id, Ok(valid(5)));
    assert!(world.proposed().is_empty());
}

#[test]
fn only_invalid_is_told_as_invalid() {
    let not_votes = [
        Verdict::RejectedLocal { reason: LocalReason::PriceBand, commitment: commitment(5), detail: String::new() },
        Verdict::NotReady(Missing::BlockHash(1)),
        Verdict::Expired,
        Verdict::Aborted,
    ];
    for verdict in not_votes {
        let mut world = World::running(1);
        world.gossip(header(0, 1, OTHER), &parts(5), 5);
        let id = validation(&mut world);
        world.returned(id, Ok(Outcome::Verdict(verdict.clone())));
        assert!(world.proposed().is_empty(), "{verdict:?}");
    }
    let mut world = World::running(1);
    world.gossip(header(0, 1, OTHER), &parts(5), 5);
    let id = validation(&mut world);
    let invalid = Verdict::Invalid { reason: InvalidReason::HeaderRule, detail: String::new() };
    world.returned(id, Ok(Outcome::Verdict(invalid)));
    assert_eq!(world.proposed().iter().map(|v| (v.valid, v.commitment)).collect::<Vec<_>>(), [(false, commitment(5))]);
}

#[test]
fn a_late_verdict_is_told_to_the_engine() {
    let mut world = World::running(1);
    world.gossip(header(0, 1, OTHER), &parts(5), 5);
    let id = validation(&mut world);
    world.returned(id, Ok(Outcome::Verdict(Verdict::NotReady(Missing::BlockHash(1)))));
    world.start_round(0, 2);
    world.watch(Phase::Ready);
    let id = validation(&mut world);
    world.returned(id, Ok(valid(5)));
    let told = world.proposed();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].header.slot, slot(0, 1));
}

#[test]
fn an_early_invalid_waits_for_the_end_to_know_its_value() {
    let mut world = World::running(1);
    let header = header(0, 1, OTHER);
    let content = Content::Part(parts(5)[0].clone());
    world.receive(Envelope { header, stream_id: [1; 16], content, signature: vec![] });
    let id = validation(&mut world);
    let invalid = Verdict::Invalid { reason: InvalidReason::InitMismatch, detail: String::new() };
    world.returned(id, Ok(Outcome::Verdict(invalid)));
    assert!(world.proposed().is_empty());
    let end = Content::End { counts: Counts::of(&parts(5)), commitment: commitment(5) };
    world.receive(Envelope { header, stream_id: [1; 16], content: end, signature: vec![] });
    assert_eq!(world.proposed().len(), 1);
}

#[test]
fn rounds_and_heights_to_come_wait_here() {
    let mut world = World::running(1);
    world.gossip(header(0, 3, OTHER), &parts(5), 5);
    assert!(!world.has_call(|c| matches!(c, Call::Validate { .. })));
    world.gossip(header(1, 1, OTHER), &parts(6), 6);
    world.start_round(0, 3);
    assert!(world.has_call(|c| matches!(c, Call::Validate { header: h, .. } if h.slot == slot(0, 3))));
    let id = validation(&mut world);
    world.returned(id, Ok(valid(5)));
    decide_and_acknowledge(&mut world, 0, 3, 5);
    world.start_round(1, 1);
    let asked: Vec<Envelope> = world
        .effects
        .iter()
        .filter_map(|e| if let Effect::Authenticate { envelope, .. } = e { Some(envelope.clone()) } else { None })
        .filter(|e| e.header.slot.height == 1)
        .collect();
    assert_eq!(asked.len(), 4);
    for envelope in asked {
        world.input(Input::Authenticated { envelope, authentic: true });
    }
    assert!(world.has_call(|c| matches!(c, Call::Validate { header: h, .. } if h.slot == slot(1, 1))));
}

fn decide_and_acknowledge(world: &mut World, height: u64, round: u32, n: u8) {
    let reply = world.reply();
    world.input(Input::Engine(Ask::Decided { reply, certificate: certificate(height, round, n) }));
    let reply = world.reply();
    let finalized = Ask::Finalized { reply, certificate: certificate(height, round, n), evidence: vec![] };
    world.input(Input::Engine(finalized));
    let id = world.take_call(|c| matches!(c, Call::Decide(_)));
    let next_params = Some(params(height + 1));
    world.returned(id, Ok(Outcome::Decided { committed: position(height, n), next_params }));
    assert!(matches!(world.answer(reply), Some(Answer::Start(p)) if p.height == height + 1));
}

#[test]
fn strangers_and_forgeries_are_dropped() {
    let mut world = World::running(1);
    world.gossip(header(0, 1, ME), &parts(5), 5);
    world.gossip(header(0, 1, 3), &parts(5), 5);
    world.gossip(header(0, 9, OTHER), &parts(5), 5);
    let envelope = Envelope {
        header: header(0, 1, OTHER),
        stream_id: [1; 16],
        content: Content::Part(parts(5)[0].clone()),
        signature: vec![],
    };
    world.input(Input::Authenticated { envelope, authentic: false });
    assert!(!world.has_call(|c| matches!(c, Call::Validate { .. })));
}

#[test]
fn a_slot_has_room_for_two_streams() {
    let mut world = World::running(1);
    for stream in 0..5 {
        world.gossip_stream(header(0, 1, OTHER), [stream; 16], &parts(stream), stream);
    }
    let opened = world.effects.iter().filter(|e| matches!(e, Effect::Call { call: Call::Validate { .. }, .. })).count();
    assert_eq!(opened, STREAMS_PER_SLOT);
}

#[test]
fn what_breaks_the_limits_is_dropped_and_never_invalid() {
    let big = |index| Part { index, kind: PartKind::Body, payload: Bytes::from(vec![0; 6_000]) };
    let init = parts(1)[0].clone();
    let fin = Part { index: 1, kind: PartKind::Fin, payload: Bytes::new() };
    let after_fin = Part { index: 2, kind: PartKind::Body, payload: Bytes::new() };
    for wrong in [vec![init.clone(), big(1), big(2)], vec![init.clone(), fin, after_fin], vec![init, big(1)]] {
        let mut world = World::running(1);
        world.gossip(header(0, 1, OTHER), &wrong, 5);
        assert!(world.proposed().is_empty());
        assert!(world.has_call(|c| matches!(c, Call::Abort(_))), "{}", wrong.len());
        assert!(!fed(&world).iter().any(|f| matches!(f, Feed::End(_))));
    }
}

#[test]
fn a_reproposal_of_a_known_body_sends_its_init_only() {
    let mut world = World::running(1);
    world.gossip(header(0, 1, OTHER), &parts(5), 5);
    let id = validation(&mut world);
    world.returned(id, Ok(valid(5)));
    world.start_round(0, 3);
    world.effects.clear();
    let again = Header { valid_round: Some(1), ..header(0, 3, OTHER) };
    world.gossip(again, &parts(5), 5);
    assert!(world.has_call(
        |c| matches!(c, Call::Validate { basis: Basis::Quorum(1), same_as: Some(s), .. } if *s == commitment(5))
    ));
    let init = parts(5)[0].clone();
    assert_eq!(fed(&world), [Feed::Part(init), Feed::End(Counts { parts: 1, bytes: 2 })]);
    // It was dropped there: all parts, then.
    let id = validation(&mut world);
    world.effects.clear();
    world.returned(id, Err(failure(Action::Resync, Some(Reason::UnknownProposal))));
    assert!(world.has_call(|c| matches!(c, Call::Validate { same_as: None, .. })));
    assert_eq!(fed(&world).len(), 4);
}

#[test]
fn a_busy_half_is_asked_again_after_its_delay() {
    let mut world = World::running(1);
    world.gossip(header(0, 1, OTHER), &parts(5), 5);
    let id = validation(&mut world);
    world.returned(id, Err(failure(Action::Retry, Some(Reason::Busy))));
    assert!(!world.has_call(|c| matches!(c, Call::Validate { .. })));
    world.run_out(|t| matches!(t, crate::Timer::Retry(_)));
    assert!(world.has_call(|c| matches!(c, Call::Validate { .. })));
}

#[test]
fn budgets_are_three_propose_timeouts() {
    assert_eq!(validation_budget_ms(&params(0), 0), 3_000);
    assert_eq!(validation_budget_ms(&params(0), 2), 6_000);
    assert_eq!(validation_budget_ms(&params(0), u32::MAX), 600_000);
}
