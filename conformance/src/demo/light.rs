//! A network on Starknet with a light load of transfers, for soaks: nodes come and go, and a transfer may be lost with one.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{rpc::Node, setup, wallet::Wallet};

/// Files of a network, and the accounts that send.
pub struct Light {
    /// The genesis file.
    pub genesis: PathBuf,
    /// The keys files, one for each validator.
    pub keys: Vec<PathBuf>,
    wallets: Vec<Wallet>,
    next: usize,
}

impl Light {
    /// Writes keys and genesis into `dir`: validators of equal power, and accounts that exist already.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn new(dir: &Path, seed: u64, validators: usize, accounts: usize) -> Result<Self> {
        let setup = setup::files(dir, seed, validators, accounts, 0)?;
        Ok(Self { genesis: setup.genesis_file, keys: setup.keys, wallets: setup.deployed, next: 0 })
    }

    /// Sends one transfer to the node at `url`, from the next account to the one after it.
    ///
    /// # Errors
    /// The node cannot be reached, or does not take it: the account's transfer before may still wait elsewhere.
    pub async fn send(&mut self, url: &str) -> Result<()> {
        self.next = (self.next + 1) % self.wallets.len().max(1);
        let wallet = self.wallets.get(self.next).context("no account to send from")?;
        let to = &self.wallets[(self.next + 1) % self.wallets.len()];
        let node = Node::new(url)?;
        let nonce = node.nonce(wallet.address).await?;
        let nonce = u64::try_from(nonce).context("a nonce above 64 bits")?;
        node.invoke(&wallet.transfer(node.chain_id().await?, nonce, to.address, 1_000)).await?;
        Ok(())
    }
}
