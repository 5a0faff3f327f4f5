//! The client against a server that only notes what it hears and answers what it was told to.

#![allow(clippy::unwrap_used)]

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};

use ecp_execution_client::{CallError, Connector as _, ExecutionClient, GrpcConnector};
use ecp_proto::{
    EcpError,
    convert::{BuildEvent, BuildOpen, DecidedHeader, Decision, HandshakeOpen, ImportEvent, ImportOutcome, Reframe},
    convert::{ValidateEvent, ValidateOpen, ValidateReply},
    v1alpha1 as pb,
    v1alpha1::execution_service_server::{ExecutionService, ExecutionServiceServer},
};
use ecp_types::{
    Action, Basis, Certificate, CommitSignature, Commitment, ConsensusPosition, Counts, Felt, Limits, Network, Part,
    PartKind, Reason, RoundRole, SessionRole, Software, Verdict,
};
use futures::{StreamExt as _, stream};
use tokio::{net::UnixListener, sync::mpsc};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Request, Response, Status, Streaming};

const TOKEN: [u8; 16] = [7; 16];

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Heard {
    method: &'static str,
    token: Option<Vec<u8>>,
}

#[derive(Clone, Default)]
struct Server {
    heard: Arc<Mutex<Vec<Heard>>>,
    /// Told instead of an answer.
    fails: Arc<Mutex<Option<Status>>>,
    /// How many messages of a validation came before its stream was half-closed, after the verdict was sent.
    closed_after: Arc<Mutex<Option<usize>>>,
}

type Out<T> = Pin<Box<dyn futures::Stream<Item = Result<T, Status>> + Send>>;

impl Server {
    fn hear<T>(&self, method: &'static str, request: &Request<T>) -> Result<(), Status> {
        let token = request.metadata().get_bin("ecp-session-bin").map(|t| t.to_bytes().unwrap().to_vec());
        let trace = request.metadata().get("traceparent").unwrap().to_str().unwrap();
        assert_eq!((trace.len(), &trace[..3], &trace[52..]), (55, "00-", "-01"));
        self.heard.lock().unwrap().push(Heard { method, token });
        self.fails.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

fn part(index: u32, kind: PartKind) -> Part {
    Part { index, kind, payload: vec![index as u8; 3].into() }
}

#[tonic::async_trait]
impl ExecutionService for Server {
    async fn handshake(&self, r: Request<pb::HandshakeRequest>) -> Result<Response<pb::HandshakeResponse>, Status> {
        self.hear("Handshake", &r)?;
        let asked = r.into_inner();
        Ok(Response::new(pb::HandshakeResponse {
            revision: 1,
            features: vec![],
            limits: asked.limits,
            network: asked.network,
            software: asked.software,
            instance_id: vec![1; 16].into(),
            session_token: TOKEN.to_vec().into(),
            position: Some(pb::ExecutionPosition::default()),
            build_margin_ms: 5,
            first_height: Some(0),
        }))
    }

    type WatchStream = Out<pb::WatchResponse>;

    async fn watch(&self, r: Request<pb::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        self.hear("Watch", &r)?;
        let state = pb::WatchResponse {
            instance_id: vec![1; 16].into(),
            phase: pb::Phase::Ready.into(),
            sequence: 1,
            ..Default::default()
        };
        // The second one is no ECP: its phase is 0.
        let broken = pb::WatchResponse { phase: 0, ..state.clone() };
        Ok(Response::new(stream::iter([Ok(state.clone()), Ok(broken), Ok(state)]).boxed()))
    }

    async fn get_height_params(
        &self,
        r: Request<pb::GetHeightParamsRequest>,
    ) -> Result<Response<pb::GetHeightParamsResponse>, Status> {
        self.hear("GetHeightParams", &r)?;
        Ok(Response::new(pb::GetHeightParamsResponse { params: None }))
    }

    async fn start_round(&self, r: Request<pb::StartRoundRequest>) -> Result<Response<pb::StartRoundResponse>, Status> {
        self.hear("StartRound", &r)?;
        Ok(Response::new(pb::StartRoundResponse {}))
    }

    type BuildProposalStream = Out<pb::BuildProposalResponse>;

    async fn build_proposal(
        &self,
        r: Request<pb::BuildProposalRequest>,
    ) -> Result<Response<Self::BuildProposalStream>, Status> {
        self.hear("BuildProposal", &r)?;
        let events = [part(0, PartKind::Init), part(1, PartKind::Fin)];
        let events = events.map(|part| Ok(BuildEvent::Part(part).into()));
        Ok(Response::new(stream::iter(events).boxed()))
    }

    type ValidateProposalStream = Out<pb::ValidateProposalResponse>;

    async fn validate_proposal(
        &self,
        r: Request<Streaming<pb::ValidateProposalRequest>>,
    ) -> Result<Response<Self::ValidateProposalStream>, Status> {
        self.hear("ValidateProposal", &r)?;
        let mut messages = r.into_inner();
        let closed = Arc::clone(&self.closed_after);
        let (sender, receiver) = mpsc::channel(4);
        tokio::spawn(async move {
            let mut seen = 0;
            while let Some(Ok(message)) = messages.next().await {
                seen += 1;
                if matches!(ValidateEvent::try_from(message), Ok(ValidateEvent::End(_))) {
                    let verdict = Verdict::Valid { commitment: Commitment([3; 32]), executed_count: 0 };
                    sender.send(Ok(ValidateReply::Verdict(verdict).into())).await.unwrap();
                }
            }
            *closed.lock().unwrap() = Some(seen);
        });
        Ok(Response::new(tokio_stream::wrappers::ReceiverStream::new(receiver).boxed()))
    }

    async fn reframe_init(
        &self,
        r: Request<pb::ReframeInitRequest>,
    ) -> Result<Response<pb::ReframeInitResponse>, Status> {
        self.hear("ReframeInit", &r)?;
        Ok(Response::new(pb::ReframeInitResponse { init: r.into_inner().init }))
    }

    async fn abort(&self, r: Request<pb::AbortRequest>) -> Result<Response<pb::AbortResponse>, Status> {
        self.hear("Abort", &r)?;
        Ok(Response::new(pb::AbortResponse {}))
    }

    async fn decide(&self, r: Request<pb::DecideRequest>) -> Result<Response<pb::DecideResponse>, Status> {
        self.hear("Decide", &r)?;
        Ok(Response::new(pb::DecideResponse { committed: None, next_params: None }))
    }

    async fn finalize(&self, r: Request<pb::FinalizeRequest>) -> Result<Response<pb::FinalizeResponse>, Status> {
        self.hear("Finalize", &r)?;
        Ok(Response::new(pb::FinalizeResponse {}))
    }

    type GetDecidedStream = Out<pb::GetDecidedResponse>;

    async fn get_decided(&self, r: Request<pb::GetDecidedRequest>) -> Result<Response<Self::GetDecidedStream>, Status> {
        self.hear("GetDecided", &r)?;
        Ok(Response::new(stream::iter([Err(Status::internal("reset"))]).boxed()))
    }

    async fn import_decided(
        &self,
        r: Request<Streaming<pb::ImportDecidedRequest>>,
    ) -> Result<Response<pb::ImportDecidedResponse>, Status> {
        self.hear("ImportDecided", &r)?;
        let count = r.into_inner().filter(|m| futures::future::ready(m.is_ok())).count().await;
        let mismatch = pb::ImportDecidedResponse {
            outcome: pb::ImportOutcome::Mismatch.into(),
            computed: Some(vec![count as u8; 32].into()),
            ..Default::default()
        };
        Ok(Response::new(mismatch))
    }

    async fn get_block_hash(
        &self,
        r: Request<pb::GetBlockHashRequest>,
    ) -> Result<Response<pb::GetBlockHashResponse>, Status> {
        self.hear("GetBlockHash", &r)?;
        Err(Status::unimplemented("not here"))
    }
}

struct Test {
    server: Server,
    client: Arc<dyn ExecutionClient>,
    connections: Arc<Mutex<usize>>,
    _dir: tempfile::TempDir,
}

async fn connect() -> Test {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("e.sock");
    let server = Server::default();
    let connections = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&connections);
    let incoming = UnixListenerStream::new(UnixListener::bind(&path).unwrap()).inspect(move |_| {
        *counted.lock().unwrap() += 1;
    });
    let service = ExecutionServiceServer::new(server.clone());
    tokio::spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming));
    let connector = GrpcConnector::load(&format!("unix:{}", path.display()), None, None).unwrap();
    let client = connector.connect().await.unwrap();
    Test { server, client, connections, _dir: dir }
}

fn open() -> HandshakeOpen {
    HandshakeOpen {
        revisions: vec![1],
        features: vec![],
        limits: Limits { max_message_bytes: 8 << 20, max_part_bytes: 6 << 20, max_candidates: 2 },
        network: Network { chain_id: "T".into(), genesis_hash: [1; 32], fork_id: 0, activation_digest: [2; 32] },
        software: Software { name: "t".into(), version: "0".into() },
        role: SessionRole::Writer,
        consensus_id: [5; 16],
        takeover: false,
        position: Some(ConsensusPosition::default()),
    }
}

fn certificate() -> Certificate {
    let signature = CommitSignature { address: Felt::from_u64(1), signature: vec![1; 64] };
    Certificate { height: 4, round: 1, commitment: Commitment([3; 32]), signatures: vec![signature] }
}

#[tokio::test]
async fn every_call_after_the_handshake_carries_its_token_over_two_connections() {
    let test = connect().await;
    let client = &test.client;
    client.handshake(open()).await.unwrap();
    client.start_round(1, 0, RoundRole::Validator, Felt::ZERO).await.unwrap();
    client.abort([1; 16]).await.unwrap();
    client.finalize(4, certificate(), vec![]).await.unwrap();
    let _ = client.watch().await.unwrap();
    let build = BuildOpen { stream_id: [1; 16], height: 1, round: 0, proposer: Felt::ZERO, budget_ms: 9 };
    let parts: Vec<_> = client.build_proposal(build).await.unwrap().collect().await;
    assert_eq!(parts.len(), 2);
    let reframe = Reframe { height: 1, init: b"init".to_vec().into(), round: 1, valid_round: 0, proposer: Felt::ZERO };
    assert_eq!(client.reframe_init(reframe).await.unwrap(), "init");

    let heard = test.server.heard.lock().unwrap().clone();
    assert_eq!(heard[0].token, None);
    assert!(heard[1..].iter().all(|h| h.token == Some(TOKEN.to_vec())), "{heard:?}");
    assert_eq!(*test.connections.lock().unwrap(), 2);
}

#[tokio::test]
async fn a_validation_is_half_closed_only_when_the_caller_lets_go() {
    let test = connect().await;
    let (sender, receiver) = mpsc::channel(8);
    let open = ValidateOpen {
        stream_id: [1; 16],
        height: 1,
        round: 0,
        valid_round: None,
        proposer: Felt::ZERO,
        budget_ms: 1_000,
        basis: Basis::Fresh,
        same_as: None,
    };
    let parts = [part(0, PartKind::Init), part(1, PartKind::Fin)];
    sender.send(ValidateEvent::Open(open)).await.unwrap();
    for part in parts.clone() {
        sender.send(ValidateEvent::Part(part)).await.unwrap();
    }
    sender.send(ValidateEvent::End(Counts::of(&parts))).await.unwrap();
    let mut replies = test.client.validate_proposal(receiver).await.unwrap();
    assert!(matches!(replies.next().await, Some(Ok(ValidateReply::Verdict(Verdict::Valid { .. })))));
    assert_eq!(*test.server.closed_after.lock().unwrap(), None);
    drop(sender);
    assert!(replies.next().await.is_none());
    assert_eq!(*test.server.closed_after.lock().unwrap(), Some(4));
}

#[tokio::test]
async fn an_import_sends_everything_and_reads_the_outcome() {
    let test = connect().await;
    let (sender, receiver) = mpsc::channel(8);
    let counts = Counts { parts: 2, bytes: 6 };
    let header = DecidedHeader { height: 4, certificate: certificate(), part_format: "x".into(), counts };
    for message in [ImportEvent::Header(header), ImportEvent::Part(part(0, PartKind::Init)), ImportEvent::End(counts)] {
        sender.send(message).await.unwrap();
    }
    drop(sender);
    let result = test.client.import_decided(receiver).await.unwrap();
    assert_eq!(result.outcome, ImportOutcome::Mismatch(Commitment([3; 32])));
}

#[tokio::test]
async fn reasons_and_bare_statuses_have_the_action_of_the_table() {
    let test = connect().await;
    let fail = |status: Status| *test.server.fails.lock().unwrap() = Some(status);
    let decide = || {
        let certificate = certificate();
        let Certificate { height, round, commitment, .. } = certificate;
        test.client.decide(Decision { height, round, commitment, certificate })
    };
    let error = |reason| EcpError::new(reason, "test").retry_after(std::time::Duration::from_millis(7));
    for reason in Reason::ALL {
        fail(error(reason).into());
        let told = decide().await.unwrap_err();
        assert_eq!(told.reason(), Some(reason));
        assert_eq!(told.action(), reason.action(), "{reason}");
        assert_eq!(told.retry_after().map(|d| d.as_millis()), Some(7));
    }
    for (status, mutating, reading) in [
        (Status::unavailable("x"), Action::Handshake, Action::Handshake),
        (Status::internal("x"), Action::Handshake, Action::Retry),
        (Status::cancelled("x"), Action::Handshake, Action::Retry),
        (Status::unimplemented("x"), Action::Halt, Action::Halt),
        (Status::unauthenticated("x"), Action::Halt, Action::Halt),
        (Status::out_of_range("x"), Action::Report, Action::Report),
        (Status::unknown("x"), Action::Handshake, Action::Handshake),
    ] {
        fail(status.clone());
        assert_eq!(decide().await.unwrap_err().action(), mutating, "{status}");
        assert_eq!(test.client.get_height_params(1).await.unwrap_err().action(), reading, "{status}");
    }
}

#[tokio::test]
async fn replies_that_are_no_ecp_are_defects_and_end_their_stream() {
    let test = connect().await;
    assert!(matches!(test.client.get_height_params(1).await, Err(CallError::Reply { .. })));
    let certificate = certificate();
    let Certificate { height, round, commitment, .. } = certificate;
    let decided = test.client.decide(Decision { height, round, commitment, certificate }).await;
    assert!(matches!(&decided, Err(error @ CallError::Reply { .. }) if error.action() == Action::Report));
    let states: Vec<_> = test.client.watch().await.unwrap().collect().await;
    assert_eq!(states.len(), 2);
    assert!(matches!(states[1], Err(CallError::Reply { .. })));
    let decided: Vec<_> = test.client.get_decided(1, 2).await.unwrap().collect().await;
    assert!(matches!(&decided[..], [Err(CallError::Bare { action: Action::Retry, .. })]), "{decided:?}");
}

#[tokio::test]
async fn nobody_there_is_told_with_the_address() {
    let connector = GrpcConnector::load("unix:/nonexistent/e.sock", None, None).unwrap();
    let error = connector.connect().await.err().unwrap();
    assert!(error.to_string().contains("unix:/nonexistent/e.sock"), "{error}");
    assert_eq!(error.action(), Action::Handshake);
}
