//! What a peer can get wrong on the wire: each refused with a message that says what it was, and nobody falls over.

use std::{
    convert::Infallible,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    task::{Context as TaskContext, Poll},
};

use anyhow::{Context, Result};
use bytes::Bytes;
use conformance::network::{Half, Network};
use ecp_e2e::{Files, binaries};
use ecp_proto::{
    EcpError, SESSION_KEY,
    convert::{HandshakeAnswer, HandshakeOpen},
    v1alpha1::{
        self as pb, GetHeightParamsRequest, HandshakeRequest, execution_service_client::ExecutionServiceClient,
    },
};
use ecp_types::{
    Felt, Limits, Reason, RoundRole, SessionRole, Software,
    limits::{CANDIDATES_MIN, HANDSHAKE_BYTES, MESSAGE_BYTES, PART_BYTES},
};
use http::{Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use prost::Message as _;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::{UnixListener, UnixStream},
};
use tonic::{
    Status,
    body::Body,
    metadata::BinaryMetadataValue,
    transport::{Channel, Endpoint},
};
use tower::{Service, ServiceExt as _};

const PREFIX: &str = "/starknet.ecp.v1alpha1.ExecutionService";

async fn channel(socket: &Path) -> Result<Channel> {
    let socket = socket.to_owned();
    let connect = tower::service_fn(move |_| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    Ok(Endpoint::from_static("http://localhost").connect_with_connector(connect).await?)
}

fn handshake(network: &Network, revisions: Vec<u32>) -> HandshakeRequest {
    HandshakeOpen {
        revisions,
        features: vec![],
        limits: Limits {
            max_message_bytes: MESSAGE_BYTES,
            max_part_bytes: PART_BYTES,
            max_candidates: CANDIDATES_MIN as u32,
        },
        network: network.genesis.network(),
        software: Software { name: "mistaken".into(), version: "1".into() },
        role: SessionRole::Reader,
        consensus_id: [9; 16],
        takeover: false,
        position: None,
    }
    .into()
}

/// A validator that works, and a READER session with its execution half.
struct Fixture {
    files: Files,
    network: Network,
    channel: Channel,
    token: Vec<u8>,
}

impl Fixture {
    async fn start() -> Result<Self> {
        let files = Files::new(1, 100)?;
        let network = files.start().await?;
        network.reader(0).await?.committed(1).await?;
        let channel = channel(network.validators[0].socket()).await?;
        let answer = ExecutionServiceClient::new(channel.clone()).handshake(handshake(&network, vec![1])).await?;
        let token = HandshakeAnswer::try_from(answer.into_inner())?.session_token;
        Ok(Self { files, network, channel, token })
    }

    /// Sends bytes as the body of a call, and tells the status.
    async fn raw(&mut self, method: &str, body: Vec<u8>) -> Result<Status> {
        let token = BinaryMetadataValue::from_bytes(&self.token);
        let request = Request::post(format!("http://localhost{PREFIX}/{method}"))
            .header(header::CONTENT_TYPE, "application/grpc")
            .header(header::TE, "trailers")
            .header(SESSION_KEY, token.as_encoded_bytes())
            .body(Body::new(Full::new(Bytes::from(body))))?;
        let response = self.channel.ready().await?.call(request).await?;
        if let Some(status) = Status::from_header_map(response.headers()) {
            return Ok(status);
        }
        let body = response.into_body().collect().await?;
        Status::from_header_map(&body.trailers().cloned().unwrap_or_default()).context("no status came")
    }

    /// Takes the place of the consensus half, and tells the height that is worked on.
    async fn become_writer(&mut self) -> Result<u64> {
        self.network.kill(0, Half::Consensus).await;
        let mut open = handshake(&self.network, vec![1]);
        (open.role, open.takeover) = (pb::SessionRole::Writer.into(), true);
        open.position = Some(pb::ConsensusPosition::default());
        let answer = ExecutionServiceClient::new(self.channel.clone()).handshake(open).await?;
        let answer = HandshakeAnswer::try_from(answer.into_inner())?;
        self.token = answer.session_token;
        Ok(answer.position.committed.map_or(1, |position| position.height + 1))
    }

    /// The half goes on as if nothing had been.
    async fn goes_on(mut self) -> Result<()> {
        let height = self.network.reader(0).await?;
        let mut reader = height;
        let mut at = None;
        reader
            .watch(|state| {
                at = state.committed.map(|p| p.height);
                true
            })
            .await?;
        reader.committed(at.unwrap_or_default() + 3).await?;
        self.network.check_alive()?;
        self.network.stop().await;
        drop(self.files);
        Ok(())
    }
}

/// A message in the frame of gRPC.
fn framed(message: &[u8]) -> Vec<u8> {
    let mut body = vec![0];
    body.extend_from_slice(&u32::try_from(message.len()).expect("small").to_be_bytes());
    body.extend_from_slice(message);
    body
}

/// The error of ECP that a call was refused with.
fn refusal(status: &Status, reason: Reason, words: &[&str]) -> Result<EcpError> {
    let error = EcpError::from_status(status).with_context(|| format!("an error of ECP: {status:?}"))?;
    assert_eq!(error.reason, reason, "{error}");
    for word in words {
        assert!(error.message.contains(word), "{word:?} is missing: {error}");
    }
    Ok(error)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_message_is_refused() -> Result<()> {
    let mut fixture = Fixture::start().await?;
    let whole = GetHeightParamsRequest { height: Some(1 << 40) }.encode_to_vec();
    let words = ["cannot be decoded", "cut short", "Send it whole"];
    // Inside the message: its field is cut off. Inside the frame: less comes than it announces.
    let (part, mut cut) = (framed(&whole[..whole.len() - 2]), framed(&whole));
    cut.truncate(cut.len() - 2);
    for body in [part, cut] {
        let status = fixture.raw("GetHeightParams", body.clone()).await?;
        let error = refusal(&status, Reason::FieldInvalid, &words)?;
        assert_eq!(error.metadata.get("field").map(String::as_str), Some("message"), "{error}");
        // What stands before it in the table of errors is told first.
        let token = std::mem::take(&mut fixture.token);
        refusal(&fixture.raw("GetHeightParams", body).await?, Reason::SessionRequired, &["Handshake first"])?;
        fixture.token = token;
    }
    // A handshake needs no session; its message is cut in the same way.
    let whole = handshake(&fixture.network, vec![1]).encode_to_vec();
    let status = fixture.raw("Handshake", framed(&whole[..whole.len() - 2])).await?;
    refusal(&status, Reason::FieldInvalid, &words)?;
    fixture.goes_on().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_message_of_a_stream_is_refused() -> Result<()> {
    let mut fixture = Fixture::start().await?;
    fixture.become_writer().await?;
    // A field that promises more than there is, and a frame that does.
    let (field, frame) = (framed(&[0x0a, 0xff, 0x01]), vec![0, 0, 0, 0, 9, 1]);
    for (method, body) in [("ValidateProposal", &field), ("ImportDecided", &field), ("ValidateProposal", &frame)] {
        let status = fixture.raw(method, body.clone()).await.with_context(|| format!("{method} {body:?}"))?;
        refusal(&status, Reason::FieldInvalid, &["cannot be decoded", "Send it whole"])?;
    }
    fixture.network.check_alive()?;
    fixture.network.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_felt_not_below_the_prime_is_refused() -> Result<()> {
    let mut fixture = Fixture::start().await?;
    // Only a WRITER makes calls with a felt.
    let height = fixture.become_writer().await?;

    let mut prime = vec![0; 32];
    (prime[0], prime[7], prime[31]) = (0x08, 0x11, 0x01);
    let start = |proposer: Vec<u8>| pb::StartRoundRequest {
        proposer: proposer.into(),
        ..pb::StartRoundRequest::of(height, 0, RoundRole::Validator, &Felt::from_u64(1))
    };
    for proposer in [prime, vec![0xff; 32]] {
        let status = fixture.raw("StartRound", framed(&start(proposer).encode_to_vec())).await?;
        let error = refusal(&status, Reason::FieldInvalid, &["prime"])?;
        assert_eq!(error.metadata.get("field").map(String::as_str), Some("proposer"), "{error}");
    }
    // Nothing else was wrong with the call.
    let good = start(Felt::from_u64(1).as_bytes().to_vec());
    let status = fixture.raw("StartRound", framed(&good.encode_to_vec())).await?;
    assert_eq!(status.code(), tonic::Code::Ok, "{status:?}");
    fixture.network.check_alive()?;
    fixture.network.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_over_the_limit_is_refused_before_it_is_read() -> Result<()> {
    let mut fixture = Fixture::start().await?;
    // Only the frame's head: the length alone is enough.
    let mut body = vec![0];
    body.extend_from_slice(&u32::try_from(MESSAGE_BYTES + 1)?.to_be_bytes());
    for method in ["StartRound", "Handshake"] {
        let status = fixture.raw(method, body.clone()).await.with_context(|| format!("{method} {body:?}"))?;
        let error = refusal(&status, Reason::LimitExceeded, &["Keep to the limits"])?;
        let limit = if method == "Handshake" { HANDSHAKE_BYTES } else { MESSAGE_BYTES };
        assert_eq!(error.metadata.get("limit"), Some(&limit.to_string()), "{error}");
    }
    fixture.goes_on().await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_common_revision_is_told_with_what_is_supported() -> Result<()> {
    let fixture = Fixture::start().await?;
    let mut client = ExecutionServiceClient::new(fixture.channel.clone());
    let status = client.handshake(handshake(&fixture.network, vec![7, 9])).await.expect_err("no revision in common");
    let error = EcpError::from_status(&status).context("an error of ECP")?;
    assert_eq!((error.reason, error.metadata["supported"].as_str()), (Reason::NoCommonRevision, "1"));
    assert!(error.message.contains("Upgrade"), "{}", error.message);
    fixture.goes_on().await
}

/// An execution half that answers every call with one status.
#[derive(Clone)]
struct Refuses(EcpError);

impl tonic::server::NamedService for Refuses {
    const NAME: &'static str = "starknet.ecp.v1alpha1.ExecutionService";
}

impl Service<Request<Body>> for Refuses {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        std::future::ready(Ok(Status::from(self.0.clone()).into_http()))
    }
}

/// Runs a consensus half to its end.
async fn consensus(files: &Files, execution: &str, more: &[&str]) -> Result<Output> {
    let (program, data) = (binaries()?.join("reference-consensus"), files.path().join("consensus"));
    let mut command = tokio::process::Command::new(program);
    command.arg("run").arg("--genesis").arg(&files.genesis).arg("--keys").arg(&files.keys[0]);
    command.arg("--data").arg(data).args(["--execution", execution, "--p2p", "127.0.0.1:0"]).args(more);
    Ok(command.kill_on_drop(true).output().await?)
}

#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it ended with success:\n{stderr}");
    let last = stderr.lines().last().unwrap_or_default();
    for word in words {
        assert!(last.contains(word), "the last line must say {word:?}, all of it is:\n{stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consensus_half_without_a_common_revision_stops_and_says_so() -> Result<()> {
    let files = Files::new(1, 0)?;
    let socket = files.path().join("s");
    let listener = UnixListener::bind(&socket)?;
    let refusal = EcpError::new(Reason::NoCommonRevision, "This half speaks revision 2.").with("supported", 2);
    let incoming = tokio_stream::wrappers::UnixListenerStream::new(listener);
    let server = tonic::transport::Server::builder().add_service(Refuses(refusal)).serve_with_incoming(incoming);
    let server = tokio::spawn(server);
    let output = consensus(&files, &format!("unix:{}", socket.display()), &[]).await?;
    server.abort();
    refused(&output, &["NO_COMMON_REVISION", "revision 2", "Upgrade the older half"]);
    Ok(())
}

fn secret(files: &Files, name: &str, text: &str) -> Result<PathBuf> {
    let path = files.path().join(name);
    std::fs::write(&path, text)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(path)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_named() -> Result<()> {
    let files = Files::new(1, 0)?;
    let (right, wrong) = (secret(&files, "right", &"a".repeat(32))?, secret(&files, "wrong", &"b".repeat(32))?);
    let mut command = tokio::process::Command::new(binaries()?.join("reference-execution"));
    command.arg("run").arg("--genesis").arg(&files.genesis).arg("--data").arg(files.path().join("execution"));
    command.args(["--listen", "tcp:127.0.0.1:0", "--secret-file"]).arg(right);
    let mut execution = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let mut lines = BufReader::new(execution.stdout.take().context("stdout")?).lines();
    let ready: serde_json::Value = serde_json::from_str(&lines.next_line().await?.context("a ready line")?)?;
    let address = ready["ready"]["listen"].as_str().context("where it listens")?;
    let output = consensus(&files, address, &["--secret-file", wrong.to_str().context("UTF-8")?]).await?;
    refused(&output, &["AUTH_REFUSED", "secret"]);
    execution.kill().await?;
    Ok(())
}

#[test]
fn a_port_in_use_is_named() -> Result<()> {
    let files = Files::new(1, 0)?;
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let secret = secret(&files, "secret", &"a".repeat(32))?;
    let listen = format!("tcp:{address}");
    let execution = Command::new(binaries()?.join("reference-execution"))
        .arg("run")
        .arg("--genesis")
        .arg(&files.genesis)
        .arg("--data")
        .arg(files.path().join("execution"))
        .args(["--listen", &listen, "--secret-file"])
        .arg(secret)
        .output()?;
    refused(&execution, &[&address, "in use"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_port_in_use_is_named() -> Result<()> {
    let mut fixture = Fixture::start().await?;
    fixture.network.kill(0, Half::Consensus).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let mut command = tokio::process::Command::new(binaries()?.join("reference-consensus"));
    let home = fixture.files.home(0);
    command.arg("run").arg("--genesis").arg(&fixture.files.genesis).arg("--keys").arg(&fixture.files.keys[0]);
    command.arg("--data").arg(home.join("consensus")).args(["--p2p", &address]);
    command.arg("--execution").arg(format!("unix:{}", home.join("ecp.sock").display()));
    refused(&command.kill_on_drop(true).output().await?, &[&address, "in use"]);
    fixture.network.restart(0, Half::Consensus).await?;
    fixture.goes_on().await
}
