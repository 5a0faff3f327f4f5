//! JUnit, which every CI reads.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::model::{CaseReport, Report};
use crate::verdict::Status;

pub(super) fn render(report: &Report) -> Result<String, quick_junit::SerializeError> {
    let mut junit = Junit::new(format!("ecp-conformance {}", report.provenance.role.name()));
    let mut suite = TestSuite::new(report.provenance.name.clone());
    for case in &report.cases {
        suite.add_test_case(test_case(case));
    }
    junit.add_test_suite(suite);
    junit.to_string()
}

fn test_case(case: &CaseReport) -> TestCase {
    let text = text(case);
    let status = match case.status {
        Status::Pass => TestCaseStatus::success(),
        Status::NotClaimed | Status::Xfail | Status::Disputed => {
            let mut status = TestCaseStatus::skipped();
            status.set_type(case.status.name()).set_message(text);
            status
        }
        Status::Fail | Status::Xpass => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(case.status.name()).set_message(text);
            status
        }
        Status::HarnessError => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type(case.status.name()).set_message(text);
            status
        }
    };
    let mut test = TestCase::new(case.id.clone(), status);
    test.set_classname(case.workload.clone());
    test.set_time(Duration::from_millis(case.took_ms));
    test
}

fn text(case: &CaseReport) -> String {
    let failures = case.failures.iter().map(|f| {
        let requirement = f.requirement.as_deref().unwrap_or("set-up");
        format!("{requirement}: {}; legal: {}", f.did, f.legal.join(", or "))
    });
    case.why.clone().into_iter().chain(failures).collect::<Vec<_>>().join("\n")
}
