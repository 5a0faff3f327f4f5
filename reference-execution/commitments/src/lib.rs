//! Starknet's commitments: the state tries and the state root, the commitments of a block's content, and the block
//! hash. Pure functions and one small storage trait; no executor, no Cairo, no I/O of its own.
//!
//! | module | what |
//! |---|---|
//! | [`path`], [`node`] | positions and nodes of a Patricia trie, and their bytes |
//! | [`store`] | where nodes are read from; in memory, or over anybody's rows |
//! | [`trie`] | the trie: any hash, any height, logarithmic writes, batches |
//! | [`state`] | contract and class leaves, applying a state diff, the state root |
//! | [`state_diff`] | a state diff and its commitment |
//! | [`content`], [`list`] | transaction, event and receipt commitments, and trees of lists that grow |
//! | [`block`] | counts, gas prices, block hash, partial block hash |
//! | [`version`] | Starknet versions, as far as they change a formula |
//!
//! The state root of a block and its hash are computed behind its decision (ECP-STK-007); what is voted on needs only
//! the commitments of its content and the partial block hash (ECP-STK-002).

pub mod block;
pub mod content;
pub mod list;
pub mod node;
pub mod path;
pub mod state;
pub mod state_diff;
pub mod store;
pub mod trie;
pub mod version;

pub use block::{BlockCommitments, BlockHeader, DataAvailability, GasPrice, block_hash, partial_block_hash};
pub use content::{ContentTrees, Event, GasConsumed, MessageToL1, TransactionOutcome};
pub use list::GrowingList;
pub use node::Node;
pub use path::Path;
pub use state::{Contract, ContractStore, StateUpdate, apply_state_diff, state_root};
pub use state_diff::{StateDiff, state_diff_chain, state_diff_commitment};
pub use store::{MemoryStore, NodeStore, NodeWrite, RowStore, Rows, StoreError, TrieId};
pub use trie::{ContractTrie, ListTree, PoseidonTrie, Trie, TrieError, TrieUpdate, list_root};
pub use version::{BadVersion, NoBlockHash, StarknetVersion};

use starknet_types_core::felt::Felt;

/// A text of at most 31 ASCII characters as a felt, big-endian.
pub(crate) fn short_string(text: &str) -> Felt {
    debug_assert!(text.len() <= 31);
    Felt::from_bytes_be_slice(text.as_bytes())
}
