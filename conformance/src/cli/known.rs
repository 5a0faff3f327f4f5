//! `conformance update-known-failing`.

use std::path::PathBuf;

use clap::Args;

use super::{CliError, Exit};
use crate::{
    report::Report,
    verdict::{KnownResult, update_known},
};

/// Arguments of `update-known-failing`.
#[derive(Debug, Args)]
pub(super) struct UpdateArgs {
    /// report.json of a run with the list as it is.
    #[arg(long, value_name = "FILE")]
    report: PathBuf,
    /// The list; it is made if it is missing.
    #[arg(long, value_name = "FILE")]
    list: PathBuf,
    /// Link that new entries get: where the failure is followed.
    #[arg(long, value_name = "URL")]
    link: String,
}

/// Rewrites a list of known failures.
pub(super) fn update(args: &UpdateArgs) -> Result<Exit, CliError> {
    let report = args.report.display();
    let text = std::fs::read_to_string(&args.report).map_err(|e| CliError::usage(format!("{report}: {e}")))?;
    let run: Report = serde_json::from_str(&text).map_err(|e| CliError::usage(format!("{report}: {e}")))?;
    if !args.link.starts_with("https://") && !args.link.starts_with("http://") {
        return Err(CliError::usage(format!("--link {}: it is no URL", args.link)));
    }
    let shown = args.list.display();
    let list = match std::fs::read_to_string(&args.list) {
        Ok(list) => list,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(CliError::usage(format!("{shown}: {error}"))),
    };
    if run.provenance.only.is_some() || run.provenance.shard.is_some() {
        return Err(CliError::usage(format!(
            "{report}: only a part of the cases ran, so entries could be dropped wrongly"
        )));
    }
    let results: Vec<_> = run
        .cases
        .iter()
        .map(|case| KnownResult { id: &case.id, status: case.status, failure: case.failures.first() })
        .collect();
    let updated = update_known(&list, &results, &args.link).map_err(|e| CliError::usage(format!("{shown}: {e}")))?;
    std::fs::write(&args.list, &updated.text).map_err(|e| CliError::usage(format!("{shown}: {e}")))?;
    for (word, lines) in [("dropped", &updated.dropped), ("added", &updated.added)] {
        for line in lines {
            println!("{word}  {line}");
        }
    }
    for case in &updated.unknown {
        println!("left out  {case}: it failed before it got to a requirement, which cannot be known");
    }
    println!("{shown}: {} added, {} dropped", updated.added.len(), updated.dropped.len());
    Ok(if updated.unknown.is_empty() { Exit::Expected } else { Exit::Unexpected })
}
