//! What a genesis file may say, and what is said about one that it may not.

use std::sync::{Arc, atomic::AtomicU64};

use crate::common::{MemoryStore, Node, START, TestClock, genesis};
use ecp_engine_starknet::StarknetEngine;
use serde_json::{Value, json};

/// Alters the JSON of a genesis file.
type Change<'a> = &'a dyn Fn(&mut Value);

fn refusal(change: impl FnOnce(&mut Value)) -> String {
    let store = Arc::new(MemoryStore::default());
    let clock = Arc::new(TestClock(AtomicU64::new(START)));
    match StarknetEngine::open(&genesis(change), store, clock) {
        Ok(_) => panic!("it should be refused"),
        Err(fault) => fault.to_string(),
    }
}

#[test]
fn a_wrong_genesis_is_refused_with_the_place_and_the_reason() {
    let cases: [(&str, Change<'_>); 9] = [
        ("workload", &|file| file["workload"] = json!({"test_chain": {}})),
        ("missing field `timestamp`", &|file| {
            file["workload"]["starknet"].as_object_mut().unwrap().remove("timestamp");
        }),
        ("unknown field `timestmap`", &|file| file["workload"]["starknet"]["timestmap"] = json!(1)),
        ("twice", &|file| {
            let accounts = &mut file["workload"]["starknet"]["accounts"];
            accounts[1] = accounts[0].clone();
        }),
        ("no decimal number", &|file| file["workload"]["starknet"]["accounts"][0]["balance_fri"] = json!("0x1")),
        ("l2_gas_market", &|file| {
            file["workload"]["starknet"]["l2_gas_market"] =
                json!({"target": 0, "max_change_denominator": 48, "fee_proposal_margin_ppt": 2});
        }),
        ("part format \"ecp-test/1\" at height 0", &|file| file["params"]["part_format"] = json!("ecp-test/1")),
        ("commitment scheme \"none\"", &|file| file["params"]["commitment_scheme"] = json!("none")),
        ("Starknet 9.9.9 cannot be executed here", &|file| {
            file["activations"] = json!([{"height": 50, "starknet_version": "9.9.9"}]);
        }),
    ];
    for (expected, change) in cases {
        let text = refusal(change);
        assert!(text.contains(expected), "{text:?} does not say {expected:?}");
    }
}

#[test]
fn the_store_of_another_genesis_is_refused() {
    let node = Node::new();
    let other = genesis(|file| file["fork_id"] = json!(1));
    let fault = StarknetEngine::open(&other, node.store.clone(), node.clock.clone()).err().unwrap();
    assert!(fault.to_string().contains("belongs to another genesis file"), "{fault}");
}

#[test]
fn a_chain_may_begin_at_any_height() {
    let node = Node::of(genesis(|file| file["first_height"] = json!(7)));
    for height in 7..20 {
        assert_eq!(node.next_height(), height);
        node.block();
    }
    // Block 17 is the first whose hash of ten blocks before exists.
    let stored = |number: u64| {
        let key = ecp_engine_starknet::rows::storage_key(&1.into(), &number.into());
        node.engine.head().snapshot.get(ecp_engine_starknet::rows::STORAGE, &key).unwrap()
    };
    assert_eq!(stored(6), None);
    assert!(stored(7).is_some() && stored(9).is_some());
}

#[test]
fn the_schema_of_the_section_is_as_written() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/schemas/starknet.schema.json");
    let made = schemars::schema_for!(ecp_engine_starknet::section::StarknetSection);
    if std::env::var_os("ECP_UPDATE_VECTORS").is_some() {
        std::fs::write(&path, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
    }
    let stored: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert!(stored == *made.as_value(), "the schema differs: run with ECP_UPDATE_VECTORS=1 and read the difference");
}
