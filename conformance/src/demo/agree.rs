//! Do all validators hold the same chain?

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use starknet_rust_core::types::MaybePreConfirmedBlockWithTxHashes;
use starknet_types_core::felt::Felt;

use super::{rpc::Node, wallet::Wallet};
use crate::network::Reader;

/// A block as one validator holds it, and as all must.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgreedBlock {
    /// Its height.
    pub height: u64,
    /// What was voted on, 0x and 64 hexadecimal digits.
    #[schemars(regex(pattern = r"^0x[0-9a-f]{64}$"))]
    pub commitment: String,
    /// Round of its certificate.
    pub round: u32,
    /// Its transactions.
    pub transactions: usize,
    /// Its block hash, a felt.
    #[schemars(regex(pattern = r"^0x[0-9a-f]{1,64}$"))]
    pub block_hash: String,
    /// The state root after it, a felt.
    #[schemars(regex(pattern = r"^0x[0-9a-f]{1,64}$"))]
    pub state_root: String,
}

/// What two validators disagree on, or the chain that all hold.
pub(crate) struct Agreement {
    pub(crate) blocks: Vec<AgreedBlock>,
    /// Balance in fri and nonce by address.
    pub(crate) accounts: BTreeMap<String, (u128, Felt)>,
}

/// Reads blocks `first..=last` and all accounts from every validator and compares; the error names the first difference.
pub(crate) async fn agree(
    nodes: &[Node],
    readers: &mut [Reader],
    wallets: &[Wallet],
    first: u64,
    last: u64,
) -> Result<Agreement> {
    let mut chains = Vec::new();
    let mut ledgers = Vec::new();
    for (node, reader) in nodes.iter().zip(readers) {
        chains.push(chain(node, reader, first, last).await?);
        let mut accounts = BTreeMap::new();
        for wallet in wallets {
            let of = (node.balance(wallet.address).await?, node.nonce(wallet.address).await?);
            accounts.insert(format!("{:#x}", wallet.address), of);
        }
        ledgers.push(accounts);
    }
    let (Some(chain), Some(accounts)) = (chains.first(), ledgers.first()) else { bail!("no validator to ask") };
    for (index, other) in chains.iter().enumerate().skip(1) {
        for (ours, theirs) in chain.iter().zip(other) {
            if ours != theirs {
                bail!("validators 0 and {index} disagree at height {}:\n  {ours:?}\n  {theirs:?}", ours.height);
            }
        }
    }
    for (index, other) in ledgers.iter().enumerate().skip(1) {
        for (address, ours) in accounts {
            if other.get(address) != Some(ours) {
                bail!("validators 0 and {index} disagree on {address}: {ours:?} and {:?}", other.get(address));
            }
        }
    }
    Ok(Agreement { blocks: chain.clone(), accounts: accounts.clone() })
}

async fn chain(node: &Node, reader: &mut Reader, first: u64, last: u64) -> Result<Vec<AgreedBlock>> {
    let mut blocks = Vec::new();
    for decided in reader.decided(first, last).await? {
        let height = decided.height;
        let (hash, root) = reader
            .block_hash(height)
            .await?
            .with_context(|| format!("{}: the hash of block {height} is not known", node.url))?;
        let MaybePreConfirmedBlockWithTxHashes::Block(block) = node.block(height).await? else {
            bail!("{}: block {height} is still pre-confirmed though its hash is known", node.url);
        };
        let told = (block.block_hash.to_bytes_be(), block.new_root.to_bytes_be());
        if told != (hash, root) {
            bail!("{}: JSON-RPC and ECP tell different hashes of block {height}", node.url);
        }
        blocks.push(AgreedBlock {
            height,
            commitment: format!("0x{}", hex::encode(decided.commitment)),
            round: decided.round,
            transactions: block.transactions.len(),
            block_hash: format!("{:#x}", block.block_hash),
            state_root: format!("{:#x}", block.new_root),
        });
    }
    Ok(blocks)
}
