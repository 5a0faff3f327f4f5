//! What the suite does with each message between one instance of the half and its execution half: records it, shows it
//! to the model, and applies the rules of the case.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value as Json;
use tokio::sync::watch;
use tonic::Status;

use super::{
    behind::{Behind, NoStart},
    log::Entry,
    manners::Manners,
    model::Complaint,
    rules::{self, Met, What},
    stage::{Stage, locked},
};
use crate::{
    proxy::{CallEnd, CallHead, CallNumber, Door, Flow, Script},
    schema::{self, Sender, record::Event},
    wire,
};

/// How long after its answer an execution half dies that dies after it: the answer is on the wire by then.
const AFTER_ANSWER: Duration = Duration::from_millis(20);

/// A call under way.
struct Call {
    method: String,
    connection: Option<u32>,
    process: u32,
    opened: bool,
    met: Option<Met>,
    let_through: u32,
}

/// The script of one instance.
pub(super) struct InstanceScript {
    stage: Arc<Stage>,
    index: u32,
    behind: Behind,
    door: OnceLock<Door>,
    /// Counts the processes of the half.
    process: AtomicU32,
    arrivals: watch::Sender<u64>,
    manners: Mutex<Manners>,
    calls: Mutex<BTreeMap<u32, Call>>,
    dying: AtomicBool,
    me: Weak<Self>,
}

impl InstanceScript {
    /// The script of instance `index` in front of `behind`.
    pub(super) fn new(stage: Arc<Stage>, index: u32, behind: Behind) -> Arc<Self> {
        let manners = Mutex::new(Manners::new(stage.silence));
        Arc::new_cyclic(|me| Self {
            stage,
            index,
            behind,
            door: OnceLock::new(),
            process: AtomicU32::new(0),
            arrivals: watch::Sender::new(0),
            manners,
            calls: Mutex::default(),
            dying: AtomicBool::new(false),
            me: me.clone(),
        })
    }

    /// Says where the half connects to; once.
    pub(super) fn behind(&self, door: Door) {
        // The instance that makes the script makes one door for it.
        let _ = self.door.set(door);
    }

    /// A new process of the half begins.
    pub(super) fn next_process(&self) {
        self.process.fetch_add(1, Ordering::SeqCst);
        *locked(&self.manners) = Manners::new(self.stage.silence);
    }

    /// Counts the calls that began.
    pub(super) fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.subscribe()
    }

    /// Records that the suite's execution half was opened or is gone.
    pub(super) fn record_execution(&self, opened: bool) {
        let session = format!("execution {}", self.index);
        let what = Some(if opened {
            schema::connection::What::Opened("in the suite".to_owned())
        } else {
            schema::connection::What::Dropped(pbjson_types::Empty {})
        });
        self.stage.recorder.record(Event::Connection(schema::Connection { session, what }));
    }

    /// The execution half ends as if killed, and another one comes up on what was durable.
    fn die(&self, after: Duration, forget: bool) {
        if self.dying.swap(true, Ordering::SeqCst) {
            return;
        }
        let Some(me) = self.me.upgrade() else { return };
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            me.execution_ends().await;
            if forget {
                me.behind.forget();
            }
            match me.execution_begins().await {
                Ok(()) => {}
                Err(NoStart::Suite(error)) => {
                    me.stage.fault(format!("the suite's execution half did not come back: {error}"));
                }
                Err(NoStart::Half(error)) => me.stage.complain(vec![Complaint {
                    subject: "the execution half after a kill".to_owned(),
                    requirement: "ECP-ERR-006",
                    what: format!("the execution half did not come back: {error}"),
                }]),
            }
            me.dying.store(false, Ordering::SeqCst);
        });
    }

    /// The execution half ends as if killed: connections are cut, and nobody is at home.
    pub(super) async fn execution_ends(&self) {
        if let Some(door) = self.door.get() {
            door.close();
        }
        self.record_execution(false);
        self.behind.die().await;
    }

    /// The execution half comes up on what was durable, and the door opens.
    pub(super) async fn execution_begins(&self) -> Result<(), NoStart> {
        self.behind.start().await?;
        self.record_execution(true);
        if let Some(door) = self.door.get() {
            door.reopen();
        }
        Ok(())
    }

    /// Does what an interrupting rule says.
    fn interrupt(&self, call: CallNumber, met: &Met, connection: Option<u32>) -> Flow {
        self.stage.log.fired(call, &met.name);
        match &met.what {
            What::Error(status) => Flow::End(status.clone()),
            What::DieBefore => {
                self.die(Duration::ZERO, met.forget);
                Flow::Silence
            }
            What::HangUp => {
                if let (Some(door), Some(connection)) = (self.door.get(), connection) {
                    door.cut(connection);
                }
                Flow::Silence
            }
            What::Silence | What::DieAfter | What::Reply(_) | What::Verdict(_) | What::Pad(_) => Flow::Silence,
        }
    }

    /// The opening message of a call: enters the log, and meets a rule.
    fn opening(&self, call: CallNumber, method: &str, message: &Bytes) -> Option<Met> {
        let Some(opening) = wire::opening(method, message) else {
            self.stage.complain(vec![Complaint {
                subject: format!("the first message of {method}"),
                requirement: "ECP-STR-004",
                what: format!("called {method} with a first message that opens nothing"),
            }]);
            return None;
        };
        let names = self.stage.recorder.names();
        let met = locked(&self.stage.rules).meet(self.index, method, &opening, &names);
        let method = method.to_owned();
        self.stage.log.push(Entry { call, instance: self.index, method, opening, fired: None });
        met.unwrap_or_else(|what| {
            self.stage.fault(format!("a rule cannot be applied: {what}"));
            None
        })
    }

    /// What Watch tells here.
    fn watched(&self, call: CallNumber, message: Bytes, connection: Option<u32>) -> Flow {
        let names = self.stage.recorder.names();
        let Some(shape) = wire::opening("Watch", &[]) else { return Flow::Forward(message) };
        // A running Watch meets rules with each message, so that it can fall silent and speak again.
        let met = locked(&self.stage.rules).meet(self.index, "Watch", &shape, &names);
        let mut message = message;
        for (instance, state) in locked(&self.stage.states).iter() {
            if instance.is_none_or(|i| i == self.index) {
                message = self.changed("Watch", message, state);
            }
        }
        match met {
            Ok(Some(Met { what: What::Silence, name, .. })) => {
                self.stage.log.fired(call, &name);
                Flow::Swallow
            }
            Ok(Some(Met { what: What::Reply(reply), name, .. })) => {
                self.stage.log.fired(call, &name);
                Flow::Forward(self.changed("Watch", message, &reply))
            }
            Ok(Some(Met { what: What::Pad(size), name, .. })) => {
                self.stage.log.fired(call, &name);
                Flow::Forward(rules::padded(&message, size).into())
            }
            Ok(Some(met)) if met.interrupts() => self.interrupt(call, &met, connection),
            Ok(_) => Flow::Forward(message),
            Err(what) => {
                self.stage.fault(what);
                Flow::Forward(message)
            }
        }
    }

    fn changed(&self, method: &str, message: Bytes, by: &Json) -> Bytes {
        match rules::changed(method, &message, by, &self.stage.recorder.names()) {
            Ok(Some(bytes)) => bytes.into(),
            Ok(None) => message,
            Err(what) => {
                self.stage.fault(format!("a reply cannot be changed: {what}"));
                message
            }
        }
    }

    /// The message as the half gets it.
    fn answer(&self, call: CallNumber, method: &str, met: Option<&Met>, message: Bytes) -> Bytes {
        let Some(met) = met else { return message };
        let names = self.stage.recorder.names();
        let changed = match &met.what {
            What::Reply(reply) => rules::changed(method, &message, reply, &names),
            What::Verdict(verdict) => rules::judged(&message, verdict, &names),
            What::Pad(size) => Ok(Some(rules::padded(&message, *size))),
            _ => return message,
        };
        match changed {
            Ok(Some(bytes)) => {
                self.stage.log.fired(call, &met.name);
                bytes.into()
            }
            Ok(None) => message,
            Err(what) => {
                self.stage.fault(format!("an answer cannot be changed: {what}"));
                message
            }
        }
    }
}

#[async_trait]
impl Script for InstanceScript {
    fn began(&self, head: &CallHead) -> CallNumber {
        let call = self.stage.next_call.fetch_add(1, Ordering::SeqCst);
        let token = head.metadata.get_bin(ecp_proto::SESSION_KEY).and_then(|value| value.to_bytes().ok());
        self.stage.recorder.record(Event::CallBegan(schema::CallBegan {
            call,
            method: head.method.clone(),
            session: head.connection.map_or_else(String::new, |c| format!("connection {c}")),
            token,
            instance: self.index,
            r#as: String::new(),
        }));
        let state = Call {
            method: head.method.clone(),
            connection: head.connection,
            process: self.process.load(Ordering::SeqCst),
            opened: false,
            met: None,
            let_through: 0,
        };
        locked(&self.calls).insert(call, state);
        self.arrivals.send_modify(|count| *count += 1);
        self.stage.complain(locked(&self.manners).began(call, head, Instant::now()));
        call
    }

    async fn consensus_said(&self, call: CallNumber, message: Bytes) -> Flow {
        self.stage.message(call, Sender::Consensus, &message);
        let (method, process, opened) = {
            let mut calls = locked(&self.calls);
            let Some(state) = calls.get_mut(&call) else { return Flow::Forward(message) };
            (state.method.clone(), state.process, std::mem::replace(&mut state.opened, true))
        };
        let mut complaints = locked(&self.stage.model).consensus_said(call, self.index, process, &method, &message);
        complaints.extend(locked(&self.manners).consensus_said(call, &method, &message));
        self.stage.complain(complaints);
        let streams_in = wire::method(&method).is_some_and(|m| m.is_client_streaming());
        if !opened
            && let Some(met) = self.opening(call, &method, &message)
            && let Some(state) = locked(&self.calls).get_mut(&call)
        {
            state.met = Some(met);
        }
        let due = {
            let mut calls = locked(&self.calls);
            let Some(state) = calls.get_mut(&call) else { return Flow::Forward(message) };
            match &state.met {
                Some(met) if met.interrupts() && !met.delivered && method != "Watch" => {
                    // Of what streams down the messages of the suite are counted, unless there is nothing to count.
                    let here = streams_in || met.after == 0;
                    let due = (here && state.let_through >= met.after).then(|| (met.clone(), state.connection));
                    state.let_through += u32::from(streams_in);
                    due
                }
                Some(met) if met.interrupts() && method == "Watch" && !matches!(met.what, What::Silence) => {
                    Some((met.clone(), state.connection))
                }
                _ => None,
            }
        };
        match due {
            Some((met, connection)) => self.interrupt(call, &met, connection),
            None => Flow::Forward(message),
        }
    }

    async fn execution_said(&self, call: CallNumber, message: Bytes) -> Flow {
        let (method, process, met, let_through, connection) = {
            let mut calls = locked(&self.calls);
            let Some(state) = calls.get_mut(&call) else { return Flow::Forward(message) };
            let streams_in = wire::method(&state.method).is_some_and(|m| m.is_client_streaming());
            let before = state.let_through;
            state.let_through += u32::from(!streams_in);
            (state.method.clone(), state.process, state.met.clone(), before, state.connection)
        };
        if method == "Watch" {
            let flow = self.watched(call, message, connection);
            if let Flow::Forward(message) = &flow {
                locked(&self.manners).watch_spoke(Instant::now());
                self.stage.message(call, Sender::Execution, message);
                locked(&self.stage.model).execution_said(call, self.index, process, &method, message);
            }
            return flow;
        }
        if let Some(met) = met.as_ref().filter(|met| met.interrupts()) {
            let streams_in = wire::method(&method).is_some_and(|m| m.is_client_streaming());
            if (met.delivered || !streams_in) && let_through >= met.after {
                return self.interrupt(call, met, connection);
            }
        }
        let message = self.answer(call, &method, met.as_ref(), message);
        self.stage.message(call, Sender::Execution, &message);
        locked(&self.stage.model).execution_said(call, self.index, process, &method, &message);
        Flow::Forward(message)
    }

    async fn execution_ended(&self, _: CallNumber, status: Status) -> Status {
        status
    }

    fn half_closed(&self, call: CallNumber) {
        self.stage.recorder.record(Event::HalfClosed(schema::HalfClosed { call }));
    }

    fn ended(&self, call: CallNumber, end: CallEnd) {
        match end {
            CallEnd::Status(status) => self.stage.recorder.record(Event::Status(schema::Status {
                call,
                code: status.code() as i32,
                message: status.message().to_owned(),
                details: Bytes::copy_from_slice(status.details()),
                local: false,
            })),
            CallEnd::Reset => self.stage.recorder.record(Event::Reset(schema::Reset { call })),
        }
        let state = locked(&self.calls).remove(&call);
        if let Some(met) = state.and_then(|state| state.met).filter(|met| matches!(met.what, What::DieAfter)) {
            self.stage.log.fired(call, &met.name);
            self.die(AFTER_ANSWER, met.forget);
        }
    }
}
