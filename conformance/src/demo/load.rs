//! The demo's transactions: deployments, transfers, one that reverts, one with a bad signature.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use indicatif::ProgressBar;
use starknet_types_core::felt::Felt;

use super::{
    rpc::{Fate, Node, explain},
    wallet::Wallet,
};

/// How long a single transaction may take into a block before the demo gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was sent and what became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) deployed: usize,
    pub(crate) transferred: usize,
    pub(crate) reverted: usize,
    pub(crate) refused: usize,
}

impl Tally {
    /// Transactions that stand in blocks.
    pub(crate) const fn included(&self) -> usize {
        self.deployed + self.transferred + self.reverted
    }
}

/// A wallet, the node it talks to, and its next nonce.
struct Sender<'a> {
    wallet: &'a Wallet,
    node: &'a Node,
    nonce: u64,
}

/// Sends everything in waves, each spread over all nodes and waited for, so that the blocks between are not empty.
pub(crate) async fn run(
    nodes: &[Node],
    deployed: &[Wallet],
    new: &[Wallet],
    waves: usize,
    bar: &ProgressBar,
) -> Result<Tally> {
    let chain = nodes.first().context("no node to send to")?.chain_id().await?;
    let mut tally = Tally::default();
    let mut senders: Vec<Sender<'_>> = deployed
        .iter()
        .enumerate()
        .map(|(i, wallet)| Sender { wallet, node: &nodes[i % nodes.len()], nonce: 0 })
        .collect();
    let mut undeployed = new.iter().enumerate();
    let new_per_wave = new.len().div_ceil(waves);

    for wave in 0..waves {
        bar.set_message(format!("wave {} of {waves}", wave + 1));
        if bar.is_hidden() {
            println!("wave {} of {waves}: {} transactions are in blocks", wave + 1, bar.position());
        }
        let mut sent = Vec::new();
        for (i, wallet) in undeployed.by_ref().take(new_per_wave) {
            let node = &nodes[i % nodes.len()];
            let hash = node.deploy(&wallet.deploy(chain)).await.with_context(|| format!("deploying account {i}"))?;
            sent.push((node, hash, true));
            senders.push(Sender { wallet, node, nonce: 1 });
        }
        let count = senders.len();
        // An account deployed in this wave does not exist yet: it joins with the next one.
        let ready = count - sent.len();
        for i in 0..ready {
            let to = senders[(i + wave + 1) % count].wallet.address;
            let sender = &mut senders[i];
            let fri = 1_000_000_000_000 + wave as u128 * 1_000 + i as u128;
            let transfer = sender.wallet.transfer(chain, sender.nonce, to, fri);
            sent.push((sender.node, sender.node.invoke(&transfer).await.context("sending a transfer")?, false));
            sender.nonce += 1;
        }
        for (node, hash, deployment) in sent {
            match node.settled(hash, PATIENCE).await? {
                Fate::Succeeded if deployment => tally.deployed += 1,
                Fate::Succeeded => tally.transferred += 1,
                Fate::Reverted(reason) => bail!("{}: {hash:#x} reverted: {reason}", node.url),
                Fate::Pending => bail!("{}: {hash:#x} is in no block after {PATIENCE:?}", node.url),
            }
            bar.inc(1);
        }
    }

    let sender = senders.first_mut().context("no account to send from")?;
    revert(sender, chain).await?;
    tally.reverted += 1;
    bar.inc(1);
    refuse(sender, chain).await?;
    tally.refused += 1;
    bar.inc(1);
    Ok(tally)
}

/// More than the account holds: the transfer reverts, the fee is paid, the nonce moves on.
async fn revert(sender: &mut Sender<'_>, chain: Felt) -> Result<()> {
    let before = sender.node.balance(sender.wallet.address).await?;
    let transfer = sender.wallet.transfer(chain, sender.nonce, Felt::ONE, u128::MAX);
    let hash = sender.node.invoke(&transfer).await.context("sending the transfer that reverts")?;
    match sender.node.settled(hash, PATIENCE).await? {
        Fate::Reverted(_) => {}
        other => bail!("a transfer of more than the balance must revert, it is {other:?}"),
    }
    sender.nonce += 1;
    let after = sender.node.balance(sender.wallet.address).await?;
    ensure!(after < before, "a reverted transaction pays its fee, but the balance stayed at {before}");
    Ok(())
}

/// One flipped bit in the signature: the node refuses it, or takes it and never puts it into a block.
async fn refuse(sender: &mut Sender<'_>, chain: Felt) -> Result<()> {
    let mut transfer = sender.wallet.transfer(chain, sender.nonce, Felt::ONE, 1);
    if let Some(r) = transfer.signature.first_mut() {
        *r += Felt::ONE;
    }
    match sender.node.invoke(&transfer).await {
        Err(error) => tracing::info!(refusal = explain(&error), "the bad signature was refused"),
        Ok(hash) => {
            // A good transaction with the same nonce goes into a block: the bad one then never can.
            let good = sender.wallet.transfer(chain, sender.nonce, Felt::ONE, 1);
            let good = sender.node.invoke(&good).await.context("sending a good transaction after the bad one")?;
            ensure!(sender.node.settled(good, PATIENCE).await? == Fate::Succeeded, "{good:#x} is in no block");
            sender.nonce += 1;
            ensure!(sender.node.fate(hash).await? == Fate::Pending, "{hash:#x} has a bad signature and is in a block");
        }
    }
    Ok(())
}
