//! The rules of one network, and blocks made at once.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use ecp_types::{Commitment, Felt, Genesis, Height, HeightParams, Part, Round, Workload};

use crate::{
    Account, BadSection, BlockCheck, Body, ChainState, Domain, ECP_TEST_1, Fin, HASH_DISTANCE, Init, Invalid, Proposal,
    Section, Transfer, TransferError,
    digest::{self, CommitmentFields},
    state::Execution,
};

/// Smallest limit of a proposal under which a block with one transfer fits.
const PROPOSAL_BYTES_MIN: u64 = (Init::BYTES + Body::HEADER_BYTES + Transfer::BYTES + Fin::BYTES) as u64;

/// What a proposal is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot {
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// Round of the prevote quorum behind the proposal.
    pub valid_round: Option<Round>,
    /// Who proposes.
    pub proposer: Felt,
}

/// The test chain of one network: its rules, without its state.
#[derive(Debug, Clone)]
pub struct Chain {
    genesis: Arc<Genesis>,
    section: Section,
    domain: Domain,
}

/// A block with its results.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Block {
    /// As it was proposed.
    pub proposal: Proposal,
    /// The state after it.
    pub state: ChainState,
}

/// Why a block cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The slot is not on top of the state.
    #[error("the next height is {expected}, not {got}")]
    Height {
        /// The next height.
        expected: Height,
        /// The slot's height.
        got: Height,
    },
    /// The height has another part format or commitment scheme.
    #[error("height {0} is not one of the test chain")]
    Unsupported(Height),
    /// More transfers are to be executed than are there.
    #[error("cannot execute {count} of {sent} transfers")]
    Count {
        /// Transfers to execute.
        count: u64,
        /// Transfers there.
        sent: u64,
    },
    /// A transfer of the prefix cannot be executed.
    #[error("transfer {index}: {error}")]
    Transfer {
        /// Its place, from 0.
        index: u64,
        /// Why.
        error: TransferError,
    },
    /// The block hash of ten heights below is not in the state.
    #[error("the block hash of height {0} is not in the state")]
    MissingHash(Height),
}

impl Block {
    /// Its commitment.
    #[must_use]
    pub const fn commitment(&self) -> Commitment {
        self.proposal.fin.commitment
    }

    /// Length of the executed prefix.
    #[must_use]
    pub const fn executed_count(&self) -> u64 {
        self.proposal.fin.executed_count
    }

    /// Its parts, INIT first.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        self.proposal.parts()
    }
}

impl Chain {
    /// The chain of a genesis file; an error names the field.
    pub fn new(genesis: Genesis) -> Result<Self, BadSection> {
        let Workload::TestChain(value) = genesis.workload() else {
            return Err(BadSection::new("", "is missing: this is not a genesis of the test chain"));
        };
        let section = Section::read(value)?;
        let heights =
            std::iter::once(genesis.first_height()).chain(genesis.file().activations.iter().map(|a| a.height));
        for params in heights.filter_map(|height| genesis.height_params(height)) {
            if supports(&params) && params.max_proposal_bytes < PROPOSAL_BYTES_MIN {
                let problem = format!(
                    "needs max_proposal_bytes of at least {PROPOSAL_BYTES_MIN}, height {} has {}",
                    params.height, params.max_proposal_bytes
                );
                return Err(BadSection::new("", problem));
            }
        }
        let domain = Domain { chain_id: genesis.chain_id().into(), fork_id: genesis.fork_id() };
        Ok(Self { genesis: Arc::new(genesis), section, domain })
    }

    /// The genesis.
    #[must_use]
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The section of the genesis.
    #[must_use]
    pub const fn section(&self) -> &Section {
        &self.section
    }

    /// What signatures and commitments are bound to.
    #[must_use]
    pub const fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The same chain with another capacity, for who wants a block over it.
    #[must_use]
    pub fn with_capacity(&self, capacity: u32) -> Self {
        let mut chain = self.clone();
        chain.section.capacity = capacity;
        chain
    }

    /// The state before the first block.
    #[must_use]
    pub fn initial_state(&self) -> ChainState {
        let accounts = self.section.accounts.iter();
        ChainState {
            next_height: self.genesis.first_height(),
            parent: Commitment(self.genesis.genesis_hash()),
            timestamp_ms: 0,
            accounts: accounts.map(|a| (a.key, Account { balance: a.balance, nonce: a.nonce })).collect(),
            hashes: VecDeque::new(),
        }
    }

    /// Parameters of a height of the test chain.
    pub fn params(&self, height: Height) -> Result<HeightParams, BuildError> {
        self.genesis.height_params(height).filter(supports).ok_or(BuildError::Unsupported(height))
    }

    /// The height whose block hash a block at `height` binds (ECP-TST-011).
    #[must_use]
    pub fn needed_hash(&self, height: Height) -> Option<Height> {
        height.checked_sub(HASH_DISTANCE).filter(|needed| *needed >= self.genesis.first_height())
    }

    /// Highest height whose hash may be told when `committed` is the highest committed one (ECP-TST-013).
    #[must_use]
    pub fn hash_due(&self, committed: Height) -> Option<Height> {
        committed.checked_sub(self.section.hash_lag).filter(|due| *due >= self.genesis.first_height())
    }

    /// Whether a timestamp lies in the window of a validator whose clock says `now_ms` (ECP-TST-017).
    #[must_use]
    pub const fn timestamp_in_window(&self, timestamp_ms: u64, now_ms: u64) -> bool {
        timestamp_ms <= now_ms.saturating_add(self.section.window_ms)
    }

    /// Makes a block that executes the first `executed_count` of the transfers in `bodies`.
    /// The timestamp is taken as it is, so that blocks that break its rules can be made.
    pub fn build_block(
        &self,
        parent: &ChainState,
        slot: Slot,
        timestamp_ms: u64,
        bodies: Vec<Vec<Transfer>>,
        executed_count: u64,
    ) -> Result<Block, BuildError> {
        let params = self.next_params(parent, slot.height)?;
        let sent = bodies.iter().map(Vec::len).sum::<usize>() as u64;
        if executed_count > sent {
            return Err(BuildError::Count { count: executed_count, sent });
        }
        let mut execution = Execution::new(parent, self.section.capacity);
        for (transfer, index) in bodies.iter().flatten().zip(0..executed_count) {
            execution.execute(&self.domain, transfer).map_err(|error| BuildError::Transfer { index, error })?;
        }
        let init = self.init(parent, slot, timestamp_ms);
        let (fin, state) = self.seal(parent, &init, params.builder, execution)?;
        let bodies = bodies.into_iter().filter(|transfers| !transfers.is_empty());
        let bodies = bodies.map(|transfers| Body { transfers }).collect();
        Ok(Block { proposal: Proposal { init, bodies, fin }, state })
    }

    /// Checks a whole proposal (ECP-TST-010). Fails only if the slot is not on top of the state.
    pub fn check_block(
        &self,
        parent: &ChainState,
        slot: Slot,
        parts: &[Part],
    ) -> Result<Result<Block, Invalid>, BuildError> {
        let mut check = BlockCheck::new(Arc::new(self.clone()), Arc::new(parent.clone()), slot)?;
        for part in parts {
            if let Err(invalid) = check.part(part) {
                return Ok(Err(invalid));
            }
        }
        check.finish()
    }

    pub(crate) fn next_params(&self, parent: &ChainState, height: Height) -> Result<HeightParams, BuildError> {
        if height != parent.next_height {
            return Err(BuildError::Height { expected: parent.next_height, got: height });
        }
        self.params(height)
    }

    pub(crate) const fn init(&self, parent: &ChainState, slot: Slot, timestamp_ms: u64) -> Init {
        Init {
            height: slot.height,
            round: slot.round,
            valid_round: slot.valid_round,
            proposer: slot.proposer,
            timestamp_ms,
            parent: parent.parent,
        }
    }

    /// The commitment over content, whether or not it can be executed.
    pub(crate) fn content_commitment(
        &self,
        parent: &ChainState,
        init: &Init,
        builder: Felt,
        transfers: &[Transfer],
        state_digest: [u8; 32],
    ) -> Result<Commitment, BuildError> {
        let needed = self.needed_hash(init.height);
        let distant_hash = needed
            .map(|height| parent.hash(height).map(|hash| hash.block_hash).ok_or(BuildError::MissingHash(height)))
            .transpose()?;
        let fields = CommitmentFields {
            domain: self.domain.clone(),
            height: init.height,
            parent: init.parent,
            timestamp_ms: init.timestamp_ms,
            builder,
            executed_count: transfers.len() as u64,
            transfers_digest: digest::transfers_digest(transfers),
            state_digest,
            distant_hash,
        };
        Ok(fields.commitment())
    }

    /// FIN and the state after a block that executed `execution`.
    pub(crate) fn seal(
        &self,
        parent: &ChainState,
        init: &Init,
        builder: Felt,
        execution: Execution,
    ) -> Result<(Fin, ChainState), BuildError> {
        let state_digest = digest::state_digest(&execution.accounts);
        let executed_count = execution.executed.len() as u64;
        let commitment = self.content_commitment(parent, init, builder, &execution.executed, state_digest)?;
        let state = parent.after(commitment, init.timestamp_ms, execution.accounts, &state_digest);
        Ok((Fin { commitment, executed_count, state_digest }, state))
    }
}

/// Whether a height is one of the test chain (ECP-TST-002).
#[must_use]
pub fn supports(params: &HeightParams) -> bool {
    params.part_format == ECP_TEST_1 && params.commitment_scheme == ECP_TEST_1
}

/// Accounts that differ between two states: what a store has to write.
#[must_use]
pub fn changed_accounts(before: &ChainState, after: &ChainState) -> BTreeMap<crate::AccountKey, Account> {
    let changed = after.accounts.iter().filter(|(key, account)| before.accounts.get(*key) != Some(account));
    changed.map(|(key, account)| (*key, *account)).collect()
}
