//! Messages from L1 out of a file that grows.

use std::{
    fs::OpenOptions,
    io::Write as _,
    path::Path,
    sync::{Arc, atomic::AtomicU64},
};

use crate::common::{MemoryStore, Node, START, TestClock, describe, feed, genesis};
use ecp_engine_starknet::{
    FixedPrices, L1File, L1Message, L1Source, Sources, StarknetEngine, header::L1Prices, section::STRK_ADDRESS,
};
use ecp_execution_core::seams::{ExecutionEngine as _, ValidationStep};
use ecp_types::{InvalidReason, LocalReason};
use serde_json::json;
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_types_core::felt::Felt as StarkFelt;

fn node(path: &Path) -> Node {
    open(path, Arc::default())
}

fn open(path: &Path, store: Arc<MemoryStore>) -> Node {
    let genesis = genesis(|_| {});
    let clock = Arc::new(TestClock(AtomicU64::new(START + 1)));
    let prices =
        L1Prices { gas_fri: 20_000_000_000_000, data_gas_fri: 100_000, gas_wei: 2_000_000_000, data_gas_wei: 10 };
    let sources = Sources { prices: Arc::new(FixedPrices(prices)), l1: Arc::new(L1File::open(path).unwrap()) };
    let engine = StarknetEngine::open_with(&genesis, store.clone(), clock.clone(), sources).unwrap();
    Node { engine, store, clock, genesis }
}

fn line(event: &str, nonce: u64, fee: Option<&str>) -> String {
    let mut line = json!({
        "event": event,
        "to": STRK_ADDRESS,
        "selector": format!("{:#x}", selector_from_name("approve_l1_address").0),
        "nonce": format!("{nonce:#x}"),
        "calldata": ["0xabc", "0x123"],
    });
    if let Some(fee) = fee {
        line["fee_wei"] = fee.into();
    }
    line.to_string()
}

fn message(nonce: u64) -> L1Message {
    L1Message {
        to: StarkFelt::from_hex(STRK_ADDRESS).unwrap(),
        selector: selector_from_name("approve_l1_address").0,
        nonce: nonce.into(),
        calldata: vec![0xabc_u32.into(), 0x123_u32.into()],
    }
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn present_is_included_unseen_cancelled_and_unpaid_are_objections_and_consumed_is_invalid() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours.jsonl"), folder.path().join("theirs.jsonl"));
    let (builder, validator) = (node(&ours), node(&theirs));
    append(&ours, &format!("{}\n{}\n", line("sent", 1, Some("0x10")), line("sent", 2, None)));
    let (parts, executed) = builder.build();
    assert_eq!(executed.executed_count, 1, "nobody paid for message 2");

    let mut validation = validator.engine.validate(validator.slot()).unwrap();
    match feed(&mut *validation, &parts) {
        ValidationStep::Complete { local: Some((LocalReason::L1MessageUnseen, _)), .. } => {}
        other => panic!("{}", describe(&other)),
    }
    let objection = || validation.local_objection().map(|(reason, _)| reason);
    append(&theirs, &format!("{}\n", line("sent", 1, Some("0x0"))));
    assert_eq!(objection(), Some(LocalReason::L1MessageUnseen), "nobody paid");
    append(&theirs, &line("sent", 1, Some("0x10")));
    assert_eq!(objection(), Some(LocalReason::L1MessageUnseen), "the line does not end yet");
    append(&theirs, "\n");
    assert_eq!(objection(), None);
    append(&theirs, &format!("{}\n", line("cancelled", 1, None)));
    assert_eq!(objection(), Some(LocalReason::L1MessageUnseen), "cancelled");

    builder.commit(&executed);
    validator.commit(&validator.fork_with(&theirs).validated(&parts));
    for node in [&builder, &validator] {
        assert_eq!(node.invalid_again(&parts).0, InvalidReason::L1MessageConsumed);
    }
    // It is never taken again, nor after a restart, which reads the file from its beginning.
    assert_eq!(builder.build().1.executed_count, 0);
    let restarted = open(&ours, builder.store);
    assert_eq!(restarted.build().1.executed_count, 0);
    append(&ours, &format!("{}\n", line("sent", 3, Some("0x1"))));
    assert_eq!(restarted.build().1.executed_count, 1);
}

/// What only these tests need.
trait More {
    fn fork_with(&self, path: &Path) -> Node;
    fn validated(&self, parts: &[ecp_types::Part]) -> ecp_execution_core::seams::Executed;
    fn invalid_again(&self, parts: &[ecp_types::Part]) -> (InvalidReason, String);
}

impl More for Node {
    fn fork_with(&self, path: &Path) -> Node {
        open(path, Arc::new(self.store.copy()))
    }

    fn validated(&self, parts: &[ecp_types::Part]) -> ecp_execution_core::seams::Executed {
        match self.verdict(parts) {
            ValidationStep::Complete { executed, .. } => executed,
            other => panic!("{}", describe(&other)),
        }
    }

    fn invalid_again(&self, parts: &[ecp_types::Part]) -> (InvalidReason, String) {
        let (mut empty, _) = self.fork_with(Path::new("/nowhere")).build();
        // The body of the old proposal between INIT and FIN of the new height.
        let fin = empty.pop().unwrap();
        let mut message = <ecp_engine_starknet::wire::ProposalFin as prost::Message>::decode(&*fin.payload).unwrap();
        message.executed_transaction_count = 1;
        let payload = prost::Message::encode_to_vec(&message).into();
        let body = parts[1].clone();
        self.invalid(&[empty[0].clone(), body, ecp_types::Part { index: 2, payload, ..fin }])
    }
}

#[test]
fn many_consumed_messages_do_not_hide_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l1.jsonl");
    let all: String = (0..150).map(|nonce| line("sent", nonce, Some("0x1")) + "\n").collect();
    append(&path, &all);
    let node = node(&path);
    let mut taken = 0;
    while taken < 150 {
        let (_, executed) = node.block();
        assert!(executed.executed_count > 0);
        taken += executed.executed_count;
    }
    assert_eq!(taken, 150);
    append(&path, &format!("{}\n", line("sent", 900, Some("0x1"))));
    // Also in a process that has not seen them consumed.
    let again = open(&path, Arc::clone(&node.store));
    assert_eq!(again.build().1.executed_count, 1);
    assert_eq!(node.build().1.executed_count, 1);
}

#[test]
fn bad_lines_are_named_at_the_start_and_passed_over_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l1.jsonl");
    append(&path, "\n{\"event\": \"sent\"}\n");
    let error = L1File::open(&path).err().unwrap().to_string();
    assert!(error.contains("line 2"), "{error}");
    let fresh = folder.path().join("fresh.jsonl");
    let source = L1File::open(&fresh).unwrap();
    append(&fresh, &format!("no json\n{}\n", line("sent", 1, Some("0x1"))));
    assert_eq!(source.waiting(10), [message(1)]);
    assert!(source.is_due(&message(1)));
    source.consumed(&message(1));
    assert_eq!(source.waiting(10), []);
    assert!(source.is_due(&message(1)), "consumed, and yet a message that was sent");
    // A file that becomes shorter is not read again: what is known stays.
    std::fs::write(&fresh, "").unwrap();
    assert!(source.is_due(&message(1)));
}
