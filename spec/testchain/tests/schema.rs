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

/// No schema is stricter than the reader of its file.
#[test]
fn what_the_schema_refuses_is_refused() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read =
        |path: &str| -> serde_json::Value { serde_json::from_slice(&fs::read(root.join(path)).unwrap()).unwrap() };
    let list = read("spec/schemas/refusals.json");
    let cases = list["refusals"].as_array().unwrap().iter().filter(|case| case["schema"] == "test-chain");
    let mut count = 0;
    for case in cases {
        let (path, inside) = case["file"].as_str().unwrap().split_once('#').unwrap();
        let mut section = read(path).pointer(inside).unwrap().clone();
        assert!(ecp_testchain::Section::read(&section).is_ok());
        let (parent, key) = case["pointer"].as_str().unwrap().rsplit_once('/').unwrap();
        let object = section.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match case.get("value") {
            Some(value) => drop(object.insert(key.to_owned(), value.clone())),
            None => drop(object.remove(key).unwrap()),
        }
        assert!(ecp_testchain::Section::read(&section).is_err(), "{case} is taken");
        count += 1;
    }
    assert!(count >= 5);
}
