//! The verdicts of `spec/vectors/signatures/stark-edges.json`, which `stark_edges.py` beside it makes, are those of this
//! crate, which panics on none of them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{fs, path::PathBuf};

use ecp_signatures::{PublicKey, Scheme, Signature};
use serde_json::Value;

fn unhex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap().strip_prefix("0x").unwrap()).unwrap()
}

#[test]
fn stark_signatures_are_judged_as_written() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors/signatures/stark-edges.json");
    let vectors: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 15);
    for case in cases {
        let digest: [u8; 32] = unhex(&case["digest"]).try_into().unwrap();
        let signature = Signature::from_bytes(&unhex(&case["signature"])).unwrap();
        let key = PublicKey::from_bytes(Scheme::StarkEcdsa, &unhex(&case["public_key"]));
        let valid = std::panic::catch_unwind(|| key.is_ok_and(|key| key.verify(&digest, &signature)));
        assert_eq!(valid.ok(), case["valid"].as_bool(), "{}", case["name"]);
    }
}
