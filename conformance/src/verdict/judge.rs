//! Follows a transcript and compares it with the case.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use ecp_monitor::{Half, Monitor};

use super::{Failure, Judged, Status, outcome};
use crate::{
    case::{Case, Role},
    schema::{self, Record, Sender, binding, process, record::Event, step::Action},
    wire::{self, Bound, Names},
};

/// Judges one transcript, record by record.
#[derive(Clone)]
pub struct Judge {
    case: Arc<Case>,
    names: Names,
    calls: BTreeMap<u32, Call>,
    streams: BTreeMap<String, u32>,
    /// One for each instance.
    monitors: BTreeMap<u32, Monitor>,
    slack_us: u64,
    /// The step under way or last ended, and when it began.
    step: Option<u32>,
    step_began_us: u64,
    steps_ended: usize,
    failures: Vec<Failure>,
    harness_fault: Option<String>,
}

/// A call as far as it was seen.
#[derive(Clone)]
pub(super) struct Call {
    pub method: String,
    pub instance: u32,
    pub began_us: u64,
    /// Messages of the half under test, with their times.
    pub messages: Vec<(u64, Bytes)>,
    pub status: Option<(u64, schema::Status)>,
}

impl Judge {
    /// Begins with nothing seen.
    #[must_use]
    pub fn new(case: Arc<Case>) -> Self {
        Self {
            case,
            names: Names::default(),
            calls: BTreeMap::new(),
            streams: BTreeMap::new(),
            monitors: BTreeMap::new(),
            slack_us: 0,
            step: None,
            step_began_us: 0,
            steps_ended: 0,
            failures: Vec::new(),
            harness_fault: None,
        }
    }

    /// The names that are bound now.
    #[must_use]
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// Whether the case can no longer pass.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        !self.failures.is_empty() || self.harness_fault.is_some()
    }

    /// Takes the next record.
    pub fn observe(&mut self, record: &Record) {
        let Some(event) = &record.event else {
            self.harness_fault.get_or_insert_with(|| "a record of the transcript holds no event".to_owned());
            return;
        };
        match event {
            Event::Header(header) => self.slack_us = header.slack_ms * 1000,
            Event::StepBegan(step) => {
                self.step = Some(step.step);
                self.step_began_us = record.at_us;
            }
            Event::StepEnded(ended) => self.step_ended(ended, record.at_us),
            Event::CallBegan(call) => {
                if !call.r#as.is_empty() {
                    self.streams.insert(call.r#as.clone(), call.call);
                }
                let seen = Call {
                    method: call.method.clone(),
                    instance: call.instance,
                    began_us: record.at_us,
                    messages: Vec::new(),
                    status: None,
                };
                self.calls.insert(call.call, seen);
            }
            Event::Message(message) => {
                // Cases of pairs look at the calls, as those of a consensus half do.
                let under_test = match self.case.role {
                    Role::Consensus | Role::Both => Sender::Consensus,
                    Role::Execution => Sender::Execution,
                };
                if message.sender() == under_test
                    && let Some(call) = self.calls.get_mut(&message.call)
                {
                    call.messages.push((record.at_us, message.bytes.clone()));
                }
            }
            Event::Status(status) => {
                if let Some(call) = self.calls.get_mut(&status.call) {
                    call.status = Some((record.at_us, status.clone()));
                }
            }
            Event::Process(process) => self.process(process),
            Event::Binding(binding) => self.bind(binding),
            Event::HarnessFault(fault) => {
                self.harness_fault.get_or_insert_with(|| fault.what.clone());
            }
            Event::Judgement(judgement) => {
                if !judgement.complaint.is_empty() {
                    self.failures.push(Failure {
                        step: self.step,
                        requirement: Some(judgement.requirement.clone()).filter(|r| !r.is_empty()),
                        did: judgement.complaint.clone(),
                        legal: vec![format!("{} as the workload defines it", judgement.subject)],
                    });
                }
            }
            Event::HalfClosed(_) | Event::Reset(_) | Event::Raw(_) | Event::Connection(_) => {}
        }
        self.monitor_event(event);
    }

    /// What the transcript comes to.
    #[must_use]
    pub fn finish(mut self) -> Judged {
        let steps = self.case.schema.steps.len();
        if self.failures.is_empty() && self.harness_fault.is_none() && self.steps_ended < steps {
            self.harness_fault = Some(format!("the run ended after {} of {steps} steps", self.steps_ended));
        }
        let status = if self.harness_fault.is_some() {
            Status::HarnessError
        } else if !self.case.schema.disputed.is_empty() {
            Status::Disputed
        } else if self.failures.is_empty() {
            Status::Pass
        } else {
            Status::Fail
        };
        Judged { status, failures: self.failures, harness_fault: self.harness_fault }
    }

    fn step_ended(&mut self, ended: &schema::StepEnded, at_us: u64) {
        self.steps_ended += 1;
        let index = ended.step as usize;
        let Some(step) = self.case.schema.steps.get(index) else {
            self.harness_fault.get_or_insert_with(|| format!("the case has no step {index}"));
            return;
        };
        let Some(observed) = &ended.observed else {
            self.harness_fault.get_or_insert_with(|| format!("step {index} ended without an observation"));
            return;
        };
        let call = ended.call.and_then(|c| self.calls.get(&c));
        let seen = match outcome::Seen::new(observed, call, self.case.role != Role::Execution) {
            Ok(seen) => seen,
            Err(what) => {
                self.harness_fault.get_or_insert_with(|| format!("step {index}: {what}"));
                return;
            }
        };
        let requirement = self.case.requirement_of(index).map(str::to_owned);
        let expect = step.expect.as_ref();
        match outcome::judge(step.action.as_ref(), expect, &seen, &self.names) {
            outcome::Judgement::Legal => {}
            outcome::Judgement::Illegal { did, legal } => {
                self.failures.push(Failure { step: Some(ended.step), requirement, did, legal });
                return;
            }
            outcome::Judgement::BadCase(what) => {
                self.harness_fault.get_or_insert_with(|| format!("step {index}: {what}"));
                return;
            }
        }
        let since = expect.map_or("", |e| e.since.as_str());
        let base = match self.streams.get(since).and_then(|c| self.calls.get(c)) {
            Some(call) => call.began_us,
            None => self.step_began_us,
        };
        let took = seen.at_us().unwrap_or(at_us).saturating_sub(base);
        if let Some(within) = expect.and_then(|e| e.within_ms)
            && took > u64::from(within) * 1000 + self.slack_us
        {
            let legal = vec![format!("within {within} ms, with {} ms of slack", self.slack_us / 1000)];
            let did = format!("{} after {} ms", seen.did(), took / 1000);
            self.failures.push(Failure { step: Some(ended.step), requirement, did, legal });
        } else if let Some(earliest) = expect.and_then(|e| e.not_before_ms)
            && took < u64::from(earliest) * 1000
        {
            let legal = vec![format!("not before {earliest} ms have passed")];
            let did = format!("{} after {} ms", seen.did(), took / 1000);
            self.failures.push(Failure { step: Some(ended.step), requirement, did, legal });
        }
    }

    fn process(&mut self, process: &schema::Process) {
        let Some(process::What::Exited(exit)) = &process.what else { return };
        let step = self.step.and_then(|s| self.case.schema.steps.get(s as usize));
        let awaited = |s: &schema::Step| matches!(s.action, Some(Action::AwaitExit(_)));
        if step.is_some_and(awaited) || self.case.schema.steps.iter().any(awaited) {
            return;
        }
        // The requirement to stay in service is one of the execution half; a consensus half that ends breaks the case.
        let requirement = match self.case.role {
            Role::Consensus | Role::Both if !process.execution => self.case.schema.verifies.first().cloned(),
            _ => Some("ECP-ERR-006".to_owned()),
        };
        self.failures.push(Failure {
            step: self.step,
            requirement,
            did: format!("the process ended by itself, {}", outcome::exit_text(exit)),
            legal: vec!["it goes on running whatever it is sent".to_owned()],
        });
    }

    fn bind(&mut self, binding: &schema::Binding) {
        let bound = match &binding.value {
            Some(binding::Value::Number(n)) => Bound::Number(*n),
            Some(binding::Value::Bytes(b)) => Bound::Bytes(b.clone()),
            Some(binding::Value::Text(t)) => Bound::Text(t.clone()),
            Some(binding::Value::Message(typed)) => {
                let short = typed.r#type.rsplit('.').next().unwrap_or_default();
                match wire::message(short).and_then(|d| wire::decode(d, &typed.bytes)) {
                    Some(message) => Bound::Message(Box::new(message)),
                    None => {
                        self.harness_fault.get_or_insert_with(|| format!("${}: no {}", binding.name, typed.r#type));
                        return;
                    }
                }
            }
            None => {
                self.names.unbind(&binding.name);
                return;
            }
        };
        self.names.bind(binding.name.clone(), bound);
    }

    fn monitor_event(&mut self, event: &Event) {
        use ecp_monitor::Event as Seen;
        let of_call = |call: u32| self.calls.get(&call).map_or(0, |call| call.instance);
        let instance = match event {
            Event::CallBegan(call) => call.instance,
            Event::Message(message) => of_call(message.call),
            Event::HalfClosed(closed) => of_call(closed.call),
            Event::Reset(reset) => of_call(reset.call),
            Event::Status(status) => of_call(status.call),
            Event::Process(process) => process.instance,
            // The suite's own execution half of an instance.
            Event::Connection(connection) => {
                connection.session.strip_prefix("execution ").and_then(|i| i.parse().ok()).unwrap_or(0)
            }
            _ => return,
        };
        let seen = match event {
            Event::Process(process) => match &process.what {
                Some(process::What::Started(_)) if self.case.role == Role::Execution => Seen::ExecutionStarted,
                // Of the execution half of a pair, its connection tells.
                Some(process::What::Started(_)) if !process.execution => Seen::ConsensusStarted,
                _ => return,
            },
            Event::Connection(connection) if self.case.role != Role::Execution => match &connection.what {
                Some(schema::connection::What::Opened(_)) => Seen::ExecutionStarted,
                _ => return,
            },
            _ => match said(event) {
                Some(seen) => seen,
                None => return,
            },
        };
        let half = match self.case.role {
            Role::Execution => Some(Half::Execution),
            Role::Consensus => Some(Half::Consensus),
            Role::Both => None,
        };
        for violation in self.monitors.entry(instance).or_default().observe(seen) {
            if half.is_none_or(|h| h == violation.by) {
                self.failures.push(Failure {
                    step: self.step,
                    requirement: Some(violation.requirement.to_owned()),
                    did: violation.did,
                    legal: vec![violation.legal.to_owned()],
                });
            }
        }
    }
}

/// What the monitor is fed of an event on a call.
pub(crate) fn said(event: &Event) -> Option<ecp_monitor::Event<'_>> {
    use ecp_monitor::Event as Seen;
    Some(match event {
        Event::CallBegan(call) => Seen::Call { call: call.call, method: &call.method, token: call.token.as_deref() },
        Event::Message(m) if m.sender() == Sender::Consensus => Seen::FromConsensus { call: m.call, bytes: &m.bytes },
        Event::Message(m) => Seen::FromExecution { call: m.call, bytes: &m.bytes },
        Event::HalfClosed(closed) => Seen::HalfClosed { call: closed.call },
        Event::Reset(reset) => Seen::Reset { call: reset.call },
        Event::Status(status) => Seen::Ended {
            call: status.call,
            code: status.code,
            error: outcome::reason_of(status),
            message: &status.message,
            local: status.local,
        },
        _ => return None,
    })
}
