//! A place to stand between the core and the world, for tests of others: what is told to the core and what it wants
//! done can be changed, doubled or swallowed. A release binary passes nothing here.

use ecp_execution_core::{Effect, Input, State};

/// Sees and changes what passes between the core and the shell.
pub trait Interposer: Send + Sync {
    /// What the core is told instead of `input`.
    fn input(&self, _state: &State, input: Input) -> Vec<Input> {
        vec![input]
    }

    /// What is done instead of `effect`.
    fn effect(&self, _state: &State, effect: Effect) -> Vec<Effect> {
        vec![effect]
    }
}
