//! `execution-states.toml` and `consensus-states.toml`: state machines without a gap.

use serde::Deserialize;

use super::unique;

/// A name and what it means.
pub type Named = (String, String);

/// One row: state, event, guard, action, next state, requirement ids.
#[derive(Debug, Clone, Deserialize)]
pub struct RawRow(pub String, pub String, pub String, pub String, pub String, pub String);

/// A state machine as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// The state in which it begins.
    pub initial: String,
    /// What it is.
    pub meaning: String,
    /// Its states.
    pub states: Vec<Named>,
    /// Its events.
    pub events: Vec<Named>,
    /// Its rows; `*` stands for each state without a row of its own for the event.
    pub rows: Vec<RawRow>,
}

/// A row for one state, with `*` and `=` resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition<'a> {
    /// From here.
    pub state: &'a str,
    /// When this happens.
    pub event: &'a str,
    /// And this holds.
    pub guard: &'a str,
    /// This is done.
    pub action: &'a str,
    /// And then it is here.
    pub next: &'a str,
    /// Rules behind it.
    pub requirements: Vec<&'a str>,
}

/// All machines of one half.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machines {
    /// The machines.
    #[serde(rename = "machine")]
    pub machines: Vec<Machine>,
}

impl Machine {
    /// Every row for every state, in the order of states and events.
    #[must_use]
    pub fn transitions(&self) -> Vec<Transition<'_>> {
        let mut out = Vec::new();
        for (state, _) in &self.states {
            for (event, _) in &self.events {
                let own = self.rows.iter().any(|row| row.0 == *state && row.1 == *event);
                let from = if own { state.as_str() } else { "*" };
                out.extend(self.rows.iter().filter(|row| row.0 == from && row.1 == *event).map(|row| Transition {
                    state,
                    event,
                    guard: &row.2,
                    action: &row.3,
                    next: if row.4 == "=" { state } else { &row.4 },
                    requirements: row.5.split_whitespace().collect(),
                }));
            }
        }
        out
    }

    fn check(&self) -> Result<(), String> {
        let name = &self.name;
        unique(&format!("{name}: state"), self.states.iter().map(|(state, _)| state.as_str()))?;
        unique(&format!("{name}: event"), self.events.iter().map(|(event, _)| event.as_str()))?;
        let state = |value: &str| self.states.iter().any(|(state, _)| state == value);
        if !state(&self.initial) {
            return Err(format!("{name}: the initial state {} is none of its states", self.initial));
        }
        for row in &self.rows {
            let at = format!("{name}: row {} / {}", row.0, row.1);
            if row.0 != "*" && !state(&row.0) {
                return Err(format!("{at}: no such state"));
            }
            if !self.events.iter().any(|(event, _)| *event == row.1) {
                return Err(format!("{at}: no such event"));
            }
            if row.4 != "=" && !state(&row.4) {
                return Err(format!("{at}: no such next state {}", row.4));
            }
            if row.3.is_empty() {
                return Err(format!("{at}: what is done is not said"));
            }
        }
        let transitions = self.transitions();
        for (state, _) in &self.states {
            for (event, _) in &self.events {
                let rows: Vec<_> = transitions
                    .iter()
                    .filter(|row| row.state == state.as_str() && row.event == event.as_str())
                    .collect();
                match rows.as_slice() {
                    [] => return Err(format!("{name}: nothing is said of {event} in {state}")),
                    [_] => {}
                    many if many.iter().any(|row| row.guard.is_empty()) => {
                        return Err(format!("{name}: {event} in {state} has several rows, one without a guard"));
                    }
                    _ => {}
                }
            }
        }
        let used = |row: &RawRow| row.0 != "*" || transitions.iter().any(|t| t.event == row.1 && t.action == row.3);
        match self.rows.iter().find(|row| !used(row)) {
            Some(row) => Err(format!("{name}: the row * / {} is never used", row.1)),
            None => Ok(()),
        }
    }
}

impl Machines {
    /// The machine of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.name == name)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        unique("machine", self.machines.iter().map(|machine| machine.name.as_str()))?;
        self.machines.iter().try_for_each(Machine::check)
    }
}
