//! Runs cases on an execution half: the suite is the consensus half.
//!
//! | module | what |
//! |---|---|
//! | `runner` | one case from start to verdict |
//! | `state` | what the suite holds during a case: sessions, calls, proposals, the model |
//! | `steps`, `streams`, `proposals`, `archive`, `raw` | what each step does |
//! | `replay` | sends the bytes of a transcript again |
//! | `live` | transactions that wallets send, on a workload with JSON-RPC |
//! | `defaults` | what a correct caller sends |
//! | `session`, `call`, `codec` | connections and calls, recorded |

mod archive;
mod call;
mod codec;
mod defaults;
mod live;
mod proposals;
mod raw;
mod replay;
mod runner;
mod session;
mod state;
mod steps;
mod streams;

pub use replay::{CannotReplay, replay};
pub use runner::{CaseRun, NotStarted, Settings, run_case};
