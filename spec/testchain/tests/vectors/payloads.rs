//! Payloads that are read, and payloads that are malformed.

use ecp_testchain::{Body, Fin, Init, Transfer, account_key, reframe_init, sign_transfer};
use ecp_types::{Commitment, Felt};
use serde_json::{Value, json};

use crate::{
    bytes, cases,
    common::{ALICE, BOB, domain},
    compare, hex,
};

fn init_json(init: &Init) -> Value {
    json!({
        "height": init.height,
        "round": init.round,
        "valid_round": init.valid_round,
        "proposer": init.proposer,
        "timestamp_ms": init.timestamp_ms,
        "parent": hex(init.parent.0),
    })
}

fn decoded(kind: &str, payload: &[u8]) -> Option<Value> {
    match kind {
        "INIT" => Init::decode(payload).ok().map(|init| init_json(&init)),
        "BODY" => Body::decode(payload).ok().map(|body| json!({ "transfers": body.transfers })),
        "FIN" => Fin::decode(payload).ok().map(|fin| {
            json!({
                "commitment": hex(fin.commitment.0),
                "executed_count": fin.executed_count,
                "state_digest": hex(fin.state_digest),
            })
        }),
        _ => panic!("{kind}"),
    }
}

fn case(kind: &str, name: &str, payload: impl AsRef<[u8]>) -> Value {
    let payload = payload.as_ref();
    json!({ "kind": kind, "name": name, "payload": hex(payload), "decoded": decoded(kind, payload) })
}

fn changed(payload: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut payload = payload.to_vec();
    change(&mut payload);
    payload
}

fn made() -> Value {
    let init = Init {
        height: 7,
        round: 2,
        valid_round: Some(1),
        proposer: Felt::from_u64(0x101),
        timestamp_ms: 1_700_000_000_123,
        parent: Commitment([0xcd; 32]),
    };
    let first = Init { round: 0, valid_round: None, ..init.clone() };
    let transfer = |nonce| sign_transfer(&domain(), &ALICE, account_key(&BOB), 10, nonce, 3);
    let one = Body { transfers: vec![transfer(0)] }.encode();
    let two = Body { transfers: vec![transfer(0), transfer(1)] }.encode();
    let fin = Fin { commitment: Commitment([0xab; 32]), executed_count: 2, state_digest: [0xef; 32] }.encode();
    let (reproposed, plain) = (init.encode(), first.encode());
    let prime = {
        let mut prime = [0; 32];
        (prime[0], prime[7], prime[31]) = (0x08, 0x11, 0x01);
        prime
    };
    let largest =
        Init { height: u64::MAX, round: u32::MAX, valid_round: Some(u32::MAX), timestamp_ms: u64::MAX, ..init.clone() };
    let reframed = reframe_init(&plain, 5, Some(3), Felt::from_u64(0x102)).unwrap();
    json!({
        "about": "decoded is null where the payload is malformed: INVALID, PAYLOAD_MALFORMED",
        "cases": [
            case("INIT", "first proposal", &plain),
            case("INIT", "reproposal", &reproposed),
            case("INIT", "valid round 0 is not absence", changed(&reproposed, |p| p[16] = 0)),
            case("INIT", "largest values", largest.encode()),
            case("INIT", "empty", []),
            case("INIT", "one byte short", &plain[..88]),
            case("INIT", "one byte long", changed(&plain, |p| p.push(0))),
            case("INIT", "flag 2", changed(&plain, |p| p[12] = 2)),
            case("INIT", "valid round without its flag", changed(&plain, |p| p[16] = 1)),
            case("INIT", "proposer is the prime", changed(&plain, |p| p[17..49].copy_from_slice(&prime))),
            case("BODY", "one transfer", &one),
            case("BODY", "two transfers", &two),
            case("BODY", "bytes of a transfer are not checked", changed(&one, |p| p[4..].fill(0))),
            case("BODY", "empty", []),
            case("BODY", "count 0", [0; 4]),
            case("BODY", "count above what follows", changed(&one, |p| p[3] = 2)),
            case("BODY", "count below what follows", changed(&two, |p| p[3] = 1)),
            case("BODY", "largest count", changed(&one, |p| p[..4].fill(0xff))),
            case("BODY", "one byte long", changed(&one, |p| p.push(0))),
            case("BODY", "one byte short", &one[..one.len() - 1]),
            case("FIN", "two executed", &fin),
            case("FIN", "one byte short", &fin[..71]),
            case("FIN", "one byte long", changed(&fin, |p| p.push(0))),
        ],
        "reframe": [
            {
                "init": hex(&plain), "round": 5, "valid_round": 3, "proposer": "0x102",
                "reframed": hex(&reframed),
            },
        ]
    })
}

#[test]
fn payloads_are_as_written() {
    compare("payloads.json", &made());
    assert_eq!(Body::HEADER_BYTES + Transfer::BYTES, 152);
}

#[test]
fn payloads_decode_or_are_refused_from_the_file() {
    let cases = cases("payloads.json");
    let refused = cases.iter().filter(|case| case["decoded"].is_null()).count();
    assert!(refused >= 12 && cases.len() - refused >= 8);
    for case in cases {
        let got = decoded(case["kind"].as_str().unwrap(), &bytes(&case["payload"]));
        assert_eq!(got.unwrap_or(Value::Null), case["decoded"], "{}", case["name"]);
    }
}
