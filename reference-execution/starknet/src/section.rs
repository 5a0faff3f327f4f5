//! The `starknet` section of a genesis file: what only this engine knows.

use ecp_types::Felt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// STRK's address on Starknet's own networks.
pub const STRK_ADDRESS: &str = "0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d";
/// ETH's address on Starknet's own networks. No transaction of version 3 pays in it, and nothing is deployed there.
pub const ETH_ADDRESS: &str = "0x49d36570d4e46f48e99674bd3fcc84644ddd6b96f7c741b1562b82f9e004dc7";
/// The universal deployer's address on Starknet's own networks.
pub const UDC_ADDRESS: &str = "0x2ceed65a4bd731034c01113685c831b01c15d7d432f71afb1cf1634b53a2125";

/// State and rules of a Starknet chain before its first block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Section workload.starknet of the genesis file")]
pub struct StarknetSection {
    /// Who owns STRK at the start.
    pub accounts: Vec<GenesisAccount>,
    /// Timestamp of the state before the first block, in seconds since the Unix epoch; the first block's is not lower.
    pub timestamp: u64,
    /// How far ahead of the node's own clock a timestamp may be, in seconds. A local rule (ECP-STK-004).
    #[serde(default = "defaults::timestamp_window")]
    pub timestamp_window_s: u64,
    /// Prices of the first block.
    #[serde(default)]
    pub prices: GenesisPrices,
    /// How far the L1 prices of a proposal may lie from the node's own, in percent. A local rule.
    #[serde(default = "defaults::price_band")]
    pub price_band_percent: u64,
    /// How the L2 gas price moves from block to block.
    #[serde(default)]
    pub l2_gas_market: L2GasMarket,
    /// What fits into a block.
    #[serde(default)]
    pub block_limits: BlockLimits,
}

/// An OpenZeppelin 1.0.0 account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GenesisAccount {
    /// The public key on the STARK curve; also the salt of the account's address.
    pub public_key: Felt,
    /// Its STRK in fri (10^-18 STRK), as a decimal string.
    #[serde(with = "decimal")]
    #[schemars(with = "String", regex(pattern = r"^[0-9]{1,39}$"))]
    pub balance_fri: u128,
    /// Whether the account exists at the start. If not, its address holds the balance and a deploy-account
    /// transaction with the public key as salt and only constructor argument creates it.
    #[serde(default = "defaults::deployed")]
    pub deployed: bool,
}

/// Gas prices, as decimal strings, from 1 to 2^64 − 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GenesisPrices {
    /// Price of a unit of L2 gas in fri, from 1 to 2^64 − 1.
    #[serde(with = "decimal")]
    #[schemars(with = "String", regex(pattern = r"^0*[1-9][0-9]{0,19}$"))]
    pub l2_gas_fri: u128,
    /// Price of a unit of L1 gas in fri, from 1 to 2^64 − 1.
    #[serde(with = "decimal")]
    #[schemars(with = "String", regex(pattern = r"^0*[1-9][0-9]{0,19}$"))]
    pub l1_gas_fri: u128,
    /// Price of a unit of L1 data gas in fri, from 1 to 2^64 − 1.
    #[serde(with = "decimal")]
    #[schemars(with = "String", regex(pattern = r"^0*[1-9][0-9]{0,19}$"))]
    pub l1_data_gas_fri: u128,
    /// Price of a unit of L1 gas in wei, from 1 to 2^64 − 1.
    #[serde(with = "decimal")]
    #[schemars(with = "String", regex(pattern = r"^0*[1-9][0-9]{0,19}$"))]
    pub l1_gas_wei: u128,
    /// Price of a unit of L1 data gas in wei, from 1 to 2^64 − 1.
    #[serde(with = "decimal")]
    #[schemars(with = "String", regex(pattern = r"^0*[1-9][0-9]{0,19}$"))]
    pub l1_data_gas_wei: u128,
}

/// How the L2 gas price of the next block follows from this block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct L2GasMarket {
    /// L2 gas of a block that leaves the price as it is; at least 1.
    #[schemars(range(min = 1))]
    pub target: u64,
    /// The price moves by at most one part in this many per block; at least 1.
    #[schemars(range(min = 1))]
    pub max_change_denominator: u64,
    /// How far a fee proposal may lie from the median of the last ten, in parts per thousand.
    pub fee_proposal_margin_ppt: u64,
}

/// What fits into a block. What exceeds it is INVALID, never truncated (ECP-VAL-007).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockLimits {
    /// Most transactions of a block; at least 1.
    #[schemars(range(min = 1))]
    pub max_transactions: u32,
    /// Most L2 gas of a block by the receipts of its transactions.
    pub max_l2_gas: u64,
    /// Most cells of the state that a block changes, as the execution library counts them.
    pub max_state_diff: u64,
    /// Most events of a block.
    pub max_events: u64,
}

impl Default for GenesisPrices {
    fn default() -> Self {
        Self {
            l2_gas_fri: 8_000_000_000,
            l1_gas_fri: 20_000_000_000_000,
            l1_data_gas_fri: 100_000,
            l1_gas_wei: 2_000_000_000,
            l1_data_gas_wei: 10,
        }
    }
}

impl Default for L2GasMarket {
    fn default() -> Self {
        Self { target: 2_000_000_000, max_change_denominator: 48, fee_proposal_margin_ppt: 2 }
    }
}

impl Default for BlockLimits {
    fn default() -> Self {
        Self { max_transactions: 2_000, max_l2_gas: 5_000_000_000, max_state_diff: 4_000, max_events: 5_000 }
    }
}

mod defaults {
    pub(super) fn timestamp_window() -> u64 {
        1
    }
    pub(super) fn price_band() -> u64 {
        10
    }
    pub(super) fn deployed() -> bool {
        true
    }
}

/// Numbers above 2^53 are strings, so that every JSON reader keeps them.
mod decimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(value: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("{text} is no decimal number below 2^128")))
    }
}

impl StarknetSection {
    /// Checks what the types cannot say; the text says what to change.
    pub fn check(&self) -> Result<(), String> {
        let prices = &self.prices;
        let named = [
            ("l2_gas_fri", prices.l2_gas_fri),
            ("l1_gas_fri", prices.l1_gas_fri),
            ("l1_data_gas_fri", prices.l1_data_gas_fri),
            ("l1_gas_wei", prices.l1_gas_wei),
            ("l1_data_gas_wei", prices.l1_data_gas_wei),
        ];
        for (name, price) in named {
            if price == 0 || price > crate::header::MAX_PRICE {
                return Err(format!("starknet.prices.{name} must be from 1 to 2^64 - 1"));
            }
        }
        if self.l2_gas_market.target == 0 || self.l2_gas_market.max_change_denominator == 0 {
            return Err("starknet.l2_gas_market: target and max_change_denominator must be at least 1".into());
        }
        if self.block_limits.max_transactions == 0 {
            return Err("starknet.block_limits.max_transactions must be at least 1".into());
        }
        let mut keys: Vec<&Felt> = self.accounts.iter().map(|account| &account.public_key).collect();
        keys.sort();
        if let Some(pair) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("starknet.accounts names the public key {} twice", pair[0]));
        }
        let supply = self.accounts.iter().try_fold(0_u128, |sum, account| sum.checked_add(account.balance_fri));
        if supply.is_none() {
            return Err("starknet.accounts: the balances sum to more than 2^128 - 1 fri".into());
        }
        Ok(())
    }
}
