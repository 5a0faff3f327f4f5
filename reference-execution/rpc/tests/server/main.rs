//! The whole crate through a real server on a free port and a real client, over a small node in memory.

#![allow(clippy::unwrap_used)] // also in the helpers of tests

mod events;
mod hash_wait;
mod methods;
mod node;
