//! A run: which cases, in which order, and what they came to together.

mod engine;
mod plan;

pub use engine::{Outcome, RunError, execute};
pub use plan::{BadPlan, Chosen, Plan, PlanInput, Shard};
