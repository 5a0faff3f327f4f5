//! Placeholders in command lines.

use std::collections::BTreeMap;

/// All placeholders.
pub const PLACEHOLDERS: [&str; 8] =
    ["{socket}", "{data}", "{genesis}", "{keys}", "{p2p}", "{peers}", "{index}", "{jsonrpc}"];

/// Values of the placeholders for one instance.
#[derive(Debug, Clone, Default)]
pub struct Placeholders(BTreeMap<&'static str, String>);

impl Placeholders {
    /// Sets the value of `{name}`. Names that are no placeholder are the caller's mistake and are ignored.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let placeholder = PLACEHOLDERS.iter().find(|p| p.trim_matches(['{', '}']) == name);
        debug_assert!(placeholder.is_some(), "{name} is no placeholder");
        if let Some(placeholder) = placeholder {
            self.0.insert(placeholder, value.into());
        }
    }

    /// `text` with all placeholders replaced; those without a value become empty.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        PLACEHOLDERS
            .iter()
            .fold(text.to_owned(), |text, name| text.replace(name, self.0.get(name).map_or("", String::as_str)))
    }
}

/// A name in braces that is no placeholder.
pub(super) fn unknown(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let tail = &rest[start..];
        let end = tail.find('}')?;
        let name = &tail[1..end];
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_name && !PLACEHOLDERS.contains(&&tail[..=end]) {
            return Some(name);
        }
        rest = &tail[end + 1..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_and_finds_unknown_ones() {
        let mut values = Placeholders::default();
        values.set("socket", "/tmp/s");
        assert_eq!(values.fill("unix:{socket}{peers}"), "unix:/tmp/s");
        assert_eq!(unknown("--log={\"a\": 1} {data}"), None);
        assert_eq!(unknown("{data} {sock}"), Some("sock"));
    }
}
