//! What each step does, when it makes at most one call that is no stream of parts.

use bytes::Bytes;
use ecp_proto::v1alpha1::{self as v1, get_block_hash_response::Result as Known};
use ecp_types::Commitment;
use prost::Message;
use serde_json::{Value as Json, json};

use super::{
    call::{Incoming, OpenCall},
    state::{Observed, State, Trouble},
};
use crate::{
    schema::{self, Step, binding, record::Event, step::Action, step_ended::Observed as What},
    wire::{self, Bound},
};

impl State {
    /// Does a step.
    pub(super) async fn step(&mut self, step: &Step) -> Result<Observed, Trouble> {
        self.last = None;
        match step.action.as_ref().ok_or_else(|| Trouble("the step does nothing".into()))? {
            Action::Call(call) => self.call(call).await,
            Action::Open(call) => self.open(call),
            Action::Send(send) => self.send(send),
            Action::Receive(receive) => self.receive(receive).await,
            Action::Close(close) => self.close(close),
            Action::Propose(propose) => self.propose(propose),
            Action::Validate(validate) => self.validate(validate).await,
            Action::Build(build) => self.build(build).await,
            Action::Import(import) => self.import(import).await,
            Action::Advance(advance) => self.advance(advance).await,
            Action::Kill(_) => {
                self.host()?.kill().await;
                Ok(Observed::done())
            }
            Action::Restart(_) => self.restart().await,
            Action::WaitFor(wait) => self.wait_for(wait).await,
            Action::Raw(raw) => self.raw(raw).await,
            Action::ReadArchive(_) => self.read_archive().await,
            Action::CheckSocket(_) => self.check_socket(),
            Action::Shows(shows) => self.shows(shows).await,
            Action::Disconnect(disconnect) => {
                let address = self.address.clone();
                self.session(&disconnect.session)?.reconnect(&address).map_err(Trouble)?;
                let session = super::state::session_name(&disconnect.session).to_owned();
                let what = Some(schema::connection::What::Dropped(pbjson_types::Empty {}));
                self.recorder.record(Event::Connection(schema::Connection { session, what }));
                Ok(Observed::done())
            }
            Action::AwaitExit(wait) => {
                let patience = self.patience(0);
                match self.host()?.wait(patience).await {
                    Some(exit) if wait.success.is_some_and(|s| s != (exit.code == Some(0))) => {
                        let how = crate::verdict::exit_text(&exit);
                        Ok(Observed { call: None, what: What::RefusedByModel(format!("the process ended with {how}")) })
                    }
                    Some(_) => Ok(Observed { call: None, what: What::Exited(pbjson_types::Empty {}) }),
                    None => Ok(Observed::silence(None, patience)),
                }
            }
            Action::Rule(_)
            | Action::AwaitCall(_)
            | Action::NoCall(_)
            | Action::AwaitDecided(_)
            | Action::TakeOver(_)
            | Action::ReadLedger(_)
            | Action::SetState(_) => Err(Trouble("this step is for cases of a consensus half".into())),
        }
    }

    pub(super) fn host(&mut self) -> Result<&mut super::runner::Host, Trouble> {
        self.host.as_mut().ok_or_else(|| Trouble("the suite did not start this half, so it cannot end it".into()))
    }

    /// Gives names to values of what the step saw.
    pub(super) fn save(&mut self, step: &Step) -> Result<(), Trouble> {
        for (name, path) in &step.save {
            let (method, bytes) =
                self.last.as_ref().ok_or_else(|| Trouble(format!("save {name}: the step saw no message")))?;
            let output = wire::method(method).ok_or_else(|| Trouble(format!("{method} is no method")))?.output();
            let message = wire::decode(output, bytes)
                .ok_or_else(|| Trouble(format!("save {name}: what came does not decode")))?;
            let value = match wire::select(&message, path).map_err(Trouble)? {
                None => return Err(Trouble(format!("save {name}: {path} is absent; expect it to be present first"))),
                Some(Bound::Number(n)) => binding::Value::Number(n),
                Some(Bound::Bytes(b)) => binding::Value::Bytes(b),
                Some(Bound::Text(t)) => binding::Value::Text(t),
                Some(Bound::Message(m)) => {
                    use prost_reflect::ReflectMessage;
                    let r#type = m.descriptor().full_name().to_owned();
                    binding::Value::Message(schema::Typed { r#type, bytes: m.encode_to_vec().into() })
                }
            };
            self.bind(name.clone(), value);
        }
        Ok(())
    }

    /// The messages that a call sends: one request, or those of a stream.
    fn messages(&mut self, call: &schema::Call) -> Result<Vec<Bytes>, Trouble> {
        if !call.bytes.is_empty() {
            return Ok(vec![hex::decode(&call.bytes).map_err(Trouble::of)?.into()]);
        }
        if call.messages.is_empty() {
            let written = call.request.as_ref().map_or_else(|| json!({}), to_json);
            return Ok(vec![self.request(&call.method, &call.session, &written)?]);
        }
        let names = self.names();
        let input = wire::method(&call.method).ok_or_else(|| Trouble(format!("{} is no method", call.method)))?.input();
        call.messages
            .iter()
            .map(|written| {
                let message = wire::build(&to_json(written), input.clone(), &names).map_err(Trouble::of)?;
                Ok(message.encode_to_vec().into())
            })
            .collect()
    }

    async fn call(&mut self, call: &schema::Call) -> Result<Observed, Trouble> {
        let messages = self.messages(call)?;
        let mut open = self.begin(&call.method, &call.session, &call.r#as, call.token.as_ref())?;
        for message in &messages {
            open.send(message.clone());
        }
        open.half_close();
        let patience = self.patience(0);
        let mut seen = None;
        let observed = loop {
            match open.next(patience).await {
                Some(Incoming::Message(index, bytes)) => {
                    seen = Some(index);
                    self.last = Some((call.method.clone(), bytes));
                }
                // A call that ended well is about its last message; any other end is about the status.
                Some(Incoming::Status(status)) => match (status.code, seen) {
                    (0, Some(index)) => break Observed::message(open.id, index),
                    _ => break Observed::status(open.id),
                },
                None => break Observed::silence(Some(open.id), patience),
            }
        };
        self.after_unary(call, &messages, &observed)?;
        Ok(observed)
    }

    /// Follows what a reply changed: the session's token, or what is committed.
    fn after_unary(&mut self, call: &schema::Call, sent: &[Bytes], observed: &Observed) -> Result<(), Trouble> {
        if !matches!(observed.what, What::Message(_)) {
            return Ok(());
        }
        let Some((method, bytes)) = self.last.clone() else { return Ok(()) };
        match method.as_str() {
            "Handshake" => {
                if let Ok(reply) = v1::HandshakeResponse::decode(bytes) {
                    let session = self.session(&call.session)?;
                    session.previous = session.token.replace(reply.session_token);
                }
            }
            "Decide" => {
                if let Some(Ok(request)) = sent.first().map(|b| v1::DecideRequest::decode(b.as_ref()))
                    && let (Some(height), Ok(commitment)) =
                        (request.height, Commitment::from_bytes(&request.commitment))
                {
                    self.follow(height, commitment);
                }
            }
            "GetBlockHash" => {
                let known = v1::GetBlockHashResponse::decode(bytes).ok().and_then(|r| r.result);
                if let Some(Known::Known(known)) = known
                    && let Some(height) = sent
                        .first()
                        .and_then(|b| v1::GetBlockHashRequest::decode(b.as_ref()).ok())
                        .and_then(|request| request.height)
                    && let Some((hash, root)) = self.chain.block_hash(height)
                    && (known.block_hash[..] != hash.as_bytes()[..] || known.state_root[..] != root.as_bytes()[..])
                {
                    let did = format!("it told other hashes than {hash} and state root {root}");
                    self.judge(&format!("the block at height {height}"), "ECP-SYN-016", did);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, call: &schema::Call) -> Result<Observed, Trouble> {
        let client_streams = wire::method(&call.method).is_some_and(|m| m.is_client_streaming());
        // A stream of requests may begin with nothing at all.
        let messages = if client_streams && call.messages.is_empty() && call.bytes.is_empty() {
            Vec::new()
        } else {
            self.messages(call)?
        };
        self.bind_stream_id(&call.r#as, &call.method, messages.first());
        let mut open = self.begin(&call.method, &call.session, &call.r#as, call.token.as_ref())?;
        for message in messages {
            open.send(message);
        }
        if !client_streams {
            open.half_close();
        }
        self.calls.insert(call.r#as.clone(), open);
        Ok(Observed::done())
    }

    /// Binds the stream id that the first message of a stream names.
    pub(super) fn bind_stream_id(&self, name: &str, method: &str, first: Option<&Bytes>) {
        let id = match method {
            "BuildProposal" => {
                first.and_then(|b| v1::BuildProposalRequest::decode(b.as_ref()).ok()).map(|r| r.stream_id)
            }
            "ValidateProposal" => {
                first.and_then(|b| v1::ValidateProposalRequest::decode(b.as_ref()).ok()).and_then(|r| match r.event {
                    Some(v1::validate_proposal_request::Event::Open(open)) => Some(open.stream_id),
                    _ => None,
                })
            }
            _ => None,
        };
        if let Some(id) = id {
            self.bind(format!("{name}.stream_id"), binding::Value::Bytes(id));
        }
    }

    /// The open call of this name.
    pub(super) fn stream(&mut self, name: &str) -> Result<&mut OpenCall, Trouble> {
        self.calls.get_mut(name).ok_or_else(|| Trouble(format!("no open call is named {name}")))
    }

    async fn restart(&mut self) -> Result<Observed, Trouble> {
        let host = self.host()?;
        host.kill().await;
        // A half that does not come back broke its promise to recover.
        if let Err(error) = host.launch().await {
            return Ok(Observed { call: None, what: What::Lost(error.to_string()) });
        }
        self.calls.clear();
        let address = self.address.clone();
        for session in self.sessions.values_mut() {
            session.reconnect(&address).map_err(Trouble)?;
        }
        self.send_live().await?;
        Ok(Observed::done())
    }

    async fn wait_for(&mut self, wait: &schema::WaitFor) -> Result<Observed, Trouble> {
        let pattern = wait.state.as_ref().map_or_else(|| json!({}), to_json);
        let name = format!("watch {}", super::state::session_name(&wait.session));
        if self.calls.get(&name).is_none_or(|c| c.ended.is_some()) {
            let mut call = self.begin("Watch", &wait.session, "", None)?;
            call.send(v1::WatchRequest {}.encode_to_vec().into());
            call.half_close();
            self.calls.insert(name.clone(), call);
        }
        let shape = wire::message("WatchResponse").ok_or_else(|| Trouble("Watch has a response".into()))?;
        let patience = self.patience(0);
        let deadline = tokio::time::Instant::now() + patience;
        let mut call = self.calls.remove(&name).ok_or_else(|| Trouble("Watch was just opened".into()))?;
        let observed = loop {
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            match call.next(left).await {
                Some(Incoming::Message(index, bytes)) => {
                    let names = self.names();
                    let matches = wire::decode(shape.clone(), &bytes)
                        .is_some_and(|state| wire::contains(&pattern, &state, &names).is_ok());
                    if matches {
                        self.last = Some(("Watch".to_owned(), bytes));
                        break Observed::message(call.id, index);
                    }
                }
                Some(Incoming::Status(_)) => break Observed::status(call.id),
                None => break Observed::silence(Some(call.id), patience),
            }
        };
        self.calls.insert(name, call);
        Ok(observed)
    }
}

/// A struct of a case as JSON.
pub(super) fn to_json(written: &pbjson_types::Struct) -> Json {
    serde_json::to_value(written).unwrap_or(Json::Null)
}
