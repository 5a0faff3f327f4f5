//! The rules of the test chain, one by one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod common;

use std::sync::Arc;

use common::{ALICE, BOB, CAROL, FIRST, chain, domain, pay, slot};
use ecp_testchain::{
    BlockBuilder, BlockCheck, Body, BuildError, Chain, Fin, Init, Section, Slot, Transfer, TransferError, account_key,
    reframe_init, sign_transfer,
};
use ecp_types::{Felt, Genesis, InvalidReason, Part};
use proptest::prelude::*;

fn verdict(chain: &Chain, parts: &[Part]) -> Result<ecp_types::Commitment, InvalidReason> {
    let state = chain.initial_state();
    let checked = chain.check_block(&state, slot(FIRST), parts).unwrap();
    checked.map(|block| block.commitment()).map_err(|invalid| invalid.reason)
}

fn some_transfers() -> Vec<Transfer> {
    vec![pay(&ALICE, &BOB, 10, 0), pay(&BOB, &CAROL, 500, 5), pay(&CAROL, &CAROL, 500, 0), pay(&ALICE, &ALICE, 990, 1)]
}

#[test]
fn a_transfer_to_oneself_keeps_the_balance_and_uses_the_nonce() {
    let chain = chain();
    let block = chain.build_block(&chain.initial_state(), slot(FIRST), 5, vec![some_transfers()], 4).unwrap();
    let alice = block.state.accounts[&account_key(&ALICE)];
    assert_eq!((alice.balance, alice.nonce), (990, 2));
    let carol = block.state.accounts[&account_key(&CAROL)];
    assert_eq!((carol.balance, carol.nonce), (500, 1));
}

#[test]
fn commitment_does_not_bind_round_valid_round_or_proposer() {
    let chain = chain();
    let state = chain.initial_state();
    let build = |slot| chain.build_block(&state, slot, 5, vec![some_transfers()], 4).unwrap();
    let first = build(slot(FIRST));
    let later = build(Slot { round: 4, valid_round: Some(2), proposer: Felt::from_u64(9), ..slot(FIRST) });
    assert_eq!(first.commitment(), later.commitment());
    assert_eq!(first.state, later.state);

    let init = reframe_init(&first.proposal.init.encode(), 4, Some(2), Felt::from_u64(9)).unwrap();
    assert_eq!(init, later.proposal.init.encode());
}

#[test]
fn commitment_binds_timestamp_parent_and_network() {
    let chain = chain();
    let state = chain.initial_state();
    let first = chain.build_block(&state, slot(FIRST), 5, vec![], 0).unwrap().commitment();
    assert_ne!(first, chain.build_block(&state, slot(FIRST), 6, vec![], 0).unwrap().commitment());
    let mut other_parent = state.clone();
    other_parent.parent.0[0] ^= 1;
    assert_ne!(first, chain.build_block(&other_parent, slot(FIRST), 5, vec![], 0).unwrap().commitment());
    let text = String::from_utf8(common::GENESIS.to_vec()).unwrap();
    let fork = text.replace("\"fork_id\": 1", "\"fork_id\": 2");
    assert_ne!(fork, text);
    let fork = Chain::new(Genesis::read(fork.as_bytes()).unwrap()).unwrap();
    let fork_block = fork.build_block(&state, slot(FIRST), 5, vec![], 0).unwrap();
    assert_ne!(first, fork_block.commitment());
}

#[test]
fn what_execution_leaves_out_is_neither_checked_nor_bound() {
    let chain = chain();
    let state = chain.initial_state();
    let bad = Transfer { signature: [0; 64], ..pay(&ALICE, &BOB, 1, 1) };
    let tail = vec![vec![pay(&ALICE, &BOB, 10, 0), bad.clone()], vec![bad.clone(), bad]];
    let with_tail = chain.build_block(&state, slot(FIRST), 5, tail, 1).unwrap();
    let without = chain.build_block(&state, slot(FIRST), 5, vec![vec![pay(&ALICE, &BOB, 10, 0)]], 1).unwrap();
    assert_eq!(with_tail.commitment(), without.commitment());
    assert_eq!(verdict(&chain, &with_tail.parts()), Ok(without.commitment()));
    assert_eq!(with_tail.proposal.cut(), without.proposal);
}

#[test]
fn more_was_executed_than_fin_counts_is_undone() {
    let chain = chain();
    let block = chain.build_block(&chain.initial_state(), slot(FIRST), 5, vec![some_transfers()], 2).unwrap();
    let mut check = BlockCheck::new(Arc::new(chain.clone()), Arc::new(chain.initial_state()), slot(FIRST)).unwrap();
    let parts = block.parts();
    check.part(&parts[0]).unwrap();
    check.part(&parts[1]).unwrap();
    while check.execute_next().is_some() {}
    check.part(&parts[2]).unwrap();
    assert!(!check.has_next());
    assert_eq!(check.finish().unwrap().unwrap().state, block.state);
}

#[test]
fn what_cannot_be_executed_has_the_commitment_of_its_content() {
    let chain = chain();
    let state = chain.initial_state();
    let block = chain.build_block(&state, slot(FIRST), 5, vec![vec![pay(&ALICE, &BOB, 1, 0)]], 1).unwrap();
    let computed = |change: &dyn Fn(&mut ecp_testchain::Proposal)| {
        let mut proposal = block.proposal.clone();
        change(&mut proposal);
        let mut check = BlockCheck::new(Arc::new(chain.clone()), Arc::new(state.clone()), slot(FIRST)).unwrap();
        for part in &proposal.parts() {
            check.part(part).unwrap();
        }
        while check.execute_next().is_some() {}
        assert!(check.finish().unwrap().is_err());
        check.computed().unwrap()
    };
    let flipped = computed(&|p| p.bodies[0].transfers[0].signature[0] ^= 1);
    assert_ne!(flipped, block.commitment(), "the signature is content");
    assert_eq!(flipped, computed(&|p| p.bodies[0].transfers[0].signature[0] ^= 1));
    let other = computed(&|p| {
        p.bodies[0].transfers[0].signature[0] ^= 1;
        p.fin.state_digest[0] ^= 1;
    });
    assert_ne!(other, flipped, "so is the state that FIN names");
}

#[test]
fn a_block_over_capacity_has_a_commitment_all_the_same() {
    let chain = chain();
    let transfers: Vec<_> = (0..5).map(|nonce| pay(&ALICE, &BOB, 1, nonce)).collect();
    let state = chain.initial_state();
    let over = chain.with_capacity(5).build_block(&state, slot(FIRST), 5, vec![transfers.clone()], 5).unwrap();
    assert_eq!(verdict(&chain, &over.parts()), Err(InvalidReason::BlockOverCapacity));
    let mut check = BlockCheck::new(Arc::new(chain.clone()), Arc::new(state.clone()), slot(FIRST)).unwrap();
    for part in &over.parts() {
        check.part(part).unwrap();
    }
    assert!(check.finish().unwrap().is_err());
    assert_eq!(check.computed(), Some(over.commitment()));
    let refused = chain.build_block(&state, slot(FIRST), 5, vec![transfers], 5);
    assert_eq!(refused, Err(BuildError::Transfer { index: 4, error: TransferError::OverCapacity(4) }));
}

#[test]
fn the_hash_of_ten_below_is_bound_from_the_eleventh_block_on() {
    let chain = chain();
    let mut state = chain.initial_state();
    for height in FIRST..FIRST + 10 {
        assert_eq!(chain.needed_hash(height), None);
        state = chain.build_block(&state, slot(height), 5, vec![], 0).unwrap().state;
    }
    let height = FIRST + 10;
    assert_eq!(chain.needed_hash(height), Some(FIRST));
    let block = chain.build_block(&state, slot(height), 5, vec![], 0).unwrap();
    let mut changed = state.clone();
    changed.hashes[0].block_hash = Felt::from_u64(1);
    assert_ne!(chain.build_block(&changed, slot(height), 5, vec![], 0).unwrap().commitment(), block.commitment());
    changed.hashes.pop_front();
    let missing = chain.build_block(&changed, slot(height), 5, vec![], 0);
    assert_eq!(missing, Err(BuildError::MissingHash(FIRST)));
}

#[test]
fn a_builder_keeps_to_capacity_batch_and_the_limit_of_a_proposal() {
    let text = String::from_utf8(common::GENESIS.to_vec()).unwrap();
    // Room for INIT, FIN and two bodies of two and one transfers, and not a byte more.
    let limit = Init::BYTES + Fin::BYTES + 2 * Body::HEADER_BYTES + 3 * Transfer::BYTES;
    let small = text.replace("\"max_proposal_bytes\": 1200", &format!("\"max_proposal_bytes\": {limit}"));
    assert_ne!(small, text);
    let chain = Arc::new(Chain::new(Genesis::read(small.as_bytes()).unwrap()).unwrap());
    let state = Arc::new(chain.initial_state());
    let mut builder = BlockBuilder::new(Arc::clone(&chain), Arc::clone(&state), slot(FIRST), 5).unwrap();
    let mut parts = vec![builder.init_part()];
    for nonce in 0..3 {
        assert!(!builder.is_full());
        builder.execute(&pay(&ALICE, &BOB, 1, nonce)).unwrap();
        if builder.batch_is_whole() {
            parts.extend(builder.take_body());
        }
    }
    assert!(builder.is_full());
    assert!(builder.execute(&pay(&ALICE, &BOB, 1, 3)).is_err());
    parts.extend(builder.take_body());
    let (fin, block) = builder.finish().unwrap();
    parts.push(fin);
    assert_eq!(block.parts(), parts);
    assert_eq!(parts.iter().map(|part| part.payload.len()).sum::<usize>(), limit);
    assert_eq!(verdict(&chain, &parts), Ok(block.commitment()));
}

#[test]
fn a_builder_never_goes_back_in_time() {
    let chain = Arc::new(chain());
    let mut state = chain.initial_state();
    state.timestamp_ms = 100;
    let builder = BlockBuilder::new(Arc::clone(&chain), Arc::new(state), slot(FIRST), 40).unwrap();
    assert_eq!(Init::decode(&builder.init_part().payload).unwrap().timestamp_ms, 100);
}

#[test]
fn the_timestamp_window_has_its_end_inside() {
    let chain = chain();
    assert!(chain.timestamp_in_window(1500, 1000));
    assert!(!chain.timestamp_in_window(1501, 1000));
    assert!(chain.timestamp_in_window(u64::MAX, u64::MAX));
}

#[test]
fn a_signature_is_bound_to_chain_and_fork() {
    let transfer = pay(&ALICE, &BOB, 1, 0);
    assert!(transfer.verify(&domain()));
    let mut other = domain();
    other.fork_id += 1;
    assert!(!transfer.verify(&other));
    other = domain();
    other.chain_id.push('X');
    assert!(!transfer.verify(&other));
}

#[test]
fn sections_are_refused_by_field() {
    let good: serde_json::Value = serde_json::from_slice(common::GENESIS).unwrap();
    let good = good["workload"]["test_chain"].clone();
    Section::read(&good).unwrap();
    let key = good["accounts"][0]["key"].clone();
    for (pointer, value, expected) in [
        ("/accounts/1/key", key, "`workload.test_chain.accounts[1].key`: stands twice"),
        (
            "/accounts/1/balance",
            u64::MAX.into(),
            "`workload.test_chain.accounts[1].balance`: all balances together must be below 2^64",
        ),
        ("/capacity", 0.into(), "`workload.test_chain.capacity`: must be 1 to 4294967295, is 0"),
        ("/batch", 1001.into(), "`workload.test_chain.batch`: must be 1 to 1000, is 1001"),
        ("/hash_lag", 1001.into(), "`workload.test_chain.hash_lag`: must be 0 to 1000, is 1001"),
        (
            "/mempool/0/signature",
            "0x11".into(),
            "`workload.test_chain.mempool[0].signature`: must be 0x and 128 hexadecimal digits",
        ),
    ] {
        let mut section = good.clone();
        *section.pointer_mut(pointer).unwrap() = value;
        assert_eq!(Section::read(&section).unwrap_err().to_string(), format!("genesis field {expected}"));
    }
}

fn any_transfer() -> impl Strategy<Value = Transfer> {
    (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<u64>(), any::<u64>(), any::<u32>(), any::<[u8; 64]>()).prop_map(
        |(from, to, amount, nonce, cost_ms, signature)| Transfer { from, to, amount, nonce, cost_ms, signature },
    )
}

/// Transfers of the three accounts, most of them executable: (from, to, amount, whether the nonce is wrong).
fn plan() -> impl Strategy<Value = Vec<(usize, usize, u64, bool)>> {
    prop::collection::vec((0..3usize, 0..3usize, 0..40u64, prop::bool::weighted(0.1)), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn payloads_read_back(transfers in prop::collection::vec(any_transfer(), 1..5), round: u32, valid: Option<u32>,
                          height: u64, timestamp_ms: u64, count: u64, hash: [u8; 32]) {
        let init = Init {
            height, round, valid_round: valid, proposer: Felt::from_u64(count), timestamp_ms,
            parent: ecp_types::Commitment(hash),
        };
        prop_assert_eq!(Init::decode(&init.encode()), Ok(init));
        let body = Body { transfers };
        prop_assert_eq!(Body::decode(&body.encode()), Ok(body));
        let fin = Fin { commitment: ecp_types::Commitment(hash), executed_count: count, state_digest: hash };
        prop_assert_eq!(Fin::decode(&fin.encode()), Ok(fin));
    }

    #[test]
    fn no_payload_panics_and_what_is_read_is_canonical(payload in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(init) = Init::decode(&payload) {
            prop_assert_eq!(&init.encode()[..], &payload[..]);
        }
        if let Ok(body) = Body::decode(&payload) {
            prop_assert_eq!(&body.encode()[..], &payload[..]);
        }
        if let Ok(fin) = Fin::decode(&payload) {
            prop_assert_eq!(&fin.encode()[..], &payload[..]);
        }
    }

    #[test]
    fn what_is_built_is_valid_and_money_stays(plan in plan(), now in 0..1000u64) {
        let chain = Arc::new(chain());
        let state = Arc::new(chain.initial_state());
        let secrets = [ALICE, BOB, CAROL];
        let mut nonces = [0, 5, 0];
        let mut builder = BlockBuilder::new(Arc::clone(&chain), Arc::clone(&state), slot(FIRST), now).unwrap();
        let mut parts = vec![builder.init_part()];
        for (from, to, amount, wrong) in plan {
            let nonce = nonces[from] + u64::from(wrong);
            let to = account_key(&secrets[to]);
            let transfer = sign_transfer(chain.domain(), &secrets[from], to, amount, nonce, 1);
            if builder.execute(&transfer).is_ok() {
                nonces[from] += 1;
            }
            if builder.batch_is_whole() {
                parts.extend(builder.take_body());
            }
        }
        parts.extend(builder.take_body());
        let (fin, block) = builder.finish().unwrap();
        parts.push(fin);
        prop_assert_eq!(&block.parts(), &parts);
        let checked = chain.check_block(&state, slot(FIRST), &parts).unwrap().unwrap();
        prop_assert_eq!(&checked, &block);
        let total = |accounts: &std::collections::BTreeMap<_, ecp_testchain::Account>| {
            accounts.values().map(|account| account.balance).sum::<u64>()
        };
        prop_assert_eq!(total(&state.accounts), total(&block.state.accounts));
    }
}
