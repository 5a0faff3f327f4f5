//! The HTTP server.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use jsonrpsee::server::{BatchRequestConfig, Server, ServerConfig, ServerHandle};

use crate::{NodeView, api::Api, methods};

/// How the server behaves.
#[derive(Debug, Clone, Copy)]
pub struct ServeOptions {
    /// How long a call that must tell a block hash waits for it.
    pub hash_wait: Duration,
    /// Largest request, in bytes.
    pub max_request_bytes: u32,
    /// Largest answer, in bytes.
    pub max_response_bytes: u32,
    /// Connections at a time.
    pub max_connections: u32,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            hash_wait: Duration::from_secs(10),
            max_request_bytes: 10 << 20,
            max_response_bytes: 64 << 20,
            max_connections: 256,
        }
    }
}

/// Calls in one batch.
const MAX_BATCH: u32 = 100;

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is not free, or not of this machine.
    #[error("cannot listen on {address} for JSON-RPC: {source}; choose another address, or port 0 for any free one")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A defect.
    #[error("JSON-RPC methods: {0}")]
    Methods(#[from] jsonrpsee::core::RegisterMethodError),
}

/// A running server; dropping it stops it.
#[derive(Debug)]
pub struct JsonRpcServer {
    address: SocketAddr,
    handle: ServerHandle,
}

impl JsonRpcServer {
    /// Starts to serve `view` over HTTP on `address`; port 0 takes any free port. Needs a tokio runtime.
    pub async fn start(
        address: SocketAddr,
        view: Arc<dyn NodeView>,
        options: ServeOptions,
    ) -> Result<Self, ServeError> {
        let module = methods::module(Api { view, hash_wait: options.hash_wait })?;
        let config = ServerConfig::builder()
            .http_only()
            .max_request_body_size(options.max_request_bytes)
            .max_response_body_size(options.max_response_bytes)
            .max_connections(options.max_connections)
            .set_batch_request_config(BatchRequestConfig::Limit(MAX_BATCH))
            .build();
        let listen = |source| ServeError::Listen { address, source };
        let server = Server::builder().set_config(config).build(address).await.map_err(listen)?;
        let address = server.local_addr().map_err(listen)?;
        Ok(Self { address, handle: server.start(module) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL to give to clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Finishes what runs and stops.
    pub async fn stop(self) {
        // It fails only if it is stopped already.
        let _ = self.handle.stop();
        self.handle.stopped().await;
    }
}
