//! The reference consensus half: Malachite's engine, the bridge of `ecp-consensus-core`, a store, and a client of ECP.
//!
//! | module | what |
//! |---|---|
//! | [`cli`], [`options`], [`exit`] | the command line, its options, how the process ends |
//! | [`assemble`] | a half from its options, and where other software can stand in between |
//! | [`shell`] | carries the bridge's effects out, in order |
//! | [`calls`] | calls to the execution half |
//! | [`questions`] | the engine's questions and their answers |
//! | [`store`], [`rows`] | what survives, and its bytes |
//! | [`record`] | the signing record |

pub mod assemble;
pub mod calls;
pub mod cli;
pub mod exit;
pub mod options;
pub mod questions;
pub mod record;
pub mod rows;
pub mod shell;
pub mod store;

pub use assemble::{Hooks, Unchanged};
pub use exit::Exit;
