//! The engine behind its seams.

mod support;
mod vectors;

use std::time::Duration;

use ecp_execution_core::seams::{BuildStep, ExecutionEngine as _, Slot, ValidationStep};
use ecp_testchain::{Init, Transfer, account_key};
use ecp_types::{Felt, InvalidReason, LocalReason, Missing, PartKind};
use proptest::prelude::*;
use support::{ALICE, BOB, CAROL, FIRST, Network, node};

use crate::{OpenError, ScriptedEngine, SubmitError};

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn parts_leave_batch_by_batch_and_take_their_cost() {
    let node = node(Network::default());
    let mut build = node.engine.build(support::slot(FIRST)).unwrap();
    let mut spent = Vec::new();
    let mut kinds = Vec::new();
    loop {
        match build.step(LONG).unwrap() {
            BuildStep::Part(part) => kinds.push(part.kind),
            BuildStep::Built(executed) => {
                assert_eq!(executed.executed_count, 3);
                break;
            }
            BuildStep::Waiting(missing) => panic!("{missing:?}"),
        }
        spent.push(node.pace.spent_ms());
    }
    assert_eq!(kinds, [PartKind::Init, PartKind::Body, PartKind::Body, PartKind::Fin]);
    // Two transfers of 30 ms, then one of 40 ms.
    assert_eq!(spent, [0, 60, 100, 100]);
    assert!(build.step(LONG).is_err());
}

#[test]
fn a_block_closes_with_what_was_executed_when_time_is_over() {
    let node = node(Network::default());
    // The second transfer would need 60 ms in all.
    let (parts, executed) = node.build(FIRST, Duration::from_millis(59));
    assert_eq!((parts.len(), executed.executed_count), (3, 1));
    assert_eq!(node.pace.spent_ms(), 30);
    node.commit(FIRST, &executed);
    assert_eq!(node.engine.waiting().len(), 2);

    let (parts, executed) = node.build(FIRST + 1, Duration::ZERO);
    assert_eq!((parts.len(), executed.executed_count), (2, 0));
    node.commit(FIRST + 1, &executed);
    assert_eq!(node.build(FIRST + 2, LONG).1.executed_count, 2);
}

#[test]
fn a_dropped_build_and_a_lost_candidate_leave_their_transfers_in_the_mempool() {
    let node = node(Network::default());
    let mut dropped = node.engine.build(support::slot(FIRST)).unwrap();
    for _ in 0..2 {
        assert!(matches!(dropped.step(LONG).unwrap(), BuildStep::Part(_)));
    }
    drop(dropped);
    let (_, lost) = node.build(FIRST, LONG);
    assert_eq!(node.engine.waiting().len(), 3);
    let (parts, again) = node.build(FIRST, LONG);
    assert_eq!(again.commitment, lost.commitment);
    assert_eq!(parts, lost.parts);
}

#[test]
fn an_empty_block_is_built_and_valid() {
    let node = node(Network { mempool: vec![], ..Network::default() });
    let (parts, built) = node.build(FIRST, LONG);
    assert_eq!(parts.len(), 2);
    assert_eq!(node.validate(FIRST, &parts).unwrap().0.commitment, built.commitment);
}

#[test]
fn a_full_block_leaves_the_rest() {
    let node = node(Network { capacity: 2, ..Network::default() });
    let (_, built) = node.build(FIRST, LONG);
    assert_eq!(built.executed_count, 2);
    node.commit(FIRST, &built);
    assert_eq!(node.build(FIRST + 1, LONG).1.executed_count, 1);
}

#[test]
fn what_cannot_be_executed_now_is_left_for_later() {
    let network = Network::default();
    let early = network.pay(&BOB, &CAROL, 1, 6, 0);
    let broken = Transfer { signature: [0; 64], ..network.pay(&ALICE, &BOB, 1, 0, 0) };
    let node = node(Network { mempool: vec![broken, early.clone()], ..network });
    let (_, built) = node.build(FIRST, LONG);
    assert_eq!(built.executed_count, 0);
    node.commit(FIRST, &built);

    // Bob's missing nonce arrives behind, so it is executed first one block later.
    let missing = Network::default().pay(&BOB, &CAROL, 1, 5, 0);
    node.engine.submit(missing).unwrap();
    let (_, built) = node.build(FIRST + 1, LONG);
    assert_eq!(built.executed_count, 1);
    node.commit(FIRST + 1, &built);
    let (_, built) = node.build(FIRST + 2, LONG);
    assert_eq!(built.executed_count, 1);
    node.commit(FIRST + 2, &built);
    assert_eq!(node.engine.state().accounts[&account_key(&BOB)].nonce, 7);
}

#[test]
fn submitted_transfers_are_checked() {
    let node = node(Network::default());
    let network = Network::default();
    let good = network.pay(&ALICE, &BOB, 1, 2, 0);
    assert!(matches!(
        node.engine.submit(Transfer { amount: 2, ..good.clone() }),
        Err(SubmitError::Refused(ecp_testchain::TransferError::Signature))
    ));
    assert!(matches!(
        node.engine.submit(network.pay(&BOB, &ALICE, 1, 4, 0)),
        Err(SubmitError::Refused(ecp_testchain::TransferError::NonceUsed { got: 4, next: 5 }))
    ));
    node.engine.submit(good.clone()).unwrap();
    assert_eq!(node.engine.submit(good.clone()), Err(SubmitError::Waiting));
    assert_eq!(node.engine.waiting().last(), Some(&good));
}

#[test]
fn execution_waits_for_the_hash_of_ten_below() {
    let node = node(Network { hash_lag: 9, ..Network::default() });
    let mut executed = Vec::new();
    for height in FIRST..FIRST + 10 {
        let (parts, built) = node.build(height, LONG);
        node.commit(height, &built);
        executed.push((parts, built));
    }
    // The hash is due, but nobody has computed it yet.
    let height = FIRST + 10;
    let missing = Missing::BlockHash(FIRST);
    let mut build = node.engine.build(support::slot(height)).unwrap();
    assert!(matches!(build.step(LONG).unwrap(), BuildStep::Part(_)));
    for left in [LONG, Duration::ZERO] {
        assert!(matches!(build.step(left).unwrap(), BuildStep::Waiting(got) if got == missing));
    }

    // Another node of the same chain that has the hash makes the proposal.
    let other = support::node(Network { hash_lag: 9, ..Network::default() });
    for (height, (parts, _)) in (FIRST..).zip(&executed) {
        let (candidate, _) = other.validate(height, parts).unwrap();
        other.commit(height, &candidate);
    }
    other.follow_hashes();
    other.engine.submit(Network::default().pay(&ALICE, &BOB, 1, 2, 0)).unwrap();
    let (parts, proposed) = other.build(height, LONG);
    assert_eq!(proposed.executed_count, 1);

    let mut validation = node.engine.validate(support::slot(height)).unwrap();
    assert!(matches!(validation.part(parts[0].clone()).unwrap(), ValidationStep::Continue));
    for part in &parts[1..] {
        assert!(matches!(validation.part(part.clone()).unwrap(), ValidationStep::Waiting(got) if got == missing));
    }
    assert!(matches!(validation.end().unwrap(), ValidationStep::Waiting(got) if got == missing));
    assert!(matches!(validation.resume().unwrap(), ValidationStep::Waiting(got) if got == missing));

    node.follow_hashes();
    let ValidationStep::Complete { executed, .. } = validation.resume().unwrap() else { panic!("not complete") };
    assert_eq!(executed.commitment, proposed.commitment);
    while !matches!(build.step(LONG).unwrap(), BuildStep::Built(_)) {}
}

#[test]
fn hashes_follow_behind_by_the_lag_and_take_their_time() {
    let node = node(Network { hash_lag: 2, hash_ms: 70, mempool: vec![], ..Network::default() });
    for height in FIRST..FIRST + 2 {
        let (_, built) = node.build(height, LONG);
        node.commit(height, &built);
        assert!(node.engine.next_hash().unwrap().is_none());
    }
    let (_, built) = node.build(FIRST + 2, LONG);
    node.commit(FIRST + 2, &built);
    assert_eq!(node.engine.block_hash(FIRST).unwrap(), None);
    let step = node.engine.next_hash().unwrap().unwrap();
    assert_eq!((step.height, node.pace.spent_ms()), (FIRST, 70));
    assert_eq!(node.engine.block_hash(FIRST).unwrap(), Some((step.block_hash, step.state_root)));
    assert_eq!(node.engine.block_hash_height(), Some(FIRST));
    assert_eq!(node.engine.block_hash(FIRST + 1).unwrap(), None);
    assert!(node.engine.next_hash().unwrap().is_none());
}

#[test]
fn hashes_older_than_the_state_come_from_the_store() {
    let node = node(Network { hash_lag: 11, mempool: vec![], ..Network::default() });
    let expected = {
        let mut hashes = Vec::new();
        for height in FIRST..FIRST + 10 {
            let (_, built) = node.build(height, LONG);
            node.commit(height, &built);
            hashes.push(node.engine.state().hash(height).copied().unwrap());
        }
        hashes
    };
    // Lag 11 leaves the chain without the hash that its eleventh block needs, as the page says.
    let mut build = node.engine.build(support::slot(FIRST + 10)).unwrap();
    assert!(matches!(build.step(LONG).unwrap(), BuildStep::Part(_)));
    assert!(matches!(build.step(LONG).unwrap(), BuildStep::Waiting(Missing::BlockHash(FIRST))));
    assert_eq!(node.engine.block_hash_height(), None);

    // The same rows under a shorter lag: the first hash is told from its row.
    let snapshot = node.store.snapshot_rows();
    let stored = crate::rows::block_hash(&snapshot, FIRST).unwrap();
    assert_eq!(stored, Some(expected[0]));
}

#[test]
fn the_window_is_an_objection_and_not_a_verdict() {
    let proposer = node(Network::default());
    let (parts, _) = proposer.build(FIRST, LONG);
    let validator = node(Network::default());
    let timestamp = Init::decode(&parts[0].payload).unwrap().timestamp_ms;
    validator.clock.set(timestamp - 501);
    let (executed, local) = validator.validate(FIRST, &parts).unwrap();
    assert_eq!(local.map(|(reason, _)| reason), Some(LocalReason::TimestampWindow));
    validator.clock.set(timestamp - 500);
    assert_eq!(validator.validate(FIRST, &parts).unwrap().1, None);
    validator.commit(FIRST, &executed);
}

#[test]
fn an_objection_ends_when_the_clock_catches_up() {
    let node = node(Network::default());
    let (parts, _) = node.build(FIRST, LONG);
    let mut validation = node.engine.validate(support::slot(FIRST)).unwrap();
    assert_eq!(validation.local_objection(), None);
    node.clock.set(0);
    validation.part(parts[0].clone()).unwrap();
    assert!(validation.local_objection().is_some());
    node.clock.set(u64::MAX);
    assert_eq!(validation.local_objection(), None);
}

#[test]
fn a_restart_recovers_head_accounts_hashes_and_mempool() {
    let node = node(Network::default());
    for height in FIRST..FIRST + 12 {
        node.follow_hashes();
        let left = if height == FIRST { Duration::from_millis(60) } else { LONG };
        let (_, built) = node.build(height, left);
        node.commit(height, &built);
    }
    node.follow_hashes();
    let again = node.reopen().unwrap();
    assert_eq!(again.state(), node.engine.state());
    assert_eq!(again.waiting(), node.engine.waiting());
    assert_eq!(again.block_hash_height(), node.engine.block_hash_height());
    for height in FIRST..FIRST + 12 {
        assert_eq!(again.block_hash(height).unwrap(), node.engine.block_hash(height).unwrap());
    }
}

#[test]
fn what_was_not_committed_is_gone_after_a_restart() {
    let node = node(Network::default());
    let before = node.engine.state();
    let (_, _candidate) = node.build(FIRST, LONG);
    assert_eq!(node.reopen().unwrap().state(), before);
}

#[test]
fn a_store_of_another_genesis_is_refused() {
    let node = node(Network::default());
    let (_, built) = node.build(FIRST, LONG);
    node.commit(FIRST, &built);
    let other = Network { capacity: 3, ..Network::default() };
    let refused = ScriptedEngine::open(other.genesis(), node.store.clone(), node.clock.clone(), node.pace.clone());
    assert!(matches!(refused.map(|_| ()), Err(OpenError::OtherGenesis)));
}

#[test]
fn a_reproposal_keeps_the_commitment() {
    let node = node(Network::default());
    let (mut parts, built) = node.build(FIRST, LONG);
    let slot = Slot { height: FIRST, round: 3, valid_round: Some(1), proposer: Felt::from_u64(0x102) };
    parts[0].payload = node.engine.reframe_init(&slot, &parts[0].payload).unwrap();
    assert_eq!(node.engine.init_slot(&parts[0].payload).unwrap(), slot);
    let mut validation = node.engine.validate(slot.clone()).unwrap();
    let step = support::run(&mut *validation, &parts);
    assert!(matches!(step, ValidationStep::Complete { executed, .. } if executed.commitment == built.commitment));
    assert!(node.engine.reframe_init(&Slot { height: FIRST + 1, ..slot }, &parts[0].payload).is_err());
    assert!(node.engine.reframe_init(&support::slot(FIRST), &[1, 2, 3]).is_err());
}

#[test]
fn an_archived_block_is_cut_and_imports_to_the_same_commitment() {
    let network = Network::default();
    let node = node(Network::default());
    let bodies = vec![network.mempool.clone()];
    let chain = node.engine.chain();
    let block = chain.build_block(&node.engine.state(), support::chain_slot(FIRST), 5, bodies, 1).unwrap();
    let (executed, _) = node.validate(FIRST, &block.parts()).unwrap();
    assert_eq!(executed.executed_count, 1);
    assert!(executed.parts.iter().map(|part| part.payload.len()).sum::<usize>() < 400);
    let importer = support::node(Network::default());
    let (imported, _) = importer.validate(FIRST, &executed.parts).unwrap();
    assert_eq!(imported.commitment, block.commitment());
    assert_eq!(imported.parts, executed.parts);
}

#[test]
fn the_wrong_height_is_a_fault_and_never_a_verdict() {
    let node = node(Network::default());
    assert!(node.engine.build(support::slot(FIRST + 1)).is_err());
    assert!(node.engine.validate(support::slot(FIRST - 1)).is_err());
    let (_, built) = node.build(FIRST, LONG);
    assert!(node.engine.committed(FIRST + 1, &built).is_err());
    node.commit(FIRST, &built);
    assert!(node.engine.committed(FIRST, &built).is_err());
}

#[test]
fn invalid_proposals_are_invalid_for_their_reason() {
    let node = node(Network::default());
    let (parts, _) = node.build(FIRST, LONG);
    let mut wrong = parts.clone();
    let last = wrong.len() - 1;
    let mut fin = wrong[last].payload.to_vec();
    fin[0] ^= 1;
    wrong[last].payload = fin.into();
    assert_eq!(node.validate(FIRST, &wrong).err(), Some(InvalidReason::CommitmentMismatch));
    let mut wrong = parts.clone();
    let mut body = wrong[1].payload.to_vec();
    body[100] ^= 1;
    wrong[1].payload = body.into();
    assert_eq!(node.validate(FIRST, &wrong).err(), Some(InvalidReason::TransactionInvalid));
    // A verdict changes nothing: the right proposal is still valid.
    assert!(node.validate(FIRST, &parts).is_ok());
}

#[test]
fn a_commitment_is_told_for_a_block_that_is_invalid_all_the_same() {
    let network = Network { capacity: 1, ..Network::default() };
    let node = node(Network { capacity: 1, ..Network::default() });
    let chain = node.engine.chain().with_capacity(9);
    let bodies = vec![network.mempool.clone()];
    let over = chain.build_block(&node.engine.state(), support::chain_slot(FIRST), 5, bodies, 3).unwrap();
    let mut validation = node.engine.validate(support::slot(FIRST)).unwrap();
    let step = support::run(&mut *validation, &over.parts());
    assert!(matches!(step, ValidationStep::Invalid(InvalidReason::BlockOverCapacity, _)));
    assert_eq!(validation.computed(), Some(over.commitment()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Two nodes with different mempools and budgets agree on every block (ECP-BLD-012).
    #[test]
    fn what_one_node_builds_another_validates(
        budgets in prop::collection::vec(0..150u64, 14),
        plan in prop::collection::vec((0..3usize, 0..3usize, 0..400u64, 0..60u32), 0..20),
    ) {
        let network = Network { mempool: vec![], ..Network::default() };
        let secrets = [ALICE, BOB, CAROL];
        let mut nonces = [0, 5, 0];
        let mempool = plan.into_iter().map(|(from, to, amount, cost)| {
            nonces[from] += 1;
            network.pay(&secrets[from], &secrets[to], amount, nonces[from] - 1, cost)
        });
        let network = Network { mempool: mempool.collect(), ..network };
        let (builder, validator) = (node(network.clone()), node(network));
        for (height, budget) in (FIRST..).zip(budgets) {
            builder.clock.set(height * 100);
            validator.clock.set(height * 100);
            builder.follow_hashes();
            validator.follow_hashes();
            let spent = builder.pace.spent_ms();
            let (parts, built) = builder.build(height, Duration::from_millis(budget));
            prop_assert!(builder.pace.spent_ms() - spent <= budget);
            let (validated, local) = validator.validate(height, &parts).unwrap();
            prop_assert_eq!(validated.commitment, built.commitment);
            prop_assert_eq!(&validated.parts, &built.parts);
            prop_assert_eq!(local, None);
            builder.commit(height, &built);
            validator.commit(height, &validated);
            prop_assert_eq!(builder.engine.state(), validator.engine.state());
        }
        let reopened = validator.reopen().unwrap();
        prop_assert_eq!(reopened.state(), builder.engine.state());
        prop_assert_eq!(reopened.waiting(), builder.engine.waiting());
    }
}
