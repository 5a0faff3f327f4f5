//! `conformance faults`: halves that each break one requirement. The suite is only worth what it catches.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use clap::Args;
use serde::Deserialize;

use super::{
    CliError, Exit,
    matrix::{self, Row},
    reference::{HALVES, half},
    run::{Certified, ProfileArg, Request, Suite, certify, processors},
};
use crate::{
    case::Role,
    verdict::{KnownFailing, Status},
    workload::TEST_CHAIN,
};

/// Arguments of `faults`.
#[derive(Debug, Args)]
pub(super) struct FaultsArgs {
    /// Run each fault against the cases of its requirement.
    #[arg(long)]
    run: bool,
    /// Run each fault against every case.
    #[arg(long, requires = "run")]
    all: bool,
    /// Only faults whose name contains this.
    #[arg(long, value_name = "PART")]
    only: Option<String>,
    /// The kill matrix: with --run it is written, without, it is compared with faults and cases.
    #[arg(long, value_name = "FILE", conflicts_with = "only")]
    matrix: Option<PathBuf>,
    /// Folder of the faulty halves. Default: that of this program.
    #[arg(long, value_name = "DIR")]
    bin_dir: Option<PathBuf>,
    /// Seed of keys, ids and chains.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Folder for a report of each fault.
    #[arg(long, value_name = "DIR", default_value = "conformance-out/faults")]
    out: PathBuf,
}

/// A fault as its half lists it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Fault {
    /// Its name.
    pub name: String,
    /// The requirement that it breaks.
    pub requirement: String,
    /// What it does.
    pub does: String,
}

/// What became of a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    /// These cases failed for its requirement.
    Caught(Vec<String>),
    /// It acted, and no case failed for its requirement; what failed instead.
    Survived(String),
    /// It never acted.
    Void,
    /// No case verifies its requirement.
    NoCase,
}

/// Lists faults, or runs them.
pub(super) async fn faults(args: FaultsArgs) -> Result<Exit, CliError> {
    let suite = Suite::load()?;
    let folder = match &args.bin_dir {
        Some(folder) => folder.clone(),
        None => own_folder()?,
    };
    let (mut total, mut caught) = (0, 0);
    let mut rows = Vec::new();
    for (role, _, binary) in HALVES {
        let program = folder.join(binary);
        for fault in list(&program)? {
            if args.only.as_ref().is_some_and(|part| !fault.name.contains(part.as_str())) {
                continue;
            }
            total += 1;
            if !args.run {
                rows.push(Row::new(role, &fault, &suite, &[]));
                println!("{binary}  {}  {}  {}", fault.name, fault.requirement, fault.does);
                continue;
            }
            let fate = run_one(&args, &suite, role, &program, &fault).await?;
            let by = if let Fate::Caught(by) = &fate { by.as_slice() } else { &[] };
            caught += usize::from(!by.is_empty());
            rows.push(Row::new(role, &fault, &suite, by));
            println!("{}", line(binary, &fault, &fate));
        }
    }
    if total == 0 {
        return Err(CliError { exit: Exit::NothingRan, text: "there is no such fault".to_owned() });
    }
    if let Some(path) = &args.matrix {
        let failed = |error: std::io::Error| CliError::usage(format!("{}: {error}", path.display()));
        if args.run {
            std::fs::write(path, matrix::page(&rows, &suite)).map_err(failed)?;
        } else {
            let drift = matrix::drift(&std::fs::read_to_string(path).map_err(failed)?, &rows);
            drift.iter().for_each(|what| println!("{}: {what}", path.display()));
            return Ok(if drift.is_empty() { Exit::Expected } else { Exit::Unexpected });
        }
    }
    if !args.run {
        return Ok(Exit::Expected);
    }
    println!("{caught} of {total} faults acted and were caught for their requirement");
    Ok(if caught == total { Exit::Expected } else { Exit::Unexpected })
}

fn own_folder() -> Result<PathBuf, CliError> {
    let program = std::env::current_exe().map_err(CliError::suite)?;
    Ok(program.parent().map(Path::to_owned).unwrap_or_default())
}

/// The faults that a half lists.
fn list(program: &Path) -> Result<Vec<Fault>, CliError> {
    let shown = program.display();
    let output = Command::new(program).arg("--list-faults").output().map_err(|e| {
        CliError::usage(format!("{shown}: {e}; build the faulty halves, or say where they are with --bin-dir"))
    })?;
    if !output.status.success() {
        return Err(CliError::usage(format!("{shown} --list-faults ended with {}", output.status)));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| {
            serde_json::from_str(line).map_err(|e| CliError::usage(format!("{shown} --list-faults: {e}: {line}")))
        })
        .collect()
}

async fn run_one(
    args: &FaultsArgs,
    suite: &Suite,
    role: Role,
    program: &Path,
    fault: &Fault,
) -> Result<Fate, CliError> {
    let mapped: Vec<_> = suite
        .cases
        .iter()
        .filter(|c| c.role == role && c.schema.verifies.contains(&fault.requirement))
        .map(|c| c.id().to_owned())
        .collect();
    if mapped.is_empty() {
        return Ok(Fate::NoCase);
    }
    let mut half = half(role, program, &["--fault", &fault.name])?;
    half.name.clone_from(&fault.name);
    // Faults stand on the engine of the test chain.
    half.workloads = vec![TEST_CHAIN.to_owned()];
    let request = Request {
        role,
        half,
        profile: ProfileArg::Full,
        only: (!args.all).then(|| format!("{{{}}}", mapped.join(","))),
        known: KnownFailing::default(),
        shard: None,
        jobs: processors(),
        seed: args.seed,
        out: args.out.join(&fault.name),
    };
    certify(request, suite).await.map(|certified| fate(fault, &certified))
}

/// What became of a fault, from what its cases came to.
fn fate(fault: &Fault, certified: &Certified) -> Fate {
    let acted = format!("fault-activated {}", fault.name);
    if !certified.logs.values().any(|log| log.lines().any(|line| line.trim() == acted)) {
        return Fate::Void;
    }
    let failed = || certified.report.cases.iter().filter(|c| c.status == Status::Fail);
    let mine = failed().filter(|c| c.failures.iter().any(|f| f.requirement.as_ref() == Some(&fault.requirement)));
    let caught: Vec<_> = mine.map(|c| c.id.clone()).collect();
    if !caught.is_empty() {
        return Fate::Caught(caught);
    }
    let instead: Vec<_> = failed()
        .flat_map(|c| &c.failures)
        .map(|f| f.requirement.clone().unwrap_or_else(|| "a set-up".to_owned()))
        .collect();
    Fate::Survived(if instead.is_empty() {
        "every case passed".to_owned()
    } else {
        format!("only {}", instead.join(", "))
    })
}

fn line(binary: &str, fault: &Fault, fate: &Fate) -> String {
    let (word, why) = match fate {
        Fate::Caught(cases) => ("caught", format!("by {}", cases.join(", "))),
        Fate::Survived(why) => ("SURVIVED", why.clone()),
        Fate::Void => ("VOID", "it never acted".to_owned()),
        Fate::NoCase => ("NO CASE", "no case verifies its requirement".to_owned()),
    };
    format!("{word:<8}  {binary}  {}  {}  {why}", fault.name, fault.requirement)
}
