//! Explores, and prints what it found.

use std::path::PathBuf;

use clap::Parser;
use ecp_explorer::{
    action::{Bounds, Faults},
    counterexample::write,
    plan,
    rules::Rule,
    search::{Found, Order, explore},
};

/// Explores both cores, joined by a lossy link, to the fixpoint. Ends with 1 if something is wrong.
#[derive(Parser)]
struct Options {
    /// The larger bounds.
    #[arg(long, conflicts_with_all = ["faults", "rules"])]
    nightly: bool,
    /// All faults at once, for a machine with time and memory of its own.
    #[arg(long, conflicts_with_all = ["faults", "rules", "nightly"])]
    everything: bool,
    /// Takes away each rule, and writes what then goes wrong into this folder.
    #[arg(long, value_name = "FOLDER")]
    rules: Option<PathBuf>,
    /// Bounds of one's own: deaths of the consensus half, of the execution half, broken connections, calls that arrive
    /// twice, messages that overtake, takeovers, turns of the clock, budgets that end.
    #[arg(long, value_name = "N,N,N,N,N,N,N,N", value_parser = Faults::read)]
    faults: Option<Faults>,
    /// Heights, with --faults.
    #[arg(long, default_value_t = 2)]
    heights: u64,
    /// Rounds, with --faults.
    #[arg(long, default_value_t = 2)]
    rounds: u32,
    /// With --faults: the others may begin a height before the last one is acknowledged here.
    #[arg(long)]
    overlap: bool,
    /// With --faults: a rule that is taken away.
    #[arg(long, value_parser = |name: &str| Rule::named(name).ok_or("there is no such rule"))]
    without: Option<Rule>,
    /// Looks first at what was found last, which needs less memory; always so with --nightly and --everything.
    #[arg(long)]
    depth: bool,
    /// Gives up after so many states.
    #[arg(long, default_value_t = 200_000_000)]
    most: usize,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if let Some(folder) = &options.rules {
        return rules(folder, options.most);
    }
    let own = options.faults.map(|faults| Bounds {
        heights: options.heights,
        rounds: options.rounds,
        overlap: options.overlap,
        faults,
    });
    let all: Vec<Bounds> = match own {
        Some(own) => vec![own],
        None if options.nightly => plan::NIGHTLY.to_vec(),
        None if options.everything => vec![plan::EVERYTHING],
        None => plan::EACH_CHANGE.to_vec(),
    };
    let mut wrong = 0;
    for bounds in all {
        let order = if options.nightly || options.everything || options.depth { Order::Depth } else { Order::Breadth };
        let found = explore(&bounds, options.without, order, options.most);
        println!("{}", summary(&bounds, &found));
        if let Some(counterexample) = &found.counterexample {
            println!("{}", write(options.without, &bounds, counterexample));
        }
        wrong += usize::from(!found.complete || found.counterexample.is_some());
    }
    anyhow::ensure!(wrong == 0, "{wrong} of the explorations found something or did not reach their fixpoint");
    Ok(())
}

fn rules(folder: &std::path::Path, most: usize) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    for rule in Rule::ALL {
        let bounds = plan::without(rule);
        let found = explore(&bounds, Some(rule), Order::Breadth, most);
        println!("without {}: {}", rule.as_str(), summary(&bounds, &found));
        let counterexample = found.counterexample.ok_or_else(|| anyhow::anyhow!("nothing goes wrong without it"))?;
        println!("  {}: {}", counterexample.violation.requirement, counterexample.violation.text);
        std::fs::write(folder.join(format!("{}.txt", rule.as_str())), write(Some(rule), &bounds, &counterexample))?;
    }
    Ok(())
}

fn summary(bounds: &Bounds, found: &Found) -> String {
    format!(
        "{} heights, {} rounds, faults {}: {} states, {} steps, depth {}, {} at the end, {:.1} s{}",
        bounds.heights,
        bounds.rounds,
        bounds.faults,
        found.states,
        found.steps,
        found.depth,
        found.done,
        found.took.as_secs_f64(),
        if found.complete { "" } else { ", not complete" }
    )
}
