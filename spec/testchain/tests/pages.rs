//! The page `test-chain.md` shows what the vectors hold.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{fs, path::PathBuf};

use ecp_testchain::{Body, Fin, Init, Slot};
use ecp_types::{Felt, PartKind};

fn read(name: &str) -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap()
}

/// Blocks of hexadecimal digits behind `<!-- vector FILE POINTER -->`.
fn shown() -> Vec<(String, String, String)> {
    let page = read("test-chain.md");
    let marked = page.split("<!-- vector ").skip(1).map(|rest| {
        let (place, rest) = rest.split_once(" -->\n```text\n").unwrap();
        let (file, pointer) = place.split_once(' ').unwrap();
        let (digits, _) = rest.split_once("```").unwrap();
        (file.into(), pointer.into(), digits.split_whitespace().collect())
    });
    marked.collect()
}

#[test]
fn hexadecimal_blocks_are_those_of_the_vectors() {
    let shown = shown();
    assert_eq!(shown.len(), 5);
    for (file, pointer, digits) in shown {
        let vectors: serde_json::Value = serde_json::from_str(&read(&format!("vectors/test-chain/{file}"))).unwrap();
        assert_eq!(vectors.pointer(&pointer).unwrap(), &format!("0x{digits}"), "{file} {pointer}");
    }
}

#[test]
fn the_worked_example_decodes_to_what_the_text_says() {
    let payload = |pointer: &str| {
        let (_, _, digits) = shown().into_iter().find(|(_, at, _)| at == pointer).unwrap();
        hex::decode(digits).unwrap()
    };
    let init = Init::decode(&payload("/cases/0/parts/0/payload")).unwrap();
    let slot = Slot { height: 7, round: 0, valid_round: None, proposer: Felt::from_u64(0x101) };
    assert_eq!((init.slot(), init.timestamp_ms), (slot, 1000));
    let body = Body::decode(&payload("/cases/0/parts/1/payload")).unwrap();
    assert_eq!(body.transfers.len(), 2);
    let first = &body.transfers[0];
    assert_eq!((first.amount, first.nonce, first.cost_ms), (10, 0, 3));
    let (from, to) = (hex::encode(first.from), hex::encode(first.to));
    assert!(from.starts_with("bc7c") && from.ends_with("05a5") && to.starts_with("5515") && to.ends_with("4207"));
    let fin = Fin::decode(&payload("/cases/0/parts/2/payload")).unwrap();
    assert_eq!(fin.executed_count, 2);
    let preimage = payload("/cases/0/commitment_preimage");
    assert_eq!(fin.commitment.0, <[u8; 32]>::from(<sha2::Sha256 as sha2::Digest>::digest(preimage)));
    assert_eq!(PartKind::Init, ecp_testchain::Proposal { init, bodies: vec![body], fin }.parts()[0].kind);
}

/// A rule that the code cites is on a page.
#[test]
fn rules_that_the_code_cites_are_on_the_pages() {
    let pages = read("test-chain.md") + &read("files.md");
    let mut sources = String::new();
    for folder in ["testchain/src", "types/src", "types/src/genesis"] {
        for entry in fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                sources += &fs::read_to_string(path).unwrap();
            }
        }
    }
    let cited: std::collections::BTreeSet<_> =
        sources.match_indices("ECP-TST-").map(|(at, _)| &sources[at..at + "ECP-TST-000".len()]).collect();
    assert!(cited.len() >= 15);
    for id in cited {
        assert!(pages.contains(&format!("> **{id}** (MUST")), "{id} is on no page");
    }
}
