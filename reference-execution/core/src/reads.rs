//! What only reads: the core checks the range, the shell answers.

use ecp_types::{Feature, Height, Reason};

use crate::{
    CallId, Effect, Refusal, State,
    effect::Read,
    input::{Finalize, ReframeInit},
    state::{OpenCall, Out, Target},
};

/// Streams of decided blocks at a time: each holds a thread while its caller is slow.
const DECIDED_MAX: usize = 16;

impl State {
    /// Facts of a height: from the archive's earliest to committed + 1 (ECP-HGT-002).
    pub(crate) fn read_params(&self, id: CallId, height: Height, out: &mut Out) -> Result<(), Refusal> {
        let next = self.height();
        if height > next || (height == next && self.next_params.is_none()) {
            return Err(Refusal::new(
                Reason::NotReady,
                format_args!("The parameters of height {height} are not known yet."),
            ));
        }
        self.check_archived(height, next)?;
        out.push(Effect::Read(id, Read::HeightParams(height)));
        Ok(())
    }

    /// Decided blocks in a range (ECP-SYN-002).
    pub(crate) fn read_decided(
        &mut self,
        id: CallId,
        serial: u64,
        from: Height,
        to: Height,
        out: &mut Out,
    ) -> Result<(), Refusal> {
        if to < from {
            return Err(Refusal::field("to", format_args!("must be {from} or more, is {to}")));
        }
        self.check_committed(to)?;
        self.check_archived(from, self.height())?;
        let sent = self.calls.values().filter(|call| call.target == Target::Decided).count();
        if sent >= DECIDED_MAX {
            return Err(Refusal::new(Reason::Busy, format_args!("{sent} streams of decided blocks are open."))
                .retry_after(1000));
        }
        // Until the transport drops it: a new session ends those of the one that it replaces (ECP-ORD-008).
        self.calls.insert(id, OpenCall { serial, target: Target::Decided });
        out.push(Effect::Read(id, Read::Decided(from, to)));
        Ok(())
    }

    /// A block hash, or not yet (ECP-SYN-008).
    pub(crate) fn read_block_hash(&self, id: CallId, height: Height, out: &mut Out) -> Result<(), Refusal> {
        self.check_committed(height)?;
        self.check_archived(height, self.height())?;
        out.push(Effect::Read(id, Read::BlockHash(height)));
        Ok(())
    }

    /// The INIT of a reproposal: pure (ECP-BLD-010).
    pub(crate) fn read_reframe(&self, id: CallId, reframe: ReframeInit, out: &mut Out) -> Result<(), Refusal> {
        if reframe.valid_round >= reframe.round {
            return Err(Refusal::field(
                "valid_round",
                format_args!("must be below round {}, is {}", reframe.round, reframe.valid_round),
            ));
        }
        self.check_phase()?;
        self.check_height(reframe.height)?;
        out.push(Effect::Read(id, Read::ReframeInit(reframe)));
        Ok(())
    }

    /// Late precommits and evidence of a committed height (ECP-DEC-011).
    pub(crate) fn finalize(&self, id: CallId, finalize: Finalize, out: &mut Out) -> Result<(), Refusal> {
        if finalize.certificate.height != finalize.height {
            return Err(Refusal::field("certificate.height", "differs from height"));
        }
        if !self.sessions.agreed(Feature::Finalize) {
            return Err(Refusal::new(Reason::FeatureNotNegotiated, "Finalize needs FEATURE_FINALIZE."));
        }
        self.check_phase()?;
        if self.committed.is_none_or(|p| finalize.height > p.height) {
            return Err(self.height_mismatch(finalize.height));
        }
        out.push(Effect::StoreFinalize(id, Box::new(finalize)));
        Ok(())
    }

    fn check_committed(&self, height: Height) -> Result<(), Refusal> {
        if self.committed.is_some_and(|p| height <= p.height) {
            return Ok(());
        }
        Err(Refusal::new(Reason::NotReady, format_args!("Height {height} is not committed yet.")))
    }

    fn check_archived(&self, height: Height, next: Height) -> Result<(), Refusal> {
        let earliest = self.earliest.unwrap_or(next);
        if height >= earliest {
            return Ok(());
        }
        Err(Refusal::new(Reason::Pruned, format_args!("The archive begins at height {earliest}, not {height}."))
            .with("earliest", earliest))
    }
}
