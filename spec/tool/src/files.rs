//! Finds files of the repository, in a stable order.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Pages of the specification: the Markdown files directly below `spec/`, relative to `root`.
///
/// # Errors
/// The folder cannot be read.
pub fn pages(root: &Path) -> Result<Vec<PathBuf>> {
    let dir = root.join("spec");
    let mut pages = Vec::new();
    for entry in std::fs::read_dir(&dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let name = entry?.file_name();
        if Path::new(&name).extension().is_some_and(|ext| ext == "md") {
            pages.push(Path::new("spec").join(name));
        }
    }
    pages.sort();
    Ok(pages)
}
