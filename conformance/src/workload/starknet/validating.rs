//! A validation on the recorded chain: what is recorded on the head is valid, and nothing else.

use std::sync::Arc;

use ecp_execution_core::seams::{EngineFault, Slot, Validation, ValidationStep};
use ecp_types::{Commitment, InvalidReason, LocalReason, Part, PartKind};
use prost::Message as _;

use super::{
    StarknetChain,
    check::{self, Payloads},
    engine::{Shared, model_slot},
    wire,
};

/// How many seconds a timestamp may lie ahead of the clock.
const WINDOW_S: u64 = 60;

/// One validation.
pub(super) struct RecordedValidation {
    shared: Arc<Shared>,
    slot: Slot,
    /// Place of the head.
    parent: Option<usize>,
    parts: Vec<Part>,
    timestamp: Option<u64>,
    ended: bool,
    computed: Option<Commitment>,
}

impl RecordedValidation {
    /// Validates a proposal of `slot` on the block at `parent`.
    pub(super) const fn new(shared: Arc<Shared>, slot: Slot, parent: Option<usize>) -> Self {
        Self { shared, slot, parent, parts: Vec::new(), timestamp: None, ended: false, computed: None }
    }

    fn advance(&mut self) -> Result<ValidationStep, EngineFault> {
        if !self.ended {
            return Ok(ValidationStep::Continue);
        }
        if let Some(missing) = self.shared.missing(self.slot.height) {
            return Ok(ValidationStep::Waiting(missing));
        }
        match self.recorded() {
            Ok(place) => {
                let executed = self.shared.executed(place, &self.parts)?;
                Ok(ValidationStep::Complete { executed, local: self.local_objection() })
            }
            Err((reason, text)) => Ok(ValidationStep::Invalid(reason, text)),
        }
    }

    /// The recorded block that the parts are, or where they first differ from all that are recorded on the head.
    fn recorded(&mut self) -> Result<usize, (InvalidReason, String)> {
        let payloads = Payloads::read(&self.parts).map_err(|why| (InvalidReason::PayloadMalformed, why))?;
        let executed = payloads.executed().map_err(|why| (InvalidReason::CountExceedsSent, why))?;
        let slot = model_slot(&self.slot);
        let recording = self.shared.recording;
        let known = || {
            let same = |block| StarknetChain::init(block, slot).is_ok_and(|init| init == payloads.init);
            recording.after(self.parent).filter(move |(_, block)| same(*block))
        };
        if known().next().is_none() {
            return Err((InvalidReason::HeaderRule, "no block with this INIT is recorded on the head".to_owned()));
        }
        let Some((place, block)) = known().find(|(_, block)| recording.transactions(block) == executed) else {
            let text = "no block with these transactions is recorded on the head".to_owned();
            return Err((InvalidReason::TransactionInvalid, text));
        };
        self.computed = Some(block.commitment);
        if payloads.commitment != block.commitment {
            let text = format!("FIN names {}, execution gives {}", payloads.commitment, block.commitment);
            return Err((InvalidReason::CommitmentMismatch, text));
        }
        if wire::ProposalFin::decode(&*block.fin.0).ok().as_ref() != Some(&payloads.fin) {
            let text = "FIN differs from the recorded one in more than the commitment".to_owned();
            return Err((InvalidReason::FinMismatch, text));
        }
        Ok(place)
    }

    /// Takes INIT, whose slot is known to be the one that was opened.
    fn init(&mut self, part: &Part) -> Result<(), (InvalidReason, String)> {
        let init = wire::ProposalInit::decode(part.payload.clone());
        let init = init.map_err(|e| (InvalidReason::PayloadMalformed, format!("INIT is no ProposalInit: {e}")))?;
        let named = check::slot(&init).map_err(|why| (InvalidReason::PayloadMalformed, why))?;
        let wanted = model_slot(&self.slot);
        if named != wanted {
            return Err((InvalidReason::InitMismatch, format!("INIT names {named:?} instead of {wanted:?}")));
        }
        self.timestamp = Some(init.timestamp);
        Ok(())
    }
}

impl Validation for RecordedValidation {
    fn part(&mut self, part: Part) -> Result<ValidationStep, EngineFault> {
        if part.kind == PartKind::Init
            && let Err((reason, text)) = self.init(&part)
        {
            return Ok(ValidationStep::Invalid(reason, text));
        }
        self.parts.push(part);
        self.advance()
    }

    fn end(&mut self) -> Result<ValidationStep, EngineFault> {
        self.ended = true;
        self.advance()
    }

    fn resume(&mut self) -> Result<ValidationStep, EngineFault> {
        self.advance()
    }

    fn local_objection(&self) -> Option<(LocalReason, String)> {
        let (timestamp, now) = (self.timestamp?, self.shared.clock.unix_ms() / 1000);
        let text = || format!("timestamp {timestamp} is more than {WINDOW_S} s ahead of this node's clock, {now}");
        (timestamp > now.saturating_add(WINDOW_S)).then(|| (LocalReason::TimestampWindow, text()))
    }

    fn computed(&self) -> Option<Commitment> {
        self.computed
    }
}
