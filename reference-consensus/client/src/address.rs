//! Where an execution half is, and how the two trust each other.

use std::{fmt, path::PathBuf, str::FromStr};

use ecp_types::read_secret_file;

/// `unix:/path/to/socket` or `tcp:host:port` (ECP-SEC-001, ECP-SEC-002).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A Unix socket.
    Unix(PathBuf),
    /// A host and a port.
    Tcp {
        /// Name or address; IPv6 in brackets.
        host: String,
        /// Port.
        port: u16,
    },
}

/// Why an address, or what goes with it, is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Neither form.
    #[error("{0:?} is no address: write unix:/path/to/socket or tcp:host:port")]
    Form(String),
    /// Plaintext to another machine.
    #[error("{0} is not a loopback address: plaintext to another machine is refused, give the files of mutual TLS")]
    Plaintext(String),
    /// Plain TCP without a secret.
    #[error("{0} needs a secret file or the files of mutual TLS")]
    NoSecret(String),
    /// A file of the credentials is of no use.
    #[error("{path}: {problem}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let bad = || BadAddress::Form(text.to_owned());
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() { Err(bad()) } else { Ok(Self::Unix(PathBuf::from(path))) };
        }
        let rest = text.strip_prefix("tcp:").ok_or_else(bad)?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (host, port) = rest.rsplit_once(':').ok_or_else(bad)?;
        let legal = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        if host.is_empty() || !host.chars().all(legal) {
            return Err(bad());
        }
        Ok(Self::Tcp { host: host.to_owned(), port: port.parse().map_err(|_| bad())? })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp { host, port } => write!(f, "tcp:{host}:{port}"),
        }
    }
}

impl Address {
    fn is_loopback(&self) -> bool {
        match self {
            Self::Unix(_) => true,
            Self::Tcp { host, .. } => {
                let bare = host.trim_start_matches('[').trim_end_matches(']');
                host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
            }
        }
    }
}

/// The files of mutual TLS, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The authority that signed the execution half's certificate.
    pub ca: PathBuf,
    /// This half's certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Name in the execution half's certificate.
    pub domain: String,
}

/// What this half shows of itself. Secrets are never printed (ECP-SEC-003).
#[derive(Clone, Default)]
pub struct Credentials {
    pub(crate) bearer: Option<String>,
    pub(crate) tls: Option<LoadedTls>,
}

#[derive(Clone)]
pub(crate) struct LoadedTls {
    pub(crate) ca: Vec<u8>,
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Vec<u8>,
    pub(crate) domain: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials(bearer: {}, tls: {})", self.bearer.is_some(), self.tls.is_some())
    }
}

impl Credentials {
    /// Reads the files and refuses what is not safe for the address: a secret file that others can read (ECP-SEC-005),
    /// plaintext to another machine (ECP-SEC-002).
    pub fn load(address: &Address, secret_file: Option<PathBuf>, tls: Option<&Tls>) -> Result<Self, BadAddress> {
        let bearer = secret_file.map(read_bearer).transpose()?;
        let tls = tls.map(LoadedTls::read).transpose()?;
        if tls.is_none() && !address.is_loopback() {
            return Err(BadAddress::Plaintext(address.to_string()));
        }
        if tls.is_none() && bearer.is_none() && matches!(address, Address::Tcp { .. }) {
            return Err(BadAddress::NoSecret(address.to_string()));
        }
        Ok(Self { bearer, tls })
    }
}

fn read_bearer(path: PathBuf) -> Result<String, BadAddress> {
    let bytes =
        read_secret_file(&path).map_err(|error| BadAddress::File { path: path.clone(), problem: error.to_string() })?;
    let text = String::from_utf8(bytes).unwrap_or_default();
    let secret = text.trim();
    if secret.is_empty() || !secret.bytes().all(|b| b.is_ascii_graphic()) {
        let problem = "a secret is one line of printable ASCII characters".to_owned();
        return Err(BadAddress::File { path, problem });
    }
    Ok(secret.to_owned())
}

impl LoadedTls {
    fn read(tls: &Tls) -> Result<Self, BadAddress> {
        let plain = |path: &PathBuf| {
            std::fs::read(path).map_err(|error| BadAddress::File { path: path.clone(), problem: error.to_string() })
        };
        let key = read_secret_file(&tls.key)
            .map_err(|error| BadAddress::File { path: tls.key.clone(), problem: error.to_string() })?;
        Ok(Self { ca: plain(&tls.ca)?, certificate: plain(&tls.certificate)?, key, domain: tls.domain.clone() })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for text in ["unix:/run/ecp.sock", "tcp:localhost:7000", "tcp:127.0.0.1:7000", "tcp:[::1]:7000"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        assert_eq!("unix:///run/e.sock".parse::<Address>().unwrap().to_string(), "unix:/run/e.sock");
        for bad in ["", "unix:", "tcp:", "tcp:host", "tcp::1", "tcp:a b:1", "tcp:h:70000", "http://h:1", "/run/e.sock"]
        {
            assert_eq!(bad.parse::<Address>(), Err(BadAddress::Form(bad.to_owned())), "{bad}");
        }
    }

    #[test]
    fn plaintext_stays_on_this_machine_and_needs_a_secret() {
        let far: Address = "tcp:192.0.2.1:7000".parse().unwrap();
        assert!(matches!(Credentials::load(&far, None, None), Err(BadAddress::Plaintext(_))));
        let near: Address = "tcp:127.0.0.1:7000".parse().unwrap();
        assert!(matches!(Credentials::load(&near, None, None), Err(BadAddress::NoSecret(_))));
        let socket: Address = "unix:/run/e.sock".parse().unwrap();
        assert!(Credentials::load(&socket, None, None).is_ok());
    }

    #[test]
    fn a_secret_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, "open sesame\n").unwrap();
        let near: Address = "tcp:127.0.0.1:7000".parse().unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Credentials::load(&near, Some(path.clone()), None), Err(BadAddress::File { .. })));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        // A space is no graphic character: the secret goes into a header as it is.
        assert!(matches!(Credentials::load(&near, Some(path.clone()), None), Err(BadAddress::File { .. })));
        std::fs::write(&path, "sesame\n").unwrap();
        let credentials = Credentials::load(&near, Some(path), None).unwrap();
        assert_eq!(format!("{credentials:?}"), "Credentials(bearer: true, tls: false)");
    }
}
