//! Starknet JSON-RPC 0.10.2 over any view of a node: what wallets and scripts need first, and no more.
//!
//! | module | what |
//! |---|---|
//! | [`view`] | the trait that a node implements, and the values it gives |
//! | [`server`] | serving it over HTTP |
//! | `methods` | the methods by name; their bodies are in `reads`, `blocks`, `events` and `pool` |
//! | `api` | finding blocks, waiting for hashes, asking the view where blocking is allowed |
//! | `args`, `answer`, `error` | parameters by position or name, blocks and receipts, error codes |
//!
//! `latest` is the highest committed block: a decision is final here. Its hash follows behind; what must tell it waits,
//! as [`ServeOptions::hash_wait`] says.

mod answer;
mod api;
mod args;
mod blocks;
mod error;
mod events;
mod methods;
mod pool;
mod reads;
pub mod server;
pub mod view;

pub use server::{JsonRpcServer, ServeError, ServeOptions};
pub use view::{Block, BlockEvents, ExecutedTransaction, NodeView, Place, Sealed, StateAt, ViewError};

/// The version of Starknet's JSON-RPC specification that is served.
pub const SPEC_VERSION: &str = "0.10.2";
