//! The vectors of `spec/vectors/headers` and `spec/vectors/commitments/schemes.json`, which their `check.py` make from
//! the pages, are what this engine computes.
use std::path::PathBuf;

use crate::common::{MemoryStore, genesis};
use ecp_commitments::{BlockCommitments, block, partial_block_hash};
use ecp_engine_starknet::{
    commitment::{Bound, ECP_STARKNET_1, PARTIAL_BLOCK_HASH, Scheme, block_header},
    convert,
    head::Head,
    header::{Init, L1Prices},
    market,
    rows::{BlockRecord, ContentRecord, DiffRecord},
    section::{L2GasMarket, StarknetSection},
};
use ecp_execution_core::seams::Store as _;
use ecp_types::{Commitment, Felt, HeightParams, InvalidReason, LocalReason};
use serde_json::Value;
use starknet_types_core::felt::Felt as StarkFelt;

fn vectors(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn cases<'a>(file: &'a Value, key: &str) -> &'a [Value] {
    let cases = file[key].as_array().unwrap();
    assert!(!cases.is_empty());
    cases
}

/// A decimal text.
fn number(value: &Value) -> u128 {
    value.as_str().unwrap().parse().unwrap()
}

fn numbers(value: &Value) -> Vec<u128> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn felt(value: &Value) -> StarkFelt {
    StarkFelt::from_hex(value.as_str().unwrap()).unwrap()
}

fn prices(value: &Value) -> L1Prices {
    L1Prices {
        gas_fri: number(&value["l1_gas_price_fri"]),
        data_gas_fri: number(&value["l1_data_gas_price_fri"]),
        gas_wei: number(&value["l1_gas_price_wei"]),
        data_gas_wei: number(&value["l1_data_gas_price_wei"]),
    }
}

/// An INIT of the vectors; those of commitments leave the slot out, which no commitment binds.
fn init(value: &Value) -> Init {
    let round = |key: &str| value[key].as_u64().map(|round| round.try_into().unwrap());
    Init {
        height: value["height"].as_u64().unwrap(),
        round: round("round").unwrap_or(0),
        valid_round: round("valid_round"),
        proposer: value["proposer"].as_str().map_or(StarkFelt::ONE, |_| felt(&value["proposer"])),
        timestamp: value["timestamp"].as_u64().unwrap(),
        builder: felt(&value["builder"]),
        blobs: value["l1_da_mode"] != "CALLDATA",
        l2_gas_price_fri: number(&value["l2_gas_price_fri"]),
        l1: prices(value),
        starknet_version: value["starknet_version"].as_str().unwrap().into(),
        version_constants: felt(&value["version_constant_commitment"]),
        fee_proposal_fri: value["fee_proposal_fri"].as_str().map(|_| number(&value["fee_proposal_fri"])),
    }
}

#[test]
fn the_gas_market_moves_as_written() {
    let file = vectors("headers/market.json");
    for case in cases(&file, "fee_actual") {
        let found = market::fee_actual(&numbers(&case["window"]), number(&case["genesis_price"]));
        assert_eq!(found, number(&case["fee_actual"]), "{}", case["name"]);
    }
    for case in cases(&file, "fee_proposal") {
        let margin = case["margin_ppt"].as_u64().unwrap();
        let (low, high) = market::fee_proposal_bounds(number(&case["fee_actual"]), margin);
        assert_eq!(vec![low, high], numbers(&case["bounds"]), "{}", case["name"]);
    }
    for case in cases(&file, "next_price") {
        let rules = L2GasMarket {
            target: number(&case["target"]).try_into().unwrap(),
            max_change_denominator: case["max_change_denominator"].as_u64().unwrap(),
            ..L2GasMarket::default()
        };
        let used = number(&case["l2_gas_used"]).try_into().unwrap();
        let found = market::next_price(number(&case["price"]), used, number(&case["floor"]), &rules);
        assert_eq!(found, number(&case["next_price"]), "{}", case["name"]);
    }
    let any = init(&vectors("headers/rules.json")["cases"][0]["init"]);
    for case in cases(&file, "l2_gas_price_wei") {
        let (gas_fri, gas_wei) = (number(&case["l1_gas_price_fri"]), number(&case["l1_gas_price_wei"]));
        let l1 = L1Prices { gas_fri, gas_wei, ..any.l1 };
        let init = Init { l2_gas_price_fri: number(&case["l2_gas_price_fri"]), l1, ..any.clone() };
        assert_eq!(init.l2_gas_price_wei(), number(&case["l2_gas_price_wei"]), "{}", case["name"]);
    }
    for case in cases(&file, "has_fee_proposal") {
        let found = market::has_fee_proposal(case["starknet_version"].as_str().unwrap());
        assert_eq!(found, case["has_fee_proposal"].as_bool().unwrap(), "{case}");
    }
}

/// The head after blocks with these fee proposals.
fn head(parent: &Value, section: &StarknetSection, any: &Init) -> Head {
    let store = MemoryStore::default();
    let mut head = Head::load(&store, section).unwrap();
    let zero = StarkFelt::ZERO;
    let content = ContentRecord { transactions: zero, events: zero, receipts: zero, state_diff: zero, counts: zero };
    for fee in numbers(&parent["fee_proposals"]) {
        let record = BlockRecord {
            init: Init { fee_proposal_fri: Some(fee), ..any.clone() },
            commitment: [0; 32],
            content,
            diff: DiffRecord::default(),
            l2_gas_used: 0,
            next_l2_gas_price: 1,
            transactions: Vec::new(),
        };
        head = head.after(&record, store.snapshot().unwrap());
    }
    head.timestamp = parent["timestamp"].as_u64().unwrap();
    head.next_l2_gas_price = number(&parent["next_l2_gas_price_fri"]);
    head
}

fn section(height: &Value, node: &Value) -> StarknetSection {
    let file = genesis(|_| {});
    let ecp_types::Workload::Starknet(section) = file.workload() else { panic!("another workload") };
    let mut section: StarknetSection = serde_json::from_value(section.clone()).unwrap();
    section.prices.l2_gas_fri = number(&height["genesis_l2_gas_price_fri"]);
    section.l2_gas_market.fee_proposal_margin_ppt = height["fee_proposal_margin_ppt"].as_u64().unwrap();
    section.timestamp_window_s = node["timestamp_window_s"].as_u64().unwrap();
    section.price_band_percent = node["price_band_percent"].as_u64().unwrap();
    section
}

fn params(height: &Value) -> HeightParams {
    let params = genesis(|_| {}).height_params(0).unwrap();
    let builder: Felt = height["builder"].as_str().unwrap().parse().unwrap();
    HeightParams { starknet_version: height["starknet_version"].as_str().unwrap().into(), builder, ..params }
}

#[test]
fn headers_are_judged_as_written() {
    let file = vectors("headers/rules.json");
    for case in cases(&file, "cases") {
        let (name, init) = (&case["name"], init(&case["init"]));
        let payload = ecp_types::decode_hex(case["payload"].as_str().unwrap()).unwrap();
        assert_eq!(Init::decode(&payload).as_ref(), Ok(&init), "{name}");
        assert_eq!(init.encode(), payload, "{name}");
        let section = section(&case["height"], &case["node"]);
        let head = head(&case["parent"], &section, &init);
        let constants = felt(&case["height"]["version_constant_commitment"]);
        let rules = init.check_rules(&params(&case["height"]), &head, &section, &constants);
        let now = case["node"]["clock_s"].as_u64().unwrap();
        let objection = init.local_objection(now, &prices(&case["node"]), &section).map(|(reason, _)| reason);
        let verdict = &case["verdict"];
        if verdict["invalid"] == "HEADER_RULE" {
            assert_eq!(rules.unwrap_err().0, InvalidReason::HeaderRule, "{name}");
            continue;
        }
        assert_eq!(rules, Ok(()), "{name}");
        let expected = match verdict["rejected_local"].as_str() {
            None => None,
            Some("TIMESTAMP_WINDOW") => Some(LocalReason::TimestampWindow),
            Some("PRICE_BAND") => Some(LocalReason::PriceBand),
            Some(other) => panic!("{name}: {other}"),
        };
        assert_eq!(objection, expected, "{name}");
        assert_eq!(verdict == "kept", expected.is_none(), "{name}");
    }
}

#[test]
fn both_schemes_commit_as_written() {
    let file = vectors("commitments/schemes.json");
    for case in cases(&file, "cases") {
        let (name, result, init) = (&case["name"], &case["result"], init(&case["init"]));
        let content = &case["content"];
        let content = BlockCommitments {
            transactions: felt(&content["transactions"]),
            events: felt(&content["events"]),
            receipts: felt(&content["receipts"]),
            state_diff: felt(&content["state_diff"]),
            counts: felt(&content["counts"]),
        };
        let header = block_header(&init, &content).unwrap();
        let hash = block::gas_prices_hash(&header.l1_gas_price, &header.l1_data_gas_price, &header.l2_gas_price);
        assert_eq!(init.l2_gas_price_wei(), number(&result["l2_gas_price_wei"]), "{name}");
        assert_eq!(hash, felt(&result["gas_prices_hash"]), "{name}");
        assert_eq!(partial_block_hash(&header).unwrap(), felt(&result["partial_block_hash"]), "{name}");
        let parent = case["parent"].as_str().map(|text| Commitment(ecp_types::decode_hex_array(text).unwrap()));
        let bound = Bound {
            chain_id: convert::short_string(case["chain_id"].as_str().unwrap()),
            fork_id: case["fork_id"].as_u64().unwrap(),
            parent: parent.as_ref(),
            init: &init,
            content: &content,
            next_l2_gas_price: number(&case["next_l2_gas_price_fri"]),
            l2_gas_used: number(&case["l2_gas_used"]).try_into().unwrap(),
        };
        for scheme in [PARTIAL_BLOCK_HASH, ECP_STARKNET_1] {
            let commitment = Scheme::named(scheme).unwrap().commit(&bound).unwrap();
            assert_eq!(commitment.to_string(), result[scheme].as_str().unwrap(), "{name}, {scheme}");
        }
    }
}

#[test]
fn versions_have_the_constants_that_are_written() {
    let chain = ecp_engine_starknet::chain::Chain::new(&genesis(|_| {})).unwrap();
    for case in cases(&vectors("headers/version-constants.json"), "cases") {
        let version = case["starknet_version"].as_str().unwrap();
        let found = chain.version_constants(version).unwrap();
        assert_eq!(found, felt(&case["version_constant_commitment"]), "{version}");
    }
}
