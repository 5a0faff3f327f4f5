//! This node's own proposals: at most one for each slot, for ever (ECP-REC-010).
//!
//! The mark is durable before the first part leaves, the whole body before the engine hears the value. After a restart
//! a marked slot is published again whole, or stays silent (ECP-REC-005).

use ecp_types::{
    Commitment, Counts, Height, Part, PartKind, Round, StreamId,
    limits::{BUDGET_MS_MAX, PART_BYTES, PARTS_MAX},
};

use crate::{
    effect::{Answer, Call, Effect, Note, Timer, Write},
    input::Outcome,
    model::{Body, BodyKey, CallId, Content, Failure, Header, ReplyId, Slot},
    session::Settled,
    state::{Gate, Purpose, State, stream_id},
};

/// Why nothing is built at a height that the network has left (ECP-SYN-018).
const LEFT: &str = "the network has decided this height";

/// What is being made for a slot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Making {
    /// A new block.
    Build,
    /// An old block under a new INIT.
    Reproposal { base: Box<Body>, valid_round: Round },
}

/// A proposal of this node that is not whole yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct OwnSlot {
    slot: Slot,
    making: Making,
    pub(crate) gate: Gate,
    reply: Option<ReplyId>,
    timeout_ms: u32,
    stream_id: StreamId,
    /// Parts that were published.
    parts: Vec<Part>,
    /// Parts that the running call sent; below the published ones after a reconnect (ECP-BLD-005).
    seen: usize,
    /// The execution half was asked to build.
    asked: bool,
}

/// The stream id under which this node gossips its proposal of a slot: the same after a restart, so that peers which
/// hold a piece of it complete it.
#[must_use]
pub fn gossip_stream_id(slot: Slot) -> StreamId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&slot.height.to_be_bytes());
    id[8..12].copy_from_slice(&slot.round.to_be_bytes());
    id
}

/// Of a propose timeout, what the execution half gets: the rest is for gossip and the validators' last part.
#[must_use]
pub fn build_budget_ms(timeout_ms: u32) -> u32 {
    let budget = u64::from(timeout_ms) * 3 / 4;
    u32::try_from(budget.clamp(1, BUDGET_MS_MAX)).unwrap_or(u32::MAX)
}

impl State {
    pub(crate) fn on_get_value(&mut self, reply: ReplyId, slot: Slot, timeout_ms: u32, fx: &mut Vec<Effect>) {
        if let Some(body) = self.own_body(slot).cloned() {
            // Whole in the store: the same proposal again, and nothing else (ECP-BLD-011).
            publish_whole(&body, fx);
            fx.push(Effect::Reply { reply, answer: Answer::Value(body.commitment) });
            return;
        }
        if let Some(own) = self.height_of(slot).and_then(|h| h.own.get_mut(&slot.round)) {
            if let Some(old) = own.reply.replace(reply) {
                fx.push(Effect::Reply { reply: old, answer: Answer::Nothing });
            }
            return;
        }
        if self.session.network_has(slot.height) {
            fx.push(Effect::Note(Note::Silent(slot, LEFT.to_owned())));
            fx.push(Effect::Reply { reply, answer: Answer::Nothing });
            return;
        }
        if !self.may_begin(slot, fx) {
            fx.push(Effect::Reply { reply, answer: Answer::Nothing });
            return;
        }
        fx.push(Effect::SetTimer { timer: Timer::Propose(slot), after_ms: u64::from(timeout_ms) });
        self.begin_own(slot, Making::Build, Some(reply), timeout_ms, fx);
    }

    pub(crate) fn on_restream(&mut self, slot: Slot, valid_round: Round, commitment: Commitment, fx: &mut Vec<Effect>) {
        if let Some(body) = self.own_body(slot).filter(|b| b.commitment == commitment).cloned() {
            return publish_whole(&body, fx);
        }
        let at = |round| BodyKey { slot: Slot { height: slot.height, round }, commitment };
        let bodies = &self.durable.bodies;
        let base = bodies
            .get(&at(valid_round))
            .or_else(|| bodies.values().find(|b| b.header.slot.height == slot.height && b.commitment == commitment));
        let Some(base) = base.cloned() else {
            fx.push(Effect::Note(Note::Silent(slot, "the body to propose again is not stored".to_owned())));
            return;
        };
        if self.may_begin(slot, fx) {
            self.begin_own(slot, Making::Reproposal { base: Box::new(base), valid_round }, None, 0, fx);
        }
    }

    fn own_body(&self, slot: Slot) -> Option<&Body> {
        self.durable.bodies.values().find(|b| b.own && b.header.slot == slot)
    }

    /// Whether a proposal of this slot may be begun at all; a mark says that one was (ECP-REC-005).
    fn may_begin(&mut self, slot: Slot, fx: &mut Vec<Effect>) -> bool {
        let why = if self.durable.marks.contains(&slot) {
            "a proposal of this slot was begun before and is not whole"
        } else if self.height_of(slot).is_none_or(|h| h.decided) || slot.height != self.next_height() {
            // Marks of decided heights are forgotten: nothing may be begun there.
            "it is not the height at work"
        } else if self.config.address.is_none() {
            "this node is no validator"
        } else {
            return true;
        };
        fx.push(Effect::Note(Note::Silent(slot, why.to_owned())));
        false
    }

    fn begin_own(&mut self, slot: Slot, making: Making, reply: Option<ReplyId>, timeout_ms: u32, fx: &mut Vec<Effect>) {
        // Durable before the first part can be published (ECP-REC-001).
        self.persist(vec![Write::Mark(slot)], fx);
        let own = OwnSlot {
            slot,
            making,
            gate: Gate::Idle,
            reply,
            timeout_ms,
            stream_id: [0; 16],
            parts: Vec::new(),
            seen: 0,
            asked: false,
        };
        if let Some(height) = self.height_of(slot) {
            height.own.insert(slot.round, own);
        }
    }

    pub(crate) fn advance_building(&mut self, fx: &mut Vec<Effect>) {
        if !self.recovery.is_finished() || !self.session.is_ready() {
            return;
        }
        let (Some(proposer), next) = (self.config.address, self.session.next_height()) else { return };
        let Some(height) = self.height.as_mut().filter(|h| h.params.height == next) else { return };
        let announced = height.current.filter(|c| c.announced).map(|c| c.round);
        let left = self.session.network_has(next);
        let (mut calls, mut late) = (Vec::new(), Vec::new());
        let mut last_id = self.last_id;
        for (round, own) in height.own.iter_mut().filter(|(_, own)| own.gate == Gate::Idle) {
            match &own.making {
                Making::Build if left => late.push(*round),
                // Built only after StartRound of this slot was acknowledged (ECP-BLD-001).
                Making::Build if announced == Some(*round) => {
                    // Each stream has a name of its own, also when it tells the same parts again (ECP-STR-006).
                    last_id += 1;
                    (own.asked, own.seen, own.stream_id) = (true, 0, stream_id(self.config.stream_seed, last_id));
                    let budget_ms = build_budget_ms(own.timeout_ms);
                    let call = Call::Build { stream_id: own.stream_id, slot: own.slot, proposer, budget_ms };
                    calls.push((*round, Purpose::Build(*round), call));
                }
                Making::Build => {}
                Making::Reproposal { base, valid_round } => {
                    let Some(init) = base.parts.first().map(|p| p.payload.clone()) else { continue };
                    let call = Call::ReframeInit { slot: own.slot, valid_round: *valid_round, proposer, init };
                    calls.push((*round, Purpose::Reframe(*round), call));
                }
            }
        }
        self.last_id = last_id;
        for round in late {
            self.give_up_own(round, LEFT, fx);
        }
        for (round, purpose, call) in calls {
            let id = self.call(purpose, call, fx);
            if let Some(own) = self.own_at(round) {
                own.gate = Gate::InFlight(id);
            }
        }
    }

    fn own_at(&mut self, round: Round) -> Option<&mut OwnSlot> {
        self.height.as_mut().and_then(|h| h.own.get_mut(&round))
    }

    pub(crate) fn on_build_part(&mut self, id: CallId, part: Part, fx: &mut Vec<Effect>) {
        let Some(Purpose::Build(round)) = self.calls.get(&id).copied() else { return };
        let max = self.height.as_ref().map_or(0, |h| h.params.max_proposal_bytes);
        let Some(own) = self.own_at(round) else { return };
        if let Err(why) = own.check(&part, max) {
            self.defect(format!("BuildProposal of round {round}: {why}"), fx);
            return self.give_up_own(round, why, fx);
        }
        own.seen += 1;
        if own.seen <= own.parts.len() {
            return;
        }
        let (slot, proposer) = (own.slot, self.config.address.unwrap_or_default());
        let header = Header { slot, valid_round: None, proposer };
        let stream_id = gossip_stream_id(slot);
        // Sent on as it comes, so that validators execute while this node still builds.
        fx.push(Effect::Publish { header, stream_id, content: Content::Part(part.clone()) });
        if let Some(own) = self.own_at(round) {
            own.parts.push(part);
        }
    }

    pub(crate) fn on_build_returned(&mut self, round: Round, result: Result<Outcome, Failure>, fx: &mut Vec<Effect>) {
        let Some(own) = self.own_at(round) else { return };
        own.gate = Gate::Idle;
        match result {
            Ok(Outcome::Built { commitment, counts }) => {
                let whole = counts == Counts::of(&own.parts)
                    && own.seen == own.parts.len()
                    && own.parts.len() >= 2
                    && own.parts.last().is_some_and(|p| p.kind == PartKind::Fin);
                if whole {
                    self.complete_own(round, commitment, fx);
                } else {
                    let why = "Built names other parts than were sent";
                    self.defect(format!("BuildProposal of round {round}: {why}"), fx);
                    self.give_up_own(round, why, fx);
                }
            }
            Ok(_) => self.give_up_own(round, "another call's answer to BuildProposal", fx),
            Err(failure) => self.settle_own(round, &failure, fx),
        }
    }

    pub(crate) fn on_reframed(&mut self, round: Round, result: Result<Outcome, Failure>, fx: &mut Vec<Effect>) {
        let Some(own) = self.own_at(round) else { return };
        own.gate = Gate::Idle;
        let init = match result {
            Ok(Outcome::Init(init)) => init,
            Ok(_) => return self.give_up_own(round, "another call's answer to ReframeInit", fx),
            Err(failure) => return self.settle_own(round, &failure, fx),
        };
        let Making::Reproposal { base, .. } = &own.making else { return };
        // Body and FIN as they were; only INIT is new (ECP-BLD-010).
        let commitment = base.commitment;
        own.parts.clone_from(&base.parts);
        if let Some(first) = own.parts.first_mut() {
            first.payload = init;
        }
        let header = self.complete_header(round);
        if let (Some(header), Some(own)) = (header, self.own_at(round)) {
            let parts = own.parts.clone();
            for part in parts {
                let content = Content::Part(part);
                fx.push(Effect::Publish { header, stream_id: gossip_stream_id(header.slot), content });
            }
        }
        self.complete_own(round, commitment, fx);
    }

    fn complete_header(&mut self, round: Round) -> Option<Header> {
        let proposer = self.config.address?;
        let own = self.own_at(round)?;
        let valid_round = match own.making {
            Making::Build => None,
            Making::Reproposal { valid_round, .. } => Some(valid_round),
        };
        Some(Header { slot: own.slot, valid_round, proposer })
    }

    fn complete_own(&mut self, round: Round, commitment: Commitment, fx: &mut Vec<Effect>) {
        let Some(header) = self.complete_header(round) else { return };
        let Some(own) = self.height.as_mut().and_then(|h| h.own.remove(&round)) else { return };
        let body = Body { header, commitment, parts: own.parts, own: true };
        let counts = Counts::of(&body.parts);
        // Durable before the value reaches the engine (ECP-REC-002), and before anybody can hold the whole of it.
        self.persist(vec![Write::Body(body)], fx);
        let content = Content::End { counts, commitment };
        fx.push(Effect::Publish { header, stream_id: gossip_stream_id(header.slot), content });
        if let Some(reply) = own.reply {
            fx.push(Effect::Reply { reply, answer: Answer::Value(commitment) });
        }
    }

    fn settle_own(&mut self, round: Round, failure: &Failure, fx: &mut Vec<Effect>) {
        match self.settle(failure, fx) {
            Settled::Again(gate) => {
                if let Some(own) = self.own_at(round) {
                    own.gate = gate;
                }
            }
            Settled::Lost => {}
            Settled::Resync | Settled::GiveUp => self.give_up_own(round, &failure.to_string(), fx),
        }
    }

    fn give_up_own(&mut self, round: Round, why: &str, fx: &mut Vec<Effect>) {
        if let Some(own) = self.height.as_mut().and_then(|h| h.own.remove(&round)) {
            fx.push(Effect::Note(Note::Silent(own.slot, why.to_owned())));
            self.drop_own(own, fx);
        }
    }

    /// Ends the work on a slot: the slot stays marked, so nothing else is ever proposed in it.
    pub(crate) fn drop_own(&mut self, own: OwnSlot, fx: &mut Vec<Effect>) {
        if let Gate::InFlight(id) = own.gate
            && self.calls.remove(&id).is_some()
        {
            fx.push(Effect::Cancel(id));
            if own.making == Making::Build {
                self.call(Purpose::BestEffort, Call::Abort(own.stream_id), fx);
            }
        }
        if let Some(reply) = own.reply {
            fx.push(Effect::Reply { reply, answer: Answer::Nothing });
        }
    }

    pub(crate) fn on_propose_timeout(&mut self, slot: Slot, fx: &mut Vec<Effect>) {
        let late = self.height_of(slot).and_then(|h| h.own.get(&slot.round)).is_some_and(|o| o.making == Making::Build);
        if late {
            self.give_up_own(slot.round, "the propose timeout is over", fx);
        }
    }

    /// After a handshake the round is announced again. A new instance knows neither builds nor candidates of the old.
    pub(crate) fn forget_announcements(&mut self, new_instance: bool, fx: &mut Vec<Effect>) {
        self.restore_due |= new_instance;
        let Some(height) = self.height.as_mut() else { return };
        if let Some(current) = &mut height.current {
            current.announced = false;
        }
        if !new_instance {
            return;
        }
        let begun: Vec<Round> = height.own.iter().filter(|(_, o)| o.asked).map(|(round, _)| *round).collect();
        for round in begun {
            self.give_up_own(round, "the execution half restarted while it built", fx);
        }
    }

    /// Stored bodies of a height, whatever round they were proposed in.
    pub(crate) fn bodies_at(&self, height: Height) -> impl Iterator<Item = &Body> {
        self.durable.bodies.values().filter(move |b| b.header.slot.height == height)
    }
}

impl OwnSlot {
    /// Whether the next part is what it must be: in order, within the limits, and the same as it was before.
    fn check(&self, part: &Part, max_bytes: u64) -> Result<(), &'static str> {
        if part.index as usize != self.seen {
            return Err("a part is out of order");
        }
        if (part.kind == PartKind::Init) != (part.index == 0) {
            return Err("INIT is not the first part");
        }
        if u64::from(part.index) >= PARTS_MAX {
            return Err("there are more parts than the limit");
        }
        if part.payload.len() as u64 > PART_BYTES {
            return Err("a part is larger than the limit");
        }
        if let Some(published) = self.parts.get(self.seen) {
            return if published == part { Ok(()) } else { Err("the same slot gave another part") };
        }
        if self.parts.last().is_some_and(|last| last.kind == PartKind::Fin) {
            return Err("a part follows FIN");
        }
        if Counts::of(&self.parts).bytes + part.payload.len() as u64 > max_bytes {
            return Err("the proposal is larger than the limit of the height");
        }
        Ok(())
    }
}

fn publish_whole(body: &Body, fx: &mut Vec<Effect>) {
    let (header, stream_id) = (body.header, gossip_stream_id(body.header.slot));
    for part in &body.parts {
        fx.push(Effect::Publish { header, stream_id, content: Content::Part(part.clone()) });
    }
    let content = Content::End { counts: Counts::of(&body.parts), commitment: body.commitment };
    fx.push(Effect::Publish { header, stream_id, content });
}
