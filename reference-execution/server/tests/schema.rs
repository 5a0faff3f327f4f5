//! The schema of the configuration file. `ECP_UPDATE_VECTORS=1` writes it again.
#![cfg(feature = "launch")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{fs, path::PathBuf};

use ecp_execution_server::launch::{Flags, Settings};

#[test]
fn the_schema_of_the_configuration_is_as_written() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/schemas/reference-execution.schema.json");
    let made = Settings::schema();
    if std::env::var_os("ECP_UPDATE_VECTORS").is_some() {
        fs::write(&path, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
    }
    let stored: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert!(stored == made, "the schema differs: run with ECP_UPDATE_VECTORS=1 and read the difference");
}

#[test]
fn the_examples_are_taken() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/schemas/examples");
    for (name, jsonrpc) in [("reference-execution.toml", true), ("reference-execution-tls.toml", false)] {
        let settings = Settings::load(&Flags { config: Some(folder.join(name)), ..Flags::default() }).unwrap();
        assert_eq!(settings.jsonrpc.is_some(), jsonrpc, "{name}");
        assert!(settings.genesis.is_some() && settings.listen.is_some(), "{name}");
    }
}
