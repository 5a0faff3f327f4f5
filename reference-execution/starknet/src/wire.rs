//! The payloads of part format `starknet-p2p/2026-08` as protobuf messages (ECP-STK-001).
//!
//! Field numbers are those of `third_party/starknet-p2p/2026-08/`; a test compares the two.

use prost::{DecodeError, Message as _, encoding};

mod class;

pub use class::{Cairo1Class, Cairo1EntryPoints, DeclareV3Common, DeclareV3WithClass, SierraEntryPoint};

/// Name of the part format.
pub const PART_FORMAT: &str = "starknet-p2p/2026-08";

/// A field element: exactly 32 bytes, big-endian, below the prime.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct Felt252 {
    /// The bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub elements: Vec<u8>,
}

/// A hash: exactly 32 bytes, big-endian, below the prime.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct Hash {
    /// The bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub elements: Vec<u8>,
}

/// An address: exactly 32 bytes, big-endian, below 2^251.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct Address {
    /// The bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub elements: Vec<u8>,
}

/// A number of 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, ::prost::Message)]
pub struct Uint128 {
    /// The lower 64 bits.
    #[prost(uint64, tag = "1")]
    pub low: u64,
    /// The upper 64 bits.
    #[prost(uint64, tag = "2")]
    pub high: u64,
}

/// Where a block's data is made available.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ::prost::Enumeration)]
#[repr(i32)]
pub enum L1DataAvailabilityMode {
    /// In calldata.
    Calldata = 0,
    /// In blobs.
    Blob = 1,
}

/// Where a nonce or fee balance lives. Only L1 is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ::prost::Enumeration)]
#[repr(i32)]
pub enum VolitionDomain {
    /// On L1.
    L1 = 0,
    /// On L2.
    L2 = 1,
}

/// Bounds of one resource.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct ResourceLimits {
    /// Most units.
    #[prost(uint64, tag = "1")]
    pub max_amount: u64,
    /// Most fri per unit.
    #[prost(message, optional, tag = "2")]
    pub max_price_per_unit: Option<Felt252>,
}

/// Bounds of all resources.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct ResourceBounds {
    /// L1 gas.
    #[prost(message, optional, tag = "1")]
    pub l1_gas: Option<ResourceLimits>,
    /// L1 data gas.
    #[prost(message, optional, tag = "2")]
    pub l1_data_gas: Option<ResourceLimits>,
    /// L2 gas.
    #[prost(message, optional, tag = "3")]
    pub l2_gas: Option<ResourceLimits>,
}

/// What an account's validation reads.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct AccountSignature {
    /// The felts.
    #[prost(message, repeated, tag = "1")]
    pub parts: Vec<Felt252>,
}

/// An invoke transaction of version 3.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct InvokeV3 {
    /// The account.
    #[prost(message, optional, tag = "1")]
    pub sender: Option<Address>,
    /// Its signature.
    #[prost(message, optional, tag = "2")]
    pub signature: Option<AccountSignature>,
    /// What it executes.
    #[prost(message, repeated, tag = "3")]
    pub calldata: Vec<Felt252>,
    /// What it may consume.
    #[prost(message, optional, tag = "4")]
    pub resource_bounds: Option<ResourceBounds>,
    /// Tip in fri per unit of L2 gas.
    #[prost(uint64, tag = "5")]
    pub tip: u64,
    /// Reserved; empty.
    #[prost(message, repeated, tag = "6")]
    pub paymaster_data: Vec<Felt252>,
    /// Reserved; empty.
    #[prost(message, repeated, tag = "7")]
    pub account_deployment_data: Vec<Felt252>,
    /// Where the nonce lives.
    #[prost(enumeration = "VolitionDomain", tag = "8")]
    pub nonce_data_availability_mode: i32,
    /// Where the fee balance lives.
    #[prost(enumeration = "VolitionDomain", tag = "9")]
    pub fee_data_availability_mode: i32,
    /// The nonce.
    #[prost(message, optional, tag = "10")]
    pub nonce: Option<Felt252>,
    /// What a proof made outside states.
    #[prost(message, repeated, tag = "11")]
    pub proof_facts: Vec<Felt252>,
}

/// An invoke transaction with the proof of its facts.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct InvokeV3WithProof {
    /// The transaction.
    #[prost(message, optional, tag = "1")]
    pub invoke: Option<InvokeV3>,
    /// The proof.
    #[prost(bytes = "vec", tag = "2")]
    pub proof: Vec<u8>,
}

/// A deploy-account transaction of version 3.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct DeployAccountV3 {
    /// The signature of the account to be.
    #[prost(message, optional, tag = "1")]
    pub signature: Option<AccountSignature>,
    /// Its class.
    #[prost(message, optional, tag = "2")]
    pub class_hash: Option<Hash>,
    /// The nonce, 0.
    #[prost(message, optional, tag = "3")]
    pub nonce: Option<Felt252>,
    /// Salt of the address.
    #[prost(message, optional, tag = "4")]
    pub address_salt: Option<Felt252>,
    /// Arguments of the constructor.
    #[prost(message, repeated, tag = "5")]
    pub calldata: Vec<Felt252>,
    /// What it may consume.
    #[prost(message, optional, tag = "6")]
    pub resource_bounds: Option<ResourceBounds>,
    /// Tip in fri per unit of L2 gas.
    #[prost(uint64, tag = "7")]
    pub tip: u64,
    /// Reserved; empty.
    #[prost(message, repeated, tag = "8")]
    pub paymaster_data: Vec<Felt252>,
    /// Where the nonce lives.
    #[prost(enumeration = "VolitionDomain", tag = "9")]
    pub nonce_data_availability_mode: i32,
    /// Where the fee balance lives.
    #[prost(enumeration = "VolitionDomain", tag = "10")]
    pub fee_data_availability_mode: i32,
}

/// A message from L1.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct L1HandlerV0 {
    /// Its number on L1.
    #[prost(message, optional, tag = "1")]
    pub nonce: Option<Felt252>,
    /// The contract.
    #[prost(message, optional, tag = "2")]
    pub address: Option<Address>,
    /// The handler.
    #[prost(message, optional, tag = "3")]
    pub entry_point_selector: Option<Felt252>,
    /// Its arguments.
    #[prost(message, repeated, tag = "4")]
    pub calldata: Vec<Felt252>,
}

/// A transaction of a proposal.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct ConsensusTransaction {
    /// Which.
    #[prost(oneof = "Txn", tags = "1, 2, 3, 4")]
    pub txn: Option<Txn>,
    /// Its hash.
    #[prost(message, optional, tag = "5")]
    pub transaction_hash: Option<Hash>,
}

/// Kinds of transactions.
#[derive(Clone, PartialEq, Eq, ::prost::Oneof)]
pub enum Txn {
    /// Declares a class.
    #[prost(message, tag = "1")]
    DeclareV3(DeclareV3WithClass),
    /// Creates an account.
    #[prost(message, tag = "2")]
    DeployAccountV3(DeployAccountV3),
    /// Calls contracts.
    #[prost(message, tag = "3")]
    InvokeV3(InvokeV3WithProof),
    /// Handles a message from L1.
    #[prost(message, tag = "4")]
    L1Handler(L1HandlerV0),
}

/// The payload of an INIT part.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct ProposalInit {
    /// The height.
    #[prost(uint64, tag = "1")]
    pub height: u64,
    /// The round.
    #[prost(uint32, tag = "2")]
    pub round: u32,
    /// Round of the prevote quorum behind the proposal.
    #[prost(uint32, optional, tag = "3")]
    pub valid_round: Option<u32>,
    /// Who proposes.
    #[prost(message, optional, tag = "4")]
    pub proposer: Option<Address>,
    /// Seconds since the Unix epoch.
    #[prost(uint64, tag = "5")]
    pub timestamp: u64,
    /// Who receives the fees.
    #[prost(message, optional, tag = "6")]
    pub builder: Option<Address>,
    /// Where data is made available.
    #[prost(enumeration = "L1DataAvailabilityMode", tag = "7")]
    pub l1_da_mode: i32,
    /// L2 gas price.
    #[prost(message, optional, tag = "8")]
    pub l2_gas_price_fri: Option<Uint128>,
    /// L1 gas price.
    #[prost(message, optional, tag = "9")]
    pub l1_gas_price_fri: Option<Uint128>,
    /// L1 data gas price.
    #[prost(message, optional, tag = "10")]
    pub l1_data_gas_price_fri: Option<Uint128>,
    /// L1 gas price.
    #[prost(message, optional, tag = "11")]
    pub l1_gas_price_wei: Option<Uint128>,
    /// L1 data gas price.
    #[prost(message, optional, tag = "12")]
    pub l1_data_gas_price_wei: Option<Uint128>,
    /// Version of Starknet.
    #[prost(string, tag = "13")]
    pub starknet_version: String,
    /// Commitment to the constants of the version.
    #[prost(message, optional, tag = "14")]
    pub version_constant_commitment: Option<Hash>,
    /// The proposer's opinion of the L2 gas price; present from version 0.14.3 on.
    #[prost(message, optional, tag = "15")]
    pub fee_proposal_fri: Option<Uint128>,
}

/// The payload of a BODY part.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct TransactionBatch {
    /// The transactions.
    #[prost(message, repeated, tag = "1")]
    pub transactions: Vec<ConsensusTransaction>,
}

/// Commitments behind the one that is voted on.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct CommitmentParts {
    /// Counts of the block, packed.
    #[prost(message, optional, tag = "1")]
    pub concatenated_counts: Option<Felt252>,
    /// The parent's commitment; absent in the first block.
    #[prost(message, optional, tag = "2")]
    pub parent_commitment: Option<Hash>,
    /// Of the transactions.
    #[prost(message, optional, tag = "3")]
    pub transaction_commitment: Option<Hash>,
    /// Of the events.
    #[prost(message, optional, tag = "4")]
    pub event_commitment: Option<Hash>,
    /// Of the receipts.
    #[prost(message, optional, tag = "5")]
    pub receipt_commitment: Option<Hash>,
}

/// The L2 gas market after the block.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct L2GasInfo {
    /// Price of the next block.
    #[prost(message, optional, tag = "1")]
    pub next_l2_gas_price_fri: Option<Uint128>,
    /// L2 gas of this block.
    #[prost(uint64, tag = "2")]
    pub l2_gas_used: u64,
}

/// What a FIN part adds to the commitment.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct ProposalFinPayload {
    /// Commitments.
    #[prost(message, optional, tag = "1")]
    pub commitment_parts: Option<CommitmentParts>,
    /// L2 gas market.
    #[prost(message, optional, tag = "2")]
    pub l2_gas_info: Option<L2GasInfo>,
}

/// The payload of a FIN part.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct ProposalFin {
    /// What is voted on.
    #[prost(message, optional, tag = "1")]
    pub proposal_commitment: Option<Hash>,
    /// Length of the executed prefix.
    #[prost(uint64, tag = "2")]
    pub executed_transaction_count: u64,
    /// More.
    #[prost(message, optional, tag = "3")]
    pub fin_payload: Option<ProposalFinPayload>,
}

/// The transactions of a BODY payload, decoded one by one: a payload of 6 MiB can hold three million empty
/// transactions, and all of them together take a hundred times its size in memory.
pub(crate) struct Batch<'a>(&'a [u8]);

impl<'a> Batch<'a> {
    /// Of an encoded [`TransactionBatch`].
    pub(crate) const fn of(payload: &'a [u8]) -> Self {
        Self(payload)
    }

    /// The next one, or an error as decoding the whole would give it.
    pub(crate) fn next_transaction(&mut self) -> Result<Option<ConsensusTransaction>, DecodeError> {
        let rest = &mut self.0;
        while !rest.is_empty() {
            let (tag, wire_type) = encoding::decode_key(rest)?;
            if tag != 1 {
                encoding::skip_field(wire_type, tag, rest, encoding::DecodeContext::default())?;
                continue;
            }
            encoding::check_wire_type(encoding::WireType::LengthDelimited, wire_type)?;
            // The whole payload is in memory, so a length that does not fit is beyond its end.
            let length = usize::try_from(encoding::decode_varint(rest)?).unwrap_or(usize::MAX);
            // What is beyond the end is an error of decoding: a message that is cut.
            let (transaction, after) = rest.split_at_checked(length).unwrap_or((&[0x0a], &[]));
            *rest = after;
            return ConsensusTransaction::decode(transaction).map(Some);
        }
        Ok(None)
    }
}

impl From<u128> for Uint128 {
    fn from(value: u128) -> Self {
        // The casts keep the lower and the upper half.
        Self { low: value as u64, high: (value >> 64) as u64 }
    }
}

impl From<Uint128> for u128 {
    fn from(value: Uint128) -> Self {
        Self::from(value.high) << 64 | Self::from(value.low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_by_one(payload: &[u8]) -> Result<Vec<ConsensusTransaction>, DecodeError> {
        let mut batch = Batch::of(payload);
        std::iter::from_fn(|| batch.next_transaction().transpose()).collect()
    }

    #[test]
    fn one_by_one_is_as_all_at_once() {
        let transaction = |n: u8| ConsensusTransaction {
            txn: Some(Txn::L1Handler(L1HandlerV0::default())),
            transaction_hash: Some(Hash { elements: vec![n; 32] }),
        };
        let batch =
            TransactionBatch { transactions: vec![transaction(1), ConsensusTransaction::default(), transaction(2)] };
        let mut payload = batch.encode_to_vec();
        // A field that is not known here, between and after.
        payload.splice(0..0, [0x12, 0x01, 0x07]);
        payload.extend([0x18, 0x05]);
        assert_eq!(TransactionBatch::decode(&*payload).unwrap(), batch);
        assert_eq!(one_by_one(&payload).unwrap(), batch.transactions);
        assert_eq!(one_by_one(&[]).unwrap(), []);
        for cut in 1..payload.len() {
            let whole = TransactionBatch::decode(&payload[..cut]).map(|batch| batch.transactions);
            assert_eq!(one_by_one(&payload[..cut]).is_ok(), whole.is_ok(), "cut at {cut}");
        }
        assert!(one_by_one(&[0x08, 0x01]).is_err(), "a number is no transaction");
        assert!(one_by_one(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]).is_err());
    }
}
