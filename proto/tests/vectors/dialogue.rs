//! A conversation between two halves, event by event, and its file.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use ecp_proto::{EcpError, v1alpha1 as pb};
use ecp_types::Reason;
use prost::Message;
use prost_reflect::DynamicMessage;
use serde::Serialize;
use tonic::Status;

use crate::{
    chain,
    harness::{plain_hex, pool},
    layout,
};

/// A dialogue while it is made.
pub(crate) struct Talk {
    name: &'static str,
    about: &'static str,
    events: Vec<Event>,
    calls: u32,
    token: Option<Bytes>,
}

/// One call of a dialogue.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    id: u32,
    method: &'static str,
}

/// One event as it stands in its file: the first key that is there says what it is.
#[derive(Default, Serialize)]
struct Event {
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    begin: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    half_closed: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reset: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<DynamicMessage>,
}

/// A dialogue as it stands in its file.
#[derive(Serialize)]
struct Text<'a> {
    about: &'a str,
    events: &'a [Event],
}

impl Talk {
    pub(crate) fn new(name: &'static str, about: &'static str) -> Self {
        Self { name, about, events: Vec::new(), calls: 0, token: None }
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn text(&self) -> String {
        layout::text(&Text { about: self.about, events: &self.events }) + "\n"
    }

    fn push(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Says something about what follows.
    pub(crate) fn note(&mut self, note: &str) {
        self.push(Event { note: Some(note.to_owned()), ..Event::default() });
    }

    /// A process of a half was started; what was before it is gone.
    pub(crate) fn started(&mut self, half: &str) {
        self.push(Event { started: Some(half.to_owned()), ..Event::default() });
    }

    /// Sends another token from now on; gives the one before.
    pub(crate) fn use_token(&mut self, token: Option<Bytes>) -> Option<Bytes> {
        std::mem::replace(&mut self.token, token)
    }

    pub(crate) fn begin(&mut self, method: &'static str) -> Call {
        self.calls += 1;
        let session = self.token.as_ref().map(|token| plain_hex(token));
        self.push(Event { begin: Some(self.calls), method: Some(method), session, ..Event::default() });
        Call { id: self.calls, method }
    }

    fn said(&mut self, half: &'static str, call: Call, suffix: &str, message: &impl Message) {
        let kind = format!("{}{suffix}", call.method);
        let bytes = message.encode_to_vec();
        let descriptor = pool().get_message_by_name(&format!("starknet.ecp.v1alpha1.{kind}")).unwrap();
        self.push(Event {
            from: Some(half),
            call: Some(call.id),
            message: Some(kind),
            hex: Some(plain_hex(&bytes)),
            json: Some(DynamicMessage::decode(descriptor, bytes.as_slice()).unwrap()),
            ..Event::default()
        });
    }

    pub(crate) fn ask(&mut self, call: Call, message: &impl Message) {
        self.said("consensus", call, "Request", message);
    }

    pub(crate) fn answer(&mut self, call: Call, message: &impl Message) {
        self.said("execution", call, "Response", message);
    }

    /// The consensus half sends no more.
    pub(crate) fn half_close(&mut self, call: Call) {
        self.push(Event { half_closed: Some(call.id), ..Event::default() });
    }

    /// The consensus half gives the call up, or the connection is lost.
    pub(crate) fn reset(&mut self, call: Call) {
        self.push(Event { reset: Some(call.id), ..Event::default() });
    }

    pub(crate) fn end(&mut self, call: Call) {
        self.push(Event { ended: Some(call.id), code: Some("OK".into()), ..Event::default() });
    }

    /// The call ends with an error. One detail at most: the order of more is not fixed in bytes.
    pub(crate) fn fail(&mut self, call: Call, reason: Reason, message: &str, detail: Option<(&str, &str)>) {
        let metadata = detail.map(|(key, value)| (key.to_owned(), value.to_owned())).into_iter().collect();
        self.refuse(call, EcpError { reason, message: message.to_owned(), metadata, retry_after: None });
    }

    /// The call ends with an error that says when to try again, in milliseconds.
    pub(crate) fn retry(&mut self, call: Call, reason: Reason, message: &str, after_ms: u64) {
        let retry_after = Some(Duration::from_millis(after_ms));
        self.refuse(call, EcpError { reason, message: message.to_owned(), metadata: BTreeMap::new(), retry_after });
    }

    fn refuse(&mut self, call: Call, error: EcpError) {
        let (reason, retry_ms) = (error.reason, error.retry_after.map(|after| after.as_millis() as u64));
        let metadata = error.metadata.clone();
        let status = Status::from(error);
        let code = format!("{:?}", status.code());
        let code = code.chars().enumerate().fold(String::new(), |mut name, (at, letter)| {
            if at > 0 && letter.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(letter.to_ascii_uppercase());
            name
        });
        self.push(Event {
            ended: Some(call.id),
            code: Some(code),
            reason: Some(reason.as_str()),
            text: Some(status.message().to_owned()),
            metadata: Some(metadata),
            retry_ms,
            status: Some(plain_hex(status.details())),
            ..Event::default()
        });
    }

    fn request(&mut self, method: &'static str, request: &impl Message) -> Call {
        let call = self.begin(method);
        self.ask(call, request);
        self.half_close(call);
        call
    }

    /// A call that is answered.
    pub(crate) fn unary(&mut self, method: &'static str, request: &impl Message, reply: &impl Message) {
        let call = self.request(method, request);
        self.answer(call, reply);
        self.end(call);
    }

    /// A call that is refused.
    pub(crate) fn refused(&mut self, method: &'static str, request: &impl Message, reason: Reason, message: &str) {
        let call = self.request(method, request);
        self.fail(call, reason, message, None);
    }

    /// A call with many answers, which goes on.
    pub(crate) fn stream(&mut self, method: &'static str, request: &impl Message, answers: &[impl Message]) -> Call {
        let call = self.request(method, request);
        for answer in answers {
            self.answer(call, answer);
        }
        call
    }

    /// The handshake of a writer; its token is sent from now on.
    pub(crate) fn handshake(&mut self, instance: u8, token: u8, ours: pb::ConsensusPosition, theirs: Option<u64>) {
        self.greet(&open(ours), instance, token, theirs);
    }

    /// A handshake that is answered; its token is sent from now on.
    pub(crate) fn greet(&mut self, request: &pb::HandshakeRequest, instance: u8, token: u8, theirs: Option<u64>) {
        self.use_token(None);
        let committed = theirs.map(chain::position_of);
        let reply = pb::HandshakeResponse {
            revision: 1,
            features: request.features.clone(),
            limits: request.limits,
            network: request.network.clone(),
            software: Some(pb::SoftwareIdentity { name: "example-execution".into(), version: "1.0.0".into() }),
            instance_id: chain::name16(instance),
            session_token: vec![token; 32].into(),
            position: Some(pb::ExecutionPosition {
                block_hash_height: theirs.filter(|height| *height > chain::HEIGHT).map(|height| height - 1),
                earliest: theirs.map(|_| chain::HEIGHT),
                committed,
            }),
            build_margin_ms: 50,
            first_height: Some(chain::HEIGHT),
        };
        self.unary("Handshake", request, &reply);
        self.use_token(Some(reply.session_token));
    }
}

/// The request of a writer.
pub(crate) fn open(position: pb::ConsensusPosition) -> pb::HandshakeRequest {
    pb::HandshakeRequest {
        revisions: vec![1],
        features: Vec::new(),
        limits: Some(pb::Limits { max_message_bytes: 8 << 20, max_part_bytes: 6 << 20, max_candidates: 4 }),
        network: Some(chain::network()),
        software: Some(pb::SoftwareIdentity { name: "example-consensus".into(), version: "1.0.0".into() }),
        role: pb::SessionRole::Writer.into(),
        consensus_id: chain::name16(0xc3),
        takeover: false,
        position: Some(position),
    }
}
