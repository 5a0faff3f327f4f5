//! The schema of the configuration file. `ECP_UPDATE_VECTORS=1` writes it again.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{fs, path::PathBuf, process::Command};

use reference_consensus::options::Options;

#[test]
fn the_schema_of_the_configuration_is_as_written_and_printed() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/schemas/reference-consensus.schema.json");
    let printed = Command::new(env!("CARGO_BIN_EXE_reference-consensus")).arg("config-schema").output().unwrap();
    assert!(printed.status.success());
    let made: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
    if std::env::var_os("ECP_UPDATE_VECTORS").is_some() {
        fs::write(&path, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
    }
    let stored: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert!(stored == made, "the schema differs: run with ECP_UPDATE_VECTORS=1 and read the difference");
}

#[test]
fn the_examples_are_taken() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/schemas/examples");
    for (name, keys) in [("reference-consensus.toml", true), ("reference-consensus-tls.toml", false)] {
        let options = Options { config: Some(folder.join(name)), ..Options::default() }.complete().unwrap();
        assert_eq!(options.keys.is_some(), keys, "{name}");
        assert!(options.execution.is_some() && options.peers.is_some(), "{name}");
    }
}
