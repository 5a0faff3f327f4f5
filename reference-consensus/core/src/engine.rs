//! The consensus engine's questions: answered at once from what is known, except those whose answer must be made.

use ecp_types::{
    Action, Certificate, Evidence, Feature, Felt, Height, HeightParams, LastSigned, Reason, Round, RoundRole,
    committee_hash,
    recovery::signing_record,
    tables::recovery::{Signing, signing},
};

use crate::{
    effect::{Answer, Call, Effect, Halt, Write},
    input::Outcome,
    model::{Failure, ProposedValue, ReplyId, Slot},
    session::Settled,
    state::{Current, Gate, HeightState, Purpose, State},
};

impl State {
    /// Asks for the parameters of the next height once everything decided is handed over.
    pub(crate) fn advance_params(&mut self, fx: &mut Vec<Effect>) {
        if self.params_gate != Gate::Idle || !self.recovery.is_finished() || !self.session.is_ready() {
            return;
        }
        let next = self.next_height();
        let asked = !self.engine_started || self.start_reply.is_some();
        if !asked || next != self.session.next_height() || self.params.contains_key(&next) {
            return;
        }
        let id = self.call(Purpose::Params(next), Call::GetHeightParams(next), fx);
        self.params_gate = Gate::InFlight(id);
    }

    pub(crate) fn on_params(&mut self, height: Height, result: Result<Outcome, Failure>, fx: &mut Vec<Effect>) {
        self.params_gate = Gate::Idle;
        match result {
            Ok(Outcome::Params(params)) if params.height == height => self.remember_params(params, fx),
            Ok(_) => self.lose_session(format!("GetHeightParams({height}) told another height"), fx),
            Err(failure) => match self.settle(&failure, fx) {
                Settled::Again(gate) => self.params_gate = gate,
                Settled::Lost => {}
                Settled::Resync | Settled::GiveUp => self.lose_session(failure.to_string(), fx),
            },
        }
    }

    pub(crate) fn remember_params(&mut self, params: HeightParams, fx: &mut Vec<Effect>) {
        if committee_hash(&params.committee.members) != params.committee.hash {
            // Votes for a committee that nobody can check are worth nothing (ECP-HGT-010).
            let text = format!("the committee hash of height {} is not the hash of its members", params.height);
            return self.halt(Halt::Refused(text), fx);
        }
        if !self.config.signature_schemes.contains(&params.signature_scheme) {
            // Never a vote at a height that is not understood (ECP-HGT-009).
            let failure = Failure {
                action: Action::Halt,
                reason: Some(Reason::UnsupportedAtHeight),
                message: format!(
                    "height {} needs signature scheme {:?}, which this half does not support: upgrade it",
                    params.height, params.signature_scheme
                ),
                retry_after_ms: None,
            };
            return self.halt(Halt::Refused(failure.to_string()), fx);
        }
        self.params.retain(|height, _| *height >= params.height);
        self.params.insert(params.height, params);
    }

    /// Starts the engine, and each height, as soon as it can be told the parameters (ECP-HGT-008).
    pub(crate) fn advance_engine(&mut self, fx: &mut Vec<Effect>) {
        if !self.recovery.is_finished() {
            return;
        }
        let next = self.next_height();
        // A commit is never waited for by the engine's votes, but the next height is by its own parent.
        if next != self.session.next_height() {
            return;
        }
        let Some(params) = self.params.get(&next) else { return };
        if !self.engine_started {
            self.engine_started = true;
            self.silent_through = self.silence(next);
            fx.push(Effect::StartEngine { sign: self.silent_through.is_none() });
        }
        if self.start_reply.is_some() && self.silent_through.is_some_and(|through| through < next) {
            // The key may sign from here on: the engine starts again with it, and asks again.
            (self.silent_through, self.start_reply) = (None, None);
            fx.push(Effect::StartEngine { sign: true });
        }
        let Some(reply) = self.start_reply.take() else { return };
        let params = params.clone();
        fx.push(Effect::Reply { reply, answer: Answer::Start(Box::new(params.clone())) });
        self.begin_height(params, fx);
    }

    /// Through which height the key stays silent (ECP-REC-011).
    fn silence(&self, next: Height) -> Option<Height> {
        if self.config.address.is_none() || self.config.sign_anyway {
            return None;
        }
        match signing(signing_record(self.durable.record, next)) {
            // What lies at the height itself the record refuses or allows, message by message.
            Signing::Free | Signing::AboveRecord => None,
            Signing::SilentUntilDecided => Some(next),
            Signing::SilentThroughRecord => self.durable.record.flatten().map(|last| last.height),
        }
    }

    /// The record refused a signature, which the engine cannot go on without: it follows until the height has passed.
    pub(crate) fn on_signing_refused(&mut self, signed: LastSigned, fx: &mut Vec<Effect>) {
        let at = self.height.as_ref().map_or(0, |h| h.params.height);
        self.silent_through = Some(signed.height.max(at));
        self.start_reply = None;
        self.end_height(fx);
        self.height = None;
        fx.push(Effect::StartEngine { sign: false });
    }

    fn begin_height(&mut self, params: HeightParams, fx: &mut Vec<Effect>) {
        let height = params.height;
        // A height that the engine runs again, after it was started again.
        self.end_height(fx);
        self.height = Some(HeightState {
            params,
            current: None,
            own: std::collections::BTreeMap::new(),
            jobs: std::collections::BTreeMap::new(),
            decided: false,
        });
        self.take_future(height, fx);
    }

    /// The engine cannot skip a height: if the execution half moved past it, a new process starts behind it.
    pub(crate) fn leave_height_behind(&mut self, adopted: Height, fx: &mut Vec<Effect>) {
        if self.height.as_ref().is_some_and(|h| h.params.height <= adopted) {
            let text = format!("the execution half is at {adopted}, ahead of the consensus engine: start again");
            self.halt(Halt::Restart(text), fx);
        }
    }

    /// This node's height state, if the slot belongs to the height that the engine works on.
    pub(crate) fn height_of(&mut self, slot: Slot) -> Option<&mut HeightState> {
        self.height.as_mut().filter(|h| h.params.height == slot.height)
    }

    pub(crate) fn on_started_round(
        &mut self,
        reply: ReplyId,
        slot: Slot,
        proposer: Felt,
        role: RoundRole,
        fx: &mut Vec<Effect>,
    ) {
        let values = self.known_values(slot);
        fx.push(Effect::Reply { reply, answer: Answer::Values(values) });
        let Some(height) = self.height_of(slot) else { return };
        let same = height.current.is_some_and(|c| c.round == slot.round && c.role == role && c.announced);
        height.current = Some(Current { round: slot.round, role, proposer, announced: same });
        self.leave_rounds_below(slot, fx);
    }

    /// Values of a slot whose bodies are stored (crash recovery).
    fn known_values(&self, slot: Slot) -> Vec<ProposedValue> {
        let bodies = self.durable.bodies.values().filter(|b| b.header.slot == slot);
        bodies.map(|b| ProposedValue { header: b.header, commitment: b.commitment, valid: true }).collect()
    }

    pub(crate) fn on_decided(&mut self, reply: ReplyId, certificate: Certificate, fx: &mut Vec<Effect>) {
        let height = certificate.height;
        if let Some(known) = self.durable.decided.get(&height) {
            if known.certificate.commitment != certificate.commitment {
                return self.halt(Halt::Diverged(format!("two decisions at height {height}")), fx);
            }
            if self.durable.certified.is_some_and(|p| p.height >= height) {
                fx.push(Effect::Reply { reply, answer: Answer::Stored });
                return self.end_height(fx);
            }
        }
        if height != self.next_height() {
            self.defect(format!("the engine decided {height}, and {} is next", self.next_height()), fx);
            return;
        }
        // Of the bodies with this commitment the one of the certificate's round, so that peers can check it as it is.
        let same = |key: &&crate::model::BodyKey| key.slot.height == height && key.commitment == certificate.commitment;
        let body = self.durable.bodies.keys().filter(same).max_by_key(|key| key.slot.round == certificate.round);
        let body = body.copied();
        // Certificate and body before Decide, and before peers hear of it (ECP-DEC-013, ECP-REC-004).
        self.persist(vec![Write::Decided { certificate, body }], fx);
        fx.push(Effect::Reply { reply, answer: Answer::Stored });
        self.end_height(fx);
    }

    pub(crate) fn end_height(&mut self, fx: &mut Vec<Effect>) {
        let Some(mut height) = self.height.take() else { return };
        height.decided = true;
        let own = std::mem::take(&mut height.own);
        let jobs = std::mem::take(&mut height.jobs);
        self.height = Some(height);
        for slot in own.into_values() {
            self.drop_own(slot, fx);
        }
        for job in jobs.into_values() {
            self.drop_job(job, fx);
        }
    }

    pub(crate) fn on_finalized(
        &mut self,
        reply: ReplyId,
        certificate: Certificate,
        evidence: Vec<Evidence>,
        fx: &mut Vec<Effect>,
    ) {
        let height = certificate.height;
        let known = self.durable.decided.get(&height).map(|d| &d.certificate);
        if known.is_some_and(|k| k.commitment == certificate.commitment && k.round == certificate.round)
            && known.is_some_and(|k| k.signatures.len() < certificate.signatures.len())
        {
            self.persist(vec![Write::Certificate(certificate.clone())], fx);
        }
        if self.has_feature(Feature::Finalize) {
            if self.durable.committed.is_some_and(|p| p.height >= height) && self.session.is_ready() {
                self.call(Purpose::BestEffort, Call::Finalize { certificate, evidence }, fx);
            } else {
                self.finals.insert(height, (certificate, evidence));
            }
        }
        self.start_reply = Some(reply);
    }

    /// Heights that peers can get: what this half keeps, then the execution half's archive.
    pub(crate) fn on_get_decided(&mut self, reply: ReplyId, from: Height, to: Height, fx: &mut Vec<Effect>) {
        let from = from.max(self.min_height());
        let top = self.durable.certified.map_or(0, |p| p.height);
        let to = if self.durable.certified.is_some() { to.min(top) } else { 0 };
        let answer = if self.durable.certified.is_some() && from <= to {
            Answer::Decided { from, to }
        } else {
            Answer::Decided { from: 1, to: 0 }
        };
        fx.push(Effect::Reply { reply, answer });
    }

    pub(crate) fn min_height(&self) -> Height {
        let kept = self.durable.decided.iter().find(|(_, d)| d.body.is_some()).map(|(height, _)| *height);
        let archive = self.session.position.earliest;
        match (kept, archive) {
            (Some(kept), Some(archive)) => kept.min(archive),
            (Some(height), None) | (None, Some(height)) => height,
            (None, None) => self.session.first_height,
        }
    }

    /// The round is over for this node's own builds below it (ECP-BLD-003).
    fn leave_rounds_below(&mut self, slot: Slot, fx: &mut Vec<Effect>) {
        let Some(height) = self.height_of(slot) else { return };
        let rounds: Vec<Round> = height.own.range(..slot.round).map(|(round, _)| *round).collect();
        for round in rounds {
            if let Some(own) = self.height_of(slot).and_then(|h| h.own.remove(&round)) {
                self.drop_own(own, fx);
            }
        }
    }
}
