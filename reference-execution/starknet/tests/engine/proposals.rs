//! Proposals between engines: what is built here is valid there, and what is altered is INVALID for its reason.
use std::{sync::atomic::Ordering, time::Duration};

use crate::common::{self, KEYS, Node, START, Wallet, describe, drain, feed, genesis, in_one_body};
use bytes::Bytes;
use ecp_engine_starknet::wire;
use ecp_execution_core::seams::{BuildStep, ExecutionEngine as _, ValidationStep};
use ecp_types::{InvalidReason, LocalReason, Missing, Part, PartKind};
use prost::Message;
use starknet_types_core::felt::Felt as StarkFelt;

/// A node with `count` transfers waiting.
fn loaded(count: u64) -> Node {
    let node = Node::new();
    load(&node, 0, count);
    node
}

fn load(node: &Node, first_nonce: u64, count: u64) {
    let (a, b) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]));
    for nonce in first_nonce..first_nonce + count {
        let next = StarkFelt::from(first_nonce);
        node.engine.mempool().add(a.transfer(nonce, &b, 1), next, common::START * 1_000).unwrap();
    }
}

fn alter<M: Message + Default>(parts: &[Part], kind: PartKind, change: impl FnOnce(&mut M)) -> Vec<Part> {
    let mut parts = parts.to_vec();
    let part = parts.iter_mut().find(|part| part.kind == kind).unwrap();
    let mut message = M::decode(&*part.payload).unwrap();
    change(&mut message);
    part.payload = Bytes::from(message.encode_to_vec());
    parts
}

fn invoke(tx: &mut wire::ConsensusTransaction) -> &mut wire::InvokeV3 {
    match &mut tx.txn {
        Some(wire::Txn::InvokeV3(with_proof)) => with_proof.invoke.as_mut().unwrap(),
        _ => panic!("no invoke"),
    }
}

#[test]
fn what_is_built_here_is_valid_there() {
    let (builder, validator) = (loaded(20), Node::new());
    for height in 0..3 {
        if height == 1 {
            load(&builder, 20, 3);
        }
        let (parts, built) = builder.build();
        let validated = validator.validate(&parts);
        assert_eq!(validated.commitment, built.commitment);
        assert_eq!(validated.executed_count, built.executed_count);
        assert_eq!(validated.parts, parts);
        assert_eq!(built.parts, parts);
        assert_eq!(validated.writes, built.writes);
        for (node, executed) in [(&builder, &built), (&validator, &validated)] {
            node.commit(executed);
            node.hash();
        }
        let hash = builder.engine.block_hash(height).unwrap();
        assert!(hash.is_some());
        assert_eq!(validator.engine.block_hash(height).unwrap(), hash);
    }
    assert_eq!(builder.engine.block_hash_height(), Some(2));
}

#[test]
fn an_empty_block_is_init_and_fin() {
    let node = Node::new();
    let (parts, executed) = node.build();
    assert_eq!(parts.iter().map(|part| part.kind).collect::<Vec<_>>(), [PartKind::Init, PartKind::Fin]);
    assert_eq!(executed.executed_count, 0);
    assert_eq!(Node::new().validate(&parts).commitment, executed.commitment);
}

#[test]
fn altered_proposals_are_invalid_each_for_its_reason() {
    let (parts, _) = loaded(3).build();
    let parts = in_one_body(&parts);
    let validator = Node::new();
    let body = |change: &dyn Fn(&mut wire::TransactionBatch)| alter(&parts, PartKind::Body, change);
    let fin = |change: &dyn Fn(&mut wire::ProposalFin)| alter(&parts, PartKind::Fin, change);
    let init = |change: &dyn Fn(&mut wire::ProposalInit)| alter(&parts, PartKind::Init, change);
    let cases: [(&str, Vec<Part>, InvalidReason); 17] = [
        (
            "a flipped byte of a signature",
            body(&|batch| {
                let invoke = invoke(&mut batch.transactions[1]);
                invoke.signature.as_mut().unwrap().parts[0].elements[31] ^= 1;
            }),
            InvalidReason::TransactionInvalid,
        ),
        (
            "another commitment",
            fin(&|fin| fin.proposal_commitment.as_mut().unwrap().elements[31] ^= 1),
            InvalidReason::CommitmentMismatch,
        ),
        (
            "a count above what was sent",
            fin(&|fin| fin.executed_transaction_count += 1),
            InvalidReason::CountExceedsSent,
        ),
        (
            "a smaller count with the same commitment",
            fin(&|fin| fin.executed_transaction_count -= 1),
            InvalidReason::CommitmentMismatch,
        ),
        (
            "a transaction twice",
            body(&|batch| batch.transactions.push(batch.transactions[0].clone())),
            InvalidReason::DuplicateTransaction,
        ),
        (
            "another hash of a transaction",
            body(&|batch| batch.transactions[0].transaction_hash.as_mut().unwrap().elements[31] ^= 1),
            InvalidReason::TransactionInvalid,
        ),
        (
            "a nonce left out",
            body(&|batch| {
                batch.transactions.remove(0);
                batch.transactions.swap(0, 1);
            }),
            InvalidReason::CountExceedsSent,
        ),
        (
            "transactions in another order",
            body(&|batch| batch.transactions.swap(0, 1)),
            InvalidReason::TransactionInvalid,
        ),
        (
            "a felt that is not canonical",
            body(&|batch| invoke(&mut batch.transactions[0]).calldata[0].elements = vec![0xff; 32]),
            InvalidReason::PayloadMalformed,
        ),
        (
            "a felt of 31 bytes",
            body(&|batch| invoke(&mut batch.transactions[0]).calldata[0].elements = vec![0; 31]),
            InvalidReason::PayloadMalformed,
        ),
        (
            "a declaration without fields",
            body(&|batch| {
                batch.transactions[0].txn = Some(wire::Txn::DeclareV3(wire::DeclareV3WithClass::default()));
            }),
            InvalidReason::PayloadMalformed,
        ),
        ("another round", init(&|init| init.round = 1), InvalidReason::InitMismatch),
        (
            "another proposer",
            init(&|init| init.proposer.as_mut().unwrap().elements[31] = 9),
            InvalidReason::InitMismatch,
        ),
        ("a timestamp before the parent's", init(&|init| init.timestamp = START - 1), InvalidReason::HeaderRule),
        ("another L2 gas price", init(&|init| init.l2_gas_price_fri = Some(1.into())), InvalidReason::HeaderRule),
        (
            "a fee proposal far away",
            init(&|init| init.fee_proposal_fri = Some(u128::MAX.into())),
            InvalidReason::HeaderRule,
        ),
        (
            "another L2 gas in FIN",
            fin(&|fin| {
                let payload = fin.fin_payload.as_mut().unwrap();
                payload.l2_gas_info.as_mut().unwrap().l2_gas_used += 1;
            }),
            InvalidReason::FinMismatch,
        ),
    ];
    for (what, altered, reason) in cases {
        let (found, text) = validator.invalid(&altered);
        assert_eq!(found, reason, "{what}: {text}");
    }
    // The engine is none the worse.
    validator.validate(&parts);
}

#[test]
fn what_was_executed_has_a_commitment_even_if_it_is_invalid() {
    let (parts, built) = loaded(3).build();
    let validator = Node::new();
    let computed = |parts: &[Part]| {
        let mut validation = validator.engine.validate(validator.slot()).unwrap();
        assert!(matches!(feed(&mut *validation, parts), ValidationStep::Invalid(..)));
        // A verdict stays.
        assert!(matches!(validation.end().unwrap(), ValidationStep::Invalid(..)));
        validation.computed()
    };
    let other = alter(&parts, PartKind::Fin, |fin: &mut wire::ProposalFin| {
        fin.proposal_commitment.as_mut().unwrap().elements[31] ^= 1;
    });
    assert_eq!(computed(&other), Some(built.commitment));
    let incomplete = alter(&parts, PartKind::Fin, |fin: &mut wire::ProposalFin| fin.executed_transaction_count = 9);
    assert_eq!(computed(&incomplete), None);
}

#[test]
fn a_timestamp_ahead_of_the_clock_and_a_far_price_are_local_objections() {
    let (parts, built) = loaded(1).build();
    let validator = Node::new();
    validator.clock.0.store(START - 1, Ordering::SeqCst);
    let mut validation = validator.engine.validate(validator.slot()).unwrap();
    match feed(&mut *validation, &parts) {
        ValidationStep::Complete { executed, local: Some((LocalReason::TimestampWindow, _)) } => {
            assert_eq!(executed.commitment, built.commitment);
        }
        other => panic!("{}", describe(&other)),
    }
    validator.clock.0.store(START, Ordering::SeqCst);
    assert_eq!(validation.local_objection(), None);

    let other_prices = genesis(|file| {
        file["workload"]["starknet"]["prices"] = serde_json::json!({
            "l2_gas_fri": "8000000000", "l1_gas_fri": "23000000000000", "l1_data_gas_fri": "100000",
            "l1_gas_wei": "2000000000", "l1_data_gas_wei": "10"
        });
    });
    match Node::of(other_prices).verdict(&parts) {
        ValidationStep::Complete { local: Some((LocalReason::PriceBand, _)), .. } => {}
        other => panic!("{}", describe(&other)),
    }
}

#[test]
fn a_block_without_time_is_closed_with_what_was_executed() {
    let node = loaded(40);
    let mut build = node.engine.build(node.slot()).unwrap();
    let mut parts = Vec::new();
    // INIT and one BODY with time left, then none.
    for _ in 0..2 {
        match build.step(Duration::from_secs(60)).unwrap() {
            BuildStep::Part(part) => parts.push(part),
            _ => panic!("no part"),
        }
    }
    let (rest, executed) = drain(&mut *build, Duration::ZERO);
    parts.extend(rest);
    assert!(executed.executed_count > 0 && executed.executed_count < 40, "{}", executed.executed_count);
    assert_eq!(Node::new().validate(&parts).commitment, executed.commitment);
    node.commit(&executed);
    assert_eq!(node.engine.mempool().len() as u64, 40 - executed.executed_count);
}

#[test]
fn a_dropped_build_gives_its_transactions_back() {
    let node = loaded(3);
    let mut build = node.engine.build(node.slot()).unwrap();
    for _ in 0..2 {
        build.step(Duration::from_secs(60)).unwrap();
    }
    drop(build);
    let (_, executed) = node.build();
    assert_eq!(executed.executed_count, 3);
}

/// A proposal whose BODY holds more than its FIN counts, as a proposer makes it that ran out of time.
fn with_surplus(node: &Node, surplus: &[(&Wallet, u64)]) -> (Vec<Part>, ecp_execution_core::seams::Executed) {
    let (parts, built) = node.build();
    let to = node.wallet(KEYS[1]);
    let altered = alter(&parts, PartKind::Body, |batch: &mut wire::TransactionBatch| {
        batch.transactions.extend(surplus.iter().map(|(wallet, nonce)| wallet.transfer(*nonce, &to, 9).to_wire()));
    });
    (altered, built)
}

#[test]
fn what_lies_beyond_the_count_is_rolled_back_and_cut_from_the_archive() {
    let node = loaded(2);
    let (a, c) = (node.wallet(KEYS[0]), node.wallet(KEYS[2]));
    // One that could be executed, and one that could not.
    let (parts, built) = with_surplus(&node, &[(&c, 0), (&a, 77)]);
    let validated = Node::new().validate(&parts);
    assert_eq!(validated.commitment, built.commitment);
    assert_eq!(validated.executed_count, 2);
    assert_eq!(validated.writes, built.writes);
    assert_eq!(validated.parts, built.parts);
    assert_eq!(Node::new().validate(&validated.parts).commitment, built.commitment);
}

#[test]
fn a_block_over_capacity_is_invalid_and_never_truncated() {
    let small = || {
        genesis(|file| {
            file["workload"]["starknet"]["block_limits"] = serde_json::json!({
                "max_transactions": 2, "max_l2_gas": 5_000_000_000_u64, "max_state_diff": 4000, "max_events": 5000
            });
        })
    };
    let builder = Node::of(small());
    load(&builder, 0, 5);
    let (parts, built) = builder.build();
    assert_eq!(built.executed_count, 2);
    let validator = Node::of(small());
    assert_eq!(validator.validate(&parts).commitment, built.commitment);
    let (larger, _) = loaded(3).build();
    assert_eq!(validator.invalid(&larger).0, InvalidReason::BlockOverCapacity);
}

#[test]
fn the_proposal_limit_counts_payload_bytes() {
    let (parts, _) = loaded(3).build();
    let small = Node::of(genesis(|file| file["params"]["max_proposal_bytes"] = 500.into()));
    assert_eq!(small.invalid(&parts).0, InvalidReason::ProposalTooLarge);
}

#[test]
fn a_built_proposal_keeps_to_the_limit_of_payload_bytes() {
    let limited = || genesis(|file| file["params"]["max_proposal_bytes"] = 20_000.into());
    let builder = Node::of(limited());
    load(&builder, 0, 40);
    let (parts, executed) = builder.build();
    let size: usize = parts.iter().map(|part| part.payload.len()).sum();
    assert!(size <= 20_000 && executed.executed_count >= 10, "{size} bytes, {} transactions", executed.executed_count);
    assert_eq!(Node::of(limited()).validate(&parts).commitment, executed.commitment);
    builder.commit(&executed);
    assert_eq!(builder.engine.mempool().len() as u64, 40 - executed.executed_count);
}

#[test]
fn block_ten_waits_for_the_hash_of_block_zero() {
    let (builder, validator) = (Node::new(), Node::new());
    for _ in 0..10 {
        let (parts, executed) = builder.build();
        let validated = validator.validate(&parts);
        builder.commit(&executed);
        validator.commit(&validated);
    }
    let mut build = builder.engine.build(builder.slot()).unwrap();
    match build.step(Duration::from_secs(1)).unwrap() {
        BuildStep::Waiting(Missing::BlockHash(0)) => {}
        _ => panic!("it should wait"),
    }
    builder.hash();
    load(&builder, 0, 2);
    let (parts, executed) = drain(&mut *build, Duration::from_secs(60));

    let mut validation = validator.engine.validate(validator.slot()).unwrap();
    for part in &parts {
        match validation.part(part.clone()).unwrap() {
            ValidationStep::Waiting(Missing::BlockHash(0)) => {}
            other => panic!("{}", describe(&other)),
        }
    }
    assert!(matches!(validation.end().unwrap(), ValidationStep::Waiting(Missing::BlockHash(0))));
    validator.hash();
    match validation.resume().unwrap() {
        ValidationStep::Complete { executed: validated, local: None } => {
            assert_eq!(validated.commitment, executed.commitment);
        }
        other => panic!("{}", describe(&other)),
    }
    // The hash of block 0 is in the state now, where contracts can read it.
    builder.commit(&executed);
    let key = ecp_engine_starknet::rows::storage_key(&StarkFelt::ONE, &StarkFelt::ZERO);
    let stored = builder.engine.head().snapshot.get(ecp_engine_starknet::rows::STORAGE, &key).unwrap();
    let (hash, _) = builder.engine.block_hash(0).unwrap().unwrap();
    // A storage key of zero is block number 0.
    assert_eq!(stored.as_deref(), Some(&hash.as_bytes()[..]));
}

#[test]
fn a_restarted_engine_goes_on_where_it_was() {
    let (a, b) = (loaded(3), Node::new());
    let mut nodes = [a, b];
    for height in 0..12_u64 {
        let (parts, executed) = nodes[0].build();
        let validated = nodes[1].validate(&parts);
        nodes[0].commit(&executed);
        nodes[0].hash();
        nodes[1].commit(&validated);
        // The second lags behind by some hashes and restarts all the time.
        if height % 4 == 3 {
            nodes[1].hash();
        }
        let [first, second] = nodes;
        nodes = [first, second.restarted()];
        load(&nodes[0], 3 + height, 1);
    }
    assert_eq!(nodes[1].engine.block_hash_height(), Some(11));
    assert_eq!(nodes[0].engine.block_hash(11).unwrap(), nodes[1].engine.block_hash(11).unwrap());
    assert_eq!(nodes[0].engine.head().fee_actual(), nodes[1].engine.head().fee_actual());
}

#[test]
fn a_reframed_init_keeps_all_but_its_slot() {
    let node = loaded(2);
    let (mut parts, built) = node.build();
    let mut slot = node.slot();
    slot.round = 3;
    slot.valid_round = Some(0);
    slot.proposer = ecp_types::Felt::from_u64(2);
    parts[0].payload = node.engine.reframe_init(&slot, &parts[0].payload).unwrap();
    let named = node.engine.init_slot(&parts[0].payload).unwrap();
    assert_eq!((named.round, named.valid_round, named.proposer), (3, Some(0), slot.proposer));
    let validator = Node::new();
    let mut validation = validator.engine.validate(slot).unwrap();
    match feed(&mut *validation, &parts) {
        ValidationStep::Complete { executed, local: None } => assert_eq!(executed.commitment, built.commitment),
        other => panic!("{}", describe(&other)),
    }
    assert!(node.engine.reframe_init(&node.slot(), b"no protobuf").is_err());
}

#[test]
fn a_transaction_of_an_earlier_block_is_a_duplicate_also_after_a_restart() {
    let node = loaded(1);
    let (first, executed) = node.build();
    let fresh = node.fork();
    node.commit(&executed);
    node.hash();
    let node = node.restarted();
    // The next block of an honest proposer, with the body of the first.
    let (mut parts, _) = node.build();
    let body = first.iter().find(|part| part.kind == PartKind::Body).unwrap().clone();
    parts.insert(1, body);
    parts[2].index = 2;
    let parts = alter::<wire::ProposalFin>(&parts, PartKind::Fin, |fin| fin.executed_transaction_count = 1);
    let (reason, text) = node.invalid(&parts);
    assert_eq!(reason, InvalidReason::DuplicateTransaction, "{text}");
    assert!(text.contains("block 0"), "{text}");
    // Where it is not in an earlier block, it is valid.
    assert_eq!(fresh.validate(&first).executed_count, 1);
}

#[test]
fn a_validation_that_is_given_up_executes_no_further() {
    let node = loaded(3);
    let (parts, _) = node.build();
    let mut validation = node.engine.validate(node.slot()).unwrap();
    let dropped = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    validation.stop_when(dropped.clone());
    assert!(matches!(validation.part(parts[0].clone()).unwrap(), ValidationStep::Continue));
    dropped.store(true, Ordering::Relaxed);
    assert!(validation.part(parts[1].clone()).is_err());
}
