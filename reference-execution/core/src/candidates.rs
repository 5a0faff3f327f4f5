//! Complete blocks that wait for a decision, by commitment (ECP-DEC-003).

use ecp_types::{Basis, Commitment, LocalReason};

use crate::{Effect, State, WorkId, effect::EngineCommand, input::Outcome, state::Out};

/// A complete block of the height worked on. Its parts and rows are with the shell, under `work`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Candidate {
    pub(crate) work: WorkId,
    pub(crate) outcome: Outcome,
    /// This node's objection: REJECTED_LOCAL; `None`: VALID.
    pub(crate) local: Option<(LocalReason, String)>,
    worth: Worth,
    /// Its stream ended without its verdict: NOT_READY, EXPIRED, or lost.
    unanswered: bool,
}

/// What gives way first when there is no room; equal ones by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Worth {
    /// Nobody vouched for it.
    Fresh,
    /// A quorum or this consensus half did.
    Vouched,
    /// Built here.
    Own,
}

impl State {
    /// Keeps a block that was built here.
    pub(crate) fn keep_built(&mut self, work: WorkId, outcome: Outcome, out: &mut Out) {
        self.valid.insert(outcome.commitment);
        self.insert(Candidate { work, outcome, local: None, worth: Worth::Own, unanswered: false }, out);
    }

    /// Keeps a block that was validated; gives the objection that counts: none above FRESH (ECP-VAL-010), and none for
    /// what was VALID once (ECP-VAL-004).
    pub(crate) fn keep_validated(
        &mut self,
        work: WorkId,
        outcome: Outcome,
        local: Option<(LocalReason, String)>,
        basis: Basis,
        unanswered: bool,
        out: &mut Out,
    ) -> Option<(LocalReason, String)> {
        let local = local.filter(|_| basis == Basis::Fresh && !self.valid.contains(&outcome.commitment));
        if local.is_none() {
            self.valid.insert(outcome.commitment);
        }
        let worth = if basis == Basis::Fresh { Worth::Fresh } else { Worth::Vouched };
        self.insert(Candidate { work, outcome, local: local.clone(), worth, unanswered }, out);
        local
    }

    fn insert(&mut self, mut candidate: Candidate, out: &mut Out) {
        let commitment = candidate.outcome.commitment;
        if let Some(older) = self.candidates.remove(&commitment) {
            // Equal commitments are equal blocks: the older copy may be in use, so the newer one goes.
            out.push(Effect::Engine(candidate.work, EngineCommand::Drop));
            candidate = Candidate {
                work: older.work,
                outcome: older.outcome,
                local: candidate.local.filter(|_| older.local.is_some()),
                worth: older.worth.max(candidate.worth),
                unanswered: older.unanswered && candidate.unanswered,
            };
        }
        self.candidates.insert(commitment, candidate);
        self.make_room(self.config.limits.max_candidates as usize, Some(commitment), out);
    }

    /// Drops complete candidates until at most `most` are kept, FRESH ones first, never one in use.
    pub(crate) fn make_room(&mut self, most: usize, newest: Option<Commitment>, out: &mut Out) {
        while self.candidates.len() > most {
            let least = self
                .candidates
                .iter()
                .filter(|(commitment, candidate)| Some(**commitment) != newest && !self.in_use(commitment, candidate))
                .min_by_key(|(_, candidate)| (candidate.worth, candidate.work))
                .map(|(commitment, _)| *commitment);
            let Some(least) = least else { break };
            self.drop_candidate(least, out);
        }
    }

    /// Whether a validation repeats the candidate, or it is being written.
    fn in_use(&self, commitment: &Commitment, candidate: &Candidate) -> bool {
        self.validations.values().any(|v| v.same_as == Some(*commitment)) || self.lane.is_committing(candidate.work)
    }

    fn drop_candidate(&mut self, commitment: Commitment, out: &mut Out) {
        if let Some(dropped) = self.candidates.remove(&commitment) {
            out.push(Effect::Engine(dropped.work, EngineCommand::Drop));
            self.forget_built(commitment);
        }
    }

    /// Drops a candidate that was finished after its budget, when its caller gives it up (ECP-BUD-006).
    pub(crate) fn drop_unanswered(&mut self, work: WorkId, out: &mut Out) {
        let found = self.candidates.iter().find(|(_, c)| c.work == work && c.unanswered);
        let found = found.map(|(commitment, candidate)| (*commitment, candidate.clone()));
        if let Some((commitment, candidate)) = found
            && !self.in_use(&commitment, &candidate)
        {
            self.drop_candidate(commitment, out);
        }
    }
}
