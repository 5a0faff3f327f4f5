//! Tests of the bridge: each rule on its own, then random worlds.

mod deciding;
mod proposing;
mod random;
mod recovering;
mod sessions;
mod verdicts;
mod world;
