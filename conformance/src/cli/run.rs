//! `conformance run`.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, ValueEnum};
use globset::GlobBuilder;

use super::{
    CliError, Exit,
    half::{Half, HalfArgs},
};
use crate::{
    case::{Cases, Registry, Role},
    execution_role::Settings,
    report::{self, Provenance, Report},
    run::{Plan, PlanInput, RunError, Shard, execute},
    schema::Profile,
    verdict::KnownFailing,
    wire,
};

/// Which half is certified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RoleArg {
    /// The execution half.
    Execution,
    /// The consensus half.
    Consensus,
    /// A pair: an execution half and a consensus half that talk to each other.
    Both,
}

impl RoleArg {
    const fn role(self) -> Role {
        match self {
            Self::Execution => Role::Execution,
            Self::Consensus => Role::Consensus,
            Self::Both => Role::Both,
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
    #[command(flatten)]
    half: HalfArgs,
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
}

/// Runs cases and writes reports.
pub(super) async fn run(args: RunArgs) -> Result<Exit, CliError> {
    let half = args.half.half(args.role.role())?;
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
    print!("{}", report::summary(&report, &out));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_follow_the_report() {
        let failed = report::example();
        assert_eq!(exit_of(&failed), Exit::Unexpected);
        let empty = Report { score: report::Score::default(), passed: false, ..failed };
        assert_eq!(exit_of(&empty), Exit::NothingRan);
    }
}
