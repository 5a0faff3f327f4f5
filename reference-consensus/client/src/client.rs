//! The seam between a consensus half and an execution half.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use ecp_proto::convert::{
    BuildEvent, BuildOpen, Decided, Decision, GetDecidedEvent, HandshakeAnswer, HandshakeOpen, ImportEvent,
    ImportResult, Reframe, ValidateEvent, ValidateReply,
};
use ecp_types::{Certificate, Evidence, Felt, Height, HeightParams, Round, RoundRole, StreamId, WatchState};
use futures::stream::BoxStream;
use tokio::sync::mpsc;

use crate::CallError;

/// Messages of a server stream. After an error nothing follows.
pub type Stream<T> = BoxStream<'static, Result<T, CallError>>;

/// Opens connections to one execution half.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Opens the connections of one session. Nothing is tried twice: the caller decides when to try again.
    async fn connect(&self) -> Result<Arc<dyn ExecutionClient>, CallError>;
}

/// All calls of one session, one method each. Dropping a future or a stream gives the call up.
#[async_trait]
pub trait ExecutionClient: Send + Sync {
    /// Opens the session; the token in the answer goes with every later call of this client (ECP-SES-001).
    async fn handshake(&self, open: HandshakeOpen) -> Result<HandshakeAnswer, CallError>;
    /// Opens the state channel (ECP-SES-013).
    async fn watch(&self) -> Result<Stream<WatchState>, CallError>;
    /// Asks for the facts of a height (ECP-HGT-001).
    async fn get_height_params(&self, height: Height) -> Result<HeightParams, CallError>;
    /// Says that a round began (ECP-BLD-003).
    async fn start_round(&self, height: Height, round: Round, role: RoundRole, proposer: Felt)
    -> Result<(), CallError>;
    /// Builds this node's proposal (ECP-BLD-004).
    async fn build_proposal(&self, open: BuildOpen) -> Result<Stream<BuildEvent>, CallError>;
    /// Validates a proposal: the first message is `Open`. The caller keeps the sender until the verdict, since closing
    /// it half-closes the stream (ECP-STR-009).
    async fn validate_proposal(
        &self,
        messages: mpsc::Receiver<ValidateEvent>,
    ) -> Result<Stream<ValidateReply>, CallError>;
    /// Makes the INIT of a reproposal (ECP-BLD-010).
    async fn reframe_init(&self, reframe: Reframe) -> Result<Bytes, CallError>;
    /// Ends a build or a validation (ECP-STR-007).
    async fn abort(&self, stream_id: StreamId) -> Result<(), CallError>;
    /// Commits (ECP-DEC-001).
    async fn decide(&self, decision: Decision) -> Result<Decided, CallError>;
    /// Hands over late precommits and evidence (ECP-DEC-011).
    async fn finalize(
        &self,
        height: Height,
        certificate: Certificate,
        evidence: Vec<Evidence>,
    ) -> Result<(), CallError>;
    /// Reads decided blocks (ECP-SYN-002).
    async fn get_decided(&self, from: Height, to: Height) -> Result<Stream<GetDecidedEvent>, CallError>;
    /// Hands a decided block over: header, parts, end (ECP-SYN-004).
    async fn import_decided(&self, messages: mpsc::Receiver<ImportEvent>) -> Result<ImportResult, CallError>;
}
