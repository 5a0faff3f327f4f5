//! The conformance suite of ECP: certifies an execution half, a consensus half, or a pair.
//!
//! | module | what |
//! |---|---|
//! | [`schema`] | messages of cases and transcripts (generated from `proto/`) |
//! | [`case`] | loads and checks cases; the registry of requirements |
//! | [`wire`] | messages of ECP by reflection: building, matching, naming |
//! | [`transcript`] | records what was said |
//! | [`verdict`] | judges a transcript against its case: pure |
//! | [`workload`] | chains that cases run on: genesis, proposals, the suite's own model |
//! | [`subject`] | the half under test: manifest, launch, kill, restart |
//! | [`execution_role`] | runs cases on an execution half: the suite is the consensus half |
//! | [`consensus_role`] | runs cases on a consensus half: the suite is the execution half; and on pairs |
//! | [`compare`] | where two transcripts of one case part |
//! | [`proxy`] | stands between two halves, sees every message and can take a hand in it |
//! | [`watching`] | the monitor between two halves of anybody's |
//! | [`run`] | plans and runs cases |
//! | [`network`] | validators on this machine, as the demo and end-to-end tests start them |
//! | [`poll`] | asking again and again, for what tells nothing by itself |
//! | [`demo`] | four validators decide real Starknet blocks |
//! | [`report`] | the results of a run as JSON, JUnit and HTML |
//! | [`cli`] | the command line |

pub mod case;
pub mod cli;
pub mod compare;
pub mod consensus_role;
pub mod demo;
pub mod execution_role;
pub mod network;
pub mod poll;
pub mod proxy;
pub mod report;
pub mod run;
pub mod subject;
pub mod transcript;
pub mod verdict;
pub mod watching;
pub mod wire;
pub mod workload;

/// Messages of cases and transcripts (generated).
#[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub, clippy::use_self, clippy::unwrap_used)]
pub mod schema {
    include!("gen/ecp.conformance.v1alpha1.rs");

    /// Descriptors of this package, encoded.
    pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("gen/ecp.conformance.v1alpha1.binpb");
}
