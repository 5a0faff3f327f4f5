//! `conformance list`.

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{CliError, Exit};
use crate::case::{Cases, Role};

/// Form of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One case a line, id first.
    Text,
    /// An array.
    Json,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Form of the list.
    #[arg(long, default_value = "text")]
    format: Format,
}

/// A case in the list.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    id: &'a str,
    role: Role,
    profile: &'static str,
    features: Vec<&'a str>,
    verifies: &'a [String],
    about: &'a str,
}

/// Prints all cases.
pub(super) fn list(args: &ListArgs) -> Result<Exit, CliError> {
    let cases = Cases::embedded().map_err(CliError::suite)?;
    let listed: Vec<_> = cases
        .iter()
        .map(|case| Listed {
            id: case.id(),
            role: case.role,
            profile: case.profile().as_str_name(),
            features: case.claims().collect(),
            verifies: &case.schema.verifies,
            about: &case.schema.about,
        })
        .collect();
    match args.format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&listed).map_err(CliError::suite)?),
        Format::Text => {
            for case in listed {
                println!("{}  {}  {}  {}", case.id, case.profile.to_lowercase(), case.verifies.join(","), case.about);
            }
        }
    }
    Ok(Exit::Expected)
}
