//! Signed transfers and what is signed.

use ecp_testchain::{COST_MS_MAX, Domain, Transfer, account_key, sign_transfer};
use serde_json::{Value, json};

use crate::{
    bytes, cases,
    common::{ALICE, BOB, CAROL, domain},
    compare, hex,
};

fn case(name: &str, domain: &Domain, secret: Option<[u8; 32]>, transfer: &Transfer) -> Value {
    json!({
        "name": name,
        "chain_id": domain.chain_id,
        "fork_id": domain.fork_id,
        "secret_key": secret.map(hex),
        "transfer": transfer,
        "message": hex(transfer.message(domain)),
        "encoded": hex(transfer.encode()),
        "signature_valid": transfer.verify(domain),
    })
}

fn made() -> Value {
    let network = domain();
    let other_fork = Domain { fork_id: network.fork_id + 1, ..network.clone() };
    let long = Domain { chain_id: "A chain id of thirty-one bytes!".into(), fork_id: u64::MAX };
    let plain = sign_transfer(&network, &ALICE, account_key(&BOB), 10, 0, 3);
    let largest = sign_transfer(&long, &BOB, [0xff; 32], u64::MAX, u64::MAX - 1, COST_MS_MAX);
    let flip = |at: usize| {
        let mut transfer = plain.clone();
        transfer.signature[at] ^= 1;
        transfer
    };
    // y = 2 is not on the curve.
    let mut no_point = [0; 32];
    no_point[0] = 2;
    json!({
        "about": "message is what is signed; signature_valid is by ZIP 215 under chain_id and fork_id",
        "cases": [
            case("plain", &network, Some(ALICE), &plain),
            case("largest values", &long, Some(BOB), &largest),
            case("to oneself", &network, Some(CAROL), &sign_transfer(&network, &CAROL, account_key(&CAROL), 0, 0, 0)),
            case("first byte of the signature flipped", &network, None, &flip(0)),
            case("last byte of the signature flipped", &network, None, &flip(63)),
            case("signed for another fork", &other_fork, None, &plain),
            case("signed by somebody else", &network, None, &Transfer { from: account_key(&BOB), ..plain.clone() }),
            case("amount changed", &network, None, &Transfer { amount: 11, ..plain.clone() }),
            case("cost changed", &network, None, &Transfer { cost_ms: 4, ..plain.clone() }),
            case("sender is no point", &network, None, &Transfer { from: no_point, ..plain.clone() }),
        ]
    })
}

#[test]
fn transfers_are_as_written() {
    compare("transfers.json", &made());
}

#[test]
fn transfers_decode_and_verify_from_the_file() {
    let cases = cases("transfers.json");
    assert!(cases.len() >= 10);
    for case in cases {
        let name = &case["name"];
        let domain =
            Domain { chain_id: case["chain_id"].as_str().unwrap().into(), fork_id: case["fork_id"].as_u64().unwrap() };
        let transfer = Transfer::decode(&bytes(&case["encoded"])).unwrap();
        assert_eq!(transfer, serde_json::from_value(case["transfer"].clone()).unwrap(), "{name}");
        assert_eq!(transfer.message(&domain), bytes(&case["message"]), "{name}");
        assert_eq!(transfer.verify(&domain), case["signature_valid"].as_bool().unwrap(), "{name}");
    }
}
