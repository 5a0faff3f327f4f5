//! What the engine can be told at any time, and how it ends.

use std::{fs::File, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use arc_malachitebft_core_types::ValueOrigin;
use arc_malachitebft_engine::{
    consensus::{ConsensusMsg, ConsensusRef},
    network::{NetworkMsg, NetworkRef, PersistentPeersOp},
    node::NodeRef,
};
use ecp_malachite_context::{EcpContext, ProposalPart};
use ecp_signatures::{Content, Envelope, PrivateKey, StreamHeader};
use ecp_types::Network;
use ractor::ActorCell;
use tokio::sync::watch;

use crate::{
    ProposedValue, StartError,
    codec::frame,
    config::peer_multiaddr,
    host::engine_value,
    listener::NetworkState,
    supervisor::{FailureSender, fail},
};

/// How the engine ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineFailure {
    /// The write-ahead log cannot be trusted. The process must not be started again before an operator has looked at
    /// it: it could sign twice.
    #[error("the write-ahead log failed, an operator must look at it before this node signs again: {0}")]
    Safety(String),
    /// An actor ended, also because the record refused a signature or the host is gone. Starting again is safe.
    #[error("the consensus engine stopped: {0}")]
    Stopped(String),
    /// [`EngineHandle::shutdown`] was called.
    #[error("the consensus engine was shut down")]
    ShutDown,
}

/// The engine is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the consensus engine has stopped")]
pub struct Gone;

/// What the engine can be told at any time. Cheap to clone.
#[derive(Clone)]
pub struct EngineHandle(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) consensus: ConsensusRef<EcpContext>,
    pub(crate) network: NetworkRef<EcpContext>,
    pub(crate) supervisor: NodeRef,
    /// All actors, in the order in which they are stopped.
    pub(crate) children: Vec<ActorCell>,
    pub(crate) network_state: watch::Receiver<NetworkState>,
    pub(crate) failure: FailureSender,
    pub(crate) key: Option<PrivateKey>,
    pub(crate) domain: Network,
    pub(crate) wal: PathBuf,
}

/// An actor that does not end within this time hangs, and is killed.
const PATIENCE: Duration = Duration::from_secs(5);

impl EngineHandle {
    /// Tells a verdict, at any time after the height began. Told again, nothing changes.
    pub fn propose_value(&self, value: &ProposedValue) -> Result<(), Gone> {
        let message = ConsensusMsg::ReceivedProposedValue(engine_value(value), ValueOrigin::Consensus);
        self.0.consensus.cast(message).map_err(|_| Gone)
    }

    /// Signs a part of this node's own stream. `None` for a follower.
    #[must_use]
    pub fn seal(&self, header: StreamHeader, content: Content) -> Option<Envelope> {
        self.0.key.as_ref().map(|key| Envelope::sign(header, content, key, &self.0.domain))
    }

    /// Gossips a part. Nothing is told of its arrival; without peers it goes nowhere.
    pub fn publish_part(&self, envelope: Envelope) -> Result<(), Gone> {
        if self.peers() == 0 {
            return Ok(());
        }
        self.0.network.cast(NetworkMsg::PublishProposalPart(frame(ProposalPart(envelope)))).map_err(|_| Gone)
    }

    /// Where the engine listens for peers.
    #[must_use]
    pub fn listening(&self) -> Option<SocketAddr> {
        self.0.network_state.borrow().listening
    }

    /// How many peers are connected.
    #[must_use]
    pub fn peers(&self) -> usize {
        self.0.network_state.borrow().peers.len()
    }

    /// Waits until this many peers are connected, or the engine has ended.
    pub async fn wait_for_peers(&self, peers: usize) {
        let mut state = self.0.network_state.clone();
        // An error means that the actor that counts is gone.
        let _ = state.wait_for(|state| state.peers.len() >= peers).await;
    }

    /// Keeps a connection to one more peer: host:port. A peer that is known already stays.
    pub async fn add_peer(&self, peer: &str) -> Result<(), StartError> {
        let address = peer_multiaddr(peer)?;
        let operation = PersistentPeersOp::Add(address);
        // The answer says whether it was known before, which makes no difference.
        ractor::call!(self.0.network, |port| NetworkMsg::UpdatePersistentPeers(operation, port))
            .map(drop)
            .map_err(|error| StartError::Engine(error.to_string()))
    }

    /// Resolves when the engine has failed or was shut down and all of it has ended, and says how. The future may be
    /// dropped and made again.
    pub async fn failed(&self) -> EngineFailure {
        let mut failure = self.0.failure.subscribe();
        let failure = match failure.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(failure)) => failure.clone(),
            // This handle holds the sender, so the channel is never closed.
            Ok(None) | Err(_) => EngineFailure::ShutDown,
        };
        self.stop_all().await;
        failure
    }

    /// Stops all actors and returns when they have ended, the log closed.
    pub async fn shutdown(&self) {
        fail(&self.0.failure, EngineFailure::ShutDown);
        self.stop_all().await;
    }

    /// Waits for the end of each actor: the address and the log are free then for another engine.
    async fn stop_all(&self) {
        for actor in &self.0.children {
            if actor.stop_and_wait(None, Some(PATIENCE)).await.is_err() {
                actor.kill();
            }
        }
        let _ = self.0.supervisor.stop_and_wait(None, Some(PATIENCE)).await;
        // The log is written by a thread that ends after its actor, and holds a lock on the file until then.
        let wal = self.0.wal.clone();
        let closed = tokio::task::spawn_blocking(move || File::open(wal).and_then(|file| file.lock()));
        if !matches!(closed.await, Ok(Ok(()))) {
            tracing::warn!("whether the write-ahead log is closed is not known");
        }
    }
}
