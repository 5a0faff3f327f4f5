//! The scripted engine: the test chain `ecp-test/1` behind the seams of the execution half.
//!
//! Everything that a block executes, and how long that takes, stands in its transfers, so that builds, verdicts and
//! deadlines can be scripted by whoever writes the genesis file.
//!
//! | module | what |
//! |---|---|
//! | [`engine`] | [`ScriptedEngine`] over a store and a clock |
//! | [`mempool`] | the transfers of genesis and submitted ones |
//! | [`pace`] | how time is spent |
//! | `building`, `validating` | one build, one validation |
//! | `rows` | what is durable, and how it is recovered |

mod building;
pub mod engine;
pub mod mempool;
pub mod pace;
mod rows;
#[cfg(test)]
mod tests;
mod validating;

pub use engine::{OpenError, ScriptedEngine};
pub use mempool::SubmitError;
pub use pace::{Pace, RealPace};
