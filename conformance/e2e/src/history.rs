//! What was seen of a network under kills, and the rules that it must obey: pure, so that the checker can be checked.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use conformance::network::Half;
use ecp_types::{Commitment, Height, Round};

/// Exit code of a consensus half that asks to be started again.
const START_AGAIN: i32 = 5;

/// Something that was seen. Times are milliseconds since the start of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Watch of an execution half told this committed block: it is durable there.
    Committed {
        /// When it was seen.
        at_ms: u64,
        /// The validator.
        node: usize,
        /// Committed height.
        height: Height,
        /// Its commitment.
        commitment: Commitment,
    },
    /// A validator's consensus half logged that a proposal is valid.
    Judged {
        /// The validator.
        node: usize,
        /// Height of the proposal.
        height: Height,
        /// Its round.
        round: Round,
        /// What it commits to.
        commitment: Commitment,
    },
    /// The archive of an execution half told this block.
    Archived {
        /// The validator.
        node: usize,
        /// Height of the block.
        height: Height,
        /// What its certificate decides.
        commitment: Commitment,
        /// Why the certificate does not hold; absent if it does.
        bad_certificate: Option<String>,
    },
    /// A half was killed, or found dead.
    Down {
        /// When.
        at_ms: u64,
        /// The validator.
        node: usize,
        /// Which half.
        half: Half,
    },
    /// A half was started again and was told to be ready.
    Up {
        /// When.
        at_ms: u64,
        /// The validator.
        node: usize,
        /// Which half.
        half: Half,
    },
    /// A half ended by itself.
    Exited {
        /// The validator.
        node: usize,
        /// Which half.
        half: Half,
        /// Its exit code; absent after a signal.
        code: Option<i32>,
        /// The end of its log.
        log: String,
    },
    /// The run is over.
    End {
        /// When.
        at_ms: u64,
    },
}

/// What a network must keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Validators in the network, all of equal power.
    pub validators: usize,
    /// First height of the chain.
    pub first_height: Height,
    /// Longest time without a new height while more than two thirds of the validators have run for that long.
    pub stall_ms: u64,
}

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// Two decisions at one height (ECP-DEC-006).
    TwoDecisions {
        /// The height.
        height: Height,
        /// All that were seen.
        commitments: BTreeSet<Commitment>,
    },
    /// The committed height of a validator went back: a decided block was lost (ECP-DEC-002).
    WentBack {
        /// The validator.
        node: usize,
        /// Where it was.
        from: Height,
        /// Where it was seen later.
        to: Height,
    },
    /// A validator's archive does not hold a block that the validator had committed (ECP-DEC-002).
    Lost {
        /// The validator.
        node: usize,
        /// The first such height.
        height: Height,
    },
    /// A certificate does not hold.
    BadCertificate {
        /// The validator whose archive told it.
        node: usize,
        /// Its height.
        height: Height,
        /// What is wrong with it.
        why: String,
    },
    /// Two proposals in one slot, though each slot has one proposer (ECP-REC-010).
    TwoProposals {
        /// Height of the slot.
        height: Height,
        /// Its round.
        round: Round,
        /// All that were judged valid.
        commitments: BTreeSet<Commitment>,
    },
    /// No new height for too long, although enough validators ran.
    Stalled {
        /// Since when, in milliseconds since the start.
        since_ms: u64,
        /// For how long, in milliseconds.
        for_ms: u64,
    },
    /// A validator never caught up with the others.
    Behind {
        /// The validator.
        node: usize,
        /// Where it is.
        at: Option<Height>,
        /// Where it should be at least.
        expected: Height,
    },
    /// A half ended by itself, and not to be started again.
    Died {
        /// The validator.
        node: usize,
        /// Which half.
        half: Half,
        /// Its exit code.
        code: Option<i32>,
        /// The end of its log.
        log: String,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TwoDecisions { height, commitments } => {
                write!(f, "height {height} was decided more than once: {commitments:?}")
            }
            Self::WentBack { node, from, to } => {
                write!(f, "validator {node} had committed {from} and is at {to} afterwards")
            }
            Self::Lost { node, height } => {
                write!(f, "validator {node} had committed height {height}, and its archive does not hold it")
            }
            Self::BadCertificate { node, height, why } => {
                write!(f, "validator {node}: the certificate of height {height} does not hold: {why}")
            }
            Self::TwoProposals { height, round, commitments } => {
                write!(f, "more than one proposal at height {height}, round {round}: {commitments:?}")
            }
            Self::Stalled { since_ms, for_ms } => {
                write!(f, "no new height for {for_ms} ms, from {since_ms} ms on, although enough validators ran")
            }
            Self::Behind { node, at: Some(at), expected } => {
                write!(f, "validator {node} is at {at} and does not reach {expected}")
            }
            Self::Behind { node, at: None, expected } => {
                write!(f, "validator {node} committed nothing and does not reach {expected}")
            }
            Self::Died { node, half, code, log } => {
                write!(f, "the {half:?} half of validator {node} ended by itself with {code:?}:\n{log}")
            }
        }
    }
}

/// Checks a whole history; `expected` is the height that every validator must have reached in the end.
#[must_use]
pub fn check(events: &[Event], bounds: Bounds, expected: Height) -> Vec<Violation> {
    let mut violations = decisions(events);
    violations.extend(proposals(events));
    violations.extend(keeping(events, bounds, expected));
    violations.extend(progress(events, bounds));
    for event in events {
        match event {
            Event::Exited { node, half, code, log } if !(*half == Half::Consensus && *code == Some(START_AGAIN)) => {
                violations.push(Violation::Died { node: *node, half: *half, code: *code, log: log.clone() });
            }
            Event::Archived { node, height, bad_certificate: Some(why), .. } => {
                violations.push(Violation::BadCertificate { node: *node, height: *height, why: why.clone() });
            }
            _ => {}
        }
    }
    violations
}

/// One decision at a height, on all validators together.
fn decisions(events: &[Event]) -> Vec<Violation> {
    let mut decided: BTreeMap<Height, BTreeSet<Commitment>> = BTreeMap::new();
    for event in events {
        if let Event::Committed { height, commitment, .. } | Event::Archived { height, commitment, .. } = event {
            decided.entry(*height).or_default().insert(*commitment);
        }
    }
    let twice = decided.into_iter().filter(|(_, commitments)| commitments.len() > 1);
    twice.map(|(height, commitments)| Violation::TwoDecisions { height, commitments }).collect()
}

/// One valid proposal in a slot, on all validators together: only one of them may propose there.
fn proposals(events: &[Event]) -> Vec<Violation> {
    let mut judged: BTreeMap<(Height, Round), BTreeSet<Commitment>> = BTreeMap::new();
    for event in events {
        if let Event::Judged { height, round, commitment, .. } = event {
            judged.entry((*height, *round)).or_default().insert(*commitment);
        }
    }
    let twice = judged.into_iter().filter(|(_, commitments)| commitments.len() > 1);
    twice.map(|((height, round), commitments)| Violation::TwoProposals { height, round, commitments }).collect()
}

/// What was committed once stays, and everybody gets it in the end.
fn keeping(events: &[Event], bounds: Bounds, expected: Height) -> Vec<Violation> {
    let mut violations = Vec::new();
    for node in 0..bounds.validators {
        let mut top = None;
        let mut archive = BTreeSet::new();
        for event in events {
            match event {
                Event::Committed { node: n, height, .. } if *n == node => {
                    if let Some(from) = top.filter(|from| from > height) {
                        violations.push(Violation::WentBack { node, from, to: *height });
                    }
                    top = top.max(Some(*height));
                }
                Event::Archived { node: n, height, .. } if *n == node => {
                    archive.insert(*height);
                }
                _ => {}
            }
        }
        if top.is_none_or(|top| top < expected) {
            violations.push(Violation::Behind { node, at: top, expected });
        }
        let missing = top.and_then(|top| (bounds.first_height..=top).find(|height| !archive.contains(height)));
        if let Some(height) = missing {
            violations.push(Violation::Lost { node, height });
        }
    }
    violations
}

/// New heights come while more than two thirds of the validators run.
fn progress(events: &[Event], bounds: Bounds) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut down: BTreeSet<(usize, bool)> = BTreeSet::new();
    let mut top = None;
    // Since when a new height is due; absent while too few validators run.
    let mut since = Some(0);
    let mut judge = |since: Option<u64>, until: u64| {
        if let Some(since_ms) = since.filter(|since| until.saturating_sub(*since) > bounds.stall_ms) {
            violations.push(Violation::Stalled { since_ms, for_ms: until - since_ms });
        }
    };
    for event in events {
        match event {
            Event::Down { at_ms, node, half } | Event::Up { at_ms, node, half } => {
                let key = (*node, *half == Half::Execution);
                let changed = if matches!(event, Event::Down { .. }) { down.insert(key) } else { down.remove(&key) };
                let broken: BTreeSet<usize> = down.iter().map(|(node, _)| *node).collect();
                let quorum = 3 * (bounds.validators - broken.len()) > 2 * bounds.validators;
                if !quorum {
                    judge(since.take(), *at_ms);
                } else if since.is_none() && changed {
                    since = Some(*at_ms);
                }
            }
            Event::Committed { at_ms, height, .. } if top.is_none_or(|top| top < *height) => {
                top = Some(*height);
                if since.is_some() {
                    judge(since.replace(*at_ms), *at_ms);
                }
            }
            Event::End { at_ms } => judge(since.take(), *at_ms),
            _ => {}
        }
    }
    violations
}

#[cfg(test)]
mod tests;
