//! This node's proposals (ECP-BLD): at most one build for each slot, its parts kept and read from index 0 as often as
//! asked; a slot whose build ended without FIN is never built again.

use ecp_types::{Commitment, Counts, Part, Reason, Round};

use crate::{
    CallId, Effect, Refusal, State, WorkId,
    effect::{EngineCommand, Message},
    input::{BuildProposal, EngineEvent, Outcome, StartRound, Timer},
    seams::Slot,
    state::{OpenCall, Out, Target},
    streams::StreamUse,
};

/// The build of a slot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Build {
    pub(crate) work: WorkId,
    pub(crate) waiting: bool,
    /// Everything said so far, for readers from index 0 (ECP-BLD-005).
    parts: Vec<Part>,
    built: Option<Outcome>,
    readers: Vec<CallId>,
}

impl State {
    /// A round begins: ends this node's unfinished builds of lower rounds, and only these (ECP-BLD-003).
    pub(crate) fn start_round(&mut self, start: &StartRound, out: &mut Out) -> Result<(), Refusal> {
        self.check_height(start.height)?;
        let lower: Vec<Round> = self.builds.range(..start.round).map(|(round, _)| *round).collect();
        for round in lower {
            self.burn(round, "a higher round began", out);
        }
        self.started.insert(start.round);
        Ok(())
    }

    /// Begins a build, or reads one from index 0.
    pub(crate) fn open_build(
        &mut self,
        id: CallId,
        serial: u64,
        call: BuildProposal,
        out: &mut Out,
    ) -> Result<(), Refusal> {
        let round = call.round;
        self.streams.check(&call.stream_id)?;
        self.check_phase()?;
        self.check_height(call.height)?;
        if !self.started.contains(&round) {
            return Err(Refusal::new(Reason::RoundNotStarted, format_args!("Round {round} was not started.")));
        }
        // A height that is being decided is built no more (ECP-BLD-008).
        if self.burned.contains(&round) || (self.lane.is_deciding() && !self.builds.contains_key(&round)) {
            return Err(burned(round, "it ended before"));
        }
        self.streams.insert(call.stream_id, StreamUse::Build(call.height, round));
        self.calls.insert(id, OpenCall { serial, target: Target::Build(round) });
        if let Some(build) = self.builds.get_mut(&round) {
            out.extend(build.parts.iter().map(|part| Effect::Send(id, Message::Part(part.clone()))));
            if let Some(outcome) = build.built {
                out.push(Effect::Send(id, Message::Built(outcome, Counts::of(&build.parts))));
                out.push(Effect::Finish(id));
                self.calls.remove(&id);
            } else {
                build.readers.push(id);
            }
            return Ok(());
        }
        let work = self.fresh_id();
        let budget = u64::from(call.budget_ms);
        let close = budget.saturating_sub(u64::from(self.config.build_margin_ms));
        let slot = Slot { height: call.height, round, valid_round: None, proposer: call.proposer };
        out.push(Effect::Arm(Timer::Budget(work), budget));
        out.push(Effect::Engine(work, EngineCommand::Build(slot, close)));
        self.builds.insert(round, Build { work, waiting: false, parts: Vec::new(), built: None, readers: vec![id] });
        Ok(())
    }

    /// The engine says something about a build.
    pub(crate) fn build_event(&mut self, round: Round, event: EngineEvent, out: &mut Out) {
        let Some(build) = self.builds.get_mut(&round).filter(|build| build.built.is_none()) else { return };
        match event {
            EngineEvent::Part(part) => {
                build.waiting = false;
                out.extend(build.readers.iter().map(|id| Effect::Send(*id, Message::Part(part.clone()))));
                build.parts.push(part);
            }
            EngineEvent::Waiting(_) => build.waiting = true,
            EngineEvent::Built(outcome) => {
                build.waiting = false;
                build.built = Some(outcome);
                let work = build.work;
                let counts = Counts::of(&build.parts);
                for id in std::mem::take(&mut build.readers) {
                    self.calls.remove(&id);
                    out.push(Effect::Send(id, Message::Built(outcome, counts)));
                    out.push(Effect::Finish(id));
                }
                out.push(Effect::Disarm(Timer::Budget(work)));
                self.keep_built(work, outcome, out);
            }
            EngineEvent::Fault(detail) => {
                let refusal = Refusal::new(Reason::InternalFault, format_args!("The build failed: {detail}."));
                self.end_build(round, &refusal, out);
            }
            EngineEvent::Progress
            | EngineEvent::Invalid { .. }
            | EngineEvent::Complete { .. }
            | EngineEvent::Compared(_)
            | EngineEvent::Rechecked(_) => {}
        }
    }

    /// Ends a build without FIN and burns its slot (ECP-BLD-008). A finished build stays.
    pub(crate) fn burn(&mut self, round: Round, why: &str, out: &mut Out) {
        self.end_build(round, &burned(round, why), out);
    }

    fn end_build(&mut self, round: Round, refusal: &Refusal, out: &mut Out) {
        if self.builds.get(&round).is_none_or(|build| build.built.is_some()) {
            return;
        }
        let Some(build) = self.builds.remove(&round) else { return };
        self.burned.insert(round);
        for id in build.readers {
            self.calls.remove(&id);
            out.push(Effect::Refuse(id, refusal.clone()));
        }
        out.push(Effect::Disarm(Timer::Budget(build.work)));
        out.push(Effect::Engine(build.work, EngineCommand::Drop));
    }

    /// The candidate of finished builds was dropped: their slots are not given again (ECP-BLD-008).
    pub(crate) fn forget_built(&mut self, commitment: Commitment) {
        let gone = self.builds.iter().filter(|(_, build)| build.built.is_some_and(|b| b.commitment == commitment));
        for round in gone.map(|(round, _)| *round).collect::<Vec<_>>() {
            self.builds.remove(&round);
            self.burned.insert(round);
        }
    }

    /// A reader's call ended; the build goes on (ECP-BLD-005).
    pub(crate) fn build_reader_gone(&mut self, id: CallId, round: Round) {
        self.calls.remove(&id);
        if let Some(build) = self.builds.get_mut(&round) {
            build.readers.retain(|reader| *reader != id);
        }
    }
}

fn burned(round: Round, why: &str) -> Refusal {
    Refusal::new(Reason::RoundBurned, format_args!("The build of round {round} gave no proposal: {why}."))
}
