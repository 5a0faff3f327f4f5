//! An engine that serves the recorded chain, so that the suite can be the execution half of a chain of Starknet.
//!
//! On each head it builds the recorded block of which most heights follow, and takes for valid what is recorded. The chain
//! ends where the recording does: parameters of later heights are not known yet, and never will be.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ecp_execution_core::seams::{
    Build, Clock, EngineFault, Executed, ExecutionEngine, HashStep, Slot, Store, StoreError, Validation, Write,
};
use ecp_types::{Felt, Genesis, Height, HeightParams, Missing, Part};
use prost::Message as _;

use super::{
    archived,
    building::RecordedBuild,
    check, for_slot,
    recording::{Block, Recording},
    validating::RecordedValidation,
    wire,
};
use crate::workload::WorkloadError;

/// The rows of this engine.
const TABLE: &str = "recorded_chain";
/// Place of the last committed block.
const HEAD: &[u8] = b"head";
/// Highest height whose hash is told.
const HASHED: &[u8] = b"hashed";
/// A block holds the hash of the block this far below it.
const HASH_DISTANCE: u64 = 10;

/// Serves the recorded chain under the genesis of a case.
pub(in crate::workload) struct RecordedEngine(Arc<Shared>);

/// What builds and validations share with the engine.
pub(super) struct Shared {
    pub recording: &'static Recording,
    pub clock: Arc<dyn Clock>,
    genesis: Genesis,
    head: Mutex<Head>,
}

/// How far the chain is.
struct Head {
    /// Places of the committed blocks, from the first height on.
    chain: Vec<usize>,
    hashed: Option<Height>,
}

impl Shared {
    fn head(&self) -> MutexGuard<'_, Head> {
        // Every change of the head is one assignment, so a panic elsewhere leaves it whole.
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a block of `height` still waits for.
    pub(super) fn missing(&self, height: Height) -> Option<Missing> {
        let needed = height.checked_sub(HASH_DISTANCE).filter(|needed| *needed >= self.recording.first_height)?;
        (self.head().hashed < Some(needed)).then_some(Missing::BlockHash(needed))
    }

    /// A recorded block as a candidate; `parts` is how it was sent.
    pub(super) fn executed(&self, place: usize, parts: &[Part]) -> Result<Executed, EngineFault> {
        let block = self.block(place)?;
        Ok(Executed {
            commitment: block.commitment,
            executed_count: block.transactions.len() as u64,
            parts: archived(parts).map_err(|e| EngineFault(e.to_string()))?,
            writes: vec![row(HEAD, place as u64)],
            inner: Arc::new(place),
        })
    }

    pub(super) fn block(&self, place: usize) -> Result<&'static Block, EngineFault> {
        self.recording.block(place).ok_or_else(|| EngineFault(format!("no block {place} is recorded")))
    }
}

impl RecordedEngine {
    /// Opens the chain at the head that `store` holds.
    pub(in crate::workload) fn open(
        genesis: Genesis,
        store: &dyn Store,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, WorkloadError> {
        let recording = Recording::embedded()?;
        let snapshot = store.snapshot().map_err(bad_store)?;
        let read = |key| match snapshot.get(TABLE, key).map_err(bad_store)? {
            None => Ok(None),
            Some(row) => {
                let bytes = row.try_into().map_err(|_| WorkloadError("a row of the store has not 8 bytes".into()))?;
                Ok::<_, WorkloadError>(Some(u64::from_be_bytes(bytes)))
            }
        };
        let mut chain = Vec::new();
        let mut at = read(HEAD)?.map(usize::try_from).transpose().map_err(|e| WorkloadError(e.to_string()))?;
        while let Some(place) = at {
            chain.push(place);
            // Parents stand before their children in the recording, so this ends.
            at = recording.block(place).and_then(|block| block.parent);
        }
        chain.reverse();
        let head = Mutex::new(Head { chain, hashed: read(HASHED)? });
        Ok(Self(Arc::new(Shared { recording, clock, genesis, head })))
    }

    /// The place of the head, if `slot` is of the height behind it.
    fn parent(&self, slot: &Slot) -> Result<Option<usize>, EngineFault> {
        let head = self.0.head();
        let next = self.first_height() + head.chain.len() as u64;
        if slot.height != next {
            return Err(EngineFault(format!("height {} was asked for where {next} is next", slot.height)));
        }
        Ok(head.chain.last().copied())
    }

    fn place_of(&self, height: Height) -> Option<usize> {
        let index = usize::try_from(height.checked_sub(self.first_height())?).ok()?;
        self.0.head().chain.get(index).copied()
    }
}

impl ExecutionEngine for RecordedEngine {
    fn height_params(&self, height: Height) -> Result<Option<HeightParams>, EngineFault> {
        let known = height <= self.0.recording.last_height();
        Ok(self.0.genesis.height_params(height).filter(|_| known))
    }

    fn first_height(&self) -> Height {
        self.0.recording.first_height
    }

    fn build(&self, slot: Slot) -> Result<Box<dyn Build>, EngineFault> {
        let parent = self.parent(&slot)?;
        let place = self.0.recording.longest_after(parent);
        let place = place.ok_or_else(|| EngineFault(format!("no block of height {} is recorded", slot.height)))?;
        Ok(Box::new(RecordedBuild::new(Arc::clone(&self.0), slot, place)?))
    }

    fn validate(&self, slot: Slot) -> Result<Box<dyn Validation>, EngineFault> {
        let parent = self.parent(&slot)?;
        Ok(Box::new(RecordedValidation::new(Arc::clone(&self.0), slot, parent)))
    }

    fn reframe_init(&self, slot: &Slot, init: &[u8]) -> Result<Bytes, String> {
        let init = wire::ProposalInit::decode(init).map_err(|e| e.to_string())?;
        if init.height != slot.height {
            return Err(format!("INIT is of height {}, not {}", init.height, slot.height));
        }
        Ok(for_slot(init, model_slot(slot)).encode_to_vec().into())
    }

    fn init_slot(&self, init: &[u8]) -> Result<Slot, String> {
        let init = wire::ProposalInit::decode(init).map_err(|e| e.to_string())?;
        let slot = check::slot(&init)?;
        Ok(Slot { height: slot.height, round: slot.round, valid_round: slot.valid_round, proposer: slot.proposer })
    }

    fn committed(&self, height: Height, executed: &Executed) -> Result<(), EngineFault> {
        let place = executed.inner.downcast_ref::<usize>().copied();
        let place = place.ok_or_else(|| EngineFault("the committed candidate is not of this engine".into()))?;
        let block = self.0.block(place)?;
        let mut head = self.0.head();
        if block.height != height || block.parent != head.chain.last().copied() {
            return Err(EngineFault(format!("the block of height {height} does not follow the head")));
        }
        head.chain.push(place);
        Ok(())
    }

    fn next_hash(&self) -> Result<Option<HashStep>, EngineFault> {
        let height = self.block_hash_height().map_or(self.first_height(), |hashed| hashed + 1);
        let Some(place) = self.place_of(height) else { return Ok(None) };
        let block = self.0.block(place)?;
        self.0.head().hashed = Some(height);
        Ok(Some(HashStep {
            height,
            block_hash: block.block_hash,
            state_root: block.state_root,
            writes: vec![row(HASHED, height)],
        }))
    }

    fn block_hash(&self, height: Height) -> Result<Option<(Felt, Felt)>, EngineFault> {
        if self.block_hash_height() < Some(height) {
            return Ok(None);
        }
        let block = self.place_of(height).map(|place| self.0.block(place)).transpose()?;
        Ok(block.map(|block| (block.block_hash, block.state_root)))
    }

    fn block_hash_height(&self) -> Option<Height> {
        self.0.head().hashed
    }
}

/// The same slot as the suite's model has it.
pub(super) const fn model_slot(slot: &Slot) -> crate::workload::Slot {
    crate::workload::Slot {
        height: slot.height,
        round: slot.round,
        valid_round: slot.valid_round,
        proposer: slot.proposer,
    }
}

fn row(key: &[u8], value: u64) -> Write {
    (TABLE, key.to_vec(), Some(value.to_be_bytes().to_vec()))
}

fn bad_store(error: StoreError) -> WorkloadError {
    WorkloadError(error.to_string())
}
