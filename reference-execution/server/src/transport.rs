//! Where the service listens, and who is let in (ECP-SEC).

use std::{
    fmt,
    fs::{File, Permissions},
    io::Read as _,
    net::SocketAddr,
    os::{
        fd::AsFd as _,
        unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    str::FromStr,
};

use ecp_proto::EcpError;
use ecp_types::Reason;
use tokio::net::{TcpListener, UnixListener, UnixSocket};
use tonic::{Request, Status, service::Interceptor};

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A Unix socket, for its owner only (ECP-SEC-001).
    Unix(PathBuf),
    /// A TCP address; needs a secret on loopback, or mutual TLS (ECP-SEC-002).
    Tcp(SocketAddr),
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Unix(path.trim_start_matches("//").into()));
        }
        let address = text.strip_prefix("tcp:").ok_or("write unix:/path/to/socket or tcp:host:port")?;
        address.parse().map(Self::Tcp).map_err(|e| format!("{address} is no address: {e}; write tcp:127.0.0.1:port"))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}

/// Who is let in over TCP.
#[derive(Clone, Default)]
pub enum Security {
    /// Whoever reaches the Unix socket; no TCP.
    #[default]
    Owner,
    /// Whoever knows the secret, on loopback.
    Secret(Secret),
    /// Whoever has a certificate of our authority.
    MutualTls(Box<MutualTls>),
}

/// Certificates for mutual TLS, in PEM.
#[derive(Clone)]
pub struct MutualTls {
    /// This half's certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
    /// The authority that signed the callers' certificates.
    pub client_authority: String,
}

/// A bearer secret; never printed (ECP-SEC-003).
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Plaintext to others is refused (ECP-SEC-002).
    #[error("refused to listen on {0} without protection: use a Unix socket, a secret file on loopback, or mutual TLS")]
    Unprotected(SocketAddr),
    /// A secret travels in clear.
    #[error("refused to take a bearer secret on {0}, which is not loopback: use mutual TLS there")]
    SecretOffLoopback(SocketAddr),
    /// Another process listens.
    #[error("{0} is in use: stop the other process, or listen elsewhere")]
    InUse(String),
    /// Something that is no socket is in the way.
    #[error("{0} exists and is no socket: remove it, or listen elsewhere")]
    NotASocket(String),
    /// The file with a secret or key cannot be used.
    #[error("{path}: {problem}")]
    SecretFile {
        /// The file.
        path: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The certificates cannot be used.
    #[error("TLS: {0}")]
    Tls(String),
    /// The system refused.
    #[error("cannot listen on {0}: {1}")]
    System(String, std::io::Error),
}

impl Secret {
    /// Reads a secret that only its owner may read (ECP-SEC-005).
    ///
    /// # Errors
    /// The file is missing, readable by others, or holds fewer than 16 characters.
    pub fn read(path: &Path) -> Result<Self, ListenError> {
        let text = read_private(path)?;
        let secret = text.trim();
        let fits = secret.len() >= 16 && secret.bytes().all(|b| b.is_ascii_graphic());
        if !fits {
            return Err(ListenError::SecretFile {
                path: path.display().to_string(),
                problem: "must hold at least 16 printable characters without spaces".to_owned(),
            });
        }
        Ok(Self(secret.to_owned()))
    }

    fn is(&self, given: &[u8]) -> bool {
        // Compares every byte, so that the time tells nothing.
        let ours = self.0.as_bytes();
        given.len() == ours.len() && ours.iter().zip(given).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
    }
}

/// Reads a file that only its owner may read: a secret, or a key (ECP-SEC-005).
///
/// # Errors
/// The file cannot be read, or others can read it.
pub fn read_private(path: &Path) -> Result<String, ListenError> {
    let failed = |problem: String| ListenError::SecretFile { path: path.display().to_string(), problem };
    let system = |error: std::io::Error| failed(error.to_string());
    // What is checked is what is read, also if the path is changed in between.
    let mut file = File::open(path).map_err(system)?;
    let mode = file.metadata().map_err(system)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(failed(format!("mode {:04o} lets others read it: chmod 600 it", mode & 0o7777)));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(system)?;
    Ok(text)
}

/// Lets in whoever may call.
#[derive(Clone)]
pub(crate) struct Door(pub(crate) Option<Secret>);

impl Interceptor for Door {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        let Some(secret) = &self.0 else { return Ok(request) };
        let given = request.metadata().get("authorization").map(|value| value.as_bytes());
        match given.and_then(|given| given.strip_prefix(b"Bearer ")) {
            Some(given) if secret.is(given) => Ok(request),
            Some(_) => Err(EcpError::new(Reason::AuthRefused, "The bearer secret is wrong.").into()),
            None => Err(EcpError::new(Reason::AuthRefused, "The bearer secret is missing.").into()),
        }
    }
}

/// Refuses what is not protected, before anything is opened (ECP-SEC-002).
pub(crate) fn check(listen: &Listen, security: &Security) -> Result<(), ListenError> {
    match (listen, security) {
        (Listen::Tcp(address), Security::Owner) => Err(ListenError::Unprotected(*address)),
        (Listen::Tcp(address), Security::Secret(_)) if !address.ip().is_loopback() => {
            Err(ListenError::SecretOffLoopback(*address))
        }
        _ => Ok(()),
    }
}

/// Opens a Unix socket that only its owner can reach. One that a dead process left is replaced.
pub(crate) fn unix(path: &Path) -> Result<UnixListener, ListenError> {
    let shown = path.display().to_string();
    let system = |error| ListenError::System(format!("unix:{shown}"), error);
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(system(error)),
        Ok(found) if !found.file_type().is_socket() => return Err(ListenError::NotASocket(shown)),
        Ok(_) => {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(ListenError::InUse(format!("unix:{shown}")));
            }
            std::fs::remove_file(path).map_err(system)?;
        }
    }
    let socket = UnixSocket::new_stream().map_err(system)?;
    let owner_only = || Permissions::from_mode(0o600);
    // Linux makes the file with the permissions that the socket has: it never stands there with wider ones.
    let early = socket.as_fd().try_clone_to_owned().and_then(|fd| File::from(fd).set_permissions(owner_only()));
    socket.bind(path).map_err(system)?;
    let made = std::fs::symlink_metadata(path).map_err(system)?;
    if early.is_err() || made.permissions().mode() & 0o777 != 0o600 {
        // Elsewhere it is narrowed now; nobody can connect before `listen`.
        std::fs::set_permissions(path, owner_only()).map_err(system)?;
    }
    socket.listen(128).map_err(system)
}

/// Names a file whatever its path: device and number.
pub(crate) fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::symlink_metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// Opens a TCP address.
pub(crate) async fn tcp(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => ListenError::InUse(format!("tcp:{address}")),
        _ => ListenError::System(format!("tcp:{address}"), error),
    })
}
