//! Cases: loading, checking, choosing; and the registry of requirements that they verify.

mod check;
mod digest;
mod embedded;
mod features;
mod load;
mod registry;

use std::collections::BTreeMap;

pub(crate) use features::{KNOWN_FEATURES, NETWORK, known_features};
pub use load::{LoadError, load};
pub use registry::{Level, Registry, Requirement};
use sha2::{Digest, Sha256};

use crate::schema::{self, Profile, step::Action};

/// Which half a case certifies.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The execution half; the suite plays the consensus half.
    Execution,
    /// The consensus half; the suite plays the execution half.
    Consensus,
    /// Both; the suite is between them.
    Both,
}

impl Role {
    /// First word of the ids of its cases.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Execution => "EXE",
            Self::Consensus => "CON",
            Self::Both => "PAIR",
        }
    }

    /// Name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::Consensus => "consensus",
            Self::Both => "both",
        }
    }
}

/// A case that was loaded and checked.
#[derive(Debug, Clone)]
pub struct Case {
    /// What its file says.
    pub schema: schema::Case,
    /// Which half it certifies.
    pub role: Role,
    /// File that it comes from.
    pub file: String,
    /// Line of its id in the file, from 1.
    pub line: usize,
    /// SHA-256 of what it says.
    pub digest: [u8; 32],
}

impl Case {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.schema.id
    }

    /// The smallest profile that it is in.
    #[must_use]
    pub fn profile(&self) -> Profile {
        match self.schema.needs.as_ref().map(schema::Needs::profile) {
            None | Some(Profile::Unspecified) => Profile::Core,
            Some(profile) => profile,
        }
    }

    /// Features of the protocol that it uses.
    #[must_use]
    pub fn features(&self) -> &[String] {
        self.schema.needs.as_ref().map_or(&[], |n| &n.features)
    }

    /// Whether it runs several instances of a consensus half, which must find each other.
    #[must_use]
    pub fn needs_network(&self) -> bool {
        self.role != Role::Execution && self.schema.setup.as_ref().is_some_and(|s| s.validators.unwrap_or(1) > 1)
    }

    /// All that a half must claim for it: features of the protocol, and what the suite itself asks for.
    pub fn claims(&self) -> impl Iterator<Item = &str> {
        self.features().iter().map(String::as_str).chain(self.needs_network().then_some(NETWORK))
    }

    /// Whether it can run on the workload of this name.
    #[must_use]
    pub fn runs_on(&self, workload: &str) -> bool {
        let wanted = self.schema.needs.as_ref().map_or(&[][..], |n| &n.workloads);
        wanted.is_empty() || wanted.iter().any(|w| w == workload)
    }

    /// Whether it kills or restarts the half, or waits for its exit, which takes a process that the suite started.
    #[must_use]
    pub fn needs_process(&self) -> bool {
        let processes = |action: &Action| matches!(action, Action::Kill(_) | Action::Restart(_) | Action::AwaitExit(_));
        self.schema.steps.iter().filter_map(|s| s.action.as_ref()).any(processes)
    }

    /// Whether it needs a chain of its own, apart from other cases.
    #[must_use]
    pub fn needs_own_chain(&self) -> bool {
        self.schema.setup.is_some() || self.schema.needs.as_ref().is_some_and(|n| n.own_chain)
    }

    /// The requirement that a step is about; none if the step only gets to the point of the case.
    #[must_use]
    pub fn requirement_of(&self, step: usize) -> Option<&str> {
        let step = self.schema.steps.get(step)?;
        if !step.requirement.is_empty() {
            return Some(&step.requirement);
        }
        let judges = step.expect.is_some() || matches!(step.action, Some(Action::NoCall(_)));
        self.schema.verifies.first().filter(|_| judges).map(String::as_str)
    }
}

/// All cases by id.
#[derive(Debug, Clone, Default)]
pub struct Cases(BTreeMap<String, Case>);

impl Cases {
    /// The cases in this binary, checked.
    pub fn embedded() -> Result<Self, LoadError> {
        let registry = Registry::embedded()?;
        let mut cases = BTreeMap::new();
        for (file, text) in embedded::FILES {
            for case in load(file, text, &registry)? {
                let id = case.id().to_owned();
                let line = case.line;
                if let Some(first) = cases.insert(id.clone(), case) {
                    let what = format!("{id} stands in {} too", first.file);
                    return Err(LoadError::new(file, line, what));
                }
            }
        }
        Ok(Self(cases))
    }

    /// Makes a set out of cases.
    #[must_use]
    pub fn of(cases: impl IntoIterator<Item = Case>) -> Self {
        Self(cases.into_iter().map(|c| (c.id().to_owned(), c)).collect())
    }

    /// The case of this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Case> {
        self.0.get(id)
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Case> {
        self.0.values()
    }

    /// SHA-256 over all digests: two suites with the same one have the same cases.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for case in self.iter() {
            hash.update(case.digest);
        }
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_file_is_embedded() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
        let mut found = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        found.sort();
        let embedded: Vec<_> = embedded::FILES.iter().map(|(file, _)| (*file).to_owned()).collect();
        assert_eq!(embedded, found, "add the file to conformance/src/case/embedded.rs, in order");
    }

    #[test]
    fn embedded_cases_load() {
        let cases = Cases::embedded().unwrap();
        for role in [Role::Execution, Role::Consensus] {
            assert!(cases.iter().filter(|c| c.role == role).count() >= 30, "{role:?}");
        }
    }
}
