//! Declarations and their classes.

use super::{AccountSignature, Address, Felt252, Hash, ResourceBounds, VolitionDomain};

/// A function of a class that can be called from outside.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct SierraEntryPoint {
    /// Its index among the functions of the program.
    #[prost(uint64, tag = "1")]
    pub index: u64,
    /// Its selector.
    #[prost(message, optional, tag = "2")]
    pub selector: Option<Felt252>,
}

/// All functions that can be called.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct Cairo1EntryPoints {
    /// By accounts and contracts.
    #[prost(message, repeated, tag = "1")]
    pub externals: Vec<SierraEntryPoint>,
    /// By messages from L1.
    #[prost(message, repeated, tag = "2")]
    pub l1_handlers: Vec<SierraEntryPoint>,
    /// Once, when a contract is deployed.
    #[prost(message, repeated, tag = "3")]
    pub constructors: Vec<SierraEntryPoint>,
}

/// A Sierra class.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct Cairo1Class {
    /// The interface as JSON.
    #[prost(string, tag = "1")]
    pub abi: String,
    /// What can be called.
    #[prost(message, optional, tag = "2")]
    pub entry_points: Option<Cairo1EntryPoints>,
    /// The program, compressed.
    #[prost(message, repeated, tag = "3")]
    pub program: Vec<Felt252>,
    /// Version of the form.
    #[prost(string, tag = "4")]
    pub contract_class_version: String,
}

/// A declaration of version 3 but for its class.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct DeclareV3Common {
    /// The account.
    #[prost(message, optional, tag = "1")]
    pub sender: Option<Address>,
    /// Its signature.
    #[prost(message, optional, tag = "2")]
    pub signature: Option<AccountSignature>,
    /// The nonce.
    #[prost(message, optional, tag = "4")]
    pub nonce: Option<Felt252>,
    /// Hash of the compiled class.
    #[prost(message, optional, tag = "5")]
    pub compiled_class_hash: Option<Hash>,
    /// What it may consume.
    #[prost(message, optional, tag = "6")]
    pub resource_bounds: Option<ResourceBounds>,
    /// Tip in fri per unit of L2 gas.
    #[prost(uint64, tag = "7")]
    pub tip: u64,
    /// Reserved; empty.
    #[prost(message, repeated, tag = "8")]
    pub paymaster_data: Vec<Felt252>,
    /// Reserved; empty.
    #[prost(message, repeated, tag = "9")]
    pub account_deployment_data: Vec<Felt252>,
    /// Where the nonce lives.
    #[prost(enumeration = "VolitionDomain", tag = "10")]
    pub nonce_data_availability_mode: i32,
    /// Where the fee balance lives.
    #[prost(enumeration = "VolitionDomain", tag = "11")]
    pub fee_data_availability_mode: i32,
}

/// A declaration with its class.
#[derive(Clone, PartialEq, Eq, ::prost::Message)]
pub struct DeclareV3WithClass {
    /// Everything but the class.
    #[prost(message, optional, tag = "1")]
    pub common: Option<DeclareV3Common>,
    /// The class.
    #[prost(message, optional, tag = "2")]
    pub class: Option<Cairo1Class>,
}
