//! Breadth-first search to the fixpoint, and the graph of what it found.
//!
//! Checkers from a registry were weighed: the one that fits, `stateright`, decides "eventually" on acyclic paths only, as
//! its documentation says, and here every retry is a cycle. Progress is therefore decided on the whole graph: from each
//! state there must be a way without faults to the goal.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasherDefault, Hasher},
    time::{Duration, Instant},
};

use crate::{
    action::{Action, Bounds},
    names::Writer,
    pair::Violation,
    rules::Rule,
    world::World,
};

/// Takes a fingerprint as its own hash.
#[derive(Debug, Default, Clone, Copy)]
struct Fingerprint(u64);

impl Hasher for Fingerprint {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }

    fn write_u128(&mut self, word: u128) {
        self.0 = word as u64;
    }
}

type Visited = HashMap<u128, u32, BuildHasherDefault<Fingerprint>>;

/// What a search found.
#[derive(Debug)]
pub struct Found {
    /// Different states.
    pub states: usize,
    /// Steps between them.
    pub steps: usize,
    /// The longest path that was gone; breadth first, the longest of the shortest ones.
    pub depth: usize,
    /// States in which all heights are decided, committed and acknowledged.
    pub done: usize,
    /// How long it took.
    pub took: Duration,
    /// Whether everything within the bounds was seen.
    pub complete: bool,
    /// The shortest path to what must never be.
    pub counterexample: Option<Counterexample>,
}

/// A path to what must never be.
#[derive(Debug, Clone)]
pub struct Counterexample {
    /// What it is.
    pub violation: Violation,
    /// The steps.
    pub path: Vec<Action>,
}

/// A state that was just found.
struct Fresh {
    world: World,
    fingerprint: u128,
    parent: u32,
    depth: usize,
    action: Action,
}

/// States whose successors are held at a time.
const CHUNK: usize = 2_048;
/// The same, where few states are to be held.
const SMALL_CHUNK: usize = 64;
/// Threads.
const THREADS: usize = 2;

/// What is looked at next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// What was found first: counterexamples are the shortest.
    Breadth,
    /// What was found last: few states are held at a time.
    Depth,
}

/// Explores everything within the bounds, or stops at the first violation or after `most` states.
#[must_use]
pub fn explore(bounds: &Bounds, without: Option<Rule>, order: Order, most: usize) -> Found {
    let began = Instant::now();
    let first = World::new(bounds, without);
    let mut visited = Visited::default();
    let mut parents: Vec<(u32, Action)> = Vec::new();
    let mut done: Vec<u32> = Vec::new();
    let mut edges: Vec<(u32, u32)> = Vec::new();
    let mut steps = 0;
    let mut depth = 0;
    let none = Action { kind: crate::action::Kind::Soon, cut: 0 };
    visited.insert(Writer::default().fingerprint(&first), 0);
    parents.push((0, none));
    let mut open = VecDeque::from([(0, 0, first)]);
    let mut counterexample = None;
    while !open.is_empty() && counterexample.is_none() && visited.len() < most {
        let chunk: Vec<_> = match order {
            Order::Breadth => open.drain(..CHUNK.min(open.len())).collect(),
            Order::Depth => open.drain(open.len() - SMALL_CHUNK.min(open.len())..).collect(),
        };
        for fresh in expand(&chunk, bounds) {
            steps += 1;
            let number = u32::try_from(parents.len()).unwrap_or(u32::MAX);
            let known = *visited.entry(fresh.fingerprint).or_insert(number);
            if !fresh.action.is_fault() {
                edges.push((known, fresh.parent));
            }
            // A step is forbidden or not, whatever state it leads to.
            if let Some(violation) = fresh.world.violation() {
                let mut path = path(&parents, fresh.parent);
                path.push(fresh.action);
                counterexample = Some(Counterexample { violation: violation.clone(), path });
                break;
            }
            if known != number {
                continue;
            }
            parents.push((fresh.parent, fresh.action));
            depth = depth.max(fresh.depth);
            if fresh.world.is_done() {
                done.push(number);
            }
            open.push_back((number, fresh.depth, fresh.world));
        }
    }
    let complete = open.is_empty() && counterexample.is_none();
    if complete {
        counterexample = stuck(parents.len(), &done, edges).map(|at| Counterexample {
            violation: Violation {
                requirement: "ECP-REC-009",
                text: "no way without faults leads to the decision".into(),
            },
            path: path(&parents, at),
        });
    }
    let (states, done) = (parents.len(), done.len());
    Found { states, steps, depth, done, took: began.elapsed(), complete, counterexample }
}

fn path(parents: &[(u32, Action)], mut at: u32) -> Vec<Action> {
    let mut path = Vec::new();
    while at != 0 {
        let (parent, action) = parents[at as usize];
        path.push(action);
        at = parent;
    }
    path.reverse();
    path
}

/// The first state from which no way without faults leads to the goal. Edges lead back.
fn stuck(states: usize, done: &[u32], mut edges: Vec<(u32, u32)>) -> Option<u32> {
    edges.sort_unstable();
    let mut reached = vec![false; states];
    let mut queue: Vec<u32> = done.to_vec();
    for at in done {
        reached[*at as usize] = true;
    }
    while let Some(at) = queue.pop() {
        let from = edges.partition_point(|(to, _)| *to < at);
        for (_, parent) in edges[from..].iter().take_while(|(to, _)| *to == at) {
            if !reached[*parent as usize] {
                reached[*parent as usize] = true;
                queue.push(*parent);
            }
        }
    }
    reached.iter().position(|reached| !reached).and_then(|at| u32::try_from(at).ok())
}

/// Every successor of some states, in an order that does not depend on the threads.
fn expand(states: &[(u32, usize, World)], bounds: &Bounds) -> Vec<Fresh> {
    let share = states.len().div_ceil(THREADS).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = states
            .chunks(share)
            .map(|states| {
                scope.spawn(move || {
                    let mut writer = Writer::default();
                    let mut fresh = Vec::new();
                    for (number, depth, world) in states {
                        successors(world, bounds, |world, action| {
                            let fingerprint = writer.fingerprint(&world);
                            fresh.push(Fresh { world, fingerprint, parent: *number, depth: depth + 1, action });
                        });
                    }
                    fresh
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// Every step from a state.
pub fn successors(world: &World, bounds: &Bounds, mut found: impl FnMut(World, Action)) {
    for kind in world.kinds(bounds) {
        let whole = Action { kind, cut: 0 };
        let next = world.after(whole);
        let cuts = if world.left.consensus_crashes > 0 { next.pair.cuts.clone() } else { Vec::new() };
        found(next, whole);
        for cut in cuts {
            let action = Action { kind, cut };
            found(world.after(action), action);
        }
    }
}
