//! Malachite's engine for ECP: gossip, rounds, write-ahead log and value sync, behind messages in ECP's own types.
//!
//! This is the only crate that compiles the engine. It knows nothing of execution halves, sessions or stores: it asks
//! its host for everything, as [`HostMessage`], and is told verdicts through [`EngineHandle::propose_value`] at any
//! time.
//!
//! | module | what |
//! |---|---|
//! | [`config`] | what the engine is started with |
//! | [`message`] | what it asks, and how it is answered |
//! | [`handle`] | what it can be told at any time, and how it ends |
//! | `start` | wiring of the actors |
//! | `host` | the actor that asks the host |
//! | `supervisor` | the actor that notices failures |
//! | `listener` | the actor that notices the listen address and peers |
//! | `codec` | the context's codec, and the frame of streamed parts |
//!
//! **Following a network without voting** needs no key: start it with [`Role::Follower`]. A key that must stay silent
//! for a while is started as a follower too, and the engine again as a validator when it may sign: a signature that
//! the record refuses ends the engine, because Malachite cannot go on without one.

mod codec;
pub mod config;
pub mod handle;
mod host;
mod listener;
pub mod message;
mod start;
mod supervisor;

pub use config::{EngineConfig, Role, StartError};
pub use handle::{EngineFailure, EngineHandle};
pub use message::{DecidedValue, HostMessage, ProposedValue, ReceivedPart, Reply, StartHeight, SyncedOutcome};
pub use start::{Engine, start};

/// Directive for a log filter while a network has one validator only: its gossip finds nobody to send to and logs an
/// error for each message.
pub const QUIET_WHEN_ALONE: &str = "arc_malachitebft_network=off";
