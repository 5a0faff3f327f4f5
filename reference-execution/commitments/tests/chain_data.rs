//! The answers of the real network come out of our formulas, and every step to them is a vector of the spec.
#![allow(clippy::unwrap_used)] // also in the helpers of tests

mod common;

use std::path::Path;

use common::{data_availability, felt, header, json, outcomes, state_diff, version};
use ecp_commitments::{
    BlockCommitments, MemoryStore, NodeStore, TrieId, apply_state_diff, block, block_hash, content, partial_block_hash,
    state, state_diff_commitment,
};
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;

fn hex(felt: &Felt) -> String {
    format!("{felt:#x}")
}

fn hexes<'a>(felts: impl IntoIterator<Item = &'a Felt>) -> Vec<String> {
    felts.into_iter().map(hex).collect()
}

/// Compares with the committed vector; `UPDATE_VECTORS=1` writes it instead.
fn check_vector(name: &str, vector: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/commitments").join(name);
    let text = serde_json::to_string_pretty(vector).unwrap() + "\n";
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(committed, text, "{name} differs; look why, then UPDATE_VECTORS=1");
}

fn tries(store: &MemoryStore, update: &ecp_commitments::StateUpdate, diff: &ecp_commitments::StateDiff) -> Value {
    let contracts: Vec<_> = update
        .contracts
        .iter()
        .map(|(address, contract)| {
            let storage = TrieId::Storage(*address);
            let root = ecp_commitments::ContractTrie::root(store, storage).unwrap();
            json!({
                "address": hex(address),
                "class_hash": hex(&contract.class_hash),
                "nonce": hex(&contract.nonce),
                "storage": diff.storage_diffs.get(address).into_iter().flatten()
                    .map(|(key, value)| json!([hex(key), hex(value)])).collect::<Vec<_>>(),
                "storage_root": hex(&root),
                "leaf": hex(&state::contract_leaf(contract, &root)),
            })
        })
        .collect();
    json!({
        "contracts": contracts,
        "contracts_root": hex(&update.contracts_root),
        "classes_root": hex(&update.classes_root),
        "state_root": hex(&update.root),
    })
}

#[test]
fn state_roots_of_sepolias_first_blocks() {
    let mut store = MemoryStore::default();
    for number in 0..3 {
        let file = json(&format!("sepolia-{number}.json"));
        let diff = state_diff(&file["state_update"]);
        let update = apply_state_diff(&store, &diff, &version(&file["block"])).unwrap();
        assert_eq!(update.root, felt(&file["block"]["state_root"]), "state root of block {number}");
        store.apply(&update.nodes);
        store.apply_contracts(&update.contracts);
        if number == 0 {
            assert_eq!(update.contracts.len(), 3);
            check_vector("state-root-sepolia-0.json", &tries(&store, &update, &diff));
        }
    }
    assert!(store.node(TrieId::Contracts, &ecp_commitments::Path::ROOT).unwrap().is_some());
}

fn integration_block(number: u64) -> (Value, Value) {
    let block = json(&format!("sepolia-integration-{number}.block.json"));
    let update = json(&format!("sepolia-integration-{number}.state_update.json"));
    assert_eq!(block["block_number"], number);
    (block, update)
}

fn check_block(number: u64) -> Value {
    let (block, update) = integration_block(number);
    let (version, outcomes, diff) = (version(&block), outcomes(&block), state_diff(&update));
    assert_eq!(content::transaction_commitment(&outcomes, &version), felt(&block["transaction_commitment"]));
    assert_eq!(content::event_commitment(&outcomes), felt(&block["event_commitment"]));
    assert_eq!(content::receipt_commitment(&outcomes), felt(&block["receipt_commitment"]));
    assert_eq!(state_diff_commitment(&diff), felt(&block["state_diff_commitment"]));
    assert_eq!(diff.len(), block["state_diff_length"].as_u64().unwrap());
    let commitments = BlockCommitments::of(&outcomes, &diff, data_availability(&block), &version);
    let header = header(&block, commitments);
    let hash = block_hash(&header, &felt(&block["state_root"]), &felt(&block["parent_block_hash"])).unwrap();
    assert_eq!(hash, felt(&block["block_hash"]));
    let events: Vec<_> =
        outcomes.iter().flat_map(|o| o.events.iter().map(|e| content::event_leaf(e, &o.transaction_hash))).collect();
    json!({
        "source": format!("Sepolia integration block {number}"),
        "starknet_version": version.to_string(),
        "transaction_leaves": hexes(&outcomes.iter().map(|o| content::transaction_leaf(o, &version)).collect::<Vec<_>>()),
        "transaction_commitment": hex(&commitments.transactions),
        "event_leaves": hexes(&events),
        "event_commitment": hex(&commitments.events),
        "receipt_leaves": hexes(&outcomes.iter().map(content::receipt_leaf).collect::<Vec<_>>()),
        "receipt_commitment": hex(&commitments.receipts),
        "state_diff_length": diff.len(),
        "state_diff_commitment": hex(&commitments.state_diff),
        "counts": hex(&commitments.counts),
        // Only block hash 1 hashes the prices by themselves.
        "gas_prices_hash": (number != 35748).then(|| hex(&block::gas_prices_hash(
            &header.l1_gas_price, &header.l1_data_gas_price, &header.l2_gas_price))),
        "state_root": block["state_root"],
        "parent_hash": block["parent_block_hash"],
        "partial_block_hash": hex(&partial_block_hash(&header).unwrap()),
        "block_hash": hex(&hash),
    })
}

#[test]
fn every_commitment_of_a_block_of_0_13_2() {
    check_vector("block-sepolia-integration-35748.json", &check_block(35748));
}

#[test]
fn every_commitment_of_a_block_of_0_13_4() {
    check_vector("block-sepolia-integration-63881.json", &check_block(63881));
}

#[test]
fn every_header_field_counts_in_the_block_hash() {
    let (block, update) = integration_block(63881);
    let (version, outcomes, diff) = (version(&block), outcomes(&block), state_diff(&update));
    let header = header(&block, BlockCommitments::of(&outcomes, &diff, data_availability(&block), &version));
    let hash = |header| partial_block_hash(&header).unwrap();
    let mut hashes = vec![hash(header)];
    let edits: [fn(&mut ecp_commitments::BlockHeader); 13] = [
        |h| h.number += 1,
        |h| h.sequencer += Felt::ONE,
        |h| h.timestamp += 1,
        |h| h.l1_gas_price.wei += 1,
        |h| h.l1_data_gas_price.fri += 1,
        |h| h.l2_gas_price.wei += 1,
        |h| h.l2_gas_price.fri += 1,
        |h| h.version = "0.14.2".parse().unwrap(),
        |h| h.commitments.transactions += Felt::ONE,
        |h| h.commitments.events += Felt::ONE,
        |h| h.commitments.receipts += Felt::ONE,
        |h| h.commitments.state_diff += Felt::ONE,
        |h| h.commitments.counts += Felt::ONE,
    ];
    for edit in edits {
        let mut edited = header;
        edit(&mut edited);
        hashes.push(hash(edited));
    }
    hashes.push(block_hash(&header, &Felt::ONE, &Felt::ZERO).unwrap());
    hashes.push(block_hash(&header, &Felt::ZERO, &Felt::ONE).unwrap());
    let distinct: std::collections::BTreeSet<_> = hashes.iter().collect();
    assert_eq!(distinct.len(), hashes.len());
    let mut old = header;
    old.version = "0.13.1".parse().unwrap();
    assert_eq!(
        partial_block_hash(&old).unwrap_err().to_string(),
        "no block hash for Starknet 0.13.1: 0.13.2 is the first"
    );
}
