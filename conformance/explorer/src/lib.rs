//! Explores the two cores, joined by a lossy link, to a full fixpoint.
//!
//! Both cores are the real ones. Around them stand shells that do what the effects say, in their order: what an effect
//! made durable survives a death, and nothing else does. The consensus engine and the other validators are replaced by
//! the smallest thing that drives the bridge as a real engine would. What is explored, what must hold, and what was
//! found is in the README of this crate.
//!
//! | module | what |
//! |---|---|
//! | [`pair`] | two halves and the link between them |
//! | [`consensus_shell`], [`execution_shell`] | effects of each core, and what arrives for it |
//! | [`disk`] | what survives |
//! | [`executor`] | the engine under the execution core |
//! | [`network`] | this node's consensus engine, and the other validators |
//! | [`world`] | all of it with the faults that are left: what can happen, and what must hold |
//! | [`action`], [`overtaking`] | steps, and which of them go wrong |
//! | [`names`] | fingerprints of states that do not depend on how names were given out |
//! | [`search`] | the search, and the graph that it leaves |
//! | [`plan`] | the bounds of each change and of the night |
//! | [`rules`] | rules that can be taken away |
//! | [`counterexample`], [`describe`] | paths as files, in words, and replayed |
//! | [`setting`] | the network and its blocks |
//! | [`shared`] | what copies of a state share |

pub mod action;
pub mod consensus_shell;
pub mod counterexample;
pub mod describe;
pub mod disk;
pub mod execution_shell;
pub mod executor;
pub mod names;
pub mod network;
pub mod overtaking;
pub mod pair;
pub mod plan;
pub mod rules;
pub mod search;
pub mod setting;
pub mod shared;
pub mod world;
