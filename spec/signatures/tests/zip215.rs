//! The verdicts of `spec/vectors/signatures/zip215.json`, which `zip215.py` beside it makes, are those of this crate.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{fs, path::PathBuf};

use ecp_signatures::{PublicKey, Scheme, Signature};
use serde_json::Value;

fn unhex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap().strip_prefix("0x").unwrap()).unwrap()
}

/// Whether this crate takes the signature; a key that is no point signs nothing.
fn valid(key: &[u8], signature: &[u8], digest: &[u8; 32]) -> bool {
    let signature = Signature::from_bytes(signature).unwrap();
    PublicKey::from_bytes(Scheme::Ed25519, key).is_ok_and(|key| key.verify(digest, &signature))
}

#[test]
fn ed25519_is_verified_by_zip_215() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors/signatures/zip215.json");
    let vectors: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let digest: [u8; 32] = unhex(&vectors["digest"]).try_into().unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 15);
    for case in cases {
        let taken = valid(&unhex(&case["public_key"]), &unhex(&case["signature"]), &digest);
        assert_eq!(taken, case["zip215"].as_bool().unwrap(), "{}", case["name"]);
    }
    let small: Vec<_> = vectors["small_order"].as_array().unwrap().iter().map(|e| unhex(&e["encoding"])).collect();
    assert_eq!(small.len(), 14);
    for key in &small {
        for first in &small {
            assert!(
                valid(key, &[first.as_slice(), &[0; 32]].concat(), &digest),
                "{} {}",
                hex::encode(key),
                hex::encode(first)
            );
        }
    }
}
