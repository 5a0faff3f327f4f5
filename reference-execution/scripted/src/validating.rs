//! One validation.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use ecp_execution_core::seams::{EngineFault, Validation, ValidationStep};
use ecp_testchain::{BlockCheck, Invalid};
use ecp_types::{Commitment, Height, LocalReason, Part};

use crate::engine::{Shared, fault};

pub(crate) struct ScriptedValidation {
    shared: Arc<Shared>,
    height: Height,
    check: BlockCheck,
    ended: bool,
    dropped: Arc<AtomicBool>,
}

impl ScriptedValidation {
    pub(crate) fn new(shared: Arc<Shared>, height: Height, check: BlockCheck) -> Self {
        Self { shared, height, check, ended: false, dropped: Arc::new(AtomicBool::new(false)) }
    }

    /// Executes what came, and after the end compares the results with FIN.
    fn advance(&mut self) -> Result<ValidationStep, EngineFault> {
        if (self.ended || self.check.has_next())
            && let Some(missing) = self.shared.missing(self.height)
        {
            return Ok(ValidationStep::Waiting(missing));
        }
        while let Some(cost) = self.check.execute_next() {
            self.shared.pace.work(cost);
            if self.dropped.load(Ordering::Relaxed) {
                return Ok(ValidationStep::Continue);
            }
        }
        if !self.ended {
            return Ok(ValidationStep::Continue);
        }
        match self.check.finish().map_err(fault)? {
            Ok(block) => {
                let executed = self.shared.executed(self.check.parent(), block);
                Ok(ValidationStep::Complete { executed, local: self.local_objection() })
            }
            Err(invalid) => Ok(refused(invalid)),
        }
    }
}

impl Validation for ScriptedValidation {
    fn part(&mut self, part: Part) -> Result<ValidationStep, EngineFault> {
        match self.check.part(&part) {
            Ok(()) => self.advance(),
            Err(invalid) => Ok(refused(invalid)),
        }
    }

    fn end(&mut self) -> Result<ValidationStep, EngineFault> {
        self.ended = true;
        self.advance()
    }

    fn resume(&mut self) -> Result<ValidationStep, EngineFault> {
        self.advance()
    }

    fn local_objection(&self) -> Option<(LocalReason, String)> {
        let (timestamp, now) = (self.check.timestamp_ms()?, self.shared.clock.unix_ms());
        if self.shared.chain.timestamp_in_window(timestamp, now) {
            return None;
        }
        let window = self.shared.chain.section().window_ms;
        let text = format!("timestamp {timestamp} is more than {window} ms ahead of this node's clock, {now}");
        Some((LocalReason::TimestampWindow, text))
    }

    fn stop_when(&mut self, dropped: Arc<AtomicBool>) {
        self.dropped = dropped;
    }

    fn computed(&self) -> Option<Commitment> {
        self.check.computed()
    }
}

fn refused(invalid: Invalid) -> ValidationStep {
    ValidationStep::Invalid(invalid.reason, invalid.detail)
}
