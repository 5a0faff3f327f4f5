//! The examples of `spec/schemas` are taken by the code, and the mistakes that the schemas refuse are refused by it too:
//! no schema is stricter than the reader of its file.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{fs, path::PathBuf};

use ecp_types::{Genesis, Keys, Workload};
use serde_json::Value;

fn read(path: &str) -> Vec<u8> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// Sets, or without a value removes, what the pointer names.
fn change(file: &mut Value, pointer: &str, value: Option<&Value>) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match (file.pointer_mut(parent).unwrap(), value) {
        (Value::Array(list), Some(value)) => list[key.parse::<usize>().unwrap()] = value.clone(),
        (Value::Object(object), Some(value)) => drop(object.insert(key.to_owned(), value.clone())),
        (Value::Object(object), None) => drop(object.remove(key).unwrap()),
        (other, _) => panic!("{pointer} names nothing in {other}"),
    }
}

#[test]
fn the_examples_are_taken() {
    let genesis = Genesis::read(&read("spec/schemas/examples/genesis-starknet.json")).unwrap();
    assert!(matches!(genesis.workload(), Workload::Starknet(_)));
    let keys = Keys::read(&read("spec/schemas/examples/keys.json")).unwrap();
    assert!(genesis.height_params(0).unwrap().committee.member(&keys.address).is_none());
}

#[test]
fn what_the_schemas_refuse_is_refused() {
    let list: Value = serde_json::from_slice(&read("spec/schemas/refusals.json")).unwrap();
    let mut counts = [0, 0];
    for case in list["refusals"].as_array().unwrap() {
        let kind = match case["schema"].as_str().unwrap() {
            "genesis" => 0,
            "keys" => 1,
            _ => continue,
        };
        let mut file: Value = serde_json::from_slice(&read(case["file"].as_str().unwrap())).unwrap();
        change(&mut file, case["pointer"].as_str().unwrap(), case.get("value"));
        let bytes = serde_json::to_vec(&file).unwrap();
        let refused = if kind == 0 { Genesis::read(&bytes).is_err() } else { Keys::read(&bytes).is_err() };
        assert!(refused, "{case} is taken");
        counts[kind] += 1;
    }
    assert!(counts[0] >= 15 && counts[1] >= 5, "{counts:?}");
}
