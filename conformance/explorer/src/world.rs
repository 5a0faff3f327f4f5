//! Everything that is explored: the pair, the engine with the network, and the faults that are left.

use ecp_consensus_core::{Halt, Timer};
use ecp_execution_core::input::Timer as ExecutionTimer;
use ecp_types::{Height, LastSigned, Position, Round, SignedStep, StreamId};

use crate::{
    action::{Action, Bounds, Faults, Kind},
    names::{Writer, stream_name},
    network::{Network, busy},
    overtaking,
    pair::{Down, Link, Pair, Up, Violation},
    rules::Rule,
    setting::{Setting, height_of},
    shared::Shared,
};

/// A state.
#[derive(Debug, Clone, Hash)]
pub struct World {
    /// Both halves.
    pub pair: Pair,
    /// Engine and network.
    pub network: Shared<Network>,
    /// Faults that are left.
    pub left: Faults,
}

impl World {
    /// The first state.
    #[must_use]
    pub fn new(bounds: &Bounds, without: Option<Rule>) -> Self {
        let setting = Setting::new(1, 2, vec![vec![0, 1, 1], vec![1, 0, 1]]);
        let mut world = Self {
            pair: Pair::new(setting.into(), without),
            network: Shared::new(Network::new(bounds.heights)),
            left: bounds.faults,
        };
        world.settle();
        world
    }

    /// What can happen next.
    #[must_use]
    pub fn kinds(&self, bounds: &Bounds) -> Vec<Kind> {
        let mut kinds = Vec::new();
        let (pair, net, left) = (&self.pair, &self.network, &self.left);
        let alive = pair.consensus.halted.is_none();
        let ready = alive && !busy(pair);
        if !pair.up.is_empty() {
            kinds.push(Kind::Up);
        }
        if pair.execution.executor.speaks() {
            kinds.push(Kind::Say);
        }
        if pair.execution.writing.is_some() {
            kinds.push(Kind::Written);
        }
        // The shell's own steps, and what is under way to the execution half, come before anything new: they change
        // nothing that the rest depends on, but for the executor and the disk, which are as slow as they like.
        let first = if !alive {
            Some(Kind::Operator)
        } else if !ready {
            Some(Kind::Soon)
        } else if pair.consensus.timers.iter().any(|t| matches!(t, Timer::Reconnect(_))) {
            // Who took over makes no call, so it is missed before the pause ends.
            Some(if pair.seen.taken { Kind::WatchLost } else { Kind::Reconnect })
        } else if pair.consensus.link == Link::Opening {
            Some(Kind::Connect)
        } else {
            None
        };
        if first.is_some() || !pair.up.is_empty() {
            kinds.extend(first.filter(|_| pair.up.is_empty()));
            self.fault_kinds(left, alive, ready, &mut kinds);
            return kinds;
        }
        {
            self.consensus_kinds(&mut kinds);
            if net.engine.running.is_some_and(|h| self.gossip_round(h).is_some_and(|round| net.can_gossip(pair, round)))
            {
                kinds.push(Kind::Gossip);
            }
            if net.can_learn() == Some(false) {
                kinds.push(Kind::Learn);
            }
        }
        self.others_kinds(bounds, &mut kinds);
        self.fault_kinds(left, alive, ready, &mut kinds);
        kinds
    }

    fn consensus_kinds(&self, kinds: &mut Vec<Kind>) {
        let side = &self.pair.consensus;
        if !self.pair.down.is_empty() {
            kinds.push(Kind::Down);
        }
        if side.timers.iter().any(|t| matches!(t, Timer::Retry(_))) {
            kinds.push(Kind::Retry);
        }
    }

    fn others_kinds(&self, bounds: &Bounds, kinds: &mut Vec<Kind>) {
        let Some(at) = self.network.at() else { return };
        // The others wait until the last decision is acknowledged here, or at least certified.
        let own = &self.pair.consensus.disk.durable;
        let done = if bounds.overlap { own.certified } else { own.committed };
        if done.map_or(0, |p| p.height + 1) < at {
            return;
        }
        let Some(state) = self.network.heights.get(at as usize) else { return };
        // In the last of the rounds they only go on if nothing else can happen any more.
        let last = state.round + 1 >= bounds.rounds;
        let stuck = kinds.is_empty() && state.proposal.is_none() && state.round < bounds.rounds;
        if !last || stuck {
            kinds.push(Kind::Pass);
        }
        if state.proposal.is_some() {
            kinds.push(Kind::Decide);
            if !last {
                kinds.push(Kind::PassLocked);
            }
        }
    }

    fn fault_kinds(&self, left: &Faults, alive: bool, ready: bool, kinds: &mut Vec<Kind>) {
        let pair = &self.pair;
        if left.consensus_crashes > 0 && alive {
            kinds.push(Kind::CrashConsensus { sent: true });
            if !pair.up.is_empty() {
                kinds.push(Kind::CrashConsensus { sent: false });
            }
        }
        if left.execution_crashes > 0 {
            kinds.push(Kind::CrashExecution { sent: true });
            if !pair.down.is_empty() {
                kinds.push(Kind::CrashExecution { sent: false });
            }
        }
        if left.losses > 0 && pair.consensus.link == Link::Open && !pair.down.contains(&Down::Lost) {
            for up in [true, false] {
                for down in [true, false] {
                    let nothing = (!up && pair.up.is_empty()) || (!down && pair.down.is_empty());
                    if !nothing {
                        kinds.push(Kind::Break { up, down });
                    }
                }
            }
        }
        if left.duplicates > 0 && matches!(pair.up.front(), Some(Up::Call { .. })) {
            kinds.push(Kind::Twice);
        }
        if left.reorders > 0 {
            kinds.extend(overtaking::up(&pair.up).map(Kind::OvertakeUp));
            if ready {
                kinds.extend(overtaking::down(&pair.down).map(Kind::OvertakeDown));
            }
        }
        if left.takeovers > 0 && pair.execution.core.committed() == pair.execution.disk.committed() {
            kinds.push(Kind::TakeOver);
        }
        if left.objections > 0 {
            kinds.push(Kind::Object);
        }
        if left.expiries > 0 {
            if pair.execution.timers.iter().any(|t| matches!(t, ExecutionTimer::Budget(_))) {
                kinds.push(Kind::Expire);
            }
            if ready && pair.consensus.timers.iter().any(|t| matches!(t, Timer::Propose(_))) {
                kinds.push(Kind::ProposeTimeout);
            }
        }
    }

    fn gossip_round(&self, height: Height) -> Option<Round> {
        self.network.heights.get(usize::try_from(height).ok()?).map(|h| h.round)
    }

    /// Takes a step; places where it could have been cut are left in the pair.
    #[must_use]
    pub fn after(&self, action: Action) -> Self {
        let mut world = self.clone();
        world.pair.cuts.clear();
        if action.cut > 0 {
            world.pair.cut = Some(action.cut);
            world.left.consensus_crashes -= 1;
        }
        world.act(action.kind);
        world.settle();
        world.pair.cut = None;
        world.check();
        world.forget();
        world
    }

    fn act(&mut self, kind: Kind) {
        let (pair, net, left) = (&mut self.pair, &mut *self.network, &mut self.left);
        let at = net.at().unwrap_or_default();
        match kind {
            Kind::Soon => pair.say_soon(),
            Kind::Up => pair.deliver_up(0, false),
            Kind::Down => pair.deliver_down(0),
            Kind::OvertakeUp(at) => {
                left.reorders -= 1;
                pair.deliver_up(usize::from(at), false);
            }
            Kind::OvertakeDown(at) => {
                left.reorders -= 1;
                pair.deliver_down(usize::from(at));
            }
            Kind::Twice => {
                left.duplicates -= 1;
                pair.deliver_up(0, true);
            }
            Kind::Say => pair.say(),
            Kind::Written => pair.written(),
            Kind::Connect => pair.connect(),
            Kind::Reconnect => fire(pair, |t| matches!(t, Timer::Reconnect(_))),
            Kind::Retry => fire(pair, |t| matches!(t, Timer::Retry(_))),
            Kind::ProposeTimeout => {
                left.expiries -= 1;
                fire(pair, |t| matches!(t, Timer::Propose(_)));
            }
            Kind::Expire => {
                left.expiries -= 1;
                fire_execution(pair, |t| matches!(t, ExecutionTimer::Budget(_)));
            }
            Kind::WatchLost => {
                pair.seen.taken = false;
                fire_execution(pair, |t| matches!(t, ExecutionTimer::WatchLost(_)));
            }
            Kind::CrashConsensus { sent } => {
                left.consensus_crashes -= 1;
                pair.restart_consensus(sent);
            }
            Kind::CrashExecution { sent } => {
                left.execution_crashes -= 1;
                pair.restart_execution(sent);
            }
            Kind::Break { up, down } => {
                left.losses -= 1;
                pair.break_link(up, down);
            }
            Kind::TakeOver => {
                left.takeovers -= 1;
                pair.take_over();
            }
            Kind::Operator => {
                pair.consensus.takeover = matches!(pair.consensus.halted, Some(Halt::Fenced(_)));
                pair.restart_consensus(true);
            }
            Kind::Object => {
                left.objections -= 1;
                pair.execution.objection = true;
            }
            Kind::Gossip => {
                let round = net.engine.running.and_then(|h| net.heights.get(h as usize)).map_or(0, |h| h.round);
                net.gossip(pair, round);
            }
            Kind::Pass => net.pass(at),
            Kind::PassLocked => {
                net.polka(at);
                net.pass(at);
            }
            Kind::Decide => {
                net.polka(at);
                net.decide(at);
            }
            Kind::Learn => net.learn(pair),
        }
    }

    /// What follows without a choice.
    fn settle(&mut self) {
        self.network.hear(&mut self.pair);
        if self.network.can_hear_polka() {
            self.network.hear_polka();
        }
        if self.network.can_follow() && !busy(&self.pair) {
            self.network.follow(&mut self.pair);
        }
        if self.network.can_learn() == Some(true) && !busy(&self.pair) {
            self.network.learn(&mut self.pair);
        }
        if let Some(at) = self.network.at() {
            let round = self.network.heights[at as usize].round;
            let proposer = self.pair.setting.proposer(at, round);
            self.network.others_propose(at, proposer, self.pair.setting.address);
        }
    }

    /// Forgets what can never matter again, so that states which differ in nothing else are one.
    fn forget(&mut self) {
        let mut writer = Writer::default();
        let used = writer.names(&(&self.pair.consensus, &self.pair.up));
        let gone = |id: &StreamId| stream_name(id).is_some_and(|name| used.binary_search(&name).is_err());
        if self.pair.execution.core.stream_ids().any(gone) {
            self.pair.execution.core.forget_stream_ids(gone);
        }
        // A height that both halves hold for good: neither builds, signs or judges there any more.
        let over = self.pair.consensus.disk.durable.committed.map(|p| p.height);
        let Some(over) = over.filter(|h| self.network.at().is_none_or(|at| at > *h)) else { return };
        let height = over as usize;
        if self.network.heights[height] == self.network.heights[height].outcome() {
            return;
        }
        self.network.heights[height] = self.network.heights[height].outcome();
        let seen = &mut *self.pair.seen;
        seen.parts.retain(|(slot, _), _| slot.height > over);
        seen.ends.retain(|slot, _| slot.height > over);
        seen.valid.retain(|c| height_of(c) > over);
        if self.pair.consensus.disk.record.is_some_and(|last| last.height <= over) {
            let last = LastSigned { height: over, round: Round::MAX, step: SignedStep::Precommit };
            self.pair.consensus.disk.record = Some(last);
        }
        self.pair.consensus.disk.signed.retain(|(height, ..), _| *height > over);
        self.pair.consensus.timers.retain(|t| !matches!(t, Timer::Propose(slot) if slot.height <= over));
        self.pair.execution.builds.retain(|(height, _), _| *height > over);
    }

    /// What must hold in every state.
    fn check(&mut self) {
        let disk = self.pair.execution.disk.committed();
        let (acknowledged, certified) =
            (self.pair.consensus.disk.durable.committed, self.pair.consensus.disk.durable.certified);
        if acknowledged > disk {
            self.pair.violate("ECP-DEC-001", "a block that was acknowledged is not durable in the execution half");
        }
        let agreed = |height: Height| self.network.heights.get(height as usize).and_then(|h| h.decided).map(|(_, c)| c);
        let wrong = |p: Position| agreed(p.height) != Some(p.commitment);
        let (certified, committed) = (certified.is_some_and(wrong), disk.is_some_and(wrong));
        if certified || committed {
            self.pair.violate("ECP-DEC-007", "another block than the decided one is certified or committed");
        }
    }

    /// All heights are decided, committed and acknowledged.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let last = self.network.heights.len().checked_sub(1).map(|h| h as Height);
        let at = |p: Option<Position>| p.map(|p| p.height);
        at(self.pair.execution.disk.committed()) == last && at(self.pair.consensus.disk.durable.committed) == last
    }

    /// What must never be, and is.
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        self.pair.violation.as_ref()
    }
}

fn fire(pair: &mut Pair, wanted: impl Fn(&Timer) -> bool) {
    if let Some(timer) = pair.consensus.timers.iter().find(|t| wanted(t)).copied() {
        pair.fire(timer);
    }
}

fn fire_execution(pair: &mut Pair, wanted: impl Fn(&ExecutionTimer) -> bool) {
    if let Some(timer) = pair.execution.timers.iter().find(|t| wanted(t)).copied() {
        pair.fire_execution(timer);
    }
}
