//! Who speaks to whom, and in what state they are.

use crate::{Height, LastSigned, Position};

/// Identity of a process of the execution half.
pub type InstanceId = [u8; 16];
/// Durable identity of a consensus half.
pub type ConsensusId = [u8; 16];
/// Name of a stream.
pub type StreamId = [u8; 16];

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionRole {
    /// Makes every call; one at a time.
    Writer,
    /// Reads only.
    Reader,
}

/// An optional behavior.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Feature {
    /// Finalize is taken.
    Finalize,
    /// The execution half syncs by itself.
    SelfSync,
    /// The execution half verifies certificates.
    VerifyCertificates,
}

/// The network that a half belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Network {
    /// Chain id, 1 to 31 printable ASCII characters.
    pub chain_id: String,
    /// Digest of the genesis file.
    pub genesis_hash: [u8; 32],
    /// Number of operator resets.
    pub fork_id: u64,
    /// Digest of the activation table.
    pub activation_digest: [u8; 32],
}

/// What a half accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Largest gRPC message, in bytes.
    pub max_message_bytes: u64,
    /// Largest payload of a part, in bytes.
    pub max_part_bytes: u64,
    /// Candidates at one height.
    pub max_candidates: u32,
}

/// Which software speaks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Software {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What the consensus half holds durably.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ConsensusPosition {
    /// Highest height whose Decide was acknowledged.
    pub committed: Option<Position>,
    /// Highest signature made.
    pub last_signed: Option<LastSigned>,
    /// Highest height with certificate and body held.
    pub certified: Option<Position>,
}

/// What the execution half holds durably.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ExecutionPosition {
    /// Highest committed height.
    pub committed: Option<Position>,
    /// Earliest height that GetDecided can serve.
    pub earliest: Option<Height>,
    /// Highest height whose block hash is known.
    pub block_hash_height: Option<Height>,
}

/// What the execution half can do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Behind its own source of blocks.
    Syncing,
    /// Takes every call.
    Ready,
    /// Shutting down.
    Draining,
    /// A decided block is INVALID here.
    Diverged,
    /// Stopped until an operator looks at it.
    Halted,
}

/// The whole small state that Watch tells.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WatchState {
    /// The instance that speaks.
    pub instance_id: InstanceId,
    /// What it can do.
    pub phase: Phase,
    /// Why, for people.
    pub reason: String,
    /// Highest committed height and its commitment.
    pub committed: Option<Position>,
    /// Highest height whose block hash is known.
    pub block_hash_height: Option<Height>,
    /// Highest height whose parameters can be served.
    pub params_height: Option<Height>,
    /// Highest height known on the network.
    pub network_tip: Option<Height>,
    /// Grows with each message of this instance.
    pub sequence: u64,
}
