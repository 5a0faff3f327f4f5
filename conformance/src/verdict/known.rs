//! The list of known failures: each with its requirement, its reason and a link.

use globset::{Glob, GlobMatcher};

use super::{Failure, Judged, Status};

/// A list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}; an entry is: CASE # ECP-XXX-NNN: part of what the half does # https://link")]
pub struct BadList {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// The failures that a team knows of.
#[derive(Debug, Clone, Default)]
pub struct KnownFailing(Vec<Entry>);

#[derive(Debug, Clone)]
struct Entry {
    pattern: GlobMatcher,
    text: String,
    requirement: String,
    did: String,
    matched: bool,
}

impl KnownFailing {
    /// Reads a list: one entry a line; empty lines and lines that begin with # say nothing.
    pub fn parse(text: &str) -> Result<Self, BadList> {
        let mut entries = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let bad = |what: &str| BadList { line: index + 1, what: what.to_owned() };
            let mut fields = line.splitn(3, " # ");
            let case = fields.next().unwrap_or_default().trim();
            let why = fields.next().ok_or_else(|| bad("the requirement and reason are missing"))?;
            let link = fields.next().ok_or_else(|| bad("the link is missing"))?.trim();
            let (requirement, did) = why.split_once(':').ok_or_else(|| bad("the reason is missing"))?;
            let (requirement, did) = (requirement.trim(), did.trim());
            if !requirement.starts_with("ECP-") {
                return Err(bad("the requirement is missing"));
            }
            if did.is_empty() {
                return Err(bad("the reason is empty"));
            }
            if !link.starts_with("https://") && !link.starts_with("http://") {
                return Err(bad("the link is no URL"));
            }
            let pattern = Glob::new(case).map_err(|e| bad(&e.to_string()))?.compile_matcher();
            entries.push(Entry {
                pattern,
                text: line.to_owned(),
                requirement: requirement.to_owned(),
                did: did.to_owned(),
                matched: false,
            });
        }
        Ok(Self(entries))
    }

    /// The status of a case that came to `judged`, with the list taken into account.
    pub fn apply(&mut self, case: &str, judged: &Judged) -> Status {
        let entries: Vec<_> = self.0.iter_mut().filter(|e| e.pattern.is_match(case)).collect();
        if entries.is_empty() || !matches!(judged.status, Status::Pass | Status::Fail) {
            return judged.status;
        }
        let mut known = false;
        for entry in entries {
            entry.matched = true;
            known |= judged.failures.first().is_some_and(|f| entry.explains(f));
        }
        match (judged.status, known) {
            (Status::Fail, true) => Status::Xfail,
            // It fails in a way that the list does not know.
            (Status::Fail, false) => Status::Fail,
            _ => Status::Xpass,
        }
    }

    /// Whether an entry is about this failure of a case.
    #[must_use]
    pub fn explains(&self, case: &str, failure: Option<&Failure>) -> bool {
        failure.is_some_and(|failure| self.0.iter().any(|e| e.pattern.is_match(case) && e.explains(failure)))
    }

    /// Entries that no case was matched by; they are stale.
    #[must_use]
    pub fn unmatched(&self) -> Vec<String> {
        self.0.iter().filter(|e| !e.matched).map(|e| e.text.clone()).collect()
    }
}

impl Entry {
    fn explains(&self, failure: &Failure) -> bool {
        failure.requirement.as_deref() == Some(&self.requirement) && failure.did.contains(&self.did)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: Status, requirement: &str, did: &str) -> Judged {
        let failures = match status {
            Status::Fail => vec![Failure {
                step: Some(0),
                requirement: Some(requirement.into()),
                did: did.into(),
                legal: Vec::new(),
            }],
            _ => Vec::new(),
        };
        Judged { status, failures, harness_fault: None }
    }

    #[test]
    fn an_entry_holds_for_its_requirement_and_reason_only() {
        let list = "# ours\nEXE/decide/* # ECP-DEC-002: refused with CONFLICT # https://example.com/1\n";
        let mut known = KnownFailing::parse(list).unwrap();
        let case = "EXE/decide/twice";
        assert_eq!(known.unmatched().len(), 1);
        let same = judged(Status::Fail, "ECP-DEC-002", "Decide refused with CONFLICT (…)");
        assert_eq!(known.apply(case, &same), Status::Xfail);
        assert_eq!(known.apply(case, &judged(Status::Fail, "ECP-DEC-001", "refused with CONFLICT")), Status::Fail);
        assert_eq!(known.apply(case, &judged(Status::Fail, "ECP-DEC-002", "said nothing")), Status::Fail);
        assert_eq!(known.apply(case, &judged(Status::Pass, "", "")), Status::Xpass);
        assert_eq!(known.apply("EXE/other/x", &judged(Status::Pass, "", "")), Status::Pass);
        assert_eq!(known.unmatched(), Vec::<String>::new());
    }

    #[test]
    fn every_field_is_required() {
        for bad in ["EXE/a", "EXE/a # ECP-DEC-002: x", "EXE/a # because # https://x", "EXE/a # ECP-DEC-002: x # later"]
        {
            assert!(KnownFailing::parse(bad).is_err(), "{bad}");
        }
    }
}
