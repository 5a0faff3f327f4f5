//! Starts the execution half over an engine and a store.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use ecp_execution_core::{
    Config, State,
    seams::{EngineFault, ExecutionEngine, Store},
};
use ecp_proto::v1alpha1::execution_service_server::ExecutionServiceServer;
use ecp_types::{InstanceId, Network, Phase, Software, WatchState};
use tokio::{sync::watch, task::JoinHandle};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::{Certificate, Identity as TlsIdentity, Server, ServerTlsConfig, server::TcpIncoming};

use crate::{
    archive::{self, ArchiveError},
    convert::Identity,
    follow, health,
    host::{self, Host},
    interpose::Interposer,
    service::Service,
    size::HandshakeLimit,
    task::Parts,
    transport::{self, Door, Listen, ListenError, Security},
    undecodable::Undecodable,
};

/// How to serve.
#[derive(Clone)]
pub struct ServerConfig {
    /// Where to listen.
    pub listen: Listen,
    /// Who is let in.
    pub security: Security,
    /// The network that the engine and the store belong to.
    pub network: Network,
    /// Which software this is, for logs and reports.
    pub software: Software,
    /// Changes to the protocol's own numbers, made on the core's configuration.
    pub tune: fn(&mut Config),
    /// Part formats of the engine; empty: all.
    pub part_formats: BTreeSet<String>,
    /// Commitment schemes of the engine; empty: all.
    pub commitment_schemes: BTreeSet<String>,
    /// Time that an orderly end waits for what runs; an accepted decision or import is waited for without limit.
    pub drain_at_most: Duration,
    /// For tests of others; nothing in a release.
    pub interposer: Option<Arc<dyn Interposer>>,
}

impl ServerConfig {
    /// The defaults for an address and a network.
    #[must_use]
    pub fn new(listen: Listen, network: Network) -> Self {
        Self {
            listen,
            security: Security::Owner,
            network,
            software: Software { name: "reference-execution".into(), version: env!("CARGO_PKG_VERSION").into() },
            tune: |_| {},
            part_formats: BTreeSet::new(),
            commitment_schemes: BTreeSet::new(),
            drain_at_most: Duration::from_secs(10),
            interposer: None,
        }
    }
}

/// Why serving does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be used.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The store cannot be used.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineFault),
    /// A defect: the descriptor of the protocol cannot be read.
    #[error("reflection: {0}")]
    Reflection(String),
    /// The system refused a thread.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// A running server.
pub struct Handle {
    /// Where it listens; the port is the one that the system chose.
    pub listen: Listen,
    /// This process (ECP-SES-002).
    pub instance_id: InstanceId,
    host: Host,
    stop: watch::Sender<bool>,
    served: JoinHandle<Result<(), tonic::transport::Error>>,
    follower: Option<std::thread::JoinHandle<()>>,
    /// The socket's path, and which file it is: another process may have put its own there.
    socket: Option<(PathBuf, Option<(u64, u64)>)>,
    drain_at_most: Duration,
}

impl Handle {
    /// The core, for callers in the same process.
    #[must_use]
    pub fn host(&self) -> Host {
        self.host.clone()
    }

    /// Finishes what runs, refuses new work, then ends (ECP-SES-016, ECP-SES-031).
    pub async fn shutdown(self) {
        self.host.drain(self.drain_at_most).await;
        self.kill().await;
    }

    /// Ends at once, as if the process were killed, but for what is being written.
    pub async fn kill(mut self) {
        self.host.stop();
        self.stop.send_replace(true);
        // Open streams end with the core; a connection that stays would hold up nothing but this future.
        if tokio::time::timeout(Duration::from_secs(1), &mut self.served).await.is_err() {
            self.served.abort();
        }
        if let Some(follower) = self.follower.take() {
            let _ = tokio::task::spawn_blocking(move || follower.join()).await;
        }
        if let Some((path, made)) = self.socket.take()
            && made.is_some()
            && transport::identity(&path) == made
        {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Serves ECP until the handle ends it.
///
/// # Errors
/// The address, the store or the engine cannot be used; the texts say what to do.
pub async fn serve(
    engine: Arc<dyn ExecutionEngine>,
    store: Arc<dyn Store>,
    config: ServerConfig,
) -> Result<Handle, ServeError> {
    transport::check(&config.listen, &config.security)?;
    archive::bind(store.as_ref(), &config.network)?;
    let mut restored = archive::restore(store.as_ref())?;
    restored.block_hash_height = engine.block_hash_height();
    let first_height = engine.first_height();
    let next = restored.committed.map_or(first_height, |p| p.height.saturating_add(1));
    restored.next_params = engine.height_params(next)?;

    let instance_id: InstanceId = rand::random();
    let mut core = Config::new(instance_id, config.network.clone(), first_height);
    core.part_formats.clone_from(&config.part_formats);
    core.commitment_schemes.clone_from(&config.commitment_schemes);
    (config.tune)(&mut core);

    let (listen, incoming, socket) = open(&config.listen).await?;
    let socket = socket.map(|path| (path.clone(), transport::identity(&path)));
    let identity = Identity {
        limits: core.limits,
        network: core.network.clone(),
        software: config.software.clone(),
        instance_id,
        build_margin_ms: core.build_margin_ms,
        first_height,
    };
    let message_bytes = usize::try_from(core.limits.max_message_bytes).unwrap_or(usize::MAX);
    let (phase, reason) = restored.stopped.clone().unwrap_or((Phase::Ready, String::new()));
    let watched = WatchState {
        instance_id,
        phase,
        reason,
        committed: restored.committed,
        block_hash_height: restored.block_hash_height,
        params_height: restored.next_params.as_ref().map(|p| p.height).or(restored.committed.map(|p| p.height)),
        network_tip: None,
        sequence: 0,
    };
    let (woken, committed) = std::sync::mpsc::channel();
    let host = host::start(
        Parts {
            state: State::new(core, restored),
            engine: Arc::clone(&engine),
            store: Arc::clone(&store),
            interposer: config.interposer.clone(),
            committed: woken,
        },
        watched,
    );
    let follower = follow::start(engine, store, committed, host.clone()).map_err(ServeError::Thread)?;
    let (stop, stopped) = watch::channel(false);
    let undecodable = Undecodable { host: host.clone(), message_bytes };
    let service = Service { host: host.clone(), identity, message_bytes };
    let service = ExecutionServiceServer::new(service)
        // A message over the limit is refused before it is allocated (ECP-LIM-001).
        .max_decoding_message_size(message_bytes)
        .max_encoding_message_size(message_bytes);
    let secret = match &config.security {
        Security::Secret(secret) => Some(secret.clone()),
        Security::Owner | Security::MutualTls(_) => None,
    };
    let mut server = Server::builder();
    if let Security::MutualTls(tls) = &config.security {
        let tls = ServerTlsConfig::new()
            .identity(TlsIdentity::from_pem(&tls.certificate, &tls.key))
            .client_ca_root(Certificate::from_pem(&tls.client_authority));
        server = server.tls_config(tls).map_err(|e| ListenError::Tls(e.to_string()))?;
    }
    let door = tonic::service::InterceptorLayer::new(Door(secret));
    let router = server
        .layer(door)
        .layer(HandshakeLimit)
        .layer(undecodable)
        .add_service(service)
        .add_service(health::health(host.watched()).await)
        .add_service(health::reflection()?);
    let mut stopped = stopped;
    let stopping = async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let served = match incoming {
        Incoming::Unix(incoming) => tokio::spawn(router.serve_with_incoming_shutdown(incoming, stopping)),
        Incoming::Tcp(incoming) => tokio::spawn(router.serve_with_incoming_shutdown(incoming, stopping)),
    };
    tracing::info!(%listen, "serving");
    Ok(Handle {
        listen,
        instance_id,
        host,
        stop,
        served,
        follower: Some(follower),
        socket,
        drain_at_most: config.drain_at_most,
    })
}

enum Incoming {
    Unix(UnixListenerStream),
    Tcp(TcpIncoming),
}

async fn open(listen: &Listen) -> Result<(Listen, Incoming, Option<PathBuf>), ListenError> {
    match listen {
        Listen::Unix(path) => {
            let incoming = UnixListenerStream::new(transport::unix(path)?);
            Ok((listen.clone(), Incoming::Unix(incoming), Some(path.clone())))
        }
        Listen::Tcp(address) => {
            let listener = transport::tcp(*address).await?;
            let bound = listener.local_addr().map_err(|e| ListenError::System(listen.to_string(), e))?;
            Ok((Listen::Tcp(bound), Incoming::Tcp(TcpIncoming::from(listener).with_nodelay(Some(true))), None))
        }
    }
}
