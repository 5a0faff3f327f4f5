//! The monitor between two halves of anybody's: a proxy that changes nothing, writes down what passes, and names the
//! rules that are broken.

mod report;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use async_trait::async_trait;
use bytes::Bytes;
use ecp_monitor::{Event as Seen, Half, Monitor};
use ecp_proto::v1alpha1 as v1;
use prost::Message as _;
pub use report::{Broken, WATCH_FORMAT, WatchReport};
use tonic::{Status, transport::Channel};

use crate::{
    case::Registry,
    proxy::{CallEnd, CallHead, CallNumber, Flow, Script, Upstream},
    schema::{self, Record, Sender, record::Event},
    subject::Address,
    transcript::Writer,
    verdict::said,
    wire,
};

/// Sees all traffic between two halves. Cloning gives another handle.
#[derive(Clone)]
pub struct Watcher(Arc<Mutex<Inner>>);

struct Inner {
    began: Instant,
    monitor: Monitor,
    registry: Registry,
    transcript: Option<Writer>,
    next_call: u32,
    /// Handshakes under way: number, request and token.
    greetings: Vec<Greeting>,
    instance: Option<Bytes>,
    report: WatchReport,
    tell: Box<dyn FnMut(&Broken) + Send>,
    /// The first failure to write the transcript.
    lost: Option<std::io::Error>,
}

/// A handshake under way.
struct Greeting {
    call: u32,
    token: Option<Bytes>,
    request: Bytes,
}

impl Watcher {
    /// Has seen nothing. Each broken rule is told once, as it is seen; records go to `transcript` if it is given.
    pub fn new(
        registry: Registry,
        transcript: Option<&Path>,
        tell: impl FnMut(&Broken) + Send + 'static,
    ) -> std::io::Result<Self> {
        let watcher = Self(Arc::new(Mutex::new(Inner {
            began: Instant::now(),
            monitor: Monitor::new(),
            registry,
            transcript: transcript.map(Writer::create).transpose()?,
            next_call: 0,
            greetings: Vec::new(),
            instance: None,
            report: WatchReport::empty(),
            tell: Box::new(tell),
            lost: None,
        })));
        watcher.inner().record(Event::Header(schema::Header {
            case_id: String::new(),
            role: crate::case::Role::Both.name().to_owned(),
            suite_version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol_digest: Bytes::copy_from_slice(&wire::protocol_digest()),
            ..schema::Header::default()
        }));
        Ok(watcher)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change is whole before the lock is given back.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was seen until now; the transcript is whole on the disk up to here.
    pub fn report(&self) -> std::io::Result<WatchReport> {
        let mut inner = self.inner();
        if let Some(lost) = inner.lost.take() {
            return Err(lost);
        }
        if let Some(transcript) = &mut inner.transcript {
            transcript.flush()?;
        }
        Ok(inner.report.clone())
    }
}

impl Inner {
    fn at_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn record(&mut self, event: Event) {
        let record = Record { at_us: self.at_us(), event: Some(event) };
        if let Some(transcript) = &mut self.transcript
            && let Err(error) = transcript.add(&record)
        {
            self.lost.get_or_insert(error);
        }
        if let Some(seen) = record.event.as_ref().and_then(said) {
            self.observe(seen);
        }
    }

    fn observe(&mut self, seen: Seen<'_>) {
        for violation in self.monitor.observe(seen) {
            let rule = self.registry.get(violation.requirement).map_or_else(String::new, |r| r.text.clone());
            let broken = Broken {
                at_ms: self.at_us() / 1000,
                by: match violation.by {
                    Half::Consensus => "consensus",
                    Half::Execution => "execution",
                }
                .to_owned(),
                requirement: violation.requirement.to_owned(),
                did: violation.did,
                legal: violation.legal.to_owned(),
                rule,
            };
            (self.tell)(&broken);
            self.report.violations.push(broken);
        }
    }

    /// A reply to a handshake that names another instance comes from a new process: what the monitor knew of the old one
    /// is over, and the handshake is the first thing that it knows of the new one.
    fn greeted(&mut self, call: u32, reply: &[u8]) {
        let Some(at) = self.greetings.iter().position(|g| g.call == call) else { return };
        let greeting = self.greetings.swap_remove(at);
        let Ok(reply) = v1::HandshakeResponse::decode(reply) else { return };
        if self.instance.replace(reply.instance_id.clone()).is_some_and(|before| before != reply.instance_id) {
            self.report.execution_restarts += 1;
            self.observe(Seen::ExecutionStarted);
            self.observe(Seen::Call { call, method: "Handshake", token: greeting.token.as_deref() });
            self.observe(Seen::FromConsensus { call, bytes: &greeting.request });
        }
    }
}

#[async_trait]
impl Script for Watcher {
    fn began(&self, head: &CallHead) -> CallNumber {
        let mut inner = self.inner();
        let call = inner.next_call;
        inner.next_call += 1;
        let token = head.metadata.get_bin(ecp_proto::SESSION_KEY).and_then(|value| value.to_bytes().ok());
        if head.method == "Handshake" {
            inner.greetings.push(Greeting { call, token: token.clone(), request: Bytes::new() });
        }
        *inner.report.calls.entry(head.method.clone()).or_default() += 1;
        inner.record(Event::CallBegan(schema::CallBegan {
            call,
            method: head.method.clone(),
            session: head.connection.map_or_else(String::new, |c| format!("connection {c}")),
            token,
            instance: 0,
            r#as: String::new(),
        }));
        call
    }

    async fn consensus_said(&self, call: CallNumber, message: Bytes) -> Flow {
        let mut inner = self.inner();
        if let Some(greeting) = inner.greetings.iter_mut().find(|g| g.call == call) {
            greeting.request = message.clone();
        }
        inner.record(Event::Message(schema::Message {
            call,
            sender: Sender::Consensus.into(),
            bytes: message.clone(),
        }));
        Flow::Forward(message)
    }

    async fn execution_said(&self, call: CallNumber, message: Bytes) -> Flow {
        let mut inner = self.inner();
        inner.greeted(call, &message);
        inner.record(Event::Message(schema::Message {
            call,
            sender: Sender::Execution.into(),
            bytes: message.clone(),
        }));
        Flow::Forward(message)
    }

    async fn execution_ended(&self, _: CallNumber, status: Status) -> Status {
        status
    }

    fn half_closed(&self, call: CallNumber) {
        self.inner().record(Event::HalfClosed(schema::HalfClosed { call }));
    }

    fn ended(&self, call: CallNumber, end: CallEnd) {
        let mut inner = self.inner();
        inner.greetings.retain(|g| g.call != call);
        match end {
            CallEnd::Status(status) => inner.record(Event::Status(schema::Status {
                call,
                code: status.code() as i32,
                message: status.message().to_owned(),
                details: Bytes::copy_from_slice(status.details()),
                local: std::error::Error::source(&status).is_some(),
            })),
            CallEnd::Reset => {
                inner.record(Event::Reset(schema::Reset { call }));
                // Nothing more comes on it.
                let gone =
                    schema::Status { call, code: tonic::Code::Cancelled as i32, local: true, ..Default::default() };
                inner.record(Event::Status(gone));
            }
        }
    }
}

/// The execution half that a watcher stands before: two connections, as two halves have between them.
pub struct Behind {
    control: Channel,
    data: Channel,
}

impl Behind {
    /// Connections to `address`, made by the first call on each.
    pub fn new(address: &Address) -> Result<Self, String> {
        Ok(Self { control: address.channel()?, data: address.channel()? })
    }
}

#[async_trait]
impl Upstream for Behind {
    async fn channel(&self, method: &str) -> Result<Channel, Status> {
        Ok(match method {
            "BuildProposal" | "ValidateProposal" | "GetDecided" | "ImportDecided" => self.data.clone(),
            _ => self.control.clone(),
        })
    }
}
