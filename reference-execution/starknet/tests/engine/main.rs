//! Tests of the engine, in one binary: each of them would link the executor again.

#![allow(clippy::unwrap_used, reason = "the helpers of a test may fail like the test")]

mod common;

mod commitments;
mod declare;
mod genesis;
mod hashes;
mod hostile;
mod l1_file;
mod mempool;
mod messages;
mod proposals;
mod recording;
mod transactions;
mod vectors;
mod vendored;
mod view;
