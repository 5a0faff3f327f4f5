//! Whether one observation is legal at a step.

use ecp_proto::EcpError;
use ecp_types::Reason;
use prost_reflect::{DynamicMessage, Value};
use serde_json::{Value as Json, json};

use super::{code_of_name, judge::Call, name_of_code};
use crate::{
    schema::{self, Expectation, outcome::Kind, step::Action, step_ended::Observed},
    wire::{self, Bound, Mismatch, Names},
};

/// What was observed at the end of a step.
pub(super) enum Seen {
    /// A message of the half, when it came, and the method of its call.
    Message { message: DynamicMessage, method: String, at_us: u64 },
    /// A call that the half made: its request, or the opening message of its stream.
    Called { message: DynamicMessage, method: String, at_us: u64 },
    /// Bytes that are no message of the call.
    Garbage { method: String, at_us: u64 },
    /// The end of a call.
    Status { status: schema::Status, at_us: u64 },
    /// The step is done.
    Done,
    /// Nothing came.
    Silence { waited_ms: u64 },
    /// The connection was lost.
    Lost(String),
    /// The suite's model refuses what came.
    Refused(String),
}

/// What it comes to.
pub(super) enum Judgement {
    /// Legal.
    Legal,
    /// Not legal.
    Illegal { did: String, legal: Vec<String> },
    /// The case itself is wrong.
    BadCase(String),
}

impl Seen {
    /// Looks the observation up; with `calls` the half under test makes the calls. `Err` is the suite's fault.
    pub(super) fn new(observed: &Observed, call: Option<&Call>, calls: bool) -> Result<Self, String> {
        match observed {
            Observed::Message(index) => {
                let call = call.ok_or("the observed call was never recorded")?;
                let (at_us, bytes) =
                    call.messages.get(*index as usize).ok_or("the observed message was never recorded")?;
                let method = wire::method(&call.method).ok_or("the observed call has no such method")?;
                let reply =
                    if calls { wire::opening(&call.method, bytes) } else { wire::decode(method.output(), bytes) };
                let name = call.method.clone();
                Ok(match reply {
                    Some(message) if calls => Self::Called { message, method: name, at_us: *at_us },
                    Some(message) => Self::Message { message, method: name, at_us: *at_us },
                    None => Self::Garbage { method: name, at_us: *at_us },
                })
            }
            Observed::Status(_) => {
                let call = call.ok_or("the observed call was never recorded")?;
                let (at_us, status) = call.status.as_ref().ok_or("the observed status was never recorded")?;
                Ok(Self::Status { status: status.clone(), at_us: *at_us })
            }
            Observed::Done(_) | Observed::Exited(_) => Ok(Self::Done),
            Observed::Silence(silence) => Ok(Self::Silence { waited_ms: silence.waited_ms }),
            Observed::Lost(why) => Ok(Self::Lost(why.clone())),
            Observed::RefusedByModel(why) => Ok(Self::Refused(why.clone())),
        }
    }

    /// When it was seen, if it has a time of its own.
    pub(super) const fn at_us(&self) -> Option<u64> {
        match self {
            Self::Message { at_us, .. }
            | Self::Called { at_us, .. }
            | Self::Garbage { at_us, .. }
            | Self::Status { at_us, .. } => Some(*at_us),
            _ => None,
        }
    }

    /// What the half did, in words.
    pub(super) fn did(&self) -> String {
        match self {
            Self::Message { message, method, .. } => format!("{method} answered {}", wire::readable(message)),
            Self::Called { message, method, .. } => format!("called {method} with {}", wire::readable(message)),
            Self::Garbage { method, .. } => format!("{method} answered bytes that are no message of the protocol"),
            Self::Status { status, .. } => status_text(status),
            Self::Done => "it was done".to_owned(),
            Self::Silence { waited_ms } => format!("said nothing for {waited_ms} ms"),
            Self::Lost(why) => format!("the connection was lost: {why}"),
            Self::Refused(why) => why.clone(),
        }
    }
}

/// The ECP error in a status.
pub(crate) fn reason_of(status: &schema::Status) -> Option<EcpError> {
    let code = tonic::Code::from_i32(status.code);
    EcpError::from_status(&tonic::Status::with_details(code, status.message.clone(), status.details.clone()))
}

fn status_text(status: &schema::Status) -> String {
    let code = name_of_code(status.code);
    match reason_of(status) {
        _ if status.code == 0 => "ended without error".to_owned(),
        Some(error) => format!("refused with {} ({code}): {}", error.reason.as_str(), status.message),
        None if status.local => format!("the connection failed ({code}): {}", status.message),
        None => format!("refused with a bare {code}: {}", status.message),
    }
}

/// How a process ended, in words.
pub(crate) fn exit_text(exit: &schema::Exit) -> String {
    match (exit.code, exit.signal) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "for an unknown reason".to_owned(),
    }
}

/// Compares what was seen with what the case calls legal.
pub(super) fn judge(action: Option<&Action>, expect: Option<&Expectation>, seen: &Seen, names: &Names) -> Judgement {
    let outcomes = match expect {
        Some(expect) => expect.any_of.iter().filter_map(|o| o.kind.clone()).collect(),
        None => match success(action, seen) {
            Some(outcomes) => outcomes,
            None => return Judgement::Legal,
        },
    };
    let mut legal = Vec::new();
    let mut differences = Vec::new();
    for kind in &outcomes {
        match one(kind, seen, names) {
            Ok(None) => return Judgement::Legal,
            Ok(Some(difference)) => differences.push(difference),
            Err(what) => return Judgement::BadCase(what),
        }
        legal.push(describe(kind));
    }
    differences.retain(|d| !d.is_empty());
    let did = match differences.as_slice() {
        [] => seen.did(),
        some => format!("{} ({})", seen.did(), some.join("; ")),
    };
    Judgement::Illegal { did, legal }
}

/// What counts as success of a step without an expectation; `None`: whatever was seen is fine.
fn success(action: Option<&Action>, seen: &Seen) -> Option<Vec<Kind>> {
    let pattern = |json: Json| serde_json::from_value(json).unwrap_or_default();
    match (action?, seen) {
        (_, Seen::Done) | (Action::Raw(_), _) => None,
        (Action::Validate(_), _) => Some(vec![Kind::Verdict(pattern(json!({"valid": {}})))]),
        (Action::Import(_), _) => Some(vec![Kind::Reply(pattern(json!({"outcome": "COMMITTED"})))]),
        (Action::Build(_), _) => Some(vec![Kind::Reply(pattern(json!({"built": {}})))]),
        (Action::AwaitCall(wait), Seen::Silence { .. } | Seen::Lost(_)) => {
            Some(vec![Kind::Call(wait.request.clone().unwrap_or_default())])
        }
        (_, Seen::Status { status, .. }) if status.code == 0 => None,
        (_, Seen::Message { .. } | Seen::Called { .. }) => None,
        _ => Some(vec![Kind::Reply(pbjson_types::Struct::default())]),
    }
}

/// `Ok(None)` if `seen` is this outcome, `Ok(Some(difference))` if not, `Err` if the case is wrong.
fn one(kind: &Kind, seen: &Seen, names: &Names) -> Result<Option<String>, String> {
    match (kind, seen) {
        (Kind::Reply(pattern), Seen::Message { message, .. }) | (Kind::Call(pattern), Seen::Called { message, .. }) => {
            matched(wire::contains(&to_json(pattern), message, names))
        }
        (Kind::Verdict(pattern), Seen::Message { message, .. }) => {
            match message.get_field_by_name("verdict").as_deref() {
                Some(Value::Message(verdict)) if message.has_field_by_name("verdict") => {
                    matched(wire::contains(&to_json(pattern), verdict, names))
                }
                _ => Ok(Some("no verdict".to_owned())),
            }
        }
        (Kind::Error(refusal), Seen::Status { status, .. }) => Ok(refused_otherwise(refusal, status)),
        (Kind::Ended(_), Seen::Done) => Ok(None),
        (Kind::Ended(_), Seen::Status { status, .. }) if status.code == 0 => Ok(None),
        (Kind::SameAs(name), Seen::Message { message, .. }) => match names.get(name)? {
            Bound::Message(wanted) if *wanted == *message => Ok(None),
            Bound::Message(wanted) => Ok(Some(format!("before it was {}", wire::readable(&wanted)))),
            other => Err(format!("${name} is {}, not a reply", other.readable())),
        },
        (Kind::Lost(_), Seen::Lost(_)) => Ok(None),
        (Kind::Lost(_), Seen::Status { status, .. }) if status.local => Ok(None),
        _ => Ok(Some(String::new())),
    }
}

fn matched(result: Result<(), Mismatch>) -> Result<Option<String>, String> {
    match result {
        Ok(()) => Ok(None),
        Err(mismatch @ Mismatch::Differs { .. }) => Ok(Some(mismatch.to_string())),
        Err(mismatch @ Mismatch::BadPattern { .. }) => Err(mismatch.to_string()),
    }
}

/// How a status differs from the refusal that is legal.
fn refused_otherwise(wanted: &schema::Refusal, status: &schema::Status) -> Option<String> {
    let error = reason_of(status);
    if wanted.reason.is_empty() {
        let legal = wanted.codes.iter().filter_map(|c| code_of_name(c)).any(|c| c == status.code);
        return (!legal).then(|| format!("the code is {}", name_of_code(status.code)));
    }
    let Some(error) = error else { return Some("it carries no reason of the table".to_owned()) };
    if error.reason.as_str() != wanted.reason {
        return Some(String::new());
    }
    let code = Reason::from_name(&wanted.reason).map(Reason::code);
    if code != Some(status.code) {
        return Some(format!("the code of {} is {}", wanted.reason, name_of_code(code.unwrap_or(-1))));
    }
    wanted.metadata.iter().find_map(|(key, value)| match error.metadata.get(key) {
        Some(found) if found == value => None,
        Some(found) => Some(format!("metadata {key} is {found}, not {value}")),
        None => Some(format!("metadata {key} is missing")),
    })
}

fn to_json(pattern: &pbjson_types::Struct) -> Json {
    serde_json::to_value(pattern).unwrap_or(Json::Null)
}

/// A pattern in words: numbers of google.protobuf.Struct are doubles, which nobody wrote.
fn written(pattern: &pbjson_types::Struct) -> Json {
    fn tidy(json: Json) -> Json {
        match json {
            Json::Number(n) => match n.as_f64() {
                Some(f) if f.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&f) => json!(f as u64),
                _ => Json::Number(n),
            },
            Json::Array(items) => items.into_iter().map(tidy).collect(),
            Json::Object(fields) => fields.into_iter().map(|(key, value)| (key, tidy(value))).collect(),
            other => other,
        }
    }
    tidy(to_json(pattern))
}

/// An outcome in words.
fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Reply(pattern) if pattern.fields.is_empty() => "success".to_owned(),
        Kind::Reply(pattern) => format!("a reply with {}", written(pattern)),
        Kind::Call(pattern) => format!("a call with {}", written(pattern)),
        Kind::Verdict(pattern) => format!("the verdict {}", written(pattern)),
        Kind::Error(error) if error.reason.is_empty() => format!("a refusal with {}", error.codes.join(" or ")),
        Kind::Error(error) => format!("a refusal with {}", error.reason),
        Kind::Ended(_) => "the end of the stream without error".to_owned(),
        Kind::SameAs(name) => format!("the same reply as {name}"),
        Kind::Lost(_) => "a closed connection".to_owned(),
    }
}
