//! Decisions, and blocks of peers.

use ecp_types::{Action, Reason};

use super::world::*;
use crate::{Answer, Ask, Call, Check, Effect, Halt, Imported, Input, Outcome, Parts, Timer, Write};

#[test]
fn certificate_and_body_are_durable_before_decide_and_before_the_answer() {
    let mut world = World::running(0);
    world.decide_own(0, 7);
    let stored = world.writes(|w| matches!(w, Write::Decided { body: Some(b), .. } if *b == key(0, 0, 7))).unwrap();
    let decide = world.at(|e| matches!(e, Effect::Call { call: Call::Decide(_), .. })).unwrap();
    let told = world.at(|e| matches!(e, Effect::Reply { answer: Answer::Stored, .. })).unwrap();
    assert!(stored < told && stored < decide);
}

#[test]
fn the_next_height_starts_when_the_block_is_committed_and_its_parameters_are_known() {
    let mut world = World::running(0);
    world.decide_own(0, 7);
    let reply = world.reply();
    let certificate = certificate(0, 0, 7);
    world.input(Input::Engine(Ask::Finalized { reply, certificate, evidence: vec![] }));
    assert_eq!(world.answer(reply), None);
    let id = world.take_call(|c| matches!(c, Call::Decide(_)));
    world.returned(id, Ok(Outcome::Decided { committed: position(0, 7), next_params: None }));
    assert_eq!(world.answer(reply), None);
    world.give_params(1);
    assert!(matches!(world.answer(reply), Some(Answer::Start(p)) if p.height == 1));
    assert!(world.writes(|w| *w == Write::Committed(position(0, 7))).is_some());
}

#[test]
fn a_later_round_is_not_announced_before_the_decision_is_handed_over() {
    let mut world = World::running(0);
    world.decide_own(0, 7);
    world.begin_round(1, 0);
    assert!(!world.has_call(|c| matches!(c, Call::StartRound { .. })));
}

#[test]
fn an_unknown_proposal_is_imported() {
    let mut world = World::running(0);
    world.decide_own(0, 7);
    let id = world.take_call(|c| matches!(c, Call::Decide(_)));
    world.returned(id, Err(failure(Action::Resync, Some(Reason::UnknownProposal))));
    let id = world.take_call(|c| matches!(c, Call::Import { source: Parts::Stored(b), .. } if *b == key(0, 0, 7)));
    let committed = Imported::Committed { committed: position(0, 7), next_params: Some(Box::new(params(1))) };
    world.returned(id, Ok(Outcome::Imported(committed)));
    assert_eq!(world.state.durable().committed, Some(position(0, 7)));
    assert!(!world.has_call(|c| matches!(c, Call::Decide(_))));
}

#[test]
fn a_second_decision_and_another_commitment_halt() {
    let mut world = World::running(0);
    world.decide_own(0, 7);
    let reply = world.reply();
    world.input(Input::Engine(Ask::Decided { reply, certificate: certificate(0, 0, 8) }));
    assert!(matches!(world.halted(), Some(Halt::Diverged(_))));

    let mut world = World::running(0);
    world.decide_own(0, 7);
    let id = world.take_call(|c| matches!(c, Call::Decide(_)));
    world.returned(id, Err(failure(Action::Halt, Some(Reason::Conflict))));
    assert!(matches!(world.halted(), Some(Halt::Diverged(_))));
}

#[test]
fn a_repeated_decision_is_answered_from_the_store() {
    let mut world = World::running(0);
    world.decide_own(0, 7);
    let reply = world.reply();
    world.input(Input::Engine(Ask::Decided { reply, certificate: certificate(0, 0, 7) }));
    assert_eq!(world.answer(reply), Some(&Answer::Stored));
}

#[test]
fn a_useless_kept_body_is_dropped_and_fetched_again_by_a_new_process() {
    let mut world = World::running(0);
    world.decide_own(0, 7);
    world.state.import_due.insert(0);
    let id = world.take_call(|c| matches!(c, Call::Decide(_)));
    world.returned(id, Err(failure(Action::Resync, Some(Reason::UnknownProposal))));
    let id = world.take_call(|c| matches!(c, Call::Import { .. }));
    world.returned(id, Ok(Outcome::Imported(Imported::Mismatch(Some(commitment(9))))));
    assert!(matches!(world.halted(), Some(Halt::Restart(_))));
    let durable = world.state.durable();
    assert_eq!(durable.certified, None);
    assert!(durable.bodies.is_empty());
    assert_eq!(durable.decided[&0].body, None);
}

fn sync(world: &mut World, n: u8) -> u64 {
    let reply = world.reply();
    let certificate = certificate(0, 1, n);
    let proposer = ecp_types::Felt::from_u64(OTHER);
    world.input(Input::Engine(Ask::Synced { reply, slot: slot(0, 1), proposer, certificate, parts: parts(n) }));
    reply
}

#[test]
fn a_block_of_a_peer_is_imported_once_its_certificate_is_verified() {
    let mut world = World::running(1);
    let reply = sync(&mut world, 7);
    assert!(!world.has_call(|c| matches!(c, Call::Import { .. })));
    world.input(Input::CertificateChecked { check: Check::Synced, height: 0, valid: true });
    let id = world.take_call(|c| matches!(c, Call::Import { source: Parts::Given(_), .. }));
    let committed = Imported::Committed { committed: position(0, 7), next_params: None };
    world.returned(id, Ok(Outcome::Imported(committed)));
    assert!(matches!(world.answer(reply), Some(Answer::Synced(v)) if v.valid && v.commitment == commitment(7)));
    // The engine's own decision then needs no call.
    let reply = world.reply();
    world.input(Input::Engine(Ask::Decided { reply, certificate: certificate(0, 1, 7) }));
    assert_eq!(world.answer(reply), Some(&Answer::Stored));
    assert!(!world.has_call(|c| matches!(c, Call::Decide(_))));
}

#[test]
fn a_peer_is_blamed_for_what_it_sent_and_for_nothing_else() {
    for (outcome, blamed) in [
        (Imported::Malformed(String::new()), true),
        (Imported::Mismatch(None), true),
        (Imported::NotReady(None), false),
    ] {
        let mut world = World::running(1);
        let reply = sync(&mut world, 7);
        world.input(Input::CertificateChecked { check: Check::Synced, height: 0, valid: true });
        let id = world.take_call(|c| matches!(c, Call::Import { .. }));
        world.returned(id, Ok(Outcome::Imported(outcome)));
        let expected = if blamed { Answer::PeerFault } else { Answer::Later };
        assert_eq!(world.answer(reply), Some(&expected));
    }
    let mut world = World::running(1);
    let reply = sync(&mut world, 7);
    world.input(Input::CertificateChecked { check: Check::Synced, height: 0, valid: false });
    assert_eq!(world.answer(reply), Some(&Answer::PeerFault));
    // Too little power: no signature is looked at.
    let reply = world.reply();
    let mut certificate = certificate(0, 1, 7);
    certificate.signatures.pop();
    let proposer = ecp_types::Felt::from_u64(OTHER);
    world.input(Input::Engine(Ask::Synced { reply, slot: slot(0, 1), proposer, certificate, parts: parts(7) }));
    assert_eq!(world.answer(reply), Some(&Answer::PeerFault));
}

#[test]
fn peers_are_served_from_the_first_block_on() {
    let mut world = World::running(0);
    world.decide_own(0, 7);
    let id = world.take_call(|c| matches!(c, Call::Decide(_)));
    world.returned(id, Ok(Outcome::Decided { committed: position(0, 7), next_params: None }));
    world.state.durable.decided.clear();
    let reply = world.reply();
    world.input(Input::Engine(Ask::MinHeight(reply)));
    assert_eq!(world.answer(reply), Some(&Answer::MinHeight(0)));
    let reply = world.reply();
    world.input(Input::Engine(Ask::GetDecided { reply, from: 0, to: 9 }));
    assert_eq!(world.answer(reply), Some(&Answer::Decided { from: 0, to: 0 }));
}

#[test]
fn a_reported_call_of_the_lane_is_made_anew_after_a_handshake_and_given_up_after_many() {
    let mut world = World::running(1);
    world.begin_round(0, 3);
    for trouble in 0..=20 {
        let id = world.take_call(|c| matches!(c, Call::StartRound { .. }));
        world.returned(id, Err(failure(Action::Report, Some(Reason::InternalFault))));
        // Not repeated as it is: the position is read first (ECP-ERR-010).
        assert!(!world.has_call(|c| matches!(c, Call::StartRound { .. })), "{trouble}");
        assert_eq!(world.halted(), None);
        world.run_out(|t| matches!(t, Timer::Reconnect(_)));
        world.open_session(None);
    }
    let id = world.take_call(|c| matches!(c, Call::StartRound { .. }));
    world.returned(id, Err(failure(Action::Report, Some(Reason::InternalFault))));
    assert!(matches!(world.halted(), Some(Halt::Refused(_))));
}
