//! The halves of this repository: their manifests are in this binary.

use std::path::Path;

use super::{CliError, half::Half};
use crate::{
    case::Role,
    subject::{HalfManifest, Manifest, Subject},
};

/// The roles that this repository has a half for, with the program of each and the one that breaks requirements.
pub(super) const HALVES: [(Role, &str, &str); 2] = [
    (Role::Execution, "reference-execution", "faulty-execution"),
    (Role::Consensus, "reference-consensus", "faulty-consensus"),
];

const EXECUTION: &str = include_str!("../../manifests/reference-execution.toml");
const CONSENSUS: &str = include_str!("../../manifests/reference-consensus.toml");

/// How the half of a role is started.
fn manifest(role: Role) -> Result<HalfManifest, CliError> {
    let (name, text) = match role {
        Role::Consensus => ("reference-consensus.toml", CONSENSUS),
        Role::Execution | Role::Both => ("reference-execution.toml", EXECUTION),
    };
    let manifest = Manifest::parse(name, text).map_err(CliError::suite)?;
    let half = if role == Role::Consensus { manifest.consensus } else { manifest.execution };
    half.ok_or_else(|| CliError::suite(format!("{name} has no such half")))
}

/// A half of this repository: `program` started as the manifest of `role` says, with `arguments` before the others.
pub(super) fn half(role: Role, program: &Path, arguments: &[&str]) -> Result<Half, CliError> {
    let mut half = manifest(role)?;
    let program = program.to_string_lossy().into_owned();
    let name = program.rsplit('/').next().unwrap_or(&program).to_owned();
    let command = [program].into_iter().chain(arguments.iter().map(|a| (*a).to_owned()));
    half.command = command.chain(half.command.drain(1..)).collect();
    let (features, workloads) = (half.claims(), half.workloads.clone());
    Ok(Half { name, subject: Subject::Launched(half), features, workloads })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_stands_before_the_arguments_of_the_manifest() {
        for (role, _, faulty) in HALVES {
            let half = half(role, &Path::new("/bin").join(faulty), &["--fault", "x"]).unwrap();
            let Subject::Launched(manifest) = &half.subject else { panic!("it is launched") };
            assert_eq!(manifest.command[..3], [format!("/bin/{faulty}"), "--fault".to_owned(), "x".to_owned()]);
            assert_eq!(manifest.command[3], "run");
            assert_eq!(half.name, faulty);
        }
    }
}
