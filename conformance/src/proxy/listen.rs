//! Where the proxy listens: a Unix socket or a TCP port whose connections can be cut, one by one or all, as a dying
//! process cuts them.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
};
use tokio_util::{
    sync::{CancellationToken, WaitForCancellationFutureOwned},
    task::AbortOnDropHandle,
};
use tonic::transport::{Server, server::Connected};

use super::Proxy;
use crate::subject::Address;

/// The number of a connection, from 0 in order of arrival; an extension of each request on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection(pub u32);

/// The socket that a consensus half connects to. Cloning gives another handle.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

struct Inner {
    open: AtomicBool,
    next: AtomicU32,
    connections: Mutex<BTreeMap<u32, CancellationToken>>,
}

/// What a proxy listens on.
enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener),
}

impl Listener {
    async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Unix(listener) => Box::new(listener.accept().await?.0),
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
        })
    }
}

/// The bytes of a connection.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl Stream for UnixStream {}
impl Stream for TcpStream {}

impl Door {
    /// Listens at `path` and serves `proxy` there until the returned task is dropped.
    pub fn serve(path: &Path, make: impl FnOnce(&Self) -> Proxy) -> io::Result<(Self, AbortOnDropHandle<()>)> {
        Ok(Self::serve_on(Listener::Unix(UnixListener::bind(path)?), make))
    }

    /// The same at an address; the one returned names the port if the system chose it. A socket is its owner's only, and
    /// a port must be one of a loopback address: what passes is not encrypted.
    pub async fn serve_at(
        address: &Address,
        make: impl FnOnce(&Self) -> Proxy,
    ) -> io::Result<(Address, Self, AbortOnDropHandle<()>)> {
        let (bound, listener) = match address {
            Address::Unix(path) => {
                if UnixStream::connect(path).await.is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused) {
                    // What a dead process left.
                    fs::remove_file(path)?;
                }
                let listener = UnixListener::bind(path)?;
                fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
                (address.clone(), Listener::Unix(listener))
            }
            Address::Tcp(url) => {
                let host = url.trim_start_matches("http://");
                let listener = TcpListener::bind(host).await?;
                let local = listener.local_addr()?;
                if !local.ip().is_loopback() {
                    let text = "not a loopback address, and what passes here is not encrypted";
                    return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
                }
                (Address::Tcp(format!("http://{local}")), Listener::Tcp(listener))
            }
        };
        let (door, task) = Self::serve_on(listener, make);
        Ok((bound, door, task))
    }

    fn serve_on(listener: Listener, make: impl FnOnce(&Self) -> Proxy) -> (Self, AbortOnDropHandle<()>) {
        let inner = Inner { open: AtomicBool::new(true), next: AtomicU32::new(0), connections: Mutex::default() };
        let door = Self(Arc::new(inner));
        let proxy = make(&door);
        let incoming = futures::stream::unfold((listener, door.clone()), |(listener, door)| async move {
            let accepted = loop {
                match listener.accept().await {
                    Ok(stream) => match door.enter(stream) {
                        Some(wire) => break Ok(wire),
                        // Nobody is at home: the connection is closed at once.
                        None => continue,
                    },
                    Err(error) => break Err(error),
                }
            };
            Some((accepted, (listener, door)))
        });
        let server = Server::builder().add_service(proxy);
        let task = tokio::spawn(async move {
            // It ends with the task; a listener that fails shows as a half that finds nobody.
            if let Err(error) = server.serve_with_incoming(incoming).await {
                tracing::warn!(%error, "the proxy stopped listening");
            }
        });
        (door, AbortOnDropHandle::new(task))
    }

    fn connections(&self) -> MutexGuard<'_, BTreeMap<u32, CancellationToken>> {
        // Every change is one insertion or removal, so the map is whole after a panic elsewhere.
        self.0.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, stream: Box<dyn Stream>) -> Option<Wire> {
        let number = self.0.next.fetch_add(1, Ordering::SeqCst);
        let cut = CancellationToken::new();
        let mut connections = self.connections();
        // Under the lock, so that no connection slips in while the door closes.
        if !self.0.open.load(Ordering::SeqCst) {
            return None;
        }
        connections.insert(number, cut.clone());
        let door = self.clone();
        Some(Wire { stream, number, cut: Box::pin(cut.clone().cancelled_owned()), is_cut: cut, door })
    }

    /// Cuts one connection.
    pub fn cut(&self, connection: u32) {
        if let Some(cut) = self.connections().get(&connection) {
            cut.cancel();
        }
    }

    /// Cuts all connections and lets nobody in until [`Door::reopen`].
    pub fn close(&self) {
        let connections = self.connections();
        self.0.open.store(false, Ordering::SeqCst);
        for cut in connections.values() {
            cut.cancel();
        }
    }

    /// Lets connections in again.
    pub fn reopen(&self) {
        self.0.open.store(true, Ordering::SeqCst);
    }
}

/// One connection.
struct Wire {
    stream: Box<dyn Stream>,
    number: u32,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    is_cut: CancellationToken,
    door: Door,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.door.connections().remove(&self.number);
    }
}

impl Connected for Wire {
    type ConnectInfo = Connection;

    fn connect_info(&self) -> Connection {
        Connection(self.number)
    }
}

fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the suite cut this connection")
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.cut.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(cut_off()));
        }
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_cut.is_cancelled() {
            return Poll::Ready(Err(cut_off()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
