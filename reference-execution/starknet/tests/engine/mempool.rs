//! Transactions wait in the order of their account's nonces, within bounds.

use std::collections::{BTreeMap, HashSet};

use crate::common::{self, KEYS, Node, Wallet};
use ecp_engine_starknet::{
    codec::Tx,
    mempool::{Limits, Mempool, NONCES_AHEAD, Refused},
    section::STRK_ADDRESS,
};
use starknet_api::{
    block::GasPrice,
    transaction::fields::{Tip, ValidResourceBounds},
};
use starknet_types_core::felt::Felt as StarkFelt;

const NOW: u64 = 1_000_000;

#[test]
fn the_first_to_come_among_those_that_are_next_goes_first() {
    let node = Node::new();
    let (a, b) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]));
    let pool = Mempool::default();
    let txs = [a.transfer(1, &b, 1), b.transfer(0, &a, 1), a.transfer(0, &b, 1)];
    for tx in &txs {
        pool.add(tx.clone(), StarkFelt::ZERO, NOW).unwrap();
    }
    let mut nonces: BTreeMap<StarkFelt, StarkFelt> = BTreeMap::new();
    let mut order = Vec::new();
    while let Some(tx) = pool.next(|sender| nonces.get(sender).copied().unwrap_or_default(), &HashSet::new()) {
        nonces.insert(tx.sender(), tx.nonce() + StarkFelt::ONE);
        order.push(tx.hash());
    }
    assert_eq!(order, [&txs[1], &txs[2], &txs[0]].map(|tx| tx.hash()));
    assert_eq!(pool.nonce_after(&a.felt(), StarkFelt::ZERO), StarkFelt::TWO);
    let skip = HashSet::from([txs[1].hash()]);
    assert_eq!(pool.next(|_| StarkFelt::ZERO, &skip).unwrap().hash(), txs[2].hash());
    pool.committed(&BTreeMap::from([(a.felt(), StarkFelt::ONE), (b.felt(), StarkFelt::ONE)]));
    assert_eq!(pool.len(), 1);
    assert_eq!(pool.get(&txs[0].hash()), Some(txs[0].clone()));
    pool.refuse(txs[0].hash(), "no".into());
    assert!(pool.is_empty());
    assert_eq!(pool.bytes(), 0);
    assert_eq!(pool.refusal(&txs[0].hash()).as_deref(), Some("no"));
}

#[test]
fn duplicates_and_nonces_out_of_reach_are_refused() {
    let node = Node::new();
    let (a, b) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]));
    let pool = Mempool::default();
    let five = StarkFelt::from(5_u8);
    let first = a.transfer(5, &b, 1);
    pool.add(first.clone(), five, NOW).unwrap();
    assert_eq!(pool.add(first.clone(), five, NOW), Err(Refused::Known(first.hash())));
    let other = pool.add(a.transfer(5, &b, 2), five, NOW);
    assert_eq!(other, Err(Refused::Underpriced { waiting: first.hash() }));
    let low = pool.add(a.transfer(4, &b, 1), five, NOW);
    assert!(matches!(low, Err(Refused::NonceTooLow { .. })), "{low:?}");
    assert_eq!(pool.add(a.transfer(6 + NONCES_AHEAD, &b, 1), five, NOW), Err(Refused::NonceTooHigh));
    assert!(pool.add(a.transfer(5 + NONCES_AHEAD, &b, 1), five, NOW).is_ok());
}

/// A transfer of `fri` that bids this tip, and this many percent of the usual price of L2 gas.
fn bid(from: &Wallet, to: &Wallet, fri: u128, tip: u64, percent: u128) -> Tx {
    let strk = StarkFelt::from_hex(STRK_ADDRESS).unwrap();
    let mut tx = from.unsigned_call(0, strk, "transfer", &[to.felt(), fri.into(), StarkFelt::ZERO]);
    tx.tip = Tip(tip);
    if let ValidResourceBounds::AllResources(bounds) = &mut tx.resource_bounds {
        bounds.l2_gas.max_price_per_unit = GasPrice(bounds.l2_gas.max_price_per_unit.0 * percent / 100);
    }
    from.signed(tx)
}

#[test]
fn who_bids_a_tenth_more_replaces_a_transaction_of_the_same_nonce() {
    let node = Node::new();
    let (a, b) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]));
    let pool = Mempool::default();
    let first = bid(&a, &b, 1, 100, 100);
    let add = |tx: &Tx| pool.add(tx.clone(), StarkFelt::ZERO, NOW);
    add(&first).unwrap();
    let underpriced = Err(Refused::Underpriced { waiting: first.hash() });
    assert_eq!(add(&bid(&a, &b, 2, 109, 110)), underpriced, "the tip is too low");
    assert_eq!(add(&bid(&a, &b, 2, 110, 109)), underpriced, "the price is too low");
    let second = bid(&a, &b, 2, 110, 110);
    add(&second).unwrap();
    assert_eq!(pool.len(), 1);
    assert_eq!(pool.get(&first.hash()), None);
    let why = pool.refusal(&first.hash()).unwrap();
    assert!(why.contains(&format!("{:#x}", second.hash())), "{why}");
    assert_eq!(pool.next(|_| StarkFelt::ZERO, &HashSet::new()).unwrap().hash(), second.hash());
    // Without a tip there is nothing to be a tenth of, but the price must rise.
    let pool = Mempool::default();
    pool.add(bid(&a, &b, 1, 0, 100), StarkFelt::ZERO, NOW).unwrap();
    assert!(pool.add(bid(&a, &b, 2, 0, 100), StarkFelt::ZERO, NOW).is_err());
    assert!(pool.add(bid(&a, &b, 2, 0, 110), StarkFelt::ZERO, NOW).is_ok());
}

#[test]
fn every_bound_has_its_own_refusal_and_what_waits_too_long_goes() {
    let node = Node::new();
    let (a, b) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]));
    let one = a.transfer(1, &b, 1).to_bytes().len();
    let limits = Limits { transactions: 3, bytes: 10 * one, per_account: 2, lifetime_ms: 1_000 };
    let pool = Mempool::new(limits);
    // Nonce 0 is missing: a gap.
    for nonce in [1, 2] {
        pool.add(a.transfer(nonce, &b, 1), StarkFelt::ZERO, NOW).unwrap();
    }
    assert_eq!(pool.next(|_| StarkFelt::ZERO, &HashSet::new()), None);
    assert_eq!(pool.add(a.transfer(3, &b, 1), StarkFelt::ZERO, NOW), Err(Refused::AccountFull));
    pool.add(b.transfer(0, &a, 1), StarkFelt::ZERO, NOW + 900).unwrap();
    let c = node.wallet(KEYS[2]);
    let late = c.transfer(0, &a, 1);
    assert_eq!(pool.add(late.clone(), StarkFelt::ZERO, NOW + 1_000), Err(Refused::Full));
    // Those behind the gap are given up, and make room.
    pool.add(late.clone(), StarkFelt::ZERO, NOW + 1_001).unwrap();
    assert_eq!(pool.len(), 2);
    let why = pool.refusal(&a.transfer(1, &b, 1).hash()).unwrap();
    assert_eq!(why, "no block took it within 1 s");
    pool.expire(NOW + 1_901);
    assert_eq!(pool.len(), 1);
    assert_eq!(pool.get(&late.hash()), Some(late));
    let small = Mempool::new(Limits { bytes: 2 * one - 1, ..limits });
    small.add(a.transfer(0, &b, 1), StarkFelt::ZERO, NOW).unwrap();
    assert_eq!(small.add(b.transfer(0, &a, 1), StarkFelt::ZERO, NOW), Err(Refused::Full));
}

#[test]
fn what_a_block_does_not_take_waits_for_the_next() {
    let node = Node::of(common::genesis(|file| {
        file["workload"]["starknet"]["block_limits"] = serde_json::json!({
            "max_transactions": 2, "max_l2_gas": 5_000_000_000_u64, "max_state_diff": 4_000, "max_events": 5_000
        });
    }));
    let (a, b) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]));
    for nonce in 0..5 {
        node.engine.submit(a.transfer(nonce, &b, 1)).unwrap();
    }
    for (taken, left) in [(2, 3), (2, 1), (1, 0)] {
        let (_, executed) = node.block();
        assert_eq!(executed.executed_count, taken);
        assert_eq!(node.engine.mempool().len(), left);
    }
    // A build that is given up takes nothing away either.
    node.engine.submit(a.transfer(5, &b, 1)).unwrap();
    let mut build = ecp_execution_core::seams::ExecutionEngine::build(&*node.engine, node.slot()).unwrap();
    for _ in 0..2 {
        assert!(build.step(std::time::Duration::from_secs(60)).is_ok());
    }
    drop(build);
    assert_eq!(node.engine.mempool().len(), 1);
    let (_, executed) = node.block();
    assert_eq!(executed.executed_count, 1);
}
