//! The limit of a handshake, told before the message is read: gRPC's own limit is one for all calls (ECP-LIM-006).

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use ecp_proto::EcpError;
use ecp_types::{Reason, limits::HANDSHAKE_BYTES};
use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body, codegen::http::Request};

/// Bytes before a gRPC message: a flag and the length.
const PREFIX: usize = 5;

/// Measures the messages of Handshake.
#[derive(Clone, Copy)]
pub(crate) struct HandshakeLimit;

impl<S> tower::Layer<S> for HandshakeLimit {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard { inner }
    }
}

/// Hands everything on, handshakes with a measured body.
#[derive(Clone)]
pub(crate) struct Guard<S> {
    inner: S,
}

impl<S: tower::Service<Request<Body>>> tower::Service<Request<Body>> for Guard<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        if request.uri().path().ends_with("/Handshake") {
            return self.inner.call(request.map(|inner| Body::new(Measured { inner, prefix: Vec::new() })));
        }
        self.inner.call(request)
    }
}

/// A body whose first message is refused by its length.
struct Measured {
    inner: Body,
    /// What came of the first message's prefix.
    prefix: Vec<u8>,
}

impl Measured {
    fn check(&mut self, data: &Bytes) -> Result<(), Status> {
        let wanted = PREFIX - self.prefix.len();
        if wanted == 0 {
            return Ok(());
        }
        self.prefix.extend(data.iter().take(wanted));
        let Some(length) = self.prefix.get(1..PREFIX) else { return Ok(()) };
        let length = length.iter().fold(0u64, |n, byte| n << 8 | u64::from(*byte));
        if length <= HANDSHAKE_BYTES {
            return Ok(());
        }
        let problem = format!("The handshake has {length} bytes.");
        Err(EcpError::new(Reason::LimitExceeded, problem).with("limit", HANDSHAKE_BYTES).into())
    }
}

impl http_body::Body for Measured {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
            && let Err(status) = self.check(data)
        {
            return Poll::Ready(Some(Err(status)));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
