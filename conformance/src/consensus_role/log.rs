//! The calls that the half under test made, in order, so that steps can wait for them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use prost_reflect::DynamicMessage;
use serde_json::Value as Json;
use tokio::sync::watch;

use crate::wire::{self, Mismatch, Names};

/// One call.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its number in the transcript.
    pub call: u32,
    /// Instance of the half that made it.
    pub instance: u32,
    /// Its method.
    pub method: String,
    /// Its request, or the opening message of its stream.
    pub opening: DynamicMessage,
    /// The rule that did something to it; empty if it has no name.
    pub fired: Option<String>,
}

/// What a step looks for.
pub(super) struct Wanted<'a> {
    /// Instance; any if absent.
    pub instance: Option<u32>,
    /// The method.
    pub method: &'a str,
    /// What the request contains.
    pub request: Json,
    /// The rule that must have done something to it; empty: none need have.
    pub rule: &'a str,
}

/// All calls of a case.
pub(super) struct CallLog {
    entries: Mutex<Vec<Entry>>,
    changed: watch::Sender<()>,
}

impl Default for CallLog {
    fn default() -> Self {
        Self { entries: Mutex::default(), changed: watch::Sender::new(()) }
    }
}

impl CallLog {
    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        // Entries are pushed and changed whole.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a call.
    pub(super) fn push(&self, entry: Entry) {
        self.entries().push(entry);
        self.changed.send_replace(());
    }

    /// A rule did to the call what it says.
    pub(super) fn fired(&self, call: u32, rule: &str) {
        if let Some(entry) = self.entries().iter_mut().rev().find(|entry| entry.call == call) {
            entry.fired = Some(rule.to_owned());
        }
        self.changed.send_replace(());
    }

    /// How many calls there are.
    pub(super) fn len(&self) -> usize {
        self.entries().len()
    }

    /// Tells when something changes.
    pub(super) fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// The first call at or after `from` that is wanted, with its place. `Err` if the pattern is wrong.
    pub(super) fn find(
        &self,
        from: usize,
        wanted: &Wanted<'_>,
        names: &Names,
    ) -> Result<Option<(usize, Entry)>, String> {
        for (place, entry) in self.entries().iter().enumerate().skip(from) {
            let named = entry.method == wanted.method && wanted.instance.is_none_or(|i| i == entry.instance);
            let fired = wanted.rule.is_empty() || entry.fired.as_deref() == Some(wanted.rule);
            if !named || !fired {
                continue;
            }
            match wire::contains(&wanted.request, &entry.opening, names) {
                Ok(()) => return Ok(Some((place, entry.clone()))),
                Err(Mismatch::Differs { .. }) => {}
                Err(bad @ Mismatch::BadPattern { .. }) => return Err(bad.to_string()),
            }
        }
        Ok(None)
    }
}
