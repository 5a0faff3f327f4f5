//! The half under test: how it is started, reached, killed and started again.

mod manifest;
mod placeholders;
mod process;

use std::path::{Path, PathBuf};

use hyper_util::rt::TokioIo;
pub use manifest::{BadManifest, HalfManifest, Manifest};
pub use placeholders::{PLACEHOLDERS, Placeholders};
pub use process::{Process, StartError};
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint, Uri};
use tower::service_fn;

/// Where a half serves, or is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket.
    Unix(PathBuf),
    /// `http://host:port`.
    Tcp(String),
}

impl Address {
    /// Reads `unix:/path`, `unix:///path` or `http://host:port`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix://").or_else(|| text.strip_prefix("unix:")) {
            if path.is_empty() {
                return Err(format!("{text}: the path is missing"));
            }
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        match text.strip_prefix("http://") {
            Some(rest) if rest.contains(':') => Ok(Self::Tcp(text.trim_end_matches('/').to_owned())),
            _ => Err(format!("{text}: write unix:/path/to/socket or http://host:port")),
        }
    }
}

impl Address {
    /// A channel to it, connected by its first call.
    pub fn channel(&self) -> Result<Channel, String> {
        match self {
            Self::Unix(path) => {
                let path = path.clone();
                let connector = service_fn(move |_: Uri| {
                    let path = path.clone();
                    async move { Ok::<_, std::io::Error>(TokioIo::new(UnixStream::connect(path).await?)) }
                });
                Ok(Endpoint::from_static("http://localhost").connect_with_connector_lazy(connector))
            }
            Self::Tcp(url) => {
                let endpoint = Endpoint::from_shared(url.clone()).map_err(|e| format!("{url}: {e}"))?;
                Ok(endpoint.tcp_nodelay(true).connect_lazy())
            }
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(url) => f.write_str(url),
        }
    }
}

/// How the half under test is had.
#[derive(Debug, Clone)]
pub enum Subject {
    /// The suite starts it, once for each case.
    Launched(HalfManifest),
    /// It runs already.
    Running(Address),
    /// An execution half and a consensus half, which talk to each other.
    Pair(Box<Pair>),
}

/// Halves that are certified together.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The execution halves: instance i has number i modulo their count.
    pub executions: Vec<HalfManifest>,
    /// The consensus half of every instance.
    pub consensus: HalfManifest,
    /// Paths of the manifests that they are from, for reports.
    pub manifests: Vec<String>,
}

impl Subject {
    /// Whether the suite can kill it and start it again.
    #[must_use]
    pub const fn is_launched(&self) -> bool {
        !matches!(self, Self::Running(_))
    }

    /// Its command line, for reports.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        match self {
            Self::Launched(manifest) => manifest.command.clone(),
            Self::Running(address) => vec![address.to_string()],
            Self::Pair(pair) => {
                let mut words = Vec::new();
                for half in pair.executions.iter().chain([&pair.consensus]) {
                    if !words.is_empty() {
                        words.push("+".to_owned());
                    }
                    words.extend(half.command.iter().cloned());
                }
                words
            }
        }
    }
}

/// A folder of one case, with short paths: a Unix socket's is at most 107 bytes long.
pub struct Workspace {
    folder: tempfile::TempDir,
}

impl Workspace {
    /// Makes an empty one.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { folder: tempfile::Builder::new().prefix("ecp").tempdir()? })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The socket of an instance.
    #[must_use]
    pub fn socket(&self, index: u32) -> PathBuf {
        self.path().join(format!("s{index}"))
    }

    /// The data folder of an instance, made if it is missing.
    pub fn data(&self, index: u32) -> std::io::Result<PathBuf> {
        let path = self.path().join(format!("d{index}"));
        std::fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// Where the output of an instance goes.
    #[must_use]
    pub fn log(&self, index: u32) -> PathBuf {
        self.path().join(format!("{index}.log"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses() {
        assert_eq!(Address::parse("unix:/a/b"), Ok(Address::Unix("/a/b".into())));
        assert_eq!(Address::parse("http://127.0.0.1:5/"), Ok(Address::Tcp("http://127.0.0.1:5".into())));
        for bad in ["unix:", "127.0.0.1:5", "https://x:1", "http://x"] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }
}
