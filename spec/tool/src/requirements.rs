//! Requirements, as they stand in the pages and in `requirements.json`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{files::Page, tables::Exclusions};

/// The revision of the protocol that the pages describe.
pub const REVISION: u32 = 1;

/// How strict a requirement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// A half that breaks it does not conform.
    Must,
    /// There can be reasons to break it.
    Should,
    /// A freedom.
    May,
}

impl Level {
    /// The keyword.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Must, Self::Should, Self::May].into_iter().find(|level| level.as_str() == name)
    }
}

/// Whose duty it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// The execution half.
    Execution,
    /// The consensus half.
    Consensus,
    /// Whoever claims conformance.
    Claimant,
}

impl Actor {
    /// The word in a requirement.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::Consensus => "consensus",
            Self::Claimant => "claimant",
        }
    }

    /// How its requirements begin.
    #[must_use]
    pub const fn subject(self) -> &'static str {
        match self {
            Self::Execution => "The execution half ",
            Self::Consensus => "The consensus half ",
            Self::Claimant => "A ",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Execution, Self::Consensus, Self::Claimant].into_iter().find(|actor| actor.as_str() == name)
    }
}

/// Why no case checks it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Excluded {
    /// Which observation is missing.
    pub missing: String,
    /// What checks it instead.
    pub instead: String,
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requirement {
    /// Its id, `ECP-AREA-NNN`, for ever.
    #[schemars(regex(pattern = r"^ECP-[A-Z]{3}-[0-9]{3}$"))]
    pub id: String,
    /// How strict it is.
    pub level: Level,
    /// Whose duty it is.
    pub actor: Actor,
    /// One sentence.
    #[schemars(length(min = 1))]
    pub text: String,
    /// What breaks if it is violated.
    #[schemars(length(min = 1))]
    pub if_violated: String,
    /// The page, relative to the root of the repository.
    #[schemars(regex(pattern = r"^spec/[a-z0-9-]+\.md$"))]
    pub page: String,
    /// The heading that it stands under.
    pub section: String,
    /// Whether a case of the suite is expected: not for MAY, and not for what is excluded.
    pub testable: bool,
    /// Present if no case can check it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded: Option<Excluded>,
}

/// All requirements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Registry of the requirements of ECP")]
pub struct Registry {
    /// The revision of the protocol, at least 1.
    #[schemars(range(min = 1))]
    pub revision: u32,
    /// In the order of their ids.
    pub requirements: Vec<Requirement>,
}

/// A requirement where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The requirement, not yet joined with the exclusions.
    pub requirement: Requirement,
    /// Its page.
    pub path: PathBuf,
    /// Its first line, from 1.
    pub line: usize,
}

/// A block that begins like a requirement and is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Its first line, from 1.
    pub line: usize,
    /// What is wrong.
    pub text: String,
}

impl Registry {
    /// Reads the requirements of all pages; what is malformed is left out, and told by the lint.
    #[must_use]
    pub fn extract(pages: &[Page], exclusions: &Exclusions) -> Self {
        let mut requirements: Vec<Requirement> =
            pages.iter().flat_map(|page| extract(page).0).map(|placed| placed.requirement).collect();
        for requirement in &mut requirements {
            let row = exclusions.get(&requirement.id);
            requirement.excluded =
                row.map(|row| Excluded { missing: row.missing.clone(), instead: row.instead.clone() });
            requirement.testable = requirement.level != Level::May && row.is_none();
        }
        requirements.sort_by(|a, b| a.id.cmp(&b.id));
        Self { revision: REVISION, requirements }
    }
}

/// Requirements of one page, and blocks that should be some.
#[must_use]
pub fn extract(page: &Page) -> (Vec<Placed>, Vec<Malformed>) {
    let (mut found, mut malformed) = (Vec::new(), Vec::new());
    let mut section = String::new();
    let mut fenced = false;
    let mut lines = page.text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        if let Some(heading) = line.strip_prefix('#') {
            section = heading.trim_start_matches('#').trim().to_owned();
        }
        if !line.starts_with("> **ECP-") {
            continue;
        }
        let second = lines.next_if(|(_, next)| next.starts_with('>')).map(|(_, next)| next);
        let extra = lines.peek().is_some_and(|(_, next)| next.starts_with('>'));
        match parse(line, second, extra) {
            Ok(mut requirement) => {
                requirement.page = page.path.display().to_string();
                requirement.section.clone_from(&section);
                found.push(Placed { requirement, path: page.path.clone(), line: number + 1 });
            }
            Err(text) => malformed.push(Malformed { line: number + 1, text }),
        }
    }
    (found, malformed)
}

fn parse(first: &str, second: Option<&str>, extra: bool) -> Result<Requirement, String> {
    let rest = first.strip_prefix("> **").ok_or("a requirement begins with `> **ECP-`")?;
    let (id, rest) = rest.split_once("** (").ok_or("after the id comes `(LEVEL, actor)`")?;
    if ids(id).next().map(|(_, found)| found) != Some(id) {
        return Err(format!("`{id}` is no id: ECP-AREA-NNN, three capitals and three digits"));
    }
    let (kind, text) = rest.split_once(") ").ok_or("after the id comes `(LEVEL, actor)`")?;
    let (level, actor) = kind.split_once(", ").ok_or("after the id comes `(LEVEL, actor)`")?;
    let level = Level::from_name(level).ok_or(format!("`{level}` is no level: MUST, SHOULD or MAY"))?;
    let actor = Actor::from_name(actor).ok_or(format!("`{actor}` is no actor: execution, consensus or claimant"))?;
    let if_violated = second
        .and_then(|line| line.strip_prefix("> If violated: "))
        .ok_or("the second line is `> If violated: ` and what breaks")?;
    if extra {
        return Err("a requirement has two lines".into());
    }
    Ok(Requirement {
        id: id.to_owned(),
        level,
        actor,
        text: text.to_owned(),
        if_violated: if_violated.to_owned(),
        page: String::new(),
        section: String::new(),
        testable: level != Level::May,
        excluded: None,
    })
}

/// Every requirement id in `text`, with its offset.
pub fn ids(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("ECP-").filter_map(|(at, _)| {
        let id = text.get(at..at + 11)?;
        let bytes = id.as_bytes();
        let form = bytes[4..7].iter().all(u8::is_ascii_uppercase)
            && bytes[7] == b'-'
            && bytes[8..].iter().all(u8::is_ascii_digit)
            && !text[at + 11..].starts_with(|c: char| c.is_ascii_digit());
        form.then_some((at, id))
    })
}
