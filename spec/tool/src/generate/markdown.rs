//! Tables inside the pages, between `<!-- table:NAME -->` and `<!-- /table -->`.

use std::{fmt::Write as _, path::Path};

use anyhow::{Context, Result, bail};

use super::{Sources, markdown_tables::table};
use crate::files::Page;

/// The pages below `spec/`, with their tables filled in.
///
/// # Errors
/// A page that cannot be read, a marker that is not closed, or a table that does not exist.
pub fn pages(root: &Path, sources: &Sources<'_>) -> Result<Vec<Page>> {
    let mut pages = crate::files::pages(root)?;
    for page in &mut pages {
        page.text = fill(&page.text, sources).with_context(|| page.path.display().to_string())?;
    }
    Ok(pages)
}

/// One page with its tables filled in.
///
/// # Errors
/// A marker that is not closed, or a table that does not exist.
pub fn fill(page: &str, sources: &Sources<'_>) -> Result<String> {
    let mut out = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(name) = line.strip_prefix("<!-- table:").and_then(|rest| rest.strip_suffix(" -->")) else { continue };
        let _ = write!(out, "\n{}\n", table(name, sources)?);
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
