//! The consensus engine of this node and the other validators, as small as they can be.
//!
//! The others always have a quorum among them. They see what this node publishes, propose in their own rounds, and may
//! form a prevote quorum, let a round pass, or decide, whenever the rules let them. The engine follows, votes for what
//! is VALID, proposes in this node's rounds, and remembers in its log what a real one does.

use std::collections::{BTreeMap, BTreeSet};

use ecp_consensus_core::{Answer, Ask, Content, Envelope, Header, Input, ProposedValue, ReplyId, Slot};
use ecp_execution_core::seams;
use ecp_types::{Commitment, Counts, Felt, Height, LastSigned, Part, Round, RoundRole, SignedStep};

use crate::{
    pair::{Pair, Told},
    setting::{content, parts},
};

/// A height as the other validators see it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct HeightSeen {
    /// Their round.
    pub round: Round,
    /// What is proposed in it, as a whole.
    pub proposal: Option<Commitment>,
    /// How much of their proposal of a round went to this node: parts, then the end.
    pub gossiped: BTreeMap<Round, u8>,
    /// The newest prevote quorum.
    pub polka: Option<(Round, Commitment)>,
    /// The decision.
    pub decided: Option<(Round, Commitment)>,
}

impl HeightSeen {
    /// Nothing but the decision.
    #[must_use]
    pub fn outcome(&self) -> Self {
        Self { decided: self.decided, ..Self::default() }
    }
}

/// This node's engine; `height` to `precommitted` are its log, which survives.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Engine {
    /// It runs and signs; `None`: it does not run.
    pub signs: Option<bool>,
    /// The height that runs.
    pub running: Option<Height>,
    /// Told and not answered: a decision.
    pub deciding: bool,
    /// Told and not answered: a value of value sync.
    pub syncing: bool,
    /// The log is of this height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// Values with the verdict VALID.
    pub known: BTreeSet<Commitment>,
    /// Own proposals.
    pub proposed: BTreeMap<Round, Commitment>,
    /// Own prevotes.
    pub prevoted: BTreeMap<Round, Commitment>,
    /// The newest prevote quorum that it knows of.
    pub polka: Option<(Round, Commitment)>,
}

/// Engine and network.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Network {
    /// The heights that are run.
    pub heights: Vec<HeightSeen>,
    /// This node's engine.
    pub engine: Engine,
}

/// Questions are told apart by what they are about.
fn reply_id(kind: u64, slot: Slot) -> ReplyId {
    kind * 1_000_000 + slot.height * 1_000 + u64::from(slot.round)
}
const READY: u64 = 1;
const STARTED: u64 = 2;
const VALUE: u64 = 3;
const DECIDED: u64 = 4;
const FINALIZED: u64 = 5;
const SYNCED: u64 = 6;

impl Network {
    /// Nothing happened yet.
    #[must_use]
    pub fn new(heights: u64) -> Self {
        let heights = (0..heights).map(|_| HeightSeen::default()).collect();
        Self { heights, engine: Engine::default() }
    }

    /// The engine's process died: only its log is left.
    fn restarted(&mut self) {
        let engine = &mut self.engine;
        (engine.signs, engine.running, engine.deciding, engine.syncing) = (None, None, false, false);
    }

    fn of(&self, height: Height) -> Option<&HeightSeen> {
        self.heights.get(usize::try_from(height).ok()?)
    }

    fn of_mut(&mut self, height: Height) -> Option<&mut HeightSeen> {
        self.heights.get_mut(usize::try_from(height).ok()?)
    }

    /// The first height that the others did not decide.
    #[must_use]
    pub fn at(&self) -> Option<Height> {
        self.heights.iter().position(|h| h.decided.is_none()).map(|at| at as Height)
    }

    /// Takes in what the consensus half wants.
    pub fn hear(&mut self, pair: &mut Pair) {
        for told in std::mem::take(&mut pair.told) {
            match told {
                Told::Restarted => self.restarted(),
                Told::StartEngine(sign) => {
                    self.restarted();
                    self.engine.signs = Some(sign);
                    pair.ask(Ask::Ready(reply_id(READY, Slot { height: 0, round: 0 })));
                }
                Told::Reply(reply, answer) => self.answered(reply, answer, pair),
                Told::Propose(value) => self.value(value, pair),
                Told::Publish(header, _, content) => self.published(header, &content),
            }
        }
    }

    fn answered(&mut self, reply: ReplyId, answer: Answer, pair: &mut Pair) {
        match answer {
            Answer::Start(params) => self.start(params.height, pair),
            Answer::Values(values) => values.into_iter().for_each(|value| self.value(value, pair)),
            Answer::Value(commitment) => {
                let round = Round::try_from(reply % 1_000).unwrap_or_default();
                self.engine.known.insert(commitment);
                if self.engine.running.is_some() && self.engine.round == round {
                    self.propose(round, commitment, pair);
                }
            }
            Answer::Stored => {
                let engine = &mut self.engine;
                engine.deciding = false;
                let height = engine.height;
                let Some((round, commitment)) = self.of(height).and_then(|h| h.decided) else { return };
                let certificate = pair.setting.certificate(height, round, commitment);
                let reply = reply_id(FINALIZED, Slot { height, round });
                self.engine.running = None;
                pair.ask(Ask::Finalized { reply, certificate, evidence: Vec::new() });
            }
            Answer::Synced(value) => {
                self.engine.syncing = false;
                self.engine.known.insert(value.commitment);
            }
            Answer::Later => self.engine.syncing = false,
            Answer::PeerFault => pair.violate("ECP-SYN-006", "an honest peer's block is called broken"),
            Answer::Nothing | Answer::Decided { .. } | Answer::MinHeight(_) => {}
        }
    }

    /// A height begins, or runs again from its log.
    fn start(&mut self, height: Height, pair: &mut Pair) {
        if self.engine.height != height {
            let signs = self.engine.signs;
            self.engine = Engine { signs, height, ..Engine::default() };
        }
        self.engine.running = Some(height);
        if self.of(height).is_some() {
            for round in 0..=self.engine.round {
                if self.engine.running == Some(height) {
                    self.enter(round, pair);
                }
            }
        }
    }

    /// The engine enters a round, and proposes if it is its turn.
    fn enter(&mut self, round: Round, pair: &mut Pair) {
        let slot = Slot { height: self.engine.height, round };
        let proposer = pair.setting.proposer(slot.height, round);
        let own = proposer == pair.setting.address && self.engine.signs == Some(true);
        let role = if own { RoundRole::Proposer } else { RoundRole::Validator };
        pair.ask(Ask::StartedRound { reply: reply_id(STARTED, slot), slot, proposer, role });
        if !own {
            return;
        }
        match self.engine.polka.filter(|(valid, _)| *valid < round) {
            Some((valid_round, commitment)) => {
                if self.propose(round, commitment, pair) {
                    pair.ask(Ask::Restream { slot, valid_round, commitment });
                }
            }
            None => pair.ask(Ask::GetValue { reply: reply_id(VALUE, slot), slot, timeout_ms: 1_000 }),
        }
    }

    /// Signs its proposal of a round; false: the record refuses, and the engine stops.
    fn propose(&mut self, round: Round, commitment: Commitment, pair: &mut Pair) -> bool {
        let known = self.engine.proposed.get(&round).copied();
        if known == Some(commitment) {
            return true;
        }
        let step = LastSigned { height: self.engine.height, round, step: SignedStep::Proposal };
        if !self.sign(step, commitment, pair) {
            return false;
        }
        if known.is_some() {
            pair.violate("ECP-REC-003", "two different proposals of one slot are signed");
        }
        self.engine.proposed.insert(round, commitment);
        self.prevote(round, commitment, pair);
        true
    }

    /// Asks the record, and signs if it may.
    fn sign(&mut self, step: LastSigned, commitment: Commitment, pair: &mut Pair) -> bool {
        if self.engine.signs != Some(true) {
            return false;
        }
        let may = pair.consensus.disk.sign(step, Some(commitment));
        if !may && let Some(signed) = pair.consensus.disk.record {
            self.restarted();
            pair.consensus.soon.push_back(Input::SigningRefused { signed });
        }
        may
    }

    fn prevote(&mut self, round: Round, commitment: Commitment, pair: &mut Pair) {
        let locked = self.engine.polka.is_some_and(|(_, locked)| locked != commitment);
        if self.engine.signs != Some(true) || self.engine.prevoted.contains_key(&round) || locked {
            return;
        }
        if !pair.seen.valid.contains(&commitment) {
            pair.violate("ECP-VAL-002", "a prevote for what was never VALID here");
        }
        let step = LastSigned { height: self.engine.height, round, step: SignedStep::Prevote };
        if self.sign(step, commitment, pair) {
            self.engine.prevoted.insert(round, commitment);
        }
    }

    fn value(&mut self, value: ProposedValue, pair: &mut Pair) {
        let Slot { height, round } = value.header.slot;
        if self.engine.running != Some(height) {
            return;
        }
        if !value.valid {
            return pair.violate("ECP-VAL-003", "the engine hears that an honest proposal is INVALID");
        }
        self.engine.known.insert(value.commitment);
        if round == self.engine.round {
            self.prevote(round, value.commitment, pair);
        }
    }

    /// The others see this node's proposal once they have all of it.
    fn published(&mut self, header: Header, content: &Content) {
        let Slot { height, round } = header.slot;
        let Content::End { commitment, .. } = content else { return };
        let Some(height) = self.of_mut(height) else { return };
        if height.round == round && height.proposal.is_none() && height.decided.is_none() {
            height.proposal = Some(*commitment);
        }
    }

    // ---- what may happen next ----

    /// The round that the engine can follow into.
    #[must_use]
    pub fn can_follow(&self) -> bool {
        let height = self.engine.running.and_then(|height| self.of(height));
        !self.engine.deciding && height.is_some_and(|h| h.decided.is_none() && self.engine.round < h.round)
    }

    /// The engine follows the others into the next round.
    pub fn follow(&mut self, pair: &mut Pair) {
        self.engine.round += 1;
        self.enter(self.engine.round, pair);
    }

    /// Their proposal in a round of the height that the engine runs, if this node has not got all of it.
    #[must_use]
    pub fn can_gossip(&self, pair: &Pair, round: Round) -> bool {
        let Some(height) = self.engine.running else { return false };
        let Some(state) = self.of(height).filter(|h| h.decided.is_none()) else { return false };
        let sent = state.gossiped.get(&round).copied().unwrap_or_default();
        round == state.round
            && state.proposal.is_some()
            && sent < 2
            && pair.setting.proposer(height, round) != pair.setting.address
    }

    /// Some of it goes to this node.
    pub fn gossip(&mut self, pair: &mut Pair, round: Round) {
        let Some(height) = self.engine.running else { return };
        let proposer = pair.setting.proposer(height, round);
        let Some(state) = self.of_mut(height) else { return };
        let Some(commitment) = state.proposal else { return };
        let valid_round = state.polka.filter(|(valid, c)| *valid < round && *c == commitment).map(|(valid, _)| valid);
        let sent = state.gossiped.entry(round).or_default();
        *sent += 1;
        let slot = Slot { height, round };
        let header = Header { slot, valid_round, proposer };
        let parts = parts(&seams::Slot { height, round, valid_round, proposer }, commitment);
        let contents = if *sent == 1 {
            parts.into_iter().map(Content::Part).collect()
        } else {
            vec![Content::End { counts: Counts::of(&parts), commitment }]
        };
        let mut stream_id = [3; 16];
        stream_id[0] = u8::try_from(round).unwrap_or(u8::MAX);
        for content in contents {
            pair.ask(Ask::Received(Envelope { header, stream_id, content, signature: Vec::new() }));
        }
    }

    /// The others enter their round, and propose if it is the turn of one of them.
    pub fn others_propose(&mut self, height: Height, proposer: Felt, me: Felt) {
        let Some(state) = self.of_mut(height) else { return };
        if proposer != me && state.proposal.is_none() {
            let fresh = content(height, 0, proposer, 0);
            state.proposal = Some(state.polka.map_or(fresh, |(_, commitment)| commitment));
        }
    }

    /// Their round passes without a decision.
    pub fn pass(&mut self, height: Height) {
        if let Some(state) = self.of_mut(height) {
            state.round += 1;
            state.proposal = None;
        }
    }

    /// A prevote quorum for what is proposed.
    pub fn polka(&mut self, height: Height) {
        if let Some(state) = self.of_mut(height) {
            state.polka = state.proposal.map(|commitment| (state.round, commitment));
        }
    }

    /// The engine hears of a prevote quorum for a value that it knows.
    #[must_use]
    pub fn can_hear_polka(&self) -> bool {
        let polka = self
            .engine
            .running
            .and_then(|height| self.of(height))
            .filter(|h| h.decided.is_none())
            .and_then(|h| h.polka);
        polka.is_some_and(|polka| {
            self.engine.polka != Some(polka) && self.engine.round >= polka.0 && self.engine.known.contains(&polka.1)
        })
    }

    /// It locks on it.
    pub fn hear_polka(&mut self) {
        self.engine.polka = self.of(self.engine.height).and_then(|h| h.polka);
    }

    /// They decide what has a prevote quorum in this round.
    pub fn decide(&mut self, height: Height) {
        if let Some(state) = self.of_mut(height) {
            state.decided = state.polka;
        }
    }

    /// The engine's height is decided, and it was not told yet: whether it knows the value.
    #[must_use]
    pub fn can_learn(&self) -> Option<bool> {
        let height = self.engine.running.and_then(|height| self.of(height))?;
        let (_, commitment) = height.decided?;
        let known = self.engine.known.contains(&commitment);
        let busy = self.engine.deciding || (self.engine.syncing && !known);
        (!busy).then_some(known)
    }

    /// The engine decides, or gets the value from a peer.
    pub fn learn(&mut self, pair: &mut Pair) {
        let height = self.engine.height;
        let Some((round, commitment)) = self.of(height).and_then(|h| h.decided) else { return };
        let certificate = pair.setting.certificate(height, round, commitment);
        let slot = Slot { height, round };
        if self.engine.known.contains(&commitment) {
            self.engine.deciding = true;
            pair.ask(Ask::Decided { reply: reply_id(DECIDED, slot), certificate });
        } else {
            self.engine.syncing = true;
            let proposer = pair.setting.proposer(height, round);
            let slot_of = seams::Slot { height, round, valid_round: None, proposer };
            let parts: Vec<Part> = parts(&slot_of, commitment);
            pair.ask(Ask::Synced { reply: reply_id(SYNCED, slot), slot, proposer, certificate, parts });
        }
    }
}

/// Whether the core waits for the shell before anything else may happen.
#[must_use]
pub fn busy(pair: &Pair) -> bool {
    pair.consensus.soon.iter().any(|input| !matches!(input, Input::Stop))
}
