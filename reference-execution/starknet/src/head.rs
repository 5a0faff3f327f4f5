//! What the next block builds on.

use std::sync::Arc;

use ecp_execution_core::seams::{EngineFault, Snapshot, Store};
use ecp_types::{Commitment, Height};

use crate::{
    market::{self, FEE_WINDOW},
    rows::{self, BlockRecord},
    section::StarknetSection,
};

/// The committed head: its state, and what header rules carry from block to block. All of it is rebuilt from rows.
#[derive(Clone)]
pub struct Head {
    /// Height and commitment of the last block; absent before the first.
    pub block: Option<(Height, Commitment)>,
    /// Timestamp of the last block, or of genesis.
    pub timestamp: u64,
    /// L2 gas price of the next block, in fri.
    pub next_l2_gas_price: u128,
    /// Up to ten last fee proposals, oldest first.
    fee_window: Vec<u128>,
    /// Stands for the fee proposals before the first.
    first_price: u128,
    /// The state after the last block.
    pub snapshot: Arc<dyn Snapshot>,
}

impl Head {
    /// Reads the head that the store holds.
    pub fn load(store: &dyn Store, section: &StarknetSection) -> Result<Self, EngineFault> {
        let snapshot = store.snapshot().map_err(rows::fault)?;
        let price = section.prices.l2_gas_fri;
        let mut head = Self {
            block: None,
            timestamp: section.timestamp,
            next_l2_gas_price: price,
            fee_window: Vec::new(),
            first_price: price,
            snapshot: Arc::clone(&snapshot),
        };
        let Some(last) = rows::read_height(&*snapshot, rows::META_HEAD)? else { return Ok(head) };
        for height in last.saturating_sub(FEE_WINDOW as u64 - 1)..=last {
            if let Some(record) = rows::read_json::<BlockRecord>(&*snapshot, rows::BLOCKS, &rows::height_key(height))? {
                head.push(&record);
            }
        }
        match head.block {
            Some((height, _)) if height == last => Ok(head),
            _ => Err(EngineFault(format!("block {last} is the head but its row is missing"))),
        }
    }

    /// The head after `record`, whose rows `snapshot` holds.
    #[must_use]
    pub fn after(&self, record: &BlockRecord, snapshot: Arc<dyn Snapshot>) -> Self {
        let mut head = Self { snapshot, ..self.clone() };
        head.push(record);
        head
    }

    fn push(&mut self, record: &BlockRecord) {
        self.block = Some((record.init.height, Commitment(record.commitment)));
        self.timestamp = record.init.timestamp;
        self.next_l2_gas_price = record.next_l2_gas_price;
        self.fee_window.extend(record.init.fee_proposal_fri);
        let surplus = self.fee_window.len().saturating_sub(FEE_WINDOW);
        self.fee_window.drain(..surplus);
    }

    /// Median of the last ten fee proposals, in fri: the floor of the L2 gas price.
    #[must_use]
    pub fn fee_actual(&self) -> u128 {
        market::fee_actual(&self.fee_window, self.first_price)
    }
}
