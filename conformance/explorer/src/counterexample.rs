//! Counterexamples as files: readable, and replayed by a test.
//!
//! A file begins with lines `name: value`; after an empty line comes one step a line: its number, its name as the search
//! knows it, and what it does. Only the names are read back.

use std::{collections::HashSet, fmt::Write as _};

use crate::{
    action::{Action, Bounds, Faults},
    describe,
    names::Writer,
    pair::Violation,
    rules::Rule,
    search::{Counterexample, successors},
    world::World,
};

/// A file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The rule that is taken away.
    pub rule: Rule,
    /// Within which bounds.
    pub bounds: Bounds,
    /// The requirement that is broken without it.
    pub requirement: String,
    /// What happens.
    pub text: String,
    /// Names of the steps.
    pub steps: Vec<String>,
}

/// What a replay came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// A step that must not be.
    Forbidden(Violation),
    /// No way without faults leads to the decision any more.
    Stuck,
    /// Nothing is wrong; `at`: steps that were possible.
    Safe {
        /// How many.
        at: usize,
    },
}

/// A step's name.
#[must_use]
pub fn name(action: Action) -> String {
    if action.cut > 0 { format!("{:?} cut {}", action.kind, action.cut) } else { format!("{:?}", action.kind) }
}

/// The file of a counterexample.
#[must_use]
pub fn write(rule: Option<Rule>, bounds: &Bounds, found: &Counterexample) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "without: {}", rule.map_or("nothing", Rule::as_str));
    let _ = writeln!(text, "heights: {}\nrounds: {}", bounds.heights, bounds.rounds);
    let _ = writeln!(text, "faults: {}", bounds.faults);
    let _ = writeln!(text, "breaks: {}\nhow: {}\n", found.violation.requirement, found.violation.text);
    let mut world = World::new(bounds, rule);
    for (at, action) in found.path.iter().enumerate() {
        let _ = writeln!(text, "{:3} {} -- {}", at + 1, name(*action), describe::step(&world, *action));
        world = world.after(*action);
    }
    text
}

/// Reads a file.
pub fn read(text: &str) -> anyhow::Result<Kept> {
    let field = |name: &str| {
        let prefix = format!("{name}: ");
        let line = text.lines().find_map(|line| line.strip_prefix(&prefix));
        line.ok_or_else(|| anyhow::anyhow!("there is no line {name}"))
    };
    let rule = Rule::named(field("without")?).ok_or_else(|| anyhow::anyhow!("there is no such rule"))?;
    let bounds = Bounds {
        heights: field("heights")?.parse()?,
        rounds: field("rounds")?.parse()?,
        overlap: false,
        faults: Faults::read(field("faults")?)?,
    };
    let steps = text.lines().skip_while(|line| !line.is_empty()).skip(1);
    let steps = steps.filter_map(|line| {
        let (_, step) = line.trim_start().split_once(' ')?;
        Some(step.split(" -- ").next().unwrap_or(step).to_owned())
    });
    let (requirement, text) = (field("breaks")?.to_owned(), field("how")?.to_owned());
    Ok(Kept { rule, bounds, requirement, text, steps: steps.collect() })
}

/// Takes the steps of a file, without its rule or with it, as far as they are possible.
#[must_use]
pub fn replay(kept: &Kept, without: Option<Rule>) -> Replayed {
    let mut world = World::new(&kept.bounds, without);
    for (at, step) in kept.steps.iter().enumerate() {
        let mut next = None;
        successors(&world, &kept.bounds, |world, action| {
            if name(action) == *step {
                next = Some(world);
            }
        });
        let Some(after) = next else { return end(&world, &kept.bounds, at) };
        if let Some(violation) = after.violation() {
            return Replayed::Forbidden(violation.clone());
        }
        world = after;
    }
    end(&world, &kept.bounds, kept.steps.len())
}

fn end(world: &World, bounds: &Bounds, at: usize) -> Replayed {
    if reaches_the_end(world, bounds) { Replayed::Safe { at } } else { Replayed::Stuck }
}

/// Whether a way without faults leads from a state to the decision of every height.
#[must_use]
pub fn reaches_the_end(world: &World, bounds: &Bounds) -> bool {
    let mut writer = Writer::default();
    let mut seen = HashSet::new();
    let mut queue = vec![world.clone()];
    while let Some(world) = queue.pop() {
        if world.is_done() {
            return true;
        }
        if !seen.insert(writer.fingerprint(&world)) {
            continue;
        }
        for kind in world.kinds(bounds).into_iter().filter(|kind| !kind.is_fault()) {
            queue.push(world.after(Action { kind, cut: 0 }));
        }
    }
    false
}
