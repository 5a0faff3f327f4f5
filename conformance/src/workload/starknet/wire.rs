//! The payloads of part format `starknet-p2p/2026-08`, as far as the suite reads and alters them.
//!
//! Transactions in a BODY stay bytes, so that what is not altered goes on as it came.

use bytes::Bytes;
use prost::Message;
use starknet_rust_core::types::{BroadcastedInvokeTransactionV3, ResourceBounds};
use starknet_types_core::felt::Felt as StarkFelt;

/// A felt, hash or address: the three messages have one form.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Felt252 {
    /// 32 bytes, big-endian.
    #[prost(bytes = "bytes", tag = "1")]
    pub elements: Bytes,
}

/// A number of 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Uint128 {
    #[prost(uint64, tag = "1")]
    pub low: u64,
    #[prost(uint64, tag = "2")]
    pub high: u64,
}

/// The payload of INIT.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct ProposalInit {
    #[prost(uint64, tag = "1")]
    pub height: u64,
    #[prost(uint32, tag = "2")]
    pub round: u32,
    #[prost(uint32, optional, tag = "3")]
    pub valid_round: Option<u32>,
    #[prost(message, optional, tag = "4")]
    pub proposer: Option<Felt252>,
    /// Seconds since the Unix epoch.
    #[prost(uint64, tag = "5")]
    pub timestamp: u64,
    #[prost(message, optional, tag = "6")]
    pub builder: Option<Felt252>,
    /// 0 calldata, 1 blobs.
    #[prost(int32, tag = "7")]
    pub l1_da_mode: i32,
    #[prost(message, optional, tag = "8")]
    pub l2_gas_price_fri: Option<Uint128>,
    #[prost(message, optional, tag = "9")]
    pub l1_gas_price_fri: Option<Uint128>,
    #[prost(message, optional, tag = "10")]
    pub l1_data_gas_price_fri: Option<Uint128>,
    #[prost(message, optional, tag = "11")]
    pub l1_gas_price_wei: Option<Uint128>,
    #[prost(message, optional, tag = "12")]
    pub l1_data_gas_price_wei: Option<Uint128>,
    #[prost(string, tag = "13")]
    pub starknet_version: String,
    #[prost(message, optional, tag = "14")]
    pub version_constant_commitment: Option<Felt252>,
    #[prost(message, optional, tag = "15")]
    pub fee_proposal_fri: Option<Uint128>,
}

/// The payload of BODY: transactions, each a [`ConsensusTransaction`].
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct TransactionBatch {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub transactions: Vec<Bytes>,
}

/// Commitments behind the one that is voted on.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct CommitmentParts {
    #[prost(message, optional, tag = "1")]
    pub concatenated_counts: Option<Felt252>,
    #[prost(message, optional, tag = "2")]
    pub parent_commitment: Option<Felt252>,
    #[prost(message, optional, tag = "3")]
    pub transaction_commitment: Option<Felt252>,
    #[prost(message, optional, tag = "4")]
    pub event_commitment: Option<Felt252>,
    #[prost(message, optional, tag = "5")]
    pub receipt_commitment: Option<Felt252>,
}

/// The L2 gas market after the block.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct L2GasInfo {
    #[prost(message, optional, tag = "1")]
    pub next_l2_gas_price_fri: Option<Uint128>,
    #[prost(uint64, tag = "2")]
    pub l2_gas_used: u64,
}

/// What FIN adds to the commitment.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct ProposalFinPayload {
    #[prost(message, optional, tag = "1")]
    pub commitment_parts: Option<CommitmentParts>,
    #[prost(message, optional, tag = "2")]
    pub l2_gas_info: Option<L2GasInfo>,
}

/// The payload of FIN.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct ProposalFin {
    #[prost(message, optional, tag = "1")]
    pub proposal_commitment: Option<Felt252>,
    #[prost(uint64, tag = "2")]
    pub executed_transaction_count: u64,
    #[prost(message, optional, tag = "3")]
    pub fin_payload: Option<ProposalFinPayload>,
}

/// Bounds of one resource.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct ResourceLimits {
    #[prost(uint64, tag = "1")]
    pub max_amount: u64,
    #[prost(message, optional, tag = "2")]
    pub max_price_per_unit: Option<Felt252>,
}

/// Bounds of all resources.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct AllBounds {
    #[prost(message, optional, tag = "1")]
    pub l1_gas: Option<ResourceLimits>,
    #[prost(message, optional, tag = "2")]
    pub l1_data_gas: Option<ResourceLimits>,
    #[prost(message, optional, tag = "3")]
    pub l2_gas: Option<ResourceLimits>,
}

/// What an account's validation reads.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct AccountSignature {
    #[prost(message, repeated, tag = "1")]
    pub parts: Vec<Felt252>,
}

/// An invoke transaction of version 3.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct InvokeV3 {
    #[prost(message, optional, tag = "1")]
    pub sender: Option<Felt252>,
    #[prost(message, optional, tag = "2")]
    pub signature: Option<AccountSignature>,
    #[prost(message, repeated, tag = "3")]
    pub calldata: Vec<Felt252>,
    #[prost(message, optional, tag = "4")]
    pub resource_bounds: Option<AllBounds>,
    #[prost(uint64, tag = "5")]
    pub tip: u64,
    #[prost(message, repeated, tag = "6")]
    pub paymaster_data: Vec<Felt252>,
    #[prost(message, repeated, tag = "7")]
    pub account_deployment_data: Vec<Felt252>,
    #[prost(int32, tag = "8")]
    pub nonce_data_availability_mode: i32,
    #[prost(int32, tag = "9")]
    pub fee_data_availability_mode: i32,
    #[prost(message, optional, tag = "10")]
    pub nonce: Option<Felt252>,
    #[prost(message, repeated, tag = "11")]
    pub proof_facts: Vec<Felt252>,
}

/// An invoke transaction with the proof of its facts.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct InvokeV3WithProof {
    #[prost(message, optional, tag = "1")]
    pub invoke: Option<InvokeV3>,
    #[prost(bytes = "bytes", tag = "2")]
    pub proof: Bytes,
}

/// A deploy-account transaction of version 3.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct DeployAccountV3 {
    #[prost(message, optional, tag = "1")]
    pub signature: Option<AccountSignature>,
    #[prost(message, optional, tag = "2")]
    pub class_hash: Option<Felt252>,
    #[prost(message, optional, tag = "3")]
    pub nonce: Option<Felt252>,
    #[prost(message, optional, tag = "4")]
    pub address_salt: Option<Felt252>,
    #[prost(message, repeated, tag = "5")]
    pub calldata: Vec<Felt252>,
    #[prost(message, optional, tag = "6")]
    pub resource_bounds: Option<AllBounds>,
    #[prost(uint64, tag = "7")]
    pub tip: u64,
    #[prost(message, repeated, tag = "8")]
    pub paymaster_data: Vec<Felt252>,
    #[prost(int32, tag = "9")]
    pub nonce_data_availability_mode: i32,
    #[prost(int32, tag = "10")]
    pub fee_data_availability_mode: i32,
}

/// A transaction of a proposal, of the kinds that the suite sends.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct ConsensusTransaction {
    #[prost(oneof = "Txn", tags = "2, 3")]
    pub txn: Option<Txn>,
    #[prost(message, optional, tag = "5")]
    pub transaction_hash: Option<Felt252>,
}

/// Kinds of transactions.
#[derive(Clone, PartialEq, Eq, prost::Oneof)]
pub(super) enum Txn {
    /// Creates an account.
    #[prost(message, tag = "2")]
    DeployAccountV3(DeployAccountV3),
    /// Calls contracts.
    #[prost(message, tag = "3")]
    InvokeV3(InvokeV3WithProof),
}

impl Felt252 {
    /// The message of a felt.
    pub(super) fn of(felt: &StarkFelt) -> Self {
        Self { elements: Bytes::copy_from_slice(&felt.to_bytes_be()) }
    }
}

impl From<Uint128> for u128 {
    fn from(value: Uint128) -> Self {
        Self::from(value.high) << 64 | Self::from(value.low)
    }
}

/// An invoke transaction as it stands in a BODY.
pub(super) fn invoke(tx: &BroadcastedInvokeTransactionV3, hash: &StarkFelt) -> ConsensusTransaction {
    let felts = |felts: &[StarkFelt]| felts.iter().map(Felt252::of).collect();
    let limits = |bounds: &ResourceBounds| {
        let price = StarkFelt::from(bounds.max_price_per_unit);
        Some(ResourceLimits { max_amount: bounds.max_amount, max_price_per_unit: Some(Felt252::of(&price)) })
    };
    let bounds = &tx.resource_bounds;
    let invoke = InvokeV3 {
        sender: Some(Felt252::of(&tx.sender_address)),
        signature: Some(AccountSignature { parts: felts(&tx.signature) }),
        calldata: felts(&tx.calldata),
        resource_bounds: Some(AllBounds {
            l1_gas: limits(&bounds.l1_gas),
            l1_data_gas: limits(&bounds.l1_data_gas),
            l2_gas: limits(&bounds.l2_gas),
        }),
        tip: tx.tip,
        paymaster_data: felts(&tx.paymaster_data),
        account_deployment_data: felts(&tx.account_deployment_data),
        // Both modes of the suite's transactions are L1, which is 0.
        nonce_data_availability_mode: 0,
        fee_data_availability_mode: 0,
        nonce: Some(Felt252::of(&tx.nonce)),
        proof_facts: Vec::new(),
    };
    let txn = Txn::InvokeV3(InvokeV3WithProof { invoke: Some(invoke), proof: Bytes::new() });
    ConsensusTransaction { txn: Some(txn), transaction_hash: Some(Felt252::of(hash)) }
}
