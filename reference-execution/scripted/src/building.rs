//! One build.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use ecp_execution_core::seams::{Build, BuildStep, EngineFault};
use ecp_testchain::{Block, BlockBuilder, COST_MS_MAX, Transfer, TransferError};
use ecp_types::Height;

use crate::engine::{Shared, fault};

pub(crate) struct ScriptedBuild {
    shared: Arc<Shared>,
    height: Height,
    /// Copies of the mempool's, in order.
    transfers: VecDeque<Transfer>,
    stage: Stage,
}

enum Stage {
    /// INIT has not left yet.
    Begin(BlockBuilder),
    /// Transfers are executed.
    Execute(BlockBuilder),
    /// Nothing more is executed; FIN is next.
    Close(BlockBuilder),
    /// FIN has left.
    Closed(Box<Block>, Arc<ecp_testchain::ChainState>),
    /// Everything was said.
    Over,
}

impl ScriptedBuild {
    pub(crate) fn new(
        shared: Arc<Shared>,
        height: Height,
        builder: BlockBuilder,
        transfers: VecDeque<Transfer>,
    ) -> Self {
        Self { shared, height, transfers, stage: Stage::Begin(builder) }
    }

    /// Executes up to one batch, and says whether the block must close (ECP-BLD-007).
    fn execute(&mut self, builder: &mut BlockBuilder, mut left: Duration) -> bool {
        while !builder.batch_is_whole() {
            let Some(transfer) = self.transfers.front() else { return true };
            let cost = Duration::from_millis(u64::from(transfer.cost_ms));
            let too_long = transfer.cost_ms <= COST_MS_MAX && cost > left;
            if left.is_zero() || too_long || builder.is_full() {
                return true;
            }
            match builder.execute(transfer) {
                Ok(()) => {
                    self.shared.pace.work(cost);
                    left = left.saturating_sub(cost);
                }
                Err(TransferError::OverCapacity(_)) => return true,
                // It stays in the mempool, where a later block may find it executable.
                Err(_) => {}
            }
            self.transfers.pop_front();
        }
        false
    }
}

impl Build for ScriptedBuild {
    fn step(&mut self, left: Duration) -> Result<BuildStep, EngineFault> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Begin(builder) => {
                let part = builder.init_part();
                self.stage = Stage::Execute(builder);
                Ok(BuildStep::Part(part))
            }
            Stage::Execute(mut builder) => {
                if let Some(missing) = self.shared.missing(self.height) {
                    self.stage = Stage::Execute(builder);
                    return Ok(BuildStep::Waiting(missing));
                }
                let close = self.execute(&mut builder, left);
                let body = builder.take_body();
                self.stage = if close { Stage::Close(builder) } else { Stage::Execute(builder) };
                match body {
                    Some(part) => Ok(BuildStep::Part(part)),
                    // Without a body there was nothing to execute, so the block closes.
                    None => self.step(left),
                }
            }
            Stage::Close(builder) => {
                let parent = builder.shared_parent();
                let (part, block) = builder.finish().map_err(fault)?;
                self.stage = Stage::Closed(Box::new(block), parent);
                Ok(BuildStep::Part(part))
            }
            Stage::Closed(block, parent) => Ok(BuildStep::Built(self.shared.executed(&parent, *block))),
            Stage::Over => Err(EngineFault("a build was stepped after its end".into())),
        }
    }
}
