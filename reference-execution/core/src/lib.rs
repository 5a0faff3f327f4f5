//! The execution half without I/O: a state machine and the seams around it.
//!
//! [`State::step`] takes what happened and says what to do; it reads no clock, draws no random bytes, starts no thread
//! and does no I/O, so that runs can be repeated, compared and explored. The shell around it does what the effects say.
//!
//! | module | what |
//! |---|---|
//! | [`seams`] | engine, store, clock: what a team replaces with its own |
//! | [`input`] | what the core is told |
//! | [`effect`] | what the core wants done |
//! | [`config`] | what does not change while the process lives, and what was durable before it |
//! | [`state`] | the state and its step: dispatch, watched state, halting, draining |
//! | `session` | who may call: tokens, fencing, takeover, readers (ECP-SES) |
//! | `lane` | StartRound, Decide and ImportDecided one after the other (ECP-ORD) |
//! | `build` | this node's proposals (ECP-BLD) |
//! | `validate` | proposals of others (ECP-VAL, ECP-STR) |
//! | `candidates` | complete blocks that wait for a decision |
//! | `decide` | decisions and commits (ECP-DEC) |
//! | `import` | decided blocks from elsewhere (ECP-SYN) |
//! | `streams` | names of streams, order of parts (ECP-STR) |
//! | `phase` | what can be done now: halting, draining, the watched state |
//! | `reads` | what only reads |

pub mod config;
pub mod effect;
pub mod input;
pub mod seams;
pub mod state;

mod build;
mod candidates;
mod decide;
mod import;
mod lane;
mod phase;
mod reads;
mod refusal;
mod session;
mod streams;
mod validate;

pub use config::{Config, Restored};
pub use effect::Effect;
pub use input::{CallId, CallKind, Input, WorkId, WriteId};
pub use refusal::Refusal;
pub use state::State;
