//! What the suite holds during a case.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use ecp_types::{Commitment, Height, Position};
use prost::Message;
use serde_json::Value as Json;

use super::{
    call::{OpenCall, Opening},
    defaults::{Context, certificate_message},
    runner::{Host, Settings, derive16},
    session::Session,
};
use crate::{
    case::{Case, KNOWN_FEATURES},
    schema::{self, Token, binding, record::Event, step_ended::Observed as What, token},
    subject::Address,
    transcript::Recorder,
    wire::{self, Names},
    workload::{Chain, Proposal},
};

/// The suite could not do what it should: never the half's fault.
#[derive(Debug)]
pub(super) struct Trouble(pub String);

impl Trouble {
    pub(super) fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// What a step saw.
pub(super) struct Observed {
    pub call: Option<u32>,
    pub what: What,
}

impl Observed {
    pub(super) const fn done() -> Self {
        Self { call: None, what: What::Done(pbjson_types::Empty {}) }
    }

    pub(super) const fn message(call: u32, index: u32) -> Self {
        Self { call: Some(call), what: What::Message(index) }
    }

    pub(super) const fn status(call: u32) -> Self {
        Self { call: Some(call), what: What::Status(pbjson_types::Empty {}) }
    }

    pub(super) fn silence(call: Option<u32>, patience: Duration) -> Self {
        let waited_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        Self { call, what: What::Silence(schema::Silence { waited_ms }) }
    }
}

/// Everything of one case that changes.
pub(super) struct State {
    pub settings: Settings,
    pub recorder: Recorder,
    pub chain: Box<dyn Chain>,
    pub host: Option<Host>,
    pub address: Address,
    pub sessions: BTreeMap<String, Session>,
    pub calls: BTreeMap<String, OpenCall>,
    pub proposals: BTreeMap<String, Proposal>,
    pub committed: Option<Position>,
    /// What was committed, by height.
    pub history: BTreeMap<Height, Proposal>,
    /// The last message that a step saw, with its method.
    pub last: Option<(String, Bytes)>,
    case_id: String,
    /// Whether the case lets the half build, so that wallets send their transactions.
    pub builds: bool,
    features: Vec<i32>,
    next_call: u32,
    counter: u64,
}

impl State {
    pub(super) fn new(
        case: &Arc<Case>,
        settings: &Settings,
        recorder: Recorder,
        chain: Box<dyn Chain>,
        host: Option<Host>,
        address: Address,
    ) -> Result<Self, Trouble> {
        let number = |f: &String| KNOWN_FEATURES.iter().position(|k| k == f).and_then(|i| i32::try_from(i + 1).ok());
        let state = Self {
            settings: settings.clone(),
            recorder,
            chain,
            host,
            address,
            sessions: BTreeMap::new(),
            calls: BTreeMap::new(),
            proposals: BTreeMap::new(),
            committed: None,
            history: BTreeMap::new(),
            last: None,
            case_id: case.id().to_owned(),
            builds: super::live::builds(case),
            features: case.features().iter().filter_map(number).collect(),
            next_call: 0,
            counter: 0,
        };
        let first = state.chain.genesis().first_height();
        state.bind("first", binding::Value::Number(first));
        state.bind("next", binding::Value::Number(first));
        if let Ok(params) = state.chain.params(first) {
            state.bind("part_format", binding::Value::Text(params.part_format));
            state.bind("commitment_scheme", binding::Value::Text(params.commitment_scheme));
            state.bind("signature_scheme", binding::Value::Text(params.signature_scheme));
        }
        Ok(state)
    }

    pub(super) fn bind(&self, name: impl Into<String>, value: binding::Value) {
        self.recorder.record(Event::Binding(schema::Binding { name: name.into(), value: Some(value) }));
    }

    pub(super) fn names(&self) -> Names {
        self.recorder.names()
    }

    /// 16 bytes that were not used before in this case.
    pub(super) fn fresh_id(&mut self) -> Bytes {
        self.counter += 1;
        derive16(self.settings.seed, &self.case_id, "stream", self.counter)
    }

    /// The session of this name; empty is main.
    pub(super) fn session(&mut self, name: &str) -> Result<&mut Session, Trouble> {
        let name = session_name(name);
        if !self.sessions.contains_key(name) {
            // The same in every case: a half that outlives a case must take the next one for the same consensus half.
            let consensus_id = derive16(self.settings.seed, "consensus half", name, 0);
            let session = Session::new(&self.address, consensus_id.clone()).map_err(Trouble)?;
            self.bind(format!("{name}.consensus_id"), binding::Value::Bytes(consensus_id));
            self.sessions.insert(name.to_owned(), session);
        }
        self.sessions.get_mut(name).ok_or_else(|| Trouble("a session that was just made is there".into()))
    }

    /// What defaults are made from, in a session.
    pub(super) fn context(&mut self, session: &str) -> Result<Context<'_>, Trouble> {
        let consensus_id = self.session(session)?.consensus_id.clone();
        let stream_id = self.fresh_id();
        Ok(Context {
            chain: &*self.chain,
            committed: self.committed,
            features: self.features.clone(),
            consensus_id,
            stream_id,
        })
    }

    /// The token that a call carries.
    pub(super) fn token(
        &mut self,
        session: &str,
        method: &str,
        token: Option<&Token>,
    ) -> Result<Option<Bytes>, Trouble> {
        match token.and_then(|t| t.kind.as_ref()) {
            None if method == "Handshake" => Ok(None),
            None => Ok(self.session(session)?.token.clone()),
            Some(token::Kind::None(_)) => Ok(None),
            Some(token::Kind::Bytes(digits)) => Ok(Some(hex::decode(digits).map_err(Trouble::of)?.into())),
            Some(token::Kind::Of(other)) if session_name(other) == session_name(session) => {
                let previous = self.session(session)?.previous.clone();
                previous.map(Some).ok_or_else(|| Trouble(format!("session {other} had no token before its last one")))
            }
            Some(token::Kind::Of(other)) => {
                let theirs = self.session(other)?.token.clone();
                theirs.map(Some).ok_or_else(|| Trouble(format!("session {other} has no token")))
            }
        }
    }

    /// Begins a call.
    pub(super) fn begin(
        &mut self,
        method: &str,
        session: &str,
        name: &str,
        token: Option<&Token>,
    ) -> Result<OpenCall, Trouble> {
        let token = self.token(session, method, token)?;
        let channel = self.session(session)?.channel(method);
        let id = self.next_call;
        self.next_call += 1;
        let opening = Opening {
            id,
            method: method.to_owned(),
            session: session_name(session).to_owned(),
            name: name.to_owned(),
            token,
            channel,
        };
        Ok(OpenCall::begin(opening, &self.recorder))
    }

    /// A number for something that is recorded like a call.
    pub(super) fn number(&mut self) -> u32 {
        self.next_call += 1;
        self.next_call - 1
    }

    /// Takes the next message or end of a call within the usual patience and `budget_ms`.
    pub(super) fn patience(&self, budget_ms: u32) -> Duration {
        self.settings.patience + Duration::from_millis(u64::from(budget_ms))
    }

    /// A request with what the case writes laid over what a correct caller sends.
    pub(super) fn request(&mut self, method: &str, session: &str, written: &Json) -> Result<Bytes, Trouble> {
        let names = self.names();
        let context = self.context(session)?;
        let default = context.request(method, written).map_err(Trouble)?;
        let message = wire::build_over(written, default, &names).map_err(Trouble::of)?;
        let message = context.certify(method, written, message).map_err(Trouble)?;
        Ok(message.encode_to_vec().into())
    }

    /// Keeps a proposal and binds its names.
    pub(super) fn keep(&mut self, name: &str, proposal: Proposal) -> Result<(), Trouble> {
        let slot = proposal.slot;
        self.bind(format!("{name}.height"), binding::Value::Number(slot.height));
        self.bind(format!("{name}.round"), binding::Value::Number(u64::from(slot.round)));
        self.bind(format!("{name}.executed"), binding::Value::Number(proposal.executed));
        let commitment = Bytes::copy_from_slice(proposal.commitment.as_bytes());
        self.bind(format!("{name}.commitment"), binding::Value::Bytes(commitment));
        if let Some(init) = proposal.parts.first() {
            self.bind(format!("{name}.init"), binding::Value::Bytes(init.payload.clone()));
        }
        if let Ok(certificate) = self.chain.certificate(slot.height, slot.round, proposal.commitment) {
            let bytes = certificate_message(&certificate).encode_to_vec().into();
            let typed = schema::Typed { r#type: format!("{}.CommitCertificate", wire::PACKAGE), bytes };
            self.bind(format!("{name}.certificate"), binding::Value::Message(typed));
        }
        self.proposals.insert(name.to_owned(), proposal);
        Ok(())
    }

    /// The proposal of this name.
    pub(super) fn proposal(&self, name: &str) -> Result<Proposal, Trouble> {
        self.proposals.get(name).cloned().ok_or_else(|| Trouble(format!("no proposal is named {name}")))
    }

    /// Follows a commit that the half acknowledged.
    pub(super) fn follow(&mut self, height: Height, commitment: Commitment) {
        if self.chain.next_height() != height {
            return;
        }
        let found: Vec<_> = self
            .proposals
            .values()
            .filter(|p| p.slot.height == height && p.commitment == commitment)
            .cloned()
            .collect();
        let mut complaint = "it committed a block that the suite has never seen".to_owned();
        // Proposals with something wrong in them can name the commitment of a sound one.
        for proposal in found {
            match self.chain.commit(proposal.slot, &proposal.parts) {
                Ok(()) => {
                    self.history.insert(height, proposal);
                    self.committed = Some(Position { height, commitment });
                    self.bind("committed", binding::Value::Number(height));
                    self.bind("next", binding::Value::Number(self.chain.next_height()));
                    return;
                }
                Err(error) => complaint = format!("it committed a block that the workload's rules refuse: {error}"),
            }
        }
        self.judge(&format!("the block at height {height}"), "", complaint);
    }

    /// Records a judgement of the suite's model.
    pub(super) fn judge(&self, subject: &str, requirement: &str, complaint: String) {
        self.recorder.record(Event::Judgement(schema::Judgement {
            subject: subject.to_owned(),
            requirement: requirement.to_owned(),
            complaint,
        }));
    }
}

/// The name of a session as a case writes it.
pub(super) const fn session_name(name: &str) -> &str {
    if name.is_empty() { "main" } else { name }
}
