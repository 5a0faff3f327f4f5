//! A report as a person reads it in a terminal.

use std::path::Path;

use super::model::Report;
use crate::verdict::Status;

/// What people see at the end: what is unexpected comes last.
#[must_use]
pub fn summary(report: &Report, out: &Path) -> String {
    let mut text = String::new();
    let mut line = |l: String| {
        text.push_str(&l);
        text.push('\n');
    };
    let quiet = [Status::Pass, Status::NotClaimed, Status::Xfail, Status::Disputed];
    for status in [Status::NotClaimed, Status::Disputed, Status::Xfail] {
        for case in report.cases.iter().filter(|c| c.status == status) {
            let why = case.why.as_deref().or(case.failures.first().map(|f| f.did.as_str())).unwrap_or_default();
            line(format!("{:<13} {} ({}): {why}", status.name(), case.id, case.workload));
        }
    }
    for case in report.cases.iter().filter(|c| !quiet.contains(&c.status)) {
        line(format!("\n{:<13} {} ({})", case.status.name(), case.id, case.workload));
        line(format!("  shows       {}", case.about));
        if let Some(why) = &case.why {
            line(format!("  why         {why}"));
        }
        for failure in &case.failures {
            let step = failure.step.map_or_else(String::new, |s| format!(", step {}", s + 1));
            line(format!(
                "  breaks      {}{step}",
                failure.requirement.as_deref().unwrap_or("nothing yet: the set-up failed")
            ));
            line(format!("  the half    {}", failure.did));
            line(format!("  legal       {}", failure.legal.join(", or ")));
            if let Some(requirement) = failure.requirement.as_ref().and_then(|r| case.broken.get(r)) {
                line(format!("  the rule    {requirement}"));
            }
        }
        for (index, said) in case.output.iter().enumerate() {
            line(format!("  {:<11} {said}", if index == 0 { "its output" } else { "" }));
        }
        if let Some(again) = &case.again {
            line(format!("  again       {again}"));
        }
        if let Some(replay) = &case.replay {
            line(format!("  same bytes  {replay}"));
        }
        if let Some(transcript) = &case.transcript {
            line(format!("  transcript  {}", out.join(transcript).display()));
        }
    }
    for stale in &report.stale_known_failures {
        line(format!("\nSTALE         {stale}\n  why         no case was matched by this known failure"));
    }
    let s = report.score;
    line(format!(
        "\nclaimed {}, verified {}, not claimed {}, failed {}, known failures {}, disputed {}, errors of the suite {}",
        s.claimed, s.verified, s.not_claimed, s.failed, s.known, s.disputed, s.harness_errors
    ));
    line(report.verdict.clone());
    line(format!("report: {}", out.join("report.html").display()));
    text
}

#[cfg(test)]
mod tests {
    use super::super::{example, write};
    use super::*;

    #[test]
    fn the_summary_says_what_was_done_what_was_legal_and_how_to_see_it_again() {
        insta::assert_snapshot!(summary(&example(), Path::new("out")));
    }

    #[test]
    fn the_reports_are_written() {
        let folder = tempfile::tempdir().unwrap();
        write(&example(), folder.path()).unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        insta::assert_snapshot!("junit", read("junit.xml"));
        insta::assert_snapshot!("html", read("report.html"));
        assert_eq!(serde_json::from_str::<Report>(&read("report.json")).unwrap(), example());
    }
}
