//! The seams of the execution half: what a team replaces with its own.
//!
//! All of them are synchronous and may block: the shell calls them from threads of their own.
//! None of them is called by the core, which only says in its effects what should be asked.

use std::{
    any::Any,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use bytes::Bytes;
use ecp_types::{Commitment, Felt, Height, HeightParams, InvalidReason, LocalReason, Missing, Part, Round};

/// A row key and its value; `None` deletes.
pub type Write = (&'static str, Vec<u8>, Option<Vec<u8>>);

/// A row's key and value.
pub type Row = (Vec<u8>, Vec<u8>);

/// A consistent view of the store.
pub trait Snapshot: Send + Sync {
    /// The value of `key` in `table`.
    fn get(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Rows of `table` with `from <= key < to`, ascending, at most `limit`.
    fn range(&self, table: &str, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Row>, StoreError>;
}

/// Durable rows. One write is atomic, and on disk when it returns.
pub trait Store: Send + Sync {
    /// A view of what is committed now.
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError>;
    /// Writes all or nothing, durably.
    fn write(&self, writes: Vec<Write>) -> Result<(), StoreError>;
}

/// The store failed: an operator's matter, never the caller's.
#[derive(Debug, Clone, thiserror::Error)]
#[error("store: {0}")]
pub struct StoreError(pub String);

/// Milliseconds since the Unix epoch, for header rules only.
pub trait Clock: Send + Sync {
    /// Now.
    fn unix_ms(&self) -> u64;
}

/// A slot to build for, or a proposal to validate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slot {
    /// The height, committed + 1.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// Round of the prevote quorum behind the proposal.
    pub valid_round: Option<Round>,
    /// Who proposes.
    pub proposer: Felt,
}

/// A block that execution finished: a candidate until it is decided.
#[derive(Clone)]
pub struct Executed {
    /// The result that is voted on.
    pub commitment: Commitment,
    /// Length of the executed prefix.
    pub executed_count: u64,
    /// All parts, INIT first, with bodies cut after the executed count (what the archive keeps).
    pub parts: Vec<Part>,
    /// Rows that make this block the engine's head, written together with the archive's.
    pub writes: Vec<Write>,
    /// The engine's own copy, handed back in [`ExecutionEngine::committed`].
    pub inner: Arc<dyn Any + Send + Sync>,
}

/// What a build says next.
pub enum BuildStep {
    /// The next part in order: send it now.
    Part(Part),
    /// The proposal is complete.
    Built(Executed),
    /// Something is missing; asked again after [`ExecutionEngine::committed`] or a hash arrives, or when polled.
    Waiting(Missing),
}

/// A build under way. Dropping it ends it and returns its transactions to the mempool.
pub trait Build: Send {
    /// Works until there is something to say. `left` is the time until execution must close the block;
    /// at zero the block is closed with what was executed.
    fn step(&mut self, left: Duration) -> Result<BuildStep, EngineFault>;
}

/// What a validation says.
pub enum ValidationStep {
    /// Give it the next part, or the end.
    Continue,
    /// Something is missing; call `resume` later.
    Waiting(Missing),
    /// Invalid for everyone and for ever.
    Invalid(InvalidReason, String),
    /// After the end: execution is complete and equals FIN; `local` is this node's objection, if any was asked for.
    Complete {
        /// The candidate.
        executed: Executed,
        /// Why this node is against it for now.
        local: Option<(LocalReason, String)>,
    },
}

/// A validation under way. Dropping it frees what it held.
pub trait Validation: Send {
    /// Takes the next part and executes as far as it can; may take as long as execution takes.
    fn part(&mut self, part: Part) -> Result<ValidationStep, EngineFault>;
    /// No more parts: finishes. With `local` the clock, price and L1 checks are made.
    fn end(&mut self) -> Result<ValidationStep, EngineFault>;
    /// Tries again what was `Waiting`.
    fn resume(&mut self) -> Result<ValidationStep, EngineFault>;
    /// Asks (again) for this node's local objection to what was received. Cheap.
    fn local_objection(&self) -> Option<(LocalReason, String)>;
    /// Hands over a flag that is set when nobody waits for the result any more: an engine that looks at it between two
    /// transactions stops there and returns anything, which is not read. Without, an aborted proposal executes to the end
    /// of the part that it was at.
    fn stop_when(&mut self, _dropped: Arc<AtomicBool>) {}
    /// After `Invalid`: the commitment that the content has all the same, if the engine can tell. Only a decided block
    /// with the certified commitment that is still `Invalid` is a divergence (ECP-DEC-008); any other invalid block that
    /// is imported is its source's fault. Without an answer nothing is a divergence.
    fn computed(&self) -> Option<Commitment> {
        None
    }
}

/// Executes blocks: Starknet's, the test chain's, or a team's own.
pub trait ExecutionEngine: Send + Sync {
    /// Facts of a height, the same for ever; `None` if not known yet. Not called below the archive.
    fn height_params(&self, height: Height) -> Result<Option<HeightParams>, EngineFault>;
    /// First height of the chain.
    fn first_height(&self) -> Height;
    /// Begins to build on the committed head.
    fn build(&self, slot: Slot) -> Result<Box<dyn Build>, EngineFault>;
    /// Begins to validate on the committed head.
    fn validate(&self, slot: Slot) -> Result<Box<dyn Validation>, EngineFault>;
    /// INIT with round, valid round and proposer replaced. `Err(text)` if `init` cannot be decoded.
    fn reframe_init(&self, slot: &Slot, init: &[u8]) -> Result<Bytes, String>;
    /// Slot fields of an INIT payload, so that an archived block can be validated as it was proposed.
    fn init_slot(&self, init: &[u8]) -> Result<Slot, String>;
    /// The block's rows are durable: make it the head.
    fn committed(&self, height: Height, executed: &Executed) -> Result<(), EngineFault>;
    /// Computes the next block hash and state root behind the head; `None` if there is nothing to do yet.
    /// The shell writes the rows and then tells Watch.
    fn next_hash(&self) -> Result<Option<HashStep>, EngineFault>;
    /// Highest height whose hash is known, and a known hash.
    fn block_hash(&self, height: Height) -> Result<Option<(Felt, Felt)>, EngineFault>;
    /// The highest height whose hash is known.
    fn block_hash_height(&self) -> Option<Height>;
}

/// A block hash that was just computed.
pub struct HashStep {
    /// Its height.
    pub height: Height,
    /// The block hash.
    pub block_hash: Felt,
    /// The state root after the block.
    pub state_root: Felt,
    /// Rows to write.
    pub writes: Vec<Write>,
}

/// The engine failed: a defect or a broken store, never a peer's fault.
#[derive(Debug, Clone, thiserror::Error)]
#[error("engine: {0}")]
pub struct EngineFault(pub String);
