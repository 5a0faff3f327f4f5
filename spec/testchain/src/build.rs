//! A block that is built step by step.

use std::sync::Arc;

use ecp_types::{Felt, Part, PartKind};

use crate::{
    Block, Body, BuildError, Chain, ChainState, Fin, Init, Proposal, Slot, Transfer, TransferError, state::Execution,
};

/// Builds a block: transfers are executed one by one and leave in BODY parts.
#[derive(Debug, Clone)]
pub struct BlockBuilder {
    chain: Arc<Chain>,
    parent: Arc<ChainState>,
    init: Init,
    builder: Felt,
    execution: Execution,
    bodies: Vec<Body>,
    /// Executed, but not in a BODY yet.
    batch: Vec<Transfer>,
    /// Payload bytes that are left for BODY parts.
    room: u64,
}

impl BlockBuilder {
    /// Begins a block. The timestamp is the clock's, but never before the parent's (ECP-TST-016).
    pub fn new(chain: Arc<Chain>, parent: Arc<ChainState>, slot: Slot, now_ms: u64) -> Result<Self, BuildError> {
        let params = chain.next_params(&parent, slot.height)?;
        let init = chain.init(&parent, slot, now_ms.max(parent.timestamp_ms));
        let execution = Execution::new(&parent, chain.section().capacity);
        let room = params.max_proposal_bytes.saturating_sub((Init::BYTES + Fin::BYTES) as u64);
        Ok(Self {
            chain,
            parent,
            init,
            builder: params.builder,
            execution,
            bodies: Vec::new(),
            batch: Vec::new(),
            room,
        })
    }

    /// The INIT part.
    #[must_use]
    pub fn init_part(&self) -> Part {
        Part { index: 0, kind: PartKind::Init, payload: self.init.encode() }
    }

    /// The state that the block stands on.
    #[must_use]
    pub fn shared_parent(&self) -> Arc<ChainState> {
        Arc::clone(&self.parent)
    }

    /// Whether no further transfer fits, by capacity or by the limit of a proposal.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let header = if self.batch.is_empty() { Body::HEADER_BYTES as u64 } else { 0 };
        self.room < header + Transfer::BYTES as u64
            || self.execution.executed.len() as u64 >= u64::from(self.chain.section().capacity)
    }

    /// Executes the next transfer, or changes nothing.
    pub fn execute(&mut self, transfer: &Transfer) -> Result<(), TransferError> {
        if self.is_full() {
            return Err(TransferError::OverCapacity(self.chain.section().capacity));
        }
        self.execution.execute(self.chain.domain(), transfer)?;
        let header = if self.batch.is_empty() { Body::HEADER_BYTES as u64 } else { 0 };
        self.room -= header + Transfer::BYTES as u64;
        self.batch.push(transfer.clone());
        Ok(())
    }

    /// Whether a whole batch is executed and should leave.
    #[must_use]
    pub fn batch_is_whole(&self) -> bool {
        self.batch.len() as u64 >= u64::from(self.chain.section().batch)
    }

    /// A BODY part of what is executed and has not left yet.
    pub fn take_body(&mut self) -> Option<Part> {
        if self.batch.is_empty() {
            return None;
        }
        let body = Body { transfers: std::mem::take(&mut self.batch) };
        let payload = body.encode();
        self.bodies.push(body);
        Some(Part { index: self.bodies.len() as u32, kind: PartKind::Body, payload })
    }

    /// Closes the block. What was executed since the last BODY is not part of it unless it was taken.
    pub fn finish(mut self) -> Result<(Part, Block), BuildError> {
        // Callers take the last BODY first; if they did not, it must not be lost silently.
        self.take_body();
        let (fin, state) = self.chain.seal(&self.parent, &self.init, self.builder, self.execution)?;
        let part = Part { index: self.bodies.len() as u32 + 1, kind: PartKind::Fin, payload: fin.encode() };
        Ok((part, Block { proposal: Proposal { init: self.init, bodies: self.bodies, fin }, state }))
    }
}
