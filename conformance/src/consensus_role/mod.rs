//! Runs cases on a consensus half: the suite is the execution half, one for each instance. And cases on pairs: the suite
//! is only between.
//!
//! ```text
//! half under test ── socket ── proxy (script: record, rules, model) ── in process: server, scripted engine, memory
//!                                                                    └ or: the execution half of a pair
//! ```
//!
//! | module | what |
//! |---|---|
//! | `runner` | one case from start to verdict |
//! | `steps` | what each step does |
//! | `script` | sees every message: records it, applies rules, keeps the log |
//! | `stage` | what all instances of a case share |
//! | `rules` | which rule a call meets, and what it does to a message: no I/O |
//! | `log` | the calls that the half made |
//! | `model` | judgements that every case makes: certificates, payloads, slots |
//! | `manners` | judgements of how it calls: connections, deadlines, a silent Watch |
//! | `execution` | the suite's execution half: serves, dies, comes back on what was durable |
//! | `partner` | the execution half of a pair: a process |
//! | `behind` | one of these two |
//! | `ledger` | reads the archives of pairs, and takes them over |
//! | `instance` | one process of the half under test and the execution half behind it |

mod behind;
mod execution;
mod instance;
mod ledger;
mod log;
mod manners;
mod model;
mod partner;
mod rules;
mod runner;
mod script;
mod stage;
mod steps;

pub use runner::run_case;
