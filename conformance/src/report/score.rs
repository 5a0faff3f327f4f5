//! Scores and the verdict's sentence, from the cases.

use std::collections::BTreeMap;

use super::model::{CaseReport, Provenance, REPORT_FORMAT, Report, RequirementReport, RequirementStatus, Score};
use crate::{
    case::{Cases, Registry, Role},
    verdict::Status,
};

impl Report {
    /// Makes a report out of the results of a run.
    #[must_use]
    pub fn new(
        provenance: Provenance,
        mut results: Vec<CaseReport>,
        stale_known_failures: Vec<String>,
        cases: &Cases,
        registry: &Registry,
    ) -> Self {
        results.sort_by(|a, b| (&a.id, &a.workload).cmp(&(&b.id, &b.workload)));
        let score = Score::of(&results);
        let requirements = requirements(&provenance, &results, cases, registry);
        let mut report = Self {
            format: REPORT_FORMAT.to_owned(),
            verdict: String::new(),
            passed: score.is_as_expected() && stale_known_failures.is_empty() && score.ran() > 0,
            score,
            provenance,
            cases: results,
            requirements,
            stale_known_failures,
        };
        report.verdict = report.sentence();
        report
    }

    /// The verdict in one sentence, of what the report says.
    #[must_use]
    pub fn sentence(&self) -> String {
        let p = &self.provenance;
        let half = match p.role {
            Role::Both => format!("{} as a pair", p.name),
            role => format!("{} as {} half", p.name, role.name()),
        };
        let scope = format!(
            "revision {}, profile {}, workloads {}, features {}",
            p.revision,
            p.profile,
            p.workloads.join(" and "),
            if p.features.is_empty() { "none".to_owned() } else { p.features.join(" and ") }
        );
        let s = self.score;
        let part = p.only.is_some() || p.shard.is_some();
        if s.harness_errors > 0 {
            return format!("No verdict on {half}: the suite itself failed in {} cases.", s.harness_errors);
        }
        if s.ran() == 0 {
            return format!("No verdict on {half}: nothing ran.");
        }
        if s.failed > 0 || s.passed_unexpectedly > 0 || !self.stale_known_failures.is_empty() {
            let broken: Vec<_> = self
                .requirements
                .iter()
                .filter(|r| r.status == RequirementStatus::Failed)
                .map(|r| r.id.as_str())
                .collect();
            let of = if broken.is_empty() { String::new() } else { format!(" ({})", broken.join(", ")) };
            let known = if s.passed_unexpectedly > 0 || !self.stale_known_failures.is_empty() {
                "; the list of known failures is out of date"
            } else {
                ""
            };
            return format!(
                "{half} does not conform ({scope}): {} of {} claimed cases failed{of}{known}.",
                s.failed, s.claimed
            );
        }
        if s.known > 0 {
            return format!(
                "{half} does not conform yet ({scope}): {} of {} claimed cases verified, {} known failures.",
                s.verified, s.claimed, s.known
            );
        }
        if part {
            return format!(
                "{half} passed the {} cases that were chosen ({scope}); this is no certificate.",
                s.verified
            );
        }
        format!(
            "{half} conforms ({scope}): {} of {} claimed cases verified, {} not claimed.",
            s.verified, s.claimed, s.not_claimed
        )
    }
}

impl Score {
    /// Counts results.
    #[must_use]
    pub fn of(results: &[CaseReport]) -> Self {
        let mut score = Self::default();
        for result in results {
            let counter = match result.status {
                Status::Pass => &mut score.verified,
                Status::Fail => &mut score.failed,
                Status::Xfail => &mut score.known,
                Status::Xpass => &mut score.passed_unexpectedly,
                Status::NotClaimed => &mut score.not_claimed,
                Status::Disputed => &mut score.disputed,
                Status::HarnessError => &mut score.harness_errors,
            };
            *counter += 1;
        }
        score.claimed = score.verified + score.failed + score.known + score.passed_unexpectedly + score.harness_errors;
        score
    }

    /// Cases that ran.
    #[must_use]
    pub const fn ran(&self) -> u32 {
        self.claimed + self.disputed
    }

    /// Whether nothing unexpected happened.
    #[must_use]
    pub const fn is_as_expected(&self) -> bool {
        self.failed == 0 && self.passed_unexpectedly == 0 && self.harness_errors == 0
    }
}

fn requirements(
    provenance: &Provenance,
    results: &[CaseReport],
    cases: &Cases,
    registry: &Registry,
) -> Vec<RequirementReport> {
    let actors: &[&str] = match provenance.role {
        Role::Execution => &["execution"],
        Role::Consensus => &["consensus"],
        Role::Both => &["execution", "consensus"],
    };
    let mut by_requirement: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for case in cases.iter().filter(|c| c.role == provenance.role) {
        for id in &case.schema.verifies {
            by_requirement.entry(id).or_default().push(case.id().to_owned());
        }
    }
    registry
        .iter()
        .filter(|r| actors.contains(&r.role.as_str()))
        .map(|requirement| {
            let cases = by_requirement.remove(requirement.id.as_str()).unwrap_or_default();
            let failed =
                results.iter().flat_map(|r| &r.failures).any(|f| f.requirement.as_ref() == Some(&requirement.id));
            let mine = || results.iter().filter(|r| cases.contains(&r.id));
            let status = if failed {
                RequirementStatus::Failed
            } else if cases.is_empty() {
                if requirement.testable { RequirementStatus::NoCase } else { RequirementStatus::Excluded }
            } else if mine().any(|r| r.status == Status::Pass) && mine().all(|r| r.status != Status::HarnessError) {
                RequirementStatus::Verified
            } else {
                RequirementStatus::NotRun
            };
            RequirementReport { id: requirement.id.clone(), level: requirement.level, status, cases }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(id: &str, status: Status) -> CaseReport {
        CaseReport {
            id: id.to_owned(),
            about: String::new(),
            workload: "test-chain".to_owned(),
            status,
            verifies: vec!["ECP-SES-001".to_owned()],
            why: None,
            failures: Vec::new(),
            broken: BTreeMap::new(),
            transcript: None,
            again: None,
            replay: None,
            output: Vec::new(),
            took_ms: 0,
        }
    }

    fn report(results: Vec<CaseReport>) -> Report {
        let provenance = Provenance {
            suite_version: "0".to_owned(),
            revision: 1,
            protocol_digest: String::new(),
            cases_digest: String::new(),
            role: Role::Execution,
            name: "x".to_owned(),
            subject: Vec::new(),
            profile: "core".to_owned(),
            features: Vec::new(),
            workloads: vec!["test-chain".to_owned()],
            seed: 1,
            shard: None,
            only: None,
        };
        Report::new(provenance, results, Vec::new(), &Cases::default(), &Registry::of_ids(["ECP-SES-001"]))
    }

    #[test]
    fn a_case_that_did_not_run_is_no_pass() {
        let some = report(vec![result("EXE/a", Status::Pass), result("EXE/b", Status::NotClaimed)]);
        assert!(some.passed);
        assert_eq!((some.score.claimed, some.score.verified, some.score.not_claimed), (1, 1, 1));
        let none = report(vec![result("EXE/b", Status::NotClaimed)]);
        assert!(!none.passed);
        assert_eq!(none.verdict, "No verdict on x as execution half: nothing ran.");
    }

    #[test]
    fn whatever_is_unexpected_fails_the_run() {
        for status in [Status::Fail, Status::Xpass, Status::HarnessError] {
            let report = report(vec![result("EXE/a", Status::Pass), result("EXE/b", status)]);
            assert!(!report.passed, "{status:?}");
            assert!(!report.verdict.contains(" conforms"), "{}", report.verdict);
        }
        assert!(report(vec![result("EXE/a", Status::Pass), result("EXE/b", Status::Xfail)]).passed);
    }
}
