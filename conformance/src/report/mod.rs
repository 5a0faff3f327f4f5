//! The results of a run: one value, written as JSON, JUnit and HTML.

#[cfg(test)]
mod example;
mod html;
mod junit;
mod model;
mod score;
mod text;

use std::{fs, io, path::Path};

#[cfg(test)]
pub(crate) use example::example;
pub use model::{CaseReport, Provenance, REPORT_FORMAT, Report, RequirementReport, RequirementStatus, Score};
pub use text::summary;

/// Writes all reports into a folder.
pub fn write(report: &Report, out: &Path) -> io::Result<()> {
    fs::create_dir_all(out)?;
    let mut json = serde_json::to_vec_pretty(report).map_err(io::Error::other)?;
    json.push(b'\n');
    fs::write(out.join("report.json"), json)?;
    fs::write(out.join("junit.xml"), junit::render(report).map_err(io::Error::other)?)?;
    fs::write(out.join("report.html"), html::render(report).map_err(io::Error::other)?)
}
