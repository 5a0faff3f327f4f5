//! How calls end.

use ecp_proto::EcpError;
use ecp_types::{Reason, limits::ERROR_DETAIL_BYTES};

use crate::event::Findings;

/// Codes that libraries make by themselves.
const LIBRARY_CODES: [i32; 9] = [1, 2, 4, 8, 11, 12, 13, 14, 16];

const UNARY: [&str; 9] = [
    "Handshake",
    "GetHeightParams",
    "StartRound",
    "ReframeInit",
    "Abort",
    "Decide",
    "Finalize",
    "ImportDecided",
    "GetBlockHash",
];

/// Checks the end of a call: `answers` messages came before it.
pub(crate) fn ended(
    method: &str,
    answers: u32,
    code: i32,
    error: Option<&EcpError>,
    message: &str,
    findings: &mut Findings,
) {
    if message.len() as u64 > ERROR_DETAIL_BYTES {
        let did = format!("{method} ended with a text of {} bytes", message.len());
        findings.execution("ECP-LIM-005", "texts have at most 1 KiB", did);
    }
    if code == 0 {
        if UNARY.contains(&method) && answers != 1 {
            let did = format!("{method} ended without error after {answers} replies");
            findings.execution("ECP-ERR-001", "one reply, or an error", did);
        }
        return;
    }
    let Some(error) = error else {
        if !LIBRARY_CODES.contains(&code) {
            let did = format!("{method} ended with code {code} without a reason of the table: {message}");
            findings.execution("ECP-ERR-001", "an error carries ErrorInfo with a reason of the table", did);
        }
        return;
    };
    if message.trim().is_empty() {
        let did = format!("{method} ended with {} and no text", error.reason.as_str());
        findings.execution("ECP-ERR-007", "a text that says what was wrong and what to do", did);
    }
    let reason = error.reason;
    if reason.code() != code {
        let did = format!("{method} ended with {} and code {code}", reason.as_str());
        findings.execution("ECP-ERR-001", "each reason has one code", did);
    }
    if !reason.applies_to(method) {
        let did = format!("{method} ended with {}", reason.as_str());
        findings.execution("ECP-ERR-001", "only the reasons that the table names for the call", did);
    }
    for key in reason.metadata() {
        let decimal = matches!(reason, Reason::LimitExceeded | Reason::HeightMismatch | Reason::Pruned);
        let why = match error.metadata.get(*key) {
            None => "no",
            Some(value) if decimal && value.parse::<u64>().is_err() => "no decimal number as",
            Some(_) => continue,
        };
        let did = format!("{method} ended with {} and {why} `{key}` in its metadata", reason.as_str());
        findings.execution("ECP-ERR-009", "the keys of the table, in its form", did);
    }
    if reason == Reason::Busy {
        let delay = error.retry_after.map(|d| d.as_millis());
        if !delay.is_some_and(|d| (1..=60_000).contains(&d)) {
            let did = format!("{method} ended with BUSY and a delay of {delay:?} ms");
            findings.execution("ECP-ERR-004", "BUSY carries RetryInfo of 1 ms to 60 s", did);
        }
    }
}
