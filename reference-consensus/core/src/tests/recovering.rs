//! After a restart of either half.

use std::collections::BTreeMap;

use ecp_types::{Action, Basis, LastSigned, SignedStep};

use super::world::*;
use crate::{Body, Call, Check, Decided, Durable, Effect, Feed, Halt, Imported, Input, Outcome, Timer, Write};

fn decided(heights: std::ops::RangeInclusive<u64>, bodies: bool) -> Durable {
    let decided: BTreeMap<u64, Decided> = heights
        .clone()
        .map(|h| (h, Decided { certificate: certificate(h, 0, h as u8), body: bodies.then(|| key(h, 0, h as u8)) }))
        .collect();
    let top = position(*heights.end(), *heights.end() as u8);
    Durable {
        committed: Some(top),
        certified: Some(top),
        record: Some(None),
        decided,
        instance: Some([1; 16]),
        ..Durable::default()
    }
}

#[test]
fn equal_positions_go_on() {
    let mut world = World::new(decided(0..=3, true));
    world.open_session(Some(position(3, 3)));
    assert!(world.has_call(|c| *c == Call::GetHeightParams(4)));
}

#[test]
fn a_decision_that_the_same_instance_did_not_commit_is_decided_again() {
    let mut durable = decided(0..=3, true);
    durable.committed = Some(position(2, 2));
    let mut world = World::new(durable);
    world.open_session(Some(position(2, 2)));
    assert!(world.has_call(|c| matches!(c, Call::Decide(c) if c.height == 3)));
}

#[test]
fn missing_blocks_are_imported_in_order_into_a_new_instance() {
    let mut world = World::new(decided(0..=3, true));
    world.instance = 2;
    world.open_session(Some(position(1, 1)));
    for height in 2..=3 {
        assert!(!world.has_call(|c| matches!(c, Call::GetHeightParams(_))));
        let id = world.take_call(|c| matches!(c, Call::Import { certificate, .. } if certificate.height == height));
        let committed = position(height, height as u8);
        let imported = Imported::Committed { committed, next_params: None };
        world.returned(id, Ok(Outcome::Imported(imported)));
    }
    assert!(world.has_call(|c| *c == Call::GetHeightParams(4)));
}

#[test]
fn bodies_that_nobody_kept_come_from_peers_and_nothing_is_signed_again() {
    let mut world = World::new(decided(0..=3, false));
    world.instance = 2;
    world.open_session(Some(position(1, 1)));
    let floor = LastSigned { height: 3, round: u32::MAX, step: SignedStep::Precommit };
    assert!(world.effects.contains(&Effect::RaiseSigningFloor(floor)));
    assert!(world.has_call(|c| *c == Call::GetHeightParams(2)), "the engine starts at the first missing height");
    assert_eq!(world.state.durable().decided.len(), 4, "the certificates stay");
}

#[test]
fn another_block_at_a_known_height_halts() {
    for committed in [position(3, 9), position(2, 9)] {
        let mut world = World::new(decided(0..=3, true));
        world.open_session(Some(committed));
        assert!(matches!(world.halted(), Some(Halt::Diverged(_))));
    }
}

#[test]
fn a_half_that_is_ahead_is_followed_after_its_certificates_are_verified() {
    let mut world = World::new(decided(0..=3, true));
    world.open_session(Some(position(5, 5)));
    for height in 3..=5 {
        world.give_params(height);
        let id = world.take_call(|c| *c == Call::GetCertificate(height));
        world.returned(id, Ok(Outcome::Certificate(certificate(height, 0, height as u8))));
        assert!(!world.has_call(|c| *c == Call::GetHeightParams(6)));
        world.input(Input::CertificateChecked { check: Check::Gap, height, valid: true });
    }
    let floor = world.at(|e| matches!(e, Effect::RaiseSigningFloor(f) if f.height == 5)).unwrap();
    let adopted = world.writes(|w| *w == Write::Adopted(position(5, 5))).unwrap();
    let next = world.at(|e| matches!(e, Effect::Call { call: Call::GetHeightParams(6), .. })).unwrap();
    assert!(floor < adopted && adopted < next);
}

#[test]
fn a_gap_with_a_bad_certificate_is_not_followed() {
    for bad in 0..3 {
        let mut world = World::new(decided(0..=3, true));
        world.open_session(Some(position(4, 4)));
        world.give_params(3);
        let id = world.take_call(|c| *c == Call::GetCertificate(3));
        let mut told = certificate(3, 0, if bad == 0 { 9 } else { 3 });
        if bad == 1 {
            told.signatures.pop();
        }
        world.returned(id, Ok(Outcome::Certificate(told)));
        world.input(Input::CertificateChecked { check: Check::Gap, height: 3, valid: bad != 2 });
        assert!(world.halted().is_some(), "{bad}");
    }
}

#[test]
fn a_new_instance_gets_valid_candidates_back() {
    let mut world = World::running(1);
    world.gossip(header(0, 1, OTHER), &parts(5), 5);
    let id = world.take_call(|c| matches!(c, Call::Validate { .. }));
    let valid = ecp_types::Verdict::Valid { commitment: commitment(5), executed_count: 1 };
    world.returned(id, Ok(Outcome::Verdict(valid)));
    let watch = world.take_call(|c| matches!(c, Call::Watch));
    world.returned(watch, Err(failure(Action::Handshake, None)));
    world.run_out(|t| matches!(t, Timer::Reconnect(_)));
    world.effects.clear();
    world.instance = 2;
    world.open_session(None);
    assert!(world.has_call(|c| matches!(c, Call::Validate { basis: Basis::Restored, .. })));
    let fed = world.effects.iter().filter(|e| matches!(e, Effect::Feed { message: Feed::Part(_), .. })).count();
    assert_eq!(fed, 3);
}

#[test]
fn a_key_signs_at_once_only_with_its_record() {
    let engine = |record: Option<Option<LastSigned>>| {
        let mut world = World::new(Durable { record, ..Durable::default() });
        world.open_session(None);
        world.give_params(0);
        world.effects.iter().find_map(|e| if let Effect::StartEngine { sign } = e { Some(*sign) } else { None })
    };
    let at = |height| Some(Some(LastSigned { height, round: 0, step: SignedStep::Prevote }));
    assert_eq!(engine(Some(None)), Some(true));
    assert_eq!(engine(None), Some(false));
    assert_eq!(engine(at(0)), Some(true));
    assert_eq!(engine(at(7)), Some(false));
}

#[test]
fn a_silent_key_signs_again_after_a_height_has_passed() {
    let mut world = World::new(Durable { record: None, ..Durable::default() });
    world.open_session(None);
    world.start_height(0, 1);
    let reply = world.reply();
    let proposer = ecp_types::Felt::from_u64(OTHER);
    let certificate = certificate(0, 1, 7);
    let ask =
        crate::Ask::Synced { reply, slot: slot(0, 1), proposer, certificate: certificate.clone(), parts: parts(7) };
    world.input(Input::Engine(ask));
    world.input(Input::CertificateChecked { check: Check::Synced, height: 0, valid: true });
    let id = world.take_call(|c| matches!(c, Call::Import { .. }));
    let next_params = Some(Box::new(params(1)));
    let imported = Imported::Committed { committed: position(0, 7), next_params };
    world.returned(id, Ok(Outcome::Imported(imported)));
    world.effects.clear();
    let reply = world.reply();
    world.input(Input::Engine(crate::Ask::Decided { reply, certificate: certificate.clone() }));
    let reply = world.reply();
    world.input(Input::Engine(crate::Ask::Finalized { reply, certificate, evidence: vec![] }));
    assert!(world.effects.contains(&Effect::StartEngine { sign: true }));
    assert_eq!(world.answer(reply), None, "the new engine asks by itself");
}

#[test]
fn old_bodies_are_pruned_and_the_last_64_kept() {
    let mut durable = Durable::default();
    for height in 0..100 {
        let body = Body { ..body(height, 0, height as u8, false) };
        durable.apply(&Write::Body(body.clone()));
        durable.apply(&Write::Decided { certificate: certificate(height, 0, height as u8), body: Some(body.key()) });
        durable.apply(&Write::Prune { keep_from: (height + 1).saturating_sub(64), decided: height });
    }
    assert_eq!(durable.decided.len(), 64);
    assert!(durable.bodies.is_empty());
}
