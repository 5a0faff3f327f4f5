//! The block hash, and the partial one that is known without state root and parent.

use starknet_types_core::{
    felt::Felt,
    hash::{Poseidon, StarkHash},
};

use crate::{
    ContentTrees, StarknetVersion, StateDiff, TransactionOutcome, short_string, state_diff_commitment,
    version::NoBlockHash,
};

/// Where a block's data goes on L1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataAvailability {
    /// Into calldata.
    Calldata,
    /// Into blobs.
    Blob,
}

/// Price of a unit of gas in both tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct GasPrice {
    /// In wei.
    pub wei: u128,
    /// In fri.
    pub fri: u128,
}

/// Commitments to the content of a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct BlockCommitments {
    /// To the transactions.
    pub transactions: Felt,
    /// To the events.
    pub events: Felt,
    /// To the receipts.
    pub receipts: Felt,
    /// To the changes of the state.
    pub state_diff: Felt,
    /// Numbers of transactions, events and changes, and where the data goes.
    pub counts: Felt,
}

impl BlockCommitments {
    /// Of a block with these transactions and changes.
    #[must_use]
    pub fn of(
        outcomes: &[TransactionOutcome],
        diff: &StateDiff,
        data_availability: DataAvailability,
        version: &StarknetVersion,
    ) -> Self {
        let mut trees = ContentTrees::new(*version);
        for outcome in outcomes {
            trees.push(outcome);
        }
        Self::with_trees(&trees, diff, data_availability)
    }

    /// Of a block whose trees are complete: what remains is the chain over the changes.
    #[must_use]
    pub fn with_trees(trees: &ContentTrees, diff: &StateDiff, data_availability: DataAvailability) -> Self {
        let ([transactions, events, receipts], [transaction_count, event_count]) = (trees.roots(), trees.counts());
        Self {
            transactions,
            events,
            receipts,
            state_diff: state_diff_commitment(diff),
            counts: concat_counts(transaction_count, event_count, diff.len(), data_availability),
        }
    }
}

/// A block's header without state root and parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockHeader {
    /// The block number.
    pub number: u64,
    /// Who receives the fees.
    pub sequencer: Felt,
    /// In seconds since the Unix epoch.
    pub timestamp: u64,
    /// Price of L1 gas.
    pub l1_gas_price: GasPrice,
    /// Price of L1 data gas.
    pub l1_data_gas_price: GasPrice,
    /// Price of L2 gas; not hashed before 0.13.4.
    pub l2_gas_price: GasPrice,
    /// The version of Starknet that made it.
    pub version: StarknetVersion,
    /// Commitments to its content.
    pub commitments: BlockCommitments,
}

/// One felt: three counts of 64 bits, then a bit for blobs, then 63 zero bits.
#[must_use]
pub fn concat_counts(transactions: u64, events: u64, changes: u64, data_availability: DataAvailability) -> Felt {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&transactions.to_be_bytes());
    bytes[8..16].copy_from_slice(&events.to_be_bytes());
    bytes[16..24].copy_from_slice(&changes.to_be_bytes());
    bytes[24] = match data_availability {
        DataAvailability::Calldata => 0,
        DataAvailability::Blob => 0x80,
    };
    Felt::from_bytes_be(&bytes)
}

/// Poseidon of the six prices, as block hash 1 uses it.
#[must_use]
pub fn gas_prices_hash(l1: &GasPrice, l1_data: &GasPrice, l2: &GasPrice) -> Felt {
    let prices = [l1, l1_data, l2].into_iter().flat_map(|price| [price.wei.into(), price.fri.into()]);
    let chain: Vec<Felt> = std::iter::once(short_string("STARKNET_GAS_PRICES0")).chain(prices).collect();
    Poseidon::hash_array(&chain)
}

/// The hash of a block of Starknet 0.13.2 or later.
pub fn block_hash(header: &BlockHeader, state_root: &Felt, parent_hash: &Felt) -> Result<Felt, NoBlockHash> {
    header.version.check_block_hash()?;
    let BlockCommitments { transactions, events, receipts, state_diff, counts } = header.commitments;
    let one = header.version.has_block_hash_1();
    let tag = short_string(if one { "STARKNET_BLOCK_HASH1" } else { "STARKNET_BLOCK_HASH0" });
    let mut chain = vec![tag, header.number.into(), *state_root, header.sequencer, header.timestamp.into()];
    chain.extend([counts, state_diff, transactions, events, receipts]);
    let (l1, l1_data) = (&header.l1_gas_price, &header.l1_data_gas_price);
    if one {
        chain.push(gas_prices_hash(l1, l1_data, &header.l2_gas_price));
    } else {
        chain.extend([l1.wei, l1.fri, l1_data.wei, l1_data.fri].map(Felt::from));
    }
    chain.extend([header.version.to_felt(), Felt::ZERO, *parent_hash]);
    Ok(Poseidon::hash_array(&chain))
}

/// The block hash with zero for state root and parent: what can be voted on before either is known (ECP-STK-002).
pub fn partial_block_hash(header: &BlockHeader) -> Result<Felt, NoBlockHash> {
    block_hash(header, &Felt::ZERO, &Felt::ZERO)
}
