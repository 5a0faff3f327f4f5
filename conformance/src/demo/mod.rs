//! `conformance demo`: four validators decide real Starknet blocks, then both halves are certified.

mod agree;
mod build;
mod light;
mod load;
pub(crate) mod rpc;
mod setup;
pub(crate) mod wallet;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub use agree::AgreedBlock;
pub use build::binaries;
pub use light::Light;

use self::rpc::Node;
use crate::network::Network;

/// Validators of the demo.
const VALIDATORS: usize = 4;
/// Accounts that exist at genesis.
const DEPLOYED: usize = 20;
/// Accounts that the demo deploys.
const NEW: usize = 12;
/// Waves of transactions; each reaches every validator, so it fills as many blocks as there are validators.
const WAVES: usize = 8;
/// Fewest non-empty blocks that the demo wants to see.
const NON_EMPTY: usize = 20;
/// Fewest transactions in blocks that the demo wants to see.
const INCLUDED: usize = 200;
/// How long block hashes may stay behind once the last transaction is in.
const HASH_PATIENCE: Duration = Duration::from_secs(30);

/// Options of the demo.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Where `demo.json` and the nodes' files go; a temporary folder without it.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Makes keys and accounts from this number: the same number, the same addresses.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Folder with `reference-execution` and `reference-consensus`; built from source without it.
    #[arg(long)]
    pub bin_dir: Option<PathBuf>,
    /// Leave the nodes running and print their URLs; Ctrl-C ends them.
    #[arg(long)]
    pub keep: bool,
}

/// What the demo found: `demo.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Outcome of the demo, demo.json")]
pub struct DemoReport {
    /// Always `ecp-demo/1`.
    #[schemars(extend("const" = "ecp-demo/1"))]
    pub format: String,
    /// How many validators decided, at least 1.
    #[schemars(range(min = 1))]
    pub validators: usize,
    /// How many blocks they decided.
    pub blocks: usize,
    /// How many of them hold transactions.
    pub non_empty_blocks: usize,
    /// How many transactions stand in them.
    pub transactions: usize,
    /// What became of the transactions that the demo sent.
    pub outcomes: Outcomes,
    /// Whether all validators hold the same blocks, balances and nonces.
    pub agree: bool,
    /// Commitment, block hash and state root of each block, ascending by height.
    pub commitments: Vec<AgreedBlock>,
    /// Whether both halves were certified.
    pub certified: bool,
}

/// What became of transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcomes {
    /// Accounts deployed.
    pub deployed: usize,
    /// Transfers that succeeded.
    pub transferred: usize,
    /// Transactions in a block that reverted.
    pub reverted: usize,
    /// Transactions with a bad signature: in no block.
    pub refused: usize,
}

/// Runs the demo; `certify` certifies both halves with the binaries of a folder and says whether both passed.
///
/// # Errors
/// Anything that is not as it should be, and an interruption before the end. With `--keep`, an interruption afterwards is
/// the end that was asked for.
pub async fn run<F, C>(args: DemoArgs, certify: C) -> Result<()>
where
    C: FnOnce(PathBuf, PathBuf) -> F,
    F: Future<Output = Result<String>>,
{
    let bin_dir = match &args.bin_dir {
        Some(dir) => dir.clone(),
        None => binaries()?,
    };
    let mut interrupt = Interrupt::new()?;
    let temporary = tempfile::tempdir()?;
    let out = args.out.clone().unwrap_or_else(|| temporary.path().to_owned());
    // Whatever ends this function ends the nodes: they are dropped with the network.
    let network = tokio::select! {
        network = show(&args, bin_dir, &out, certify) => network?,
        () = interrupt.told() => bail!("interrupted; the nodes were ended"),
    };
    if args.keep {
        println!("The nodes stay up until Ctrl-C:");
        for (validator, url) in network.validators.iter().zip(urls(&network)?) {
            println!("  JSON-RPC {url}   ECP unix:{}", validator.socket().display());
        }
        interrupt.told().await;
    }
    network.stop().await;
    Ok(())
}

/// Ctrl-C, or the end that a supervisor asks for.
struct Interrupt {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupt {
    fn new() -> Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn told(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The demo up to its report; the nodes still run.
async fn show<F, C>(args: &DemoArgs, bin_dir: PathBuf, out: &Path, certify: C) -> Result<Network>
where
    C: FnOnce(PathBuf, PathBuf) -> F,
    F: Future<Output = Result<String>>,
{
    let begin = Instant::now();
    let dir = out.join("nodes");
    if dir.exists() {
        std::fs::remove_dir_all(&dir).with_context(|| format!("clearing {}", dir.display()))?;
    }
    std::fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
    let json = out.join("demo.json");
    if json.exists() {
        // A demo that fails must not leave the report of another one.
        std::fs::remove_file(&json).with_context(|| format!("removing {}", json.display()))?;
    }

    let setup = setup::files(&dir, args.seed, VALIDATORS, DEPLOYED, NEW)?;
    let bar = ProgressBar::new((NEW + setup::transfers(DEPLOYED, NEW, WAVES) + 2) as u64);
    bar.set_style(ProgressStyle::with_template("{prefix} [{bar:40}] {pos}/{len} transactions, {msg}")?);
    bar.set_prefix("demo");
    say(&bar, format!("starting {VALIDATORS} validators in {}", dir.display()));
    let mut network = Network::start(&bin_dir, &dir, &setup.genesis_file, &setup.keys).await?;

    let outcome = drive(&mut network, &setup.deployed, &setup.new, &bar).await;
    bar.finish_and_clear();
    // A process that died explains more than the call that failed because of it.
    network.check_alive()?;
    let mut report = outcome?;
    println!(
        "{} validators agree on {} blocks, {} of them not empty: {} deployments, {} transfers, {} reverted, {} refused.",
        report.validators,
        report.blocks,
        report.non_empty_blocks,
        report.outcomes.deployed,
        report.outcomes.transferred,
        report.outcomes.reverted,
        report.outcomes.refused,
    );
    check_ledger(&network).await?;

    println!("Certifying both halves …");
    let verdict = certify(bin_dir, out.join("conformance")).await;
    report.certified = verdict.is_ok();
    std::fs::write(&json, serde_json::to_string_pretty(&report)?)
        .with_context(|| format!("writing {}", json.display()))?;
    println!("{}", verdict?);
    println!(
        "Done in {:.0} s.{}",
        begin.elapsed().as_secs_f64(),
        if args.out.is_some() { format!(" Report: {}", json.display()) } else { String::new() }
    );
    Ok(network)
}

async fn drive(
    network: &mut Network,
    deployed: &[wallet::Wallet],
    new: &[wallet::Wallet],
    bar: &ProgressBar,
) -> Result<DemoReport> {
    let nodes: Vec<Node> = urls(network)?.iter().map(|url| Node::new(url)).collect::<Result<_>>()?;
    let tally = load::run(&nodes, deployed, new, WAVES, bar).await?;
    network.check_alive()?;

    let first = network.genesis.first_height();
    let mut last = 0;
    for node in &nodes {
        last = last.max(node.height().await?.context("no block was decided")?);
    }
    say(bar, format!("waiting for the block hash of {last} on all validators"));
    let mut readers = Vec::new();
    for index in 0..network.validators.len() {
        let mut reader = network.reader(index).await?;
        let known = reader.watch(|state| state.block_hash_height.is_some_and(|known| known >= last));
        let known = tokio::time::timeout(HASH_PATIENCE, known).await;
        known.with_context(|| format!("validator {index}: no hash of block {last} after {HASH_PATIENCE:?}"))??;
        readers.push(reader);
    }
    let wallets: Vec<wallet::Wallet> = deployed.iter().chain(new).cloned().collect();
    let agreement = agree::agree(&nodes, &mut readers, &wallets, first, last).await?;

    let non_empty_blocks = agreement.blocks.iter().filter(|block| block.transactions > 0).count();
    let included: usize = agreement.blocks.iter().map(|block| block.transactions).sum();
    ensure!(
        included >= tally.included(),
        "{included} transactions are in blocks, but {} were confirmed",
        tally.included()
    );
    ensure!(included >= INCLUDED, "only {included} transactions are in blocks, wanted {INCLUDED}");
    ensure!(non_empty_blocks >= NON_EMPTY, "only {non_empty_blocks} blocks are not empty, wanted {NON_EMPTY}");
    ensure!(agreement.accounts.len() == wallets.len(), "an account is missing in the comparison");
    Ok(DemoReport {
        format: "ecp-demo/1".into(),
        validators: network.validators.len(),
        blocks: agreement.blocks.len(),
        non_empty_blocks,
        transactions: included,
        outcomes: Outcomes {
            deployed: tally.deployed,
            transferred: tally.transferred,
            reverted: tally.reverted,
            refused: tally.refused,
        },
        agree: true,
        commitments: agreement.blocks,
        certified: false,
    })
}

/// Has a script that shares no code with the nodes derive every balance and nonce again.
async fn check_ledger(network: &Network) -> Result<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/check_ledger.py");
    if !script.exists() {
        println!("Skipped the Python check of the ledger: it comes with the source tree only.");
        return Ok(());
    }
    let mut command = tokio::process::Command::new("python3");
    command.arg(&script).arg("--genesis").arg(&network.genesis_file);
    command.args(urls(network)?).kill_on_drop(true);
    let output = command.output().await.context("running python3, which the demo needs for its independent check")?;
    print!("{}", String::from_utf8_lossy(&output.stdout));
    ensure!(
        output.status.success(),
        "the Python check of the ledger failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

fn urls(network: &Network) -> Result<Vec<String>> {
    let url = |validator: &crate::network::Validator| Some(validator.jsonrpc()?.to_owned());
    network.validators.iter().map(url).collect::<Option<_>>().context("an execution half serves no JSON-RPC")
}

/// A line that stays, above the bar; plain where there is no terminal.
fn say(bar: &ProgressBar, line: String) {
    if bar.is_hidden() { println!("{line}") } else { bar.println(line) }
}
