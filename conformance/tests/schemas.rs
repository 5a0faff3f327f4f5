//! The schemas of the files that the suite reads and writes. `ECP_UPDATE_VECTORS=1` writes them again.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{fs, path::PathBuf};

use conformance::{
    case::{Registry, load},
    demo::DemoReport,
    report::Report,
    subject::Manifest,
};
use serde_json::Value;

fn compare(name: &str, made: &schemars::Schema) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../spec/schemas").join(name);
    if std::env::var_os("ECP_UPDATE_VECTORS").is_some() {
        fs::write(&path, serde_json::to_string_pretty(made).unwrap() + "\n").unwrap();
    }
    let stored: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert!(stored == *made.as_value(), "{name} differs: run with ECP_UPDATE_VECTORS=1 and read the difference");
}

#[test]
fn schemas_are_as_written() {
    compare("manifest.schema.json", &schemars::schema_for!(Manifest));
    compare("report.schema.json", &schemars::schema_for!(Report));
    compare("demo.schema.json", &schemars::schema_for!(DemoReport));
}

/// Sets, adds (`-`) or, without a value, removes what the pointer names.
fn change(file: &mut Value, pointer: &str, value: Option<&Value>) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match (file.pointer_mut(parent).unwrap(), value) {
        (Value::Array(list), Some(value)) if key == "-" => list.push(value.clone()),
        (Value::Array(list), Some(value)) => list[key.parse::<usize>().unwrap()] = value.clone(),
        (Value::Object(object), Some(value)) => drop(object.insert(key.to_owned(), value.clone())),
        (Value::Object(object), None) => drop(object.remove(key).unwrap()),
        (other, _) => panic!("{pointer} names nothing in {other}"),
    }
}

/// No schema is stricter than the reader of its file.
#[test]
fn what_the_schemas_refuse_is_refused() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let registry = Registry::embedded().unwrap();
    let list: Value = serde_json::from_str(&read("spec/schemas/refusals.json")).unwrap();
    let mut counts = [0, 0];
    for case in list["refusals"].as_array().unwrap() {
        let (text, pointer) = (|| read(case["file"].as_str().unwrap()), case["pointer"].as_str().unwrap());
        let refused = match case["schema"].as_str().unwrap() {
            "manifest" => {
                counts[0] += 1;
                let mut file = toml::from_str(&text()).unwrap();
                change(&mut file, pointer, case.get("value"));
                Manifest::parse("m.toml", &toml::to_string(&file).unwrap()).is_err()
            }
            "case" => {
                counts[1] += 1;
                let mut file = serde_norway::from_str(&text()).unwrap();
                change(&mut file, pointer, case.get("value"));
                load("c.yaml", &serde_norway::to_string(&file).unwrap(), &registry).is_err()
            }
            _ => continue,
        };
        assert!(refused, "{case} is taken");
    }
    assert!(counts[0] >= 5 && counts[1] >= 8, "{counts:?}");
}
