//! A build of the recorded chain: the parts of one block, one after the other.

use std::{sync::Arc, time::Duration};

use ecp_execution_core::seams::{Build, BuildStep, EngineFault, Slot};
use ecp_types::Part;
use prost::Message as _;

use super::{
    StarknetChain,
    engine::{Shared, model_slot},
    parts, wire,
};

/// One build.
pub(super) struct RecordedBuild {
    shared: Arc<Shared>,
    slot: Slot,
    place: usize,
    parts: Vec<Part>,
    told: usize,
}

impl RecordedBuild {
    /// Builds the block at `place` for `slot`.
    pub(super) fn new(shared: Arc<Shared>, slot: Slot, place: usize) -> Result<Self, EngineFault> {
        let block = shared.block(place)?;
        let init = StarknetChain::init(block, model_slot(&slot)).map_err(|e| EngineFault(e.to_string()))?;
        let fin = wire::ProposalFin::decode(&*block.fin.0).map_err(|e| EngineFault(e.to_string()))?;
        let transactions = shared.recording.transactions(block);
        let batches: Vec<&[_]> = transactions.chunks(1).collect();
        let parts = parts(&init, &batches, &fin);
        Ok(Self { shared, slot, place, parts, told: 0 })
    }
}

impl Build for RecordedBuild {
    fn step(&mut self, _: Duration) -> Result<BuildStep, EngineFault> {
        // INIT needs no execution, so it leaves at once.
        if self.told > 0
            && let Some(missing) = self.shared.missing(self.slot.height)
        {
            return Ok(BuildStep::Waiting(missing));
        }
        match self.parts.get(self.told) {
            Some(part) => {
                self.told += 1;
                Ok(BuildStep::Part(part.clone()))
            }
            None => Ok(BuildStep::Built(self.shared.executed(self.place, &self.parts)?)),
        }
    }
}
