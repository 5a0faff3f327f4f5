//! Whatever comes in whatever order: nothing panics, answers are given at most once, and only a write moves the chain.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use ecp_execution_core::{
    CallId, CallKind, Effect, Input, State,
    effect::Message,
    input::{BuildProposal, Call, EngineEvent, ImportHeader, StartRound, StreamEvent, Timer, ValidateOpen},
};
use ecp_types::{Basis, Counts, Felt, InvalidReason, LocalReason, Missing, PartKind, RoundRole, SessionRole};
use proptest::prelude::*;
use support::{Node, certificate, commitment, handshake, outcome, part, parts};

#[derive(Debug, Clone)]
enum Step {
    Call(Call, CallKind),
    Stream(u64, StreamEvent),
    Engine(u64, EngineEvent),
    Timer(Timer),
    Stored(u64, bool),
    Archived(u64, u8),
    Handshake(u8, bool),
    Other(u8),
}

fn stream_event() -> impl Strategy<Value = StreamEvent> {
    let open = (1u64..4, 0u32..3, 0u8..4, 0u8..12).prop_map(|(height, round, n, stream)| {
        StreamEvent::Open(Box::new(ValidateOpen {
            stream_id: [100 + stream; 16],
            height,
            round,
            valid_round: None,
            proposer: Felt::ZERO,
            budget_ms: 10,
            basis: if n % 2 == 0 { Basis::Fresh } else { Basis::Restored },
            same_as: (n > 2).then(|| commitment(1)),
        }))
    });
    let header = (1u64..4, 0u8..3).prop_map(|(height, n)| {
        let counts = Counts::of(&parts());
        StreamEvent::Header(Box::new(ImportHeader {
            certificate: certificate(height, n),
            part_format: String::new(),
            counts,
        }))
    });
    prop_oneof![
        3 => open,
        2 => header,
        4 => (0u32..3).prop_map(|i| StreamEvent::Part(parts()[i as usize].clone())),
        1 => Just(StreamEvent::Part(part(0, PartKind::Fin))),
        2 => Just(StreamEvent::End(Counts::of(&parts()))),
        1 => Just(StreamEvent::Raise(Basis::Quorum(1))),
        1 => Just(StreamEvent::HalfClosed),
        1 => Just(StreamEvent::Reset),
    ]
}

fn engine_event() -> impl Strategy<Value = EngineEvent> {
    prop_oneof![
        (0u32..3).prop_map(|i| EngineEvent::Part(parts()[i as usize].clone())),
        (0u8..3).prop_map(|n| EngineEvent::Built(outcome(n))),
        Just(EngineEvent::Waiting(Missing::BlockHash(1))),
        Just(EngineEvent::Progress),
        (0u8..3).prop_map(|n| EngineEvent::Invalid {
            reason: InvalidReason::HeaderRule,
            detail: String::new(),
            computed: (n > 0).then(|| commitment(n)),
        }),
        (0u8..3, any::<bool>()).prop_map(|(n, objects)| EngineEvent::Complete {
            outcome: outcome(n),
            local: objects.then(|| (LocalReason::PriceBand, String::new())),
        }),
        any::<bool>().prop_map(EngineEvent::Compared),
        Just(EngineEvent::Rechecked(None)),
        Just(EngineEvent::Fault(String::new())),
    ]
}

fn call() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1u64..4, 0u32..3).prop_map(|(height, round)| {
            let start = StartRound { height, round, role: RoundRole::Proposer, proposer: Felt::ZERO };
            Step::Call(Call::StartRound(start), CallKind::StartRound)
        }),
        (1u64..4, 0u32..3, 0u8..12).prop_map(|(height, round, stream)| {
            let stream_id = [stream; 16];
            let build = BuildProposal { stream_id, height, round, proposer: Felt::ZERO, budget_ms: 10 };
            Step::Call(Call::BuildProposal(build), CallKind::BuildProposal)
        }),
        Just(Step::Call(Call::ValidateProposal, CallKind::ValidateProposal)),
        Just(Step::Call(Call::ImportDecided, CallKind::ImportDecided)),
        Just(Step::Call(Call::Watch, CallKind::Watch)),
        (0u8..12).prop_map(|s| Step::Call(Call::Abort([s; 16]), CallKind::Abort)),
        (1u64..4, 0u8..3)
            .prop_map(|(height, n)| Step::Call(Call::Decide(Box::new(certificate(height, n))), CallKind::Decide)),
        (0u64..4).prop_map(|height| Step::Call(Call::GetHeightParams(height), CallKind::GetHeightParams)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => call(),
        6 => (0u64..30, stream_event()).prop_map(|(id, event)| Step::Stream(id, event)),
        5 => (0u64..30, engine_event()).prop_map(|(work, event)| Step::Engine(work, event)),
        1 => (0u64..30).prop_map(|work| Step::Timer(Timer::Budget(work))),
        1 => (0u64..3).prop_map(|serial| Step::Timer(Timer::WatchLost(serial))),
        1 => Just(Step::Timer(Timer::Poll)),
        3 => (0u64..30, prop::bool::weighted(0.9)).prop_map(|(write, ok)| Step::Stored(write, ok)),
        1 => (0u64..30, 0u8..3).prop_map(|(id, n)| Step::Archived(id, n)),
        1 => (6u8..9, any::<bool>()).prop_map(|(id, takeover)| Step::Handshake(id, takeover)),
        1 => (0u8..6).prop_map(Step::Other),
    ]
}

fn input(node: &mut Node, step: Step) -> Input {
    let token = Some(node.token.clone());
    match step {
        Step::Call(call, kind) => Input::Call { id: node.id(), token, kind, call: Ok(call) },
        Step::Stream(id, event) => Input::Stream { id, event },
        Step::Engine(work, event) => Input::Engine { work, event },
        Step::Timer(timer) => Input::Timer(timer),
        Step::Stored(write, ok) => Input::Stored { write, result: if ok { Ok(None) } else { Err("disk".into()) } },
        Step::Archived(id, n) => Input::Archived { id, commitment: (n > 0).then(|| commitment(n)) },
        Step::Handshake(id, takeover) => {
            let mut shake = handshake([id; 16], SessionRole::Writer);
            shake.takeover = takeover;
            let call = Ok(Call::Handshake(Box::new(shake)));
            Input::Call { id: node.id(), token: None, kind: CallKind::Handshake, call }
        }
        Step::Other(0) => Input::Drain,
        Step::Other(1) => Input::Broken("engine".into()),
        Step::Other(2) => Input::Syncing(true),
        Step::Other(3) => Input::Syncing(false),
        Step::Other(4) => Input::DrainNow,
        Step::Other(_) => Input::HashKnown(1),
    }
}

/// The call that an effect ends.
fn ends(effect: &Effect) -> Option<CallId> {
    match effect {
        Effect::Reply(id, _) | Effect::Refuse(id, _) | Effect::Finish(id) => Some(*id),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_the_rules_of_the_shell_hold(steps in prop::collection::vec(step(), 1..120)) {
        let mut node = Node::default();
        let mut ended: BTreeSet<CallId> = BTreeSet::new();
        let mut judged: BTreeSet<CallId> = BTreeSet::new();
        for step in steps {
            let before = node.state.committed();
            let input = input(&mut node, step);
            let stored = matches!(input, Input::Stored { result: Ok(_), .. });
            let twin: State = node.state.clone();
            let effects = node.state.step(input.clone());
            // The same input in the same state gives the same: nothing else is read.
            let mut twin = twin;
            prop_assert_eq!(&twin.step(input), &effects);
            prop_assert!(twin == node.state);
            if node.state.committed() != before {
                prop_assert!(stored, "only a write moves the chain");
                prop_assert_eq!(
                    node.state.committed().map(|p| p.height),
                    Some(before.map_or(1, |p| p.height + 1))
                );
            }
            for effect in &effects {
                if let Effect::Reply(_, ecp_execution_core::effect::Reply::Handshake(reply)) = effect {
                    node.token.clone_from(&reply.token);
                }
                if let Effect::Send(id, message) = effect {
                    prop_assert!(!ended.contains(id), "{message:?} after the end");
                    if matches!(message, Message::Verdict(_)) {
                        prop_assert!(judged.insert(*id), "two verdicts");
                    }
                }
                if let Some(id) = ends(effect) {
                    prop_assert!(ended.insert(id), "{id} ended twice");
                }
            }
        }
    }
}
