//! After each handshake: the two positions are compared, and what is missing on either side is made up for.
//! What is done is the recovery table of the specification.

use ecp_types::{
    Certificate, Height, HeightParams, LastSigned, Position, Round, SignedStep,
    recovery::relation,
    tables::recovery::{RecoveryAction, recovery},
};

use crate::{
    certificate,
    effect::{Call, Check, Effect, Halt, Write},
    input::Outcome,
    model::Failure,
    session::{Link, Settled},
    state::{Gate, Purpose, State},
};

/// Where recovery stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Recovery {
    pub(crate) stage: Stage,
    pub(crate) gate: Gate,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) enum Stage {
    /// No session.
    #[default]
    None,
    /// The positions are to be compared.
    Due { new_instance: bool },
    /// The execution half is ahead: this height's certificate is to be verified next.
    Gap { height: Height, params: Option<Box<HeightParams>>, certificate: Option<Certificate> },
    /// Both agree on everything at or below the lower position.
    Finished,
}

impl Recovery {
    pub(crate) fn due(new_instance: bool) -> Self {
        Self { stage: Stage::Due { new_instance }, gate: Gate::Idle }
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.stage == Stage::Finished
    }
}

impl State {
    pub(crate) fn advance_recovery(&mut self, fx: &mut Vec<Effect>) {
        if self.session.link != Link::Up {
            return;
        }
        if let Stage::Due { new_instance } = self.recovery.stage {
            self.compare_positions(new_instance, fx);
        }
        if self.halted || self.recovery.gate != Gate::Idle {
            return;
        }
        let Stage::Gap { height, params, certificate } = &self.recovery.stage else { return };
        let height = *height;
        let id = match (params, certificate) {
            (None, _) => self.call(Purpose::GapParams(height), Call::GetHeightParams(height), fx),
            (Some(_), None) => self.call(Purpose::GapCertificate(height), Call::GetCertificate(height), fx),
            // The signatures are being checked.
            (Some(_), Some(_)) => return,
        };
        self.recovery.gate = Gate::InFlight(id);
    }

    /// Does what the recovery table says (ECP-REC-009).
    fn compare_positions(&mut self, new_instance: bool, fx: &mut Vec<Effect>) {
        let (own, theirs) = (self.durable.position(), self.session.position);
        let decided = &self.durable.decided;
        let kept = |height| decided.get(&height).is_some_and(|d| d.body.is_some());
        let known = |height| decided.get(&height).map(|d| d.certificate.commitment);
        let relation = relation(&own, &theirs, self.session.first_height, kept, known);
        let action = recovery(relation, new_instance);
        self.recovery.stage = Stage::Finished;
        match action {
            RecoveryAction::Halt => {
                let text = "the execution half committed another block than the one certified here";
                self.halt(Halt::Diverged(text.to_owned()), fx);
            }
            // From this half's own height on: what was certified here must be what is committed there. What the
            // archive no longer has cannot be verified.
            RecoveryAction::VerifyAndFollow | RecoveryAction::VerifyFromPeers => {
                let from = own.decided().map_or(self.session.first_height, |p| p.height);
                let height = from.max(theirs.earliest.unwrap_or(from));
                self.recovery.stage = Stage::Gap { height, params: None, certificate: None };
            }
            RecoveryAction::FetchAndImport => {
                let through = own.decided().map_or(0, |p| p.height);
                let floor = LastSigned { height: through, round: Round::MAX, step: SignedStep::Precommit };
                fx.push(Effect::RaiseSigningFloor(floor));
                self.persist(vec![Write::Refetch(theirs.committed)], fx);
                self.leave_height_behind(through, fx);
            }
            RecoveryAction::ImportKept => {
                let through = own.decided().map_or(0, |p| p.height);
                self.import_due.extend(self.session.next_height()..=through);
            }
            RecoveryAction::Decide | RecoveryAction::Continue | RecoveryAction::Restore => {}
        }
        // A Decide whose reply was lost: the position is the answer (ECP-ERR-005).
        if let Some(position) = theirs.committed.filter(|_| self.recovery.is_finished() && !self.halted)
            && own.committed.is_none_or(|p| p.height < position.height)
        {
            self.acknowledge(position, fx);
        }
    }

    pub(crate) fn on_gap_params(&mut self, at: Height, result: Result<Outcome, Failure>, fx: &mut Vec<Effect>) {
        self.recovery.gate = Gate::Idle;
        match result {
            Ok(Outcome::Params(told)) if told.height == at => {
                if let Stage::Gap { height, params, .. } = &mut self.recovery.stage
                    && *height == at
                {
                    *params = Some(Box::new(told));
                }
            }
            Ok(_) => self.lose_session(format!("GetHeightParams({at}) told another height"), fx),
            Err(failure) => self.settle_gap(&failure, fx),
        }
    }

    pub(crate) fn on_gap_certificate(&mut self, at: Height, result: Result<Outcome, Failure>, fx: &mut Vec<Effect>) {
        self.recovery.gate = Gate::Idle;
        let told = match result {
            Ok(Outcome::Certificate(told)) => told,
            Ok(_) => return self.lose_session(format!("GetDecided({at}) told no certificate"), fx),
            Err(failure) => return self.settle_gap(&failure, fx),
        };
        let Stage::Gap { height, params: Some(params), certificate } = &mut self.recovery.stage else { return };
        if *height != at {
            return;
        }
        if let Err(bad) = certificate::check(&told, params) {
            let text = format!("the execution half's block {at} has no valid certificate: {bad}");
            return self.halt(Halt::Refused(text), fx);
        }
        fx.push(Effect::CheckCertificate { check: Check::Gap, certificate: told.clone(), params: params.clone() });
        *certificate = Some(told);
    }

    pub(crate) fn on_certificate_checked(&mut self, at: Height, valid: bool, fx: &mut Vec<Effect>) {
        let Stage::Gap { height, certificate: Some(certificate), .. } = &self.recovery.stage else { return };
        if *height != at {
            return;
        }
        if !valid {
            let text = format!("the execution half's block {at} has a certificate with a wrong signature");
            return self.halt(Halt::Refused(text), fx);
        }
        let Some(target) = self.session.position.committed else { return };
        let position = Position { height: at, commitment: certificate.commitment };
        if self.durable.certified.is_some_and(|own| own.height == at && own != position) {
            let text = format!("the execution half committed another block at {at} than the one certified here");
            return self.halt(Halt::Diverged(text), fx);
        }
        if at < target.height {
            self.recovery.stage = Stage::Gap { height: at.saturating_add(1), params: None, certificate: None };
            return;
        }
        if position != target {
            let text = format!("the execution half committed another block at {at} than its certificate names");
            return self.halt(Halt::Diverged(text), fx);
        }
        let floor = LastSigned { height: at, round: Round::MAX, step: SignedStep::Precommit };
        fx.push(Effect::RaiseSigningFloor(floor));
        let keep_from = at.saturating_add(1);
        self.persist(vec![Write::Adopted(position), Write::Prune { keep_from, decided: at }], fx);
        self.recovery.stage = Stage::Finished;
        self.leave_height_behind(at, fx);
    }

    fn settle_gap(&mut self, failure: &Failure, fx: &mut Vec<Effect>) {
        match self.settle(failure, fx) {
            Settled::Again(gate) => self.recovery.gate = gate,
            Settled::Lost => {}
            Settled::Resync | Settled::GiveUp => {
                let text = format!("the certificates that the execution half is ahead by cannot be read: {failure}");
                self.halt(Halt::Refused(text), fx);
            }
        }
    }
}
