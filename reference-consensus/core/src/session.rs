//! The session: connection, handshake, Watch, and what is done on a failure.

use ecp_types::{
    Action, ExecutionPosition, Feature, Height, InstanceId, Phase, Reason, WatchState,
    limits::{WATCH_LOST_MS, WATCH_SUSPECT_MS},
};

use crate::{
    effect::{Call, Effect, Halt, Note, Timer, Write},
    input::{Handshaken, Outcome},
    model::{CallId, Failure},
    recovery::Recovery,
    state::{Gate, Purpose, State},
};

/// First pause before connecting again, in milliseconds; it doubles up to [`RECONNECT_MAX_MS`].
pub const RECONNECT_FIRST_MS: u64 = 50;
/// Longest pause before connecting again, in milliseconds.
pub const RECONNECT_MAX_MS: u64 = 2_000;
/// Pause of action `retry` when the error names none, in milliseconds.
pub const RETRY_DEFAULT_MS: u64 = 1_000;

/// A holder that speaks for longer than this keeps the execution half: silence would have let this half in by now.
pub const HELD_MAX_MS: u64 = 2 * WATCH_LOST_MS;

/// Where the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Link {
    /// To be opened now.
    #[default]
    Down,
    /// To be opened when the timer with this number runs out.
    Pause(u64),
    /// Being opened.
    Connecting,
    /// Open; the handshake is under way.
    Handshaking,
    /// A session is open.
    Up,
}

/// The session with the execution half.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Session {
    pub(crate) link: Link,
    /// Troubles since the last call that went well; makes pauses grow.
    pub(crate) troubles: u32,
    /// Time that another consensus half was waited for, in milliseconds.
    pub(crate) held_ms: u64,
    pub(crate) instance: Option<InstanceId>,
    pub(crate) features: Vec<Feature>,
    pub(crate) first_height: Height,
    pub(crate) position: ExecutionPosition,
    pub(crate) build_margin_ms: u32,
    pub(crate) watch: Option<WatchState>,
    /// Watch is silent for 3 s or was never heard.
    pub(crate) suspect: bool,
    pub(crate) watch_id: Option<CallId>,
    pub(crate) watch_number: u64,
}

impl Session {
    /// The execution half takes every call: session open, Watch heard lately, phase READY (ECP-SES-017).
    pub(crate) fn is_ready(&self) -> bool {
        self.link == Link::Up && !self.suspect && self.watch.as_ref().is_some_and(|w| w.phase == Phase::Ready)
    }

    /// Whether the network has decided a height, as far as Watch tells (ECP-SYN-018).
    pub(crate) fn network_has(&self, height: Height) -> bool {
        self.watch.as_ref().and_then(|w| w.network_tip).is_some_and(|tip| tip >= height)
    }

    /// The height of the next block of the execution half.
    pub(crate) fn next_height(&self) -> Height {
        self.position.committed.map_or(self.first_height, |p| p.height.saturating_add(1))
    }
}

/// What a failed call means for the work it was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// Call again when this gate opens.
    Again(Gate),
    /// The session is lost or the half stops: whatever is still due is found out after the next handshake.
    Lost,
    /// Get it another way.
    Resync,
    /// Give it up.
    GiveUp,
}

impl State {
    pub(crate) fn advance_link(&mut self, fx: &mut Vec<Effect>) {
        if self.session.link == Link::Down {
            self.session.link = Link::Connecting;
            fx.push(Effect::Connect);
        }
    }

    pub(crate) fn on_connected(&mut self, fx: &mut Vec<Effect>) {
        if self.session.link != Link::Connecting {
            return;
        }
        self.session.link = Link::Handshaking;
        let call = Call::Handshake { position: self.durable.position(), takeover: self.config.takeover };
        self.call(Purpose::Handshake, call, fx);
    }

    pub(crate) fn on_connect_failed(&mut self, failure: &Failure, fx: &mut Vec<Effect>) {
        if self.session.link == Link::Connecting {
            match failure.action {
                Action::Halt => self.halt(Halt::Refused(failure.to_string()), fx),
                _ => self.lose_session(failure.to_string(), fx),
            }
        }
    }

    pub(crate) fn on_handshake(&mut self, result: Result<Outcome, Failure>, fx: &mut Vec<Effect>) {
        match result {
            Ok(Outcome::Handshaken(answer)) => self.on_session_open(*answer, fx),
            Ok(_) => self.lose_session("another call's answer to Handshake".to_owned(), fx),
            // The holder may stop, or fall silent for ten seconds (ECP-SES-011): ask again.
            Err(failure) if failure.action == Action::Retry => {
                let pause = failure.retry_after_ms.unwrap_or(RETRY_DEFAULT_MS).max(1);
                self.session.held_ms = self.session.held_ms.saturating_add(pause);
                if self.session.held_ms > HELD_MAX_MS {
                    return self.halt(Halt::Refused(failure.to_string()), fx);
                }
                fx.push(Effect::Note(Note::SessionLost(failure.to_string())));
                self.pause(pause, fx);
            }
            Err(failure) if failure.action == Action::Report => self.halt(Halt::Refused(failure.to_string()), fx),
            Err(failure) => {
                self.settle(&failure, fx);
            }
        }
    }

    fn on_session_open(&mut self, answer: Handshaken, fx: &mut Vec<Effect>) {
        if answer.network != self.config.network {
            let text = format!(
                "the execution half belongs to chain {:?}, this half to {:?}: start both from the same genesis",
                answer.network.chain_id, self.config.network.chain_id
            );
            return self.halt(Halt::Refused(text), fx);
        }
        let new_instance = self.session.instance != Some(answer.instance_id);
        let committed = answer.position.committed.map(|p| p.height);
        self.session.link = Link::Up;
        self.session.held_ms = 0;
        self.session.instance = Some(answer.instance_id);
        self.session.features = answer.features;
        self.session.first_height = answer.first_height;
        self.session.position = answer.position;
        self.session.build_margin_ms = answer.build_margin_ms;
        self.session.watch = None;
        self.session.suspect = true;
        fx.push(Effect::Note(Note::Session { new_instance, committed }));
        self.recovery = Recovery::due(new_instance);
        if new_instance {
            self.persist(vec![Write::Instance(answer.instance_id)], fx);
        }
        self.forget_announcements(new_instance, fx);
        let id = self.call(Purpose::Watch, Call::Watch, fx);
        self.session.watch_id = Some(id);
        self.restart_watch_timers(fx);
    }

    fn restart_watch_timers(&mut self, fx: &mut Vec<Effect>) {
        self.session.watch_number = self.next_id();
        let number = self.session.watch_number;
        fx.push(Effect::SetTimer { timer: Timer::WatchSuspect(number), after_ms: WATCH_SUSPECT_MS });
        fx.push(Effect::SetTimer { timer: Timer::WatchLost(number), after_ms: WATCH_LOST_MS });
    }

    pub(crate) fn on_watch(&mut self, id: CallId, watch: WatchState, fx: &mut Vec<Effect>) {
        if self.session.watch_id != Some(id) || self.session.link != Link::Up {
            return;
        }
        if self.session.instance != Some(watch.instance_id) {
            return self.lose_session("Watch speaks for another instance".to_owned(), fx);
        }
        let was_syncing = self.session.watch.as_ref().is_some_and(|w| w.phase == Phase::Syncing);
        match watch.phase {
            Phase::Diverged => return self.halt(Halt::Diverged(watch.reason), fx),
            Phase::Halted => return self.halt(Halt::Refused(watch.reason), fx),
            // SYNCING is left by a new handshake (ECP-SYN-009).
            Phase::Ready if was_syncing => {
                return self.lose_session("the execution half finished syncing".to_owned(), fx);
            }
            Phase::Ready | Phase::Syncing | Phase::Draining => {}
        }
        self.session.position.block_hash_height = watch.block_hash_height;
        self.session.suspect = false;
        self.session.watch = Some(watch);
        self.restart_watch_timers(fx);
        self.open_gates(|gate| gate == Gate::Watch);
    }

    pub(crate) fn on_watch_ended(&mut self, result: Result<Outcome, Failure>, fx: &mut Vec<Effect>) {
        match result {
            Ok(_) => self.lose_session("Watch ended".to_owned(), fx),
            Err(failure) => {
                if self.settle(&failure, fx) != Settled::Lost {
                    self.lose_session(failure.to_string(), fx);
                }
            }
        }
    }

    pub(crate) fn on_session_timer(&mut self, timer: Timer, fx: &mut Vec<Effect>) {
        match timer {
            Timer::Reconnect(n) if self.session.link == Link::Pause(n) => self.session.link = Link::Down,
            Timer::WatchSuspect(n) if n == self.session.watch_number => self.session.suspect = true,
            Timer::WatchLost(n) if n == self.session.watch_number && self.session.link == Link::Up => {
                self.lose_session("Watch is silent for ten seconds".to_owned(), fx);
            }
            _ => {}
        }
    }

    /// Gives up the connection and every call on it; what is still due is asked again after the next handshake.
    pub(crate) fn lose_session(&mut self, why: String, fx: &mut Vec<Effect>) {
        if matches!(self.session.link, Link::Down | Link::Pause(_)) {
            return;
        }
        fx.push(Effect::Note(Note::SessionLost(why)));
        let shift = self.session.troubles.min(6);
        self.session.troubles = self.session.troubles.saturating_add(1);
        self.pause((RECONNECT_FIRST_MS << shift).min(RECONNECT_MAX_MS), fx);
    }

    fn pause(&mut self, ms: u64, fx: &mut Vec<Effect>) {
        let number = self.next_id();
        self.session.link = Link::Pause(number);
        self.session.suspect = true;
        self.session.watch_id = None;
        self.calls.clear();
        self.forget_synced(fx);
        self.recovery = Recovery::default();
        self.open_gates(|_| true);
        fx.push(Effect::SetTimer { timer: Timer::Reconnect(number), after_ms: ms });
    }

    /// Does what the table says, and nothing else (ECP-ERR-002).
    pub(crate) fn settle(&mut self, failure: &Failure, fx: &mut Vec<Effect>) -> Settled {
        match failure.action {
            Action::Retry => {
                let number = self.next_id();
                let after_ms = failure.retry_after_ms.unwrap_or(RETRY_DEFAULT_MS);
                fx.push(Effect::SetTimer { timer: Timer::Retry(number), after_ms });
                Settled::Again(Gate::Timer(number))
            }
            Action::Wait => Settled::Again(Gate::Watch),
            Action::Handshake => {
                self.lose_session(failure.to_string(), fx);
                Settled::Lost
            }
            Action::Resync => Settled::Resync,
            Action::Skip => Settled::GiveUp,
            Action::Report => {
                self.defect(failure.to_string(), fx);
                Settled::GiveUp
            }
            Action::Halt => {
                let text = failure.to_string();
                let halt = match failure.reason {
                    Some(Reason::Fenced) => Halt::Fenced(text),
                    Some(Reason::Divergence | Reason::Conflict) => Halt::Diverged(text),
                    _ => Halt::Refused(text),
                };
                self.halt(halt, fx);
                Settled::Lost
            }
        }
    }

    pub(crate) fn has_feature(&self, feature: Feature) -> bool {
        self.session.features.contains(&feature)
    }
}
