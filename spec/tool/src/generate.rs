//! What is made from the tables: one list of files with their contents, to be written or compared.

pub mod case_schema;
pub mod go;
pub mod markdown;
mod markdown_indexes;
mod markdown_tables;
pub mod proto;
pub mod rust;
pub mod rust_tables;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{
    coverage::{Case, cases},
    files,
    proto::Proto,
    requirements::Registry,
    tables::Tables,
};

/// Where the suite keeps its cases.
pub const CASES: &str = "conformance/cases";

/// All that a table of a page can be made from.
#[derive(Debug)]
pub struct Sources<'a> {
    /// The tables.
    pub tables: &'a Tables,
    /// The requirements of the pages.
    pub registry: Registry,
    /// The cases of the suite.
    pub cases: Vec<Case>,
    /// The messages of the boundary.
    pub proto: Proto,
}

impl<'a> Sources<'a> {
    /// Reads what is not a table below `root`.
    ///
    /// # Errors
    /// A page, case or protobuf file that cannot be read.
    pub fn load(root: &Path, tables: &'a Tables) -> Result<Self> {
        Ok(Self {
            tables,
            registry: Registry::extract(&files::pages(root)?, &tables.exclusions),
            cases: cases(&files::below(root, CASES, &["yaml"])?)?,
            proto: Proto::load(root)?,
        })
    }
}

/// A file that is made, and what it must contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Where, relative to the root of the repository.
    pub path: PathBuf,
    /// All of it.
    pub text: String,
}

/// Everything that is made from the tables below `root`.
///
/// # Errors
/// A page that cannot be read or whose markers are broken, or `rustfmt` that cannot run.
pub fn outputs(root: &Path, tables: &Tables) -> Result<Vec<Output>> {
    let mut outputs = vec![
        rust_output(root, "spec/types/src/reasons.rs", &rust::reasons(&tables.errors))?,
        rust_output(root, "spec/types/src/limits.rs", &rust::limits(&tables.limits))?,
        output("proto/starknet/ecp/v1alpha1/errors.proto", proto::errors(&tables.errors)),
        output("proto/go/ecp/reasons.go", go::reasons(&tables.errors)),
        output("proto/go/ecp/limits.go", go::limits(&tables.limits)),
    ];
    for (name, text) in [
        ("calls", rust_tables::calls(&tables.calls)),
        ("ordering", rust_tables::ordering(&tables.ordering)),
        ("recovery", rust_tables::recovery(&tables.recovery)),
        ("crash_points", rust_tables::crash_points(&tables.crash_points)),
    ] {
        outputs.push(rust_output(root, &format!("spec/types/src/tables/{name}.rs"), &text)?);
    }
    for (half, machines) in [("execution", &tables.execution), ("consensus", &tables.consensus)] {
        let map = rust_tables::machine_map(half, &machines.machines);
        outputs.push(rust_output(root, &format!("spec/types/src/tables/{half}.rs"), &map)?);
        for machine in &machines.machines {
            let path = format!("spec/types/src/tables/{half}/{}.rs", machine.name);
            outputs.push(rust_output(root, &path, &rust_tables::machine(half, machine))?);
        }
    }
    let sources = Sources::load(root, tables)?;
    let pages = markdown::pages(root, &sources)?;
    outputs.push(output("spec/requirements.json", json(&sources.registry)?));
    outputs.push(output("spec/requirements.schema.json", json(&schemars::schema_for!(Registry))?));
    outputs.push(output("spec/schemas/case.schema.json", json(&case_schema::schema(root)?)?));
    outputs.extend(pages.into_iter().map(|page| Output { path: page.path, text: page.text }));
    Ok(outputs)
}

/// Writes what differs; returns the paths that changed.
///
/// # Errors
/// A file that cannot be written.
pub fn write(root: &Path, outputs: &[Output]) -> Result<Vec<PathBuf>> {
    let stale = stale(root, outputs);
    for output in outputs.iter().filter(|output| stale.contains(&output.path)) {
        let path = root.join(&output.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        }
        std::fs::write(&path, &output.text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(stale)
}

/// Paths whose file is missing or differs.
#[must_use]
pub fn stale(root: &Path, outputs: &[Output]) -> Vec<PathBuf> {
    outputs
        .iter()
        .filter(|output| std::fs::read_to_string(root.join(&output.path)).ok().as_deref() != Some(&output.text))
        .map(|output| output.path.clone())
        .collect()
}

/// JSON with two spaces and a newline at the end.
fn json(value: &impl serde::Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

fn output(path: &str, text: String) -> Output {
    Output { path: path.into(), text }
}

fn rust_output(root: &Path, path: &str, text: &str) -> Result<Output> {
    Ok(output(path, rust::format(root, text).with_context(|| format!("formatting {path}"))?))
}
