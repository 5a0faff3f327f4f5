//! Every method over a real server and a real client: answers, both ways of giving parameters, and error codes.

use crate::node::{ACCOUNT, Served, block_hash, call, invoke, serve};
use ecp_jsonrpc::{JsonRpcServer, ServeOptions, StateAt};
use jsonrpsee::{core::client::ClientT, rpc_params};
use serde_json::{Value, json};
use starknet_rust_core::types::{
    BroadcastedTransaction, ExecutionResult, MaybePreConfirmedBlockWithReceipts, MaybePreConfirmedBlockWithTxHashes,
    MaybePreConfirmedBlockWithTxs, MaybePreConfirmedStateUpdate, ReceiptBlock, Transaction, TransactionFinalityStatus,
    TransactionReceiptWithBlockInfo, TransactionStatus,
};
use starknet_types_core::felt::Felt;

/// Two blocks with known hashes: the first empty, the second with two transactions.
async fn two_blocks() -> Served {
    let served = serve(ServeOptions::default()).await;
    served.node.commit();
    for nonce in [0, 1] {
        call(&served.client, "starknet_addInvokeTransaction", json!([invoke(nonce)])).await.unwrap();
    }
    served.node.commit();
    served.node.seal();
    served
}

#[tokio::test]
async fn an_empty_chain() {
    let Served { server: _server, client, .. } = serve(ServeOptions::default()).await;
    assert_eq!(call(&client, "starknet_specVersion", json!([])).await, Ok(json!("0.10.2")));
    assert_eq!(call(&client, "starknet_chainId", json!({})).await, Ok(json!("0x4543505f54455354")));
    assert_eq!(call(&client, "starknet_syncing", json!([])).await, Ok(json!(false)));
    assert_eq!(call(&client, "starknet_blockNumber", json!([])).await, Err((32, Value::Null)));
    assert_eq!(call(&client, "starknet_blockHashAndNumber", json!([])).await, Err((32, Value::Null)));
    assert_eq!(call(&client, "starknet_getBlockWithTxs", json!(["latest"])).await, Err((24, Value::Null)));
    // The state of genesis can be read: accounts are there before the first block.
    assert_eq!(call(&client, "starknet_getNonce", json!(["latest", "0xacc"])).await, Ok(json!("0x0")));
}

#[tokio::test]
async fn blocks_by_every_name() {
    let Served { server: _server, client, .. } = two_blocks().await;
    assert_eq!(call(&client, "starknet_blockNumber", json!([])).await, Ok(json!(1)));
    let expected = json!({"block_hash": block_hash(1), "block_number": 1});
    assert_eq!(call(&client, "starknet_blockHashAndNumber", json!([])).await, Ok(expected));
    let block = call(&client, "starknet_getBlockWithTxHashes", json!(["latest"])).await.unwrap();
    for id in [json!({"block_number": 1}), json!({"block_hash": block_hash(1)})] {
        let by_position = call(&client, "starknet_getBlockWithTxHashes", json!([id])).await;
        assert_eq!(by_position.as_ref(), Ok(&block));
        assert_eq!(call(&client, "starknet_getBlockWithTxHashes", json!({"block_id": id})).await, by_position);
    }
    let MaybePreConfirmedBlockWithTxHashes::Block(block) = serde_json::from_value(block).unwrap() else {
        panic!("a block whose hash is known has it");
    };
    assert_eq!((block.block_hash, block.parent_hash), (block_hash(1), block_hash(0)));
    assert_eq!(block.transactions, [Felt::from(0x100_u64), Felt::from(0x101_u64)]);
    assert_eq!((block.transaction_count, block.event_count, block.state_diff_length), (2, 2, 5));
    assert_eq!(block.new_root, Felt::from(0x2001_u64));
    for id in [json!({"block_number": 2}), json!({"block_hash": "0x77"}), json!("l1_accepted")] {
        assert_eq!(call(&client, "starknet_getBlockWithTxHashes", json!([id])).await, Err((24, Value::Null)), "{id}");
    }
    let next = call(&client, "starknet_getBlockWithTxHashes", json!(["pre_confirmed"])).await.unwrap();
    assert_eq!((&next["block_number"], &next["transactions"], next.get("block_hash")), (&json!(2), &json!([]), None));
}

#[tokio::test]
async fn blocks_with_transactions_and_receipts() {
    let Served { server: _server, client, .. } = two_blocks().await;
    let block = call(&client, "starknet_getBlockWithTxs", json!(["latest"])).await.unwrap();
    assert_eq!(block["transactions"][0].get("proof_facts"), None);
    let with_facts = json!({"block_id": "latest", "response_flags": ["INCLUDE_PROOF_FACTS"]});
    let with_facts = call(&client, "starknet_getBlockWithTxs", with_facts).await.unwrap();
    assert_eq!(with_facts["transactions"][0]["proof_facts"], json!([]));
    let MaybePreConfirmedBlockWithTxs::Block(block) = serde_json::from_value(block).unwrap() else { panic!() };
    assert_eq!(*block.transactions[1].transaction_hash(), Felt::from(0x101_u64));

    let block = call(&client, "starknet_getBlockWithReceipts", json!(["latest"])).await.unwrap();
    assert_eq!(block["transactions"][0]["transaction"].get("transaction_hash"), None);
    let MaybePreConfirmedBlockWithReceipts::Block(block) = serde_json::from_value(block).unwrap() else { panic!() };
    let receipts: Vec<_> = block.transactions.iter().map(|with| &with.receipt).collect();
    assert_eq!(*receipts[0].execution_result(), ExecutionResult::Succeeded);
    assert_eq!(*receipts[1].execution_result(), ExecutionResult::Reverted { reason: "not enough".to_owned() });
    assert_eq!(*receipts[1].transaction_hash(), Felt::from(0x101_u64));

    assert_eq!(call(&client, "starknet_getBlockTransactionCount", json!(["latest"])).await, Ok(json!(2)));
    let second = call(&client, "starknet_getTransactionByBlockIdAndIndex", json!(["latest", 1])).await.unwrap();
    assert_eq!(second["transaction_hash"], "0x101");
    let beyond = call(&client, "starknet_getTransactionByBlockIdAndIndex", json!(["latest", 2])).await;
    assert_eq!(beyond, Err((27, Value::Null)));
}

#[tokio::test]
async fn state_updates() {
    let Served { server: _server, client, .. } = two_blocks().await;
    let update = call(&client, "starknet_getStateUpdate", json!(["latest"])).await.unwrap();
    let MaybePreConfirmedStateUpdate::Update(update) = serde_json::from_value(update).unwrap() else { panic!() };
    assert_eq!((update.old_root, update.new_root), (Felt::from(0x2000_u64), Felt::from(0x2001_u64)));
    assert_eq!(update.state_diff.nonces.len(), 2);
    let only = json!({"block_id": "latest", "contract_addresses": ["0xacc"]});
    let only = call(&client, "starknet_getStateUpdate", only).await.unwrap();
    assert_eq!(only["state_diff"]["nonces"], json!([{"contract_address": "0xacc", "nonce": "0x1"}]));
}

#[tokio::test]
async fn reading_the_state() {
    let Served { server: _server, client, .. } = two_blocks().await;
    for id in [json!("latest"), json!("pre_confirmed"), json!({"block_number": 1})] {
        assert_eq!(call(&client, "starknet_getNonce", json!([id, "0xacc"])).await, Ok(json!("0x2")), "{id}");
        let named = json!({"contract_address": "0xacc", "block_id": id});
        assert_eq!(call(&client, "starknet_getNonce", named).await, Ok(json!("0x2")), "{id}");
    }
    let old = call(&client, "starknet_getNonce", json!([{"block_number": 0}, "0xacc"])).await.unwrap_err();
    assert_eq!(old.0, -32602);
    assert!(old.1.as_str().unwrap().contains("the state after block 0 is not kept"), "{old:?}");
    let other = call(&client, "starknet_getNonce", json!(["latest", "0x1"])).await;
    assert_eq!(other, Err((20, Value::Null)));
    let beyond = call(&client, "starknet_getNonce", json!([{"block_number": 2}, "0xacc"])).await;
    assert_eq!(beyond, Err((24, Value::Null)));

    let cell = call(&client, "starknet_getStorageAt", json!(["0xacc", "0x7", "latest"])).await;
    assert_eq!(cell, Ok(json!("0x8")));
    let named = json!({"block_id": "latest", "contract_address": "0xacc", "key": "0x7"});
    assert_eq!(call(&client, "starknet_getStorageAt", named).await, cell);
    let flags = json!(["0xacc", "0x7", "latest", ["INCLUDE_LAST_UPDATE_BLOCK"]]);
    assert_eq!(call(&client, "starknet_getStorageAt", flags).await.unwrap_err().0, -32602);
    let class = call(&client, "starknet_getClassHashAt", json!(["latest", "0xacc"])).await;
    assert_eq!(class, Ok(json!("0xc1a55")));
}

fn function(selector: &str) -> Value {
    json!({"contract_address": "0xacc", "entry_point_selector": selector, "calldata": ["0x5", "0x6"]})
}

#[tokio::test]
async fn calling_contracts() {
    let Served { server: _server, client, .. } = two_blocks().await;
    let echo = call(&client, "starknet_call", json!([function("0x1"), "latest"])).await;
    assert_eq!(echo, Ok(json!(["0x5", "0x6"])));
    let named = json!({"block_id": "latest", "request": function("0x1")});
    assert_eq!(call(&client, "starknet_call", named).await, echo);
    let failed = call(&client, "starknet_call", json!([function("0x2"), "latest"])).await;
    assert_eq!(failed, Err((40, json!({"revert_error": "no"}))));
    let absent = call(&client, "starknet_call", json!([function("0x9"), "latest"])).await;
    assert_eq!(absent, Err((21, Value::Null)));
}

#[tokio::test]
async fn a_failure_of_the_node_is_one_calls_only() {
    let Served { server: _server, client, .. } = two_blocks().await;
    let defect = call(&client, "starknet_call", json!([function("0x3"), "latest"])).await;
    assert_eq!(defect.unwrap_err().0, -32603);
    let broken = call(&client, "starknet_call", json!([function("0x4"), "latest"])).await;
    assert_eq!(broken, Err((-32603, json!("the disk is gone"))));
    assert_eq!(call(&client, "starknet_blockNumber", json!([])).await, Ok(json!(1)));
}

#[tokio::test]
async fn estimating_fees() {
    let Served { server: _server, client, node, .. } = two_blocks().await;
    let mut query = invoke(9);
    query["version"] = json!("0x100000000000000000000000000000003");
    let estimates = call(&client, "starknet_estimateFee", json!([[query, invoke(10)], ["SKIP_VALIDATE"], "latest"]));
    let estimates = estimates.await.unwrap();
    assert_eq!(estimates.as_array().unwrap().len(), 2);
    assert_eq!((&estimates[0]["overall_fee"], &estimates[0]["unit"]), (&json!("0x2c"), &json!("FRI")));
    let named = json!({"request": [invoke(9)], "simulation_flags": [], "block_id": "pre_confirmed"});
    call(&client, "starknet_estimateFee", named).await.unwrap();
    let asked = node.estimates();
    assert_eq!((asked[0].0, asked[0].2), (StateAt::Head, true));
    assert_eq!((asked[1].0, asked[1].2), (StateAt::Head, false));
    let BroadcastedTransaction::Invoke(query) = &asked[0].1[0] else { panic!() };
    assert!(query.broadcasted_invoke_txn_v3.is_query);
    assert_eq!(query.broadcasted_invoke_txn_v3.sender_address, ACCOUNT);
}

#[tokio::test]
async fn a_transaction_from_pool_to_block() {
    let Served { server: _server, client, node, .. } = two_blocks().await;
    let named = json!({"invoke_transaction": invoke(2)});
    let sent = call(&client, "starknet_addInvokeTransaction", named).await.unwrap();
    assert_eq!(sent, json!({"transaction_hash": "0x102"}));
    let status = call(&client, "starknet_getTransactionStatus", json!(["0x102"])).await.unwrap();
    assert_eq!(status, json!({"finality_status": "RECEIVED"}));
    let pooled = call(&client, "starknet_getTransactionByHash", json!(["0x102"])).await.unwrap();
    assert_eq!(
        (&pooled["type"], &pooled["version"], &pooled["nonce"]),
        (&json!("INVOKE"), &json!("0x3"), &json!("0x2"))
    );
    let none_yet = call(&client, "starknet_getTransactionReceipt", json!(["0x102"])).await;
    assert_eq!(none_yet, Err((29, Value::Null)));

    node.commit();
    // Decided is final, whether the hash is known or not.
    let status = call(&client, "starknet_getTransactionStatus", json!({"transaction_hash": "0x102"})).await.unwrap();
    assert_eq!(status, json!({"finality_status": "ACCEPTED_ON_L2", "execution_status": "SUCCEEDED"}));
    node.seal();
    let by_hash = call(&client, "starknet_getTransactionByHash", json!(["0x102"])).await.unwrap();
    assert_eq!(by_hash, pooled);
    assert!(serde_json::from_value::<Transaction>(by_hash).is_ok());
    let receipt = call(&client, "starknet_getTransactionReceipt", json!(["0x102"])).await.unwrap();
    assert_eq!(receipt["actual_fee"], json!({"amount": "0x63", "unit": "FRI"}));
    let receipt: TransactionReceiptWithBlockInfo = serde_json::from_value(receipt).unwrap();
    assert_eq!(receipt.block, ReceiptBlock::Block { block_hash: block_hash(2), block_number: 2 });
    assert_eq!(*receipt.receipt.finality_status(), TransactionFinalityStatus::AcceptedOnL2);

    let reverted = call(&client, "starknet_getTransactionStatus", json!(["0x101"])).await.unwrap();
    let reverted: TransactionStatus = serde_json::from_value(reverted).unwrap();
    assert_eq!(
        reverted,
        TransactionStatus::AcceptedOnL2(ExecutionResult::Reverted { reason: "not enough".to_owned() })
    );
    for method in ["Status", "ByHash", "Receipt"] {
        let unknown = call(&client, &format!("starknet_getTransaction{method}"), json!(["0x999"])).await;
        assert_eq!(unknown, Err((29, Value::Null)), "{method}");
    }
}

#[tokio::test]
async fn what_the_pool_refuses() {
    let Served { server: _server, client, .. } = two_blocks().await;
    let add = async |transaction: Value| call(&client, "starknet_addInvokeTransaction", json!([transaction])).await;
    let edited = |name: &str, value: Value| {
        let mut transaction = invoke(2);
        transaction[name] = value;
        transaction
    };
    assert_eq!(add(edited("nonce", json!("0x7"))).await, Err((52, json!("expected 2"))));
    assert_eq!(add(edited("signature", json!(["0x1", "0x3"]))).await, Err((55, json!("wrong signature"))));
    assert_eq!(add(edited("version", json!("0x1"))).await, Err((61, Value::Null)));
    let query = json!("0x100000000000000000000000000000003");
    assert_eq!(add(edited("version", query)).await, Err((61, Value::Null)), "a query is never executed");
    assert_eq!(add(edited("calldata", json!("0x1"))).await.unwrap_err().0, -32602);
    add(invoke(2)).await.unwrap();
    assert_eq!(add(invoke(2)).await, Err((59, Value::Null)));
    let prime = "0x800000000000011000000000000000000000000000000000000000000000001";
    let (code, data) = add(edited("calldata", json!([prime]))).await.unwrap_err();
    assert_eq!(code, -32602);
    assert!(data.as_str().unwrap().contains("is not below the prime"), "{data}");
}

#[tokio::test]
async fn deploying_an_account() {
    let Served { server: _server, client, .. } = two_blocks().await;
    let mut deploy = invoke(0);
    let fields = deploy.as_object_mut().unwrap();
    fields.retain(|name, _| !["sender_address", "calldata", "account_deployment_data"].contains(&name.as_str()));
    fields.insert("type".to_owned(), json!("DEPLOY_ACCOUNT"));
    fields.insert("class_hash".to_owned(), json!("0x5b4"));
    fields.insert("contract_address_salt".to_owned(), json!("0x51"));
    fields.insert("constructor_calldata".to_owned(), json!(["0x1"]));
    let expected = json!({"transaction_hash": "0x51", "contract_address": "0xacc"});
    let reply = call(&client, "starknet_addDeployAccountTransaction", json!([deploy])).await;
    assert_eq!(reply, Ok(expected.clone()));
    let named = json!({"deploy_account_transaction": deploy});
    assert_eq!(call(&client, "starknet_addDeployAccountTransaction", named).await, Ok(expected));
}

#[tokio::test]
async fn wrong_calls_are_named() {
    let Served { server: _server, client, .. } = two_blocks().await;
    assert_eq!(call(&client, "starknet_traceTransaction", json!([])).await.unwrap_err().0, -32601);
    let wrong = [
        ("starknet_getNonce", json!(["latest"]), "parameter `contract_address` is missing"),
        ("starknet_getNonce", json!(["newest", "0x1"]), "one of `latest`"),
        ("starknet_getNonce", json!({"block_id": "latest", "address": "0x1"}), "unknown parameter `address`"),
        ("starknet_blockNumber", json!([1]), "1 parameters; there are at most 0"),
        ("starknet_call", json!([{"contract_address": "0x1"}, "latest"]), "entry_point_selector"),
    ];
    for (method, params, text) in wrong {
        let (code, data) = call(&client, method, params).await.unwrap_err();
        assert_eq!(code, -32602);
        assert!(data.as_str().unwrap().contains(text), "{data}");
    }
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let Served { server, node, client, .. } = serve(ServeOptions::default()).await;
    let address = server.address();
    let refused = JsonRpcServer::start(address, node, ServeOptions::default()).await.unwrap_err().to_string();
    assert!(refused.starts_with(&format!("cannot listen on {address} for JSON-RPC: ")), "{refused}");
    assert!(refused.ends_with("choose another address, or port 0 for any free one"), "{refused}");
    assert_eq!(call(&client, "starknet_specVersion", json!([])).await, Ok(json!("0.10.2")));
    server.stop().await;
    let stopped: Result<Value, _> = client.request("starknet_specVersion", rpc_params![]).await;
    assert!(stopped.is_err(), "nobody listens any more");
}
