//! Starknet's transactions under ECP: an [`ecp_execution_core::seams::ExecutionEngine`] over `blockifier`.
//!
//! | module | what |
//! |---|---|
//! | [`section`], [`chain`], [`genesis_state`] | genesis: rules, contracts, the state before the first block |
//! | [`classes`], [`compile`], [`declare`] | classes of genesis and declared ones, compiled in this process |
//! | [`wire`], [`codec`], [`header`], [`convert`] | part format `starknet-p2p/2026-08`: payloads, transactions, INIT and its rules |
//! | [`sources`], [`l1`], [`l1_file`] | what a node sees of L1: gas prices and messages |
//! | [`rows`], [`reader`], [`head`] | tables, the flat state, the committed head |
//! | [`run`], [`receipts`], [`market`], [`commitment`] | executing a block, and what it comes to |
//! | [`engine`], [`mempool`], `building`, `validating` | the engine, its mempool, and its work on proposals |
//! | `view`, `rpc_types`, `simulate` | what JSON-RPC reads and submits; executions that change nothing |

mod building;
pub mod chain;
pub mod classes;
pub mod codec;
pub mod commitment;
pub mod compile;
pub mod convert;
pub mod declare;
pub mod engine;
pub mod genesis_state;
mod guard;
pub mod head;
pub mod header;
pub mod l1;
pub mod l1_file;
pub mod market;
pub mod mempool;
pub mod reader;
pub mod receipts;
pub mod rows;
mod rpc_types;
pub mod run;
pub mod section;
mod simulate;
pub mod sources;
mod validating;
mod view;
pub mod wire;

pub use engine::StarknetEngine;
pub use l1::{L1Message, L1Source};
pub use l1_file::{L1File, L1FileError};
pub use sources::{FixedPrices, PriceOracle, Sources};
