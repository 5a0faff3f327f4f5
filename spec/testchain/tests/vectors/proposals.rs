//! Proposals on top of the first four blocks, with the verdict of each.

use ecp_testchain::{Body, COST_MS_MAX, Chain, ChainState, Init, Proposal, Slot, Transfer, account_key, sign_transfer};
use ecp_types::{Felt, InvalidReason, Part, PartKind};
use serde_json::{Value, json};

use crate::{
    blocks::{parts_json, read_parts, read_slot, slot_json, states},
    cases,
    common::{ALICE, BOB, CAROL, chain, domain, pay},
    compare, hex,
};

const HEIGHT: u64 = 11;
const TIMESTAMP: u64 = 3000;

struct Maker {
    chain: Chain,
    state: ChainState,
    cases: Vec<Value>,
}

fn slot() -> Slot {
    Slot { height: HEIGHT, round: 1, valid_round: None, proposer: Felt::from_u64(0x103) }
}

/// Carol owns 1,500 and has nonce 1; Alice owns nothing and has nonce 4; Bob owns 0 and has nonce 7.
fn carol(amount: u64, nonce: u64) -> Transfer {
    pay(&CAROL, &BOB, amount, nonce)
}

impl Maker {
    /// A proposal of these bodies, with the right FIN for their executed prefix.
    fn valid(&self, bodies: Vec<Vec<Transfer>>, count: u64) -> Proposal {
        self.chain.build_block(&self.state, slot(), TIMESTAMP, bodies, count).unwrap().proposal
    }

    /// A proposal that executes `executed` and sends `sent`: the FIN is one of the first and counts `count`.
    fn sending(&self, executed: Vec<Transfer>, sent: Vec<Vec<Transfer>>, count: u64) -> Proposal {
        let executed_count = executed.len() as u64;
        let mut proposal = self.valid(vec![executed], executed_count);
        proposal.bodies = sent.into_iter().map(|transfers| Body { transfers }).collect();
        proposal.fin.executed_count = count;
        proposal
    }

    fn add(&mut self, name: &str, proposal: &Proposal) {
        self.add_parts(name, slot(), proposal.parts());
    }

    fn add_parts(&mut self, name: &str, slot: Slot, parts: Vec<Part>) {
        let verdict = verdict(&self.chain, &self.state, slot, &parts);
        self.cases.push(json!({
            "name": name, "slot": slot_json(&slot), "parts": parts_json(&parts), "verdict": verdict,
        }));
    }
}

fn verdict(chain: &Chain, state: &ChainState, slot: Slot, parts: &[Part]) -> Value {
    match chain.check_block(state, slot, parts).unwrap() {
        Ok(block) => json!({ "valid": hex(block.commitment().0), "executed_count": block.executed_count() }),
        Err(invalid) => json!({ "invalid": reason(invalid.reason) }),
    }
}

/// Name of a reason as in the protobuf, without its prefix.
fn reason(reason: InvalidReason) -> &'static str {
    match reason {
        InvalidReason::PayloadMalformed => "PAYLOAD_MALFORMED",
        InvalidReason::InitMismatch => "INIT_MISMATCH",
        InvalidReason::HeaderRule => "HEADER_RULE",
        InvalidReason::DuplicateTransaction => "DUPLICATE_TRANSACTION",
        InvalidReason::TransactionInvalid => "TRANSACTION_INVALID",
        InvalidReason::CountExceedsSent => "COUNT_EXCEEDS_SENT",
        InvalidReason::BlockOverCapacity => "BLOCK_OVER_CAPACITY",
        InvalidReason::CommitmentMismatch => "COMMITMENT_MISMATCH",
        InvalidReason::ProposalTooLarge => "PROPOSAL_TOO_LARGE",
        InvalidReason::FinMismatch => "FIN_MISMATCH",
        InvalidReason::L1MessageConsumed => "L1_MESSAGE_CONSUMED",
    }
}

fn made() -> Value {
    let state = states()[4].clone();
    let mut maker = Maker { chain: chain(), state, cases: Vec::new() };
    valid(&mut maker);
    headers(&mut maker);
    transfers(&mut maker);
    results(&mut maker);
    json!({
        "about": "Proposals on top of the first four blocks of blocks.json, against the slot of the open message",
        "cases": maker.cases,
    })
}

fn valid(maker: &mut Maker) {
    let two = maker.valid(vec![vec![carol(1, 1)], vec![carol(2, 2)]], 2);
    maker.add("two transfers in two bodies", &two);
    let reproposal = Slot { round: 4, valid_round: Some(1), proposer: Felt::from_u64(0x102), ..slot() };
    let mut parts = two.parts();
    parts[0].payload = Init { round: 4, valid_round: Some(1), proposer: reproposal.proposer, ..two.init }.encode();
    maker.add_parts("the same, proposed again: the same commitment", reproposal, parts);
    maker.add("empty block", &maker.valid(vec![], 0));
    maker.add("nothing of what was sent is executed", &maker.valid(vec![vec![carol(1, 1)]], 0));
    let bad = Transfer { signature: [0; 64], ..carol(1, 2) };
    maker.add("an invalid transfer behind the executed prefix", &maker.valid(vec![vec![carol(1, 1), bad]], 1));
    let full: Vec<_> = (1..=4).map(|nonce| carol(1, nonce)).collect();
    maker.add("as many as the capacity", &maker.valid(vec![full.clone()], 4));
    let mut more = full;
    more.push(carol(1, 5));
    maker.add("more sent than the capacity, but not executed", &maker.valid(vec![more], 4));
}

fn headers(maker: &mut Maker) {
    let good = maker.valid(vec![vec![carol(1, 1)]], 1);
    let with = |change: &dyn Fn(&mut Proposal)| {
        let mut proposal = good.clone();
        change(&mut proposal);
        proposal
    };
    maker.add("INIT of another height", &with(&|p| p.init.height += 1));
    maker.add("INIT of another round", &with(&|p| p.init.round += 1));
    maker.add("INIT with a valid round", &with(&|p| p.init.valid_round = Some(0)));
    maker.add("INIT of another proposer", &with(&|p| p.init.proposer = Felt::from_u64(0x104)));
    maker.add("INIT of another parent", &with(&|p| p.init.parent.0[31] ^= 1));
    let early = maker.chain.build_block(&maker.state, slot(), TIMESTAMP - 1, vec![], 0).unwrap().proposal;
    maker.add("timestamp before the parent's", &early);
    maker.add(
        "another round and another parent: the slot is compared first",
        &with(&|p| {
            p.init.round += 1;
            p.init.parent.0[31] ^= 1;
        }),
    );
    for (index, name) in ["INIT", "BODY", "FIN"].into_iter().enumerate() {
        let mut parts = good.parts();
        let mut payload = parts[index].payload.to_vec();
        payload.pop();
        parts[index].payload = payload.into();
        maker.add_parts(&format!("{name} one byte short"), slot(), parts);
    }
    let mut parts = good.parts();
    parts.insert(2, Part { index: 2, kind: PartKind::Body, payload: vec![0; 4].into() });
    parts[3].index = 3;
    maker.add_parts("a BODY without a transfer, behind the executed prefix", slot(), parts);
    let eight: Vec<_> = (1..=8).map(|nonce| carol(1, nonce)).collect();
    maker.add("payloads over the limit, behind the executed prefix", &maker.valid(vec![eight], 1));
    let mut parts = good.parts();
    parts[1].payload = vec![0xff; 1200].into();
    maker.add_parts("over the limit and malformed: the size is compared first", slot(), parts);
}

fn transfers(maker: &mut Maker) {
    let first = carol(1, 1);
    let add = |maker: &mut Maker, name: &str, second: Transfer| {
        let proposal = maker.sending(vec![first.clone()], vec![vec![first.clone()], vec![second]], 2);
        maker.add(name, &proposal);
    };
    add(maker, "a transfer twice", first.clone());
    add(maker, "another transfer of the same sender and nonce", carol(2, 1));
    add(maker, "a transfer of an earlier block", pay(&ALICE, &BOB, 10, 0));
    let mut flipped = carol(1, 2);
    flipped.signature[40] ^= 1;
    add(maker, "a flipped byte in a signature", flipped);
    let mut twice = first.clone();
    twice.signature[40] ^= 1;
    add(maker, "a used nonce under a bad signature: the signature is checked first", twice);
    add(maker, "a nonce too high", carol(1, 3));
    add(maker, "more than the sender owns", carol(1500, 2));
    add(maker, "a sender that does not exist", pay(&[9; 32], &BOB, 1, 0));
    let mut other = domain();
    other.fork_id += 1;
    let bob = account_key(&BOB);
    add(maker, "signed for another fork", sign_transfer(&other, &CAROL, bob, 1, 2, 3));
    add(maker, "a cost above the largest", sign_transfer(&domain(), &CAROL, bob, 1, 2, COST_MS_MAX + 1));
}

fn results(maker: &mut Maker) {
    let good = maker.valid(vec![vec![carol(1, 1)], vec![carol(2, 2)]], 2);
    let with = |change: &dyn Fn(&mut Proposal)| {
        let mut proposal = good.clone();
        change(&mut proposal);
        proposal
    };
    maker.add("a count above what was sent", &with(&|p| p.fin.executed_count = 3));
    maker.add("the largest count", &with(&|p| p.fin.executed_count = u64::MAX));
    maker.add("a count below what FIN is of", &with(&|p| p.fin.executed_count = 1));
    maker.add("another commitment", &with(&|p| p.fin.commitment.0[0] ^= 0x80));
    maker.add("another state digest", &with(&|p| p.fin.state_digest[31] ^= 1));
    maker.add("another timestamp than the commitment's", &with(&|p| p.init.timestamp_ms += 1));
    maker.add("executed transfers in another order", &with(&|p| p.bodies.swap(0, 1)));
    let five: Vec<_> = (1..=5).map(|nonce| carol(1, nonce)).collect();
    let over = maker.chain.with_capacity(5).build_block(&maker.state, slot(), TIMESTAMP, vec![five.clone()], 5);
    maker.add("over capacity, with the commitment that execution would give", &over.unwrap().proposal);
    let mut bad = five.clone();
    bad[4].signature[0] ^= 1;
    let proposal = maker.sending(five[..4].to_vec(), vec![bad.clone()], 5);
    maker.add("a bad signature at the place over capacity: the capacity is checked first", &proposal);
    bad[1].signature[0] ^= 1;
    let proposal = maker.sending(five[..1].to_vec(), vec![bad], 5);
    maker.add("a bad signature before the place over capacity: the first place counts", &proposal);
    let mut flipped = carol(1, 1);
    flipped.signature[0] ^= 1;
    let proposal = maker.sending(vec![], vec![vec![flipped]], 2);
    maker.add("a bad signature and a count above what was sent: the count is compared first", &proposal);
}

#[test]
fn proposals_are_as_written() {
    compare("proposals.json", &made());
}

#[test]
fn proposals_of_the_file_get_their_verdicts() {
    let (chain, state) = (chain(), states()[4].clone());
    for case in cases("proposals.json") {
        let got = verdict(&chain, &state, read_slot(&case["slot"]), &read_parts(&case["parts"]));
        assert_eq!(got, case["verdict"], "{}", case["name"]);
    }
}

/// Every reason that the chain knows, and VALID, is among the verdicts.
#[test]
fn every_reason_has_a_proposal() {
    let cases = cases("proposals.json");
    for wanted in [
        "PAYLOAD_MALFORMED",
        "INIT_MISMATCH",
        "HEADER_RULE",
        "DUPLICATE_TRANSACTION",
        "TRANSACTION_INVALID",
        "COUNT_EXCEEDS_SENT",
        "BLOCK_OVER_CAPACITY",
        "COMMITMENT_MISMATCH",
        "PROPOSAL_TOO_LARGE",
        "FIN_MISMATCH",
    ] {
        assert!(cases.iter().any(|case| case["verdict"]["invalid"] == wanted), "{wanted}");
    }
    assert!(cases.iter().filter(|case| case["verdict"]["valid"].is_string()).count() >= 7);
}
