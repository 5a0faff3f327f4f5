//! The test chain `ecp-test/1`: part format, commitment scheme and state, pure and deterministic.
//!
//! It exists so that every verdict and every deadline of the protocol can be provoked on anybody's execution half
//! with ECP alone. The page `test-chain.md` of the spec is its definition.
//!
//! | module | what |
//! |---|---|
//! | [`section`] | the section `workload.test_chain` of a genesis file |
//! | [`transfer`] | signed transfers: bytes, signing, verification |
//! | [`payload`] | INIT, BODY and FIN, and whole proposals |
//! | [`digest`] | every hash of the chain |
//! | [`state`] | accounts, the state after a block, execution of transfers |
//! | [`chain`] | the rules of one network, and blocks made at once |
//! | [`build`] | a block that is built step by step |
//! | [`check`] | a proposal that is checked as its parts arrive |

pub mod build;
pub mod chain;
pub mod check;
pub mod digest;
mod hex_array;
pub mod payload;
pub mod section;
pub mod state;
pub mod transfer;

pub use build::BlockBuilder;
pub use chain::{Block, BuildError, Chain, Slot};
pub use check::{BlockCheck, Invalid};
pub use payload::{BadPayload, Body, Fin, Init, Proposal, reframe_init};
pub use section::{AccountSection, BadSection, Section};
pub use state::{Account, AccountKey, BlockHash, ChainState, TransferError};
pub use transfer::{BadTransfer, Domain, Transfer, account_key, sign_transfer};

/// Name of the part format and of the commitment scheme.
pub const ECP_TEST_1: &str = "ecp-test/1";
/// A block at height N binds the block hash of height N - 10 (ECP-TST-011).
pub const HASH_DISTANCE: u64 = 10;
/// Largest time that one transfer may take, in milliseconds (ECP-TST-005).
pub const COST_MS_MAX: u32 = 60_000;
