//! `conformance run`.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, ValueEnum};
use globset::GlobBuilder;

use super::{CliError, Exit};
use crate::{
    case::{Cases, KNOWN_FEATURES, Registry, Role},
    execution_role::Settings,
    report::{self, Provenance, Report},
    run::{Plan, PlanInput, RunError, Shard, execute},
    schema::Profile,
    subject::{Address, HalfManifest, Manifest, Subject},
    verdict::{KnownFailing, Status},
    wire,
    workload::TEST_CHAIN,
};

/// Which half is certified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RoleArg {
    /// The execution half.
    Execution,
    /// The consensus half.
    Consensus,
}

impl RoleArg {
    const fn role(self) -> Role {
        match self {
            Self::Execution => Role::Execution,
            Self::Consensus => Role::Consensus,
        }
    }
}

/// How much runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProfileArg {
    /// Seconds: whether anything works.
    Smoke,
    /// What conformance means.
    Core,
    /// Everything.
    Full,
}

impl ProfileArg {
    pub(super) const fn profile(self) -> Profile {
        match self {
            Self::Smoke => Profile::Smoke,
            Self::Core => Profile::Core,
            Self::Full => Profile::Full,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Smoke => "smoke",
            Self::Core => "core",
            Self::Full => "full",
        }
    }
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Which half is certified.
    #[arg(long)]
    role: RoleArg,
    /// How much runs; each profile contains the smaller ones.
    #[arg(long, default_value = "core")]
    profile: ProfileArg,
    /// Manifest of the client: a TOML file with its command line and what it claims.
    #[arg(long, value_name = "FILE", group = "half")]
    manifest: Option<PathBuf>,
    /// Address of a half that runs already: unix:/path or http://host:port. Nothing is killed then.
    #[arg(long, value_name = "URL", group = "half")]
    addr: Option<String>,
    /// Feature of the protocol that the half claims, beside those of its manifest.
    #[arg(long = "feature", value_name = "F")]
    features: Vec<String>,
    /// Only cases whose id matches, such as 'EXE/decide/**'.
    #[arg(long, value_name = "GLOB")]
    only: Option<String>,
    /// List of known failures: CASE # ECP-XXX-NNN: part of what the half does # https://link
    #[arg(long, value_name = "FILE")]
    known_failing: Option<PathBuf>,
    /// Only this part of the cases.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Cases that run at the same time. Default: the number of processors.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Seed of keys, ids and chains.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Folder for report.json, junit.xml, report.html and transcripts.
    #[arg(long, value_name = "DIR", default_value = "conformance-out")]
    out: PathBuf,
    /// Command that starts the half. Placeholders: {socket} {data} {genesis} {keys} {p2p} {peers} {index} {jsonrpc}.
    #[arg(last = true, value_name = "COMMAND", group = "half")]
    command: Vec<String>,
}

/// A half with its name and claims.
pub(super) struct Half {
    pub name: String,
    pub subject: Subject,
    pub features: Vec<String>,
    pub workloads: Vec<String>,
}

impl RunArgs {
    fn half(&self) -> Result<Half, CliError> {
        let test_chain = || vec![TEST_CHAIN.to_owned()];
        if let Some(path) = &self.manifest {
            let manifest = Manifest::load(path).map_err(CliError::usage)?;
            let half = match self.role {
                RoleArg::Execution => manifest.execution,
                RoleArg::Consensus => manifest.consensus,
            };
            let role = self.role.role().name();
            let half = half.ok_or_else(|| CliError::usage(format!("{} has no [{role}]", path.display())))?;
            let (features, workloads) = (half.features.clone(), half.workloads.clone());
            return Ok(Half { name: manifest.name, subject: Subject::Launched(half), features, workloads });
        }
        if let Some(address) = &self.addr {
            if self.role == RoleArg::Consensus {
                let text = "a consensus half calls the suite, so the suite starts it: give its command or manifest";
                return Err(CliError::usage(text));
            }
            let address = Address::parse(address).map_err(CliError::usage)?;
            return Ok(Half {
                name: address.to_string(),
                subject: Subject::Running(address),
                features: Vec::new(),
                workloads: test_chain(),
            });
        }
        if self.command.is_empty() {
            let text = "say which half: --manifest FILE, --addr URL, or -- COMMAND ARGS...";
            return Err(CliError::usage(text));
        }
        let half = HalfManifest::of_command(self.command.clone());
        half.check().map_err(CliError::usage)?;
        let program = self.command.first().map(String::as_str).unwrap_or_default();
        let name = program.rsplit('/').next().unwrap_or(program).to_owned();
        let workloads = half.workloads.clone();
        Ok(Half { name, subject: Subject::Launched(half), features: Vec::new(), workloads })
    }
}

/// Runs cases and writes reports.
pub(super) async fn run(args: RunArgs) -> Result<Exit, CliError> {
    let mut half = args.half()?;
    for feature in &args.features {
        if !KNOWN_FEATURES.contains(&feature.as_str()) {
            return Err(CliError::usage(format!("--feature {feature}: known are {}", KNOWN_FEATURES.join(", "))));
        }
        if !half.features.contains(feature) {
            half.features.push(feature.clone());
        }
    }
    let known = match &args.known_failing {
        Some(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|e| CliError::usage(format!("{}: {e}", path.display())))?;
            KnownFailing::parse(&text).map_err(|e| CliError::usage(format!("{}: {e}", path.display())))?
        }
        None => KnownFailing::default(),
    };
    let request = Request {
        role: args.role.role(),
        half,
        profile: args.profile,
        only: args.only,
        known,
        shard: args.shard,
        jobs: args.jobs.unwrap_or_else(processors),
        seed: args.seed,
        out: args.out,
    };
    let out = request.out.clone();
    let report = certify(request, &Suite::load()?).await?.report;
    print!("{}", summary(&report, &out));
    Ok(exit_of(&report))
}

/// Cases and requirements of this binary.
pub(super) struct Suite {
    pub cases: Cases,
    pub registry: Registry,
}

impl Suite {
    pub(super) fn load() -> Result<Self, CliError> {
        let registry = Registry::embedded().map_err(CliError::suite)?;
        let cases = Cases::embedded().map_err(CliError::suite)?;
        Ok(Self { cases, registry })
    }
}

/// What is to be run on which half.
pub(super) struct Request {
    pub role: Role,
    pub half: Half,
    pub profile: ProfileArg,
    pub only: Option<String>,
    pub known: KnownFailing,
    pub shard: Option<Shard>,
    pub jobs: usize,
    pub seed: u64,
    pub out: PathBuf,
}

/// A report, and what the half wrote to its output in each case.
pub(super) struct Certified {
    pub report: Report,
    pub logs: BTreeMap<String, String>,
}

/// How many cases run at the same time by default.
pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs cases on a half and writes the reports.
pub(super) async fn certify(request: Request, suite: &Suite) -> Result<Certified, CliError> {
    let Request { role, half, profile, only, known, shard, jobs, seed, out } = request;
    let matcher = match &only {
        Some(pattern) => Some(
            GlobBuilder::new(pattern)
                .literal_separator(true)
                .build()
                .map_err(|e| CliError::usage(format!("--only {pattern}: {e}")))?
                .compile_matcher(),
        ),
        None => None,
    };
    let input = PlanInput {
        role,
        profile: profile.profile(),
        features: half.features.clone(),
        workloads: half.workloads.clone(),
        only: matcher,
        shard,
        launched: half.subject.is_launched(),
    };
    let plan = Plan::make(&suite.cases, &input).map_err(CliError::usage)?;
    let settings = Settings { seed, ..Settings::default() };
    let outcome = execute(&plan, &half.subject, &settings, jobs, Some(&out), known, &suite.registry).await;
    let outcome = outcome.map_err(|error| match error {
        RunError::NotStarted(_) => CliError { exit: Exit::NotStarted, text: error.to_string() },
        _ => CliError::suite(error),
    })?;
    let provenance = Provenance {
        suite_version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: 1,
        protocol_digest: hex::encode(wire::protocol_digest()),
        cases_digest: hex::encode(suite.cases.digest()),
        role,
        name: half.name,
        subject: half.subject.describe(),
        profile: profile.name().to_owned(),
        features: half.features,
        workloads: half.workloads,
        seed,
        shard: shard.map(|s| s.to_string()),
        only,
    };
    let report = Report::new(provenance, outcome.results, outcome.stale, &suite.cases, &suite.registry);
    report::write(&report, &out).map_err(|e| CliError::suite(format!("{}: {e}", out.display())))?;
    Ok(Certified { report, logs: outcome.logs })
}

/// The exit code that a report comes to.
fn exit_of(report: &Report) -> Exit {
    if report.score.harness_errors > 0 {
        Exit::Suite
    } else if report.score.ran() == 0 {
        Exit::NothingRan
    } else if report.passed {
        Exit::Expected
    } else {
        Exit::Unexpected
    }
}

/// What people see at the end: what is unexpected comes last.
fn summary(report: &Report, out: &std::path::Path) -> String {
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
        if let Some(again) = &case.again {
            line(format!("  again       {again}"));
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
    use super::*;
    use crate::{report::CaseReport, verdict::Failure};

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
            took_ms: 12,
        }
    }

    fn report() -> Report {
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

    #[test]
    fn the_summary_says_what_was_done_what_was_legal_and_how_to_see_it_again() {
        insta::assert_snapshot!(summary(&report(), std::path::Path::new("out")));
    }

    #[test]
    fn the_reports_are_written() {
        let folder = tempfile::tempdir().unwrap();
        report::write(&report(), folder.path()).unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        insta::assert_snapshot!("junit", read("junit.xml"));
        insta::assert_snapshot!("html", read("report.html"));
        assert_eq!(serde_json::from_str::<Report>(&read("report.json")).unwrap(), report());
    }

    #[test]
    fn exit_codes_follow_the_report() {
        assert_eq!(exit_of(&report()), Exit::Unexpected);
        let empty = Report { score: crate::report::Score::default(), passed: false, ..report() };
        assert_eq!(exit_of(&empty), Exit::NothingRan);
    }
}
