//! A proposal that is checked as its parts arrive.

use std::{sync::Arc, time::Duration};

use ecp_types::{Commitment, HeightParams, InvalidReason, Part, PartKind};

use crate::{Block, Body, BuildError, Chain, ChainState, Fin, Init, Proposal, Slot, TransferError, state::Execution};

/// Why a proposal is INVALID, for everyone and for ever (ECP-VAL-003).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason:?}: {detail}")]
pub struct Invalid {
    /// The reason.
    pub reason: InvalidReason,
    /// For people.
    pub detail: String,
}

impl Invalid {
    fn new(reason: InvalidReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

/// Takes parts in order and executes transfers one by one, in the order of rules that the page defines.
#[derive(Debug, Clone)]
pub struct BlockCheck {
    chain: Arc<Chain>,
    parent: Arc<ChainState>,
    slot: Slot,
    params: HeightParams,
    /// Sum of the payload sizes so far.
    bytes: u64,
    init: Option<Init>,
    bodies: Vec<Body>,
    fin: Option<Fin>,
    /// Transfers in all bodies.
    sent: u64,
    execution: Execution,
    /// Body and place in it of the next transfer to execute.
    cursor: (usize, usize),
    /// The first transfer that cannot be executed; nothing after it is.
    failure: Option<TransferError>,
}

impl BlockCheck {
    /// Begins a check on top of `parent`.
    pub fn new(chain: Arc<Chain>, parent: Arc<ChainState>, slot: Slot) -> Result<Self, BuildError> {
        let params = chain.next_params(&parent, slot.height)?;
        let execution = Execution::new(&parent, chain.section().capacity);
        Ok(Self {
            chain,
            parent,
            slot,
            params,
            bytes: 0,
            init: None,
            bodies: Vec::new(),
            fin: None,
            sent: 0,
            execution,
            cursor: (0, 0),
            failure: None,
        })
    }

    /// Takes the next part; nothing is executed yet. Parts after FIN and kinds out of order are malformed.
    pub fn part(&mut self, part: &Part) -> Result<(), Invalid> {
        self.bytes = self.bytes.saturating_add(part.payload.len() as u64);
        let limit = self.params.max_proposal_bytes;
        if self.bytes > limit {
            let detail = format!("the payloads exceed {limit} bytes");
            return Err(Invalid::new(InvalidReason::ProposalTooLarge, detail));
        }
        let malformed = |error: crate::BadPayload| Invalid::new(InvalidReason::PayloadMalformed, error.to_string());
        match (part.kind, &self.init, &self.fin) {
            (PartKind::Init, None, None) => {
                let init = Init::decode(&part.payload).map_err(malformed)?;
                self.check_init(&init)?;
                self.init = Some(init);
            }
            (PartKind::Body, Some(_), None) => {
                let body = Body::decode(&part.payload).map_err(malformed)?;
                self.sent += body.transfers.len() as u64;
                self.bodies.push(body);
            }
            (PartKind::Fin, Some(_), None) => {
                let fin = Fin::decode(&part.payload).map_err(malformed)?;
                if fin.executed_count > self.sent {
                    let detail = format!("FIN counts {} transfers, {} were sent", fin.executed_count, self.sent);
                    return Err(Invalid::new(InvalidReason::CountExceedsSent, detail));
                }
                self.fin = Some(fin);
            }
            _ => return Err(Invalid::new(InvalidReason::PayloadMalformed, "parts are INIT, BODY..., FIN")),
        }
        Ok(())
    }

    fn check_init(&self, init: &Init) -> Result<(), Invalid> {
        if init.slot() != self.slot {
            let detail = format!("INIT names {:?}, the open message {:?}", init.slot(), self.slot);
            return Err(Invalid::new(InvalidReason::InitMismatch, detail));
        }
        if init.parent != self.parent.parent {
            let detail = format!("the parent is {}, not {}", self.parent.parent, init.parent);
            return Err(Invalid::new(InvalidReason::HeaderRule, detail));
        }
        if init.timestamp_ms < self.parent.timestamp_ms {
            let detail = format!("timestamp {} is before the parent's {}", init.timestamp_ms, self.parent.timestamp_ms);
            return Err(Invalid::new(InvalidReason::HeaderRule, detail));
        }
        Ok(())
    }

    /// Timestamp of INIT, if it came.
    #[must_use]
    pub fn timestamp_ms(&self) -> Option<u64> {
        self.init.as_ref().map(|init| init.timestamp_ms)
    }

    /// The state that the proposal stands on.
    #[must_use]
    pub fn parent(&self) -> &ChainState {
        &self.parent
    }

    /// Whether FIN came.
    #[must_use]
    pub const fn has_fin(&self) -> bool {
        self.fin.is_some()
    }

    /// Whether a transfer can be executed now.
    #[must_use]
    pub fn has_next(&self) -> bool {
        let wanted = self.fin.as_ref().map_or(self.sent, |fin| fin.executed_count);
        self.failure.is_none() && (self.execution.executed.len() as u64) < wanted
    }

    /// Executes the next transfer of what was sent, and says how long that must take. `None`: nothing to execute.
    /// A transfer that fails takes no time; it counts only if FIN does not leave it out.
    pub fn execute_next(&mut self) -> Option<Duration> {
        if !self.has_next() {
            return None;
        }
        let (body, place) = self.cursor;
        let transfer = self.bodies.get(body)?.transfers.get(place)?;
        let cost = match self.execution.execute(self.chain.domain(), transfer) {
            Ok(()) => Duration::from_millis(u64::from(transfer.cost_ms)),
            Err(error) => {
                self.failure = Some(error);
                Duration::ZERO
            }
        };
        self.cursor = if place + 1 < self.bodies[body].transfers.len() { (body, place + 1) } else { (body + 1, 0) };
        Some(cost)
    }

    /// Executes what is left, without waiting, and compares the results with FIN.
    pub fn finish(&mut self) -> Result<Result<Block, Invalid>, BuildError> {
        while self.execute_next().is_some() {}
        let (Some(init), Some(fin)) = (&self.init, &self.fin) else {
            return Ok(Err(Invalid::new(InvalidReason::PayloadMalformed, "INIT or FIN is missing")));
        };
        let executed = self.execution.executed.len() as u64;
        if let (Some(error), true) = (&self.failure, executed < fin.executed_count) {
            return Ok(Err(Invalid::new(error.reason(), format!("transfer {executed}: {error}"))));
        }
        let execution = self.prefix(fin.executed_count)?;
        let (computed, state) = self.chain.seal(&self.parent, init, self.params.builder, execution)?;
        if computed.state_digest != fin.state_digest {
            return Ok(Err(Invalid::new(InvalidReason::FinMismatch, "FIN names another state digest than execution")));
        }
        if computed.commitment != fin.commitment {
            let detail = format!("execution gives {}, FIN names {}", computed.commitment, fin.commitment);
            return Ok(Err(Invalid::new(InvalidReason::CommitmentMismatch, detail)));
        }
        let proposal = Proposal { init: init.clone(), bodies: self.bodies.clone(), fin: fin.clone() };
        Ok(Ok(Block { proposal, state }))
    }

    /// After an INVALID: the commitment that INIT and the executed prefix have by their content, capacity left aside; of a
    /// prefix that cannot be executed, with the state digest that FIN names (ECP-SYN-014). `None` if parts are missing.
    #[must_use]
    pub fn computed(&self) -> Option<Commitment> {
        let (init, fin) = (self.init.as_ref()?, self.fin.as_ref()?);
        let mut execution = Execution::new(&self.parent, u32::MAX);
        let transfers = self.bodies.iter().flat_map(|body| &body.transfers);
        for (transfer, _) in transfers.zip(0..fin.executed_count) {
            if execution.execute(self.chain.domain(), transfer).is_err() {
                let count = usize::try_from(fin.executed_count).ok()?;
                let sent = self.bodies.iter().flat_map(|body| &body.transfers).take(count).cloned().collect::<Vec<_>>();
                let (parent, builder) = (&self.parent, self.params.builder);
                return self.chain.content_commitment(parent, init, builder, &sent, fin.state_digest).ok();
            }
        }
        self.chain.seal(&self.parent, init, self.params.builder, execution).ok().map(|(fin, _)| fin.commitment)
    }

    /// The results of the first `count` transfers: what was executed beyond them is undone.
    fn prefix(&self, count: u64) -> Result<Execution, BuildError> {
        let executed = &self.execution.executed;
        if executed.len() as u64 <= count {
            return Ok(self.execution.clone());
        }
        let mut execution = Execution::new(&self.parent, self.chain.section().capacity);
        for (transfer, index) in executed.iter().zip(0..count) {
            execution.execute(self.chain.domain(), transfer).map_err(|error| BuildError::Transfer { index, error })?;
        }
        Ok(execution)
    }
}
