//! The gRPC service: a thin translation between calls and the core.

use std::{pin::Pin, time::Duration};

use ecp_execution_core::{
    CallId, CallKind, Refusal,
    effect::Reply,
    input::{Call, StreamEvent},
};
use ecp_proto::{SESSION_KEY, v1alpha1 as pb, v1alpha1::execution_service_server::ExecutionService};
use ecp_types::{Reason, limits::WATCH_HEARTBEAT_MS};
use futures::{Stream, StreamExt, stream};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Request, Response, Status, Streaming, metadata::MetadataMap};
use tracing::Instrument;

use crate::{
    convert::{self, Identity, status},
    host::{Hearing, Host, Said},
    undecodable,
};

/// A stream of answers.
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Serves ECP over one core.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) host: Host,
    pub(crate) identity: Identity,
    /// The limit of a message, for the text of an error.
    pub(crate) message_bytes: usize,
}

/// A stream that tells the core when the transport drops it.
struct Guarded<S> {
    inner: S,
    _guard: Guard,
}

struct Guard {
    host: Host,
    id: CallId,
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Of a stream that ended before, the core knows nothing any more.
        self.host.feed(self.id, StreamEvent::Reset);
    }
}

impl<S: Stream + Unpin> Stream for Guarded<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Option<S::Item>> {
        self.inner.poll_next_unpin(cx)
    }
}

pub(crate) fn token(metadata: &MetadataMap) -> Option<Vec<u8>> {
    let value = metadata.get_bin(SESSION_KEY)?;
    // What is no base64 is no token, and refused as one.
    Some(value.to_bytes().map(|bytes| bytes.to_vec()).unwrap_or_default())
}

/// The span of a call, with the caller's trace.
fn span(kind: CallKind, metadata: &MetadataMap) -> tracing::Span {
    let traceparent = metadata.get("traceparent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    tracing::debug_span!("call", call = kind.as_str(), traceparent)
}

fn unexpected() -> Status {
    status(Refusal::new(Reason::InternalFault, "The core gave an answer that this call does not have."))
}

impl Service {
    fn open(&self, metadata: &MetadataMap, kind: CallKind, call: Result<Call, Refusal>) -> (CallId, Hearing) {
        self.host.open(token(metadata), kind, call)
    }

    /// Makes a unary call and waits for its answer.
    async fn unary(&self, metadata: &MetadataMap, kind: CallKind, call: Result<Call, Refusal>) -> Result<Said, Status> {
        let (_, mut hearing) = self.open(metadata, kind, call);
        let answer = async {
            match hearing.recv().await {
                Some(Said::Refused(refusal)) => {
                    tracing::debug!(reason = refusal.reason.as_str(), problem = %refusal.problem, "refused");
                    Err(status(refusal))
                }
                Some(said) => Ok(said),
                None => Err(status(self.host.gone())),
            }
        };
        answer.instrument(span(kind, metadata)).await
    }

    fn guarded<T: 'static>(&self, id: CallId, inner: Answers<T>) -> Answers<T> {
        Box::pin(Guarded { inner, _guard: Guard { host: self.host.clone(), id } })
    }

    /// Reads the caller's side of a stream to its end, also after an early answer (ECP-STR-005).
    fn listen<R: Send + 'static>(
        &self,
        id: CallId,
        mut requests: Streaming<R>,
        event: impl Fn(R) -> StreamEvent + Send + 'static,
        span: tracing::Span,
    ) {
        let (host, message_bytes) = (self.host.clone(), self.message_bytes);
        let listen = async move {
            loop {
                match requests.next().await {
                    Some(Ok(request)) => host.feed(id, event(request)),
                    Some(Err(error)) => {
                        let Some(refusal) = undecodable::refusal(&error, message_bytes) else {
                            tracing::debug!(%error, "the caller's side broke");
                            return host.feed(id, StreamEvent::Reset);
                        };
                        host.feed(id, StreamEvent::Invalid(refusal));
                        // The decoder found no beginning of another message; asked again it may say the same for ever.
                        return host.feed(id, StreamEvent::HalfClosed);
                    }
                    None => return host.feed(id, StreamEvent::HalfClosed),
                }
            }
        };
        tokio::spawn(listen.instrument(span));
    }
}

#[tonic::async_trait]
impl ExecutionService for Service {
    type WatchStream = Answers<pb::WatchResponse>;
    type BuildProposalStream = Answers<pb::BuildProposalResponse>;
    type ValidateProposalStream = Answers<pb::ValidateProposalResponse>;
    type GetDecidedStream = Answers<pb::GetDecidedResponse>;

    async fn handshake(
        &self,
        request: Request<pb::HandshakeRequest>,
    ) -> Result<Response<pb::HandshakeResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let call = convert::handshake(request, rand::random());
        match self.unary(&metadata, CallKind::Handshake, call).await? {
            Said::Reply(Reply::Handshake(reply)) => Ok(Response::new(convert::handshake_reply(*reply, &self.identity))),
            _ => Err(unexpected()),
        }
    }

    async fn watch(&self, request: Request<pb::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let (id, mut hearing) = self.open(request.metadata(), CallKind::Watch, Ok(Call::Watch));
        let watched = match hearing.recv().await {
            Some(Said::Watch(watched)) => watched,
            Some(Said::Refused(refusal)) => return Err(status(refusal)),
            _ => return Err(status(self.host.gone())),
        };
        let heart = tokio::time::interval(Duration::from_millis(WATCH_HEARTBEAT_MS));
        let host = self.host.clone();
        // The whole state at once, at each change and each second; the newest replaces what was not sent (ECP-SES-013).
        // Changes come first: the last state, which says why the half ends, is sent before the end.
        let states = stream::unfold(Some((watched, hearing, heart, host)), |state| async move {
            let (mut watched, mut hearing, mut heart, host) = state?;
            tokio::select! {
                biased;
                changed = watched.changed() => {
                    if changed.is_err() {
                        // After an orderly end the last state was sent, and the stream ends with it.
                        return (!host.ended()).then(|| (Err(status(host.gone())), None));
                    }
                    heart.reset();
                }
                said = hearing.recv() => {
                    let refusal = match said {
                        Some(Said::Refused(refusal)) => refusal,
                        None if host.ended() => return None,
                        _ => host.gone(),
                    };
                    return Some((Err(status(refusal)), None));
                }
                _ = heart.tick() => {}
            }
            let mut state = watched.borrow_and_update().clone();
            state.sequence = host.next_sequence();
            Some((Ok(state.into()), Some((watched, hearing, heart, host))))
        });
        Ok(Response::new(self.guarded(id, Box::pin(states))))
    }

    async fn get_height_params(
        &self,
        request: Request<pb::GetHeightParamsRequest>,
    ) -> Result<Response<pb::GetHeightParamsResponse>, Status> {
        let call = convert::params_request(*request.get_ref());
        match self.unary(request.metadata(), CallKind::GetHeightParams, call).await? {
            Said::Params(params) => Ok(Response::new(pb::GetHeightParamsResponse { params: Some((*params).into()) })),
            _ => Err(unexpected()),
        }
    }

    async fn start_round(
        &self,
        request: Request<pb::StartRoundRequest>,
    ) -> Result<Response<pb::StartRoundResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        match self.unary(&metadata, CallKind::StartRound, convert::start_round(request)).await? {
            Said::Reply(Reply::StartRound) => Ok(Response::new(pb::StartRoundResponse {})),
            _ => Err(unexpected()),
        }
    }

    async fn build_proposal(
        &self,
        request: Request<pb::BuildProposalRequest>,
    ) -> Result<Response<Self::BuildProposalStream>, Status> {
        let (metadata, _, request) = request.into_parts();
        let (id, hearing) = self.open(&metadata, CallKind::BuildProposal, convert::build(request));
        Ok(Response::new(self.guarded(id, answers(self.host.clone(), hearing, convert::build_message))))
    }

    async fn validate_proposal(
        &self,
        request: Request<Streaming<pb::ValidateProposalRequest>>,
    ) -> Result<Response<Self::ValidateProposalStream>, Status> {
        let (metadata, _, requests) = request.into_parts();
        let kind = CallKind::ValidateProposal;
        let (id, hearing) = self.open(&metadata, kind, Ok(Call::ValidateProposal));
        self.listen(id, requests, convert::validate_event, span(kind, &metadata));
        Ok(Response::new(self.guarded(id, answers(self.host.clone(), hearing, convert::validate_message))))
    }

    async fn reframe_init(
        &self,
        request: Request<pb::ReframeInitRequest>,
    ) -> Result<Response<pb::ReframeInitResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        match self.unary(&metadata, CallKind::ReframeInit, convert::reframe(request)).await? {
            Said::Init(init) => Ok(Response::new(pb::ReframeInitResponse { init })),
            _ => Err(unexpected()),
        }
    }

    async fn abort(&self, request: Request<pb::AbortRequest>) -> Result<Response<pb::AbortResponse>, Status> {
        let call = convert::abort(request.get_ref().clone());
        match self.unary(request.metadata(), CallKind::Abort, call).await? {
            Said::Reply(Reply::Abort) => Ok(Response::new(pb::AbortResponse {})),
            _ => Err(unexpected()),
        }
    }

    async fn decide(&self, request: Request<pb::DecideRequest>) -> Result<Response<pb::DecideResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        match self.unary(&metadata, CallKind::Decide, convert::decide(request)).await? {
            Said::Reply(Reply::Decide { committed, next_params }) => Ok(Response::new(pb::DecideResponse {
                committed: Some(committed.into()),
                next_params: next_params.map(|p| (*p).into()),
            })),
            _ => Err(unexpected()),
        }
    }

    async fn finalize(&self, request: Request<pb::FinalizeRequest>) -> Result<Response<pb::FinalizeResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        match self.unary(&metadata, CallKind::Finalize, convert::finalize(request)).await? {
            Said::Finalized => Ok(Response::new(pb::FinalizeResponse {})),
            _ => Err(unexpected()),
        }
    }

    async fn get_decided(
        &self,
        request: Request<pb::GetDecidedRequest>,
    ) -> Result<Response<Self::GetDecidedStream>, Status> {
        let call = convert::decided_request(*request.get_ref());
        let (id, mut hearing) = self.open(request.metadata(), CallKind::GetDecided, call);
        let blocks = match hearing.recv().await {
            Some(Said::Decided(blocks)) => blocks,
            Some(Said::Refused(refusal)) => return Err(status(refusal)),
            Some(_) => return Err(unexpected()),
            None => return Err(status(self.host.gone())),
        };
        let events = stream::unfold(Some((blocks, Some(hearing))), |state| async move {
            let (mut blocks, mut hearing) = state?;
            loop {
                let heard = async {
                    match &mut hearing {
                        Some(hearing) => hearing.recv().await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    biased;
                    said = heard => match said {
                        Some(Said::Refused(refusal)) => return Some((Err(status(refusal)), None)),
                        Some(_) => return Some((Err(unexpected()), None)),
                        // Everything was read; what remains is on its way.
                        None => hearing = None,
                    },
                    event = blocks.recv() => return event.map(|event| (Ok(event.into()), Some((blocks, hearing)))),
                }
            }
        });
        Ok(Response::new(self.guarded(id, Box::pin(events))))
    }

    async fn import_decided(
        &self,
        request: Request<Streaming<pb::ImportDecidedRequest>>,
    ) -> Result<Response<pb::ImportDecidedResponse>, Status> {
        let (metadata, _, requests) = request.into_parts();
        let kind = CallKind::ImportDecided;
        let (id, mut hearing) = self.open(&metadata, kind, Ok(Call::ImportDecided));
        self.listen(id, requests, convert::import_event, span(kind, &metadata));
        match hearing.recv().await {
            Some(Said::Reply(Reply::Import(reply))) => Ok(Response::new(convert::import_reply(reply))),
            Some(Said::Refused(refusal)) => Err(status(refusal)),
            Some(_) => Err(unexpected()),
            None => Err(status(self.host.gone())),
        }
    }

    async fn get_block_hash(
        &self,
        request: Request<pb::GetBlockHashRequest>,
    ) -> Result<Response<pb::GetBlockHashResponse>, Status> {
        use pb::get_block_hash_response::Result as Hash;
        let call = convert::hash_request(*request.get_ref());
        let result = match self.unary(request.metadata(), CallKind::GetBlockHash, call).await? {
            Said::BlockHash(Ok((hash, root))) => Hash::Known(pb::KnownBlockHash {
                block_hash: hash.as_bytes().to_vec().into(),
                state_root: root.as_bytes().to_vec().into(),
            }),
            Said::BlockHash(Err(known_height)) => Hash::NotYet(pb::BlockHashNotYet { known_height }),
            _ => return Err(unexpected()),
        };
        Ok(Response::new(pb::GetBlockHashResponse { result: Some(result) }))
    }
}

/// What a caller hears, as messages: an error or the end closes the stream.
fn answers<T: Send + 'static>(
    host: Host,
    hearing: Hearing,
    message: impl Fn(ecp_execution_core::effect::Message) -> Option<T> + Send + Sync + Copy + 'static,
) -> Answers<T> {
    let said = UnboundedReceiverStream::new(hearing).map(Some).chain(stream::once(async { None }));
    Box::pin(said.scan(false, move |ended, said| {
        let item = match said {
            _ if *ended => None,
            Some(Said::Finished) => {
                *ended = true;
                None
            }
            Some(Said::Message(said)) => Some(message(said).ok_or_else(unexpected)),
            Some(Said::Refused(refusal)) => {
                *ended = true;
                Some(Err(status(refusal)))
            }
            Some(_) => Some(Err(unexpected())),
            // The core is gone without a last word.
            None => {
                *ended = true;
                Some(Err(status(host.gone())))
            }
        };
        futures::future::ready(item)
    }))
}
