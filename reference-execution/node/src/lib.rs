//! The reference execution half as a process: the server over the engine that the genesis asks for.
//!
//! | module | what |
//! |---|---|
//! | [`cli`] | the command line |
//! | [`engines`] | which engine runs which genesis |
//! | [`metrics`] | what is counted, and where it is read |

pub mod cli;
pub mod engines;
pub mod metrics;
