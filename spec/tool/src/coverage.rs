//! Which requirements have a case.

use std::{collections::BTreeMap, fmt};

use anyhow::{Context, Result};
use serde_norway::Value;

use crate::{
    files::Page,
    requirements::{Level, Registry},
};

/// What the cases of the suite verify.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Requirements with the files whose cases verify them.
    pub covered: BTreeMap<String, Vec<String>>,
    /// Requirements of the level MUST or SHOULD without a case and without an exclusion.
    pub missing: Vec<(String, Level, String)>,
    /// Excluded ones.
    pub excluded: Vec<String>,
    /// Excluded ones that have a case all the same: the exclusion is out of date.
    pub needless: Vec<String>,
}

/// A case of the suite, as far as requirements go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its id, such as `EXE/session/handshake`.
    pub id: String,
    /// What it verifies, in its own order.
    pub verifies: Vec<String>,
}

/// Every case with an id, in the order of ids.
///
/// # Errors
/// A case file that is no YAML.
pub fn cases(files: &[Page]) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for file in files {
        for document in serde_norway::Deserializer::from_str(&file.text) {
            let value = <Value as serde::Deserialize>::deserialize(document)
                .with_context(|| format!("{} is no YAML", file.path.display()))?;
            collect_cases(&value, &mut cases);
        }
    }
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(cases)
}

fn collect_cases(value: &Value, cases: &mut Vec<Case>) {
    match value {
        Value::Mapping(map) => {
            let verifies = value.get("verifies").and_then(Value::as_sequence);
            if let (Some(id), Some(verifies)) = (value.get("id").and_then(Value::as_str), verifies) {
                let verifies = verifies.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                cases.push(Case { id: id.to_owned(), verifies });
            } else {
                map.iter().for_each(|(_, value)| collect_cases(value, cases));
            }
        }
        Value::Sequence(list) => list.iter().for_each(|value| collect_cases(value, cases)),
        _ => {}
    }
}

/// Joins the registry with `verifies` of each case.
///
/// # Errors
/// A case file that is no YAML.
pub fn coverage(registry: &Registry, cases: &[Page]) -> Result<Coverage> {
    let mut verified: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for case in cases {
        for document in serde_norway::Deserializer::from_str(&case.text) {
            let value = <Value as serde::Deserialize>::deserialize(document)
                .with_context(|| format!("{} is no YAML", case.path.display()))?;
            let mut ids = Vec::new();
            collect(&value, &mut ids);
            for id in ids {
                verified.entry(id).or_default().push(case.path.display().to_string());
            }
        }
    }
    let mut coverage = Coverage::default();
    for requirement in &registry.requirements {
        let files = verified.remove(&requirement.id);
        if requirement.excluded.is_some() {
            coverage.excluded.push(requirement.id.clone());
            if files.is_some() {
                coverage.needless.push(requirement.id.clone());
            }
        } else if let Some(files) = files {
            coverage.covered.insert(requirement.id.clone(), files);
        } else if requirement.testable {
            coverage.missing.push((requirement.id.clone(), requirement.level, requirement.text.clone()));
        }
    }
    Ok(coverage)
}

/// Every `verifies` list, wherever it stands: a file may hold one case or several.
fn collect(value: &Value, ids: &mut Vec<String>) {
    match value {
        Value::Mapping(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    (Some("verifies"), Value::Sequence(list)) => {
                        ids.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => collect(value, ids),
                }
            }
        }
        Value::Sequence(list) => list.iter().for_each(|value| collect(value, ids)),
        _ => {}
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, level, text) in &self.missing {
            writeln!(f, "no case: {id} ({}) {text}", level.as_str())?;
        }
        for id in &self.needless {
            writeln!(f, "excluded, and has a case: {id}")?;
        }
        write!(
            f,
            "{} requirements have a case, {} are excluded, {} have neither",
            self.covered.len(),
            self.excluded.len(),
            self.missing.len()
        )
    }
}
