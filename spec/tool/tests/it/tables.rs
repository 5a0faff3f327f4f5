//! A table with a gap or a wrong name is refused, with the place named.

use std::{fs, path::Path};

use ecp_spec::tables::{Tables, camel};
use tempfile::TempDir;

use crate::root;

/// A root that holds copies of all tables, one of them edited.
fn edited(file: &str, from: &str, to: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let tables = dir.path().join("spec/tables");
    fs::create_dir_all(&tables).unwrap();
    for entry in fs::read_dir(root().join("spec/tables")).unwrap() {
        let path = entry.unwrap().path();
        let mut text = fs::read_to_string(&path).unwrap();
        if path.ends_with(file) {
            assert!(text.contains(from), "{file} has no `{from}`");
            text = text.replacen(from, to, 1);
        }
        fs::write(tables.join(path.file_name().unwrap()), text).unwrap();
    }
    dir
}

fn refusal(file: &str, from: &str, to: &str) -> String {
    let dir = edited(file, from, to);
    let text = Tables::load(dir.path()).expect_err("the table is refused").to_string();
    text.replace(&dir.path().join(Path::new("spec/tables/")).display().to_string(), "")
}

#[test]
fn refuses_tables_with_gaps_and_wrong_names() {
    let cases = [
        ("errors.toml", "name = \"LIMIT_EXCEEDED\"", "name = \"AUTH_REFUSED\""),
        ("errors.toml", "calls = [\"Handshake\"]", "calls = [\"Handshook\"]"),
        ("errors.toml", "code = \"UNKNOWN\"", "code = \"DATA_LOSS\""),
        ("errors.toml", "action = \"halt\"", "action = \"panic\""),
        ("limits.toml", "name = \"PART_BYTES\"", "name = \"part bytes\""),
        ("calls.toml", "lane = \"serial\"", "lane = \"slow\""),
        (
            "ordering.toml",
            "in_flight = \"StartRound\"\narriving = \"BuildProposal\"",
            "in_flight = \"Watch\"\narriving = \"Watch\"",
        ),
        ("ordering.toml", "[in_flight]\nHandshake ", "[in_flight]\nHandshook "),
        ("execution-states.toml", "[\"Lapsed\", \"HandshakeOther\"", "[\"Held\", \"HandshakeOther\""),
        (
            "execution-states.toml",
            "\"let another consensus half in\", \"Lapsed\"",
            "\"let another consensus half in\", \"Lost\"",
        ),
        ("execution-states.toml", "[\"*\", \"HandshakeReader\"", "[\"Held\", \"HandshakeReader\""),
        ("recovery.toml", "[[row]]\nrelation = \"EQUAL\"\nsame = \"CONTINUE\"\nnew = \"RESTORE\"", ""),
        ("recovery.toml", "same = \"DECIDE\"", "same = \"GUESS\""),
        ("crash-points.toml", "call = \"Handshake\"", "call = \"Handshook\""),
        ("exclusions.toml", "instead = \"", "instead = \"\" #"),
        ("errors.toml", "\"ReframeInit\", \"Decide\", \"Finalize\", ", "\"Decide\", "),
        ("days.toml", "\"ECP-TST-021\"", "\"ECP-TST-001\""),
        ("days.toml", "half = \"consensus\"", "half = \"sync\""),
        ("answers-complaints.toml", "n = 2\n", "n = 3\n"),
        ("answers-complaints.toml", "paradigmxyz/reth#24617", "reth 24617"),
        ("answers-complaints.toml", "threads = [\"paradigmxyz/reth#24617\"]", "threads = []"),
        ("answers-starknet.toml", "requirements = [\"ECP-STK-005\"]", "requirements = []"),
        ("answers-features.toml", "pages = [\"terms\"]", "pages = []"),
        ("answers-features.toml", "n = 10, name", "n = 11, name"),
    ];
    let refusals: Vec<String> = cases
        .iter()
        .map(|(file, from, to)| refusal(file, from, to).lines().next().unwrap_or_default().to_owned())
        .collect();
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn takes_the_tables_as_they_are() {
    let dir = edited("errors.toml", "[[reason]]", "[[reason]]");
    assert!(Tables::load(dir.path()).is_ok());
}

#[test]
fn every_pair_of_state_and_event_has_a_row() {
    let tables = Tables::load(&root()).unwrap();
    for machine in tables.execution.machines.iter().chain(&tables.consensus.machines) {
        let transitions = machine.transitions();
        for (state, _) in &machine.states {
            for (event, _) in &machine.events {
                let rows =
                    transitions.iter().filter(|t| t.state == state.as_str() && t.event == event.as_str()).count();
                assert!(rows > 0, "{} / {state} / {event}", machine.name);
            }
        }
    }
}

#[test]
fn makes_names_of_types() {
    assert_eq!(camel("ROUND_BURNED"), "RoundBurned");
    assert_eq!(camel("server-stream"), "ServerStream");
    assert_eq!(camel("L1_SOURCE"), "L1Source");
}
