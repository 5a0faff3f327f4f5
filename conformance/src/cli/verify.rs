//! `conformance verify-report`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;

use super::{CliError, Exit};
use crate::{
    case::{Cases, Registry},
    report::{REPORT_FORMAT, Report},
    transcript,
    verdict::{Judge, Status},
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
    let mut complaints = complaints(&report, &cases, &registry);
    let folder = args.report.parent().unwrap_or_else(|| Path::new(""));
    let judged = judge_again(&report, &cases, folder, &mut complaints);
    println!("{shown}: {judged} of {} transcripts judged again", report.score.ran());
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

/// Judges the transcripts beside a report once more; how many there were.
fn judge_again(report: &Report, cases: &Cases, folder: &Path, complaints: &mut Vec<String>) -> usize {
    let mut judged = 0;
    for reported in &report.cases {
        let (Some(name), Some(case)) = (&reported.transcript, cases.get(&reported.id)) else { continue };
        let path = folder.join(name);
        if !path.exists() {
            continue;
        }
        let records = match transcript::read(&path) {
            Ok(records) => records,
            Err(error) => {
                complaints.push(format!("{}: {error}", path.display()));
                continue;
            }
        };
        // A half that did not start has said nothing.
        if records.is_empty() {
            continue;
        }
        judged += 1;
        let mut judge = Judge::new(Arc::new(case.clone()));
        records.iter().for_each(|record| judge.observe(record));
        let again = judge.finish();
        // What the list of known failures makes of a status is not in the transcript.
        let status = match reported.status {
            Status::Xfail => Status::Fail,
            Status::Xpass => Status::Pass,
            other => other,
        };
        if again.status != status || again.failures != reported.failures {
            let text = format!(
                "{} on {}: the transcript comes to {}, not to what the report says",
                reported.id,
                reported.workload,
                again.status.name()
            );
            complaints.push(text);
        }
    }
    judged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{self, Record, record::Event};

    #[test]
    fn a_transcript_that_shows_something_else_is_told() {
        let suite = super::super::run::Suite::load().unwrap();
        let case = suite.cases.iter().next().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut report = crate::report::example();
        let mut reported = report.cases[0].clone();
        reported.id = case.id().to_owned();
        reported.status = Status::Pass;
        reported.failures.clear();
        reported.transcript = Some("t".to_owned());
        report.cases = vec![reported];
        let mut complaints = Vec::new();
        assert_eq!(judge_again(&report, &suite.cases, folder.path(), &mut complaints), 0);
        let fault = Event::HarnessFault(schema::HarnessFault { what: "no more memory".to_owned() });
        transcript::write(&folder.path().join("t"), &[Record { at_us: 1, event: Some(fault) }]).unwrap();
        assert_eq!(judge_again(&report, &suite.cases, folder.path(), &mut complaints), 1);
        assert_eq!(complaints.len(), 1);
        assert!(complaints[0].contains("comes to HARNESS_ERROR"), "{complaints:?}");
    }
}
