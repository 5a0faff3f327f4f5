//! Session: handshake, Watch, failures.

use ecp_types::{Action, Network, Phase, Reason};

use super::world::*;
use crate::{Ask, Call, Durable, Effect, Halt, Handshaken, Input, Note, Outcome, Timer};

#[test]
fn nothing_but_a_handshake_is_called_first() {
    let mut world = World::new(Durable::default());
    assert_eq!(world.effects, [Effect::Connect]);
    world.input(Input::Connected);
    assert!(matches!(world.effects[1], Effect::Call { call: Call::Handshake { takeover: false, .. }, .. }));
}

#[test]
fn another_network_is_refused() {
    let mut world = World::new(Durable::default());
    world.input(Input::Connected);
    let id = world.take_call(|c| matches!(c, Call::Handshake { .. }));
    let handshaken = Handshaken {
        revision: 1,
        features: vec![],
        network: Network { fork_id: 1, ..network() },
        instance_id: [1; 16],
        position: Default::default(),
        build_margin_ms: 1,
        first_height: 0,
    };
    world.returned(id, Ok(Outcome::Handshaken(Box::new(handshaken))));
    assert!(matches!(world.halted(), Some(Halt::Refused(_))));
}

#[test]
fn fenced_stops_for_good_and_never_handshakes_again() {
    let mut world = World::running(1);
    let watch = world.take_call(|c| matches!(c, Call::Watch));
    world.returned(watch, Err(failure(Action::Halt, Some(Reason::Fenced))));
    assert!(matches!(world.halted(), Some(Halt::Fenced(_))));
    let effects = world.effects.len();
    world.input(Input::Connected);
    world.input(Input::Engine(Ask::Ready(77)));
    assert_eq!(world.effects.len(), effects);
}

#[test]
fn a_session_of_another_instance_is_opened_again_by_a_handshake() {
    let mut world = World::running(1);
    world.begin_round(0, 3);
    let id = world.take_call(|c| matches!(c, Call::StartRound { .. }));
    world.effects.clear();
    world.returned(id, Err(failure(Action::Handshake, Some(Reason::SessionUnknown))));
    world.run_out(|t| matches!(t, Timer::Reconnect(_)));
    world.instance = 2;
    world.open_session(None);
    // The round is announced again, to the new instance.
    assert!(world.has_call(|c| matches!(c, Call::StartRound { slot: s, .. } if *s == slot(0, 3))));
}

#[test]
fn a_silent_watch_makes_it_not_ready_and_then_reconnects() {
    let mut world = World::running(0);
    world.run_out(|t| matches!(t, Timer::WatchSuspect(_)));
    world.get_value(0, 0);
    assert!(!world.has_call(|c| matches!(c, Call::Build { .. })), "not ready: no build");
    world.watch(Phase::Ready);
    assert!(world.has_call(|c| matches!(c, Call::Build { .. })), "ready again");
    world.effects.retain(|e| !matches!(e, Effect::Connect));
    world.run_out(|t| matches!(t, Timer::WatchLost(_)));
    world.run_out(|t| matches!(t, Timer::Reconnect(_)));
    assert!(world.effects.contains(&Effect::Connect));
}

#[test]
fn an_old_timer_has_no_effect() {
    let mut world = World::running(0);
    let old = world.effects.iter().find_map(|e| match e {
        Effect::SetTimer { timer: timer @ Timer::WatchLost(_), .. } => Some(*timer),
        _ => None,
    });
    world.watch(Phase::Ready);
    let before = world.state.clone();
    world.input(Input::Timer(old.unwrap()));
    assert_eq!(world.state, before);
}

#[test]
fn a_held_session_is_asked_for_again_and_then_given_up() {
    let mut world = World::new(Durable::default());
    for _ in 0..100 {
        world.input(Input::Connected);
        if world.halted().is_some() {
            return;
        }
        let id = world.take_call(|c| matches!(c, Call::Handshake { .. }));
        let mut held = failure(Action::Retry, Some(Reason::SessionHeld));
        held.retry_after_ms = Some(1_000);
        world.returned(id, Err(held));
        if world.halted().is_some() {
            return;
        }
        world.run_out(|t| matches!(t, Timer::Reconnect(_)));
    }
    panic!("it never gave up");
}

#[test]
fn what_is_ready_after_syncing_is_handshaken_anew() {
    let mut world = World::new(Durable { record: Some(None), ..Durable::default() });
    world.handshake(None);
    world.watch(Phase::Syncing);
    world.watch(Phase::Ready);
    world.run_out(|t| matches!(t, Timer::Reconnect(_)));
    assert_eq!(world.effects.iter().filter(|e| **e == Effect::Connect).count(), 2);
}

#[test]
fn a_height_with_an_unknown_signature_scheme_is_not_voted_at() {
    let mut world = World::new(Durable { record: Some(None), ..Durable::default() });
    world.open_session(None);
    let id = world.take_call(|c| matches!(c, Call::GetHeightParams(0)));
    let mut unknown = params(0);
    unknown.signature_scheme = "bls".into();
    world.returned(id, Ok(Outcome::Params(unknown)));
    assert!(matches!(world.halted(), Some(Halt::Refused(text)) if text.contains("UNSUPPORTED_AT_HEIGHT")));
    assert!(!world.effects.iter().any(|e| matches!(e, Effect::StartEngine { .. })));
}

#[test]
fn a_committee_with_another_hash_is_not_voted_in() {
    let mut world = World::new(Durable { record: Some(None), ..Durable::default() });
    world.open_session(None);
    let id = world.take_call(|c| matches!(c, Call::GetHeightParams(0)));
    let mut wrong = params(0);
    wrong.committee.hash[0] ^= 1;
    world.returned(id, Ok(Outcome::Params(wrong)));
    assert!(matches!(world.halted(), Some(Halt::Refused(_))));
}

#[test]
fn a_validation_that_matters_no_more_still_tells_that_this_half_is_fenced() {
    let validating = || {
        let mut world = World::running(1);
        world.gossip(header(0, 1, OTHER), &parts(5), 5);
        let call = world.find_call(|c| matches!(c, Call::Validate { .. })).unwrap();
        let reply = world.reply();
        world.input(Input::Engine(Ask::Decided { reply, certificate: certificate(0, 1, 5) }));
        (world, call)
    };
    // The height is decided, so no verdict matters; that another half took over does (ECP-SES-019).
    let (mut world, call) = validating();
    world.returned(call, Err(failure(Action::Halt, Some(Reason::Fenced))));
    assert!(matches!(world.halted(), Some(Halt::Fenced(_))));
    // Anything else that its call comes to changes nothing.
    let (mut world, call) = validating();
    world.returned(call, Err(failure(Action::Handshake, Some(Reason::HeightMismatch))));
    assert!(world.halted().is_none() && world.has_call(|c| matches!(c, Call::Decide(_))));
    assert!(!world.effects.iter().any(|e| matches!(e, Effect::Note(Note::SessionLost(_)))));
}
