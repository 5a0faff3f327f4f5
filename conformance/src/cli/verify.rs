//! `conformance verify-report`.

use std::path::PathBuf;

use clap::Args;

use super::{CliError, Exit};
use crate::{
    case::{Cases, Registry},
    report::{REPORT_FORMAT, Report},
    verdict::Status,
    wire,
};

/// Arguments of `verify-report`.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// report.json of a run.
    report: PathBuf,
}

/// Checks that a report follows from what it says, and that it is of this suite.
pub(super) fn verify(args: &VerifyArgs) -> Result<Exit, CliError> {
    let shown = args.report.display();
    let text = std::fs::read_to_string(&args.report).map_err(|e| CliError::usage(format!("{shown}: {e}")))?;
    let report: Report = serde_json::from_str(&text).map_err(|e| CliError::usage(format!("{shown}: {e}")))?;
    let registry = Registry::embedded().map_err(CliError::suite)?;
    let cases = Cases::embedded().map_err(CliError::suite)?;
    let complaints = complaints(&report, &cases, &registry);
    for complaint in &complaints {
        println!("{shown}: {complaint}");
    }
    if complaints.is_empty() {
        println!("{shown}: {}", report.verdict);
        return Ok(Exit::Expected);
    }
    Ok(Exit::Unexpected)
}

fn complaints(report: &Report, cases: &Cases, registry: &Registry) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut check = |holds: bool, text: &str| {
        if !holds {
            complaints.push(text.to_owned());
        }
    };
    let provenance = &report.provenance;
    check(report.format == REPORT_FORMAT, "the format is not known");
    check(provenance.suite_version == env!("CARGO_PKG_VERSION"), "it was made by another version of the suite");
    check(provenance.protocol_digest == hex::encode(wire::protocol_digest()), "it is about another protocol");
    check(provenance.cases_digest == hex::encode(cases.digest()), "its cases are not those of this suite");
    for case in &report.cases {
        let known = cases.get(&case.id).filter(|c| c.schema.verifies == case.verifies);
        check(known.is_some(), &format!("{} is no case of this suite", case.id));
        let failed = case.status == Status::Fail;
        check(!failed || !case.failures.is_empty(), &format!("{} failed for nothing", case.id));
        check(case.status != Status::Pass || case.failures.is_empty(), &format!("{} passed with failures", case.id));
    }
    let again =
        Report::new(provenance.clone(), report.cases.clone(), report.stale_known_failures.clone(), cases, registry);
    check(again == *report, "score, verdict or requirements do not follow from its cases");
    complaints
}
