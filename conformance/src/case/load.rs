//! Reads case files: YAML by the schema in `proto/`, where an unknown key is an error with its line.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor};

use super::{Case, Registry, Role, check, digest::digest};
use crate::schema::{self, CaseFile};

static CASE_FILE: LazyLock<MessageDescriptor> = LazyLock::new(|| {
    DescriptorPool::decode(schema::FILE_DESCRIPTOR_SET)
        .ok()
        .and_then(|pool| pool.get_message_by_name("ecp.conformance.v1alpha1.CaseFile"))
        .expect("the committed descriptors contain the schema of cases")
});

/// A case file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct LoadError {
    /// The file.
    pub file: String,
    /// The line, from 1; 0 if the whole file is meant.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl LoadError {
    pub(super) fn new(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, what: what.into() }
    }
}

/// Loads and checks the cases of a file.
pub fn load(file: &str, text: &str, registry: &Registry) -> Result<Vec<Case>, LoadError> {
    let parsed = parse(text).map_err(|(line, what)| LoadError::new(file, line, what))?;
    if parsed.about.is_empty() {
        return Err(LoadError::new(file, 1, "about: a file says what its cases have in common"));
    }
    if parsed.cases.is_empty() {
        return Err(LoadError::new(file, 1, "cases: a file holds at least one"));
    }
    parsed.cases.into_iter().map(|schema| finish(file, text, schema, registry)).collect()
}

fn parse(text: &str) -> Result<CaseFile, (usize, String)> {
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let yaml = serde_norway::Deserializer::from_str(text);
    DynamicMessage::deserialize_with_options(CASE_FILE.clone(), yaml, &options)
        .map_err(|error| (error.location().map_or(0, |l| l.line()), error.to_string()))?
        .transcode_to()
        .map_err(|error| (0, error.to_string()))
}

fn finish(file: &str, text: &str, schema: schema::Case, registry: &Registry) -> Result<Case, LoadError> {
    let lines = Lines::of(text, &schema.id);
    let fail = |what: String| LoadError::new(file, lines.case, what);
    let role = match schema.id.split('/').next() {
        Some("EXE") => Role::Execution,
        Some("CON") => Role::Consensus,
        Some("PAIR") => Role::Both,
        _ => return Err(fail(format!("id {:?}: begins with EXE/, CON/ or PAIR/", schema.id))),
    };
    let shape = CASE_FILE.parent_pool().get_message_by_name("ecp.conformance.v1alpha1.Case");
    let shape = shape.ok_or_else(|| fail("the schema has no cases".to_owned()))?;
    let digest = digest(&schema, shape).map_err(&fail)?;
    let case = Case { role, file: file.to_owned(), line: lines.case, digest, schema };
    check::case(&case, registry).map_err(|problem| {
        let line = problem.step.and_then(|s| lines.steps.get(s).copied()).unwrap_or(lines.case);
        LoadError::new(file, line, format!("{}: {}", case.id(), problem.what))
    })?;
    Ok(case)
}

/// Where a case and its steps stand in the file.
struct Lines {
    case: usize,
    steps: Vec<usize>,
}

impl Lines {
    /// Finds the case by its id and its steps by their dashes, which have one indentation.
    fn of(text: &str, id: &str) -> Self {
        let mut lines = Self { case: 0, steps: Vec::new() };
        let mut indentation = None;
        let mut in_steps = false;
        for (index, line) in text.lines().enumerate() {
            let content = line.trim_start();
            let column = line.len() - content.len();
            if lines.case == 0 {
                if content.trim_start_matches("- ").strip_prefix("id:").is_some_and(|rest| rest.trim() == id) {
                    lines.case = index + 1;
                }
                continue;
            }
            if content.starts_with("- id:") || content.starts_with("id:") {
                break;
            }
            if content.starts_with("steps:") {
                in_steps = true;
            } else if in_steps && content.starts_with("- ") && indentation.is_none_or(|i| i == column) {
                indentation = Some(column);
                lines.steps.push(index + 1);
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "about: A file.
cases:
  - id: EXE/session/first
    about: The handshake is answered.
    verifies: [ECP-SES-001]
    steps:
      - call: {method: Handshake}
        expect: {any_of: [{reply: {revision: 1}}]}
      - call:
          method: StartRound
          request: {height: $next}
        expect: {any_of: [{error: {reason: FENCED}}]}
";

    fn registry() -> Registry {
        Registry::of_ids(["ECP-SES-001"])
    }

    #[test]
    fn loads_a_case() {
        let cases = load("a.yaml", GOOD, &registry()).unwrap();
        assert_eq!(cases[0].id(), "EXE/session/first");
        assert_eq!(cases[0].line, 3);
        assert_eq!(cases[0].schema.steps.len(), 2);
    }

    #[test]
    fn a_case_has_one_digest_however_its_maps_are_ordered() {
        let text = GOOD.replace("{height: $next}", "{height: $next, round: 1, role: PROPOSER, proposer: \"0x01*32\"}");
        let digest = || load("a.yaml", &text, &registry()).unwrap()[0].digest;
        let first = digest();
        assert!((0..20).all(|_| digest() == first));
        assert_ne!(load("a.yaml", GOOD, &registry()).unwrap()[0].digest, first);
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line() {
        let bad = GOOD.replace("verifies:", "verfies:");
        let error = load("a.yaml", &bad, &registry()).unwrap_err();
        assert!(error.line >= 3, "{error}");
        assert!(error.what.contains("verfies"), "{error}");
    }

    #[test]
    fn an_unknown_field_of_a_request_is_an_error_with_the_line_of_its_step() {
        let bad = GOOD.replace("height:", "heigth:");
        let error = load("a.yaml", &bad, &registry()).unwrap_err();
        assert_eq!(error.line, 9, "{error}");
        assert!(error.what.contains("heigth"), "{error}");
    }

    #[test]
    fn an_unknown_reason_requirement_or_method_is_an_error() {
        for (from, to) in [("FENCED", "FENCE"), ("[ECP-SES-001]", "[ECP-SES-999]"), ("StartRound", "StartAround")] {
            assert!(load("a.yaml", &GOOD.replace(from, to), &registry()).is_err(), "{to}");
        }
    }
}
