//! Sends an execution half the same bytes as in a transcript, at the same times, and records what it answers.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use ecp_proto::v1alpha1 as v1;
use prost::Message as _;
use tokio::time::Instant;

use super::{
    call::{Incoming, OpenCall, Opening},
    runner::{NotStarted, Preparing, Settings, prepare},
    state::{State, Trouble},
};
use crate::{
    case::Case,
    schema::{self, Record, Sender, connection, process, record::Event},
    subject::Subject,
    transcript::Recorder,
};

/// A transcript cannot be played again.
#[derive(Debug, thiserror::Error)]
pub enum CannotReplay {
    /// The half did not start.
    #[error(transparent)]
    NotStarted(#[from] NotStarted),
    /// The suite could not do what it should.
    #[error("{0}")]
    Suite(String),
}

impl From<Preparing> for CannotReplay {
    fn from(preparing: Preparing) -> Self {
        match preparing {
            Preparing::NotStarted(not_started) => Self::NotStarted(not_started),
            Preparing::Trouble(trouble) => Self::Suite(trouble.0),
        }
    }
}

impl From<Trouble> for CannotReplay {
    fn from(trouble: Trouble) -> Self {
        Self::Suite(trouble.0)
    }
}

/// Plays `records`, a transcript of `case`, to `subject`; the new transcript has the same calls under the same numbers.
/// Tokens are those that the half issues now. What is below the level of messages is left out.
pub async fn replay(
    records: &[Record],
    case: Arc<Case>,
    subject: &Subject,
    settings: &Settings,
) -> Result<Vec<Record>, CannotReplay> {
    let recorder = Recorder::new(Arc::clone(&case));
    let state = prepare(&case, subject, settings, &recorder).await?;
    let mut player = Player { state, calls: BTreeMap::new(), tokens: BTreeMap::new(), started: false };
    let (began, origin) = (Instant::now(), origin(records));
    for record in records {
        let Some(event) = &record.event else { continue };
        let is_ours = match event {
            Event::Message(message) => message.sender() == Sender::Consensus,
            Event::CallBegan(_) | Event::HalfClosed(_) | Event::Reset(_) | Event::Process(_) | Event::Connection(_) => {
                true
            }
            _ => false,
        };
        if is_ours {
            // Some requirements are about time: what is said is said when it was.
            tokio::time::sleep_until(began + Duration::from_micros(record.at_us.saturating_sub(origin))).await;
        }
        player.play(event).await?;
    }
    if let Some(host) = &mut player.state.host {
        host.stop().await;
    }
    Ok(recorder.finish().1)
}

/// When the half was there.
fn origin(records: &[Record]) -> u64 {
    let call = records.iter().find(|r| matches!(r.event, Some(Event::CallBegan(_))));
    call.map_or(0, |record| record.at_us)
}

/// What is under way.
struct Player {
    state: State,
    calls: BTreeMap<u32, OpenCall>,
    /// Tokens of the transcript, and those that the half issued instead.
    tokens: BTreeMap<Bytes, Bytes>,
    started: bool,
}

impl Player {
    async fn play(&mut self, event: &Event) -> Result<(), CannotReplay> {
        match event {
            Event::StepBegan(step) => self.state.recorder.record(Event::StepBegan(*step)),
            Event::CallBegan(call) => self.began(call)?,
            Event::Message(message) if message.sender() == Sender::Consensus => {
                if let Some(call) = self.calls.get(&message.call) {
                    call.send(message.bytes.clone());
                }
            }
            Event::Message(message) => self.answered(message).await,
            Event::HalfClosed(closed) => {
                if let Some(call) = self.calls.get_mut(&closed.call) {
                    call.half_close();
                }
            }
            Event::Reset(reset) => {
                if let Some(call) = self.calls.get_mut(&reset.call) {
                    call.reset();
                }
            }
            Event::Status(status) => self.ended(status).await,
            Event::Process(process) => self.process(process).await?,
            Event::Connection(connection) => {
                if matches!(connection.what, Some(connection::What::Dropped(_))) {
                    let address = self.state.address.clone();
                    self.state.session(&connection.session)?.reconnect(&address).map_err(CannotReplay::Suite)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn began(&mut self, call: &schema::CallBegan) -> Result<(), CannotReplay> {
        let token = call.token.as_ref().map(|old| self.tokens.get(old).unwrap_or(old).clone());
        let opening = Opening {
            id: call.call,
            method: call.method.clone(),
            session: call.session.clone(),
            name: call.r#as.clone(),
            token,
            channel: self.state.session(&call.session)?.channel(&call.method),
        };
        let open = OpenCall::begin(opening, &self.state.recorder);
        self.calls.insert(call.call, open);
        Ok(())
    }

    /// Waits for the message that stands in the place of one of the transcript.
    async fn answered(&mut self, message: &schema::Message) {
        let patience = self.state.settings.patience;
        let Some(call) = self.calls.get_mut(&message.call).filter(|call| call.method != "Watch") else { return };
        let Some(Incoming::Message(_, bytes)) = call.next(patience).await else { return };
        if call.method == "Handshake"
            && let (Ok(old), Ok(new)) =
                (v1::HandshakeResponse::decode(message.bytes.clone()), v1::HandshakeResponse::decode(bytes))
        {
            self.tokens.insert(old.session_token, new.session_token);
        }
    }

    /// Waits for the end of a call that ended there.
    async fn ended(&mut self, status: &schema::Status) {
        let patience = self.state.settings.patience;
        let Some(call) = self.calls.get_mut(&status.call).filter(|call| call.method != "Watch") else { return };
        if status.local {
            return;
        }
        while let Some(Incoming::Message(..)) = call.next(patience).await {}
    }

    async fn process(&mut self, process: &schema::Process) -> Result<(), CannotReplay> {
        match &process.what {
            // The first one runs already.
            Some(process::What::Started(_)) if !std::mem::replace(&mut self.started, true) => {}
            Some(process::What::Started(_)) => {
                self.calls.clear();
                let host = self.state.host()?;
                host.kill().await;
                host.launch().await.map_err(|error| NotStarted { error, log: String::new() })?;
                let address = self.state.address.clone();
                for session in self.state.sessions.values_mut() {
                    session.reconnect(&address).map_err(CannotReplay::Suite)?;
                }
            }
            Some(process::What::Killed(_)) => self.state.host()?.kill().await,
            _ => {}
        }
        Ok(())
    }
}
