//! Which half a command is about.

use std::path::PathBuf;

use clap::Args;

use super::CliError;
use crate::{
    case::{Role, known_features},
    subject::{Address, HalfManifest, Manifest, Pair, Subject},
    workload::TEST_CHAIN,
};

/// How a half is named on the command line.
#[derive(Debug, Args)]
pub(super) struct HalfArgs {
    /// Manifest of the client: a TOML file with its command line and what it claims. For a pair, one with both halves, or
    /// several.
    #[arg(long, value_name = "FILE", group = "half")]
    manifest: Vec<PathBuf>,
    /// Address of a half that runs already: unix:/path or http://host:port. Nothing is killed then.
    #[arg(long, value_name = "URL", group = "half")]
    addr: Option<String>,
    /// Feature that the half claims, beside those of its manifest. A consensus half claims NETWORK if its command takes
    /// {p2p} and {peers}.
    #[arg(long = "feature", value_name = "F")]
    features: Vec<String>,
    /// Command that starts the half. Placeholders: {socket} {data} {genesis} {keys} {p2p} {peers} {index} {jsonrpc}.
    #[arg(last = true, value_name = "COMMAND", group = "half")]
    command: Vec<String>,
}

/// A half with its name and claims.
pub(super) struct Half {
    pub name: String,
    pub subject: Subject,
    pub features: Vec<String>,
    pub workloads: Vec<String>,
}

impl Half {
    fn launched(name: String, half: HalfManifest) -> Self {
        let (features, workloads) = (half.claims(), half.workloads.clone());
        Self { name, subject: Subject::Launched(half), features, workloads }
    }

    /// Halves of manifests that are certified together: what all of them claim is claimed.
    fn pair(manifests: &[PathBuf], loaded: Vec<Manifest>) -> Result<Self, CliError> {
        let mut names = Vec::new();
        let (mut executions, mut consensus) = (Vec::new(), None);
        for manifest in loaded {
            names.push(manifest.name);
            executions.extend(manifest.execution);
            if let Some(half) = manifest.consensus
                && consensus.replace(half).is_some()
            {
                return Err(CliError::usage("a pair has one consensus half; two of the manifests have one"));
            }
        }
        let consensus = consensus.ok_or_else(|| CliError::usage("none of the manifests has a [consensus]"))?;
        if executions.is_empty() {
            return Err(CliError::usage("none of the manifests has an [execution]"));
        }
        let mut features = consensus.claims();
        features.retain(|f| f == crate::case::NETWORK || executions.iter().all(|e| e.features.contains(f)));
        let mut workloads = consensus.workloads.clone();
        workloads.retain(|w| executions.iter().all(|e| e.workloads.contains(w)));
        let manifests = manifests.iter().map(|path| path.display().to_string()).collect();
        let pair = Pair { executions, consensus, manifests };
        Ok(Self { name: names.join(" with "), subject: Subject::Pair(Box::new(pair)), features, workloads })
    }
}

impl HalfArgs {
    /// The half of a manifest.
    pub(super) fn of_manifest(path: PathBuf) -> Self {
        Self { manifest: vec![path], addr: None, features: Vec::new(), command: Vec::new() }
    }

    /// The half, or pair, that is certified as `role`.
    pub(super) fn half(&self, role: Role) -> Result<Half, CliError> {
        let mut half = self.named(role)?;
        for feature in &self.features {
            let known: Vec<_> = known_features().collect();
            if !known.contains(&feature.as_str()) {
                return Err(CliError::usage(format!("--feature {feature}: known are {}", known.join(", "))));
            }
            if let Subject::Launched(manifest) = &half.subject {
                let claimed = HalfManifest { features: vec![feature.clone()], ..manifest.clone() };
                claimed.check().map_err(CliError::usage)?;
            }
            if !half.features.contains(feature) {
                half.features.push(feature.clone());
            }
        }
        Ok(half)
    }

    fn named(&self, role: Role) -> Result<Half, CliError> {
        if !self.manifest.is_empty() {
            let loaded: Result<Vec<_>, _> = self.manifest.iter().map(|path| Manifest::load(path)).collect();
            return self.of_manifests(role, loaded.map_err(CliError::usage)?);
        }
        if role == Role::Both {
            return Err(CliError::usage("a pair is named by manifests: --manifest FILE, once or more"));
        }
        if let Some(address) = &self.addr {
            if role == Role::Consensus {
                let text = "a consensus half calls the suite, so the suite starts it: give its command or manifest";
                return Err(CliError::usage(text));
            }
            let address = Address::parse(address).map_err(CliError::usage)?;
            return Ok(Half {
                name: address.to_string(),
                subject: Subject::Running(address),
                features: Vec::new(),
                workloads: vec![TEST_CHAIN.to_owned()],
            });
        }
        if self.command.is_empty() {
            let text = "say which half: --manifest FILE, --addr URL, or -- COMMAND ARGS...";
            return Err(CliError::usage(text));
        }
        let half = HalfManifest::of_command(self.command.clone());
        half.check().map_err(CliError::usage)?;
        let program = self.command.first().map(String::as_str).unwrap_or_default();
        let name = program.rsplit('/').next().unwrap_or(program).to_owned();
        Ok(Half::launched(name, half))
    }

    fn of_manifests(&self, role: Role, loaded: Vec<Manifest>) -> Result<Half, CliError> {
        if role == Role::Both {
            return Half::pair(&self.manifest, loaded);
        }
        let mut found = None;
        for manifest in loaded {
            let half = if role == Role::Execution { manifest.execution } else { manifest.consensus };
            if let Some(half) = half
                && found.replace((manifest.name, half)).is_some()
            {
                return Err(CliError::usage(format!("two of the manifests have a [{}]", role.name())));
            }
        }
        let shown: Vec<_> = self.manifest.iter().map(|path| path.display().to_string()).collect();
        let none = || CliError::usage(format!("{} has no [{}]", shown.join(" and "), role.name()));
        found.map(|(name, half)| Half::launched(name, half)).ok_or_else(none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(folder: &std::path::Path, files: &[&str]) -> HalfArgs {
        let manifest = files.iter().map(|file| folder.join(file)).collect();
        HalfArgs { manifest, addr: None, features: Vec::new(), command: Vec::new() }
    }

    #[test]
    fn a_pair_claims_what_both_halves_claim() {
        let folder = tempfile::tempdir().unwrap();
        let execution = "[execution]\ncommand = [\"e\"]\nfeatures = [\"FINALIZE\", \"SELF_SYNC\"]\n";
        let consensus = "[consensus]\ncommand = [\"c\", \"{p2p}\", \"{peers}\"]\nfeatures = [\"FINALIZE\"]\n";
        let write = |file: &str, name: &str, text: &str| {
            std::fs::write(folder.path().join(file), format!("name = \"{name}\"\n{text}")).unwrap();
        };
        write("e", "one", execution);
        write("c", "two", consensus);
        write("b", "three", &format!("{execution}{consensus}"));
        let pair = args(folder.path(), &["e", "c"]).half(Role::Both).unwrap();
        assert_eq!((pair.name.as_str(), pair.features.join(" ")), ("one with two", "FINALIZE NETWORK".to_owned()));
        assert_eq!(args(folder.path(), &["b"]).half(Role::Both).unwrap().name, "three");
        for (files, role, said) in [
            (&["e"][..], Role::Both, "none of the manifests has a [consensus]"),
            (&["c"], Role::Both, "none of the manifests has an [execution]"),
            (&["b", "c"], Role::Both, "a pair has one consensus half; two of the manifests have one"),
            (&["e"], Role::Consensus, "e has no [consensus]"),
            (&["e", "b"], Role::Execution, "two of the manifests have a [execution]"),
        ] {
            let error = args(folder.path(), files).half(role).err().unwrap();
            assert!(error.text.ends_with(said), "{}", error.text);
        }
        let claims = HalfArgs { features: vec!["NETWORK".to_owned()], ..args(folder.path(), &["e"]) };
        let error = claims.half(Role::Execution).err().unwrap();
        assert_eq!(error.text, "feature NETWORK: the command takes {p2p} and {peers}");
    }
}
