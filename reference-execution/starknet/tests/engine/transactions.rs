//! Real signed transactions, from genesis into blocks.
use crate::common::{self, BALANCE, KEYS, NEW_KEY, Node};
use ecp_engine_starknet::{genesis_state::balance_key, receipts::Receipt, rows, section::STRK_ADDRESS};
use starknet_types_core::felt::Felt as StarkFelt;

fn felt(node: &Node, table: &str, key: &[u8]) -> StarkFelt {
    let bytes = node.engine.head().snapshot.get(table, key).unwrap().unwrap_or_else(|| vec![0; 32]);
    StarkFelt::from_bytes_be_slice(&bytes)
}

fn balance(node: &Node, address: &StarkFelt) -> u128 {
    let strk = StarkFelt::from_hex(STRK_ADDRESS).unwrap();
    felt(node, rows::STORAGE, &rows::storage_key(&strk, &balance_key(address))).try_into().unwrap()
}

fn nonce(node: &Node, address: &StarkFelt) -> u64 {
    felt(node, rows::NONCES, &address.to_bytes_be()).try_into().unwrap()
}

fn receipt(node: &Node, hash: &StarkFelt) -> Option<Receipt> {
    let snapshot = &node.engine.head().snapshot;
    let place = snapshot.get(rows::TRANSACTION_PLACES, &hash.to_bytes_be()).unwrap()?;
    Some(serde_json::from_slice(&snapshot.get(rows::RECEIPTS, &place).unwrap().unwrap()).unwrap())
}

#[test]
fn the_classes_have_the_hashes_of_the_network() {
    let classes = ecp_engine_starknet::classes::Classes::vendored().unwrap();
    let hex = |felt: StarkFelt| format!("{felt:#x}");
    assert_eq!(hex(classes.strk_token.0), "0x2e77ee61d4df3d988ee1f42ea5442e913862cc82c2584d212ecda76666498fc");
    assert_eq!(hex(classes.deployer.0), "0x1b2df6d8861670d4a8ca4670433b2418d78169c2947f46dc614e69f333745c8");
    assert_eq!(hex(classes.account.0), "0x5b4b537eaa2399e3aa99c4e2e0208ebd6c71bc1467938cd52c798c601e43564");
}

#[test]
fn transfers_move_strk_and_pay_fees_to_the_builder() {
    let node = Node::new();
    let (a, b) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]));
    let (first, second) = (a.transfer(0, &b, 5), a.transfer(1, &b, 7));
    // The second comes first and waits for its turn.
    for tx in [&second, &first] {
        node.engine.mempool().add(tx.clone(), StarkFelt::ZERO, common::START * 1_000).unwrap();
    }
    let (_, executed) = node.block();
    assert_eq!(executed.executed_count, 2);
    assert!(node.engine.mempool().is_empty());
    let receipts = [&first, &second].map(|tx| receipt(&node, &tx.hash()).unwrap());
    assert!(receipts.iter().all(|receipt| receipt.revert_reason.is_none()), "{receipts:?}");
    let fees: u128 = receipts.iter().map(|receipt| receipt.actual_fee).sum();
    assert!(fees > 0);
    assert_eq!(balance(&node, &b.felt()), BALANCE + 12);
    assert_eq!(balance(&node, &a.felt()), BALANCE - 12 - fees);
    assert_eq!(balance(&node, &StarkFelt::from(0xb_u8)), fees);
    assert_eq!(nonce(&node, &a.felt()), 2);
}

#[test]
fn an_account_deploys_itself_and_looks_like_those_of_genesis() {
    let node = Node::new();
    let (new, old) = (node.wallet(NEW_KEY), node.wallet(KEYS[0]));
    let (deployment, transfer) = (new.deployment(), new.transfer(1, &old, 3));
    assert_eq!(deployment.sender(), new.felt());
    for tx in [&deployment, &transfer] {
        node.engine.mempool().add(tx.clone(), StarkFelt::ZERO, common::START * 1_000).unwrap();
    }
    let (_, executed) = node.block();
    assert_eq!(executed.executed_count, 2);
    assert_eq!(balance(&node, &old.felt()), BALANCE + 3);
    assert_eq!(nonce(&node, &new.felt()), 2);
    // The constructor really ran: it wrote the same cells that genesis writes for the others.
    let cells = |address: &StarkFelt| {
        let (from, to) = (rows::storage_key(address, &StarkFelt::ZERO), rows::storage_key(address, &StarkFelt::MAX));
        node.engine.head().snapshot.range(rows::STORAGE, &from, &to, 100).unwrap()
    };
    let (theirs, ours) = (cells(&new.felt()), cells(&old.felt()));
    let keys = |cells: &[(Vec<u8>, Vec<u8>)]| cells.iter().map(|(key, _)| key[32..].to_vec()).collect::<Vec<_>>();
    assert!(!ours.is_empty());
    assert_eq!(keys(&theirs), keys(&ours), "{theirs:?}");
    let class = |address: &StarkFelt| felt(&node, rows::CONTRACTS, &address.to_bytes_be());
    assert_eq!(class(&new.felt()), class(&old.felt()));
}

#[test]
fn a_reverted_transaction_is_in_the_block_and_pays() {
    let node = Node::new();
    let (a, b) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]));
    let too_much = a.transfer(0, &b, 10 * BALANCE);
    node.engine.mempool().add(too_much.clone(), StarkFelt::ZERO, common::START * 1_000).unwrap();
    let (_, executed) = node.block();
    assert_eq!(executed.executed_count, 1);
    let receipt = receipt(&node, &too_much.hash()).unwrap();
    assert!(receipt.revert_reason.is_some());
    assert!(receipt.actual_fee > 0);
    assert_eq!(balance(&node, &a.felt()), BALANCE - receipt.actual_fee);
    assert_eq!(balance(&node, &b.felt()), BALANCE);
    assert_eq!(nonce(&node, &a.felt()), 1);
}

#[test]
fn a_forged_signature_is_in_no_block_and_holds_up_nobody() {
    let node = Node::new();
    let (a, b) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]));
    let forged = a.forged_transfer(0, &b, 5);
    let honest = b.transfer(0, &a, 5);
    for tx in [&forged, &honest] {
        node.engine.mempool().add(tx.clone(), StarkFelt::ZERO, common::START * 1_000).unwrap();
    }
    let (_, executed) = node.block();
    assert_eq!(executed.executed_count, 1);
    assert!(receipt(&node, &honest.hash()).is_some());
    assert!(receipt(&node, &forged.hash()).is_none());
    assert!(node.engine.mempool().refusal(&forged.hash()).is_some());
    assert!(node.engine.mempool().is_empty());
    assert_eq!(balance(&node, &b.felt()), BALANCE - 5 - receipt(&node, &honest.hash()).unwrap().actual_fee);
}
