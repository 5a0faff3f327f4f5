//! Bytes that no honest node sends: the answer is a verdict, never a fault or a panic (ECP-ENC-006, ECP-ERR-006).
use std::sync::OnceLock;

use crate::common::{self, KEYS, Node, describe, feed, in_one_body};
use bytes::Bytes;
use ecp_engine_starknet::{
    header::{Init, MAX_PRICE},
    wire,
};
use ecp_execution_core::seams::{ExecutionEngine as _, ValidationStep};
use ecp_types::{InvalidReason, Part, PartKind};
use proptest::prelude::*;
use prost::Message as _;
use starknet_types_core::felt::Felt as StarkFelt;

/// A proposal of two transfers and a deployment, and a node that validates it.
fn fixture() -> &'static (Vec<Part>, Node) {
    static FIXTURE: OnceLock<(Vec<Part>, Node)> = OnceLock::new();
    FIXTURE.get_or_init(|| {
        let builder = Node::new();
        let (a, b, new) = (builder.wallet(KEYS[0]), builder.wallet(KEYS[1]), builder.wallet(common::NEW_KEY));
        for tx in [a.transfer(0, &b, 1), a.transfer(1, &b, 2), new.deployment()] {
            builder.engine.mempool().add(tx, StarkFelt::ZERO, common::START * 1_000).unwrap();
        }
        let (parts, _) = builder.build();
        (in_one_body(&parts), Node::new())
    })
}

fn verdict_of(parts: &[Part]) -> ValidationStep {
    let (_, node) = fixture();
    let mut validation = node.engine.validate(node.slot()).unwrap();
    feed(&mut *validation, parts)
}

/// Small numbers, those around `limit`, and any.
fn edges(limit: u128) -> impl Strategy<Value = u128> {
    prop_oneof![0_u128..3, Just(limit - 1), Just(limit), Just(limit + 1), 0..limit, any::<u128>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_altered_byte_gets_a_verdict(part in 0_usize..3, at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let (parts, _) = fixture();
        let mut parts = parts.clone();
        let mut payload = parts[part].payload.to_vec();
        let at = at.index(payload.len());
        payload[at] = value;
        parts[part].payload = Bytes::from(payload);
        let step = verdict_of(&parts);
        prop_assert!(
            matches!(step, ValidationStep::Invalid(..) | ValidationStep::Complete { .. }), "{}", describe(&step)
        );
    }

    #[test]
    fn any_truncation_or_insertion_gets_a_verdict(
        part in 0_usize..3, at in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let (parts, _) = fixture();
        let mut parts = parts.clone();
        let mut payload = parts[part].payload.to_vec();
        let at = at.index(payload.len());
        if bytes.is_empty() { payload.truncate(at) } else { payload.splice(at..at, bytes); }
        parts[part].payload = Bytes::from(payload);
        let step = verdict_of(&parts);
        prop_assert!(
            matches!(step, ValidationStep::Invalid(..) | ValidationStep::Complete { .. }), "{}", describe(&step)
        );
    }

    #[test]
    fn any_init_that_can_be_read_is_written_back_the_same(payload in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(init) = Init::decode(&payload) {
            prop_assert_eq!(Init::decode(&init.encode()).unwrap(), init);
        }
    }

    #[test]
    fn transactions_with_any_bounds_and_prices_get_a_verdict(
        amount in edges(1_000_000_000_000_000).prop_map(|amount| amount as u64),
        price in edges(MAX_PRICE),
        tip in edges(u128::from(u64::MAX)).prop_map(|tip| tip as u64),
        l1_price in edges(MAX_PRICE),
    ) {
        let (parts, node) = fixture();
        let (a, b) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]));
        let mut tx = a.unsigned_call(0, b.felt(), "transfer", &[]);
        tx.tip = starknet_api::transaction::fields::Tip(tip);
        let bound = starknet_api::transaction::fields::ResourceBounds {
            max_amount: starknet_api::execution_resources::GasAmount(amount),
            max_price_per_unit: starknet_api::block::GasPrice(price),
        };
        tx.resource_bounds = starknet_api::transaction::fields::ValidResourceBounds::AllResources(
            starknet_api::transaction::fields::AllResourceBounds { l1_gas: bound, l2_gas: bound, l1_data_gas: bound },
        );
        let batch = wire::TransactionBatch { transactions: vec![a.signed(tx).to_wire()] };
        let mut parts = parts.clone();
        parts[1].payload = Bytes::from(batch.encode_to_vec());
        let mut init = wire::ProposalInit::decode(&*parts[0].payload).unwrap();
        init.l1_gas_price_wei = Some(l1_price.into());
        init.l1_data_gas_price_fri = Some(l1_price.into());
        parts[0].payload = Bytes::from(init.encode_to_vec());
        let mut fin = wire::ProposalFin::decode(&*parts[2].payload).unwrap();
        fin.executed_transaction_count = 1;
        parts[2].payload = Bytes::from(fin.encode_to_vec());
        let step = verdict_of(&parts);
        prop_assert!(matches!(step, ValidationStep::Invalid(..)), "{}", describe(&step));
    }
}

#[test]
fn parts_in_a_wrong_order_are_malformed() {
    let (parts, _) = fixture();
    let [init, body, fin] = [&parts[0], &parts[1], &parts[2]].map(Clone::clone);
    assert_eq!([init.kind, body.kind, fin.kind], [PartKind::Init, PartKind::Body, PartKind::Fin]);
    let orders = [
        vec![body.clone()],
        vec![fin.clone()],
        vec![init.clone(), init.clone()],
        vec![init.clone(), fin.clone(), body],
        vec![init.clone()],
        vec![],
    ];
    for order in orders {
        match verdict_of(&order) {
            // An early FIN counts transactions that were not sent.
            ValidationStep::Invalid(InvalidReason::PayloadMalformed | InvalidReason::CountExceedsSent, _) => {}
            other => panic!("{}", describe(&other)),
        }
    }
}

#[test]
fn a_body_of_empty_transactions_costs_no_more_than_its_bytes() {
    let (parts, _) = fixture();
    let mut parts = parts.clone();
    // Three million transactions of two bytes each: decoded together they take more than a gigabyte.
    parts[1].payload = Bytes::from([0x0a, 0x00].repeat(3 << 20));
    let before = peak_kib();
    let step = verdict_of(&parts);
    assert!(matches!(step, ValidationStep::Invalid(InvalidReason::PayloadMalformed, _)), "{}", describe(&step));
    let grown = peak_kib() - before;
    assert!(grown < 100 << 10, "{grown} KiB");
}

/// Most memory that this process ever had, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}
