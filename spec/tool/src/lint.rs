//! Reads the pages and the sources, and says what breaks the rules of the specification's text.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::{
    files::{self, Page},
    grammar,
    requirements::{Level, Placed, extract, ids},
    tables::{Calls, Exclusions, Tables, Withdrawn},
};

/// Keywords that have a place in requirements only.
const KEYWORDS: [&str; 8] = ["MUST", "SHALL", "SHOULD", "MAY", "REQUIRED", "RECOMMENDED", "OPTIONAL", "CANNOT"];
/// A page is read in a quarter of an hour.
const PAGE_LINES: usize = 400;
/// One requirement in this many may be excluded.
const EXCLUDED_ONE_IN: usize = 20;
/// The list of pages, for readers of the book.
const SUMMARY: &str = "spec/SUMMARY.md";
/// Tables that name every requirement, and so say nothing about whether one is used.
const INDEXES: [&str; 2] = ["spec/tables/answers-", "spec/tables/days.toml"];
/// The table of tombstones.
const WITHDRAWN: &str = "spec/tables/withdrawn.toml";
/// Pages that may speak of a requirement that was withdrawn.
const HISTORY: [&str; 3] = ["spec/revisions.md", "spec/decisions.md", "spec/changes.md"];
/// What the section of each call says, in this order.
pub const CALL_PARTS: [&str; 10] = [
    "Purpose.",
    "Preconditions.",
    "Request.",
    "Reply.",
    "Behavior",
    "Order of checks.",
    "Idempotency.",
    "Deadline.",
    "Errors.",
    "State after.",
];
/// Ids with these numbers stand for "an id that does not exist" in tests and examples.
const RESERVED_NUMBERS: [&str; 2] = ["000", "999"];

/// A rule of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A block begins like a requirement and is none.
    Malformed,
    /// An id stands twice.
    DuplicateId,
    /// A keyword stands outside of a requirement.
    StrayKeyword,
    /// A requirement has not exactly the keyword of its level.
    KeywordCount,
    /// A requirement does not begin with its actor, or is not one sentence.
    Sentence,
    /// An id is cited that no page has.
    UnknownId,
    /// Nothing cites the requirement: no comment, table or case. A warning.
    Orphan,
    /// A page is too long.
    PageLength,
    /// A link leads nowhere.
    BrokenLink,
    /// A line holds more than one sentence.
    TwoSentences,
    /// Too many requirements are excluded.
    ExclusionBudget,
    /// The rules of a grammar do not belong together.
    Grammar,
    /// A page does not stand in the summary.
    NotInSummary,
    /// The id of a requirement that was withdrawn is used again.
    Withdrawn,
    /// A requirement is cited that was withdrawn. A warning.
    StaleCitation,
    /// A cell of a table is empty.
    EmptyCell,
    /// A line of a diagram that its language does not understand.
    Diagram,
    /// The section of a call lacks a part, or has them in another order.
    CallParts,
}

impl Rule {
    /// Whether a finding fails the lint.
    #[must_use]
    pub const fn fatal(self) -> bool {
        !matches!(self, Self::Orphan | Self::StaleCitation)
    }

    /// The name in the output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::DuplicateId => "duplicate-id",
            Self::StrayKeyword => "stray-keyword",
            Self::KeywordCount => "keyword-count",
            Self::Sentence => "sentence",
            Self::UnknownId => "unknown-id",
            Self::Orphan => "orphan",
            Self::PageLength => "page-length",
            Self::BrokenLink => "broken-link",
            Self::TwoSentences => "two-sentences",
            Self::ExclusionBudget => "exclusion-budget",
            Self::Grammar => "grammar",
            Self::NotInSummary => "not-in-summary",
            Self::Withdrawn => "withdrawn",
            Self::StaleCitation => "stale-citation",
            Self::EmptyCell => "empty-cell",
            Self::Diagram => "diagram",
            Self::CallParts => "call-parts",
        }
    }
}

/// A place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where.
    pub path: PathBuf,
    /// Its line, from 1.
    pub line: usize,
    /// Which rule.
    pub rule: Rule,
    /// What is wrong and what to do.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.rule.fatal() { "error" } else { "warning" };
        write!(f, "{}:{}: {kind} [{}] {}", self.path.display(), self.line, self.rule.as_str(), self.text)
    }
}

/// Lints the repository: its pages, and every source that cites an id.
///
/// # Errors
/// A file cannot be read.
pub fn repository(root: &Path, tables: &Tables) -> Result<Vec<Finding>> {
    let pages = files::pages(root)?;
    let sources: Vec<Page> = files::below(root, "", &["rs", "go", "proto", "toml", "yaml", "qnt", "md"])?
        .into_iter()
        .filter(|source| !pages.iter().any(|page| page.path == source.path))
        .collect();
    let exists = |page: &Path, link: &str| {
        let target = page.parent().unwrap_or(Path::new("")).join(link);
        root.join(target).exists()
    };
    let mut findings = texts(&pages, &sources, &tables.exclusions, &tables.withdrawn, exists);
    findings.extend(call_parts(&pages, &tables.calls));
    findings.sort();
    Ok(findings)
}

/// Lints texts. `sources` are files that cite ids; `exists` says whether a relative link of a page leads somewhere.
#[must_use]
pub fn texts(
    pages: &[Page],
    sources: &[Page],
    exclusions: &Exclusions,
    withdrawn: &Withdrawn,
    exists: impl Fn(&Path, &str) -> bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut placed = Vec::new();
    for page in pages {
        let (found, malformed) = extract(page);
        findings.extend(malformed.into_iter().map(|m| finding(&page.path, m.line, Rule::Malformed, m.text)));
        findings.extend(prose(page, &exists));
        findings.extend(grammars(page));
        placed.extend(found);
    }
    let mut seen = BTreeMap::new();
    for Placed { requirement, path, line } in &placed {
        if withdrawn.get(&requirement.id).is_some() {
            let text = format!("{} was withdrawn, and its number is never used again", requirement.id);
            findings.push(finding(path, *line, Rule::Withdrawn, text));
        }
        if let Some(first) = seen.insert(requirement.id.clone(), format!("{}:{line}", path.display())) {
            let text = format!("{} stands at {first} already", requirement.id);
            findings.push(finding(path, *line, Rule::DuplicateId, text));
        }
    }
    findings.extend(placed.iter().flat_map(sentence));
    let known: BTreeSet<&str> = placed.iter().map(|p| p.requirement.id.as_str()).collect();
    let mut cited = BTreeSet::new();
    for source in pages.iter().chain(sources) {
        let in_pages = pages.iter().any(|page| page.path == source.path);
        let index = INDEXES.iter().any(|index| source.path.to_string_lossy().starts_with(index));
        let lines = source.text.lines().enumerate();
        for (number, line) in lines.filter(|(_, line)| !in_pages || !line.starts_with("> **ECP-")) {
            for (_, id) in ids(line).filter(|(_, id)| !RESERVED_NUMBERS.iter().any(|number| id.ends_with(number))) {
                if let Some(tombstone) = withdrawn.get(id) {
                    if !index_of_withdrawn(&source.path) {
                        let text = format!("{id} was withdrawn: {}", tombstone.instead);
                        findings.push(finding(&source.path, number + 1, Rule::StaleCitation, text));
                    }
                } else if !known.contains(id) {
                    let text = format!("no page has {id}");
                    findings.push(finding(&source.path, number + 1, Rule::UnknownId, text));
                } else if !in_pages && !index {
                    cited.insert(id.to_owned());
                }
            }
        }
    }
    for Placed { requirement, path, line } in &placed {
        if !cited.contains(&requirement.id) {
            let text = format!("nothing cites {}: no comment, table or case", requirement.id);
            findings.push(finding(path, *line, Rule::Orphan, text));
        }
    }
    findings.extend(summary(pages));
    let must = placed.iter().filter(|p| p.requirement.level == Level::Must).count();
    if exclusions.exclusions.len() * EXCLUDED_ONE_IN > must {
        let text = format!(
            "{} of {must} requirements are excluded: at most one in {EXCLUDED_ONE_IN}",
            exclusions.exclusions.len()
        );
        findings.push(finding(Path::new("spec/tables/exclusions.toml"), 1, Rule::ExclusionBudget, text));
    }
    findings.sort();
    findings
}

/// Whether this file lists tombstones.
fn index_of_withdrawn(path: &Path) -> bool {
    path == Path::new(WITHDRAWN) || HISTORY.iter().any(|page| path == Path::new(page))
}

fn finding(path: &Path, line: usize, rule: Rule, text: String) -> Finding {
    Finding { path: path.to_path_buf(), line, rule, text }
}

/// Every page stands in the summary, if there is one.
fn summary(pages: &[Page]) -> Vec<Finding> {
    let Some(summary) = pages.iter().find(|page| page.path == Path::new(SUMMARY)) else { return Vec::new() };
    let linked: BTreeSet<&str> = summary.text.lines().flat_map(links).collect();
    let missing = pages.iter().filter(|page| {
        page.path != summary.path
            && page.path.file_name().and_then(|name| name.to_str()).is_some_and(|name| !linked.contains(name))
    });
    missing.map(|page| finding(&page.path, 1, Rule::NotInSummary, format!("{SUMMARY} does not link it"))).collect()
}

/// The section of each call on its page has every part, in order.
#[must_use]
pub fn call_parts(pages: &[Page], calls: &Calls) -> Vec<Finding> {
    let mut findings = Vec::new();
    for call in &calls.calls {
        let Some(page) = pages.iter().find(|page| page.path == Path::new("spec").join(&call.page)) else {
            let text = format!("the page {} of {} does not exist", call.page, call.name);
            findings.push(finding(Path::new("spec/tables/calls.toml"), 1, Rule::CallParts, text));
            continue;
        };
        let heading = format!("## {}", call.name);
        let mut lines = page.text.lines().enumerate().skip_while(|(_, line)| *line != heading);
        let Some((at, _)) = lines.next() else {
            let text = format!("there is no section `{heading}`");
            findings.push(finding(&page.path, 1, Rule::CallParts, text));
            continue;
        };
        let section = lines.take_while(|(_, line)| !line.starts_with("## "));
        let said: Vec<&str> = section.filter_map(|(_, line)| line.strip_prefix("**")).collect();
        let mut from = 0;
        for part in CALL_PARTS {
            match said.iter().skip(from).position(|line| line.starts_with(part)) {
                Some(found) => from += found + 1,
                None => {
                    let text = format!("{} has no part `**{part}` at its place", call.name);
                    findings.push(finding(&page.path, at + 1, Rule::CallParts, text));
                }
            }
        }
    }
    findings
}

/// Every block of ABNF.
fn grammars(page: &Page) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut block: Option<(usize, String)> = None;
    for (number, line) in page.text.lines().enumerate() {
        match &mut block {
            None if line == "```abnf" => block = Some((number + 1, String::new())),
            None => {}
            Some((at, text)) if line.starts_with("```") => {
                let problems = grammar::problems(text).into_iter();
                findings.extend(problems.map(|problem| finding(&page.path, *at, Rule::Grammar, problem)));
                block = None;
            }
            Some((_, text)) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    findings
}

/// The sentence of a requirement: its subject, its keyword, its end.
fn sentence(placed: &Placed) -> Vec<Finding> {
    let requirement = &placed.requirement;
    let mut findings = Vec::new();
    let keywords = keywords(&requirement.text);
    if keywords != [requirement.level.as_str()] {
        let text = format!("one keyword, {}: found {}", requirement.level.as_str(), keywords.join(", "));
        findings.push(finding(&placed.path, placed.line, Rule::KeywordCount, text));
    }
    let subject = requirement.actor.subject();
    if !requirement.text.starts_with(subject) {
        let text = format!("the sentence begins with `{}`", subject.trim_end());
        findings.push(finding(&placed.path, placed.line, Rule::Sentence, text));
    }
    if !requirement.text.ends_with('.') || two_sentences(&requirement.text) {
        let text = "a requirement is one sentence and ends with a full stop".into();
        findings.push(finding(&placed.path, placed.line, Rule::Sentence, text));
    }
    findings
}

/// Everything outside of requirements and code.
fn prose(page: &Page, exists: &impl Fn(&Path, &str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut fenced, mut diagram) = (false, false);
    for (number, line) in page.text.lines().enumerate() {
        if line.starts_with("```") {
            fenced = !fenced;
            diagram = line == "```mermaid";
        }
        if diagram && line.contains(';') {
            let text = "a semicolon ends a statement in a diagram, also inside of a text".into();
            findings.push(finding(&page.path, number + 1, Rule::Diagram, text));
        }
        if fenced || line.starts_with("> **ECP-") {
            continue;
        }
        let plain = without_code(line);
        for keyword in keywords(&plain) {
            let text = format!("{keyword} outside of a requirement: number it, or say it in plain words");
            findings.push(finding(&page.path, number + 1, Rule::StrayKeyword, text));
        }
        if !line.starts_with(['|', '>', '#', '-']) && two_sentences(&plain) {
            let text = "one sentence per line".into();
            findings.push(finding(&page.path, number + 1, Rule::TwoSentences, text));
        }
        if empty_cell(line) {
            let text = "a cell of the table is empty: say none, or `–`".into();
            findings.push(finding(&page.path, number + 1, Rule::EmptyCell, text));
        }
        for link in links(&plain) {
            if !link.contains("://") && !link.starts_with('#') {
                let file = link.split('#').next().unwrap_or(link);
                if !exists(&page.path, file) {
                    let text = format!("`{link}` leads nowhere");
                    findings.push(finding(&page.path, number + 1, Rule::BrokenLink, text));
                }
            }
        }
    }
    let length = page.text.lines().count();
    if length > PAGE_LINES {
        let text = format!("{length} lines: at most {PAGE_LINES}, split the page");
        findings.push(finding(&page.path, length, Rule::PageLength, text));
    }
    findings
}

/// Whether the line is a row of a table that has an empty cell.
fn empty_cell(line: &str) -> bool {
    let Some(cells) = line.strip_prefix('|').and_then(|rest| rest.strip_suffix('|')) else { return false };
    cells.replace("\\|", "/").split('|').any(|cell| cell.trim().is_empty())
}

fn keywords(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| KEYWORDS.contains(word)).collect()
}

/// The line without what stands between backticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

fn two_sentences(text: &str) -> bool {
    text.match_indices(". ").any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(|c| c.is_lowercase() || c == ')' || c == '`');
        before && text[at + 2..].starts_with(|c: char| c.is_uppercase()) && !text[..at].starts_with("**")
    })
}

fn links(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("](").filter_map(|(at, _)| line[at + 2..].split_once(')').map(|(link, _)| link))
}
