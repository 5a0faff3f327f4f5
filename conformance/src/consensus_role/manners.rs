//! Judgements of how a consensus half calls, whatever the case is about: which connection a call is made on, how long its
//! deadline is, and whether it builds while Watch is silent. No I/O and no clock.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use ecp_proto::v1alpha1 as v1;
use ecp_types::limits::WATCH_SUSPECT_MS;
use prost::Message as _;

use super::model::Complaint;
use crate::proxy::CallHead;

/// How much longer than the limit Watch must have been silent: the suite may have been slow to pass a message on.
const SLACK: Duration = Duration::from_millis(1000);

/// What is known of one process of the half.
#[derive(Debug, Default)]
pub(super) struct Manners {
    /// Whether a build under a silent Watch counts: only in a case about it. Elsewhere it would end a case before the half
    /// has shown whether it comes back at all.
    silence: bool,
    /// Kind of the first call on each connection.
    connections: BTreeMap<u32, Kind>,
    /// Deadlines of streams under way, in milliseconds.
    deadlines: BTreeMap<u32, u64>,
    /// When Watch last said something.
    watched: Option<Instant>,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Control,
    Data,
}

impl Manners {
    /// Nothing was seen yet.
    pub(super) fn new(silence: bool) -> Self {
        Self { silence, ..Self::default() }
    }

    /// A call begins.
    pub(super) fn began(&mut self, call: u32, head: &CallHead, now: Instant) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let kind = match head.method.as_str() {
            "BuildProposal" | "ValidateProposal" | "GetDecided" | "ImportDecided" => Kind::Data,
            _ => Kind::Control,
        };
        if let Some(connection) = head.connection
            && *self.connections.entry(connection).or_insert(kind) != kind
        {
            complaints.push(Complaint {
                subject: "the connection of a call".to_owned(),
                requirement: "ECP-SES-015",
                what: format!("made {} on a connection that it uses for the other kind of call", head.method),
            });
        }
        if let Some(deadline) = head.metadata.get("grpc-timeout").and_then(|v| milliseconds(v.to_str().ok()?)) {
            self.deadlines.insert(call, deadline);
        }
        if head.method == "Watch" {
            // It has to speak at once, and its silence counts from here.
            self.watched = Some(now);
        }
        let silent = self.watched.map(|last| now.saturating_duration_since(last));
        if self.silence
            && head.method == "BuildProposal"
            && let Some(silent) = silent.filter(|s| *s > Duration::from_millis(WATCH_SUSPECT_MS) + SLACK)
        {
            complaints.push(Complaint {
                subject: "a build".to_owned(),
                requirement: "ECP-SES-017",
                what: format!("asked for a build while Watch had been silent for {} ms", silent.as_millis()),
            });
        }
        complaints
    }

    /// Watch said something.
    pub(super) const fn watch_spoke(&mut self, now: Instant) {
        self.watched = Some(now);
    }

    /// A message of the half.
    pub(super) fn consensus_said(&mut self, call: u32, method: &str, bytes: &[u8]) -> Option<Complaint> {
        let budget = match method {
            "BuildProposal" => v1::BuildProposalRequest::decode(bytes).ok()?.budget_ms,
            "ValidateProposal" => match v1::ValidateProposalRequest::decode(bytes).ok()?.event? {
                v1::validate_proposal_request::Event::Open(open) => open.budget_ms,
                _ => return None,
            },
            _ => return None,
        };
        let deadline = self.deadlines.remove(&call)?;
        (deadline <= u64::from(budget)).then(|| Complaint {
            subject: format!("the deadline of {method}"),
            requirement: "ECP-BUD-007",
            what: format!("gave {method} a deadline of {deadline} ms and a budget of {budget} ms"),
        })
    }
}

/// A gRPC timeout in milliseconds, rounded down.
fn milliseconds(text: &str) -> Option<u64> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let count: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => count.saturating_mul(3_600_000),
        "M" => count.saturating_mul(60_000),
        "S" => count.saturating_mul(1000),
        "m" => count,
        "u" => count / 1000,
        "n" => count / 1_000_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use tonic::metadata::MetadataMap;

    use super::*;

    fn head(method: &str, connection: u32, timeout: Option<&str>) -> CallHead {
        let mut metadata = MetadataMap::new();
        if let Some(timeout) = timeout {
            metadata.insert("grpc-timeout", timeout.parse().unwrap());
        }
        CallHead { method: method.to_owned(), metadata, connection: Some(connection) }
    }

    fn broken(complaints: impl IntoIterator<Item = Complaint>) -> Vec<&'static str> {
        complaints.into_iter().map(|c| c.requirement).collect()
    }

    #[test]
    fn both_kinds_of_call_on_one_connection_are_told() {
        let (mut manners, now) = (Manners::default(), Instant::now());
        for (method, connection, expected) in [
            ("Handshake", 0, &[][..]),
            ("BuildProposal", 1, &[]),
            ("Decide", 0, &[]),
            ("Decide", 1, &["ECP-SES-015"]),
            ("ImportDecided", 0, &["ECP-SES-015"]),
        ] {
            assert_eq!(broken(manners.began(0, &head(method, connection, None), now)), expected, "{method}");
        }
    }

    #[test]
    fn a_build_while_watch_is_silent_is_told() {
        let (mut manners, began) = (Manners::new(true), Instant::now());
        let build = |manners: &mut Manners, ms| {
            broken(manners.began(0, &head("BuildProposal", 1, None), began + Duration::from_millis(ms)))
        };
        assert_eq!(build(&mut manners, 90_000), [""; 0], "Watch was not opened yet");
        manners.began(0, &head("Watch", 0, None), began);
        assert_eq!(build(&mut manners, WATCH_SUSPECT_MS), [""; 0]);
        assert_eq!(build(&mut manners, WATCH_SUSPECT_MS + 1001), ["ECP-SES-017"]);
        manners.watch_spoke(began + Duration::from_millis(4000));
        assert_eq!(build(&mut manners, WATCH_SUSPECT_MS + 1001), [""; 0]);
    }

    #[test]
    fn deadlines_stand_above_budgets() {
        let request = v1::BuildProposalRequest { budget_ms: 2000, ..Default::default() }.encode_to_vec();
        for (timeout, fine) in [(Some("2S"), false), (Some("2001m"), true), (None, true), (Some("1H"), true)] {
            let mut manners = Manners::default();
            manners.began(3, &head("BuildProposal", 1, timeout), Instant::now());
            assert_eq!(manners.consensus_said(3, "BuildProposal", &request).is_none(), fine, "{timeout:?}");
        }
    }
}
