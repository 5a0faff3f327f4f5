//! What an executable needs around [`serve`]: command line, configuration, refusals, logs, signals.
//!
//! Settings come from, each over the one before: defaults, the file of `--config` (TOML), the environment
//! (`ECP_EXECUTION_GENESIS` and so on), the command line.

use std::{
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use ecp_execution_core::seams::{Clock, ExecutionEngine, Store};
use ecp_types::Genesis;
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    DiskStore, Handle, Interposer, Listen, ListenError, MutualTls, Secret, Security, ServeError, ServerConfig, archive,
    serve,
    store::{CACHE_BYTES_DEFAULT, OpenError},
    transport::read_private,
};

/// Where settings come from on the command line; a flag that is not given leaves the setting as it is.
#[derive(Debug, Clone, Default, clap::Args, Serialize)]
pub struct Flags {
    /// A TOML file with settings, named like the flags with `_` for `-`.
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// The genesis file of the network.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub genesis: Option<PathBuf>,
    /// The data directory; made if it is missing.
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Where ECP is served: unix:/path or tcp:host:port.
    #[arg(long, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// Where JSON-RPC is served, host:port; not served if not given.
    #[arg(long, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jsonrpc: Option<SocketAddr>,
    /// A file with the messages from L1, one JSON object a line; no messages are seen if not given.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l1_messages: Option<PathBuf>,
    /// Where Prometheus reads metrics, host:port; not served if not given.
    #[arg(long, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<SocketAddr>,
    /// A file with the bearer secret, for TCP on loopback; readable by its owner only.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// This half's certificate, PEM, for mutual TLS.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_certificate: Option<PathBuf>,
    /// The key of this half's certificate, PEM.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// The authority that signed the callers' certificates, PEM.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_authority: Option<PathBuf>,
    /// Memory for pages of the store, in MiB.
    #[arg(long, value_name = "MIB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_mib: Option<u32>,
    /// What is logged, such as "info" or "ecp_execution_server=debug".
    #[arg(long, value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Form of the log on stderr.
    #[arg(long, value_name = "FORM", value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_form: Option<LogForm>,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogForm {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Settings of an execution half. Each can stand in the TOML file of `--config` under its name, in the environment as
/// `ECP_EXECUTION_` and its name in capitals, or on the command line, which is the strongest.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "Configuration of the reference execution half")]
pub struct Settings {
    /// The genesis file of the network.
    pub genesis: Option<PathBuf>,
    /// The data directory; made if it is missing.
    pub data: PathBuf,
    /// Where ECP is served, `unix:/path` or `tcp:host:port`; absent: a Unix socket `ecp.sock` in the data directory.
    #[schemars(regex(pattern = r"^(unix:.+|tcp:.+:[0-9]{1,5})$"))]
    pub listen: Option<String>,
    /// Where JSON-RPC is served, an IP address and a port; absent: it is not served. Port 0 lets the system choose one.
    #[schemars(
        with = "Option<String>",
        regex(pattern = r"^(([0-9]{1,3}\.){3}[0-9]{1,3}|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$")
    )]
    pub jsonrpc: Option<SocketAddr>,
    /// A file with the messages from L1, one JSON object a line, appended while the half runs; absent: no messages are
    /// seen. Only for a Starknet genesis.
    pub l1_messages: Option<PathBuf>,
    /// Where Prometheus reads metrics, an IP address and a port; absent: they are not served.
    #[schemars(
        with = "Option<String>",
        regex(pattern = r"^(([0-9]{1,3}\.){3}[0-9]{1,3}|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$")
    )]
    pub metrics: Option<SocketAddr>,
    /// A file with the bearer secret, for TCP on loopback; readable by its owner only.
    pub secret_file: Option<PathBuf>,
    /// This half's certificate, PEM, for mutual TLS.
    pub tls_certificate: Option<PathBuf>,
    /// The key of this half's certificate, PEM.
    pub tls_key: Option<PathBuf>,
    /// The authority that signed the callers' certificates, PEM.
    pub tls_client_authority: Option<PathBuf>,
    /// Memory for pages of the store, in MiB; what does not fit is read again from the file.
    pub cache_mib: u32,
    /// What is logged, such as `info` or `ecp_execution_server=debug`.
    pub log: String,
    /// Form of the log.
    pub log_form: LogForm,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            genesis: None,
            data: "ecp-execution".into(),
            listen: None,
            jsonrpc: None,
            l1_messages: None,
            metrics: None,
            secret_file: None,
            tls_certificate: None,
            tls_key: None,
            tls_client_authority: None,
            cache_mib: u32::try_from(CACHE_BYTES_DEFAULT >> 20).unwrap_or(u32::MAX),
            log: "info".into(),
            log_form: LogForm::Text,
        }
    }
}

/// Why the executable does not start: one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The configuration cannot be read.
    #[error("configuration: {0}")]
    Settings(String),
    /// No genesis.
    #[error("no genesis file: give --genesis FILE, or set ECP_EXECUTION_GENESIS")]
    NoGenesis,
    /// The genesis cannot be used.
    #[error("genesis file {path}: {problem}")]
    Genesis {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The data directory cannot be used.
    #[error("data directory {path}: {problem}")]
    Data {
        /// The directory.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The store belongs to another network, or is damaged.
    #[error(transparent)]
    Archive(#[from] archive::ArchiveError),
    /// The engine cannot be opened.
    #[error("engine: {0}")]
    Engine(String),
    /// The address cannot be used.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The server does not start.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// JSON-RPC does not start.
    #[error("{0}")]
    JsonRpc(String),
    /// The system refused something.
    #[error("{0}")]
    System(std::io::Error),
}

impl Settings {
    /// Reads all sources.
    ///
    /// # Errors
    /// A source cannot be read, or a setting is unknown or of the wrong form; the text names it.
    pub fn load(flags: &Flags) -> Result<Self, Refused> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(path) = &flags.config {
            if !path.exists() {
                return Err(Refused::Settings(format!("{} does not exist", path.display())));
            }
            figment = figment.merge(Toml::file_exact(path));
        }
        figment = figment.merge(Env::prefixed("ECP_EXECUTION_")).merge(Serialized::defaults(flags));
        figment.extract().map_err(|error| Refused::Settings(error.to_string().replace('\n', " ")))
    }

    /// The settings as TOML, for `--print-config`; secrets are files and stay there.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        let mut lines = Vec::new();
        for (key, value) in value.as_object().into_iter().flatten() {
            match value {
                serde_json::Value::Null => lines.push(format!("# {key} = (none)")),
                // A JSON string is a TOML basic string.
                value => lines.push(format!("{key} = {value}")),
            }
        }
        lines.join("\n")
    }

    /// The JSON Schema of the settings, as a file of `--config` writes them.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }

    /// Reads and checks the genesis file.
    ///
    /// # Errors
    /// None is named, it cannot be read, or it breaks a rule.
    pub fn read_genesis(&self) -> Result<Genesis, Refused> {
        let path = self.genesis.as_ref().ok_or(Refused::NoGenesis)?;
        let failed = |problem: String| Refused::Genesis { path: path.display().to_string(), problem };
        let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        Genesis::read(&bytes).map_err(|error| failed(error.to_string()))
    }

    /// Opens the store in the data directory and binds it to the network.
    ///
    /// # Errors
    /// The directory cannot be made, another process has it, or it belongs to another network.
    pub fn open_store(&self, genesis: &Genesis) -> Result<Arc<dyn Store>, Refused> {
        let failed = |problem: std::io::Error| Refused::Data {
            path: self.data.display().to_string(),
            problem: problem.to_string(),
        };
        std::fs::create_dir_all(&self.data).map_err(failed)?;
        let cache_bytes = usize::try_from(u64::from(self.cache_mib) << 20).unwrap_or(usize::MAX);
        let store = DiskStore::with_cache(&self.data.join("execution.redb"), cache_bytes)?;
        archive::bind(&store, &genesis.network())?;
        Ok(Arc::new(store))
    }

    fn listen(&self) -> Result<Listen, Refused> {
        match &self.listen {
            None => Ok(Listen::Unix(self.data.join("ecp.sock"))),
            Some(text) => text.parse().map_err(|problem| Refused::Settings(format!("listen: {problem}"))),
        }
    }

    fn security(&self, listen: &Listen) -> Result<Security, Refused> {
        let read = |path: &Path| {
            std::fs::read_to_string(path).map_err(|e| ListenError::Tls(format!("{}: {e}", path.display())))
        };
        match (&self.tls_certificate, &self.tls_key, &self.tls_client_authority) {
            (Some(certificate), Some(key), Some(authority)) => {
                return Ok(Security::MutualTls(Box::new(MutualTls {
                    certificate: read(certificate)?,
                    key: read_private(key)?,
                    client_authority: read(authority)?,
                })));
            }
            (None, None, None) => {}
            _ => {
                let text = "mutual TLS needs tls_certificate, tls_key and tls_client_authority together";
                return Err(Refused::Settings(text.into()));
            }
        }
        match &self.secret_file {
            Some(path) => Ok(Security::Secret(Secret::read(path)?)),
            None => {
                // Refused now, before the store is opened (ECP-SEC-002).
                crate::transport::check(listen, &Security::Owner)?;
                Ok(Security::Owner)
            }
        }
    }

    /// Everything that can be refused before anything is opened.
    ///
    /// # Errors
    /// As the texts say.
    pub fn server(&self, genesis: &Genesis) -> Result<ServerConfig, Refused> {
        let listen = self.listen()?;
        let mut config = ServerConfig::new(listen.clone(), genesis.network());
        config.security = self.security(&listen)?;
        crate::transport::check(&listen, &config.security)?;
        Ok(config)
    }
}

/// Sends the log to stderr.
///
/// # Errors
/// The filter cannot be read.
pub fn log(settings: &Settings) -> Result<(), Refused> {
    let filter = tracing_subscriber::EnvFilter::try_new(&settings.log)
        .map_err(|error| Refused::Settings(format!("log: {error}")))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call in one process keeps the first log.
    let _ = match settings.log_form {
        LogForm::Text => builder.with_ansi(false).try_init(),
        LogForm::Json => builder.json().try_init(),
    };
    Ok(())
}

/// The computer's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_ms(&self) -> u64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Starts to serve an engine.
///
/// # Errors
/// As [`serve`].
pub async fn start(
    config: ServerConfig,
    engine: Arc<dyn ExecutionEngine>,
    store: Arc<dyn Store>,
    interposer: Option<Arc<dyn Interposer>>,
) -> Result<Handle, Refused> {
    Ok(serve(engine, store, ServerConfig { interposer, ..config }).await?)
}

/// Says on stdout, in one line of JSON, that callers can come.
///
/// # Errors
/// Stdout is closed.
pub fn announce(handle: &Handle, jsonrpc: Option<&str>) -> Result<(), Refused> {
    let mut ready = serde_json::Map::new();
    ready.insert("listen".into(), handle.listen.to_string().into());
    if let Some(url) = jsonrpc {
        ready.insert("jsonrpc".into(), url.into());
    }
    let line = serde_json::json!({ "ready": ready });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Refused::System)
}

/// The runtime to serve ECP on: one thread, so that what arrives on a connection is taken in the order of arrival
/// across its streams (ECP-ORD-001). Engine, store and hashes have threads of their own.
///
/// # Errors
/// The system refuses.
pub fn runtime() -> Result<tokio::runtime::Runtime, Refused> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Refused::System)
}

/// Ends in order; a second signal ends at once.
///
/// # Errors
/// The system has no signals.
pub async fn finish(handle: Handle) -> Result<(), Refused> {
    tokio::select! {
        () = handle.shutdown() => {}
        told = until_told() => {
            told?;
            tracing::warn!("ended by a second signal before everything was finished");
        }
    }
    Ok(())
}

/// Waits for SIGTERM or SIGINT.
///
/// # Errors
/// The system has no signals.
pub async fn until_told() -> Result<(), Refused> {
    let mut term = signal(SignalKind::terminate()).map_err(Refused::System)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Refused::System)?;
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
