//! Decided blocks from peers: the certificate is verified here, the body by the execution half's ImportDecided, which
//! compares nothing of an INIT but the height and so takes a body that was proposed in any round (ECP-SYN-012).

use ecp_types::{Certificate, Counts, Felt, Height, Part, PartKind};

use crate::{
    certificate,
    effect::{Answer, Call, Check, Effect, Halt, Parts, Write},
    input::{Imported, Outcome},
    model::{Body, Failure, Header, ProposedValue, ReplyId, Slot},
    state::{Gate, Purpose, State},
};

/// A decided block from a peer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Synced {
    reply: ReplyId,
    slot: Slot,
    proposer: Felt,
    certificate: Certificate,
    parts: Vec<Part>,
    verified: bool,
    in_flight: bool,
}

impl Synced {
    pub(crate) fn new(reply: ReplyId, slot: Slot, proposer: Felt, certificate: Certificate, parts: Vec<Part>) -> Self {
        Self { reply, slot, proposer, certificate, parts, verified: false, in_flight: false }
    }

    /// INIT, bodies, FIN, by index, within the limit.
    fn is_proposal(&self, max_bytes: u64) -> bool {
        let last = self.parts.len().saturating_sub(1);
        let ordered = self.parts.iter().enumerate().all(|(at, part)| {
            part.index as usize == at
                && match part.kind {
                    PartKind::Init => at == 0,
                    PartKind::Body => at > 0 && at < last,
                    PartKind::Fin => at > 0 && at == last,
                }
        });
        last > 0 && ordered && Counts::of(&self.parts).bytes <= max_bytes
    }
}

impl State {
    pub(crate) fn on_synced(&mut self, synced: Synced, fx: &mut Vec<Effect>) {
        let reply = synced.reply;
        let Some(height) = self.height_of(synced.slot).filter(|h| !h.decided) else {
            fx.push(Effect::Reply { reply, answer: Answer::Later });
            return;
        };
        let sound = synced.certificate.height == synced.slot.height
            && synced.is_proposal(height.params.max_proposal_bytes)
            && certificate::check(&synced.certificate, &height.params).is_ok();
        if !sound {
            fx.push(Effect::Reply { reply, answer: Answer::PeerFault });
            return;
        }
        let params = Box::new(height.params.clone());
        if self.synced.as_ref().is_some_and(|old| old.in_flight) {
            fx.push(Effect::Reply { reply, answer: Answer::Later });
            return;
        }
        self.answer_synced(Answer::Later, fx);
        let certificate = synced.certificate.clone();
        fx.push(Effect::CheckCertificate { check: Check::Synced, certificate, params });
        self.synced = Some(synced);
    }

    fn answer_synced(&mut self, answer: Answer, fx: &mut Vec<Effect>) {
        if let Some(old) = self.synced.take() {
            fx.push(Effect::Reply { reply: old.reply, answer });
        }
    }

    pub(crate) fn on_synced_checked(&mut self, height: Height, valid: bool, fx: &mut Vec<Effect>) {
        match &mut self.synced {
            Some(synced) if synced.slot.height == height && valid => synced.verified = true,
            Some(synced) if synced.slot.height == height => self.answer_synced(Answer::PeerFault, fx),
            _ => {}
        }
    }

    /// Hands the block over, if it is the next one; whether it did.
    pub(crate) fn import_synced(&mut self, next: Height, fx: &mut Vec<Effect>) -> bool {
        let Some(synced) = self.synced.as_mut().filter(|s| s.verified && !s.in_flight) else { return false };
        if synced.slot.height != next {
            return false;
        }
        synced.in_flight = true;
        let source = Parts::Given(synced.parts.clone());
        let call = Call::Import { certificate: synced.certificate.clone(), source };
        let id = self.call(Purpose::ImportSynced(next), call, fx);
        self.lane = Gate::InFlight(id);
        true
    }

    pub(crate) fn on_synced_imported(&mut self, at: Height, result: Result<Outcome, Failure>, fx: &mut Vec<Effect>) {
        self.lane = Gate::Idle;
        let imported = match result {
            Ok(Outcome::Imported(imported)) => imported,
            Ok(_) => {
                self.answer_synced(Answer::Later, fx);
                return self.lose_session("another call's answer to ImportDecided".to_owned(), fx);
            }
            Err(failure) => {
                self.answer_synced(Answer::Later, fx);
                return self.settle_lane(&failure, fx);
            }
        };
        match imported {
            Imported::Committed { committed, next_params } => {
                let Some(synced) = self.synced.take() else { return };
                if committed.height != at || committed.commitment != synced.certificate.commitment {
                    let text = format!("block {at} was handed over, and {committed:?} is said to be committed");
                    return self.halt(Halt::Diverged(text), fx);
                }
                let header = Header { slot: synced.slot, valid_round: None, proposer: synced.proposer };
                let commitment = committed.commitment;
                if self.durable.certified.is_none_or(|p| p.height < at) {
                    let body = Body { header, commitment, parts: synced.parts, own: false };
                    let key = Some(body.key());
                    let decided = Write::Decided { certificate: synced.certificate, body: key };
                    self.persist(vec![Write::Body(body), decided], fx);
                    // Decided, though the engine is still to be told: no work of the height goes on.
                    self.end_height(fx);
                }
                self.on_committed(at, committed, next_params.map(|params| *params), fx);
                let value = ProposedValue { header, commitment, valid: true };
                fx.push(Effect::Reply { reply: synced.reply, answer: Answer::Synced(value) });
            }
            // The source's fault, until several sources agree (ECP-SYN-006).
            Imported::Malformed(_) | Imported::Mismatch(_) => self.answer_synced(Answer::PeerFault, fx),
            Imported::NotReady(_) => self.answer_synced(Answer::Later, fx),
            Imported::Conflict => {
                self.halt(Halt::Diverged(format!("the execution half committed another block at {at}")), fx);
            }
        }
    }

    /// The session is lost while a block was handed over: whether it arrived, the position will tell.
    pub(crate) fn forget_synced(&mut self, fx: &mut Vec<Effect>) {
        self.answer_synced(Answer::Later, fx);
    }
}
