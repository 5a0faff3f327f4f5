//! What is explored: small in each change, everything at night.

use crate::{
    action::{Bounds, Faults},
    rules::Rule,
};

const NONE: Faults = Faults {
    consensus_crashes: 0,
    execution_crashes: 0,
    losses: 0,
    duplicates: 0,
    reorders: 0,
    takeovers: 0,
    objections: 0,
    expiries: 0,
};

const fn bounds(heights: u64, faults: Faults) -> Bounds {
    Bounds { heights, rounds: 2, overlap: false, faults }
}

/// Explored for each change.
pub const EACH_CHANGE: [Bounds; 13] = [
    bounds(2, NONE),
    bounds(2, Faults { consensus_crashes: 1, ..NONE }),
    bounds(2, Faults { execution_crashes: 1, ..NONE }),
    bounds(2, Faults { losses: 1, ..NONE }),
    bounds(2, Faults { duplicates: 1, ..NONE }),
    bounds(2, Faults { reorders: 1, ..NONE }),
    bounds(2, Faults { takeovers: 1, ..NONE }),
    bounds(2, Faults { objections: 1, ..NONE }),
    bounds(2, Faults { expiries: 1, ..NONE }),
    bounds(1, Faults { consensus_crashes: 1, execution_crashes: 1, ..NONE }),
    bounds(1, Faults { consensus_crashes: 2, ..NONE }),
    bounds(1, Faults { consensus_crashes: 1, execution_crashes: 1, objections: 1, ..NONE }),
    bounds(1, Faults { losses: 1, takeovers: 1, ..NONE }),
];

/// Explored at night.
pub const NIGHTLY: [Bounds; 8] = [
    bounds(1, Faults { losses: 1, reorders: 1, takeovers: 1, ..NONE }),
    bounds(1, Faults { consensus_crashes: 1, duplicates: 1, reorders: 1, takeovers: 1, ..NONE }),
    bounds(1, Faults { execution_crashes: 1, losses: 1, duplicates: 1, reorders: 1, ..NONE }),
    bounds(1, Faults { consensus_crashes: 2, execution_crashes: 2, ..NONE }),
    bounds(2, Faults { consensus_crashes: 2, ..NONE }),
    bounds(2, Faults { consensus_crashes: 1, execution_crashes: 1, ..NONE }),
    Bounds { overlap: true, ..bounds(2, Faults { consensus_crashes: 1, ..NONE }) },
    Bounds { overlap: true, ..bounds(2, Faults { execution_crashes: 1, ..NONE }) },
];

/// Everything at once: for a machine with time and memory of its own.
pub const EVERYTHING: Bounds = bounds(2, FULL);

const FULL: Faults = Faults {
    consensus_crashes: 2,
    execution_crashes: 2,
    losses: 1,
    duplicates: 1,
    reorders: 1,
    takeovers: 1,
    objections: 0,
    expiries: 0,
};

/// Within which bounds the lack of a rule shows.
#[must_use]
pub const fn without(rule: Rule) -> Bounds {
    match rule {
        Rule::Fenced | Rule::FencedStops => bounds(1, Faults { losses: 1, takeovers: 1, ..NONE }),
        Rule::Basis => bounds(1, Faults { consensus_crashes: 1, execution_crashes: 1, objections: 1, ..NONE }),
        _ => bounds(1, Faults { consensus_crashes: 1, execution_crashes: 1, ..NONE }),
    }
}
