//! The vectors of the test chain, through the seams.

use std::sync::Arc;

use ecp_execution_core::seams::{ExecutionEngine as _, Slot, Store as _, ValidationStep};
use ecp_types::{Genesis, InvalidReason, Part, PartKind, decode_hex, encode_hex};
use serde_json::{Value, json};

use super::support::{CountedPace, MemoryStore, SetClock, run};
use crate::ScriptedEngine;

const GENESIS: &[u8] = include_bytes!("../../../../spec/vectors/test-chain/genesis.json");
const BLOCKS: &str = include_str!("../../../../spec/vectors/test-chain/blocks.json");
const PROPOSALS: &str = include_str!("../../../../spec/vectors/test-chain/proposals.json");

fn cases(text: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(text).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn slot(value: &Value) -> Slot {
    let number = |name: &str| value[name].as_u64();
    Slot {
        height: number("height").unwrap(),
        round: number("round").unwrap().try_into().unwrap(),
        valid_round: number("valid_round").map(|round| round.try_into().unwrap()),
        proposer: value["proposer"].as_str().unwrap().parse().unwrap(),
    }
}

fn parts(value: &Value) -> Vec<Part> {
    let part = |(part, index): (&Value, u32)| {
        let kind = match part["kind"].as_str().unwrap() {
            "INIT" => PartKind::Init,
            "BODY" => PartKind::Body,
            _ => PartKind::Fin,
        };
        Part { index, kind, payload: decode_hex(part["payload"].as_str().unwrap()).unwrap().into() }
    };
    value.as_array().unwrap().iter().zip(0..).map(part).collect()
}

struct Vectors {
    store: Arc<MemoryStore>,
    engine: ScriptedEngine,
}

fn open() -> Vectors {
    let store: Arc<MemoryStore> = Arc::default();
    let clock = Arc::new(SetClock::at(1_000_000));
    let pace: Arc<CountedPace> = Arc::default();
    let engine = ScriptedEngine::open(Genesis::read(GENESIS).unwrap(), store.clone(), clock, pace).unwrap();
    Vectors { store, engine }
}

impl Vectors {
    fn verdict(&self, slot: Slot, parts: &[Part]) -> ValidationStep {
        run(&mut *self.engine.validate(slot).unwrap(), parts)
    }

    /// Commits a block of the vectors, and compares its hash with theirs as soon as it is told.
    fn commit(&self, case: &Value) {
        let slot = slot(&case["slot"]);
        let height = slot.height;
        let ValidationStep::Complete { executed, local: None } = self.verdict(slot, &parts(&case["parts"])) else {
            panic!("height {height} is not valid");
        };
        assert_eq!(encode_hex(&executed.commitment.0), case["commitment"]);
        assert_eq!(executed.parts, parts(&case["archived_parts"]));
        self.store.write(executed.writes.clone()).unwrap();
        self.engine.committed(height, &executed).unwrap();
        while let Some(step) = self.engine.next_hash().unwrap() {
            self.store.write(step.writes).unwrap();
        }
    }
}

#[test]
fn blocks_and_hashes_of_the_vectors() {
    let vectors = open();
    let cases = cases(BLOCKS);
    for case in &cases {
        vectors.commit(case);
    }
    // The lag is 1: all but the last one are told.
    for case in &cases[..cases.len() - 1] {
        let height = case["slot"]["height"].as_u64().unwrap();
        let (block_hash, state_root) = vectors.engine.block_hash(height).unwrap().unwrap();
        assert_eq!((json!(block_hash), json!(state_root)), (case["block_hash"].clone(), case["state_root"].clone()));
    }
    assert_eq!(vectors.engine.block_hash(18).unwrap(), None);
}

#[test]
fn proposals_of_the_vectors_get_their_verdicts() {
    let vectors = open();
    cases(BLOCKS)[..4].iter().for_each(|case| vectors.commit(case));
    let proposals = cases(PROPOSALS);
    assert!(proposals.len() >= 40);
    for case in proposals {
        let got = match vectors.verdict(slot(&case["slot"]), &parts(&case["parts"])) {
            ValidationStep::Complete { executed, .. } => {
                json!({ "valid": encode_hex(&executed.commitment.0), "executed_count": executed.executed_count })
            }
            ValidationStep::Invalid(reason, _) => json!({ "invalid": name(reason) }),
            ValidationStep::Continue | ValidationStep::Waiting(_) => panic!("{} has no verdict", case["name"]),
        };
        assert_eq!(got, case["verdict"], "{}", case["name"]);
    }
}

/// `TransactionInvalid` to `TRANSACTION_INVALID`.
fn name(reason: InvalidReason) -> String {
    let mut name = String::new();
    for letter in format!("{reason:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
