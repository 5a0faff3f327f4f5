//! The dialogues of `spec/vectors/dialogues` break no rule, and the monitor sees it when they do.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{fs, path::PathBuf, time::Duration};

use bytes::Bytes;
use ecp_monitor::{Event, Monitor, Violation};
use ecp_proto::EcpError;
use ecp_types::Reason;
use serde_json::Value;

fn hex(value: &Value) -> Bytes {
    ecp_types::decode_hex(&format!("0x{}", value.as_str().unwrap())).unwrap().into()
}

fn number(value: &Value) -> u32 {
    value.as_u64().unwrap().try_into().unwrap()
}

/// Feeds a dialogue; `change` may alter an event or leave it out.
fn judge(dialogue: &Value, change: impl Fn(&Value) -> Option<Value>) -> Vec<Violation> {
    let mut monitor = Monitor::new();
    let mut violations = Vec::new();
    for event in dialogue["events"].as_array().unwrap() {
        let Some(event) = change(event) else { continue };
        let bytes = event.get("hex").map(hex).unwrap_or_default();
        let token = event.get("session").map(hex);
        let text = event["text"].as_str().unwrap_or_default().to_owned();
        let event = match event.as_object().unwrap() {
            e if e.contains_key("begin") => {
                let method = e["method"].as_str().unwrap();
                Event::Call { call: number(&e["begin"]), method, token: token.as_deref() }
            }
            e if e.contains_key("from") && e["from"] == "consensus" => {
                Event::FromConsensus { call: number(&e["call"]), bytes: &bytes }
            }
            e if e.contains_key("from") => Event::FromExecution { call: number(&e["call"]), bytes: &bytes },
            e if e.contains_key("half_closed") => Event::HalfClosed { call: number(&e["half_closed"]) },
            e if e.contains_key("reset") => Event::Reset { call: number(&e["reset"]) },
            e if e.contains_key("started") && e["started"] == "execution" => Event::ExecutionStarted,
            e if e.contains_key("started") => Event::ConsensusStarted,
            e if e.contains_key("ended") => {
                let reason = e.get("reason").map(|name| Reason::from_name(name.as_str().unwrap()).unwrap());
                let metadata = || serde_json::from_value(e["metadata"].clone()).unwrap();
                let told = |reason| EcpError {
                    reason,
                    message: text.clone(),
                    metadata: metadata(),
                    retry_after: e.get("retry_ms").and_then(Value::as_u64).map(Duration::from_millis),
                };
                let code = reason.map_or(0, |reason| reason.code());
                let error = reason.map(told);
                Event::Ended { call: number(&e["ended"]), code, error, message: &text, local: false }
            }
            _ => continue,
        };
        violations.extend(monitor.observe(event));
    }
    violations
}

fn dialogues() -> Vec<(String, Value)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/dialogues");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.map(|path| (path.display().to_string(), serde_json::from_slice(&fs::read(path).unwrap()).unwrap())).collect()
}

#[test]
fn dialogues_break_no_rule() {
    let dialogues = dialogues();
    assert!(dialogues.len() >= 10);
    for (name, dialogue) in dialogues {
        let violations = judge(&dialogue, |event| Some(event.clone()));
        assert!(violations.is_empty(), "{name}: {violations:?}");
    }
}

#[test]
fn a_dialogue_without_a_token_or_without_start_round_breaks_one() {
    let (_, dialogue) = dialogues().into_iter().find(|(name, _)| name.ends_with("propose.json")).unwrap();
    let without_token = judge(&dialogue, |event| {
        let mut event = event.clone();
        event.as_object_mut().unwrap().remove("session");
        Some(event)
    });
    assert!(!without_token.is_empty());
    let start_round = dialogue["events"].as_array().unwrap().iter().find(|event| event["method"] == "StartRound");
    let call = start_round.unwrap()["begin"].clone();
    let of_it =
        |event: &Value| ["begin", "call", "half_closed", "ended"].iter().any(|key| event.get(key) == Some(&call));
    let without_round = judge(&dialogue, |event| (!of_it(event)).then(|| event.clone()));
    assert!(!without_round.is_empty());
}
