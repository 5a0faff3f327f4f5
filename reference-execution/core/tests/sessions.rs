//! Sessions: tokens, fencing, takeover, readers, precedence.

#![allow(clippy::unwrap_used)]

mod support;

use ecp_execution_core::{
    CallKind, Effect, Input, Refusal,
    effect::{EngineCommand, Reply},
    input::{Call, StartRound, StreamEvent, Timer},
};
use ecp_types::{Felt, Phase, Reason, RoundRole, SessionRole, Verdict};
use support::{HOLDER, INSTANCE, Node, handshake, parts, reply, unanswered, verdict, work, write};

fn start_with(node: &mut Node, token: Option<Vec<u8>>) -> Result<Reply, Reason> {
    let start = StartRound { height: 1, round: 0, role: RoundRole::Validator, proposer: Felt::ZERO };
    let (id, effects) = node.call_with(token, CallKind::StartRound, Ok(Call::StartRound(start)));
    reply(&effects, id).cloned()
}

fn start_as_holder(node: &mut Node) -> Result<Reply, Reason> {
    let token = Some(node.token.clone());
    start_with(node, token)
}

#[test]
fn tokens_are_required_known_and_current() {
    let mut node = Node::default();
    let good = node.token.clone();
    assert_eq!(start_with(&mut node, None), Err(Reason::SessionRequired));
    assert_eq!(start_with(&mut node, Some(vec![1; 8])), Err(Reason::SessionRequired));
    assert_eq!(start_with(&mut node, Some(vec![2; 41])), Err(Reason::SessionUnknown));
    let mut never = INSTANCE.to_vec();
    never.extend([0; 25]);
    assert_eq!(start_with(&mut node, Some(never)), Err(Reason::SessionRequired));
    assert_eq!(start_with(&mut node, Some(good.clone())), Ok(Reply::StartRound));
    let newer = node.handshake(handshake(HOLDER, SessionRole::Writer)).unwrap();
    assert_eq!(start_with(&mut node, Some(good)), Err(Reason::Fenced));
    assert_eq!(start_with(&mut node, Some(newer)), Ok(Reply::StartRound));
}

#[test]
fn a_field_is_refused_after_what_precedes_it() {
    let mut node = Node::default();
    let field = || Err(Refusal::field("height", "is missing"));
    let (id, effects) = node.call_with(None, CallKind::StartRound, field());
    assert_eq!(reply(&effects, id), Err(Reason::SessionRequired));
    let reader = node.handshake(handshake([8; 16], SessionRole::Reader)).unwrap();
    let (id, effects) = node.call_with(Some(reader), CallKind::StartRound, field());
    assert_eq!(reply(&effects, id), Err(Reason::RoleRefused));
    let (id, effects) = node.call_with(Some(node.token.clone()), CallKind::StartRound, field());
    assert_eq!(reply(&effects, id), Err(Reason::FieldInvalid));
}

#[test]
fn revision_network_and_holder_are_compared_in_this_order() {
    let mut node = Node::default();
    let mut bad = handshake([8; 16], SessionRole::Writer);
    bad.revisions = vec![2, 3];
    bad.network.as_mut().unwrap().fork_id = 1;
    bad.invalid = Some(Refusal::field("software", "is missing"));
    assert_eq!(node.handshake(bad.clone()), Err(Reason::NoCommonRevision));
    bad.revisions.push(1);
    assert_eq!(node.handshake(bad.clone()), Err(Reason::NetworkMismatch));
    bad.network.as_mut().unwrap().fork_id = 0;
    assert_eq!(node.handshake(bad.clone()), Err(Reason::SessionHeld));
    bad.takeover = true;
    assert_eq!(node.handshake(bad.clone()), Err(Reason::FieldInvalid));
    bad.invalid = None;
    assert!(node.handshake(bad).is_ok());
    assert_eq!(start_with(&mut node, None), Err(Reason::SessionRequired));
}

#[test]
fn a_check_that_reads_a_broken_field_is_passed_over() {
    for revisions in [vec![], vec![0, 1], vec![0, 9], vec![9; 17]] {
        let mut node = Node::default();
        let mut bad = handshake([8; 16], SessionRole::Writer);
        bad.revisions = revisions;
        bad.network.as_mut().unwrap().fork_id = 1;
        bad.invalid = Some(Refusal::field("revisions", "breaks its rule"));
        assert_eq!(node.handshake(bad.clone()), Err(Reason::NetworkMismatch));
        bad.network = None;
        assert_eq!(node.handshake(bad.clone()), Err(Reason::SessionHeld));
        bad.takeover = true;
        assert_eq!(node.handshake(bad), Err(Reason::FieldInvalid));
    }
}

#[test]
fn a_mismatch_names_the_whole_path() {
    let mut node = Node::default();
    let mut other = handshake(HOLDER, SessionRole::Writer);
    other.network.as_mut().unwrap().fork_id = 7;
    other.network.as_mut().unwrap().activation_digest = [5; 32];
    let call = Call::Handshake(Box::new(other));
    let (_, effects) = node.call_with(None, CallKind::Handshake, Ok(call));
    let refusal = effects.iter().find_map(|effect| match effect {
        Effect::Refuse(_, refusal) => Some(refusal),
        _ => None,
    });
    let details: Vec<(&str, &str)> =
        refusal.unwrap().metadata.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(details, [("expected", "0"), ("field", "network.fork_id"), ("received", "7")]);
}

#[test]
fn another_half_is_let_in_when_the_holder_has_not_watched_for_long() {
    let mut node = Node::default();
    let (watch, effects) = node.call(CallKind::Watch, Call::Watch);
    let disarmed =
        effects.iter().find_map(|e| if let Effect::Disarm(t @ Timer::WatchLost(_)) = e { Some(*t) } else { None });
    let lost = disarmed.expect("an open Watch keeps the session");
    // A timer that fires although Watch is open changes nothing.
    node.state.step(Input::Timer(lost));
    assert_eq!(node.handshake(handshake([8; 16], SessionRole::Writer)), Err(Reason::SessionHeld));

    let effects = node.feed(watch, StreamEvent::Reset);
    assert!(effects.contains(&Effect::Arm(lost, 10_000)));
    assert_eq!(node.handshake(handshake([8; 16], SessionRole::Writer)), Err(Reason::SessionHeld));
    node.state.step(Input::Timer(lost));
    assert!(node.handshake(handshake([8; 16], SessionRole::Writer)).is_ok());
    assert_eq!(start_as_holder(&mut node), Err(Reason::Fenced));
}

#[test]
fn readers_read_and_fence_nobody() {
    let mut node = Node::default();
    let reader = node.handshake(handshake([8; 16], SessionRole::Reader)).unwrap();
    assert_eq!(start_as_holder(&mut node), Ok(Reply::StartRound));
    let (id, effects) = node.call_with(Some(reader), CallKind::GetDecided, Ok(Call::GetDecided(1, 1)));
    assert_eq!(reply(&effects, id), Err(Reason::NotReady));
}

#[test]
fn a_replaced_session_loses_its_streams_and_builds_go_on() {
    let mut node = Node::default();
    let (watch, _) = node.call(CallKind::Watch, Call::Watch);
    let (build, built_work) = node.building(1, 0);
    let open = node.open(1);
    let (half, effects) = node.open_stream(open);
    let half_work = work(&effects);
    node.feed(half, StreamEvent::Part(parts()[0].clone()));
    let open = node.open(1);
    let (whole, whole_work) = node.validating(open);

    let (id, effects) = node.call_with(
        None,
        CallKind::Handshake,
        Ok(Call::Handshake(Box::new(handshake(HOLDER, SessionRole::Writer)))),
    );
    assert!(matches!(reply(&effects, id), Ok(Reply::Handshake(_))));
    assert_eq!(reply(&effects, watch), Err(Reason::Fenced));
    assert_eq!(reply(&effects, build), Err(Reason::Fenced));
    for call in [half, whole] {
        assert_eq!(verdict(&effects, call), Some(Verdict::Aborted));
    }
    assert!(support::dropped(&effects, half_work));
    assert!(!support::dropped(&effects, built_work) && !support::dropped(&effects, whole_work));
}

#[test]
fn a_handshake_waits_for_the_decision_of_the_session_that_it_replaces() {
    let mut node = Node::default();
    node.candidate(1, 5);
    let (decide, effects) = node.decide(1, 5);
    let write = write(&effects).unwrap();
    let (start, effects) = node.start(2, 0);
    assert!(unanswered(&effects, start), "it waits in the lane");
    let (id, effects) = node.call_with(
        None,
        CallKind::Handshake,
        Ok(Call::Handshake(Box::new(handshake(HOLDER, SessionRole::Writer)))),
    );
    assert!(unanswered(&effects, id) && unanswered(&effects, decide));
    assert_eq!(reply(&effects, start), Err(Reason::Fenced));
    let effects = node.stored(write);
    assert!(matches!(reply(&effects, decide), Ok(Reply::Decide { .. })));
    let Ok(Reply::Handshake(answer)) = reply(&effects, id) else { panic!("{effects:?}") };
    assert_eq!(answer.position.committed.unwrap().height, 1);
}

#[test]
fn an_awaited_decision_is_finished_for_the_replaced_session_too() {
    let mut node = Node::default();
    let open = node.open(1);
    let (_, validation) = node.validating(open);
    let (decide, effects) = node.decide(1, 5);
    assert!(unanswered(&effects, decide));
    let (id, effects) = node.call_with(
        None,
        CallKind::Handshake,
        Ok(Call::Handshake(Box::new(handshake(HOLDER, SessionRole::Writer)))),
    );
    assert!(unanswered(&effects, id));
    let effects = node.complete(validation, 5);
    let effects = node.stored(write(&effects).expect("it is committed"));
    assert!(matches!(reply(&effects, decide), Ok(Reply::Decide { .. })));
    assert!(matches!(reply(&effects, id), Ok(Reply::Handshake(_))));
}

#[test]
fn draining_finishes_what_runs_and_refuses_the_rest() {
    let mut node = Node::default();
    node.candidate(1, 5);
    let (decide, effects) = node.decide(1, 5);
    let write = write(&effects).unwrap();
    let effects = node.state.step(Input::Drain);
    assert!(!effects.contains(&Effect::Drained));
    assert_eq!(node.state.phase(), Phase::Draining);
    assert_eq!(start_as_holder(&mut node), Err(Reason::Draining));
    let effects = node.stored(write);
    assert!(matches!(reply(&effects, decide), Ok(Reply::Decide { .. })));
    assert!(effects.contains(&Effect::Drained));
    assert!(effects.iter().any(|e| matches!(e, Effect::Engine(_, EngineCommand::Drop))));
}
