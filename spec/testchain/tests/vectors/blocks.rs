//! A chain of twelve blocks with every value in between.

use ecp_testchain::{
    Block, Chain, ChainState, Slot, Transfer,
    digest::{self, CommitmentFields},
};
use ecp_types::{Felt, Part};
use serde_json::{Value, json};

use crate::{
    bytes, cases,
    common::{ALICE, BOB, CAROL, FIRST, chain, pay, pay_key},
    compare, hex,
};

pub(crate) fn parts_json(parts: &[Part]) -> Value {
    let part =
        |part: &Part| json!({ "kind": format!("{:?}", part.kind).to_uppercase(), "payload": hex(&part.payload) });
    parts.iter().map(part).collect()
}

pub(crate) fn slot_json(slot: &Slot) -> Value {
    json!({
        "height": slot.height, "round": slot.round, "valid_round": slot.valid_round, "proposer": slot.proposer,
    })
}

/// One block of the story: slot, timestamp, bodies, executed count.
type Step = (Slot, u64, Vec<Vec<Transfer>>, u64);

fn story() -> Vec<Step> {
    let slot = |height: u64| {
        let proposer = Felt::from_u64(0x101 + (height - FIRST) % 4);
        Slot { height, round: 0, valid_round: None, proposer }
    };
    let mut story = vec![
        (slot(7), 1000, vec![vec![pay(&ALICE, &BOB, 10, 0), pay(&BOB, &CAROL, 500, 5)]], 2),
        (slot(8), 1000, vec![], 0),
        // Two of three transfers are left out, and Bob's signature for the last one was never made.
        (
            Slot { round: 2, valid_round: Some(1), ..slot(9) },
            2500,
            vec![
                vec![pay(&CAROL, &CAROL, 500, 0)],
                vec![pay(&ALICE, &BOB, 1, 1), Transfer { signature: [0; 64], ..pay(&BOB, &ALICE, 1, 6) }],
            ],
            1,
        ),
        // A new account, and one that pays out what it just got.
        (
            slot(10),
            3000,
            vec![
                vec![pay_key(&ALICE, [0x5e; 32], 0, 1), pay(&ALICE, &BOB, 990, 2)],
                vec![pay(&BOB, &ALICE, 1000, 6), pay(&ALICE, &CAROL, 1000, 3)],
            ],
            4,
        ),
    ];
    story.extend((11..=18).map(|height| {
        let transfers = if height == 17 { vec![vec![pay(&CAROL, &ALICE, 5, 1)]] } else { vec![] };
        let count = transfers.len() as u64;
        (slot(height), 3000 + height, transfers, count)
    }));
    story
}

fn case(chain: &Chain, parent: &ChainState, slot: &Slot, block: &Block) -> Value {
    let fin = &block.proposal.fin;
    let executed: Vec<_> = block.proposal.cut().transfers().cloned().collect();
    let params = chain.params(slot.height).unwrap();
    let distant_hash = chain.needed_hash(slot.height).map(|height| parent.hash(height).unwrap().block_hash);
    let fields = CommitmentFields {
        domain: chain.domain().clone(),
        height: slot.height,
        parent: parent.parent,
        timestamp_ms: block.proposal.init.timestamp_ms,
        builder: params.builder,
        executed_count: fin.executed_count,
        transfers_digest: digest::transfers_digest(&executed),
        state_digest: fin.state_digest,
        distant_hash,
    };
    let own = block.state.hash(slot.height).unwrap();
    let accounts = block.state.accounts.iter();
    json!({
        "slot": slot_json(slot),
        "parts": parts_json(&block.parts()),
        "archived_parts": parts_json(&block.proposal.cut().parts()),
        "executed_count": fin.executed_count,
        "transfers_digest": hex(fields.transfers_digest),
        "state_digest": hex(fields.state_digest),
        "distant_hash": distant_hash,
        "commitment_preimage": hex(fields.preimage()),
        "commitment": hex(block.commitment().0),
        "state_root": own.state_root,
        "block_hash": own.block_hash,
        "accounts": accounts
            .map(|(key, a)| json!({ "key": hex(key), "balance": a.balance, "nonce": a.nonce }))
            .collect::<Value>(),
    })
}

/// The states after each block of the story, the initial one first.
pub(crate) fn states() -> Vec<ChainState> {
    let chain = chain();
    let mut states = vec![chain.initial_state()];
    for (slot, timestamp_ms, bodies, count) in story() {
        let parent = &states[states.len() - 1];
        let block = chain.build_block(parent, slot, timestamp_ms, bodies, count).unwrap();
        states.push(block.state);
    }
    states
}

fn made() -> Value {
    let chain = chain();
    let mut state = chain.initial_state();
    let mut cases = Vec::new();
    for (slot, timestamp_ms, bodies, count) in story() {
        let block = chain.build_block(&state, slot, timestamp_ms, bodies, count).unwrap();
        cases.push(case(&chain, &state, &slot, &block));
        state = block.state;
    }
    json!({
        "about": "Consecutive valid blocks of genesis.json; felts are shortened, commitments and digests are not",
        "genesis_hash": hex(chain.genesis().genesis_hash()),
        "activation_digest": hex(chain.genesis().activation_digest()),
        "committee_hash": hex(chain.params(FIRST).unwrap().committee.hash),
        "cases": cases,
    })
}

#[test]
fn blocks_are_as_written() {
    compare("blocks.json", &made());
}

pub(crate) fn read_slot(value: &Value) -> Slot {
    let number = |name: &str| value[name].as_u64();
    Slot {
        height: number("height").unwrap(),
        round: number("round").unwrap().try_into().unwrap(),
        valid_round: number("valid_round").map(|round| round.try_into().unwrap()),
        proposer: value["proposer"].as_str().unwrap().parse().unwrap(),
    }
}

pub(crate) fn read_parts(value: &Value) -> Vec<Part> {
    let kind = |text: &Value| match text.as_str().unwrap() {
        "INIT" => ecp_types::PartKind::Init,
        "BODY" => ecp_types::PartKind::Body,
        "FIN" => ecp_types::PartKind::Fin,
        other => panic!("{other}"),
    };
    let parts = value.as_array().unwrap().iter().zip(0..);
    parts
        .map(|(part, index)| Part { index, kind: kind(&part["kind"]), payload: bytes(&part["payload"]).into() })
        .collect()
}

#[test]
fn blocks_of_the_file_are_valid_as_sent_and_as_archived() {
    let chain = chain();
    let mut state = chain.initial_state();
    let cases = cases("blocks.json");
    assert_eq!(cases.len(), 12);
    for case in cases {
        let slot = read_slot(&case["slot"]);
        let check = |parts: &Value| chain.check_block(&state, slot, &read_parts(parts)).unwrap().unwrap();
        let (sent, archived) = (check(&case["parts"]), check(&case["archived_parts"]));
        assert_eq!(hex(sent.commitment().0), case["commitment"]);
        assert_eq!(sent.state, archived.state);
        state = sent.state;
    }
}
