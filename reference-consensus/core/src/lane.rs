//! StartRound, Decide and ImportDecided: one in flight, decisions before rounds (ECP-ORD-001, ECP-DEC-014).

use ecp_types::{Feature, Height, Position, RoundRole, limits::BODIES_KEPT_MIN};

use crate::{
    effect::{Call, Effect, Halt, Note, Parts, Write},
    input::{Imported, Outcome},
    model::{Failure, Slot},
    session::Settled,
    state::{Gate, Purpose, State},
};

/// Troubles in a row after which a decision that cannot be handed over stops the half.
const TROUBLES_MAX: u32 = 20;

impl State {
    /// Calls what is due next, if nothing is in flight.
    pub(crate) fn advance_lane(&mut self, fx: &mut Vec<Effect>) {
        if self.lane != Gate::Idle || !self.recovery.is_finished() || !self.session.is_ready() {
            return;
        }
        let next = self.session.next_height();
        if self.durable.certified.is_some_and(|p| p.height >= next) {
            self.hand_over_decision(next, fx);
        } else if !self.import_synced(next, fx) {
            self.announce_round(next, fx);
        }
    }

    fn hand_over_decision(&mut self, height: Height, fx: &mut Vec<Effect>) {
        let Some(decided) = self.durable.decided.get(&height).cloned() else {
            return self.halt(Halt::Refused(format!("decided block {height} is not kept here")), fx);
        };
        let id = match (self.import_due.contains(&height), decided.body) {
            (false, _) => self.call(Purpose::Decide(height), Call::Decide(decided.certificate), fx),
            (true, Some(body)) => {
                let call = Call::Import { certificate: decided.certificate, source: Parts::Stored(body) };
                self.call(Purpose::Import(height), call, fx)
            }
            (true, None) => {
                // After a restart the engine gets it again from its peers.
                let text = format!("neither half holds the body of decided block {height}: start again to fetch it");
                return self.halt(Halt::Restart(text), fx);
            }
        };
        self.lane = Gate::InFlight(id);
    }

    fn announce_round(&mut self, next: Height, fx: &mut Vec<Effect>) {
        let Some(state) = self.height.as_ref().filter(|h| h.params.height == next && !h.decided) else { return };
        let Some(current) = state.current.filter(|c| !c.announced) else { return };
        let slot = Slot { height: next, round: current.round };
        // Nothing is to be prepared for a height that the network has left (ECP-SYN-018).
        let role = match current.role {
            RoundRole::Proposer if self.session.network_has(next) => RoundRole::Validator,
            role => role,
        };
        let call = Call::StartRound { slot, role, proposer: current.proposer };
        let id = self.call(Purpose::StartRound(slot), call, fx);
        self.lane = Gate::InFlight(id);
    }

    pub(crate) fn on_round_started(&mut self, slot: Slot, result: Result<Outcome, Failure>, fx: &mut Vec<Effect>) {
        self.lane = Gate::Idle;
        match result {
            Ok(_) => {
                let state = self.height.as_mut().filter(|h| h.params.height == slot.height);
                if let Some(current) = state.and_then(|h| h.current.as_mut()).filter(|c| c.round == slot.round) {
                    current.announced = true;
                }
            }
            Err(failure) => self.settle_lane(&failure, fx),
        }
    }

    /// A lane call that can neither be repeated nor left out: read the position again, and stop if that never helps
    /// (ECP-ERR-010).
    pub(crate) fn settle_lane(&mut self, failure: &Failure, fx: &mut Vec<Effect>) {
        match self.settle(failure, fx) {
            Settled::Again(gate) => self.lane = gate,
            Settled::Lost => {}
            Settled::Resync | Settled::GiveUp if self.session.troubles > TROUBLES_MAX => {
                self.halt(Halt::Refused(failure.to_string()), fx);
            }
            Settled::Resync | Settled::GiveUp => self.lose_session(failure.to_string(), fx),
        }
    }

    pub(crate) fn on_decide_returned(
        &mut self,
        height: Height,
        result: Result<Outcome, Failure>,
        fx: &mut Vec<Effect>,
    ) {
        self.lane = Gate::Idle;
        match result {
            Ok(Outcome::Decided { committed, next_params }) => self.on_committed(height, committed, next_params, fx),
            Ok(_) => self.lose_session("another call's answer to Decide".to_owned(), fx),
            // UNKNOWN_PROPOSAL: the only action is ImportDecided (ECP-DEC-005).
            Err(failure) if failure.action == ecp_types::Action::Resync => {
                self.import_due.insert(height);
            }
            Err(failure) => self.settle_lane(&failure, fx),
        }
    }

    pub(crate) fn on_import_returned(
        &mut self,
        height: Height,
        result: Result<Outcome, Failure>,
        fx: &mut Vec<Effect>,
    ) {
        self.lane = Gate::Idle;
        let imported = match result {
            Ok(Outcome::Imported(imported)) => imported,
            Ok(_) => return self.lose_session("another call's answer to ImportDecided".to_owned(), fx),
            Err(failure) => return self.settle_lane(&failure, fx),
        };
        match imported {
            Imported::Committed { committed, next_params } => {
                self.on_committed(height, committed, next_params.map(|params| *params), fx);
            }
            Imported::NotReady(_) => self.lane = Gate::Watch,
            Imported::Conflict => {
                self.halt(Halt::Diverged(format!("the execution half committed another block at {height}")), fx);
            }
            // The body is of no use: another source may have a better one (ECP-SYN-006).
            Imported::Malformed(detail) => self.drop_bodies(height, &format!("is malformed: {detail}"), fx),
            Imported::Mismatch(computed) => {
                let computed = computed.map_or_else(|| "another one".to_owned(), |c| c.to_string());
                self.drop_bodies(height, &format!("executes to {computed}"), fx);
            }
        }
    }

    fn drop_bodies(&mut self, height: Height, what: &str, fx: &mut Vec<Effect>) {
        self.persist(vec![Write::Refetch(self.session.position.committed)], fx);
        let text = format!("the kept body of decided block {height} {what}: start again to fetch another one");
        self.halt(Halt::Restart(text), fx);
    }

    pub(crate) fn on_committed(
        &mut self,
        height: Height,
        committed: Position,
        next_params: Option<ecp_types::HeightParams>,
        fx: &mut Vec<Effect>,
    ) {
        let certified = self.durable.decided.get(&height).map(|d| d.certificate.commitment);
        if committed.height != height || certified.is_some_and(|c| c != committed.commitment) {
            let text = format!("block {height} was handed over, and {committed:?} is said to be committed");
            return self.halt(Halt::Diverged(text), fx);
        }
        self.acknowledge(committed, fx);
        if let Some(params) = next_params.filter(|p| p.height == height.saturating_add(1)) {
            self.remember_params(params, fx);
        }
    }

    /// The block is durable on the other side: written down, and what is no longer needed is forgotten.
    pub(crate) fn acknowledge(&mut self, committed: Position, fx: &mut Vec<Effect>) {
        self.session.position.committed = Some(committed);
        // The archive begins with the first block that it got.
        self.session.position.earliest.get_or_insert(committed.height);
        let keep_from = committed.height.saturating_add(1).saturating_sub(BODIES_KEPT_MIN);
        let decided = self.durable.certified.map_or(committed.height, |p| p.height);
        self.persist(vec![Write::Committed(committed), Write::Prune { keep_from, decided }], fx);
        self.import_due.remove(&committed.height);
        fx.push(Effect::Note(Note::Committed(committed)));
        let finals = self.finals.remove(&committed.height);
        if let Some((certificate, evidence)) = finals
            && self.has_feature(Feature::Finalize)
        {
            self.call(Purpose::BestEffort, Call::Finalize { certificate, evidence }, fx);
        }
    }
}
