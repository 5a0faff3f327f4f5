//! What all instances of a case share.

use std::sync::{Mutex, MutexGuard, PoisonError, atomic::AtomicU32};

use bytes::Bytes;
use serde_json::Value as Json;

use super::{
    log::CallLog,
    model::{Complaint, Model},
    rules::Rules,
};
use crate::{
    schema::{self, Sender, record::Event},
    transcript::Recorder,
};

/// What all instances of a case share.
pub(super) struct Stage {
    /// The transcript.
    pub recorder: Recorder,
    /// The calls that the half made.
    pub log: CallLog,
    /// Whether a build under a silent Watch counts.
    pub silence: bool,
    pub(super) rules: Mutex<Rules>,
    pub(super) model: Mutex<Model>,
    pub(super) states: Mutex<Vec<(Option<u32>, Json)>>,
    pub(super) next_call: AtomicU32,
}

/// None of the locks is held over anything that can panic half-way.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stage {
    /// A stage on which nothing has happened.
    pub(super) fn new(recorder: Recorder, model: Model, silence: bool) -> Self {
        Self {
            recorder,
            log: CallLog::default(),
            silence,
            rules: Mutex::default(),
            model: Mutex::new(model),
            states: Mutex::default(),
            next_call: AtomicU32::new(0),
        }
    }

    /// Adds, replaces or drops a rule.
    pub(super) fn rule(&self, rule: schema::Rule) {
        locked(&self.rules).add(rule);
    }

    /// The highest committed height that an instance was told of.
    pub(super) fn told(&self, instance: u32) -> Option<ecp_types::Height> {
        locked(&self.model).told(instance)
    }

    /// Changes what Watch tells from its next message on.
    pub(super) fn set_state(&self, instance: Option<u32>, state: Json) {
        locked(&self.states).push((instance, state));
    }

    /// The suite itself failed.
    pub(super) fn fault(&self, what: impl std::fmt::Display) {
        self.recorder.record(Event::HarnessFault(schema::HarnessFault { what: what.to_string() }));
    }

    /// Records what is not legal.
    pub(super) fn complain(&self, complaints: Vec<Complaint>) {
        for complaint in complaints {
            self.recorder.record(Event::Judgement(schema::Judgement {
                subject: complaint.subject,
                requirement: complaint.requirement.to_owned(),
                complaint: complaint.what,
            }));
        }
    }

    /// Records a message.
    pub(super) fn message(&self, call: u32, sender: Sender, bytes: &Bytes) {
        let message = schema::Message { call, sender: sender.into(), bytes: bytes.clone() };
        self.recorder.record(Event::Message(message));
    }
}
