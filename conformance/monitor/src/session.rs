//! Handshakes, tokens, stream ids and Watch.

use std::collections::{BTreeMap, BTreeSet};

use ecp_proto::v1alpha1::{self as v1, Feature, Phase, SessionRole};

use crate::event::Findings;

/// What is known of sessions.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    /// Tokens of this instance and what became of them.
    tokens: BTreeMap<Vec<u8>, Token>,
    /// The current WRITER's token.
    writer: Option<Vec<u8>>,
    /// Instance ids of earlier processes.
    instances: BTreeSet<Vec<u8>>,
    /// Instance id of this process.
    instance: Option<Vec<u8>>,
    /// Whether a handshake was answered since the consensus half started.
    greeted: bool,
    /// Stream ids and what they name.
    stream_ids: BTreeMap<Vec<u8>, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Writer,
    Reader,
    Replaced,
}

/// What a call's token is worth when the call begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The call needs none.
    Free,
    /// Of the current WRITER.
    Writer,
    /// Of a READER.
    Reader,
    /// Of a session that was replaced.
    Replaced,
    /// None, or none that this instance issued.
    Unknown,
}

/// What a Watch stream said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch {
    /// Sequence of its last message. Messages of different streams can cross on the way.
    last: Option<u64>,
}

const READER_CALLS: [&str; 4] = ["Watch", "GetHeightParams", "GetDecided", "GetBlockHash"];

impl State {
    pub(crate) fn execution_started(&mut self) {
        self.instances.extend(self.instance.take());
        self.tokens.clear();
        self.writer = None;
    }

    pub(crate) fn consensus_started(&mut self) {
        self.greeted = false;
    }

    pub(crate) fn call(&mut self, method: &str, token: Option<&[u8]>, findings: &mut Findings) -> Standing {
        if method == "Handshake" {
            return Standing::Free;
        }
        const LEGAL: &str = "Handshake first; every other call carries the session token";
        if !self.greeted {
            findings.consensus("ECP-SES-021", LEGAL, format!("called {method} before any handshake was answered"));
        }
        let Some(token) = token else {
            findings.consensus("ECP-SES-021", LEGAL, format!("called {method} without a token"));
            return Standing::Unknown;
        };
        match self.tokens.get(token) {
            Some(Token::Writer) => Standing::Writer,
            Some(Token::Reader) => Standing::Reader,
            Some(Token::Replaced) => Standing::Replaced,
            None => Standing::Unknown,
        }
    }

    /// Whether a token is of a session that was replaced.
    pub(crate) fn is_replaced(&self, token: &[u8]) -> bool {
        self.tokens.get(token) == Some(&Token::Replaced)
    }

    /// The execution half answered with a message.
    pub(crate) fn answered(&self, method: &str, standing: &Standing, findings: &mut Findings) {
        let served = |what: &str| format!("served {method} to a call {what}");
        match standing {
            Standing::Free | Standing::Writer => {}
            Standing::Reader if READER_CALLS.contains(&method) => {}
            Standing::Reader => {
                let legal = "a READER watches and reads only: ROLE_REFUSED";
                findings.execution("ECP-SES-012", legal, served("of a READER"));
            }
            Standing::Replaced => {
                let legal = "calls of a replaced session are refused with FENCED";
                findings.execution("ECP-SES-009", legal, served("of a replaced session"));
            }
            // Before any handshake was seen, the token may be of a session that began earlier.
            Standing::Unknown if self.instance.is_none() => {}
            Standing::Unknown => {
                let legal = "calls without a token of this instance are refused";
                findings.execution("ECP-SES-001", legal, served("without a token of this instance"));
            }
        }
    }

    pub(crate) fn greeted(
        &mut self,
        request: Option<&v1::HandshakeRequest>,
        reply: &v1::HandshakeResponse,
        findings: &mut Findings,
    ) {
        self.greeted = true;
        if reply.instance_id.len() != 16 {
            let did = format!("told an instance id of {} bytes", reply.instance_id.len());
            findings.execution("ECP-SES-002", "the instance id has 16 bytes", did);
        }
        let instance = reply.instance_id.to_vec();
        if self.instances.contains(&instance) {
            let did = "told the instance id of an earlier process".to_owned();
            findings.execution("ECP-SES-002", "the instance id is new with each process", did);
        }
        if self.instance.as_ref().is_some_and(|i| *i != instance) {
            let did = "told another instance id than before, in the same process".to_owned();
            findings.execution("ECP-SES-002", "the instance id is new with each process only", did);
        }
        self.instance = Some(instance);
        let token = reply.session_token.to_vec();
        if !(16..=64).contains(&token.len()) {
            let did = format!("issued a token of {} bytes", token.len());
            findings.execution("ECP-SES-001", "a token has 16 to 64 bytes", did);
        }
        if self.tokens.contains_key(&token) {
            findings.execution("ECP-SES-008", "a token is bound to one session", "issued the same token twice");
        }
        let Some(request) = request else { return };
        if !request.revisions.contains(&reply.revision) {
            let did = format!("chose revision {} of {:?}", reply.revision, request.revisions);
            findings.execution("ECP-SES-004", "the highest revision that both know", did);
        }
        let extra = reply.features().find(|f| *f == Feature::Unspecified || !request.features().any(|r| r == *f));
        if let Some(feature) = extra {
            let did = format!("agreed on {}, which the request does not name", feature.as_str_name());
            findings.execution("ECP-SES-005", "features that both halves named", did);
        }
        if request.network != reply.network {
            let did = "accepted a handshake of another network".to_owned();
            findings.execution("ECP-SES-003", "another network is refused with NETWORK_MISMATCH", did);
        }
        match request.role() {
            SessionRole::Writer => {
                if let Some(old) = self.writer.replace(token.clone()) {
                    self.tokens.insert(old, Token::Replaced);
                }
                self.tokens.insert(token, Token::Writer);
            }
            SessionRole::Reader => {
                self.tokens.insert(token, Token::Reader);
            }
            SessionRole::Unspecified => {
                let did = "accepted a handshake without a role".to_owned();
                findings.execution("ECP-ENC-001", "an enum value of zero is refused", did);
            }
        }
    }

    pub(crate) fn stream_id(&mut self, id: &[u8], names: String, findings: &mut Findings) {
        if let Some(before) = self.stream_ids.get(id)
            && *before != names
        {
            let did = format!("used a stream id for {names} that named {before}");
            findings.consensus("ECP-STR-012", "each stream has a new id", did);
        }
        self.stream_ids.insert(id.to_vec(), names);
    }

    pub(crate) fn watched(&mut self, watch: &mut Watch, state: &v1::WatchResponse, findings: &mut Findings) {
        if self.instance.as_ref().is_some_and(|i| i.as_slice() != state.instance_id.as_ref()) {
            let did = "Watch told another instance id than the handshake".to_owned();
            findings.execution("ECP-SES-013", "Watch tells the instance that speaks", did);
        }
        if watch.last.is_some_and(|last| state.sequence <= last) {
            let did = format!("Watch told sequence {} after {:?}", state.sequence, watch.last);
            findings.execution("ECP-SES-029", "the sequence grows with each message", did);
        }
        watch.last = Some(state.sequence);
        if state.phase() == Phase::Unspecified {
            findings.execution("ECP-SES-013", "Watch tells the phase", "Watch told no phase");
        }
    }
}
