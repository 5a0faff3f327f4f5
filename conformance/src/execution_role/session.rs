//! Sessions with an execution half: two connections and a token each.

use bytes::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint, Uri};
use tower::service_fn;

use crate::subject::Address;

/// One session as the suite holds it.
pub(super) struct Session {
    /// Unary calls and Watch.
    pub control: Channel,
    /// Other streams.
    pub data: Channel,
    /// The token of its last handshake.
    pub token: Option<Bytes>,
    /// The token of the handshake before.
    pub previous: Option<Bytes>,
    /// The consensus id that it handshakes with.
    pub consensus_id: Bytes,
}

impl Session {
    /// A session without connections yet: they are made by the first call on each.
    pub(super) fn new(address: &Address, consensus_id: Bytes) -> Result<Self, String> {
        let (control, data) = (channel(address)?, channel(address)?);
        Ok(Self { control, data, token: None, previous: None, consensus_id })
    }

    /// Drops both connections, and makes new ones with the next calls.
    pub(super) fn reconnect(&mut self, address: &Address) -> Result<(), String> {
        self.control = channel(address)?;
        self.data = channel(address)?;
        Ok(())
    }

    /// The connection that a method uses (ECP-SES-015).
    pub(super) fn channel(&self, method: &str) -> Channel {
        match method {
            "BuildProposal" | "ValidateProposal" | "GetDecided" | "ImportDecided" => self.data.clone(),
            _ => self.control.clone(),
        }
    }
}

fn channel(address: &Address) -> Result<Channel, String> {
    match address {
        Address::Unix(path) => {
            let path = path.clone();
            let connector = service_fn(move |_: Uri| {
                let path = path.clone();
                async move { Ok::<_, std::io::Error>(TokioIo::new(UnixStream::connect(path).await?)) }
            });
            Ok(Endpoint::from_static("http://localhost").connect_with_connector_lazy(connector))
        }
        Address::Tcp(url) => {
            let endpoint = Endpoint::from_shared(url.clone()).map_err(|e| format!("{url}: {e}"))?;
            Ok(endpoint.tcp_nodelay(true).connect_lazy())
        }
    }
}
