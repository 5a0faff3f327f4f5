//! Blocks that are decided while their hash is not known yet (ECP-STK-007).

use std::time::Duration;

use crate::node::{Served, block_hash, call, invoke, serve};
use ecp_jsonrpc::ServeOptions;
use serde_json::json;
use starknet_rust_core::types::{
    MaybePreConfirmedBlockWithReceipts, ReceiptBlock, TransactionFinalityStatus, TransactionReceiptWithBlockInfo,
};

#[tokio::test]
async fn calls_that_tell_a_hash_wait_for_it() {
    let Served { server: _server, client, node, mut waiting, .. } = serve(ServeOptions::default()).await;
    call(&client, "starknet_addInvokeTransaction", json!([invoke(0)])).await.unwrap();
    node.commit();
    let calls = [
        ("starknet_getBlockWithTxHashes", json!(["latest"]), "/block_hash"),
        ("starknet_getBlockWithTxs", json!([{"block_number": 0}]), "/block_hash"),
        ("starknet_getBlockWithReceipts", json!(["latest"]), "/block_hash"),
        ("starknet_blockHashAndNumber", json!([]), "/block_hash"),
        ("starknet_getStateUpdate", json!(["latest"]), "/block_hash"),
        ("starknet_getTransactionReceipt", json!(["0x100"]), "/block_hash"),
    ];
    let asked: Vec<_> = calls
        .into_iter()
        .map(|(method, params, pointer)| {
            let client = client.clone();
            (method, pointer, tokio::spawn(async move { call(&client, method, params).await }))
        })
        .collect();
    for _ in &asked {
        waiting.recv().await.unwrap();
    }
    // All of them wait now; what tells no hash is answered.
    assert_eq!(call(&client, "starknet_blockNumber", json!([])).await, Ok(json!(0)));
    assert_eq!(call(&client, "starknet_getNonce", json!(["latest", "0xacc"])).await, Ok(json!("0x1")));
    let status = call(&client, "starknet_getTransactionStatus", json!(["0x100"])).await.unwrap();
    assert_eq!(status["finality_status"], "ACCEPTED_ON_L2");
    assert!(asked.iter().all(|(_, _, call)| !call.is_finished()));
    node.seal();
    for (method, pointer, asked) in asked {
        let reply = asked.await.unwrap().unwrap();
        assert_eq!(reply.pointer(pointer), Some(&json!(block_hash(0))), "{method}");
    }
}

#[tokio::test]
async fn after_the_wait_they_are_told_as_pre_confirmed() {
    let options = ServeOptions { hash_wait: Duration::ZERO, ..Default::default() };
    let Served { server: _server, client, node, .. } = serve(options).await;
    call(&client, "starknet_addInvokeTransaction", json!([invoke(0)])).await.unwrap();
    node.commit();
    let block = call(&client, "starknet_getBlockWithReceipts", json!(["latest"])).await.unwrap();
    let MaybePreConfirmedBlockWithReceipts::PreConfirmedBlock(block) = serde_json::from_value(block).unwrap() else {
        panic!("no hash is made up");
    };
    assert_eq!((block.block_number, block.transactions.len()), (0, 1));
    assert_eq!(*block.transactions[0].receipt.finality_status(), TransactionFinalityStatus::PreConfirmed);
    let receipt = call(&client, "starknet_getTransactionReceipt", json!(["0x100"])).await.unwrap();
    let receipt: TransactionReceiptWithBlockInfo = serde_json::from_value(receipt).unwrap();
    assert_eq!(receipt.block, ReceiptBlock::PreConfirmed { block_number: 0 });
    let (code, text) = call(&client, "starknet_blockHashAndNumber", json!([])).await.unwrap_err();
    assert_eq!((code, text), (-32603, json!("the hash of block 0 is not known yet; ask again")));
}
