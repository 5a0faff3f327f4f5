//! JSON as text: what fits stands on one line, and fields keep the order they were written in.

use serde::Serialize;

/// Longest line that is not broken.
const WIDTH: usize = 120;

/// The text of a value.
pub(crate) fn text(value: &impl Serialize) -> String {
    laid_out(&serde_json::to_string(value).unwrap(), 0)
}

/// `json` is compact; its first line stands behind `indent` spaces.
fn laid_out(json: &str, indent: usize) -> String {
    let spaced = spaced(json);
    let fits = indent + spaced.len() <= WIDTH;
    let Some(open) = json.chars().next().filter(|first| "{[".contains(*first) && !fits) else { return spaced };
    let close = if open == '{' { '}' } else { ']' };
    let inner = indent + 2;
    let items: Vec<String> = items(&json[1..json.len() - 1])
        .into_iter()
        .map(|item| {
            let (key, value) = if open == '{' { item.split_at(colon(item) + 1) } else { ("", item) };
            let gap = if key.is_empty() { "" } else { " " };
            format!("{:inner$}{key}{gap}{}", "", laid_out(value, inner))
        })
        .collect();
    format!("{open}\n{}\n{:indent$}{close}", items.join(",\n"), "")
}

/// Calls `each` with every character outside of a text and its depth.
fn walk(json: &str, mut each: impl FnMut(usize, char, usize)) {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, character) in json.char_indices() {
        if quoted {
            quoted = escaped || character != '"';
            escaped = !escaped && character == '\\';
            continue;
        }
        match character {
            '"' => quoted = true,
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        each(at, character, depth);
    }
}

fn items(json: &str) -> Vec<&str> {
    let mut cuts = Vec::new();
    walk(json, |at, character, depth| {
        if character == ',' && depth == 0 {
            cuts.push(at);
        }
    });
    let starts = std::iter::once(0).chain(cuts.iter().map(|at| at + 1));
    let ends = cuts.iter().copied().chain(std::iter::once(json.len()));
    starts.zip(ends).map(|(start, end)| &json[start..end]).collect()
}

/// Where the key of a member ends. A key is a text, so the first colon outside of one is it.
fn colon(member: &str) -> usize {
    let mut first = None;
    walk(member, |at, character, _| {
        if character == ':' {
            first.get_or_insert(at);
        }
    });
    first.unwrap()
}

fn spaced(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 16);
    let mut last = 0;
    walk(json, |at, character, _| {
        if ":,".contains(character) {
            out.push_str(&json[last..=at]);
            out.push(' ');
            last = at + 1;
        }
    });
    out.push_str(&json[last..]);
    out
}

#[test]
fn a_layout_changes_no_value() {
    let value = serde_json::json!({"a": ["x, \"y\": {", {"b": "\\"}], "c": "z".repeat(WIDTH), "d": {}, "e": []});
    let text = text(&value);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    assert!(text.contains("\"d\": {}") && text.lines().count() > 4);
}
