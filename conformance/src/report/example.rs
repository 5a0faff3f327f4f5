//! A report for tests of its forms.

use std::collections::BTreeMap;

use super::model::{CaseReport, Provenance, Report};
use crate::{
    case::{Cases, Registry, Role},
    verdict::{Failure, Status},
    workload::TEST_CHAIN,
};

fn case(id: &str, status: Status) -> CaseReport {
    CaseReport {
        id: id.to_owned(),
        about: "A decided candidate becomes the committed head.".to_owned(),
        workload: TEST_CHAIN.to_owned(),
        status,
        verifies: vec!["ECP-DEC-002".to_owned()],
        why: None,
        failures: Vec::new(),
        broken: BTreeMap::new(),
        transcript: Some(format!("transcripts/{id}.test-chain.binpb")),
        again: Some(format!("conformance run --role execution --only '{id}' --seed 1 -- ./half {{socket}}")),
        replay: None,
        output: Vec::new(),
        took_ms: 12,
    }
}

/// A report with a failure, for tests of its forms.
pub(crate) fn example() -> Report {
    let rule = "The execution half MUST answer a Decide that repeats the committed height and commitment with OK.";
    let failed = CaseReport {
        failures: vec![
            Failure {
                step: Some(5),
                requirement: Some("ECP-DEC-002".to_owned()),
                did: "refused with CONFLICT (FAILED_PRECONDITION): decided before".to_owned(),
                legal: vec!["a reply with {\"committed\":{\"height\":\"$P.height\"}}".to_owned()],
            },
            Failure {
                step: None,
                requirement: None,
                did: "said nothing for 10000 ms".to_owned(),
                legal: vec!["success".to_owned()],
            },
        ],
        broken: BTreeMap::from([("ECP-DEC-002".to_owned(), rule.to_owned())]),
        replay: Some("conformance replay out/transcripts/EXE/decide/commits.test-chain.binpb -- ./half".to_owned()),
        output: vec!["opening /tmp/ecp/d0".to_owned(), "height 1: the lock is held".to_owned()],
        ..case("EXE/decide/commits", Status::Fail)
    };
    let skipped = CaseReport {
        why: Some("needs the feature FINALIZE".to_owned()),
        transcript: None,
        again: None,
        ..case("EXE/decide/finalize", Status::NotClaimed)
    };
    let provenance = Provenance {
        suite_version: "0.1.0".to_owned(),
        revision: 1,
        protocol_digest: "00".to_owned(),
        cases_digest: "11".to_owned(),
        role: Role::Execution,
        name: "half".to_owned(),
        subject: vec!["./half".to_owned(), "{socket}".to_owned()],
        profile: "core".to_owned(),
        features: Vec::new(),
        workloads: vec![TEST_CHAIN.to_owned()],
        seed: 1,
        shard: None,
        only: None,
    };
    let results = vec![failed, skipped, case("EXE/decide/other", Status::Pass)];
    let registry = Registry::of_ids(["ECP-DEC-002"]);
    Report::new(
        provenance,
        results,
        vec!["EXE/old # ECP-DEC-001: x # https://x".to_owned()],
        &Cases::default(),
        &registry,
    )
}
