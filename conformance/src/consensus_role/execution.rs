//! The suite's execution half: a correct one, in this process, over a store that outlives it.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use ecp_execution_core::seams::{Clock, Snapshot, Store, StoreError, Write};
use ecp_execution_server::{Handle, Listen, MemoryStore, ServerConfig, serve};
use ecp_types::{Genesis, Height};
use tonic::{Status, transport::Channel};

use crate::{proxy::Upstream, subject::Address, workload};

/// An execution half that can die without a word and come back. Cloning gives another handle.
#[derive(Clone)]
pub(super) struct Execution(Arc<Inner>);

struct Inner {
    genesis: Genesis,
    folder: PathBuf,
    index: u32,
    durable: Mutex<Arc<MemoryStore>>,
    lives: AtomicU32,
    now: Mutex<Option<Life>>,
}

/// One process, as far as the consensus half can tell.
struct Life {
    handle: Handle,
    alive: Arc<RwLock<bool>>,
    control: Channel,
    data: Channel,
}

impl Execution {
    /// One that was never started, for instance `index`; its sockets lie in `folder`.
    pub(super) fn new(genesis: Genesis, folder: &Path, index: u32) -> Self {
        Self(Arc::new(Inner {
            genesis,
            folder: folder.to_owned(),
            index,
            durable: Mutex::default(),
            lives: AtomicU32::new(0),
            now: Mutex::new(None),
        }))
    }

    fn now(&self) -> MutexGuard<'_, Option<Life>> {
        // The life is replaced as a whole, so it is whole after a panic elsewhere.
        self.0.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts it on what is durable.
    pub(super) async fn start(&self) -> Result<(), String> {
        let inner = &self.0;
        let alive = Arc::new(RwLock::new(true));
        let store: Arc<dyn Store> =
            Arc::new(MortalStore { durable: Arc::clone(&self.durable()), alive: Arc::clone(&alive) });
        let engine = workload::engine(inner.genesis.clone(), Arc::clone(&store), Arc::new(SystemClock))
            .map_err(|e| e.to_string())?;
        // Another path for each life: what is left of the one before cannot be in the way.
        let life = inner.lives.fetch_add(1, Ordering::SeqCst);
        let socket = inner.folder.join(format!("e{}.{life}", inner.index));
        let mut config = ServerConfig::new(Listen::Unix(socket.clone()), inner.genesis.network());
        config.software.name = "ecp-conformance".to_owned();
        let handle = serve(engine, store, config).await.map_err(|e| e.to_string())?;
        let address = Address::Unix(socket);
        let (control, data) = (address.channel()?, address.channel()?);
        *self.now() = Some(Life { handle, alive, control, data });
        Ok(())
    }

    /// Replaces what is durable by nothing; its next life begins with an empty disk.
    pub(super) fn forget(&self) {
        *self.durable() = Arc::default();
    }

    fn durable(&self) -> MutexGuard<'_, Arc<MemoryStore>> {
        // Replaced as a whole.
        self.0.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it as a kill does: nothing is said, and nothing more is written.
    pub(super) async fn die(&self) {
        let Some(life) = self.now().take() else { return };
        // Nobody holds the lock across a panic: it guards one flag.
        *life.alive.write().unwrap_or_else(PoisonError::into_inner) = false;
        drop((life.control, life.data));
        life.handle.kill().await;
    }

    /// The committed height, if it lives and anything is committed.
    pub(super) fn committed(&self) -> Option<Height> {
        let watched = self.now().as_ref().map(|life| life.handle.host().watched())?;
        let committed = watched.borrow().committed;
        committed.map(|position| position.height)
    }
}

#[async_trait]
impl Upstream for Execution {
    async fn channel(&self, method: &str) -> Result<Channel, Status> {
        let now = self.now();
        let life = now.as_ref().ok_or_else(|| Status::unavailable("nobody listens"))?;
        Ok(match method {
            "BuildProposal" | "ValidateProposal" | "GetDecided" | "ImportDecided" => life.data.clone(),
            _ => life.control.clone(),
        })
    }
}

/// A store that takes writes only while its process lives.
struct MortalStore {
    durable: Arc<MemoryStore>,
    alive: Arc<RwLock<bool>>,
}

impl Store for MortalStore {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        self.durable.snapshot()
    }

    fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        // Held over the write: a death comes before it or after it.
        let alive = self.alive.read().unwrap_or_else(PoisonError::into_inner);
        if *alive { self.durable.write(writes) } else { Err(StoreError("the process is dead".to_owned())) }
    }
}

/// The computer's clock.
struct SystemClock;

impl Clock for SystemClock {
    fn unix_ms(&self) -> u64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}
