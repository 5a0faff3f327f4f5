//! Runs cases on an execution half: the suite is the consensus half.
//!
//! | module | what |
//! |---|---|
//! | `runner` | one case from start to verdict |
//! | `state` | what the suite holds during a case: sessions, calls, proposals, the model |
//! | `steps`, `streams`, `proposals`, `raw` | what each step does |
//! | `defaults` | what a correct caller sends |
//! | `session`, `call`, `codec` | connections and calls, recorded |

mod call;
mod codec;
mod defaults;
mod proposals;
mod raw;
mod runner;
mod session;
mod state;
mod steps;
mod streams;

pub use runner::{CaseRun, NotStarted, Settings, run_case};
