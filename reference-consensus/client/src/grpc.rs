//! ECP over gRPC.

use std::{
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use ecp_proto::{
    FieldError, SESSION_KEY,
    convert::{
        BuildEvent, BuildOpen, Decided, Decision, GetDecidedEvent, HandshakeAnswer, HandshakeOpen, ImportEvent,
        ImportResult, Reframe, ValidateEvent, ValidateReply,
    },
    v1alpha1::{self as pb, execution_service_client::ExecutionServiceClient},
};
use ecp_types::{
    Certificate, Evidence, Felt, Height, HeightParams, Round, RoundRole, StreamId, WatchState,
    limits::{BUDGET_MS_MAX, MESSAGE_BYTES},
    tables::calls::Call,
};
use futures::StreamExt as _;
use hyper_util::rt::TokioIo;
use tokio::{net::UnixStream, sync::mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Response, Status, Streaming,
    metadata::{Ascii, BinaryMetadataValue, MetadataValue},
    transport::{Channel, ClientTlsConfig, Endpoint, Identity},
};
use tower::service_fn;

use crate::{Address, BadAddress, CallError, Connector, Credentials, ExecutionClient, Stream};

/// Connecting takes at most this long.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Backstop of a call without a budget. A call with one gets this much on top of it (ECP-BUD-007).
const BACKSTOP: Duration = Duration::from_secs(30);
/// A decision runs to its end however long executing the block takes (ECP-DEC-012).
const DECISION_BACKSTOP: Duration = Duration::from_millis(BUDGET_MS_MAX);
/// Window of each stream and connection: a whole message, so that one stalled stream does not stop the others.
const WINDOW: u32 = 8 << 20;

/// Connects to an execution half over gRPC.
#[derive(Debug, Clone)]
pub struct GrpcConnector {
    address: Address,
    credentials: Credentials,
}

impl GrpcConnector {
    /// A connector to this address.
    #[must_use]
    pub fn new(address: Address, credentials: Credentials) -> Self {
        Self { address, credentials }
    }

    /// Reads address and credential files in one go.
    pub fn load(
        address: &str,
        secret_file: Option<std::path::PathBuf>,
        tls: Option<&crate::Tls>,
    ) -> Result<Self, BadAddress> {
        let address: Address = address.parse()?;
        let credentials = Credentials::load(&address, secret_file, tls)?;
        Ok(Self { address, credentials })
    }

    fn unreachable(&self, error: &dyn std::error::Error) -> CallError {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            message = format!("{message}: {inner}");
            source = inner.source();
        }
        CallError::Unreachable { address: self.address.to_string(), message }
    }

    async fn channel(&self) -> Result<Channel, CallError> {
        let endpoint = match &self.address {
            // Some servers refuse the socket's path as authority.
            Address::Unix(_) => Endpoint::from_static("http://localhost"),
            Address::Tcp { host, port } => {
                let scheme = if self.credentials.tls.is_some() { "https" } else { "http" };
                Endpoint::from_shared(format!("{scheme}://{host}:{port}")).map_err(|e| self.unreachable(&e))?
            }
        };
        let mut endpoint = endpoint
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(2 * WINDOW);
        if let Some(tls) = &self.credentials.tls {
            let config = ClientTlsConfig::new()
                .ca_certificate(tonic::transport::Certificate::from_pem(&tls.ca))
                .identity(Identity::from_pem(&tls.certificate, &tls.key))
                .domain_name(&tls.domain);
            endpoint = endpoint.tls_config(config).map_err(|e| self.unreachable(&e))?;
        }
        let channel = match &self.address {
            Address::Unix(path) => {
                let path = path.clone();
                let connect = service_fn(move |_| {
                    let path = path.clone();
                    async move { UnixStream::connect(path).await.map(TokioIo::new) }
                });
                endpoint.connect_with_connector(connect).await
            }
            Address::Tcp { .. } => endpoint.connect().await,
        };
        channel.map_err(|e| self.unreachable(&e))
    }

    /// Opens the two connections of a session (ECP-SES-015).
    pub async fn connect_grpc(&self) -> Result<GrpcClient, CallError> {
        let limit = usize::try_from(MESSAGE_BYTES).unwrap_or(usize::MAX);
        let service = |channel| {
            ExecutionServiceClient::new(channel).max_decoding_message_size(limit).max_encoding_message_size(limit)
        };
        let control = service(self.channel().await?);
        let data = service(self.channel().await?);
        let bearer = self.credentials.bearer.as_ref().and_then(|secret| format!("Bearer {secret}").parse().ok());
        let trace = Arc::new(Trace { id: rand::random(), last_span: AtomicU64::new(rand::random()) });
        Ok(GrpcClient { control, data, bearer, token: Arc::default(), trace })
    }
}

#[async_trait]
impl Connector for GrpcConnector {
    async fn connect(&self) -> Result<Arc<dyn ExecutionClient>, CallError> {
        Ok(Arc::new(self.connect_grpc().await?))
    }
}

/// Two connections and the token of their session. Cheap to clone.
#[derive(Clone)]
pub struct GrpcClient {
    control: ExecutionServiceClient<Channel>,
    data: ExecutionServiceClient<Channel>,
    bearer: Option<MetadataValue<Ascii>>,
    token: Arc<RwLock<Option<BinaryMetadataValue>>>,
    trace: Arc<Trace>,
}

/// One trace for each session, one span for each call.
struct Trace {
    id: u128,
    last_span: AtomicU64,
}

impl Trace {
    /// A W3C `traceparent`; neither id is ever zero.
    fn parent(&self) -> String {
        let span = self.last_span.fetch_add(1, Ordering::Relaxed).max(1);
        format!("00-{:032x}-{span:016x}-01", self.id.max(1))
    }
}

impl GrpcClient {
    fn request<T>(&self, message: T, backstop: Option<Duration>) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(timeout) = backstop {
            request.set_timeout(timeout);
        }
        if let Some(bearer) = &self.bearer {
            request.metadata_mut().insert("authorization", bearer.clone());
        }
        if let Ok(parent) = self.trace.parent().parse() {
            request.metadata_mut().insert("traceparent", parent);
        }
        let token = self.token.read().ok().and_then(|token| token.clone());
        if let Some(token) = token {
            request.metadata_mut().insert_bin(SESSION_KEY, token);
        }
        request
    }
}

fn told<T>(call: Call, result: Result<Response<T>, Status>) -> Result<T, CallError> {
    result.map(Response::into_inner).map_err(|status| CallError::from_status(call, &status))
}

fn checked<T, U: TryFrom<T, Error = FieldError>>(call: Call, message: T) -> Result<U, CallError> {
    U::try_from(message).map_err(|error| CallError::Reply { call, error })
}

/// A server stream in checked values; the first error is its last message.
fn stream<T, U>(call: Call, streaming: Streaming<T>) -> Stream<U>
where
    T: Send + 'static,
    U: TryFrom<T, Error = FieldError> + Send + 'static,
{
    let checked = streaming.map(move |message| match message {
        Ok(message) => checked(call, message),
        Err(status) => Err(CallError::from_status(call, &status)),
    });
    let until_error = checked.scan(false, |failed, item| {
        let last = *failed;
        *failed = item.is_err();
        futures::future::ready((!last).then_some(item))
    });
    until_error.boxed()
}

#[async_trait]
impl ExecutionClient for GrpcClient {
    async fn handshake(&self, open: HandshakeOpen) -> Result<HandshakeAnswer, CallError> {
        let call = Call::Handshake;
        let request = self.request(pb::HandshakeRequest::from(open), Some(BACKSTOP));
        let answer: HandshakeAnswer = checked(call, told(call, self.control.clone().handshake(request).await)?)?;
        if let Ok(mut token) = self.token.write() {
            *token = Some(BinaryMetadataValue::from_bytes(&answer.session_token));
        }
        Ok(answer)
    }

    async fn watch(&self) -> Result<Stream<WatchState>, CallError> {
        let request = self.request(pb::WatchRequest {}, None);
        Ok(stream(Call::Watch, told(Call::Watch, self.control.clone().watch(request).await)?))
    }

    async fn get_height_params(&self, height: Height) -> Result<HeightParams, CallError> {
        let call = Call::GetHeightParams;
        let request = self.request(pb::GetHeightParamsRequest { height: Some(height) }, Some(BACKSTOP));
        checked(call, told(call, self.control.clone().get_height_params(request).await)?)
    }

    async fn start_round(
        &self,
        height: Height,
        round: Round,
        role: RoundRole,
        proposer: Felt,
    ) -> Result<(), CallError> {
        let message = pb::StartRoundRequest::of(height, round, role, &proposer);
        let request = self.request(message, Some(BACKSTOP));
        told(Call::StartRound, self.control.clone().start_round(request).await).map(|_| ())
    }

    async fn build_proposal(&self, open: BuildOpen) -> Result<Stream<BuildEvent>, CallError> {
        let call = Call::BuildProposal;
        let backstop = Duration::from_millis(u64::from(open.budget_ms)) + BACKSTOP;
        let request = self.request(pb::BuildProposalRequest::from(open), Some(backstop));
        Ok(stream(call, told(call, self.data.clone().build_proposal(request).await)?))
    }

    async fn validate_proposal(
        &self,
        messages: mpsc::Receiver<ValidateEvent>,
    ) -> Result<Stream<ValidateReply>, CallError> {
        let call = Call::ValidateProposal;
        let messages = ReceiverStream::new(messages).map(pb::ValidateProposalRequest::from);
        let backstop = Duration::from_millis(BUDGET_MS_MAX) + BACKSTOP;
        let request = self.request(messages, Some(backstop));
        Ok(stream(call, told(call, self.data.clone().validate_proposal(request).await)?))
    }

    async fn reframe_init(&self, reframe: Reframe) -> Result<Bytes, CallError> {
        let request = self.request(pb::ReframeInitRequest::from(reframe), Some(BACKSTOP));
        told(Call::ReframeInit, self.control.clone().reframe_init(request).await).map(|reply| reply.init)
    }

    async fn abort(&self, stream_id: StreamId) -> Result<(), CallError> {
        let message = pb::AbortRequest { stream_id: Bytes::copy_from_slice(&stream_id) };
        let request = self.request(message, Some(BACKSTOP));
        told(Call::Abort, self.control.clone().abort(request).await).map(|_| ())
    }

    async fn decide(&self, decision: Decision) -> Result<Decided, CallError> {
        let call = Call::Decide;
        let request = self.request(pb::DecideRequest::from(decision), Some(DECISION_BACKSTOP));
        checked(call, told(call, self.control.clone().decide(request).await)?)
    }

    async fn finalize(
        &self,
        height: Height,
        certificate: Certificate,
        evidence: Vec<Evidence>,
    ) -> Result<(), CallError> {
        let message = pb::FinalizeRequest {
            height: Some(height),
            certificate: Some(certificate.into()),
            evidence: evidence.into_iter().map(Into::into).collect(),
        };
        let request = self.request(message, Some(BACKSTOP));
        told(Call::Finalize, self.control.clone().finalize(request).await).map(|_| ())
    }

    async fn get_decided(&self, from: Height, to: Height) -> Result<Stream<GetDecidedEvent>, CallError> {
        let call = Call::GetDecided;
        let request = self.request(pb::GetDecidedRequest { from: Some(from), to: Some(to) }, None);
        Ok(stream(call, told(call, self.data.clone().get_decided(request).await)?))
    }

    async fn import_decided(&self, messages: mpsc::Receiver<ImportEvent>) -> Result<ImportResult, CallError> {
        let call = Call::ImportDecided;
        let messages = ReceiverStream::new(messages).map(pb::ImportDecidedRequest::from);
        let request = self.request(messages, Some(DECISION_BACKSTOP));
        checked(call, told(call, self.data.clone().import_decided(request).await)?)
    }
}
