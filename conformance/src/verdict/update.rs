//! Brings a list of known failures in line with what a run came to.

use super::{BadList, Failure, KnownFailing, Status};

/// A case of a run, as far as the list is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Result<'a> {
    /// Its id.
    pub id: &'a str,
    /// What became of it.
    pub status: Status,
    /// What was not legal first.
    pub failure: Option<&'a Failure>,
}

/// What became of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Updated {
    /// The new list.
    pub text: String,
    /// Lines that were added.
    pub added: Vec<String>,
    /// Lines that were taken away.
    pub dropped: Vec<String>,
    /// Cases that failed before they got to a requirement: such a failure cannot be known.
    pub unknown: Vec<String>,
}

/// Most characters of what a half did that an entry repeats.
const DID: usize = 80;

/// Keeps comments and entries that explain a failure, drops the others, and adds an entry with `link` for each failure
/// that no entry explains.
pub fn update(list: &str, results: &[Result<'_>], link: &str) -> std::result::Result<Updated, BadList> {
    KnownFailing::parse(list)?;
    let mut updated = Updated::default();
    let mut explained = Vec::new();
    for line in list.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            updated.text += line;
            updated.text.push('\n');
            continue;
        }
        let entry = KnownFailing::parse(trimmed)?;
        let mine: Vec<_> = results.iter().filter(|r| entry.explains(r.id, r.failure)).map(|r| r.id).collect();
        if mine.is_empty() {
            updated.dropped.push(trimmed.to_owned());
        } else {
            explained.extend(mine);
            updated.text += line;
            updated.text.push('\n');
        }
    }
    for result in results {
        if !matches!(result.status, Status::Fail | Status::Xfail) || explained.contains(&result.id) {
            continue;
        }
        match result.failure.and_then(|f| Some((f.requirement.as_deref()?, f))) {
            Some((requirement, failure)) => {
                let line = format!("{} # {requirement}: {} # {link}", result.id, part(&failure.did));
                updated.text += &line;
                updated.text.push('\n');
                updated.added.push(line);
                explained.push(result.id);
            }
            None => updated.unknown.push(result.id.to_owned()),
        }
    }
    Ok(updated)
}

/// A part of what a half did that an entry can hold.
fn part(did: &str) -> &str {
    let line = did.lines().next().unwrap_or_default();
    let line = line.split(" # ").next().unwrap_or_default();
    let end = line.char_indices().nth(DID).map_or(line.len(), |(end, _)| end);
    line[..end].trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(requirement: Option<&str>, did: &str) -> Failure {
        Failure { step: None, requirement: requirement.map(str::to_owned), did: did.to_owned(), legal: Vec::new() }
    }

    #[test]
    fn entries_that_explain_nothing_go_and_new_failures_come() {
        let list = "# ours\n\
                    EXE/a # ECP-DEC-001: refused # https://x/1\n\
                    EXE/b # ECP-DEC-002: refused # https://x/2\n";
        let (known, new) = (failure(Some("ECP-DEC-001"), "refused it"), failure(Some("ECP-VAL-001"), "said # no"));
        let early = failure(None, "said nothing");
        let results = [
            Result { id: "EXE/a", status: Status::Xfail, failure: Some(&known) },
            Result { id: "EXE/b", status: Status::Xpass, failure: None },
            Result { id: "EXE/c", status: Status::Fail, failure: Some(&new) },
            Result { id: "EXE/d", status: Status::Fail, failure: Some(&early) },
            Result { id: "EXE/e", status: Status::Pass, failure: None },
        ];
        let updated = update(list, &results, "https://x/3").unwrap();
        assert_eq!(
            updated.text,
            "# ours\nEXE/a # ECP-DEC-001: refused # https://x/1\nEXE/c # ECP-VAL-001: said # https://x/3\n"
        );
        assert_eq!((updated.added.len(), updated.dropped.len()), (1, 1));
        assert_eq!(updated.unknown, ["EXE/d"]);
        KnownFailing::parse(&updated.text).unwrap();
    }
}
