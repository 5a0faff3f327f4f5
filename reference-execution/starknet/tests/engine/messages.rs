//! Messages from L1: consumed once, and a local objection where this node does not see them.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use crate::common::{KEYS, MemoryStore, Node, START, TestClock, describe, feed, genesis};
use bytes::Bytes;
use ecp_engine_starknet::{
    FixedPrices, L1Message, L1Source, Sources, StarknetEngine, codec::Tx, header::L1Prices, section::STRK_ADDRESS, wire,
};
use ecp_execution_core::seams::{ExecutionEngine as _, ValidationStep};
use ecp_jsonrpc::NodeView;
use ecp_types::{InvalidReason, LocalReason, Part, PartKind};
use prost::Message as _;
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_rust_core::types::{ExecutionResult, Transaction};
use starknet_types_core::felt::Felt as StarkFelt;

/// L1 as a list that tests write.
#[derive(Default)]
struct Messages(Mutex<Vec<L1Message>>);

impl L1Source for Messages {
    fn is_due(&self, message: &L1Message) -> bool {
        self.0.lock().unwrap().contains(message)
    }
    fn waiting(&self, limit: usize) -> Vec<L1Message> {
        self.0.lock().unwrap().iter().take(limit).cloned().collect()
    }
}

fn node(messages: &[L1Message]) -> (Node, Arc<Messages>) {
    let genesis = genesis(|_| {});
    let (store, clock) = (Arc::new(MemoryStore::default()), Arc::new(TestClock(AtomicU64::new(START + 1))));
    let l1 = Arc::new(Messages(Mutex::new(messages.to_vec())));
    let prices =
        L1Prices { gas_fri: 20_000_000_000_000, data_gas_fri: 100_000, gas_wei: 2_000_000_000, data_gas_wei: 10 };
    let sources = Sources { prices: Arc::new(FixedPrices(prices)), l1: l1.clone() };
    let engine = StarknetEngine::open_with(&genesis, store.clone(), clock.clone(), sources).unwrap();
    (Node { engine, store, clock, genesis }, l1)
}

/// An approval of the STRK token that its owner on L1 sends.
fn approval(nonce: u64) -> L1Message {
    L1Message {
        to: StarkFelt::from_hex(STRK_ADDRESS).unwrap(),
        selector: selector_from_name("approve_l1_address").0,
        nonce: nonce.into(),
        calldata: vec![0xabc_u32.into(), 0x123_u32.into()],
    }
}

fn hash(node: &Node, message: &L1Message) -> StarkFelt {
    message.transaction(&node.engine.chain().chain_id).unwrap().tx_hash.0
}

#[test]
fn a_message_is_consumed_once_and_costs_no_account_anything() {
    let (builder, l1) = node(&[approval(1)]);
    let (validator, _) = node(&[approval(1)]);
    builder.engine.submit(builder.wallet(KEYS[0]).transfer(0, &builder.wallet(KEYS[1]), 1)).unwrap();
    let (parts, executed) = builder.build();
    assert_eq!(executed.executed_count, 2);
    let validated = validator.validate(&parts);
    assert_eq!(validated.commitment, executed.commitment);
    builder.commit(&executed);
    builder.hash();
    let block = builder.engine.block(0).unwrap().unwrap();
    let handled = &block.transactions[0];
    assert!(matches!(handled.transaction, Transaction::L1Handler(_)), "{handled:?}");
    assert_eq!(*handled.transaction.transaction_hash(), hash(&builder, &approval(1)));
    assert_eq!(handled.execution_result, ExecutionResult::Succeeded);
    assert_eq!(handled.actual_fee.amount, StarkFelt::ZERO);
    assert!(!handled.events.is_empty());
    // It still waits on L1, and is not consumed again.
    assert_eq!(builder.build().1.executed_count, 0);
    l1.0.lock().unwrap().push(approval(2));
    assert_eq!(builder.build().1.executed_count, 1);
}

#[test]
fn a_consumed_message_in_a_proposal_is_invalid_and_only_if_it_is_counted() {
    let (builder, _) = node(&[approval(1)]);
    let (validator, _) = node(&[approval(1)]);
    let (first, executed) = builder.build();
    builder.commit(&executed);
    validator.commit(&validator.validate(&first));
    let message = Tx::L1Handler(approval(1).transaction(&builder.engine.chain().chain_id).unwrap());
    let (parts, executed) = builder.build();
    let [init, fin] = &parts[..] else { panic!("{} parts", parts.len()) };
    let batch = wire::TransactionBatch { transactions: vec![message.to_wire()] };
    let body = Part { index: 1, kind: PartKind::Body, payload: Bytes::from(batch.encode_to_vec()) };
    let with_count = |count| {
        let mut message = wire::ProposalFin::decode(&*fin.payload).unwrap();
        message.executed_transaction_count = count;
        Part { index: 2, kind: PartKind::Fin, payload: Bytes::from(message.encode_to_vec()) }
    };
    let (reason, text) = validator.invalid(&[init.clone(), body.clone(), with_count(1)]);
    assert_eq!(reason, InvalidReason::L1MessageConsumed, "{text}");
    let validated = validator.validate(&[init.clone(), body, with_count(0)]);
    assert_eq!(validated.commitment, executed.commitment);
    assert_eq!(validated.parts, executed.parts);
}

#[test]
fn a_message_that_this_node_does_not_see_is_a_local_objection() {
    let (builder, _) = node(&[approval(1)]);
    let (parts, built) = builder.build();
    let (blind, l1) = node(&[]);
    let mut validation = blind.engine.validate(blind.slot()).unwrap();
    match feed(&mut *validation, &parts) {
        ValidationStep::Complete { executed, local: Some((LocalReason::L1MessageUnseen, _)) } => {
            assert_eq!(executed.commitment, built.commitment);
        }
        other => panic!("{}", describe(&other)),
    }
    l1.0.lock().unwrap().push(approval(1));
    assert_eq!(validation.local_objection(), None);
    assert!(blind.clock.0.load(Ordering::SeqCst) > START);
}

#[test]
fn a_failing_handler_is_in_the_block_as_reverted() {
    let unknown = L1Message { selector: selector_from_name("no_such_handler").0, ..approval(1) };
    let (builder, _) = node(&[unknown]);
    let (parts, executed) = builder.build();
    assert_eq!(executed.executed_count, 1);
    assert_eq!(node(&[]).0.engine.head().block, None);
    let mut validation = builder.engine.validate(builder.slot()).unwrap();
    assert!(matches!(feed(&mut *validation, &parts), ValidationStep::Complete { local: None, .. }));
    builder.commit(&executed);
    let block = builder.engine.block(0).unwrap().unwrap();
    assert!(matches!(block.transactions[0].execution_result, ExecutionResult::Reverted { .. }));
}

#[test]
fn a_message_without_a_sender_on_l1_is_not_admitted() {
    let chain = genesis(|_| {});
    let id = starknet_api::core::ChainId::from(chain.chain_id().to_owned());
    let bad = [
        L1Message { calldata: vec![], ..approval(1) },
        L1Message { calldata: vec![StarkFelt::MAX], ..approval(1) },
        L1Message { nonce: StarkFelt::MAX, ..approval(1) },
        L1Message { to: StarkFelt::MAX, ..approval(1) },
    ];
    for message in bad {
        assert!(message.transaction(&id).is_err(), "{message:?}");
    }
}
