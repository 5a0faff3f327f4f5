//! Reads blocks and state updates as Starknet's gateway serves them.

use std::{collections::BTreeMap, path::Path};

use ecp_commitments::{
    BlockCommitments, BlockHeader, DataAvailability, Event, GasConsumed, GasPrice, MessageToL1, StarknetVersion,
    StateDiff, TransactionOutcome,
};
use serde_json::Value;
use starknet_types_core::felt::Felt;

pub(crate) fn json(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("third_party/starknet-blocks").join(file);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub(crate) fn felt(value: &Value) -> Felt {
    Felt::from_hex(value.as_str().unwrap()).unwrap()
}

fn felts(value: &Value) -> Vec<Felt> {
    value.as_array().unwrap().iter().map(felt).collect()
}

fn number(value: &Value) -> u128 {
    u128::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn state_diff(update: &Value) -> StateDiff {
    let diff = &update["state_diff"];
    let pair = |entry: &Value, key: &str, value: &str| (felt(&entry[key]), felt(&entry[value]));
    let map = |name: &str| diff[name].as_object().unwrap().iter();
    StateDiff {
        deployed_contracts: list(&diff["deployed_contracts"])
            .iter()
            .chain(list(&diff["replaced_classes"]))
            .map(|entry| pair(entry, "address", "class_hash"))
            .collect(),
        declared_classes: list(&diff["declared_classes"])
            .iter()
            .map(|entry| pair(entry, "class_hash", "compiled_class_hash"))
            .collect(),
        deprecated_declared_classes: list(&diff["old_declared_contracts"]).iter().map(felt).collect(),
        storage_diffs: map("storage_diffs")
            .map(|(address, cells)| {
                let cells: BTreeMap<_, _> = list(cells).iter().map(|cell| pair(cell, "key", "value")).collect();
                (Felt::from_hex(address).unwrap(), cells)
            })
            .collect(),
        nonces: map("nonces").map(|(address, nonce)| (Felt::from_hex(address).unwrap(), felt(nonce))).collect(),
    }
}

pub(crate) fn version(block: &Value) -> StarknetVersion {
    block["starknet_version"].as_str().unwrap().parse().unwrap()
}

pub(crate) fn outcomes(block: &Value) -> Vec<TransactionOutcome> {
    let receipts = list(&block["transaction_receipts"]);
    list(&block["transactions"]).iter().zip(receipts).map(|(tx, receipt)| outcome(tx, receipt)).collect()
}

fn outcome(transaction: &Value, receipt: &Value) -> TransactionOutcome {
    assert_eq!(transaction["transaction_hash"], receipt["transaction_hash"]);
    let gas = &receipt["execution_resources"]["total_gas_consumed"];
    TransactionOutcome {
        transaction_hash: felt(&transaction["transaction_hash"]),
        signature: felts(&transaction["signature"]),
        actual_fee: number(&receipt["actual_fee"]),
        events: list(&receipt["events"])
            .iter()
            .map(|event| Event {
                from_address: felt(&event["from_address"]),
                keys: felts(&event["keys"]),
                data: felts(&event["data"]),
            })
            .collect(),
        messages: list(&receipt["l2_to_l1_messages"])
            .iter()
            .map(|message| MessageToL1 {
                from_address: felt(&message["from_address"]),
                to_address: felt(&message["to_address"]),
                payload: felts(&message["payload"]),
            })
            .collect(),
        revert_reason: receipt["revert_error"].as_str().map(str::to_owned),
        gas: GasConsumed { l1_gas: gas["l1_gas"].as_u64().unwrap(), l1_data_gas: gas["l1_data_gas"].as_u64().unwrap() },
    }
}

pub(crate) fn header(block: &Value, commitments: BlockCommitments) -> BlockHeader {
    // Blocks before 0.13.4 have no price for L2 gas, and do not hash one.
    let price = |name: &str| match &block[name] {
        Value::Null => GasPrice::default(),
        price => GasPrice { wei: number(&price["price_in_wei"]), fri: number(&price["price_in_fri"]) },
    };
    BlockHeader {
        number: block["block_number"].as_u64().unwrap(),
        sequencer: felt(&block["sequencer_address"]),
        timestamp: block["timestamp"].as_u64().unwrap(),
        l1_gas_price: price("l1_gas_price"),
        l1_data_gas_price: price("l1_data_gas_price"),
        l2_gas_price: price("l2_gas_price"),
        version: version(block),
        commitments,
    }
}

pub(crate) fn data_availability(block: &Value) -> DataAvailability {
    match block["l1_da_mode"].as_str().unwrap() {
        "BLOB" => DataAvailability::Blob,
        "CALLDATA" => DataAvailability::Calldata,
        other => panic!("unknown mode {other}"),
    }
}
