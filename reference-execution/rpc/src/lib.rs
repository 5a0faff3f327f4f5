//! Starknet JSON-RPC 0.10.2 over any view of a node.
//!
//! | module | what |
//! |---|---|
//! | [`view`] | the trait that a node implements, and the values it gives |
pub mod view;
pub use view::{Block, ExecutedTransaction, NodeView, Place, Sealed, StateAt, ViewError};
