//! Calls to an execution half, recorded message by message. Unary calls are streams of one message on the wire.

use std::time::Duration;

use bytes::Bytes;
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, timeout_at},
};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{
    Request, Status,
    client::Grpc,
    metadata::{BinaryMetadataValue, MetadataValue},
    transport::Channel,
};

use super::codec::RawCodec;
use crate::{
    schema::{self, Sender, record::Event},
    transcript::Recorder,
    wire,
};

/// Largest message that the suite takes from a half, far above every limit of the protocol.
const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// What a call says next.
#[derive(Debug, Clone)]
pub(super) enum Incoming {
    /// A message and its index among those of the call.
    Message(u32, Bytes),
    /// The end.
    Status(schema::Status),
}

/// A call under way.
pub(super) struct OpenCall {
    /// Its number.
    pub id: u32,
    /// Its method.
    pub method: String,
    outgoing: Option<mpsc::UnboundedSender<Bytes>>,
    incoming: mpsc::UnboundedReceiver<Incoming>,
    task: JoinHandle<()>,
    recorder: Recorder,
    /// The end, once it was taken.
    pub ended: Option<schema::Status>,
}

/// What a call is made with.
pub(super) struct Opening {
    pub id: u32,
    pub method: String,
    pub session: String,
    pub name: String,
    pub token: Option<Bytes>,
    pub channel: Channel,
}

impl OpenCall {
    /// Begins a call.
    pub(super) fn begin(opening: Opening, recorder: &Recorder) -> Self {
        let Opening { id, method, session, name, token, channel } = opening;
        recorder.record(Event::CallBegan(schema::CallBegan {
            call: id,
            method: method.clone(),
            session,
            token: token.clone(),
            instance: 0,
            r#as: name,
        }));
        let (outgoing, to_send) = mpsc::unbounded_channel();
        let (said, incoming) = mpsc::unbounded_channel();
        let task = tokio::spawn(run(id, method.clone(), token, channel, to_send, said, recorder.clone()));
        Self { id, method, outgoing: Some(outgoing), incoming, task, recorder: recorder.clone(), ended: None }
    }

    /// Sends a message. Once the call has ended there is nobody to send to, which is no error of the caller.
    pub(super) fn send(&self, bytes: Bytes) {
        if let Some(outgoing) = &self.outgoing {
            let message = schema::Message { call: self.id, sender: Sender::Consensus.into(), bytes: bytes.clone() };
            self.recorder.record(Event::Message(message));
            let _ = outgoing.send(bytes);
        }
    }

    /// Sends a message that is too large to be recorded.
    pub(super) fn send_unrecorded(&self, bytes: Bytes) {
        if let Some(outgoing) = &self.outgoing {
            let _ = outgoing.send(bytes);
        }
    }

    /// Says that no more messages come.
    pub(super) fn half_close(&mut self) {
        if self.outgoing.take().is_some() {
            self.recorder.record(Event::HalfClosed(schema::HalfClosed { call: self.id }));
        }
    }

    /// Gives the call up.
    pub(super) fn reset(&mut self) {
        if self.ended.is_none() {
            self.recorder.record(Event::Reset(schema::Reset { call: self.id }));
        }
        self.task.abort();
        self.outgoing = None;
    }

    /// What comes next within `patience`; `None` if nothing came.
    pub(super) async fn next(&mut self, patience: Duration) -> Option<Incoming> {
        if let Some(status) = &self.ended {
            return Some(Incoming::Status(status.clone()));
        }
        let incoming = timeout_at(Instant::now() + patience, self.incoming.recv()).await.ok()??;
        if let Incoming::Status(status) = &incoming {
            self.ended = Some(status.clone());
        }
        Some(incoming)
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(
    id: u32,
    method: String,
    token: Option<Bytes>,
    channel: Channel,
    to_send: mpsc::UnboundedReceiver<Bytes>,
    said: mpsc::UnboundedSender<Incoming>,
    recorder: Recorder,
) {
    let status = match converse(id, &method, token, channel, to_send, &said, &recorder).await {
        Ok(()) => Status::ok(""),
        Err(status) => status,
    };
    let status = recorded(id, &status);
    recorder.record(Event::Status(status.clone()));
    // The case may have gone on without waiting.
    let _ = said.send(Incoming::Status(status));
}

async fn converse(
    id: u32,
    method: &str,
    token: Option<Bytes>,
    channel: Channel,
    to_send: mpsc::UnboundedReceiver<Bytes>,
    said: &mpsc::UnboundedSender<Incoming>,
    recorder: &Recorder,
) -> Result<(), Status> {
    let mut grpc = Grpc::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX);
    grpc.ready().await.map_err(|e| Status::from_error(e.into()))?;
    let mut request = Request::new(UnboundedReceiverStream::new(to_send));
    let metadata = request.metadata_mut();
    if let Some(token) = token {
        metadata.insert_bin(ecp_proto::SESSION_KEY, BinaryMetadataValue::from_bytes(&token));
    }
    let parent: MetadataValue<_> = format!("00-{:032x}-{:016x}-01", u128::from(id) + 1, u64::from(id) + 1)
        .parse()
        .map_err(|_| Status::internal("traceparent is ASCII"))?;
    metadata.insert("traceparent", parent);
    let path = wire::path(method).parse().map_err(|_| Status::internal("the path of a method is a path"))?;
    let mut replies = grpc.streaming(request, path, RawCodec).await?.into_inner();
    let mut index = 0;
    while let Some(bytes) = replies.message().await? {
        let message = schema::Message { call: id, sender: Sender::Execution.into(), bytes: bytes.clone() };
        recorder.record(Event::Message(message));
        let _ = said.send(Incoming::Message(index, bytes));
        index += 1;
    }
    Ok(())
}

/// A status as it is recorded. One that has a source was made on this side.
pub(super) fn recorded(call: u32, status: &Status) -> schema::Status {
    schema::Status {
        call,
        code: status.code() as i32,
        message: status.message().to_owned(),
        details: Bytes::copy_from_slice(status.details()),
        local: std::error::Error::source(status).is_some(),
    }
}
