//! Tests of the tool: tables, generation, lint, coverage, command line.

#![allow(clippy::unwrap_used, reason = "a test that cannot prepare its files fails")]

mod cli;
mod coverage;
mod generate;
mod lint;
mod pages;
mod tables;

use std::path::{Path, PathBuf};

use ecp_spec::files::Page;

/// The root of this repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page(path: &str, text: &str) -> Page {
    Page { path: path.into(), text: text.into() }
}
