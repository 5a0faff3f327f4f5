//! What the half can do now, and who hears of it: halting, draining, the watched state (ECP-SES-013, ECP-SES-016).

use ecp_types::{Phase, Reason, Verdict, WatchState};

use crate::{
    CallId, Effect, Refusal, State,
    state::{Out, Target},
};

impl State {
    /// Whether the phase lets a call that needs the tip in, and what says no (in the table's order).
    pub(crate) fn check_phase(&self) -> Result<(), Refusal> {
        match self.phase {
            Phase::Ready => Ok(()),
            Phase::Halted | Phase::Diverged => {
                Err(Refusal::new(Reason::Halted, format_args!("Stopped: {}.", self.phase_reason)))
            }
            Phase::Draining => Err(Refusal::new(Reason::Draining, "Shutting down.").retry_after(1000)),
            Phase::Syncing => Err(Refusal::new(Reason::Syncing, "Syncing.")),
        }
    }

    /// Stops until an operator acts. Everything that runs is dropped; nothing durable changes.
    pub(crate) fn stop(&mut self, phase: Phase, reason: String, out: &mut Out) {
        if matches!(self.phase, Phase::Halted | Phase::Diverged) {
            return;
        }
        self.phase = phase;
        self.phase_reason = reason;
        let refusal = Refusal::new(Reason::Halted, format_args!("Stopped: {}.", self.phase_reason));
        let writing = self.lane.writing_calls();
        let ended: Vec<CallId> = self
            .calls
            .iter()
            // A block that is being written is finished; Watch tells why it stopped.
            // What only reads goes on: it needs no tip.
            .filter(|(id, call)| !matches!(call.target, Target::Watch | Target::Decided) && !writing.contains(id))
            .map(|(id, _)| *id)
            .collect();
        for id in ended {
            self.calls.remove(&id);
            out.push(Effect::Refuse(id, refusal.clone()));
        }
        self.receiving.clear();
        let kept = self.lane.stop(out);
        self.forget_height(kept, out);
    }

    pub(crate) fn watch(&mut self, out: &mut Out) {
        let state = WatchState {
            instance_id: self.config.instance_id,
            phase: self.phase,
            reason: self.phase_reason.clone(),
            committed: self.committed,
            block_hash_height: self.block_hash_height,
            params_height: self.next_params.as_ref().map(|p| p.height).or(self.committed.map(|p| p.height)),
            network_tip: None,
            sequence: 0,
        };
        if self.watched.as_ref() != Some(&state) {
            self.watched = Some(state.clone());
            out.push(Effect::Watch(Box::new(state)));
        }
    }

    /// The process was asked to end.
    pub(crate) fn begin_draining(&mut self) {
        self.draining = true;
        if matches!(self.phase, Phase::Ready | Phase::Syncing) {
            self.phase = Phase::Draining;
            "the process was asked to end".clone_into(&mut self.phase_reason);
        }
    }

    /// What is not finished by now ends, but for what the lane accepted (ECP-SES-031).
    pub(crate) fn drain_now(&mut self, out: &mut Out) {
        if self.phase != Phase::Draining {
            return;
        }
        let refusal = Refusal::new(Reason::Draining, "Shutting down.").retry_after(1000);
        let accepted = self.lane.current_calls();
        let open: Vec<(CallId, Target)> = self
            .calls
            .iter()
            .filter(|(id, call)| call.target != Target::Watch && !accepted.contains(id))
            .map(|(id, call)| (*id, call.target))
            .collect();
        for (id, target) in open {
            match target {
                Target::Validate(work) if self.lane.awaits(work) => {}
                Target::Validate(work) => {
                    self.conclude(work, Verdict::Aborted, out);
                    self.drop_validation(work, out);
                }
                _ => {
                    self.calls.remove(&id);
                    self.receiving.remove(&id);
                    out.push(Effect::Refuse(id, refusal.clone()));
                }
            }
        }
        self.lane.refuse_queue();
        self.import_patience_ended(out);
    }

    /// Tells whoever waits for the end that nothing runs any more.
    pub(crate) fn drain(&mut self, out: &mut Out) {
        // What is stopped has nothing to finish but what is being written.
        let over = match self.phase {
            Phase::Draining => self.calls.values().all(|call| call.target == Target::Watch),
            Phase::Halted | Phase::Diverged => true,
            Phase::Ready | Phase::Syncing => false,
        };
        if self.draining && over && self.lane.is_idle() {
            self.draining = false;
            out.push(Effect::Drained);
        }
    }
}
