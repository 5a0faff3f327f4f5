//! `conformance demo`: the halves that it certifies at its end are those that it ran.

use std::path::{Path, PathBuf};

use super::{
    CliError, Exit,
    run::{Half, ProfileArg, Request, Suite, certify, processors},
};
use crate::{
    case::Role,
    demo::{self, DemoArgs},
    report::Report,
    subject::{HalfManifest, Subject},
    verdict::KnownFailing,
    workload::TEST_CHAIN,
};

/// Runs the demo.
pub(super) async fn demo(args: DemoArgs) -> Result<Exit, CliError> {
    let seed = args.seed;
    match demo::run(args, move |binaries, out| both(binaries, out, seed)).await {
        Ok(()) => Ok(Exit::Expected),
        Err(error) => Err(CliError { exit: Exit::Unexpected, text: format!("{error:#}") }),
    }
}

/// Certifies the reference halves in a folder and says the verdicts.
async fn both(binaries: PathBuf, out: PathBuf, seed: u64) -> anyhow::Result<String> {
    let suite = Suite::load()?;
    let mut sentences = Vec::new();
    for (role, program, arguments) in super::REFERENCE {
        let report = one(&suite, role, &binaries.join(program), arguments, &out, seed).await?;
        anyhow::ensure!(report.passed, "{} See {}", report.verdict, out.join(role.name()).join("report.html").display());
        sentences.push(report.verdict);
    }
    Ok(sentences.join("\n"))
}

async fn one(
    suite: &Suite,
    role: Role,
    program: &Path,
    arguments: &[&str],
    out: &Path,
    seed: u64,
) -> Result<Report, CliError> {
    let command = std::iter::once(program.to_string_lossy().into_owned())
        .chain(arguments.iter().map(|a| (*a).to_owned()))
        .collect();
    let half = Half {
        name: program.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
        subject: Subject::Launched(HalfManifest::of_command(command)),
        features: Vec::new(),
        workloads: vec![TEST_CHAIN.to_owned()],
    };
    let request = Request {
        role,
        half,
        profile: ProfileArg::Smoke,
        only: None,
        known: KnownFailing::default(),
        shard: None,
        jobs: processors(),
        seed,
        out: out.join(role.name()),
    };
    Ok(certify(request, suite).await?.report)
}
