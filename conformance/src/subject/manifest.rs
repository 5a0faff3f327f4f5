//! The manifest of a half: a small TOML file that says how to start it and what it claims.

use std::{collections::BTreeMap, path::Path};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::placeholders::{PLACEHOLDERS, unknown};
use crate::{
    case::{NETWORK, known_features},
    workload::WORKLOADS,
};

/// What a team writes about its client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Manifest of a half for the conformance suite")]
pub struct Manifest {
    /// Name of the client, for reports.
    pub name: String,
    /// Its execution half, if it has one.
    pub execution: Option<HalfManifest>,
    /// Its consensus half, if it has one.
    pub consensus: Option<HalfManifest>,
}

/// How one half is started, and what it claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HalfManifest {
    /// Program and arguments, with placeholders. No shell is involved; a program without a slash is looked up in PATH.
    #[schemars(length(min = 1))]
    pub command: Vec<String>,
    /// Environment variables that are added, with placeholders.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Optional features of the protocol that it serves or uses.
    #[serde(default)]
    #[schemars(extend("items" = {"enum": known_features().collect::<Vec<_>>()}))]
    pub features: Vec<String>,
    /// Workloads that it can run.
    #[serde(default = "test_chain")]
    #[schemars(extend("items" = {"enum": WORKLOADS}))]
    pub workloads: Vec<String>,
    /// How long it may take to start, in milliseconds, at least 1.
    #[schemars(range(min = 1))]
    #[serde(default = "start_timeout")]
    pub start_timeout_ms: u64,
}

fn test_chain() -> Vec<String> {
    vec![crate::workload::TEST_CHAIN.to_owned()]
}

const fn start_timeout() -> u64 {
    20_000
}

/// A manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadManifest {
    /// It cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// The file.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// It is no manifest.
    #[error("{path}: {error}")]
    Form {
        /// The file.
        path: String,
        /// What is wrong, with its place.
        error: Box<toml::de::Error>,
    },
    /// A value is wrong.
    #[error("{path}: {what}")]
    Value {
        /// The file.
        path: String,
        /// What is wrong.
        what: String,
    },
}

impl Manifest {
    /// Reads and checks a file. A relative path of a program is one from the folder of the file.
    pub fn load(path: &Path) -> Result<Self, BadManifest> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| BadManifest::Read { path: shown.clone(), error })?;
        let mut manifest = Self::parse(&shown, &text)?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        for half in manifest.execution.iter_mut().chain(&mut manifest.consensus) {
            if let Some(program) = half.command.first_mut().filter(|p| p.contains('/')) {
                *program = folder.join(&program).to_string_lossy().into_owned();
            }
        }
        Ok(manifest)
    }

    /// Reads and checks a text; `path` is for messages.
    pub fn parse(path: &str, text: &str) -> Result<Self, BadManifest> {
        let manifest: Self = toml::from_str(text)
            .map_err(|error| BadManifest::Form { path: path.to_owned(), error: Box::new(error) })?;
        for half in manifest.execution.iter().chain(&manifest.consensus) {
            half.check().map_err(|what| BadManifest::Value { path: path.to_owned(), what })?;
        }
        Ok(manifest)
    }
}

impl HalfManifest {
    /// A half that is started by a command, claiming no features. If it takes an address for JSON-RPC, it claims all
    /// workloads.
    #[must_use]
    pub fn of_command(command: Vec<String>) -> Self {
        let wallets = command.iter().any(|word| word.contains("{jsonrpc}"));
        let workloads = if wallets { WORKLOADS.map(str::to_owned).to_vec() } else { test_chain() };
        Self { command, env: BTreeMap::new(), features: Vec::new(), workloads, start_timeout_ms: start_timeout() }
    }

    /// Checks command, placeholders and claims.
    pub fn check(&self) -> Result<(), String> {
        if self.command.first().is_none_or(String::is_empty) {
            return Err("command: a program is named".to_owned());
        }
        if self.start_timeout_ms == 0 {
            return Err("start_timeout_ms: at least 1".to_owned());
        }
        for text in self.command.iter().chain(self.env.values()) {
            if let Some(name) = unknown(text) {
                return Err(format!("{{{name}}} is no placeholder; there are {}", PLACEHOLDERS.join(" ")));
            }
        }
        if let Some(workload) = self.workloads.iter().find(|w| !WORKLOADS.contains(&w.as_str())) {
            return Err(format!("workload {workload} is not known; known are {}", WORKLOADS.join(", ")));
        }
        for feature in &self.features {
            if !known_features().any(|known| known == feature) {
                let known: Vec<_> = known_features().collect();
                return Err(format!("feature {feature} is not known; known are {}", known.join(", ")));
            }
        }
        if self.features.iter().any(|f| f == NETWORK) && !self.joins_networks() {
            return Err(format!("feature {NETWORK}: the command takes {{p2p}} and {{peers}}"));
        }
        Ok(())
    }

    /// Whether instances of it can find each other.
    #[must_use]
    pub fn joins_networks(&self) -> bool {
        let takes = |name: &str| self.command.iter().chain(self.env.values()).any(|word| word.contains(name));
        takes("{p2p}") && takes("{peers}")
    }

    /// The features that it claims: those that it names, and `NETWORK` if its command says that it can.
    #[must_use]
    pub fn claims(&self) -> Vec<String> {
        let mut claims = self.features.clone();
        if self.joins_networks() && !claims.iter().any(|f| f == NETWORK) {
            claims.push(NETWORK.to_owned());
        }
        claims
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_manifest_and_says_what_is_wrong() {
        let good = "name = \"mine\"\n[execution]\ncommand = [\"./half\", \"--socket\", \"{socket}\"]\n";
        let manifest = Manifest::parse("m.toml", good).unwrap();
        assert_eq!(manifest.execution.unwrap().workloads, ["test-chain"]);
        for (bad, said) in [
            (good.replace("{socket}", "{sokcet}"), "{sokcet} is no placeholder"),
            (good.replace("command", "comand"), "comand"),
            (format!("{good}workloads = [\"solana\"]\n"), "workload solana"),
            (format!("{good}features = [\"FLY\"]\n"), "feature FLY"),
            (format!("{good}features = [\"NETWORK\"]\n"), "the command takes {p2p} and {peers}"),
        ] {
            let error = Manifest::parse("m.toml", &bad).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_half_that_takes_its_peers_claims_networks() {
        let half = |words: &[&str]| HalfManifest::of_command(words.iter().map(|w| (*w).to_owned()).collect());
        assert_eq!(half(&["half", "--p2p", "{p2p}", "--peers={peers}"]).claims(), ["NETWORK"]);
        assert_eq!(half(&["half", "--p2p", "{p2p}"]).claims(), [""; 0]);
    }
}
