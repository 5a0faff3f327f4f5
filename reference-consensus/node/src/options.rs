//! Options of the command line, the configuration file and the environment, in this order of strength.

use std::path::PathBuf;

use figment::{
    Figment,
    providers::{Env, Format as _, Serialized, Toml},
};
use serde::{Deserialize, Serialize};

use crate::exit::Exit;

/// Options of `run` and `check`. Each can stand in a TOML file under the same name, or in the environment as
/// `ECP_CONSENSUS_NAME`; the command line is the strongest.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "Configuration of the reference consensus half")]
pub struct Options {
    /// Configuration file in TOML.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
    /// Genesis file of the network.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub genesis: Option<PathBuf>,
    /// Keys file of the validator. Without it the half follows and signs nothing.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<PathBuf>,
    /// Data directory; made if it is missing.
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Address of the execution half: unix:/path/to/socket or tcp:host:port.
    #[arg(long, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^(unix:.+|tcp:.+:[0-9]{1,5})$"))]
    pub execution: Option<String>,
    /// Where to listen for peers; port 0 lets the system choose one.
    #[arg(long, value_name = "HOST:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^.+:[0-9]{1,5}$"))]
    pub p2p: Option<String>,
    /// Peers to keep connections to.
    #[arg(long, value_name = "HOST:PORT,...", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(inner(regex(pattern = r"^(.+:[0-9]{1,5})?$")))]
    pub peers: Option<Vec<String>>,
    /// File with the secret that both halves share; readable by its owner only.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// Authority that signed the execution half's certificate, in PEM: mutual TLS.
    #[arg(long, value_name = "FILE", requires = "tls_certificate", requires = "tls_key")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_ca: Option<PathBuf>,
    /// This half's certificate, in PEM.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_certificate: Option<PathBuf>,
    /// Key of this half's certificate, in PEM; readable by its owner only.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// Name in the execution half's certificate [default: localhost].
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_domain: Option<String>,
    /// Name of this node in logs.
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moniker: Option<String>,
    /// Take the execution half over from another consensus half that still holds it.
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub takeover: bool,
    /// Let a key without its signing record sign at once. Only if nothing else signs, or signed, with this key.
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub sign_without_record: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !value
}

impl Options {
    /// The JSON Schema of the options, as a configuration file writes them.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }

    /// Adds what the configuration file and the environment say.
    pub fn complete(self) -> Result<Self, Exit> {
        let mut figment = Figment::new();
        let file = self.config.clone().or_else(|| std::env::var_os("ECP_CONSENSUS_CONFIG").map(PathBuf::from));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(Exit::Usage(format!("configuration {}: no such file", file.display())));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        // The log filter has a variable of its own.
        let environment = Env::prefixed("ECP_CONSENSUS_").ignore(&["log"]);
        let figment = figment.merge(environment).merge(Serialized::defaults(self));
        figment.extract().map_err(|error| Exit::Usage(format!("configuration: {error}")))
    }
}

/// The value of an option that must be given.
pub fn needed<T>(value: Option<T>, option: &str) -> Result<T, Exit> {
    value.ok_or_else(|| Exit::Usage(format!("--{option} is missing: give it, or write it into the configuration file")))
}
