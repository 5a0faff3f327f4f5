//! `conformance run`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use globset::GlobBuilder;

use super::{CliError, Exit};
use crate::{
    case::{Cases, Registry, Role},
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
            let half =
                manifest.execution.ok_or_else(|| CliError::usage(format!("{} has no [execution]", path.display())))?;
            let (features, workloads) = (half.features.clone(), half.workloads.clone());
            return Ok(Half { name: manifest.name, subject: Subject::Launched(half), features, workloads });
        }
        if let Some(address) = &self.addr {
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
        Ok(Half { name, subject: Subject::Launched(half), features: Vec::new(), workloads: test_chain() })
    }
}

/// Runs cases and writes reports.
pub(super) async fn run(args: RunArgs) -> Result<Exit, CliError> {
    let RoleArg::Execution = args.role;
    let role = Role::Execution;
    let mut half = args.half()?;
    for feature in &args.features {
        if !crate::case::KNOWN_FEATURES.contains(&feature.as_str()) {
            return Err(CliError::usage(format!(
                "--feature {feature}: known are {}",
                crate::case::KNOWN_FEATURES.join(", ")
            )));
        }
        if !half.features.contains(feature) {
            half.features.push(feature.clone());
        }
    }
    let registry = Registry::embedded().map_err(CliError::suite)?;
    let cases = Cases::embedded().map_err(CliError::suite)?;
    let only = match &args.only {
        Some(pattern) => Some(
            GlobBuilder::new(pattern)
                .literal_separator(true)
                .build()
                .map_err(|e| CliError::usage(format!("--only {pattern}: {e}")))?
                .compile_matcher(),
        ),
        None => None,
    };
    let known = match &args.known_failing {
        Some(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|e| CliError::usage(format!("{}: {e}", path.display())))?;
            KnownFailing::parse(&text).map_err(|e| CliError::usage(format!("{}: {e}", path.display())))?
        }
        None => KnownFailing::default(),
    };
    let input = PlanInput {
        role,
        profile: args.profile.profile(),
        features: half.features.clone(),
        workloads: half.workloads.clone(),
        only,
        shard: args.shard,
        launched: half.subject.is_launched(),
    };
    let plan = Plan::make(&cases, &input).map_err(CliError::usage)?;
    let settings = Settings { seed: args.seed, ..Settings::default() };
    let jobs = args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let outcome = execute(&plan, &half.subject, &settings, jobs, Some(&args.out), known, &registry).await;
    let outcome = outcome.map_err(|error| match error {
        RunError::NotStarted(_) => CliError { exit: Exit::NotStarted, text: error.to_string() },
        _ => CliError::suite(error),
    })?;
    let provenance = Provenance {
        suite_version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: 1,
        protocol_digest: hex::encode(wire::protocol_digest()),
        cases_digest: hex::encode(cases.digest()),
        role,
        name: half.name,
        subject: half.subject.describe(),
        profile: args.profile.name().to_owned(),
        features: half.features,
        workloads: half.workloads,
        seed: args.seed,
        shard: args.shard.map(|s| s.to_string()),
        only: args.only,
    };
    let report = Report::new(provenance, outcome.results, outcome.stale, &cases, &registry);
    report::write(&report, &args.out).map_err(|e| CliError::suite(format!("{}: {e}", args.out.display())))?;
    print!("{}", summary(&report, &args.out));
    Ok(exit_of(&report))
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
