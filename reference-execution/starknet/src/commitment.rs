//! What is voted on (ECP-STK-002).

use ecp_commitments::{BlockCommitments, BlockHeader, GasPrice, StarknetVersion, partial_block_hash};
use ecp_types::Commitment;
use starknet_types_core::{
    felt::Felt as StarkFelt,
    hash::{Poseidon, StarkHash},
};

use crate::{convert, header::Init};

/// A rule that makes the commitment out of a block's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// The partial block hash and the fee proposal, as the network computes it. It does not bind the parent, the next
    /// L2 gas price, the L2 gas used and the version constants.
    PartialBlockHash,
    /// The same and the rest: equal commitments at a height have equal effect on every later height.
    EcpStarknet1,
}

/// Name of [`Scheme::PartialBlockHash`].
pub const PARTIAL_BLOCK_HASH: &str = "starknet-partial-block-hash";
/// Name of [`Scheme::EcpStarknet1`].
pub const ECP_STARKNET_1: &str = "ecp-starknet-1";

/// What a commitment may cover.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'a> {
    /// The chain id as a felt.
    pub chain_id: StarkFelt,
    /// Number of operator resets.
    pub fork_id: u64,
    /// The parent's commitment; absent in the first block.
    pub parent: Option<&'a Commitment>,
    /// The header.
    pub init: &'a Init,
    /// Commitments to the content.
    pub content: &'a BlockCommitments,
    /// Price of the next block.
    pub next_l2_gas_price: u128,
    /// L2 gas of this block.
    pub l2_gas_used: u64,
}

impl Scheme {
    /// The scheme of this name.
    pub fn named(name: &str) -> Result<Self, String> {
        match name {
            PARTIAL_BLOCK_HASH => Ok(Self::PartialBlockHash),
            ECP_STARKNET_1 => Ok(Self::EcpStarknet1),
            _ => Err(format!(
                "commitment scheme {name:?}: only {ECP_STARKNET_1:?} and {PARTIAL_BLOCK_HASH:?} are known here"
            )),
        }
    }

    /// The commitment. Fails for a version of Starknet without block hashes.
    pub fn commit(self, bound: &Bound<'_>) -> Result<Commitment, String> {
        let Bound { chain_id, fork_id, parent, init, content, next_l2_gas_price, l2_gas_used } = *bound;
        let partial = partial_block_hash(&block_header(init, content)?).map_err(|error| error.to_string())?;
        let felt = match (self, init.fee_proposal_fri) {
            (Self::PartialBlockHash, None) => partial,
            (Self::PartialBlockHash, Some(fee)) => Poseidon::hash_array(&[partial, fee.into()]),
            (Self::EcpStarknet1, fee) => {
                let mut felts = vec![convert::short_string(ECP_STARKNET_1), chain_id, fork_id.into()];
                optional(&mut felts, parent.map(|parent| StarkFelt::from_bytes_be(parent.as_bytes())));
                felts.extend([partial, next_l2_gas_price.into(), l2_gas_used.into()]);
                optional(&mut felts, fee.map(StarkFelt::from));
                felts.push(init.version_constants);
                Poseidon::hash_array(&felts)
            }
        };
        Ok(Commitment(felt.to_bytes_be()))
    }
}

/// Presence as 1 and the value, absence as 0, so that neither can be taken for the other.
fn optional(felts: &mut Vec<StarkFelt>, value: Option<StarkFelt>) {
    match value {
        Some(value) => felts.extend([StarkFelt::ONE, value]),
        None => felts.push(StarkFelt::ZERO),
    }
}

/// The header that block hashes cover.
pub fn block_header(init: &Init, content: &BlockCommitments) -> Result<BlockHeader, String> {
    let version: StarknetVersion = init.starknet_version.parse().map_err(|error| format!("{error}"))?;
    Ok(BlockHeader {
        number: init.height,
        sequencer: init.builder,
        timestamp: init.timestamp,
        l1_gas_price: GasPrice { wei: init.l1.gas_wei, fri: init.l1.gas_fri },
        l1_data_gas_price: GasPrice { wei: init.l1.data_gas_wei, fri: init.l1.data_gas_fri },
        l2_gas_price: GasPrice { wei: init.l2_gas_price_wei(), fri: init.l2_gas_price_fri },
        version,
        commitments: *content,
    })
}
