//! `conformance demo`: the halves that it certifies at its end are those that it ran.

use std::path::{Path, PathBuf};

use super::{
    CliError, Exit,
    reference::{HALVES, half},
    run::{ProfileArg, Request, Suite, certify, processors},
};
use crate::{
    case::Role,
    demo::{self, DemoArgs},
    report::Report,
    verdict::KnownFailing,
};

/// Runs the demo.
pub(super) async fn demo(args: DemoArgs) -> Result<Exit, CliError> {
    let seed = args.seed;
    match demo::run(args, move |binaries, out| both(binaries, out, seed)).await {
        Ok(()) => Ok(Exit::Expected),
        Err(error) => Err(CliError { exit: Exit::Unexpected, text: format!("{error:#}") }),
    }
}

/// Certifies the reference halves in a folder with the cases of the smoke profile, and says the verdicts.
async fn both(binaries: PathBuf, out: PathBuf, seed: u64) -> anyhow::Result<String> {
    let suite = Suite::load()?;
    let mut sentences = Vec::new();
    for (role, program, _) in HALVES {
        let report = one(&suite, role, &binaries.join(program), &out, seed).await?;
        anyhow::ensure!(
            report.passed,
            "{} See {}",
            report.verdict,
            out.join(role.name()).join("report.html").display()
        );
        sentences.push(report.verdict);
    }
    Ok(sentences.join("\n"))
}

async fn one(suite: &Suite, role: Role, program: &Path, out: &Path, seed: u64) -> Result<Report, CliError> {
    let request = Request {
        role,
        half: half(role, program, &[])?,
        // The core profile takes longer than the demo itself.
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
