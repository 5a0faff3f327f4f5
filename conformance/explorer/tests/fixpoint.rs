//! Small explorations reach their fixpoint, find nothing, and see what they should.

use ecp_explorer::{
    action::{Bounds, Faults},
    search::{Order, explore},
};

fn within(heights: u64, faults: Faults) -> ecp_explorer::search::Found {
    let found = explore(&Bounds { heights, rounds: 2, overlap: false, faults }, None, Order::Breadth, 10_000_000);
    let harm = found.counterexample.as_ref().map(|c| format!("{}: {}", c.violation.requirement, c.violation.text));
    assert_eq!(harm, None, "{:?}", found.counterexample.as_ref().map(|c| &c.path));
    assert!(found.complete && found.done > 0);
    found
}

#[test]
fn without_faults_two_heights_are_decided_from_everywhere() {
    let found = within(2, Faults::default());
    assert!(found.states > 1_000, "{found:?}");
}

#[test]
fn a_death_on_either_side_does_no_harm() {
    let calm = within(1, Faults::default()).states;
    assert!(within(1, Faults { consensus_crashes: 1, ..Faults::default() }).states > 2 * calm);
    assert!(within(1, Faults { execution_crashes: 1, ..Faults::default() }).states > 2 * calm);
}

#[test]
fn a_lossy_link_does_no_harm() {
    within(1, Faults { duplicates: 1, reorders: 1, ..Faults::default() });
}

#[test]
fn the_same_is_found_each_time() {
    let faults = Faults { consensus_crashes: 1, ..Faults::default() };
    let (one, two) = (within(1, faults), within(1, faults));
    assert_eq!((one.states, one.steps, one.depth, one.done), (two.states, two.steps, two.depth, two.done));
}
