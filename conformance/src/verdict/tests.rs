//! Transcripts made by hand, good and bad: the judge must tell them apart, and say why.

use std::sync::Arc;

use prost::Message as _;

use super::*;
use crate::{
    case::{Case, Registry, load},
    schema::{self, Record, Sender, record::Event, step_ended::Observed},
    wire::{self, Names},
};

const CASE: &str = "about: One.
cases:
  - id: EXE/a/one
    about: A start is acknowledged, then refused.
    verifies: [ECP-SES-001, ECP-SES-009]
    steps:
      - call: {method: Handshake}
      - call: {method: StartRound}
        expect: {any_of: [{reply: {}}], within_ms: 100, not_before_ms: 10}
      - call: {method: StartRound}
        expect: {any_of: [{error: {reason: FENCED, metadata: {who: other}}}, {error: {codes: [UNAVAILABLE]}}]}
        requirement: ECP-SES-009
";

fn case(text: &str) -> Arc<Case> {
    let registry = Registry::of_ids(["ECP-SES-001", "ECP-SES-009"]);
    Arc::new(load("t.yaml", text, &registry).unwrap().remove(0))
}

/// Writes a transcript.
struct Writer {
    judge: Judge,
    at_us: u64,
    call: u32,
}

impl Writer {
    fn new(text: &str) -> Self {
        let mut writer = Self { judge: Judge::new(case(text)), at_us: 0, call: 0 };
        writer.event(Event::Header(schema::Header { slack_ms: 50, ..schema::Header::default() }));
        writer
    }

    fn event(&mut self, event: Event) {
        self.judge.observe(&Record { at_us: self.at_us, event: Some(event) });
    }

    fn begin(&mut self, step: u32, method: &str) {
        self.call = step;
        self.event(Event::StepBegan(schema::StepBegan { step }));
        // With a token that nobody issued the monitor would speak too; here it has seen no instance yet.
        self.event(Event::CallBegan(schema::CallBegan {
            call: step,
            method: method.to_owned(),
            token: Some(vec![1; 16].into()),
            ..schema::CallBegan::default()
        }));
    }

    fn replies(&mut self, after_ms: u64, message: &impl prost::Message) {
        self.at_us += after_ms * 1000;
        self.event(Event::Message(schema::Message {
            call: self.call,
            sender: Sender::Execution.into(),
            bytes: message.encode_to_vec().into(),
        }));
        self.end(Observed::Message(0));
    }

    fn refuses(&mut self, status: &tonic::Status) {
        self.event(Event::Status(schema::Status {
            call: self.call,
            code: status.code() as i32,
            message: status.message().to_owned(),
            details: status.details().to_vec().into(),
            local: false,
        }));
        self.end(Observed::Status(pbjson_types::Empty {}));
    }

    fn end(&mut self, observed: Observed) {
        let (step, call) = (self.call, Some(self.call));
        self.event(Event::StepEnded(schema::StepEnded { step, call, observed: Some(observed) }));
    }

    fn silent(&mut self) {
        self.end(Observed::Silence(schema::Silence { waited_ms: 5000 }));
    }

    /// Handshake, then StartRound answered after `ms`.
    fn up_to_the_second_step(ms: u64) -> Self {
        let mut writer = Self::new(CASE);
        writer.begin(0, "Handshake");
        writer.replies(1, &v1::HandshakeResponse::default());
        // What the monitor says of the empty reply is another matter.
        writer.judge = {
            let mut fresh = Self::new(CASE);
            fresh.at_us = writer.at_us;
            fresh.event(Event::StepBegan(schema::StepBegan { step: 0 }));
            fresh.event(Event::StepEnded(schema::StepEnded {
                step: 0,
                call: None,
                observed: Some(Observed::Done(pbjson_types::Empty {})),
            }));
            fresh.judge
        };
        writer.begin(1, "StartRound");
        writer.replies(ms, &v1::StartRoundResponse {});
        writer
    }

    fn finish(self) -> Judged {
        self.judge.finish()
    }
}

use ecp_proto::v1alpha1 as v1;

fn fenced(who: &str) -> tonic::Status {
    ecp_proto::EcpError::new(ecp_types::Reason::Fenced, "replaced.").with("who", who).into()
}

#[test]
fn a_legal_conversation_passes() {
    let mut writer = Writer::up_to_the_second_step(20);
    writer.begin(2, "StartRound");
    writer.refuses(&fenced("other"));
    assert_eq!(writer.finish(), Judged { status: Status::Pass, failures: Vec::new(), harness_fault: None });
}

#[test]
fn another_outcome_fails_for_the_requirement_of_its_step() {
    let bare = tonic::Status::new(tonic::Code::Internal, "boom");
    let wrong_code =
        tonic::Status::with_details(tonic::Code::Unavailable, "replaced.", fenced("other").details().to_vec().into());
    for (status, said) in [
        (fenced("me"), "metadata who is me, not other"),
        (bare, "bare INTERNAL: boom"),
        (tonic::Status::not_found("x"), "bare NOT_FOUND: x"),
        (wrong_code, ""),
    ] {
        let mut writer = Writer::up_to_the_second_step(20);
        writer.begin(2, "StartRound");
        let legal_by_code = status.code() == tonic::Code::Unavailable;
        writer.refuses(&status);
        let judged = writer.finish();
        if legal_by_code {
            // UNAVAILABLE is the other legal outcome here, but the monitor knows that FENCED has another code.
            assert!(judged.failures.iter().all(|f| f.requirement.as_deref() == Some("ECP-ERR-001")), "{judged:?}");
            continue;
        }
        assert_eq!(judged.status, Status::Fail);
        let failure = judged.failures.iter().find(|f| f.requirement.as_deref() == Some("ECP-SES-009")).unwrap();
        assert_eq!(failure.legal, ["a refusal with FENCED", "a refusal with UNAVAILABLE"]);
        assert!(failure.did.contains(said), "{}", failure.did);
    }
}

#[test]
fn deadlines_have_slack_only_above() {
    for (ms, passes) in [(9, false), (10, true), (149, true), (151, false)] {
        let mut writer = Writer::up_to_the_second_step(ms);
        writer.begin(2, "StartRound");
        writer.refuses(&fenced("other"));
        let judged = writer.finish();
        assert_eq!(judged.status == Status::Pass, passes, "{ms} ms: {judged:?}");
        if !passes {
            assert_eq!(judged.failures[0].requirement.as_deref(), Some("ECP-SES-001"));
            assert!(judged.failures[0].did.contains(&format!("after {ms} ms")), "{judged:?}");
        }
    }
}

#[test]
fn silence_fails() {
    let mut writer = Writer::up_to_the_second_step(20);
    writer.begin(2, "StartRound");
    writer.silent();
    let judged = writer.finish();
    assert_eq!(judged.status, Status::Fail);
    assert_eq!(judged.failures[0].did, "said nothing for 5000 ms");
}

#[test]
fn a_run_that_stops_is_the_suites_fault() {
    let judged = Writer::up_to_the_second_step(20).finish();
    assert_eq!(judged.status, Status::HarnessError);
    assert_eq!(judged.harness_fault.as_deref(), Some("the run ended after 2 of 3 steps"));
}

#[test]
fn an_observation_that_was_never_recorded_is_the_suites_fault() {
    let mut writer = Writer::up_to_the_second_step(20);
    writer.begin(2, "StartRound");
    writer.end(Observed::Message(7));
    assert_eq!(writer.finish().status, Status::HarnessError);
}

#[test]
fn a_set_up_that_fails_names_no_requirement() {
    let mut writer = Writer::new(CASE);
    writer.begin(0, "Handshake");
    writer.silent();
    let judged = writer.finish();
    assert_eq!(judged.status, Status::Fail);
    assert_eq!(judged.failures[0].requirement, None);
}

#[test]
fn a_process_that_ends_by_itself_fails() {
    let mut writer = Writer::up_to_the_second_step(20);
    let what = Some(schema::process::What::Exited(schema::Exit { code: Some(101), signal: None }));
    writer.event(Event::Process(schema::Process { instance: 0, execution: false, what }));
    let judged = writer.finish();
    assert_eq!(judged.failures[0].requirement.as_deref(), Some("ECP-ERR-006"));
    assert_eq!(judged.failures[0].did, "the process ended by itself, exit code 101");
}

#[test]
fn a_disputed_case_is_not_scored() {
    let text = CASE.replace("    steps:", "    disputed: https://example.com/1\n    steps:");
    let mut writer = Writer::new(&text);
    writer.begin(0, "Handshake");
    writer.silent();
    assert_eq!(writer.finish().status, Status::Disputed);
}

#[test]
fn what_the_model_refuses_fails_for_its_requirement() {
    let mut writer = Writer::up_to_the_second_step(20);
    writer.event(Event::Judgement(schema::Judgement {
        subject: "the proposal B".to_owned(),
        requirement: "ECP-BLD-012".to_owned(),
        complaint: "its parts give another commitment".to_owned(),
    }));
    assert_eq!(writer.finish().failures[0].requirement.as_deref(), Some("ECP-BLD-012"));
}

#[test]
fn verdicts_are_compared_inside_their_message() {
    let reply = v1::ValidateProposalResponse {
        event: Some(v1::validate_proposal_response::Event::Verdict(v1::Verdict {
            outcome: Some(v1::verdict::Outcome::Expired(v1::Expired {})),
        })),
    };
    let shape = wire::message("ValidateProposalResponse").unwrap();
    let message = wire::decode(shape, &reply.encode_to_vec()).unwrap();
    let seen = outcome::Seen::Message { message, method: "ValidateProposal".to_owned(), at_us: 0 };
    let expect = |json: serde_json::Value| schema::Expectation {
        any_of: vec![schema::Outcome {
            kind: Some(schema::outcome::Kind::Verdict(serde_json::from_value(json).unwrap())),
        }],
        ..schema::Expectation::default()
    };
    let judge = |json| outcome::judge(None, Some(&expect(json)), &seen, &Names::default());
    assert!(matches!(judge(serde_json::json!({"expired": {}})), outcome::Judgement::Legal));
    assert!(matches!(judge(serde_json::json!({"not_ready": {}})), outcome::Judgement::Illegal { .. }));
    assert!(matches!(judge(serde_json::json!({"never": {}})), outcome::Judgement::BadCase(_)));
}
