//! What a report says.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    case::{Level, Role},
    verdict::{Failure, Status},
};

/// The value of `format` in a report of this suite.
pub const REPORT_FORMAT: &str = "ecp-conformance-report/1";

/// A report (ECP-CNF-001).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Report of the conformance suite")]
pub struct Report {
    /// Always `ecp-conformance-report/1`.
    #[schemars(extend("const" = REPORT_FORMAT))]
    pub format: String,
    /// The verdict of the run, one sentence.
    pub verdict: String,
    /// Whether all is as expected.
    pub passed: bool,
    /// The score.
    pub score: Score,
    /// What ran, on what.
    pub provenance: Provenance,
    /// Every case of the role, by id.
    pub cases: Vec<CaseReport>,
    /// Every requirement on the half, by id.
    pub requirements: Vec<RequirementReport>,
    /// Entries of the list of known failures that no case was matched by.
    pub stale_known_failures: Vec<String>,
}

/// Three numbers that no skip can raise, and what is behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Cases that the half claims to pass.
    pub claimed: u32,
    /// Cases of these that it passed.
    pub verified: u32,
    /// Cases that need what the half does not claim.
    pub not_claimed: u32,
    /// Cases that failed unexpectedly.
    pub failed: u32,
    /// Cases that failed as the list of known failures says.
    pub known: u32,
    /// Cases that passed although the list says that they fail.
    pub passed_unexpectedly: u32,
    /// Cases that ran and are not scored.
    pub disputed: u32,
    /// Cases in which the suite itself failed.
    pub harness_errors: u32,
}

/// What ran, on what: enough to run it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Version of the suite.
    pub suite_version: String,
    /// Revision of the protocol, at least 1.
    #[schemars(range(min = 1))]
    pub revision: u32,
    /// SHA-256 of the protocol's descriptors, hexadecimal.
    #[schemars(regex(pattern = r"^[0-9a-f]{64}$"))]
    pub protocol_digest: String,
    /// SHA-256 over all cases, hexadecimal.
    #[schemars(regex(pattern = r"^[0-9a-f]{64}$"))]
    pub cases_digest: String,
    /// Which half.
    pub role: Role,
    /// Name of the client.
    pub name: String,
    /// Its command line or address.
    pub subject: Vec<String>,
    /// Profile.
    pub profile: String,
    /// Features that it claims.
    pub features: Vec<String>,
    /// Workloads that it claims.
    pub workloads: Vec<String>,
    /// Seed.
    pub seed: u64,
    /// Shard, as `I/N`, if only a part of the cases ran.
    #[schemars(regex(pattern = r"^[0-9]+/[0-9]+$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// Pattern, if only matching cases ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
}

/// One case on one workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseReport {
    /// Its id.
    #[schemars(regex(pattern = r"^(EXE|CON|PAIR)/[a-z0-9/-]+$"))]
    pub id: String,
    /// What it shows.
    pub about: String,
    /// Workload that it ran on.
    pub workload: String,
    /// What became of it.
    pub status: Status,
    /// Requirements that it verifies.
    #[schemars(length(min = 1), inner(regex(pattern = r"^ECP-[A-Z]{3}-[0-9]{3}$")))]
    pub verifies: Vec<String>,
    /// Why it did not run, or how the suite failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What was not legal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
    /// Texts of the requirements that were broken.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub broken: BTreeMap<String, String>,
    /// Transcript, relative to the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<String>,
    /// Command that runs the case again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<String>,
    /// Command that sends the half the same bytes again, of a case that did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
    /// The last lines that the half wrote to its output, of a case that did not pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// What a run says of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RequirementStatus {
    /// Every case that verifies it passed.
    Verified,
    /// A case failed for it.
    Failed,
    /// No case that verifies it was claimed or ran.
    NotRun,
    /// No case verifies it.
    NoCase,
    /// No case can verify it.
    Excluded,
}

/// A requirement in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementReport {
    /// Its id.
    #[schemars(regex(pattern = r"^ECP-[A-Z]{3}-[0-9]{3}$"))]
    pub id: String,
    /// How strict it is.
    pub level: Level,
    /// What the run says of it.
    pub status: RequirementStatus,
    /// Cases that verify it.
    pub cases: Vec<String>,
}
