//! What a large block costs: transfers between distinct accounts, built, validated and committed in memory.
//!
//! `cargo run --release -p ecp-engine-starknet --example block-costs [TRANSACTIONS]` prints one line of JSON. `remainder`
//! is the time from the end of the last transaction's part to FIN, and `chain` that of the bare Poseidon chain over the
//! block's changes, which nobody can avoid.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that cannot go on should panic")]

#[path = "../tests/engine/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use common::{BALANCE, Node, feed, genesis, public_key};
use ecp_commitments::{state_diff_chain, state_diff_commitment};
use ecp_engine_starknet::rows::{self, BlockRecord};
use ecp_execution_core::seams::{BuildStep, ExecutionEngine as _, ValidationStep};
use ecp_types::PartKind;
use serde_json::json;
use starknet_types_core::{
    felt::Felt as StarkFelt,
    hash::{Poseidon, StarkHash},
};

/// How often a time is taken; the middle one counts.
const REPEATS: usize = 5;

fn middle(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let result = what();
    (result, began.elapsed())
}

fn main() {
    let count: u64 = std::env::args().nth(1).map_or(1_000, |text| text.parse().unwrap());
    let accounts: Vec<_> = (0..2 * count)
        .map(|secret| {
            json!({
                "public_key": format!("{:#x}", public_key(10_000 + secret)),
                "balance_fri": BALANCE.to_string(),
                "deployed": true,
            })
        })
        .collect();
    let node = Node::of(genesis(|file| {
        file["workload"]["starknet"]["accounts"] = accounts.into();
        file["workload"]["starknet"]["block_limits"] = json!({
            "max_transactions": count, "max_l2_gas": 1_000_000_000_000_u64, "max_state_diff": 1_000_000,
            "max_events": 1_000_000,
        });
    }));
    let transfers: Vec<_> =
        (0..count).map(|i| node.wallet(10_000 + i).transfer(0, &node.wallet(10_000 + count + i), 1)).collect();
    for tx in transfers {
        node.engine.mempool().add(tx, StarkFelt::ZERO, common::START * 1_000).unwrap();
    }

    let (mut remainders, mut totals, mut afters) = (Vec::new(), Vec::new(), Vec::new());
    let (mut parts, mut executed) = (Vec::new(), None);
    for _ in 0..REPEATS {
        parts.clear();
        let mut build = node.engine.build(node.slot()).unwrap();
        let began = Instant::now();
        executed = loop {
            let (step, took) = timed(|| build.step(Duration::from_secs(600)).unwrap());
            match step {
                BuildStep::Part(part) => {
                    if part.kind == PartKind::Fin {
                        remainders.push(took);
                        totals.push(began.elapsed());
                    }
                    parts.push(part);
                }
                BuildStep::Built(executed) => {
                    afters.push(took);
                    break Some(executed);
                }
                BuildStep::Waiting(missing) => panic!("waiting for {missing:?}"),
            }
        };
    }
    let executed = executed.unwrap();
    assert_eq!(executed.executed_count, count);

    let mut validations = Vec::new();
    for _ in 0..REPEATS {
        let mut validation = node.engine.validate(node.slot()).unwrap();
        let (step, took) = timed(|| feed(&mut *validation, &parts));
        assert!(matches!(step, ValidationStep::Complete { .. }));
        validations.push(took);
    }
    let ((), commit) = timed(|| node.commit(&executed));
    let ((), hash) = timed(|| node.hash());

    let head = node.engine.head();
    let row = head.snapshot.get(rows::BLOCKS, &rows::height_key(0)).unwrap().unwrap();
    let record: BlockRecord = serde_json::from_slice(&row).unwrap();
    let diff = record.diff.to_diff();
    let felts = state_diff_chain(&diff);
    let chains = (0..REPEATS).map(|_| {
        let (hash, took) = timed(|| Poseidon::hash_array(&felts));
        assert_eq!(hash, state_diff_commitment(&diff));
        took
    });
    let chain = middle(chains.collect());
    let remainder = middle(remainders);
    let total = middle(totals);
    let report = json!({
        "transactions": count,
        "changes": diff.len(),
        "felts_of_the_chain": felts.len(),
        "build_ms": total,
        "build_ms_per_transaction": total / count as f64,
        "remainder_ms": remainder,
        "chain_ms": chain,
        "remainder_by_chain": remainder / chain,
        "rows_after_fin_ms": middle(afters),
        "validate_ms": middle(validations),
        "commit_ms": commit.as_secs_f64() * 1e3,
        "root_and_hash_ms": hash.as_secs_f64() * 1e3,
    });
    println!("{report}");
}
