//! `conformance coverage`.

use clap::Args;

use super::{CliError, Exit};
use crate::case::{Cases, Level, Registry};

/// Arguments of `coverage`.
#[derive(Debug, Args)]
pub(super) struct CoverageArgs {
    /// Show every requirement, not only those without a case.
    #[arg(long)]
    all: bool,
}

/// Prints which requirements have cases, and how many do.
pub(super) fn coverage(args: &CoverageArgs) -> Result<Exit, CliError> {
    let registry = Registry::embedded().map_err(CliError::suite)?;
    let cases = Cases::embedded().map_err(CliError::suite)?;
    let (mut covered, mut testable) = (0, 0);
    for requirement in registry.iter() {
        let mine: Vec<_> =
            cases.iter().filter(|c| c.schema.verifies.contains(&requirement.id)).map(|c| c.id()).collect();
        if requirement.level == Level::Must && requirement.testable {
            testable += 1;
            covered += usize::from(!mine.is_empty());
        }
        let state = match (mine.is_empty(), requirement.testable) {
            (false, _) => "covered",
            (true, true) => "NO CASE",
            (true, false) => "excluded",
        };
        if args.all || state == "NO CASE" {
            println!("{:<8}  {}  {:<9}  {}", state, requirement.id, requirement.role, mine.join(" "));
        }
    }
    println!("{covered} of {testable} testable MUST requirements have a case");
    Ok(Exit::Expected)
}
