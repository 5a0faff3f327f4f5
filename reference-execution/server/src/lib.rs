//! The execution half as a server: gRPC, storage and threads around the core, over any engine and any store.
//!
//! ```text
//! gRPC ── service ── host ── task ── core (step) ── effects ── engine threads, store, timers
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`server`] | [`serve`]: starts everything and gives a [`Handle`] |
//! | [`transport`] | Unix socket, TCP with a secret or mutual TLS |
//! | [`host`] | the way to the core; also for callers in the same process |
//! | `task` | owns the core and does its effects |
//! | [`store`] | one file on disk, or memory |
//! | [`archive`] | how decided blocks lie in the store |
//! | [`interpose`] | a place to stand between the core and the world, for tests of others |
//! | `launch` | what an executable needs: command line, configuration, refusals, logs (feature `launch`) |

pub mod archive;
pub mod host;
pub mod interpose;
#[cfg(feature = "launch")]
pub mod launch;
pub mod server;
pub mod store;
pub mod transport;

mod commit;
mod convert;
mod follow;
mod health;
mod reads;
mod service;
mod size;
mod task;
mod undecodable;
mod work;

pub use interpose::Interposer;
pub use server::{Handle, ServeError, ServerConfig, serve};
pub use store::{DiskStore, MemoryStore};
pub use transport::{Listen, ListenError, MutualTls, Secret, Security};
