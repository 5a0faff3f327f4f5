//! Wiring of the actors.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use arc_malachitebft_app::{
    metrics::{Metrics, Registry, SharedRegistry},
    spawn,
    types::Keypair,
};
use arc_malachitebft_codec::Codec;
use arc_malachitebft_config::{ConsensusConfig, ValueSyncConfig};
use arc_malachitebft_core_consensus::{Params, ValuePayload};
use arc_malachitebft_core_types::ThresholdParams;
use arc_malachitebft_engine::{
    consensus::Consensus,
    network::{NetworkIdentity, NetworkMsg},
    node::NodeRef,
    util::{events::TxEvent, output_port::OutputPort},
};
use arc_malachitebft_signing::{Signer, Verifier};
use ecp_malachite_context::{Address, EcpContext, EcpSigner, EcpVerifier, WireCodec, validators};
use ecp_types::Felt;
use ractor::Actor;
use tokio::sync::{mpsc, watch};

use crate::{
    EngineConfig, EngineHandle, HostMessage, Role, StartError,
    codec::EngineCodec,
    handle::Inner,
    host::Host,
    listener::{Listener, NetworkState},
    supervisor::{FailureSender, Supervisor},
};

/// Messages that may wait for the host. Parts are bounded by their bytes besides.
const WAITING_MESSAGES: usize = 32_768;
/// Listening takes milliseconds; this long means that it failed.
const LISTEN_TIMEOUT: Duration = Duration::from_secs(10);

/// A running engine.
pub struct Engine {
    /// What it asks. When this is dropped, the engine stops.
    pub messages: mpsc::Receiver<HostMessage>,
    /// What it can be told.
    pub handle: EngineHandle,
}

/// Starts the engine. It listens for peers when this returns, and asks for the first height.
pub async fn start(config: EngineConfig) -> Result<Engine, StartError> {
    let thresholds = validators::thresholds(config.quorum).map_err(|error| StartError::Quorum(error.to_string()))?;
    let listen = listen_address(&config.listen).await?;
    std::fs::create_dir_all(&config.wal_dir)
        .map_err(|error| StartError::Wal { path: config.wal_dir.clone(), reason: error.to_string() })?;
    let codec = EngineCodec(WireCodec {
        max_gossip_bytes: limit(config.max_message_bytes),
        max_sync_bytes: limit(config.max_sync_bytes()),
    });
    let identity = identity(&config, codec)?;
    let consensus_config = config.consensus(listen)?;
    let sync_config = config.value_sync()?;

    let (failure, _) = watch::channel(None);
    let (supervisor, _) = Actor::spawn(None, Supervisor, failure.clone()).await.map_err(engine)?;
    let prepared = Prepared { thresholds, codec, identity, consensus: consensus_config, sync: sync_config };
    let started = wire(&config, prepared, &supervisor, failure).await;
    if started.is_err() {
        // Linked actors end with their supervisor.
        supervisor.stop(None);
    }
    started
}

/// What the actors are made of.
struct Prepared {
    thresholds: ThresholdParams,
    codec: EngineCodec,
    identity: NetworkIdentity,
    consensus: ConsensusConfig,
    sync: ValueSyncConfig,
}

async fn wire(
    config: &EngineConfig,
    prepared: Prepared,
    supervisor: &NodeRef,
    failure: FailureSender,
) -> Result<Engine, StartError> {
    let Prepared { thresholds, codec, identity, consensus: consensus_config, sync: sync_config } = prepared;
    let registry = SharedRegistry::new(Registry::default(), Some(config.moniker.clone()));
    let metrics = Metrics::register(&registry);

    let network =
        spawn::spawn_network_actor::<EcpContext, _>(&consensus_config, &sync_config, identity, &registry, codec)
            .await
            .map_err(engine)?;
    network.link(supervisor.get_cell());

    let (network_sender, mut network_state) = watch::channel(NetworkState::default());
    let (listener, _) =
        Actor::spawn_linked(None, Listener, network_sender, supervisor.get_cell()).await.map_err(engine)?;
    network.cast(NetworkMsg::Subscribe(Box::new(listener.clone()))).map_err(engine)?;

    let wal_path = config.wal_dir.join("consensus.wal");
    let wal = spawn::spawn_wal_actor(&EcpContext, codec, &wal_path, &registry, supervisor.clone())
        .await
        .map_err(|error| StartError::Wal { path: config.wal_dir.clone(), reason: error.to_string() })?;
    wal.link(supervisor.get_cell());

    let (messages, receiver) = mpsc::channel(WAITING_MESSAGES);
    let (host, _) = Actor::spawn_linked(None, Host::new(messages, config.quorum), (), supervisor.get_cell())
        .await
        .map_err(engine)?;

    let (address, signer, key) = match &config.role {
        Role::Validator { address, key, record } => {
            let signer = EcpSigner::new(config.network.clone(), key.clone(), Arc::clone(record));
            (*address, Some(Box::new(signer) as Box<dyn Signer<EcpContext>>), Some(key.clone()))
        }
        Role::Follower => (Felt::ZERO, None, None),
    };
    let params = Params {
        address: Address(address),
        threshold_params: thresholds,
        value_payload: ValuePayload::ProposalAndParts,
        // A follower takes part in gossip and never signs, whatever the committee holds.
        enabled: signer.is_some(),
    };
    let sync_port = Arc::new(OutputPort::new());
    let consensus = Consensus::spawn(
        EcpContext,
        params,
        consensus_config,
        Box::new(EcpVerifier::new(config.network.clone())) as Box<dyn Verifier<EcpContext>>,
        signer,
        network.clone(),
        host.clone(),
        wal.clone(),
        Arc::clone(&sync_port),
        metrics,
        TxEvent::new(),
        supervisor.clone(),
        tracing::info_span!("node", moniker = %config.moniker),
    )
    .await
    .map_err(engine)?;
    consensus.link(supervisor.get_cell());

    let sync = spawn::spawn_sync_actor(
        EcpContext,
        network.clone(),
        host.clone(),
        consensus.clone(),
        codec,
        &sync_config,
        &registry,
    )
    .await
    .map_err(engine)?;
    let mut children = vec![consensus.get_cell()];
    if let Some(sync) = &sync {
        use arc_malachitebft_engine::util::output_port::OutputPortSubscriberTrait as _;
        sync.link(supervisor.get_cell());
        sync.subscribe_to_port(&sync_port);
        children.push(sync.get_cell());
    }
    children.extend([wal.get_cell(), network.get_cell(), listener.get_cell(), host.get_cell()]);

    let listening = network_state.wait_for(|state| state.listening.is_some());
    if tokio::time::timeout(LISTEN_TIMEOUT, listening).await.is_err() {
        return Err(StartError::Listen { address: config.listen.clone(), reason: "nothing listens there".into() });
    }
    let handle = EngineHandle(Arc::new(Inner {
        consensus,
        network,
        supervisor: supervisor.clone(),
        children,
        network_state,
        failure,
        key,
        domain: config.network.clone(),
        wal: wal_path,
    }));
    Ok(Engine { messages: receiver, handle })
}

/// The identity among peers, with the proof that the validator's key stands behind it.
fn identity(config: &EngineConfig, codec: EngineCodec) -> Result<NetworkIdentity, StartError> {
    let keypair = Keypair::ed25519_from_bytes(*config.p2p_secret.expose())
        .map_err(|error| StartError::Identity(error.to_string()))?;
    let moniker = config.moniker.clone();
    match &config.role {
        Role::Validator { address, key, record } => {
            let signer = EcpSigner::new(config.network.clone(), key.clone(), Arc::clone(record));
            let proof = signer.validator_proof(keypair.public().to_peer_id().to_bytes());
            let proof = codec.encode(&proof).map_err(|error| StartError::Identity(error.to_string()))?;
            Ok(NetworkIdentity::new_validator(moniker, keypair, address.to_string(), proof))
        }
        Role::Follower => Ok(NetworkIdentity::new(moniker, keypair, None)),
    }
}

/// Resolves the address and sees whether it is free: the engine would only log that it is not.
async fn listen_address(listen: &str) -> Result<SocketAddr, StartError> {
    let bad = |reason: String| StartError::Listen { address: listen.to_owned(), reason };
    let address = tokio::net::lookup_host(listen)
        .await
        .map_err(|error| bad(format!("not host:port ({error})")))?
        .next()
        .ok_or_else(|| bad("the name has no address".into()))?;
    drop(tokio::net::TcpListener::bind(address).await.map_err(|error| bad(error.to_string()))?);
    Ok(address)
}

fn limit(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn engine(error: impl std::fmt::Display) -> StartError {
    StartError::Engine(error.to_string())
}
