//! What gRPC's own decoder refuses, told as an error of ECP with what to do (ECP-ERR-001, ECP-ERR-007): a message that
//! is cut short or is no message, and one over the limit.
//!
//! The decoder's errors are statuses without a reason. Those of a single request are the response of the call, and the
//! layer here replaces it; those of a stream of requests reach the service, which asks [`refusal`] as well.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use ecp_execution_core::{CallKind, Refusal};
use ecp_proto::{EcpError, SESSION_KEY};
use ecp_types::Reason;
use tonic::{
    Code, Status,
    body::Body,
    codegen::http::{HeaderName, Request, Response},
    metadata::MetadataMap,
};

use crate::{
    convert::status,
    host::{Host, Said},
    service,
};

/// Calls with a single request.
const ONE_REQUEST: [CallKind; 11] = [
    CallKind::Handshake,
    CallKind::Watch,
    CallKind::GetHeightParams,
    CallKind::StartRound,
    CallKind::BuildProposal,
    CallKind::ReframeInit,
    CallKind::Abort,
    CallKind::Decide,
    CallKind::Finalize,
    CallKind::GetDecided,
    CallKind::GetBlockHash,
];

/// What the decoder refused, for the core to tell after what precedes it; `None` for every other status.
pub(crate) fn refusal(status: &Status, message_bytes: usize) -> Option<Refusal> {
    if EcpError::from_status(status).is_some() || std::error::Error::source(status).is_some() {
        // Ours already, or of the transport: the caller is gone.
        return None;
    }
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => {
            let problem = format_args!("A message is larger than the limit of {message_bytes} bytes.");
            Some(Refusal::new(Reason::LimitExceeded, problem).with("limit", message_bytes))
        }
        Code::Internal => {
            let problem = format_args!(
                "A message cannot be decoded ({}): it is cut short, or is no message of this call. \
                 Send it whole, as the published .proto files encode it.",
                status.message().trim_end_matches('.')
            );
            Some(Refusal::new(Reason::FieldInvalid, problem).with("field", "message"))
        }
        _ => None,
    }
}

/// Replaces the decoder's statuses.
#[derive(Clone)]
pub(crate) struct Undecodable {
    pub(crate) host: Host,
    /// The limit of a message, for the error's text.
    pub(crate) message_bytes: usize,
}

impl<S> tower::Layer<S> for Undecodable {
    type Service = Explained<S>;

    fn layer(&self, inner: S) -> Explained<S> {
        Explained { inner, with: self.clone() }
    }
}

/// A service whose calls end with errors of ECP where the decoder refused the request.
#[derive(Clone)]
pub(crate) struct Explained<S> {
    inner: S,
    with: Undecodable,
}

impl<S> tower::Service<Request<Body>> for Explained<S>
where
    S: tower::Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let asked = kind(request.uri().path()).map(|kind| (kind, request.headers().get(SESSION_KEY).cloned()));
        let with = self.with.clone();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await?;
            let Some((kind, token)) = asked else { return Ok(response) };
            let told = Status::from_header_map(response.headers());
            let Some(refusal) = told.and_then(|told| refusal(&told, with.message_bytes)) else { return Ok(response) };
            let session = token.map(|token| (HeaderName::from_static(SESSION_KEY), token));
            let token = service::token(&MetadataMap::from_headers(session.into_iter().collect()));
            Ok(status(with.first(token, kind, refusal).await).into_http())
        })
    }
}

impl Undecodable {
    /// The reason that stands first (ECP-ERR-003): the core knows what precedes a field.
    async fn first(&self, token: Option<Vec<u8>>, kind: CallKind, refusal: Refusal) -> Refusal {
        if refusal.reason == Reason::LimitExceeded {
            return refusal;
        }
        let (_, mut hearing) = self.host.open(token, kind, Err(refusal.clone()));
        match hearing.recv().await {
            Some(Said::Refused(first)) => first,
            _ => refusal,
        }
    }
}

/// The call of a path. The streams of requests are not here: the service reads them itself.
fn kind(path: &str) -> Option<CallKind> {
    let (_, method) = path.rsplit_once('/')?;
    ONE_REQUEST.into_iter().find(|kind| kind.as_str() == method)
}
