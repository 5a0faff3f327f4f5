//! Events of many blocks, filtered and page by page; classes and declarations.

use ecp_jsonrpc::ServeOptions;
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;

use crate::node::{ACCOUNT, Served, block_hash, call, invoke, serve};

/// Four blocks of three transactions with one event each.
async fn four_blocks() -> Served {
    let served = serve(ServeOptions::default()).await;
    for block in 0..4 {
        for nonce in 0..3 {
            let sent = json!([invoke(block * 3 + nonce)]);
            call(&served.client, "starknet_addInvokeTransaction", sent).await.unwrap();
        }
        served.node.commit();
    }
    served.node.seal();
    served
}

/// All pages, each as (block, transaction) of its events.
async fn pages(served: &Served, filter: Value) -> Vec<Vec<(u64, u64)>> {
    let mut pages = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut filter = filter.clone();
        if !token.is_null() {
            filter["continuation_token"] = token;
        }
        let page = call(&served.client, "starknet_getEvents", json!([filter])).await.unwrap();
        let events = page["events"].as_array().unwrap();
        let place = |event: &Value| {
            let number = event["block_number"].as_u64().unwrap();
            assert_eq!(event["block_hash"], json!(block_hash(number)));
            assert_eq!(event["from_address"], json!(ACCOUNT));
            assert_eq!((&event["keys"], &event["data"]), (&json!(["0x1"]), &json!(["0x2"])));
            assert_eq!(event["event_index"], json!(0));
            (number, event["transaction_index"].as_u64().unwrap())
        };
        pages.push(events.iter().map(place).collect());
        token = page["continuation_token"].clone();
        if token.is_null() {
            return pages;
        }
    }
}

#[tokio::test]
async fn pages_join_to_the_whole_whatever_their_size() {
    let served = four_blocks().await;
    let whole: Vec<_> = (0..4).flat_map(|block| (0..3).map(move |index| (block, index))).collect();
    for size in 1..=13_usize {
        let pages = pages(&served, json!({"chunk_size": size})).await;
        assert!(pages.iter().rev().skip(1).all(|page| page.len() == size), "{size}: {pages:?}");
        assert_eq!(pages.concat(), whole, "{size}");
    }
}

#[tokio::test]
async fn filters_choose_blocks_addresses_and_keys() {
    let served = four_blocks().await;
    let count = async |filter: Value| pages(&served, filter).await.concat().len();
    let blocks = |from: Value, to: Value| json!({"from_block": from, "to_block": to, "chunk_size": 100});
    assert_eq!(count(blocks(json!({"block_number": 1}), json!({"block_number": 2}))).await, 6);
    assert_eq!(count(blocks(json!({"block_hash": block_hash(3)}), json!("latest"))).await, 3);
    assert_eq!(count(blocks(json!({"block_number": 2}), json!({"block_number": 1}))).await, 0);
    assert_eq!(count(blocks(json!("pre_confirmed"), json!("pre_confirmed"))).await, 0);
    let with = |name: &str, value: Value| {
        let mut filter = json!({"chunk_size": 100});
        filter[name] = value;
        filter
    };
    assert_eq!(count(with("address", json!(ACCOUNT))).await, 12);
    assert_eq!(count(with("address", json!("0x1"))).await, 0);
    assert_eq!(count(with("address", json!(["0x1", ACCOUNT]))).await, 12);
    assert_eq!(count(with("keys", json!([["0x7", "0x1"]]))).await, 12);
    assert_eq!(count(with("keys", json!([["0x7"]]))).await, 0);
    assert_eq!(count(with("keys", json!([[]]))).await, 12);
    assert_eq!(count(with("keys", json!([[], ["0x1"]]))).await, 0, "the events have one key");
}

#[tokio::test]
async fn what_is_wrong_with_a_filter_is_named() {
    let served = four_blocks().await;
    let said = async |filter: Value| call(&served.client, "starknet_getEvents", json!([filter])).await.unwrap_err().0;
    assert_eq!(said(json!({"chunk_size": 1025})).await, 31);
    assert_eq!(said(json!({"chunk_size": 0})).await, -32602);
    let keys: Vec<Vec<Felt>> = vec![vec![Felt::ONE; 1025]];
    assert_eq!(said(json!({"chunk_size": 1, "keys": keys})).await, 34);
    for token in ["", "1", "1-", "-", "1-2-3", "x-0", "18446744073709551616-0"] {
        assert_eq!(said(json!({"chunk_size": 1, "continuation_token": token})).await, 33, "{token}");
    }
    assert_eq!(said(json!({"chunk_size": 1, "to_block": {"block_number": 9}})).await, 24);
}

#[tokio::test]
async fn classes_and_declarations() {
    let Served { server: _server, client, .. } = four_blocks().await;
    let class = call(&client, "starknet_getClass", json!(["latest", "0xc1a55"])).await.unwrap();
    assert_eq!((&class["sierra_program"], &class["abi"]), (&json!(["0x1"]), &json!("[]")));
    assert_eq!(call(&client, "starknet_getClassAt", json!(["latest", ACCOUNT])).await, Ok(class.clone()));
    assert_eq!(call(&client, "starknet_getClass", json!(["latest", "0x1"])).await, Err((28, Value::Null)));
    assert_eq!(call(&client, "starknet_getClassAt", json!(["latest", "0x1"])).await, Err((20, Value::Null)));
    let mut declare = invoke(0);
    let fields = declare.as_object_mut().unwrap();
    fields.remove("calldata");
    fields.insert("type".to_owned(), json!("DECLARE"));
    fields.insert("compiled_class_hash".to_owned(), json!("0x77"));
    fields.insert("contract_class".to_owned(), class);
    let reply = call(&client, "starknet_addDeclareTransaction", json!([declare])).await.unwrap();
    assert_eq!(reply["transaction_hash"], json!("0x77"));
    assert!(reply["class_hash"].as_str().unwrap().len() > 60);
    declare["version"] = json!("0x2");
    assert_eq!(call(&client, "starknet_addDeclareTransaction", json!([declare])).await, Err((61, Value::Null)));
}
