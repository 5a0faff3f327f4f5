//! An execution half over the test chain behind a real Unix socket, and a caller.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use ecp_engine_scripted::{RealPace, ScriptedEngine};
use ecp_execution_core::seams::{Clock, Store};
use ecp_execution_server::{DiskStore, Handle, Interposer, Listen, ServerConfig, serve};
use ecp_proto::{EcpError, SESSION_KEY, v1alpha1 as pb, v1alpha1::execution_service_client::ExecutionServiceClient};
use ecp_testchain::{Block, Domain, ECP_TEST_1, Transfer, account_key, sign_transfer};
use ecp_types::{Commitment, Felt, Genesis, Part, Reason, encode_hex};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::UnixStream;
use tokio_stream::StreamExt;
use tonic::{
    Request, Status,
    transport::{Channel, Endpoint, Uri},
};

pub const ALICE: [u8; 32] = [1; 32];
pub const BOB: [u8; 32] = [2; 32];
pub const FIRST: u64 = 1;
pub const PROPOSER: u64 = 0x101;

/// What the genesis of a test says.
#[derive(Clone)]
pub struct Net {
    pub transfers: u64,
    pub cost_ms: u32,
    pub hash_lag: u64,
    pub capacity: u32,
}

impl Default for Net {
    fn default() -> Self {
        Self { transfers: 4, cost_ms: 0, hash_lag: 1, capacity: 100 }
    }
}

impl Net {
    pub fn domain(&self) -> Domain {
        Domain { chain_id: "ECP_TEST".into(), fork_id: 0 }
    }

    pub fn pay(&self, nonce: u64, cost_ms: u32) -> Transfer {
        sign_transfer(&self.domain(), &ALICE, account_key(&BOB), 1, nonce, cost_ms)
    }

    pub fn genesis(&self) -> Genesis {
        let mempool: Vec<_> = (0..self.transfers).map(|nonce| self.pay(nonce, self.cost_ms)).collect();
        let file = json!({
            "format": "ecp-genesis/1", "chain_id": "ECP_TEST", "fork_id": 0, "first_height": FIRST,
            "params": {
                "committee": [
                    {"address": "0x101", "public_key": encode_hex(&[9; 32]), "voting_power": 1},
                    {"address": "0x102", "public_key": encode_hex(&[8; 32]), "voting_power": 1}
                ],
                "builder": "0xb", "quorum": {"numerator": 2, "denominator": 3},
                "timeouts": {
                    "propose_ms": 1000, "propose_delta_ms": 0, "prevote_ms": 1000, "prevote_delta_ms": 0,
                    "precommit_ms": 1000, "precommit_delta_ms": 0, "rebroadcast_ms": 1000
                },
                "starknet_version": "0.14.4", "part_format": ECP_TEST_1, "commitment_scheme": ECP_TEST_1,
                "signature_scheme": "ed25519", "max_proposal_bytes": 1_000_000
            },
            "workload": {"test_chain": {
                "accounts": [
                    {"key": encode_hex(&account_key(&ALICE)), "balance": 1000},
                    {"key": encode_hex(&account_key(&BOB)), "balance": 0}
                ],
                "mempool": mempool, "hash_lag": self.hash_lag, "window_ms": 60_000,
                "capacity": self.capacity, "batch": 2
            }}
        });
        Genesis::read(file.to_string().as_bytes()).unwrap()
    }
}

pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_ms(&self) -> u64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        u64::try_from(since.as_millis()).unwrap()
    }
}

/// A running half; its directory goes with it.
pub struct Half {
    pub net: Net,
    pub engine: ScriptedEngine,
    pub handle: Option<Handle>,
    directory: tempfile::TempDir,
}

impl Half {
    pub async fn start(net: Net) -> Self {
        Self::with(net, None).await
    }

    pub async fn with(net: Net, interposer: Option<Arc<dyn Interposer>>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (engine, handle) = begin(&net, &directory, interposer).await;
        Self { net, engine, handle: Some(handle), directory }
    }

    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("ecp.sock")
    }

    /// Ends the process as a kill would, and starts another on the same directory.
    pub async fn kill_and_restart(&mut self) {
        self.handle.take().unwrap().kill().await;
        // The engine and its store go with the process.
        let net = self.net.clone();
        let empty = Arc::new(ecp_execution_server::MemoryStore::default());
        self.engine = ScriptedEngine::open(net.genesis(), empty, Arc::new(SystemClock), Arc::new(RealPace)).unwrap();
        let (engine, handle) = begin(&net, &self.directory, None).await;
        self.engine = engine;
        self.handle = Some(handle);
    }

    pub async fn connect(&self) -> ExecutionServiceClient<Channel> {
        connect(self.socket()).await
    }

    pub async fn writer(&self) -> Caller {
        Caller::writer(self, [7; 16]).await.unwrap()
    }
}

async fn begin(
    net: &Net,
    directory: &tempfile::TempDir,
    interposer: Option<Arc<dyn Interposer>>,
) -> (ScriptedEngine, Handle) {
    let genesis = net.genesis();
    let path = directory.path().join("store");
    // The threads of a process that was just ended close their file; a real process would have taken it along.
    let store: Arc<dyn Store> = loop {
        match DiskStore::open(&path) {
            Ok(store) => break Arc::new(store),
            Err(ecp_execution_server::store::OpenError::Locked(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    let engine = ScriptedEngine::open(genesis.clone(), store.clone(), Arc::new(SystemClock), Arc::new(RealPace));
    let engine = engine.unwrap();
    let mut config = ServerConfig::new(Listen::Unix(directory.path().join("ecp.sock")), genesis.network());
    config.interposer = interposer;
    let handle = serve(Arc::new(engine.clone()), store, config).await.unwrap();
    (engine, handle)
}

pub async fn connect(path: PathBuf) -> ExecutionServiceClient<Channel> {
    let channel = Endpoint::from_static("http://localhost")
        .connect_with_connector(tower::service_fn(move |_: Uri| {
            let path = path.clone();
            async move { Ok::<_, std::io::Error>(TokioIo::new(UnixStream::connect(path).await?)) }
        }))
        .await
        .unwrap();
    ExecutionServiceClient::new(channel).max_decoding_message_size(8 << 20).max_encoding_message_size(16 << 20)
}

/// A consensus half's side.
#[derive(Clone)]
pub struct Caller {
    pub client: ExecutionServiceClient<Channel>,
    pub token: Vec<u8>,
    pub answer: pb::HandshakeResponse,
}

pub fn handshake(genesis: &Genesis, id: [u8; 16]) -> pb::HandshakeRequest {
    pb::HandshakeRequest {
        revisions: vec![1],
        features: vec![pb::Feature::Finalize.into()],
        limits: Some(pb::Limits { max_message_bytes: 8 << 20, max_part_bytes: 6 << 20, max_candidates: 2 }),
        network: Some(genesis.network().into()),
        software: Some(pb::SoftwareIdentity { name: "test".into(), version: "0".into() }),
        role: pb::SessionRole::Writer.into(),
        consensus_id: id.to_vec().into(),
        takeover: false,
        position: Some(pb::ConsensusPosition::default()),
    }
}

/// The reason of an error, which carries the details of the table and no others (ECP-ERR-009).
pub fn reason(status: &Status) -> Reason {
    let error = EcpError::from_status(status).unwrap_or_else(|| panic!("a bare status: {status:?}"));
    let told: BTreeSet<&str> = error.metadata.keys().map(String::as_str).collect();
    assert_eq!(told, error.reason.metadata().iter().copied().collect(), "{error:?}");
    error.reason
}

/// A detail of an error.
pub fn detail(status: &Status, key: &str) -> String {
    reason(status);
    EcpError::from_status(status).unwrap().metadata.remove(key).unwrap()
}

impl Caller {
    pub async fn writer(half: &Half, id: [u8; 16]) -> Result<Self, Status> {
        Self::at(half.socket(), &half.net.genesis(), id).await
    }

    pub async fn at(socket: PathBuf, genesis: &Genesis, id: [u8; 16]) -> Result<Self, Status> {
        let mut client = connect(socket).await;
        let answer = client.handshake(handshake(genesis, id)).await?.into_inner();
        Ok(Self { client, token: answer.session_token.to_vec(), answer })
    }

    pub fn with<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert_bin(SESSION_KEY, tonic::metadata::MetadataValue::from_bytes(&self.token));
        request
    }

    pub async fn start_round(&mut self, height: u64, round: u32) -> Result<(), Status> {
        let request = self.with(pb::StartRoundRequest {
            height: Some(height),
            round: Some(round),
            role: pb::RoundRole::Proposer.into(),
            proposer: proposer(),
        });
        self.client.start_round(request).await.map(|_| ())
    }

    pub async fn build(
        &mut self,
        height: u64,
        round: u32,
        stream: u8,
        budget_ms: u32,
    ) -> Result<(Vec<pb::Part>, pb::Built), Status> {
        let request = self.with(build_request(height, round, stream, budget_ms));
        let mut events = self.client.build_proposal(request).await?.into_inner();
        let mut parts = Vec::new();
        while let Some(event) = events.next().await {
            match event?.event.unwrap() {
                pb::build_proposal_response::Event::Part(part) => parts.push(part),
                pb::build_proposal_response::Event::Built(built) => {
                    assert!(events.next().await.is_none(), "nothing follows Built");
                    return Ok((parts, built));
                }
            }
        }
        panic!("the stream ended without Built")
    }

    /// Sends all messages, and gives the verdict.
    pub async fn validate(
        &mut self,
        messages: Vec<pb::ValidateProposalRequest>,
    ) -> Result<pb::verdict::Outcome, Status> {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        for message in messages {
            sender.send(message).unwrap();
        }
        let requests = tokio_stream::wrappers::UnboundedReceiverStream::new(receiver);
        let request = self.with(requests);
        let mut events = self.client.validate_proposal(request).await?.into_inner();
        let verdict = loop {
            match events.next().await.expect("a verdict")?.event.unwrap() {
                pb::validate_proposal_response::Event::Waiting(_) => {}
                pb::validate_proposal_response::Event::Verdict(verdict) => break verdict.outcome.unwrap(),
            }
        };
        assert!(events.next().await.is_none(), "nothing follows the verdict");
        drop(sender);
        Ok(verdict)
    }

    pub async fn decide(&mut self, height: u64, commitment: &[u8]) -> Result<pb::DecideResponse, Status> {
        let request = self.with(decision(height, commitment));
        Ok(self.client.decide(request).await?.into_inner())
    }

    pub async fn import(
        &mut self,
        messages: Vec<pb::ImportDecidedRequest>,
    ) -> Result<pb::ImportDecidedResponse, Status> {
        let request = self.with(tokio_stream::iter(messages));
        Ok(self.client.import_decided(request).await?.into_inner())
    }

    pub async fn get_decided(&mut self, from: u64, to: u64) -> Result<Vec<pb::get_decided_response::Event>, Status> {
        let request = self.with(pb::GetDecidedRequest { from: Some(from), to: Some(to) });
        let mut events = self.client.get_decided(request).await?.into_inner();
        let mut all = Vec::new();
        while let Some(event) = events.next().await {
            all.push(event?.event.unwrap());
        }
        Ok(all)
    }
}

pub fn proposer() -> bytes::Bytes {
    Felt::from_u64(PROPOSER).as_bytes().to_vec().into()
}

pub fn build_request(height: u64, round: u32, stream: u8, budget_ms: u32) -> pb::BuildProposalRequest {
    pb::BuildProposalRequest {
        stream_id: vec![stream; 16].into(),
        height: Some(height),
        round: Some(round),
        proposer: proposer(),
        budget_ms,
    }
}

pub fn certificate(height: u64, commitment: &[u8]) -> pb::CommitCertificate {
    pb::CommitCertificate {
        height: Some(height),
        round: Some(0),
        commitment: commitment.to_vec().into(),
        signatures: vec![pb::CommitSignature { address: proposer(), signature: vec![1; 64].into() }],
    }
}

pub fn decision(height: u64, commitment: &[u8]) -> pb::DecideRequest {
    pb::DecideRequest {
        height: Some(height),
        round: Some(0),
        commitment: commitment.to_vec().into(),
        certificate: Some(certificate(height, commitment)),
    }
}

pub fn open(height: u64, stream: u8) -> pb::ValidateOpen {
    pb::ValidateOpen {
        stream_id: vec![stream; 16].into(),
        height: Some(height),
        round: Some(0),
        valid_round: None,
        proposer: proposer(),
        budget_ms: 20_000,
        basis: Some(pb::Basis { kind: pb::BasisKind::Fresh.into(), valid_round: None }),
        same_as: None,
    }
}

pub fn say(event: pb::validate_proposal_request::Event) -> pb::ValidateProposalRequest {
    pb::ValidateProposalRequest { event: Some(event) }
}

/// The open message, parts and End of a proposal.
pub fn proposal(open: pb::ValidateOpen, parts: &[pb::Part]) -> Vec<pb::ValidateProposalRequest> {
    use pb::validate_proposal_request::Event;
    let mut messages = vec![say(Event::Open(open))];
    messages.extend(parts.iter().cloned().map(|part| say(Event::Part(part))));
    messages.push(say(Event::End(end(parts))));
    messages
}

pub fn end(parts: &[pb::Part]) -> pb::End {
    pb::End {
        parts: Some(u32::try_from(parts.len()).unwrap()),
        bytes: Some(parts.iter().map(|p| p.payload.len() as u64).sum()),
    }
}

/// The messages of an import.
pub fn import(height: u64, commitment: &[u8], parts: &[pb::Part]) -> Vec<pb::ImportDecidedRequest> {
    use pb::import_decided_request::Event;
    let say = |event| pb::ImportDecidedRequest { event: Some(event) };
    let mut messages = vec![say(Event::Header(pb::DecidedHeader {
        height: Some(height),
        certificate: Some(certificate(height, commitment)),
        part_format: ECP_TEST_1.into(),
        counts: Some(end(parts)),
    }))];
    messages.extend(parts.iter().cloned().map(|part| say(Event::Part(part))));
    messages.push(say(Event::End(end(parts))));
    messages
}

/// A block of another proposer, on top of what `half` has committed.
pub fn block(half: &Half, height: u64, transfers: Vec<Transfer>) -> Block {
    let slot = ecp_testchain::Slot { height, round: 0, valid_round: None, proposer: Felt::from_u64(PROPOSER) };
    let count = transfers.len() as u64;
    let state = half.engine.state();
    half.engine.chain().build_block(&state, slot, SystemClock.unix_ms(), vec![transfers], count).unwrap()
}

pub fn wire(parts: &[Part]) -> Vec<pb::Part> {
    parts.iter().cloned().map(Into::into).collect()
}

pub fn bytes(commitment: Commitment) -> Vec<u8> {
    commitment.as_bytes().to_vec()
}
