//! What each step does.

use std::{sync::Arc, time::Duration};

use ecp_types::{Genesis, Height};
use prost_reflect::ReflectMessage as _;
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::{behind::NoStart, instance::Instance, ledger, log::Wanted, stage::Stage};
use crate::{
    execution_role::Settings,
    schema::{self, AwaitCall, AwaitDecided, NoCall, Step, binding, record::Event, step::Action, step_ended::Observed},
    subject::StartError,
    wire::{self, Bound},
    workload::Chain,
};

/// How often conditions are looked at that nobody tells of.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Why a step did not come to an observation.
pub(super) enum Stopped {
    /// The suite could not do what it should.
    Trouble(String),
    /// The half did not start for the first time.
    NotStarted(StartError),
    /// Something that is not legal was seen while the step waited: what it waits for tells nothing more.
    Failed,
}

impl From<String> for Stopped {
    fn from(what: String) -> Self {
        Self::Trouble(what)
    }
}

/// What a step saw.
pub(super) struct Saw {
    /// The call that it is about.
    pub call: Option<u32>,
    /// What was observed.
    pub what: Observed,
}

impl Saw {
    pub(super) const fn done() -> Self {
        Self { call: None, what: Observed::Done(pbjson_types::Empty {}) }
    }

    fn silence(waited: Duration) -> Self {
        let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        Self { call: None, what: Observed::Silence(schema::Silence { waited_ms }) }
    }

    pub(super) const fn refused(what: String) -> Self {
        Self { call: None, what: Observed::RefusedByModel(what) }
    }
}

/// Everything of one case that changes.
pub(super) struct Play {
    pub settings: Settings,
    pub stage: Arc<Stage>,
    pub instances: Vec<Instance>,
    /// The genesis that all processes were given.
    genesis: Genesis,
    /// The suite's model of the chain, at its beginning.
    chain: Box<dyn Chain>,
    started: bool,
    /// Calls before this place are over for steps that wait.
    cursor: usize,
    /// Place of each named call in the log.
    named: std::collections::BTreeMap<String, usize>,
    last: Option<prost_reflect::DynamicMessage>,
}

impl Play {
    pub(super) fn new(
        settings: Settings,
        stage: Arc<Stage>,
        instances: Vec<Instance>,
        genesis: Genesis,
        chain: Box<dyn Chain>,
    ) -> Self {
        Self {
            settings,
            stage,
            instances,
            genesis,
            chain,
            started: false,
            cursor: 0,
            named: Default::default(),
            last: None,
        }
    }

    /// Does a step. The half is started before the first one that is not about how the suite answers.
    pub(super) async fn step(&mut self, step: &Step) -> Result<Saw, Stopped> {
        self.last = None;
        let action = step.action.as_ref().ok_or_else(|| "the step does nothing".to_owned())?;
        if !self.started && !matches!(action, Action::Rule(_) | Action::SetState(_)) {
            self.start().await?;
        }
        match action {
            Action::Rule(rule) => {
                self.cursor = self.stage.log.len();
                self.stage.rule(rule.clone());
                Ok(Saw::done())
            }
            Action::SetState(set) => {
                self.cursor = self.stage.log.len();
                self.stage.set_state(set.instance, set.state.as_ref().map_or_else(|| json!({}), to_json));
                Ok(Saw::done())
            }
            Action::Kill(kill) => {
                let instance = self.instance(kill.instance)?;
                if kill.execution {
                    instance.kill_execution().await;
                } else {
                    instance.kill().await;
                }
                self.cursor = self.stage.log.len();
                Ok(Saw::done())
            }
            Action::Restart(restart) if restart.execution => {
                self.cursor = self.stage.log.len();
                match self.instance(restart.instance)?.launch_execution().await {
                    Ok(()) => Ok(Saw::done()),
                    Err(NoStart::Half(error)) => Ok(Saw { call: None, what: Observed::Lost(error.to_string()) }),
                    Err(NoStart::Suite(error)) => Err(Stopped::Trouble(error)),
                }
            }
            Action::TakeOver(take) => {
                self.cursor = self.stage.log.len();
                let genesis = self.genesis.clone();
                ledger::take_over(self.instance(take.instance)?, &genesis).await
            }
            Action::ReadLedger(read) => ledger::read(&self.instances, &self.genesis, &*self.chain, read.height).await,
            Action::Restart(restart) => {
                self.instance(restart.instance)?.kill().await;
                self.cursor = self.stage.log.len();
                // A half that does not come back broke its promise to recover.
                Ok(match self.instance(restart.instance)?.launch().await {
                    Ok(()) => Saw::done(),
                    Err(error) => Saw { call: None, what: Observed::Lost(error.to_string()) },
                })
            }
            Action::AwaitCall(wait) => self.await_call(wait, self.patience(step)).await,
            Action::NoCall(none) => self.no_call(none),
            Action::AwaitDecided(wait) => self.await_decided(wait, self.patience(step)).await,
            Action::AwaitExit(wait) => {
                let patience = self.patience(step);
                Ok(match self.instance(wait.instance)?.wait(patience).await {
                    Some(exit) if wait.success.is_some_and(|s| s != (exit.code == Some(0))) => {
                        Saw::refused(format!("the process ended with {}", crate::verdict::exit_text(&exit)))
                    }
                    Some(_) => Saw { call: None, what: Observed::Exited(pbjson_types::Empty {}) },
                    None => Saw::silence(patience),
                })
            }
            _ => Err(Stopped::Trouble("this step is for cases of an execution half".to_owned())),
        }
    }

    async fn start(&mut self) -> Result<(), Stopped> {
        self.started = true;
        let launches = self.instances.iter_mut().map(Instance::launch);
        let launched = futures::future::join_all(launches).await;
        launched.into_iter().collect::<Result<Vec<_>, _>>().map_err(Stopped::NotStarted).map(drop)
    }

    fn instance(&mut self, index: Option<u32>) -> Result<&mut Instance, String> {
        let index = index.unwrap_or(0);
        self.instances.get_mut(index as usize).ok_or_else(|| format!("there is no instance {index}"))
    }

    /// How long a step waits: what the run allows, or what the case allows and the slack.
    fn patience(&self, step: &Step) -> Duration {
        let within = step.expect.as_ref().and_then(|e| e.within_ms).unwrap_or(0);
        self.settings.patience.max(Duration::from_millis(u64::from(within)) + self.settings.slack)
    }

    async fn await_call(&mut self, wait: &AwaitCall, patience: Duration) -> Result<Saw, Stopped> {
        let from = if wait.ever { 0 } else { self.cursor };
        let wanted = Wanted {
            instance: wait.instance,
            method: &wait.method,
            request: wait.request.as_ref().map_or_else(|| json!({}), to_json),
            rule: &wait.rule,
        };
        let names = self.stage.recorder.names();
        let mut changes = self.stage.log.subscribe();
        let deadline = Instant::now() + patience;
        loop {
            changes.borrow_and_update();
            if let Some((place, entry)) = self.stage.log.find(from, &wanted, &names)? {
                self.cursor = self.cursor.max(place + 1);
                if !wait.r#as.is_empty() {
                    self.named.insert(wait.r#as.clone(), place);
                }
                self.last = Some(entry.opening);
                return Ok(Saw { call: Some(entry.call), what: Observed::Message(0) });
            }
            if let Some(lost) = self.lost(wait.instance) {
                return Ok(lost);
            }
            if self.stage.recorder.has_failed() {
                return Err(Stopped::Failed);
            }
            if Instant::now() >= deadline {
                return Ok(Saw::silence(patience));
            }
            tokio::select! {
                _ = changes.changed() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// A process that ended by itself does nothing more.
    fn lost(&self, instance: Option<u32>) -> Option<Saw> {
        let mut watched = self.instances.iter().filter(|i| instance.is_none_or(|wanted| wanted == i.index()));
        let exits: Option<Vec<_>> = match instance {
            // Of several, one that lives is enough to go on waiting.
            None => watched.map(Instance::exited).collect(),
            Some(_) => watched.next().map(|i| i.exited().into_iter().collect()),
        };
        let exit = exits?.pop()?;
        let what = format!("the process ended by itself, {}", crate::verdict::exit_text(&exit));
        Some(Saw { call: None, what: Observed::Lost(what) })
    }

    fn no_call(&mut self, none: &NoCall) -> Result<Saw, Stopped> {
        let from = match none.since.as_str() {
            "" => 0,
            since => self.named.get(since).map(|place| place + 1).ok_or_else(|| format!("no call is named {since}"))?,
        };
        let wanted = Wanted {
            instance: none.instance,
            method: &none.method,
            request: none.request.as_ref().map_or_else(|| json!({}), to_json),
            rule: "",
        };
        let found = self.stage.log.find(from, &wanted, &self.stage.recorder.names())?;
        Ok(match found {
            None => Saw::done(),
            Some((_, entry)) => {
                Saw::refused(format!("called {} with {}", entry.method, wire::readable(&entry.opening)))
            }
        })
    }

    async fn await_decided(&mut self, wait: &AwaitDecided, patience: Duration) -> Result<Saw, Stopped> {
        let height: Height = wait.height;
        let deadline = Instant::now() + patience;
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            look.tick().await;
            let mut awaited = self.instances.iter().filter(|i| wait.instance.is_none_or(|wanted| wanted == i.index()));
            if awaited.all(|i| i.committed() >= Some(height)) {
                return Ok(Saw::done());
            }
            if let Some(lost) = self.lost(wait.instance) {
                return Ok(lost);
            }
            if self.stage.recorder.has_failed() {
                return Err(Stopped::Failed);
            }
            if Instant::now() >= deadline {
                return Ok(Saw::silence(patience));
            }
        }
    }

    /// Gives names to values of the call that the step saw.
    pub(super) fn save(&self, step: &Step) -> Result<(), String> {
        for (name, path) in &step.save {
            let message = self.last.as_ref().ok_or_else(|| format!("save {name}: the step saw no call"))?;
            let value = match wire::select(message, path)? {
                None => return Err(format!("save {name}: {path} is absent; expect it to be present first")),
                Some(Bound::Number(n)) => binding::Value::Number(n),
                Some(Bound::Bytes(b)) => binding::Value::Bytes(b),
                Some(Bound::Text(t)) => binding::Value::Text(t),
                Some(Bound::Message(m)) => {
                    let r#type = m.descriptor().full_name().to_owned();
                    binding::Value::Message(schema::Typed { r#type, bytes: prost::Message::encode_to_vec(&*m).into() })
                }
            };
            let binding = schema::Binding { name: name.clone(), value: Some(value) };
            self.stage.recorder.record(Event::Binding(binding));
        }
        Ok(())
    }

    /// Ends everything.
    pub(super) async fn stop(&mut self) {
        futures::future::join_all(self.instances.iter_mut().map(Instance::stop)).await;
    }
}

fn to_json(written: &pbjson_types::Struct) -> Json {
    serde_json::to_value(written).unwrap_or(Json::Null)
}
