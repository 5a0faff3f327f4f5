//! What does not change while the process lives, and what was durable before it.

use std::collections::BTreeSet;

use ecp_types::{Feature, Height, HeightParams, InstanceId, Limits, Network, Phase, Position, limits};

/// What does not change while the process lives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Config {
    /// This process (ECP-SES-002).
    pub instance_id: InstanceId,
    /// The network (ECP-SES-003).
    pub network: Network,
    /// Revisions spoken here (ECP-SES-004).
    pub revisions: BTreeSet<u32>,
    /// Features offered (ECP-SES-005).
    pub features: BTreeSet<Feature>,
    /// What is accepted here.
    pub limits: Limits,
    /// Time that closing a block takes, in milliseconds (ECP-BLD-007).
    pub build_margin_ms: u32,
    /// First height of the chain.
    pub first_height: Height,
    /// Time without the holder's Watch after which another consensus half is let in, in milliseconds (ECP-SES-018).
    pub watch_lost_ms: u64,
    /// Time that a Decide or an import waits for a missing condition, in milliseconds (ECP-ORD-010).
    pub condition_wait_ms: u64,
    /// Time between two questions for a missing condition, in milliseconds.
    pub poll_ms: u64,
    /// Part formats that the engine reads; empty: all that it is asked for (ECP-HGT-009).
    pub part_formats: BTreeSet<String>,
    /// Commitment schemes that the engine computes; empty: all that it is asked for (ECP-HGT-009).
    pub commitment_schemes: BTreeSet<String>,
}

impl Config {
    /// The protocol's own numbers, for a process and a network.
    #[must_use]
    pub fn new(instance_id: InstanceId, network: Network, first_height: Height) -> Self {
        Self {
            instance_id,
            network,
            revisions: BTreeSet::from([1]),
            features: BTreeSet::from([Feature::Finalize]),
            limits: Limits {
                max_message_bytes: limits::MESSAGE_BYTES,
                max_part_bytes: limits::PART_BYTES,
                max_candidates: 8,
            },
            build_margin_ms: 50,
            first_height,
            watch_lost_ms: limits::WATCH_LOST_MS,
            condition_wait_ms: limits::CONDITION_WAIT_MS_MAX,
            poll_ms: 50,
            part_formats: BTreeSet::new(),
            commitment_schemes: BTreeSet::new(),
        }
    }
}

/// What the store held when the process started.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Restored {
    /// Highest committed height and its commitment.
    pub committed: Option<Position>,
    /// First height of the archive.
    pub earliest: Option<Height>,
    /// Highest height whose block hash is known.
    pub block_hash_height: Option<Height>,
    /// Parameters of the next height, if known.
    pub next_params: Option<HeightParams>,
    /// Evidence of an earlier process: it stays stopped until an operator acts (ECP-DEC-007, ECP-DEC-008).
    pub stopped: Option<(Phase, String)>,
}
