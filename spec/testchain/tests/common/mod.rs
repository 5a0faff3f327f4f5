//! A small network that the tests and the vectors use.

#![allow(dead_code)]

use ecp_testchain::{AccountKey, Chain, Domain, Slot, Transfer, account_key, sign_transfer};
use ecp_types::{Felt, Genesis};

/// The genesis file of the vectors. Its bytes matter: the first block's parent is their hash.
pub(crate) const GENESIS: &[u8] = include_bytes!("../../../vectors/test-chain/genesis.json");
/// First height of that genesis.
pub(crate) const FIRST: u64 = 7;
/// Secret keys of the three accounts.
pub(crate) const ALICE: [u8; 32] = [0xa1; 32];
pub(crate) const BOB: [u8; 32] = [0xb2; 32];
pub(crate) const CAROL: [u8; 32] = [0xc3; 32];

pub(crate) fn chain() -> Chain {
    Chain::new(Genesis::read(GENESIS).unwrap()).unwrap()
}

pub(crate) fn domain() -> Domain {
    chain().domain().clone()
}

pub(crate) fn slot(height: u64) -> Slot {
    Slot { height, round: 0, valid_round: None, proposer: Felt::from_u64(0x101) }
}

pub(crate) fn pay(from: &[u8; 32], to: &[u8; 32], amount: u64, nonce: u64) -> Transfer {
    pay_key(from, account_key(to), amount, nonce)
}

pub(crate) fn pay_key(from: &[u8; 32], to: AccountKey, amount: u64, nonce: u64) -> Transfer {
    sign_transfer(&domain(), from, to, amount, nonce, 3)
}
