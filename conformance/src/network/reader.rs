//! A READER session with an execution half: reads its archive without taking it from its consensus half.

use anyhow::{Context, Result, bail};
use ecp_proto::{
    SESSION_KEY,
    convert::{GetDecidedEvent, HandshakeAnswer, HandshakeOpen},
    v1alpha1::{
        GetBlockHashRequest, GetDecidedRequest, HandshakeRequest, WatchRequest,
        execution_service_client::ExecutionServiceClient, get_block_hash_response::Result as HashResult,
    },
};
use ecp_types::{
    Certificate, ConsensusPosition, Limits, Network, Part, SessionRole, Software, WatchState,
    limits::{CANDIDATES_MIN, MESSAGE_BYTES, PART_BYTES},
};
use tonic::{
    Request,
    metadata::MetadataValue,
    transport::{Channel, Endpoint},
};

/// A decided height.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedAt {
    /// The proof.
    pub certificate: Certificate,
    /// The height.
    pub height: u64,
    /// Round of its certificate.
    pub round: u32,
    /// What was decided.
    pub commitment: [u8; 32],
    /// Bytes of its parts together.
    pub bytes: u64,
}

/// A decided height with what was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What the archive says of it.
    pub decided: DecidedAt,
    /// Its parts, INIT first.
    pub parts: Vec<Part>,
}

/// An open READER session.
pub struct Reader {
    client: ExecutionServiceClient<Channel>,
    token: Vec<u8>,
}

impl Reader {
    /// Opens a session over a Unix socket.
    pub async fn open(socket: &std::path::Path, network: Network) -> Result<Self> {
        Self::greet(socket, network, SessionRole::Reader).await
    }

    /// Takes the execution half over from whatever consensus half holds it, as the WRITER of another identity that knows
    /// nothing, and goes away.
    pub async fn take_over(socket: &std::path::Path, network: Network) -> Result<()> {
        Self::greet(socket, network, SessionRole::Writer).await.map(drop)
    }

    async fn greet(socket: &std::path::Path, network: Network, role: SessionRole) -> Result<Self> {
        let path = socket.to_owned();
        let channel = Endpoint::from_static("http://localhost")
            .connect_with_connector(tower::service_fn(move |_| {
                let path = path.clone();
                async move {
                    Ok::<_, std::io::Error>(hyper_util::rt::TokioIo::new(tokio::net::UnixStream::connect(path).await?))
                }
            }))
            .await
            .with_context(|| format!("connecting to {}", socket.display()))?;
        let mut client = ExecutionServiceClient::new(channel).max_decoding_message_size(MESSAGE_BYTES as usize);
        let open = HandshakeOpen {
            revisions: vec![1],
            features: vec![],
            limits: Limits {
                max_message_bytes: MESSAGE_BYTES,
                max_part_bytes: PART_BYTES,
                max_candidates: CANDIDATES_MIN as u32,
            },
            network,
            software: Software { name: "conformance".into(), version: env!("CARGO_PKG_VERSION").into() },
            role,
            consensus_id: rand::random(),
            takeover: role == SessionRole::Writer,
            position: (role == SessionRole::Writer).then(ConsensusPosition::default),
        };
        let answer = client.handshake(HandshakeRequest::from(open)).await.context("Handshake")?;
        let answer = HandshakeAnswer::try_from(answer.into_inner()).context("reply to Handshake")?;
        Ok(Self { client, token: answer.session_token })
    }

    /// Waits until Watch tells that `height` is committed.
    pub async fn committed(&mut self, height: u64) -> Result<()> {
        self.watch(|state| state.committed.is_some_and(|position| position.height >= height))
            .await
            .with_context(|| format!("waiting for height {height} to be committed"))
    }

    /// Takes what Watch tells until `enough` says so. An error: Watch ended before.
    pub async fn watch(&mut self, mut enough: impl FnMut(&WatchState) -> bool) -> Result<()> {
        let request = self.with_token(WatchRequest {});
        let mut states = self.client.watch(request).await.context("Watch")?.into_inner();
        while let Some(state) = states.message().await.context("Watch")? {
            let state = WatchState::try_from(state).context("message of Watch")?;
            if enough(&state) {
                return Ok(());
            }
        }
        bail!("Watch ended")
    }

    /// Heights, rounds and commitments of decided blocks.
    pub async fn decided(&mut self, from: u64, to: u64) -> Result<Vec<DecidedAt>> {
        Ok(self.blocks(from, to).await?.into_iter().map(|block| block.decided).collect())
    }

    /// Decided blocks with their parts.
    pub async fn blocks(&mut self, from: u64, to: u64) -> Result<Vec<Block>> {
        let request = self.with_token(GetDecidedRequest { from: Some(from), to: Some(to) });
        let mut stream = self.client.get_decided(request).await.context("GetDecided")?.into_inner();
        let mut blocks: Vec<Block> = Vec::new();
        while let Some(message) = stream.message().await.context("GetDecided")? {
            match GetDecidedEvent::try_from(message).context("message of GetDecided")? {
                GetDecidedEvent::Header(header) => {
                    let decided = DecidedAt {
                        height: header.height,
                        round: header.certificate.round,
                        commitment: header.certificate.commitment.0,
                        bytes: header.counts.bytes,
                        certificate: header.certificate,
                    };
                    blocks.push(Block { decided, parts: Vec::new() });
                }
                GetDecidedEvent::Part(part) => {
                    let block = blocks.last_mut().context("GetDecided sent a part before any header")?;
                    block.parts.push(part);
                }
                GetDecidedEvent::Done(last) if last == to => return Ok(blocks),
                GetDecidedEvent::Done(last) => bail!("GetDecided ended at {last} instead of {to}"),
            }
        }
        bail!("GetDecided ended without Done")
    }

    /// Block hash and state root of a height, once known.
    pub async fn block_hash(&mut self, height: u64) -> Result<Option<([u8; 32], [u8; 32])>> {
        let request = self.with_token(GetBlockHashRequest { height: Some(height) });
        let response = self.client.get_block_hash(request).await.context("GetBlockHash")?.into_inner();
        match response.result.context("GetBlockHash answered nothing")? {
            HashResult::Known(known) => Ok(Some((
                known.block_hash.as_ref().try_into().context("block hash")?,
                known.state_root.as_ref().try_into().context("state root")?,
            ))),
            HashResult::NotYet(_) => Ok(None),
        }
    }

    fn with_token<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert_bin(SESSION_KEY, MetadataValue::from_bytes(&self.token));
        request
    }
}
