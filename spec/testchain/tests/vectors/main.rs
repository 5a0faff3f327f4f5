//! The vectors of `spec/vectors/test-chain`: written from the code on request, read back through its public surface.
//!
//! `ECP_UPDATE_VECTORS=1` writes them again. `check.py` in their folder derives them a second time, from the page alone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod blocks;
#[path = "../common/mod.rs"]
mod common;
mod payloads;
mod proposals;
mod transfers;

use std::{fs, path::PathBuf};

use serde_json::Value;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors/test-chain").join(name)
}

/// Compares the file with what the code makes, or writes it if asked to.
fn compare(name: &str, made: &Value) {
    if std::env::var_os("ECP_UPDATE_VECTORS").is_some() {
        let mut text = serde_json::to_string_pretty(made).unwrap();
        text.push('\n');
        fs::write(path(name), text).unwrap();
    }
    let stored: Value = serde_json::from_slice(&fs::read(path(name)).unwrap()).unwrap();
    assert!(stored == *made, "{name} differs from the code: run with ECP_UPDATE_VECTORS=1 and read the difference");
}

/// The cases of a file.
fn cases(name: &str) -> Vec<Value> {
    let file: Value = serde_json::from_slice(&fs::read(path(name)).unwrap()).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn bytes(value: &Value) -> Vec<u8> {
    ecp_types::decode_hex(value.as_str().unwrap()).unwrap()
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    ecp_types::encode_hex(bytes.as_ref())
}
