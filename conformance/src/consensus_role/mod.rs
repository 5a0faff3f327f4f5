//! Runs cases on a consensus half: the suite is the execution half, one for each instance.
//!
//! ```text
//! half under test ── socket ── proxy (script: record, rules, model) ── in process: server, scripted engine, memory
//! ```
//!
//! | module | what |
//! |---|---|
//! | `runner` | one case from start to verdict |
//! | `steps` | what each step does |
//! | `script` | sees every message: records it, applies rules, keeps the log |
//! | `rules` | which rule a call meets, and what it does to a message: no I/O |
//! | `log` | the calls that the half made |
//! | `model` | judgements that every case makes: certificates, payloads, slots |
//! | `execution` | the suite's execution half: serves, dies, comes back on what was durable |
//! | `instance` | one process of the half under test and the execution half behind it |

mod execution;
mod instance;
mod log;
mod model;
mod rules;
mod runner;
mod script;
mod steps;

pub use runner::run_case;
