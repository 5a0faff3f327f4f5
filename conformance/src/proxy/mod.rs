//! A proxy between a consensus half and an execution half that sees every message and can take a hand in it.
//!
//! All calls are forwarded as streams of bytes, whatever their shape, so nothing that the proxy does not know is lost.
//! A [`Script`] sees each message before it goes on and says what becomes of it.

mod listen;
mod raw;
#[cfg(test)]
mod tests;

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use async_trait::async_trait;
use bytes::Bytes;
use ecp_types::limits::PROPOSAL_BYTES_DEFAULT;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::AbortOnDropHandle;
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    metadata::MetadataMap,
    server::{NamedService, StreamingService},
    transport::Channel,
};

pub use listen::{Connection, Door};
use raw::RawCodec;

/// Largest message that the proxy takes, in bytes: above what either half may send, so that the halves judge it.
const MAX_MESSAGE: usize = 4 * PROPOSAL_BYTES_DEFAULT as usize;

/// Number of a call, given by the script.
pub type CallNumber = u32;

/// The beginning of a call.
#[derive(Debug, Clone)]
pub struct CallHead {
    /// Name of the method, such as `StartRound`.
    pub method: String,
    /// Its metadata, the session token included.
    pub metadata: MetadataMap,
    /// The connection that it came on; `None` if the proxy is not served through a [`Door`].
    pub connection: Option<u32>,
}

/// What becomes of a message, and of the call that it belongs to.
#[derive(Debug)]
pub enum Flow {
    /// It goes on, as it was or changed.
    Forward(Bytes),
    /// It does not go on; the call does.
    Swallow,
    /// The call ends with this status towards the consensus half; the execution half sees a reset.
    End(Status),
    /// These messages, then success, are the whole answer; the execution half sees a reset.
    Answer(Vec<Bytes>),
    /// The call stays open without a word until the consensus half gives it up.
    Silence,
}

/// Who ended a call, and how.
#[derive(Debug, Clone)]
pub enum CallEnd {
    /// The execution half, or the script in its place.
    Status(Status),
    /// The consensus half reset it.
    Reset,
}

/// Sees all calls of a proxy.
#[async_trait]
pub trait Script: Send + Sync + 'static {
    /// A call begins; the number names it from now on.
    fn began(&self, head: &CallHead) -> CallNumber;
    /// A message of the consensus half. Waiting here holds the stream back.
    async fn consensus_said(&self, call: CallNumber, message: Bytes) -> Flow;
    /// A message of the execution half. Waiting here holds the stream back.
    async fn execution_said(&self, call: CallNumber, message: Bytes) -> Flow;
    /// The execution half ended the call with this status; another one can be told instead.
    async fn execution_ended(&self, call: CallNumber, status: Status) -> Status;
    /// The consensus half said that it sends no more.
    fn half_closed(&self, call: CallNumber);
    /// The call is over.
    fn ended(&self, call: CallNumber, end: CallEnd);
}

/// Where calls go; asked anew for each call, since an execution half can come back at another place.
#[async_trait]
pub trait Upstream: Send + Sync + 'static {
    /// A channel for one call of this method, or the status that a caller sees who finds nobody.
    async fn channel(&self, method: &str) -> Result<Channel, Status>;
}

/// The service that a consensus half calls.
#[derive(Clone)]
pub struct Proxy {
    script: Arc<dyn Script>,
    upstream: Arc<dyn Upstream>,
}

impl Proxy {
    /// A proxy with this script in front of this execution half.
    pub fn new(script: Arc<dyn Script>, upstream: Arc<dyn Upstream>) -> Self {
        Self { script, upstream }
    }
}

impl NamedService for Proxy {
    const NAME: &'static str = "starknet.ecp.v1alpha1.ExecutionService";
}

impl tower::Service<http::Request<Body>> for Proxy {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let connection = request.extensions().get::<Connection>().map(|c| c.0);
        let forward = Forward { proxy: self.clone(), path: request.uri().path().to_owned(), connection };
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(RawCodec)
                .max_decoding_message_size(MAX_MESSAGE)
                .max_encoding_message_size(MAX_MESSAGE);
            Ok(grpc.streaming(forward, request).await)
        })
    }
}

/// One call.
struct Forward {
    proxy: Proxy,
    path: String,
    connection: Option<u32>,
}

impl StreamingService<Bytes> for Forward {
    type Response = Bytes;
    type ResponseStream = Outbound;
    type Future = BoxFuture<'static, Result<Response<Outbound>, Status>>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        let proxy = self.proxy.clone();
        let path = self.path.clone();
        let connection = self.connection;
        Box::pin(async move {
            let (metadata, _, inbound) = request.into_parts();
            let method = path.rsplit('/').next().unwrap_or_default().to_owned();
            let head = CallHead { method, metadata, connection };
            let call = proxy.script.began(&head);
            let (to_consensus, from_call) = mpsc::channel(1);
            let over = Over { script: Some(proxy.script.clone()), call };
            let task = tokio::spawn(carry(proxy, path, head, call, inbound, to_consensus));
            Ok(Response::new(Outbound {
                messages: ReceiverStream::new(from_call),
                over,
                _task: AbortOnDropHandle::new(task),
            }))
        })
    }
}

/// Messages towards the consensus half. Dropped before its end, the consensus half gave the call up.
pub(super) struct Outbound {
    messages: ReceiverStream<Result<Bytes, Status>>,
    over: Over,
    _task: AbortOnDropHandle<()>,
}

/// Tells the script once that the call is over.
struct Over {
    script: Option<Arc<dyn Script>>,
    call: CallNumber,
}

impl Over {
    fn tell(&mut self, end: CallEnd) {
        if let Some(script) = self.script.take() {
            script.ended(self.call, end);
        }
    }
}

impl Drop for Over {
    fn drop(&mut self) {
        self.tell(CallEnd::Reset);
    }
}

impl futures::Stream for Outbound {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.messages).poll_next(context);
        match &polled {
            Poll::Ready(None) => self.over.tell(CallEnd::Status(Status::ok(""))),
            Poll::Ready(Some(Err(status))) => {
                let status = status.clone();
                self.over.tell(CallEnd::Status(status));
            }
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }
}

type ToConsensus = mpsc::Sender<Result<Bytes, Status>>;

/// Carries one call both ways until its end.
async fn carry(
    proxy: Proxy,
    path: String,
    head: CallHead,
    call: CallNumber,
    inbound: Streaming<Bytes>,
    out: ToConsensus,
) {
    let (to_execution, outbound) = mpsc::channel(1);
    let (cut, cut_off) = oneshot::channel();
    let upward = AbortOnDropHandle::new(tokio::spawn(upward(proxy.script.clone(), call, inbound, to_execution, cut)));
    let answer = tokio::select! {
        biased;
        Ok(flow) = cut_off => Some(flow),
        flow = downward(&proxy, path, head, call, outbound, &out) => flow,
    };
    match answer {
        None | Some(Flow::Forward(_) | Flow::Swallow) => {}
        Some(Flow::Silence) => out.closed().await,
        Some(Flow::End(status)) if status.code() == tonic::Code::Ok => {}
        Some(Flow::End(status)) => drop(out.send(Err(status)).await),
        Some(Flow::Answer(messages)) => {
            for message in messages {
                // The consensus half may be gone: then nobody waits for the rest.
                if out.send(Ok(message)).await.is_err() {
                    break;
                }
            }
        }
    }
    drop(upward);
}

/// From the consensus half to the execution half.
async fn upward(
    script: Arc<dyn Script>,
    call: CallNumber,
    mut inbound: Streaming<Bytes>,
    to_execution: mpsc::Sender<Bytes>,
    cut: oneshot::Sender<Flow>,
) {
    loop {
        match inbound.message().await {
            Ok(Some(message)) => match script.consensus_said(call, message).await {
                // An execution half that ended the call early needs no more, but the consensus half may still send.
                Flow::Forward(message) => drop(to_execution.send(message).await),
                Flow::Swallow => {}
                flow => {
                    drop(cut.send(flow));
                    while let Ok(Some(_)) = inbound.message().await {}
                    // Until the call is over the execution half sees no end of the stream: its answer to that could
                    // otherwise overtake what the script says.
                    return std::future::pending().await;
                }
            },
            Ok(None) => {
                script.half_closed(call);
                return;
            }
            // The other direction learns of a reset by itself.
            Err(_) => return std::future::pending().await,
        }
    }
}

/// From the execution half to the consensus half; returns what the script says instead of the rest.
async fn downward(
    proxy: &Proxy,
    path: String,
    head: CallHead,
    call: CallNumber,
    outbound: mpsc::Receiver<Bytes>,
    out: &ToConsensus,
) -> Option<Flow> {
    let status = match forward(proxy, path, head, call, outbound, out).await {
        Ok(None) => Status::ok(""),
        Ok(Some(flow)) => return Some(flow),
        Err(status) => status,
    };
    Some(Flow::End(proxy.script.execution_ended(call, status).await))
}

async fn forward(
    proxy: &Proxy,
    path: String,
    head: CallHead,
    call: CallNumber,
    outbound: mpsc::Receiver<Bytes>,
    out: &ToConsensus,
) -> Result<Option<Flow>, Status> {
    let path = path.parse().map_err(|_| Status::unimplemented("no such method"))?;
    let channel = proxy.upstream.channel(&head.method).await?;
    let mut grpc =
        tonic::client::Grpc::new(channel).max_decoding_message_size(MAX_MESSAGE).max_encoding_message_size(MAX_MESSAGE);
    grpc.ready().await.map_err(|e| Status::unavailable(e.to_string()))?;
    let mut request = Request::new(ReceiverStream::new(outbound));
    *request.metadata_mut() = head.metadata;
    let mut replies = grpc.streaming(request, path, RawCodec).await?.into_inner();
    while let Some(message) = replies.message().await? {
        match proxy.script.execution_said(call, message).await {
            Flow::Forward(message) => {
                if out.send(Ok(message)).await.is_err() {
                    return Ok(Some(Flow::Swallow));
                }
            }
            Flow::Swallow => {}
            flow => return Ok(Some(flow)),
        }
    }
    Ok(None)
}
