//! Sequences that break a rule, made by hand, beside ones that do not.

use ecp_proto::{EcpError, v1alpha1 as v1};
use ecp_types::Reason;
use prost::Message;
use v1::{
    build_proposal_response as built, validate_proposal_request as ask, validate_proposal_response as answer,
    verdict::Outcome,
};

use super::*;

const TOKEN: &[u8] = &[7; 16];
const COMMITMENT: [u8; 32] = [9; 32];

/// Feeds a monitor and collects what it says.
struct Talk {
    monitor: Monitor,
    violations: Vec<Violation>,
    next: u32,
}

impl Talk {
    fn new() -> Self {
        Self { monitor: Monitor::new(), violations: Vec::new(), next: 0 }
    }

    /// After a handshake and StartRound of height 1, round 0.
    fn ready() -> Self {
        let mut talk = Self::new();
        talk.handshake([1; 16], TOKEN, None);
        talk.start_round(1, 0);
        talk
    }

    fn feed(&mut self, event: Event<'_>) {
        self.violations.extend(self.monitor.observe(event));
    }

    fn call(&mut self, method: &str, token: Option<&[u8]>) -> u32 {
        self.next += 1;
        self.feed(Event::Call { call: self.next, method, token });
        self.next
    }

    fn ask(&mut self, call: u32, message: &impl Message) {
        self.feed(Event::FromConsensus { call, bytes: &message.encode_to_vec() });
    }

    fn answer(&mut self, call: u32, message: &impl Message) {
        self.feed(Event::FromExecution { call, bytes: &message.encode_to_vec() });
    }

    fn end(&mut self, call: u32, code: i32, error: Option<EcpError>) {
        self.feed(Event::Ended { call, code, error, message: "said why", local: false });
    }

    fn unary(&mut self, method: &str, request: &impl Message, reply: &impl Message) {
        let call = self.call(method, Some(TOKEN));
        self.ask(call, request);
        self.feed(Event::HalfClosed { call });
        self.answer(call, reply);
        self.end(call, 0, None);
    }

    fn handshake(&mut self, instance: [u8; 16], token: &[u8], committed: Option<u64>) {
        let call = self.call("Handshake", None);
        let request = v1::HandshakeRequest {
            revisions: vec![1],
            role: v1::SessionRole::Writer.into(),
            ..v1::HandshakeRequest::default()
        };
        self.ask(call, &request);
        let committed = committed.map(position);
        let reply = v1::HandshakeResponse {
            revision: 1,
            instance_id: instance.to_vec().into(),
            session_token: token.to_vec().into(),
            position: Some(v1::ExecutionPosition { committed, ..v1::ExecutionPosition::default() }),
            ..v1::HandshakeResponse::default()
        };
        self.answer(call, &reply);
        self.end(call, 0, None);
    }

    fn start_round(&mut self, height: u64, round: u32) {
        let request =
            v1::StartRoundRequest { height: Some(height), round: Some(round), ..v1::StartRoundRequest::default() };
        self.unary("StartRound", &request, &v1::StartRoundResponse {});
    }

    fn decide(&mut self, height: u64, told: u64) {
        let certificate = v1::CommitCertificate {
            height: Some(height),
            commitment: COMMITMENT.to_vec().into(),
            ..v1::CommitCertificate::default()
        };
        let request = v1::DecideRequest {
            height: Some(height),
            round: Some(0),
            commitment: COMMITMENT.to_vec().into(),
            certificate: Some(certificate),
        };
        self.unary("Decide", &request, &v1::DecideResponse { committed: Some(position(told)), next_params: None });
    }

    fn build(&mut self, round: u32, parts: &[v1::Part], end: v1::End) {
        let call = self.call("BuildProposal", Some(TOKEN));
        let request = v1::BuildProposalRequest {
            stream_id: call.to_be_bytes().to_vec().into(),
            height: Some(1),
            round: Some(round),
            ..v1::BuildProposalRequest::default()
        };
        self.ask(call, &request);
        self.feed(Event::HalfClosed { call });
        for part in parts {
            self.answer(call, &v1::BuildProposalResponse { event: Some(built::Event::Part(part.clone())) });
        }
        let built = v1::Built { commitment: COMMITMENT.to_vec().into(), executed_count: Some(1), counts: Some(end) };
        self.answer(call, &v1::BuildProposalResponse { event: Some(built::Event::Built(built)) });
        self.end(call, 0, None);
    }

    fn open(&mut self) -> u32 {
        let call = self.call("ValidateProposal", Some(TOKEN));
        let open = v1::ValidateOpen {
            stream_id: call.to_be_bytes().to_vec().into(),
            height: Some(1),
            round: Some(0),
            ..v1::ValidateOpen::default()
        };
        self.ask(call, &v1::ValidateProposalRequest { event: Some(ask::Event::Open(open)) });
        call
    }

    fn parts(&mut self, call: u32, parts: &[v1::Part]) {
        for part in parts {
            self.ask(call, &v1::ValidateProposalRequest { event: Some(ask::Event::Part(part.clone())) });
        }
    }

    fn end_parts(&mut self, call: u32, end: v1::End) {
        self.ask(call, &v1::ValidateProposalRequest { event: Some(ask::Event::End(end)) });
    }

    fn verdict(&mut self, call: u32, outcome: Outcome) {
        let verdict = v1::Verdict { outcome: Some(outcome) };
        self.answer(call, &v1::ValidateProposalResponse { event: Some(answer::Event::Verdict(verdict)) });
    }

    fn validate(&mut self, outcome: Outcome) {
        let call = self.open();
        let (parts, end) = proposal();
        self.parts(call, &parts);
        self.end_parts(call, end);
        self.verdict(call, outcome);
        self.feed(Event::HalfClosed { call });
        self.end(call, 0, None);
    }

    /// Half and requirement of each violation.
    fn found(&self) -> Vec<(Half, &'static str)> {
        self.violations.iter().map(|v| (v.by, v.requirement)).collect()
    }
}

fn position(height: u64) -> v1::Position {
    v1::Position { height: Some(height), commitment: COMMITMENT.to_vec().into() }
}

fn part(index: u32, kind: v1::PartKind, payload: &'static [u8]) -> v1::Part {
    v1::Part { index: Some(index), kind: kind.into(), payload: payload.into() }
}

fn proposal() -> (Vec<v1::Part>, v1::End) {
    let parts = vec![
        part(0, v1::PartKind::Init, b"init"),
        part(1, v1::PartKind::Body, b"body"),
        part(2, v1::PartKind::Fin, b"fin"),
    ];
    (parts, v1::End { parts: Some(3), bytes: Some(11) })
}

fn valid() -> Outcome {
    Outcome::Valid(v1::Valid { commitment: COMMITMENT.to_vec().into(), executed_count: Some(1) })
}

fn invalid() -> Outcome {
    Outcome::Invalid(v1::Invalid { reason: v1::InvalidReason::HeaderRule.into(), detail: String::new() })
}

const EXE: Half = Half::Execution;
const CON: Half = Half::Consensus;

#[test]
fn a_correct_height_breaks_no_rule() {
    let mut talk = Talk::ready();
    let (parts, end) = proposal();
    talk.build(0, &parts, end);
    talk.build(0, &parts, end);
    talk.validate(valid());
    talk.validate(valid());
    talk.decide(1, 1);
    talk.handshake([1; 16], &[8; 16], Some(1));
    assert_eq!(talk.violations, []);
}

#[test]
fn calls_before_the_handshake_and_without_a_token() {
    let mut talk = Talk::new();
    talk.call("StartRound", Some(TOKEN));
    assert_eq!(talk.found(), [(CON, "ECP-SES-021")]);
    let mut talk = Talk::ready();
    let call = talk.call("StartRound", None);
    talk.answer(call, &v1::StartRoundResponse {});
    assert_eq!(talk.found(), [(CON, "ECP-SES-021"), (EXE, "ECP-SES-001")]);
}

#[test]
fn a_replaced_session_is_not_served() {
    let mut talk = Talk::ready();
    talk.handshake([1; 16], &[8; 16], None);
    talk.start_round(1, 1);
    assert_eq!(talk.found(), [(EXE, "ECP-SES-009")]);
}

#[test]
fn the_instance_id_is_new_with_each_process() {
    let mut talk = Talk::ready();
    talk.feed(Event::ExecutionStarted);
    talk.handshake([1; 16], &[8; 16], None);
    assert_eq!(talk.found(), [(EXE, "ECP-SES-002")]);
}

#[test]
fn a_build_needs_its_round() {
    let mut talk = Talk::ready();
    let (parts, end) = proposal();
    talk.build(1, &parts, end);
    assert!(talk.found().contains(&(CON, "ECP-ORD-005")));
    assert!(talk.found().contains(&(EXE, "ECP-BLD-001")));
}

#[test]
fn parts_of_a_build_come_in_order_and_are_counted() {
    let (parts, end) = proposal();
    let mut swapped = parts.clone();
    swapped.swap(0, 1);
    let lost = [parts[0].clone(), parts[2].clone()];
    for wrong in [&swapped[..], &lost, &parts[..2]] {
        let mut talk = Talk::ready();
        talk.build(0, wrong, end);
        assert!(talk.found().contains(&(EXE, "ECP-BLD-004")), "{wrong:?}");
    }
    let mut talk = Talk::ready();
    talk.build(0, &parts, v1::End { bytes: Some(12), ..end });
    assert_eq!(talk.found(), [(EXE, "ECP-BLD-004")]);
}

#[test]
fn the_same_slot_gives_the_same_parts_in_one_instance() {
    let (parts, end) = proposal();
    let mut other = parts.clone();
    other[1].payload = (&b"BODY"[..]).into();
    let mut talk = Talk::ready();
    talk.build(0, &parts, end);
    talk.build(0, &other, end);
    assert_eq!(talk.found(), [(EXE, "ECP-BLD-005")]);
    let mut talk = Talk::ready();
    talk.build(0, &parts, end);
    talk.feed(Event::ExecutionStarted);
    talk.handshake([2; 16], TOKEN, None);
    talk.start_round(1, 0);
    talk.build(0, &other, end);
    assert_eq!(talk.violations, []);
}

#[test]
fn a_validation_has_one_verdict() {
    let mut talk = Talk::ready();
    let call = talk.open();
    let (parts, end) = proposal();
    talk.parts(call, &parts);
    talk.end_parts(call, end);
    talk.verdict(call, valid());
    talk.verdict(call, valid());
    assert_eq!(talk.found(), [(EXE, "ECP-VAL-001")]);

    let mut talk = Talk::ready();
    let call = talk.open();
    talk.parts(call, &parts);
    talk.end_parts(call, end);
    talk.end(call, 0, None);
    assert_eq!(talk.found(), [(EXE, "ECP-VAL-001")]);
}

#[test]
fn verdicts_hold_for_ever() {
    for (first, second, requirement) in [(valid(), invalid(), "ECP-VAL-004"), (invalid(), valid(), "ECP-VAL-003")] {
        let mut talk = Talk::ready();
        talk.validate(first);
        talk.validate(second);
        assert_eq!(talk.found(), [(EXE, requirement)]);
    }
}

#[test]
fn valid_comes_after_the_end() {
    let mut talk = Talk::ready();
    let call = talk.open();
    talk.parts(call, &proposal().0);
    talk.verdict(call, valid());
    assert_eq!(talk.found(), [(EXE, "ECP-STR-008")]);
}

#[test]
fn the_caller_keeps_the_order_and_closes_after_the_verdict() {
    let (parts, end) = proposal();
    let mut talk = Talk::ready();
    let call = talk.open();
    talk.parts(call, &parts[1..]);
    assert!(talk.found().iter().all(|f| *f == (CON, "ECP-STR-002")) && !talk.found().is_empty());
    let mut talk = Talk::ready();
    let call = talk.open();
    talk.parts(call, &parts);
    talk.end_parts(call, v1::End { parts: Some(2), ..end });
    assert_eq!(talk.found(), [(CON, "ECP-STR-011")]);
    let mut talk = Talk::ready();
    let call = talk.open();
    talk.feed(Event::HalfClosed { call });
    talk.end(call, 0, None);
    assert_eq!(talk.found(), [(CON, "ECP-STR-009")]);
    // Who gives up may close both ways at once.
    let mut talk = Talk::ready();
    let call = talk.open();
    talk.feed(Event::HalfClosed { call });
    talk.feed(Event::Reset { call });
    talk.end(call, 0, None);
    assert_eq!(talk.found(), []);
}

#[test]
fn decisions_come_in_order_once_and_stay() {
    let mut talk = Talk::ready();
    talk.decide(1, 1);
    talk.start_round(3, 0);
    assert_eq!(talk.found(), [(CON, "ECP-DEC-014")]);
    let mut talk = Talk::ready();
    talk.decide(1, 2);
    assert_eq!(talk.found(), [(EXE, "ECP-DEC-001")]);
    let mut talk = Talk::ready();
    talk.decide(1, 1);
    talk.feed(Event::ExecutionStarted);
    talk.handshake([2; 16], TOKEN, None);
    assert_eq!(talk.found(), [(EXE, "ECP-SES-025")]);
}

#[test]
fn a_handshake_tells_what_the_session_before_committed() {
    for (told, found) in [(None, vec![(EXE, "ECP-SES-010")]), (Some(1), vec![])] {
        let mut talk = Talk::ready();
        let call = talk.call("Decide", Some(TOKEN));
        let request = v1::DecideRequest {
            height: Some(1),
            round: Some(0),
            commitment: COMMITMENT.to_vec().into(),
            certificate: Some(v1::CommitCertificate {
                height: Some(1),
                commitment: COMMITMENT.to_vec().into(),
                ..v1::CommitCertificate::default()
            }),
        };
        talk.ask(call, &request);
        talk.handshake([1; 16], &[8; 16], told);
        talk.answer(call, &v1::DecideResponse { committed: Some(position(1)), next_params: None });
        assert_eq!(talk.found(), found, "{told:?}");
    }
}

#[test]
fn errors_are_those_of_the_table() {
    let busy = |delay| {
        let error = EcpError::new(Reason::Busy, "full.");
        if delay == 0 { error } else { error.retry_after(std::time::Duration::from_millis(delay)) }
    };
    let height = Reason::HeightMismatch;
    let cases = [
        ("StartRound", 3, None, Some("ECP-ERR-001")),
        ("StartRound", 14, None, None),
        ("StartRound", Reason::RoundBurned.code(), Some(EcpError::new(Reason::RoundBurned, "x.")), Some("ECP-ERR-001")),
        ("BuildProposal", Reason::RoundBurned.code(), Some(EcpError::new(Reason::RoundBurned, "x.")), None),
        ("BuildProposal", 3, Some(EcpError::new(Reason::RoundBurned, "x.")), Some("ECP-ERR-001")),
        ("BuildProposal", Reason::Busy.code(), Some(busy(0)), Some("ECP-ERR-004")),
        ("BuildProposal", Reason::Busy.code(), Some(busy(61_000)), Some("ECP-ERR-004")),
        ("BuildProposal", Reason::Busy.code(), Some(busy(100)), None),
        ("StartRound", height.code(), Some(EcpError::new(height, "x.")), Some("ECP-ERR-009")),
        ("StartRound", height.code(), Some(EcpError::new(height, "x.").with("expected", "next")), Some("ECP-ERR-009")),
        ("StartRound", height.code(), Some(EcpError::new(height, "x.").with("expected", 7).with("more", "")), None),
    ];
    for (method, code, error, requirement) in cases {
        let mut talk = Talk::ready();
        let call = talk.call(method, Some(TOKEN));
        talk.end(call, code, error.clone());
        let wanted: Vec<_> = requirement.map(|r| (EXE, r)).into_iter().collect();
        assert_eq!(talk.found(), wanted, "{method} {code} {error:?}");
    }
}

#[test]
fn an_error_without_a_text_is_told() {
    let mut talk = Talk::ready();
    let call = talk.call("BuildProposal", Some(TOKEN));
    let error = Some(EcpError::new(Reason::RoundBurned, "x."));
    talk.feed(Event::Ended { call, code: Reason::RoundBurned.code(), error, message: " ", local: false });
    assert_eq!(talk.found(), [(EXE, "ECP-ERR-007")]);
}

#[test]
fn watch_grows_and_tells_its_instance() {
    let state = |instance: u8, sequence| v1::WatchResponse {
        instance_id: vec![instance; 16].into(),
        phase: v1::Phase::Ready.into(),
        sequence,
        ..v1::WatchResponse::default()
    };
    let mut talk = Talk::ready();
    let call = talk.call("Watch", Some(TOKEN));
    talk.answer(call, &state(1, 1));
    talk.answer(call, &state(1, 2));
    assert_eq!(talk.violations, []);
    talk.answer(call, &state(1, 2));
    talk.answer(call, &state(2, 3));
    assert_eq!(talk.found(), [(EXE, "ECP-SES-029"), (EXE, "ECP-SES-013")]);
}

#[test]
fn parameters_of_a_height_never_change() {
    let params = |version: &str| {
        let address = vec![0; 32];
        let member = ecp_types::Member { address: ecp_types::Felt::ZERO, public_key: vec![1; 32], voting_power: 1 };
        v1::GetHeightParamsResponse {
            params: Some(v1::HeightParams {
                height: Some(1),
                committee: Some(v1::Committee {
                    members: vec![v1::CommitteeMember {
                        address: address.into(),
                        public_key: vec![1; 32].into(),
                        voting_power: 1,
                    }],
                    hash: ecp_types::genesis::committee_hash(&[member]).to_vec().into(),
                }),
                proposers: vec![0],
                starknet_version: version.to_owned(),
                ..v1::HeightParams::default()
            }),
        }
    };
    let request = v1::GetHeightParamsRequest { height: Some(1) };
    let mut talk = Talk::ready();
    talk.unary("GetHeightParams", &request, &params("0.14.4"));
    assert_eq!(talk.violations, []);
    talk.unary("GetHeightParams", &request, &params("0.14.5"));
    assert_eq!(talk.found(), [(EXE, "ECP-HGT-001")]);
}
