//! Each rule is broken once, and kept.

use super::*;

const BOUNDS: Bounds = Bounds { validators: 4, first_height: 1, stall_ms: 1_000 };

fn commitment(byte: u8) -> Commitment {
    Commitment([byte; 32])
}

fn committed(at_ms: u64, node: usize, height: Height, byte: u8) -> Event {
    Event::Committed { at_ms, node, height, commitment: commitment(byte) }
}

fn archived(node: usize, height: Height, byte: u8) -> Event {
    Event::Archived { node, height, commitment: commitment(byte), bad_certificate: None }
}

/// Four validators that decide heights 1 and 2.
fn good() -> Vec<Event> {
    let mut events = Vec::new();
    for height in 1..=2 {
        events.extend((0..4).map(|node| committed(height * 500, node, height, height as u8)));
    }
    for height in 1..=2 {
        events.extend((0..4).map(|node| archived(node, height, height as u8)));
        events.push(Event::Judged { node: 0, height, round: 0, commitment: commitment(height as u8) });
        events.push(Event::Judged { node: 1, height, round: 0, commitment: commitment(height as u8) });
    }
    events
}

#[test]
fn a_sound_history_breaks_no_rule() {
    assert_eq!(check(&good(), BOUNDS, 2), []);
}

#[test]
fn two_decisions_on_two_nodes_are_found() {
    let mut events = good();
    events.push(committed(1_100, 2, 2, 9));
    let found = check(&events, BOUNDS, 2);
    let commitments = [commitment(2), commitment(9)].into();
    assert_eq!(found, [Violation::TwoDecisions { height: 2, commitments }]);
}

#[test]
fn an_archive_that_differs_from_what_was_committed_is_found() {
    let mut events = good();
    events.push(archived(2, 1, 9));
    assert!(matches!(check(&events, BOUNDS, 2)[..], [Violation::TwoDecisions { height: 1, .. }]));
}

#[test]
fn a_height_that_goes_back_is_found() {
    let mut events = good();
    events.push(committed(1_100, 3, 1, 1));
    assert_eq!(check(&events, BOUNDS, 2), [Violation::WentBack { node: 3, from: 2, to: 1 }]);
}

#[test]
fn a_block_that_the_archive_lost_is_found() {
    let mut events = good();
    events.retain(|event| !matches!(event, Event::Archived { node: 1, height: 1, .. }));
    assert_eq!(check(&events, BOUNDS, 2), [Violation::Lost { node: 1, height: 1 }]);
}

#[test]
fn a_validator_that_stays_behind_is_found() {
    let mut events = good();
    events.retain(|event| !matches!(event, Event::Committed { node: 1, height: 2, .. }));
    assert_eq!(check(&events, BOUNDS, 2), [Violation::Behind { node: 1, at: Some(1), expected: 2 }]);
    let nothing: Vec<Event> = Vec::new();
    assert_eq!(check(&nothing, BOUNDS, 2).len(), 4);
}

#[test]
fn a_bad_certificate_is_found() {
    let mut events = good();
    let why = "forged".to_owned();
    events.push(Event::Archived { node: 0, height: 2, commitment: commitment(2), bad_certificate: Some(why.clone()) });
    assert_eq!(check(&events, BOUNDS, 2), [Violation::BadCertificate { node: 0, height: 2, why }]);
}

#[test]
fn two_proposals_in_one_slot_are_found_and_another_round_is_none() {
    let mut events = good();
    events.push(Event::Judged { node: 3, height: 2, round: 1, commitment: commitment(9) });
    assert_eq!(check(&events, BOUNDS, 2), []);
    events.push(Event::Judged { node: 3, height: 2, round: 0, commitment: commitment(9) });
    let commitments = [commitment(2), commitment(9)].into();
    assert_eq!(check(&events, BOUNDS, 2), [Violation::TwoProposals { height: 2, round: 0, commitments }]);
}

#[test]
fn a_stall_counts_only_while_enough_validators_run() {
    let half = Half::Execution;
    let stalled = |events: &[Event]| {
        check(events, BOUNDS, 2).into_iter().filter(|v| matches!(v, Violation::Stalled { .. })).collect::<Vec<_>>()
    };
    let mut events = good();
    events.push(Event::End { at_ms: 2_001 });
    assert_eq!(stalled(&events), [Violation::Stalled { since_ms: 1_000, for_ms: 1_001 }]);

    // One of four is down: the others go on.
    let mut events = good();
    events.push(Event::Down { at_ms: 1_100, node: 0, half });
    events.push(Event::End { at_ms: 2_001 });
    assert_eq!(stalled(&events), [Violation::Stalled { since_ms: 1_000, for_ms: 1_001 }]);

    // Two are down: nothing is due until one is back.
    let mut events = good();
    events.push(Event::Down { at_ms: 1_100, node: 0, half });
    events.push(Event::Down { at_ms: 1_100, node: 1, half });
    events.push(Event::Up { at_ms: 9_000, node: 1, half });
    events.push(Event::End { at_ms: 10_000 });
    assert_eq!(stalled(&events), []);
    events.pop();
    events.push(Event::End { at_ms: 10_001 });
    assert_eq!(stalled(&events), [Violation::Stalled { since_ms: 9_000, for_ms: 1_001 }]);
}

#[test]
fn a_half_that_dies_is_found_and_one_that_asks_for_a_new_process_is_not() {
    let mut events = good();
    let exited = |half, code| Event::Exited { node: 0, half, code, log: String::new() };
    events.push(exited(Half::Consensus, Some(5)));
    assert_eq!(check(&events, BOUNDS, 2), []);
    events.push(exited(Half::Consensus, Some(4)));
    events.push(exited(Half::Execution, Some(5)));
    assert_eq!(check(&events, BOUNDS, 2).len(), 2);
}
