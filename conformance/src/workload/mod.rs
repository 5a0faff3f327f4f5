//! Chains that cases run on. A workload makes the genesis of a case, and a model of its chain that can make and check
//! proposals, so that the suite needs no other half to say what is right.

mod starknet;
mod testchain;
mod validators;

use std::{collections::BTreeMap, sync::Arc};

use ecp_engine_scripted::{RealPace, ScriptedEngine};
use ecp_execution_core::seams::{Clock, ExecutionEngine, Store};
use ecp_types::{Certificate, Commitment, Felt, Genesis, Height, HeightParams, Keys, Part, Round, genesis::Workload};
use starknet_rust_core::types::BroadcastedInvokeTransactionV3;
use testchain::{timeouts, unsupported};

use crate::schema::{Propose, Setup};

/// Name of the workload that needs no Cairo.
pub const TEST_CHAIN: &str = "test-chain";

/// Name of the workload whose transactions are Starknet's.
pub const STARKNET: &str = "starknet";

/// Every workload that this suite can run.
pub const WORKLOADS: [&str; 2] = [TEST_CHAIN, STARKNET];

/// The files and the model of one case's chain.
pub struct Fixture {
    /// The genesis file.
    pub genesis: Vec<u8>,
    /// Keys of the validators, in the order of the committee.
    pub keys: Vec<Keys>,
    /// The suite's model.
    pub chain: Box<dyn Chain>,
}

/// A workload cannot do what a case asks: the suite's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("workload: {0}")]
pub struct WorkloadError(pub String);

/// Which slot a proposal is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// Round of the prevote quorum behind it.
    pub valid_round: Option<Round>,
    /// Who proposes.
    pub proposer: Felt,
}

/// A proposal that the suite made, or that a half built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its slot, as the open message names it.
    pub slot: Slot,
    /// Its parts, INIT first.
    pub parts: Vec<Part>,
    /// What it is voted on by; of an invalid one, what FIN names.
    pub commitment: Commitment,
    /// How many transactions it executes.
    pub executed: u64,
}

/// What the model says of parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Their commitment.
    pub commitment: Commitment,
    /// How many transactions they execute.
    pub executed: u64,
}

/// A transaction that a wallet sends to the half's JSON-RPC.
#[derive(Debug, Clone)]
pub struct Live {
    /// Its hash.
    pub hash: Felt,
    /// The transaction, signed.
    pub transaction: BroadcastedInvokeTransactionV3,
}

/// The suite's own model of a chain.
pub trait Chain: Send + Sync {
    /// The genesis, with identity and parameters of every height.
    fn genesis(&self) -> &Genesis;
    /// The next height.
    fn next_height(&self) -> Height;
    /// Makes a proposal on the head, valid but for the mutations.
    fn propose(&self, slot: Slot, wanted: &Propose) -> Result<Proposal, WorkloadError>;
    /// Checks parts on the head. `Ok(Err(text))` says why they are not valid.
    fn check(&self, slot: Slot, parts: &[Part]) -> Result<Result<Checked, String>, WorkloadError>;
    /// Makes a valid block the head.
    fn commit(&mut self, slot: Slot, parts: &[Part]) -> Result<(), WorkloadError>;
    /// An INIT with round, valid round and proposer replaced.
    fn reframe(&self, init: &[u8], slot: Slot) -> Result<bytes::Bytes, WorkloadError>;
    /// The parts as an archive keeps them.
    fn archived(&self, parts: &[Part]) -> Result<Vec<Part>, WorkloadError>;
    /// Precommits of a quorum of the committee.
    fn certificate(&self, height: Height, round: Round, commitment: Commitment) -> Result<Certificate, WorkloadError>;
    /// A proposal as it stands in the archive or was built: slot and commitment out of its parts.
    fn read(&self, parts: &[Part]) -> Result<Proposal, WorkloadError>;
    /// What is wrong with parts that a half built, beyond their validity: requirement and complaint.
    fn built(&self, parts: &[Part]) -> Vec<(&'static str, String)>;
    /// Block hash and state root of a committed height, if they may be told by now.
    fn block_hash(&self, height: Height) -> Option<(Felt, Felt)>;
    /// Another handle on the same rules and the same state.
    fn boxed(&self) -> Box<dyn Chain>;

    /// Whether the suite can make proposals on the head. If not, only the half itself can get to the next height.
    fn can_propose(&self) -> bool {
        true
    }

    /// What wallets send before the half builds, in order, without what is committed. Empty where the mempool is a
    /// matter of genesis.
    fn live(&self) -> Vec<Live> {
        Vec::new()
    }

    /// Hashes of the executed transactions of a proposal, as JSON-RPC knows them; none where there is no JSON-RPC.
    fn transactions(&self, _parts: &[Part]) -> Result<Vec<Felt>, WorkloadError> {
        Ok(Vec::new())
    }

    /// Parameters of a height.
    fn params(&self, height: Height) -> Result<HeightParams, WorkloadError> {
        self.genesis().height_params(height).ok_or_else(|| WorkloadError(format!("height {height} has no parameters")))
    }

    /// Who proposes in a round of the next height.
    fn proposer(&self, round: Round) -> Result<Felt, WorkloadError> {
        Ok(self.params(self.next_height())?.proposer(round).address)
    }
}

/// Makes the chain of a case.
pub fn fixture(workload: &str, setup: &Setup, seed: u64) -> Result<Fixture, WorkloadError> {
    match workload {
        TEST_CHAIN => testchain::fixture(setup, seed),
        STARKNET => starknet::fixture(setup, seed),
        other => Err(WorkloadError(format!("{other} is not known; known are {}", WORKLOADS.join(", ")))),
    }
}

/// Opens the execution engine of a genesis file at the head that `store` holds, for the suite to be an execution half.
pub fn engine(
    genesis: Genesis,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn ExecutionEngine>, WorkloadError> {
    Ok(match genesis.workload() {
        Workload::TestChain(_) => Arc::new(
            ScriptedEngine::open(genesis, store, clock, Arc::new(RealPace))
                .map_err(|e| WorkloadError(e.to_string()))?,
        ),
        Workload::Starknet(_) => Arc::new(starknet::RecordedEngine::open(genesis, &*store, clock)?),
    })
}

/// Keys of validators by address.
pub(crate) type KeyRing = Arc<BTreeMap<Felt, ecp_signatures::PrivateKey>>;
