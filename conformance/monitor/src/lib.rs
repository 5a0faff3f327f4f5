//! The automaton of the protocol: follows all traffic between two halves and names what breaks a rule.
//!
//! It has no I/O and no clock. It is fed in the order in which the consensus half, or a proxy before it, saw the events,
//! and only claims what follows from that order. What it does not understand it lets pass: cases judge the rest.
//!
//! | module | what |
//! |---|---|
//! | [`event`] | what it is fed, and what it says |
//! | [`monitor`] | one state for one pair of halves |
//! | `session`, `build`, `validate`, `decide`, `archive`, `status` | the rules, by subject |

mod archive;
mod build;
mod decide;
pub mod event;
pub mod monitor;
mod parts;
mod session;
mod status;
#[cfg(test)]
mod tests;
mod validate;

pub use event::{Event, Half, Violation};
pub use monitor::Monitor;
