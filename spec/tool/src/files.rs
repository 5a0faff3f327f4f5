//! Finds files of the repository, in a stable order.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A page of the specification, or another text file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Where, relative to the root of the repository.
    pub path: PathBuf,
    /// All of it.
    pub text: String,
}

/// Folders that hold nothing of ours, or deliberately wrong texts.
const SKIPPED: [&str; 6] = ["target", "node_modules", "third_party", "spec/tool", ".git", "__pycache__"];

/// Pages of the specification: the Markdown files directly below `spec/`.
///
/// # Errors
/// The folder or a page cannot be read.
pub fn pages(root: &Path) -> Result<Vec<Page>> {
    let mut pages = Vec::new();
    for path in entries(&root.join("spec"))? {
        if path.is_file() && path.extension().is_some_and(|ext| ext == "md") {
            pages.push(read(root, &path)?);
        }
    }
    Ok(pages)
}

/// Text files below `folder` with one of these extensions; nothing if the folder does not exist.
///
/// # Errors
/// A folder or file cannot be read.
pub fn below(root: &Path, folder: &str, extensions: &[&str]) -> Result<Vec<Page>> {
    let mut found = Vec::new();
    let mut todo = vec![root.join(folder)];
    while let Some(dir) = todo.pop() {
        if !dir.is_dir() {
            continue;
        }
        for path in entries(&dir)? {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            if SKIPPED.iter().any(|skipped| relative.ends_with(skipped)) || path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().and_then(|ext| ext.to_str()).is_some_and(|ext| extensions.contains(&ext)) {
                found.push(read(root, &path)?);
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let context = || format!("cannot read {}", dir.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).with_context(context)? {
        paths.push(entry.with_context(context)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn read(root: &Path, path: &Path) -> Result<Page> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Page { path: path.strip_prefix(root).unwrap_or(path).to_path_buf(), text })
}
