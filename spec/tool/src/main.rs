//! `ecp-spec`: generates from the tables of the specification, and checks that everything still agrees.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};
use ecp_spec::{coverage, files, generate, lint, requirements::Registry, tables::Tables};

/// Generates from the tables of the specification, and checks that everything still agrees.
#[derive(Debug, Parser)]
#[command(name = "ecp-spec", version)]
struct Args {
    /// Root of the repository; found upward from the current folder if not given.
    #[arg(long)]
    root: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes every file that is made from the tables and the pages.
    Generate,
    /// Fails and names each file that `generate` would change.
    Check,
    /// Fails and names each place that breaks a rule of the text.
    Lint {
        /// Tell requirements that nothing cites, too.
        #[arg(long)]
        warnings: bool,
    },
    /// Lists requirements without a case and without an exclusion.
    Coverage {
        /// Fail if there is one.
        #[arg(long)]
        deny: bool,
    },
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ecp-spec: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> Result<ExitCode> {
    let root = match &args.root {
        Some(root) => root.clone(),
        None => find_root(&std::env::current_dir()?)?,
    };
    match &args.command {
        Command::Generate => {
            let tables = Tables::load(&root)?;
            for path in generate::write(&root, &generate::outputs(&root, &tables)?)? {
                println!("wrote {}", path.display());
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Check => {
            let tables = Tables::load(&root)?;
            let stale = generate::stale(&root, &generate::outputs(&root, &tables)?);
            for path in &stale {
                println!("stale: {} (run `cargo run --release -p ecp-spec -- generate`)", path.display());
            }
            Ok(success(stale.is_empty()))
        }
        Command::Lint { warnings } => {
            let findings = lint::repository(&root, &Tables::load(&root)?)?;
            for finding in findings.iter().filter(|finding| *warnings || finding.rule.fatal()) {
                println!("{finding}");
            }
            let fatal = findings.iter().filter(|finding| finding.rule.fatal()).count();
            println!("{fatal} errors, {} warnings", findings.len() - fatal);
            Ok(success(fatal == 0))
        }
        Command::Coverage { deny } => {
            let registry = Registry::extract(&files::pages(&root)?, &Tables::load(&root)?.exclusions);
            let coverage = coverage::coverage(&registry, &files::below(&root, generate::CASES, &["yaml"])?)?;
            println!("{coverage}");
            Ok(success(!*deny || (coverage.missing.is_empty() && coverage.needless.is_empty())))
        }
    }
}

fn success(ok: bool) -> ExitCode {
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn find_root(from: &Path) -> Result<PathBuf> {
    match from.ancestors().find(|dir| dir.join("spec/tables").is_dir()) {
        Some(root) => Ok(root.to_path_buf()),
        None => bail!("no folder above {} holds spec/tables: give --root", from.display()),
    }
}
