//! The file formats as others see them: vectors of `spec/vectors/files` and the schemas of `spec/schemas`.
//!
//! `ECP_UPDATE_VECTORS=1` writes them again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{fs, path::PathBuf};

use ecp_types::{BadGenesis, Genesis, GenesisFile, encode_hex, keys::KeysFile};
use serde_json::{Value, json};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn compare(name: &str, made: &Value) {
    if std::env::var_os("ECP_UPDATE_VECTORS").is_some() {
        let mut text = serde_json::to_string_pretty(made).unwrap();
        text.push('\n');
        fs::write(path(name), text).unwrap();
    }
    let stored: Value = serde_json::from_slice(&fs::read(path(name)).unwrap()).unwrap();
    assert!(stored == *made, "{name} differs from the code: run with ECP_UPDATE_VECTORS=1 and read the difference");
}

fn digests(name: &str) -> Value {
    let genesis = Genesis::read(&fs::read(path(&format!("vectors/{name}"))).unwrap()).unwrap();
    let first = genesis.first_height();
    let heights = [first, first + 1, first + 2, first + 3, first + 4, first + 15, u64::MAX];
    let params = heights.map(|height| {
        let params = genesis.height_params(height).unwrap();
        json!({
            "height": height,
            "committee_hash": encode_hex(&params.committee.hash),
            "proposers": params.proposers,
            "proposer_addresses": (0..10).map(|round| params.proposer(round).address).collect::<Vec<_>>(),
            "quorum": params.quorum,
            "builder": params.builder,
            "part_format": params.part_format,
            "max_proposal_bytes": params.max_proposal_bytes,
            "propose_ms": params.timeouts.propose_ms,
            "target_height_ms": params.timeouts.target_height_ms,
        })
    });
    json!({
        "file": name,
        "genesis_hash": encode_hex(&genesis.genesis_hash()),
        "activation_digest": encode_hex(&genesis.activation_digest()),
        "heights": params,
    })
}

/// Name, where the file of the activations is changed, to what (`null` removes), and the field that a refusal names.
fn refusals() -> Vec<(&'static str, &'static str, Value, &'static str)> {
    let key = json!(format!("0x{}", "33".repeat(32)));
    vec![
        ("another form", "/format", json!("ecp-genesis/2"), "format"),
        ("no chain id", "/chain_id", json!(""), "chain_id"),
        ("a chain id of 32 characters", "/chain_id", json!("x".repeat(32)), "chain_id"),
        ("a chain id that is not ASCII", "/chain_id", json!("é"), "chain_id"),
        ("an unknown field", "/extra", json!(1), "extra"),
        ("an unknown field of the parameters", "/params/extra", json!(1), "params.extra"),
        ("a fork id that is text", "/fork_id", json!("0"), "fork_id"),
        ("a negative height", "/first_height", json!(-1), "first_height"),
        ("nobody votes", "/params/committee", json!([]), "params.committee"),
        ("an address twice", "/params/committee/1/address", json!("0x101"), "params.committee[1].address"),
        (
            "an address that is no felt",
            "/params/committee/0/address",
            json!(format!("0x{}", "f".repeat(64))),
            "params.committee[0].address",
        ),
        ("a short public key", "/params/committee/1/public_key", json!("0x11"), "params.committee[1].public_key"),
        ("a public key twice", "/activations/0/committee/0/public_key", key, "activations[0].committee[2].public_key"),
        ("no power", "/params/committee/3/voting_power", json!(0), "params.committee[3].voting_power"),
        ("too much power", "/params/committee/0/voting_power", json!((1u64 << 62) - 2), "params.committee"),
        ("a list of no proposers", "/params/proposers", json!({"fixed": []}), "params.proposers.fixed"),
        ("a list of 257 proposers", "/params/proposers", json!({"rotate": 257}), "params.proposers.rotate"),
        ("a proposer who is not there", "/params/proposers", json!({"fixed": [0, 4]}), "params.proposers.fixed[1]"),
        ("a quorum below half", "/params/quorum/denominator", json!(5), "params.quorum"),
        ("a quorum of everybody", "/params/quorum/denominator", json!(2), "params.quorum"),
        ("no time to propose", "/params/timeouts/propose_ms", json!(0), "params.timeouts.propose_ms"),
        ("a target of 0", "/params/timeouts/target_height_ms", json!(0), "params.timeouts.target_height_ms"),
        ("no bytes", "/params/max_proposal_bytes", json!(0), "params.max_proposal_bytes"),
        ("an activation at the first height", "/activations/0/height", json!(5), "activations[0].height"),
        ("activations out of order", "/activations/2/height", json!(9), "activations[2].height"),
        (
            "a committee that leaves a proposer behind",
            "/activations/1/proposers",
            json!({"fixed": [3]}),
            "activations[1].proposers.fixed[0]",
        ),
        ("another workload", "/workload", json!({"other": {}}), "workload"),
    ]
}

fn changed(pointer: &str, value: &Value) -> Vec<u8> {
    let mut file: Value = serde_json::from_slice(&fs::read(path("vectors/files/activations.json")).unwrap()).unwrap();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match file.pointer_mut(parent).unwrap() {
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value.clone(),
        object => object[key] = value.clone(),
    }
    serde_json::to_vec(&file).unwrap()
}

#[test]
fn digests_and_parameters_are_as_written() {
    let refused = refusals().into_iter().map(
        |(name, pointer, value, field)| json!({ "name": name, "pointer": pointer, "value": value, "field": field }),
    );
    let made = json!({
        "about": "digests and parameters of genesis files; each refusal replaces one value of files/activations.json",
        "cases": [digests("files/activations.json"), digests("test-chain/genesis.json")],
        "refusals": refused.collect::<Vec<_>>(),
    });
    compare("vectors/files/genesis.json", &made);
}

#[test]
fn refusals_of_the_vectors_name_their_field() {
    let file: Value = serde_json::from_slice(&fs::read(path("vectors/files/genesis.json")).unwrap()).unwrap();
    let refusals = file["refusals"].as_array().unwrap();
    assert!(refusals.len() >= 25);
    for case in refusals {
        let refused = Genesis::read(&changed(case["pointer"].as_str().unwrap(), &case["value"])).unwrap_err();
        let (BadGenesis::Form { path: named, .. } | BadGenesis::Field { field: named, .. }) = refused;
        assert_eq!(named, case["field"].as_str().unwrap(), "{}", case["name"]);
    }
}

#[test]
fn schemas_are_as_written() {
    compare("schemas/genesis.schema.json", schemars::schema_for!(GenesisFile).as_value());
    compare("schemas/keys.schema.json", schemars::schema_for!(KeysFile).as_value());
}
