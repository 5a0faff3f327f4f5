//! The requirements of the spec, as its registry lists them.

use std::collections::BTreeMap;

use super::LoadError;

/// How strict a requirement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// A half that breaks it does not conform.
    Must,
    /// A half should keep it.
    Should,
    /// A half is free.
    May,
}

/// A requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Its id.
    pub id: String,
    /// How strict it is.
    pub level: Level,
    /// Who must keep it: `execution`, `consensus` or `claimant`.
    pub role: String,
    /// Its text.
    pub text: String,
    /// Page that it stands on.
    pub page: String,
    /// Whether a case can verify it; if not, the table of exclusions says why and what does instead.
    pub testable: bool,
}

/// All requirements by id.
#[derive(Debug, Clone, Default)]
pub struct Registry(BTreeMap<String, Requirement>);

/// A requirement as the registry writes it.
#[derive(serde::Deserialize)]
struct Written {
    id: String,
    level: Level,
    #[serde(alias = "actor")]
    role: String,
    text: String,
    page: String,
    testable: bool,
}

#[derive(serde::Deserialize)]
struct File {
    requirements: Vec<Written>,
}

impl Registry {
    /// The registry in this binary.
    pub fn embedded() -> Result<Self, LoadError> {
        Self::parse("spec/requirements.json", include_str!("../../../spec/requirements.json"))
    }

    /// Reads a registry.
    pub fn parse(file: &str, text: &str) -> Result<Self, LoadError> {
        let parsed: File =
            serde_json::from_str(text).map_err(|error| LoadError::new(file, error.line(), error.to_string()))?;
        let requirements = parsed.requirements.into_iter().map(|w| {
            let requirement = Requirement {
                id: w.id.clone(),
                level: w.level,
                role: w.role,
                text: w.text,
                page: w.page,
                testable: w.testable,
            };
            (w.id, requirement)
        });
        Ok(Self(requirements.collect()))
    }

    /// The requirement of this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Requirement> {
        self.0.get(id)
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.0.values()
    }

    /// A registry of ids without texts, for tests.
    #[cfg(test)]
    pub(crate) fn of_ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let requirement = |id: &str| Requirement {
            id: id.to_owned(),
            level: Level::Must,
            role: "execution".to_owned(),
            text: String::new(),
            page: String::new(),
            testable: true,
        };
        Self(ids.into_iter().map(|id| (id.to_owned(), requirement(id))).collect())
    }
}
