//! What the engine is started with.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use arc_malachitebft_app::config::{
    ConsensusConfig, DiscoveryConfig, P2pConfig, PubSubProtocol, ValuePayload, ValueSyncConfig,
};
use arc_malachitebft_network::Multiaddr;
use ecp_signatures::{BadKey, PrivateKey, SigningRecord};
use ecp_types::{Felt, Network, Quorum, Secret};

/// Whether the engine signs.
#[derive(Clone)]
pub enum Role {
    /// It votes at heights whose committee has the address.
    Validator {
        /// Address of the validator.
        address: Felt,
        /// Key of its votes.
        key: PrivateKey,
        /// Asked before each signature (ECP-REC-003).
        record: Arc<dyn SigningRecord>,
    },
    /// It follows and signs nothing.
    Follower,
}

/// What the engine is started with.
#[derive(Clone)]
pub struct EngineConfig {
    /// Name of the node in logs and metrics.
    pub moniker: String,
    /// Where to listen for peers: host:port. Port 0 lets the system choose one.
    pub listen: String,
    /// Peers to keep connections to: host:port each.
    pub peers: Vec<String>,
    /// Folder of the write-ahead log; made if it is missing.
    pub wal_dir: PathBuf,
    /// The network that signatures are for (ECP-SEC-004).
    pub network: Network,
    /// Whether it signs.
    pub role: Role,
    /// Secret of the identity among peers: an Ed25519 seed.
    pub p2p_secret: Secret,
    /// What decisions must exceed. The engine runs only heights that agree; a change needs a new engine.
    pub quorum: Quorum,
    /// Largest gossiped message, in bytes: 8 MiB.
    pub max_message_bytes: u64,
    /// Largest sum of the payload sizes of a proposal at any height, in bytes. Value sync answers with up to 2 MiB
    /// more.
    pub max_proposal_bytes: u64,
    /// How often peers are told how far this node is.
    pub status_interval: Duration,
}

impl EngineConfig {
    /// A configuration with the usual limits.
    #[must_use]
    pub fn new(network: Network, role: Role, p2p_secret: Secret, wal_dir: PathBuf) -> Self {
        Self {
            moniker: "ecp".into(),
            listen: "127.0.0.1:0".into(),
            peers: Vec::new(),
            wal_dir,
            network,
            role,
            p2p_secret,
            quorum: Quorum::TWO_THIRDS,
            max_message_bytes: 8 << 20,
            max_proposal_bytes: 8 << 20,
            status_interval: Duration::from_secs(1),
        }
    }

    /// Largest response of value sync, in bytes.
    #[must_use]
    pub const fn max_sync_bytes(&self) -> u64 {
        self.max_proposal_bytes + (2 << 20)
    }

    pub(crate) fn consensus(&self, listen: SocketAddr) -> Result<ConsensusConfig, StartError> {
        let p2p = P2pConfig {
            listen_addr: socket_multiaddr(listen)?,
            persistent_peers: self.peers.iter().map(|peer| peer_multiaddr(peer)).collect::<Result<_, _>>()?,
            persistent_peers_only: false,
            discovery: DiscoveryConfig {
                enabled: false,
                // Local networks have all their validators behind one address, and restart them at once.
                max_connections_per_ip: 1_000,
                ip_throttle_duration: Duration::ZERO,
                ..DiscoveryConfig::default()
            },
            protocol: PubSubProtocol::default(),
            pubsub_max_size: size(self.max_message_bytes)?,
            rpc_max_size: size(self.max_sync_bytes())?,
            ..P2pConfig::default()
        };
        Ok(ConsensusConfig { enabled: true, p2p, value_payload: ValuePayload::ProposalAndParts, ..Default::default() })
    }

    pub(crate) fn value_sync(&self) -> Result<ValueSyncConfig, StartError> {
        Ok(ValueSyncConfig {
            enabled: true,
            status_update_interval: self.status_interval,
            max_response_size: size(self.max_sync_bytes())?,
            ..ValueSyncConfig::default()
        })
    }
}

/// Why the engine did not start. The operator's matter.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The listen address is of no use.
    #[error("cannot listen for peers on {address}: {reason}")]
    Listen {
        /// The address as it was configured.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The address of a peer is of no use.
    #[error("peer \"{0}\" is not host:port")]
    Peer(String),
    /// A key is of no use.
    #[error("the identity among peers: {0}")]
    Identity(String),
    /// A key is of no use.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// The quorum cannot be run.
    #[error("quorum: {0}")]
    Quorum(String),
    /// The folder of the log is of no use.
    #[error("write-ahead log in {}: {reason}", path.display())]
    Wal {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An actor did not start.
    #[error("the consensus engine did not start: {0}")]
    Engine(String),
}

/// Sizes are configured as text, which is how the engine's type for them is made.
fn size<T: std::str::FromStr>(bytes: u64) -> Result<T, StartError> {
    format!("{bytes} B").parse().map_err(|_| StartError::Engine(format!("{bytes} bytes are no size")))
}

fn socket_multiaddr(address: SocketAddr) -> Result<Multiaddr, StartError> {
    let family = if address.is_ipv4() { "ip4" } else { "ip6" };
    let text = format!("/{family}/{}/tcp/{}", address.ip(), address.port());
    text.parse().map_err(|_| StartError::Listen { address: address.to_string(), reason: "not an address".into() })
}

/// Names are kept as names, so that a peer is found again after it moved.
pub(crate) fn peer_multiaddr(peer: &str) -> Result<Multiaddr, StartError> {
    let bad = || StartError::Peer(peer.to_owned());
    if let Ok(address) = peer.parse::<SocketAddr>() {
        return socket_multiaddr(address).map_err(|_| bad());
    }
    let (host, port) = peer.rsplit_once(':').ok_or_else(bad)?;
    let port: u16 = port.parse().map_err(|_| bad())?;
    let named = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    if !named {
        return Err(bad());
    }
    format!("/dns/{host}/tcp/{port}").parse().map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_addresses_or_names_with_a_port() {
        let text = |peer| peer_multiaddr(peer).unwrap().to_string();
        assert_eq!(text("127.0.0.1:26"), "/ip4/127.0.0.1/tcp/26");
        assert_eq!(text("[::1]:26"), "/ip6/::1/tcp/26");
        assert_eq!(text("node-3.example:26"), "/dns/node-3.example/tcp/26");
        for bad in ["", "node", "node:", ":26", "node:70000", "a/b:26"] {
            assert!(matches!(peer_multiaddr(bad), Err(StartError::Peer(_))), "{bad}");
        }
    }
}
