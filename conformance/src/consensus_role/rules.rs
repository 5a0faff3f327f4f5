//! Which rule a call meets, and what it does. No I/O.

use std::time::Duration;

use ecp_proto::EcpError;
use ecp_types::Reason;
use prost_reflect::{DynamicMessage, Value};
use serde_json::Value as Json;
use tonic::{Code, Status};

use crate::{
    schema::{Answer, Rule, rule},
    verdict::code_of_name,
    wire::{self, Mismatch, Names},
};

/// Number of a field that no message of the protocol has.
const UNKNOWN_FIELD: u32 = 12_345;

/// What a rule does to a call.
#[derive(Debug, Clone)]
pub(super) enum What {
    /// Changes fields of the reply.
    Reply(Json),
    /// Replaces the verdict.
    Verdict(Json),
    /// Ends the call with an error.
    Error(Status),
    /// Says nothing more.
    Silence,
    /// Ends the suite's execution half instead of an answer.
    DieBefore,
    /// Ends it after the answer.
    DieAfter,
    /// Closes the connection.
    HangUp,
    /// Adds a field that nobody knows, up to this many bytes.
    Pad(usize),
}

/// A rule that a call met.
#[derive(Debug, Clone)]
pub(super) struct Met {
    /// Name of the rule; may be empty.
    pub name: String,
    /// What it does.
    pub what: What,
    /// Messages of parts that are let through before.
    pub after: u32,
    /// Whether the suite's execution half takes the call.
    pub delivered: bool,
    /// Whether the execution half that dies loses what it had committed.
    pub forget: bool,
}

impl Met {
    /// Whether it ends the call at a point of its own, instead of changing what is answered.
    pub(super) const fn interrupts(&self) -> bool {
        matches!(self.what, What::Error(_) | What::Silence | What::DieBefore | What::HangUp)
    }
}

#[derive(Debug, Clone)]
struct Active {
    rule: Rule,
    left: Option<u32>,
}

/// The rules in force.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules(Vec<Active>);

impl Rules {
    /// Adds a rule, replaces the one of its name, or drops that one.
    pub(super) fn add(&mut self, rule: Rule) {
        if !rule.r#as.is_empty() {
            self.0.retain(|active| active.rule.r#as != rule.r#as);
        }
        if !matches!(rule.answer, Some(rule::Answer::Drop(_))) {
            self.0.push(Active { left: rule.times, rule });
        }
    }

    /// The newest rule that a call matches; it is used up by one. `Err` if a rule itself is wrong.
    pub(super) fn meet(
        &mut self,
        instance: u32,
        method: &str,
        opening: &DynamicMessage,
        names: &Names,
    ) -> Result<Option<Met>, String> {
        for active in self.0.iter_mut().rev() {
            let rule = &active.rule;
            if rule.method != method || rule.instance.is_some_and(|i| i != instance) || active.left == Some(0) {
                continue;
            }
            if let Some(when) = &rule.when {
                match wire::contains(&json(when), opening, names) {
                    Ok(()) => {}
                    Err(Mismatch::Differs { .. }) => continue,
                    Err(bad @ Mismatch::BadPattern { .. }) => return Err(bad.to_string()),
                }
            }
            let met = Met {
                name: rule.r#as.clone(),
                what: what(rule)?,
                after: rule.after.unwrap_or(0),
                delivered: rule.delivered,
                forget: rule.forget,
            };
            active.left = active.left.map(|left| left - 1);
            return Ok(Some(met));
        }
        Ok(None)
    }
}

fn what(rule: &Rule) -> Result<What, String> {
    Ok(match rule.answer.as_ref().ok_or("a rule says the answer")? {
        rule::Answer::Reply(reply) => What::Reply(json(reply)),
        rule::Answer::Verdict(verdict) => What::Verdict(json(verdict)),
        rule::Answer::Error(answer) => What::Error(status(answer)?),
        rule::Answer::Silence(_) => What::Silence,
        rule::Answer::DieBefore(_) => What::DieBefore,
        rule::Answer::DieAfter(_) => What::DieAfter,
        rule::Answer::HangUp(_) => What::HangUp,
        rule::Answer::PadTo(bytes) => What::Pad(*bytes as usize),
        rule::Answer::Drop(_) => return Err("a dropped rule does nothing".to_owned()),
    })
}

/// An error as it is sent.
fn status(answer: &Answer) -> Result<Status, String> {
    if answer.reason.is_empty() {
        let code = code_of_name(&answer.code).ok_or_else(|| format!("{} is no code", answer.code))?;
        return Ok(Status::new(Code::from_i32(code), "said by a rule of the case"));
    }
    let reason = Reason::from_name(&answer.reason).ok_or_else(|| format!("{} is no reason", answer.reason))?;
    let mut error = EcpError::new(reason, "Said by a rule of the case.");
    if let Some(ms) = answer.retry_ms {
        error = error.retry_after(Duration::from_millis(u64::from(ms)));
    }
    Ok(error.into())
}

/// The reply of `method` with fields changed. Of a stream only messages change that have all fields written at the top,
/// so that what is said of its end leaves its parts alone.
pub(super) fn changed(method: &str, reply: &[u8], by: &Json, names: &Names) -> Result<Option<Vec<u8>>, String> {
    let method = wire::method(method).ok_or("no such method")?;
    let Some(message) = wire::decode(method.output(), reply) else { return Ok(None) };
    let meant = |message: &DynamicMessage| {
        by.as_object().is_some_and(|fields| fields.keys().all(|key| message.has_field_by_name(key)))
    };
    if method.is_server_streaming() && method.name() != "Watch" && !meant(&message) {
        return Ok(None);
    }
    let changed = wire::build_over(by, message, names).map_err(|e| e.to_string())?;
    Ok(Some(prost::Message::encode_to_vec(&changed)))
}

/// A message with a field that nobody knows behind what it says, together `size` bytes long if it is shorter.
pub(super) fn padded(message: &[u8], size: usize) -> Vec<u8> {
    let mut padded = message.to_vec();
    prost::encoding::encode_key(UNKNOWN_FIELD, prost::encoding::WireType::LengthDelimited, &mut padded);
    // The length before the bytes takes room too.
    let left = size.saturating_sub(padded.len());
    let bytes = (0..=left).rev().find(|n| prost::encoding::encoded_len_varint(*n as u64) + n <= left).unwrap_or(0);
    prost::encoding::encode_varint(bytes as u64, &mut padded);
    padded.resize(padded.len() + bytes, 0xa5);
    padded
}

/// A message of a validation with its verdict replaced, if it is one. A verdict that names a commitment, and of which
/// none is written, keeps that of the correct verdict.
pub(super) fn judged(reply: &[u8], verdict: &Json, names: &Names) -> Result<Option<Vec<u8>>, String> {
    let shape = wire::message("ValidateProposalResponse").ok_or("validations have responses")?;
    let Some(mut message) = wire::decode(shape, reply) else { return Ok(None) };
    let Some(Value::Message(correct)) = inner(&message, "verdict") else { return Ok(None) };
    let shape = wire::message("Verdict").ok_or("the protocol has verdicts")?;
    let mut verdict = wire::build(verdict, shape, names).map_err(|e| e.to_string())?;
    for outcome in ["valid", "rejected_local"] {
        let written = inner(&verdict, outcome);
        let correct = [inner(&correct, "valid"), inner(&correct, "rejected_local")].into_iter().flatten().next();
        if let (Some(Value::Message(mut written)), Some(Value::Message(correct))) = (written, correct)
            && written.get_field_by_name("commitment").is_some_and(|c| c.as_bytes().is_some_and(|c| c.is_empty()))
            && let Some(commitment) = correct.get_field_by_name("commitment")
        {
            written.set_field_by_name("commitment", commitment.into_owned());
            verdict.set_field_by_name(outcome, Value::Message(written));
        }
    }
    message.set_field_by_name("verdict", Value::Message(verdict));
    Ok(Some(prost::Message::encode_to_vec(&message)))
}

/// A field that is present.
fn inner(message: &DynamicMessage, field: &str) -> Option<Value> {
    message
        .has_field_by_name(field)
        .then(|| message.get_field_by_name(field).map(std::borrow::Cow::into_owned))
        .flatten()
}

fn json(written: &pbjson_types::Struct) -> Json {
    serde_json::to_value(written).unwrap_or(Json::Null)
}

#[cfg(test)]
mod tests {
    use ecp_proto::v1alpha1 as v1;
    use prost::Message as _;
    use serde_json::json;

    use super::*;

    #[test]
    fn padding_is_a_field_that_readers_pass_over() {
        let message = v1::StartRoundRequest { height: Some(7), ..Default::default() }.encode_to_vec();
        for size in [0, 20, 100, 131, 132, 133, 134, 135, 136, 70_000] {
            let padded = padded(&message, size);
            assert_eq!(v1::StartRoundRequest::decode(&padded[..]).unwrap().height, Some(7));
            // No length fits some sizes: of 127 bytes and 128 of content, the second needs a longer length.
            assert!(
                padded.len() + 1 >= size && padded.len() <= size.max(message.len() + 4),
                "{size}: {}",
                padded.len()
            );
        }
    }

    fn rule(fields: Json) -> Rule {
        let shape = prost_reflect::DescriptorPool::decode(crate::schema::FILE_DESCRIPTOR_SET).unwrap();
        let shape = shape.get_message_by_name("ecp.conformance.v1alpha1.Rule").unwrap();
        DynamicMessage::deserialize(shape, fields).unwrap().transcode_to().unwrap()
    }

    fn start(round: u32) -> DynamicMessage {
        let request = v1::StartRoundRequest { height: Some(1), round: Some(round), ..v1::StartRoundRequest::default() };
        wire::opening("StartRound", &request.encode_to_vec()).unwrap()
    }

    fn meet(rules: &mut Rules, instance: u32, round: u32) -> Option<String> {
        rules.meet(instance, "StartRound", &start(round), &Names::default()).unwrap().map(|met| met.name)
    }

    #[test]
    fn the_newest_rule_that_matches_is_met_as_often_as_it_says() {
        let mut rules = Rules::default();
        rules.add(rule(json!({"as": "old", "method": "StartRound", "silence": true})));
        rules.add(rule(json!({"as": "new", "method": "StartRound", "instance": 1, "when": {"round": 2}, "times": 1,
            "hang_up": true})));
        assert_eq!(meet(&mut rules, 0, 2).as_deref(), Some("old"));
        assert_eq!(meet(&mut rules, 1, 3).as_deref(), Some("old"));
        assert_eq!(meet(&mut rules, 1, 2).as_deref(), Some("new"));
        assert_eq!(meet(&mut rules, 1, 2).as_deref(), Some("old"));
        rules.add(rule(json!({"as": "old", "method": "StartRound", "drop": true})));
        assert_eq!(meet(&mut rules, 1, 2), None);
    }

    #[test]
    fn errors_carry_their_reason_and_pause() {
        let mut rules = Rules::default();
        rules.add(rule(json!({"method": "StartRound", "error": {"reason": "BUSY", "retry_ms": 300}})));
        let met = rules.meet(0, "StartRound", &start(0), &Names::default()).unwrap().unwrap();
        let What::Error(status) = met.what else { panic!("an error") };
        let error = EcpError::from_status(&status).unwrap();
        assert_eq!((error.reason, error.retry_after), (Reason::Busy, Some(Duration::from_millis(300))));
    }

    #[test]
    fn only_the_named_message_of_a_stream_changes() {
        use v1::build_proposal_response::Event;
        let part = v1::BuildProposalResponse { event: Some(Event::Part(v1::Part::default())) }.encode_to_vec();
        let by = json!({"built": {"counts": {"parts": 99}}});
        assert_eq!(changed("BuildProposal", &part, &by, &Names::default()), Ok(None));
        let built = v1::Built { executed_count: Some(4), ..v1::Built::default() };
        let built = v1::BuildProposalResponse { event: Some(Event::Built(built)) }.encode_to_vec();
        let bytes = changed("BuildProposal", &built, &by, &Names::default()).unwrap().unwrap();
        let Some(Event::Built(built)) = v1::BuildProposalResponse::decode(&*bytes).unwrap().event else { panic!() };
        assert_eq!((built.executed_count, built.counts.unwrap().parts), (Some(4), Some(99)));
    }

    #[test]
    fn a_verdict_is_replaced_and_nothing_else() {
        use v1::validate_proposal_response::Event;
        let names = Names::default();
        let waiting = v1::ValidateProposalResponse { event: Some(Event::Waiting(v1::MissingCondition::default())) };
        assert_eq!(judged(&waiting.encode_to_vec(), &json!({"expired": {}}), &names), Ok(None));
        let verdict = v1::ValidateProposalResponse { event: Some(Event::Verdict(v1::Verdict::default())) };
        let bytes = judged(&verdict.encode_to_vec(), &json!({"expired": {}}), &names).unwrap().unwrap();
        let Some(Event::Verdict(verdict)) = v1::ValidateProposalResponse::decode(&*bytes).unwrap().event else {
            panic!()
        };
        assert!(matches!(verdict.outcome, Some(v1::verdict::Outcome::Expired(_))));
        let valid = v1::Valid { commitment: vec![7; 32].into(), executed_count: Some(1) };
        let valid = v1::Verdict { outcome: Some(v1::verdict::Outcome::Valid(valid)) };
        let valid = v1::ValidateProposalResponse { event: Some(Event::Verdict(valid)) }.encode_to_vec();
        let local = json!({"rejected_local": {"reason": "TIMESTAMP_WINDOW"}});
        let bytes = judged(&valid, &local, &names).unwrap().unwrap();
        let Some(Event::Verdict(verdict)) = v1::ValidateProposalResponse::decode(&*bytes).unwrap().event else {
            panic!()
        };
        let Some(v1::verdict::Outcome::RejectedLocal(local)) = verdict.outcome else { panic!() };
        assert_eq!(local.commitment, vec![7; 32]);
    }
}
