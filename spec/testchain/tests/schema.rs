//! The schema of the genesis section. `ECP_UPDATE_VECTORS=1` writes it again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{fs, path::PathBuf};

#[test]
fn schema_of_the_section_is_as_written() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schemas/test-chain.schema.json");
    let made = schemars::schema_for!(ecp_testchain::Section);
    if std::env::var_os("ECP_UPDATE_VECTORS").is_some() {
        fs::write(&path, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
    }
    let stored: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert!(stored == *made.as_value(), "the schema differs: run with ECP_UPDATE_VECTORS=1 and read the difference");
}
