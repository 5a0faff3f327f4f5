//! Tables inside the pages, between `<!-- table:NAME -->` and `<!-- /table -->`.

use std::{fmt::Write as _, path::Path};

use anyhow::{Context, Result, bail};

use super::Output;
use crate::tables::{Action, Errors, Limits, Tables, Unit};

/// The pages below `spec/` that hold a marker, with their tables filled in.
///
/// # Errors
/// A page that cannot be read, a marker that is not closed, or a table that does not exist.
pub fn pages(root: &Path, tables: &Tables) -> Result<Vec<Output>> {
    let mut outputs = Vec::new();
    for path in crate::files::pages(root)? {
        let text =
            std::fs::read_to_string(root.join(&path)).with_context(|| format!("cannot read {}", path.display()))?;
        if text.contains("<!-- table:") {
            let text = fill(&text, tables).with_context(|| path.display().to_string())?;
            outputs.push(Output { path, text });
        }
    }
    Ok(outputs)
}

/// One page with its tables filled in.
///
/// # Errors
/// A marker that is not closed, or a table that does not exist.
pub fn fill(page: &str, tables: &Tables) -> Result<String> {
    let mut out = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(name) = line.strip_prefix("<!-- table:").and_then(|rest| rest.strip_suffix(" -->")) else { continue };
        let _ = write!(out, "\n{}\n", table(name, tables)?);
        loop {
            match lines.next() {
                Some("<!-- /table -->") => break,
                Some(inner) if inner.starts_with("<!-- table:") => bail!("table:{name} is not closed before {inner}"),
                Some(_) => {}
                None => bail!("table:{name} is not closed"),
            }
        }
        out.push_str("<!-- /table -->\n");
    }
    Ok(out)
}

fn table(name: &str, tables: &Tables) -> Result<String> {
    let (kind, argument) = name.split_once(' ').unwrap_or((name, ""));
    Ok(match kind {
        "errors" if argument.is_empty() => errors(&tables.errors, None),
        "errors" => errors(&tables.errors, Some(argument)),
        "bare" => bare(&tables.errors),
        "actions" => actions(),
        "limits" => limits(&tables.limits),
        _ => bail!("there is no table `{name}`"),
    })
}

fn errors(table: &Errors, call: Option<&str>) -> String {
    let mut out = String::from("| # | Reason | Status | Action | When | What helps |\n|--:|---|---|---|---|---|\n");
    for (i, row) in table.reasons.iter().enumerate() {
        if call.is_none_or(|call| row.calls.iter().any(|name| name == call)) {
            let _ = writeln!(
                out,
                "| {} | `{}` | `{}` | {} | {} | {} |",
                i + 1,
                row.name,
                row.code.as_str(),
                row.action.as_str(),
                row.meaning,
                row.fix
            );
        }
    }
    out
}

fn bare(table: &Errors) -> String {
    let mut out =
        String::from("| Status | Cause | After a mutating call | After any other call |\n|---|---|---|---|\n");
    for row in &table.bare {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            row.code.as_str(),
            row.cause,
            row.mutating.as_str(),
            row.reading.as_str()
        );
    }
    out
}

fn actions() -> String {
    let mut out = String::from("| Action | What the caller does |\n|---|---|\n");
    for action in Action::ALL {
        let _ = writeln!(out, "| {} | {} |", action.as_str(), action.meaning());
    }
    out
}

fn limits(table: &Limits) -> String {
    let mut out = String::from("| Name | Value | Unit | Requirement | Meaning |\n|---|--:|---|---|---|\n");
    for row in &table.limits {
        let unit = match row.unit {
            Unit::Count => "",
            unit => unit.as_str(),
        };
        let value = super::rust::grouped(row.value).replace('_', ",");
        let _ = writeln!(out, "| `{}` | {value} | {unit} | {} | {} |", row.name, row.requirement, row.meaning);
    }
    out
}
