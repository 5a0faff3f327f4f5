//! A node's JSON-RPC, as a wallet uses it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use jsonrpsee::{
    core::client::ClientT,
    http_client::{HttpClient, HttpClientBuilder},
    rpc_params,
};
use serde_json::{Value, json};
use starknet_rust_core::types::{
    BroadcastedDeployAccountTransactionV3, BroadcastedInvokeTransactionV3, DeployAccountTransactionResult,
    ExecutionResult, InvokeTransactionResult, MaybePreConfirmedBlockWithTxHashes, TransactionStatus,
};
use starknet_types_core::felt::Felt;

use super::wallet::{STRK_ADDRESS, selector};
use crate::poll;

/// How often a node is asked what became of a transaction.
const POLL: Duration = Duration::from_millis(25);

/// Error of JSON-RPC 0.10: nothing is known of this transaction.
const TXN_HASH_NOT_FOUND: i32 = 29;
/// Error of JSON-RPC 0.10: the node holds no block yet.
const NO_BLOCKS: i32 = 32;
/// Error of JSON-RPC 0.10: the block is not there (yet).
const BLOCK_NOT_FOUND: i32 = 24;

/// What a node says of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Not in a block.
    Pending,
    /// In a block, successful.
    Succeeded,
    /// In a block, reverted: the fee is paid, nothing else changed.
    Reverted(String),
}

/// A client of one node.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) url: String,
    client: HttpClient,
}

impl Node {
    pub(crate) fn new(url: &str) -> Result<Self> {
        let client = HttpClientBuilder::default().build(url).with_context(|| format!("JSON-RPC of {url}"))?;
        Ok(Self { url: url.to_owned(), client })
    }

    pub(crate) async fn chain_id(&self) -> Result<Felt> {
        self.call("starknet_chainId", rpc_params![]).await
    }

    /// Sends a transfer; the error text is the node's own if it refuses.
    pub(crate) async fn invoke(&self, transaction: &BroadcastedInvokeTransactionV3) -> Result<Felt> {
        let result: InvokeTransactionResult =
            self.call("starknet_addInvokeTransaction", rpc_params![transaction]).await?;
        Ok(result.transaction_hash)
    }

    pub(crate) async fn deploy(&self, transaction: &BroadcastedDeployAccountTransactionV3) -> Result<Felt> {
        let result: DeployAccountTransactionResult =
            self.call("starknet_addDeployAccountTransaction", rpc_params![transaction]).await?;
        Ok(result.transaction_hash)
    }

    /// Height of the newest block, if there is one.
    pub(crate) async fn height(&self) -> Result<Option<u64>> {
        match self.client.request::<u64, _>("starknet_blockNumber", rpc_params![]).await {
            Ok(height) => Ok(Some(height)),
            Err(error) if code(&error).is_some_and(|c| c == NO_BLOCKS || c == BLOCK_NOT_FOUND) => Ok(None),
            Err(error) => Err(error).with_context(|| format!("{}: starknet_blockNumber", self.url)),
        }
    }

    /// A block by its height, with the hashes of its transactions.
    pub(crate) async fn block(&self, height: u64) -> Result<MaybePreConfirmedBlockWithTxHashes> {
        self.call("starknet_getBlockWithTxHashes", rpc_params![json!({ "block_number": height })]).await
    }

    pub(crate) async fn fate(&self, hash: Felt) -> Result<Fate> {
        let status: TransactionStatus =
            match self.client.request("starknet_getTransactionStatus", rpc_params![hash]).await {
                Ok(status) => status,
                Err(error) if code(&error) == Some(TXN_HASH_NOT_FOUND) => return Ok(Fate::Pending),
                Err(error) => return Err(error).with_context(|| format!("{}: status of {hash:#x}", self.url)),
            };
        Ok(match status {
            TransactionStatus::AcceptedOnL2(result) | TransactionStatus::AcceptedOnL1(result) => match result {
                ExecutionResult::Succeeded => Fate::Succeeded,
                ExecutionResult::Reverted { reason } => Fate::Reverted(reason),
            },
            TransactionStatus::Received | TransactionStatus::Candidate | TransactionStatus::PreConfirmed(_) => {
                Fate::Pending
            }
        })
    }

    /// What became of a transaction once it stands in a block; still pending if that takes longer than `patience`.
    pub(crate) async fn settled(&self, hash: Felt, patience: Duration) -> Result<Fate> {
        let settled = || async {
            let fate = self.fate(hash).await?;
            anyhow::Ok((fate != Fate::Pending).then_some(fate))
        };
        Ok(poll::until(POLL, patience, settled).await?.unwrap_or(Fate::Pending))
    }

    pub(crate) async fn nonce(&self, address: Felt) -> Result<Felt> {
        self.call("starknet_getNonce", rpc_params!["latest", address]).await
    }

    /// STRK of an account in fri.
    pub(crate) async fn balance(&self, address: Felt) -> Result<u128> {
        let call = json!({
            "contract_address": STRK_ADDRESS,
            "entry_point_selector": selector("balanceOf"),
            "calldata": [address],
        });
        let felts: Vec<Felt> = self.call("starknet_call", rpc_params![call, "latest"]).await?;
        let [low, high] = felts[..] else {
            bail!("{}: balanceOf returned {} felts instead of 2", self.url, felts.len())
        };
        if high != Felt::ZERO {
            bail!("{}: the balance of {address:#x} does not fit into 128 bits", self.url);
        }
        u128::try_from(low).map_err(|_| anyhow::anyhow!("{}: balanceOf returned {low:#x} as low half", self.url))
    }

    async fn call<T: serde::de::DeserializeOwned>(
        &self,
        method: &str,
        params: jsonrpsee::core::params::ArrayParams,
    ) -> Result<T> {
        self.client.request(method, params).await.with_context(|| format!("{}: {method}", self.url))
    }
}

fn code(error: &jsonrpsee::core::client::Error) -> Option<i32> {
    match error {
        jsonrpsee::core::client::Error::Call(object) => Some(object.code()),
        _ => None,
    }
}

/// What the node's error says, down to its data, for people.
pub(crate) fn explain(error: &anyhow::Error) -> String {
    for cause in error.chain() {
        if let Some(jsonrpsee::core::client::Error::Call(object)) = cause.downcast_ref() {
            let data = object.data().and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
            return match data {
                Some(data) => format!("{} ({}): {data}", object.message(), object.code()),
                None => format!("{} ({})", object.message(), object.code()),
            };
        }
    }
    format!("{error:#}")
}
