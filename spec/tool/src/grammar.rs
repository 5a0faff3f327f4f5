//! ABNF (RFC 5234) in the pages: whether its rules belong together, and which calls it lets through.

use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with the grammar in `text`, the inside of one ```` ```abnf ```` block.
#[must_use]
pub fn problems(text: &str) -> Vec<String> {
    let mut rules: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut first = None;
    let mut current = None;
    let mut problems = Vec::new();
    for line in text.lines() {
        let line = line.split(';').next().unwrap_or_default();
        let elements = if line.starts_with(char::is_whitespace) {
            line
        } else if let Some((name, elements)) = line.split_once('=') {
            let name = name.trim();
            first = first.or(Some(name));
            current = Some(name);
            if rules.insert(name, Vec::new()).is_some() {
                problems.push(format!("the rule {name} stands twice"));
            }
            elements
        } else if line.trim().is_empty() {
            continue;
        } else {
            problems.push(format!("`{}` is neither a rule nor the rest of one", line.trim()));
            continue;
        };
        if let Some(rule) = current.and_then(|name| rules.get_mut(name)) {
            rule.extend(names(elements));
        }
    }
    let used: BTreeSet<&str> = rules.values().flatten().map(String::as_str).collect();
    problems.extend(used.iter().filter(|name| !rules.contains_key(*name)).map(|name| format!("no rule {name}")));
    let idle = rules.keys().filter(|name| !used.contains(*name) && Some(**name) != first);
    problems.extend(idle.map(|name| format!("nothing uses the rule {name}")));
    problems
}

/// The texts between quotation marks.
#[must_use]
pub fn terminals(text: &str) -> BTreeSet<&str> {
    text.lines().flat_map(|line| line.split(';').next().unwrap_or_default().split('"').skip(1).step_by(2)).collect()
}

/// Rule names outside of quotation marks.
fn names(elements: &str) -> Vec<String> {
    let plain: String = elements.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    plain
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()))
        .map(str::to_owned)
        .collect()
}
