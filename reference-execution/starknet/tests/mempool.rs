//! Transactions wait in the order of their account's nonces.

#![allow(clippy::unwrap_used, reason = "the helpers of a test may fail like the test")]

mod common;

use std::collections::{BTreeMap, HashSet};

use common::{KEYS, Node};
use ecp_engine_starknet::mempool::{Mempool, NONCES_AHEAD, Refused};
use starknet_types_core::felt::Felt as StarkFelt;

#[test]
fn the_first_to_come_among_those_that_are_next_goes_first() {
    let node = Node::new();
    let (a, b) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]));
    let pool = Mempool::default();
    let txs = [a.transfer(1, &b, 1), b.transfer(0, &a, 1), a.transfer(0, &b, 1)];
    for tx in &txs {
        pool.add(tx.clone(), StarkFelt::ZERO).unwrap();
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
    assert_eq!(pool.refusal(&txs[0].hash()).as_deref(), Some("no"));
}

#[test]
fn duplicates_and_nonces_out_of_reach_are_refused() {
    let node = Node::new();
    let (a, b) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]));
    let pool = Mempool::default();
    let first = a.transfer(5, &b, 1);
    pool.add(first.clone(), StarkFelt::from(5_u8)).unwrap();
    let duplicate = Err(Refused::Duplicate(first.hash()));
    assert_eq!(pool.add(first.clone(), StarkFelt::from(5_u8)), duplicate);
    assert_eq!(pool.add(a.transfer(5, &b, 2), StarkFelt::from(5_u8)), duplicate);
    let low = pool.add(a.transfer(4, &b, 1), StarkFelt::from(5_u8));
    assert!(matches!(low, Err(Refused::NonceTooLow { .. })), "{low:?}");
    assert_eq!(pool.add(a.transfer(6 + NONCES_AHEAD, &b, 1), StarkFelt::from(5_u8)), Err(Refused::NonceTooHigh));
    assert!(pool.add(a.transfer(5 + NONCES_AHEAD, &b, 1), StarkFelt::from(5_u8)).is_ok());
}
