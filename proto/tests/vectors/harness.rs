//! A table of cases for one message, what is expected of each, and its file.

use std::{fmt::Debug, sync::OnceLock};

use ecp_proto::FieldError;
use ecp_types::Reason;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{layout, raw};

/// ProtoJSON of larger messages is left out of the files.
const JSON_BYTES_MAX: usize = 4096;
/// A run of one byte that is at least this long is written once.
const RUN_MIN: usize = 256;

/// Who gets the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receiver {
    Execution,
    Consensus,
    Both,
}

/// What the receiver must say, by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    Refused(Reason, String),
    Undecodable,
}

/// One message in bytes.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) rule: Option<&'static str>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) verdict: Verdict,
    /// Whether an encoder makes these very bytes from the message.
    pub(crate) plain: bool,
    /// The message without its fields' meaning; `None` if undecodable.
    pub(crate) decoded: Option<DynamicMessage>,
}

/// The cases of one message.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) message: &'static str,
    pub(crate) receiver: Receiver,
    pub(crate) cases: Vec<Case>,
    pub(crate) wrong: Vec<String>,
}

/// A table of cases while it is made. `base` is its first case, and what the others vary.
pub(crate) struct Table<M> {
    message: &'static str,
    receiver: Receiver,
    base: M,
    check: fn(M) -> Result<(), FieldError>,
    cases: Vec<Case>,
}

pub(crate) fn pool() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| DescriptorPool::decode(ecp_proto::FILE_DESCRIPTOR_SET).unwrap())
}

/// The check of a message that holds the one in question in the field `outer`; its path is taken off.
pub(crate) fn inside<T>(outer: &str, result: Result<T, FieldError>) -> Result<(), FieldError> {
    result.map(drop).map_err(|mut error| {
        let inner = error.field.strip_prefix(outer).and_then(|rest| rest.strip_prefix('.'));
        error.field = inner.unwrap_or_else(|| panic!("{error} is not inside `{outer}`")).to_owned();
        error
    })
}

/// Without a number of its own, a rule stands in the comment of the field.
fn named(rule: &'static str) -> Option<&'static str> {
    Some(rule).filter(|rule| !rule.is_empty())
}

/// The check of a message without fields, or whose fields have no rule.
pub(crate) fn anything<M>(_: M) -> Result<(), FieldError> {
    Ok(())
}

impl<M: Message + Default + Clone + PartialEq + Debug + Serialize + DeserializeOwned> Table<M> {
    pub(crate) fn new(
        message: &'static str,
        receiver: Receiver,
        first: &str,
        base: M,
        check: fn(M) -> Result<(), FieldError>,
    ) -> Self {
        Self { message, receiver, base, check, cases: Vec::new() }.accepted(first, |_| {})
    }

    fn push(mut self, name: &str, rule: Option<&'static str>, bytes: Vec<u8>, verdict: Verdict, plain: bool) -> Self {
        self.cases.push(Case { name: name.to_owned(), rule, bytes, verdict, plain, decoded: None });
        self
    }

    fn varied(&self, change: impl FnOnce(&mut M)) -> Vec<u8> {
        let mut message = self.base.clone();
        change(&mut message);
        message.encode_to_vec()
    }

    /// A message that must be taken.
    pub(crate) fn accepted(self, name: &str, change: impl FnOnce(&mut M)) -> Self {
        let bytes = self.varied(change);
        self.push(name, None, bytes, Verdict::Accepted, true)
    }

    /// A message that must be refused because of `field`.
    pub(crate) fn refused(self, rule: &'static str, name: &str, field: &str, change: impl FnOnce(&mut M)) -> Self {
        let bytes = self.varied(change);
        self.push(name, named(rule), bytes, Verdict::Refused(Reason::FieldInvalid, field.to_owned()), true)
    }

    /// A message that must be refused because it, or a part in it, is too large.
    pub(crate) fn too_large(self, rule: &'static str, name: &str, change: impl FnOnce(&mut M)) -> Self {
        let bytes = self.varied(change);
        self.push(name, named(rule), bytes, Verdict::Refused(Reason::LimitExceeded, String::new()), true)
    }

    /// Bytes behind those of the base that must be taken.
    pub(crate) fn appended(self, name: &str, more: &[u8]) -> Self {
        let bytes = [self.base.encode_to_vec(), more.to_vec()].concat();
        self.push(name, None, bytes, Verdict::Accepted, false)
    }

    /// Bytes behind those of the base that must be refused because of `field`.
    pub(crate) fn appended_refused(self, rule: &'static str, name: &str, field: &str, more: &[u8]) -> Self {
        let bytes = [self.base.encode_to_vec(), more.to_vec()].concat();
        self.push(name, named(rule), bytes, Verdict::Refused(Reason::FieldInvalid, field.to_owned()), false)
    }

    /// Bytes behind those of the base that no decoder can read.
    pub(crate) fn undecodable(self, name: &str, more: &[u8]) -> Self {
        let bytes = [self.base.encode_to_vec(), more.to_vec()].concat();
        self.push(name, None, bytes, Verdict::Undecodable, false)
    }

    /// The base without its last bytes: no decoder can read it, if they cut a field.
    pub(crate) fn cut(self, name: &str, bytes: usize) -> Self {
        let mut whole = self.base.encode_to_vec();
        whole.truncate(whole.len() - bytes);
        self.push(name, None, whole, Verdict::Undecodable, false)
    }

    /// Adds what holds for every message, and judges all.
    pub(crate) fn done(self) -> File {
        let table = self
            .appended("unknown fields of every wire type", &raw::unknown_fields())
            .undecodable("a length that goes over the end", &raw::cut_length())
            .undecodable("a key cut in the middle", &[0x80])
            .undecodable("a field of number 0", &[0x00, 0x01]);
        let check = table.check;
        let mut file = File { message: table.message, receiver: table.receiver, cases: table.cases, wrong: Vec::new() };
        for case in &mut file.cases {
            if let Err(wrong) = judge(table.message, case, check) {
                file.wrong.push(format!("{} / {}: {wrong}", table.message, case.name));
            }
        }
        file
    }
}

/// Compares the code with the table; tells what differs.
fn judge<M>(message: &str, case: &mut Case, check: fn(M) -> Result<(), FieldError>) -> Result<(), String>
where
    M: Message + Default + Clone + PartialEq + Debug + Serialize + DeserializeOwned,
{
    let Ok(decoded) = M::decode(case.bytes.as_slice()) else {
        return expect(&case.verdict, &Verdict::Undecodable);
    };
    let descriptor = pool().get_message_by_name(&format!("starknet.ecp.v1alpha1.{message}")).unwrap();
    let dynamic = DynamicMessage::decode(descriptor, case.bytes.as_slice()).map_err(|e| e.to_string())?;
    // pbjson refuses to write enum values that it does not know; ProtoJSON has their number.
    if let Ok(by_pbjson) = serde_json::to_value(&decoded) {
        let by_reflection = serde_json::to_value(&dynamic).unwrap();
        if by_pbjson != by_reflection {
            return Err(format!("two ProtoJSON forms: {by_pbjson} and {by_reflection}"));
        }
        let back: M = serde_json::from_value(by_pbjson).map_err(|e| e.to_string())?;
        if back != decoded {
            return Err("ProtoJSON does not come back".to_owned());
        }
    }
    if case.plain != (decoded.encode_to_vec() == case.bytes) {
        return Err("an encoder makes other bytes than said".to_owned());
    }
    case.decoded = Some(dynamic);
    let said = match check(decoded) {
        Ok(()) => Verdict::Accepted,
        Err(error) if error.reason() == Reason::LimitExceeded => Verdict::Refused(error.reason(), String::new()),
        Err(error) => Verdict::Refused(error.reason(), error.field),
    };
    expect(&case.verdict, &said)
}

fn expect(expected: &Verdict, said: &Verdict) -> Result<(), String> {
    if expected == said { Ok(()) } else { Err(format!("expected {expected:?}, the code says {said:?}")) }
}

/// A case as it stands in its file.
#[derive(Serialize)]
struct CaseText<'a> {
    name: &'a str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plain: Option<bool>,
    hex: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<&'a DynamicMessage>,
}

/// A file as it stands in its folder.
#[derive(Serialize)]
struct FileText<'a> {
    message: String,
    receiver: &'static str,
    cases: Vec<CaseText<'a>>,
}

impl Case {
    /// What ProtoJSON shows of the message; `None` if it is undecodable or large.
    pub(crate) fn json(&self) -> Option<&DynamicMessage> {
        self.decoded.as_ref().filter(|_| self.bytes.len() <= JSON_BYTES_MAX)
    }

    fn text(&self, receiver: Receiver) -> CaseText<'_> {
        let (verdict, reason, field) = match &self.verdict {
            Verdict::Accepted => ("accepted", None, None),
            Verdict::Undecodable => ("undecodable", None, None),
            Verdict::Refused(Reason::FieldInvalid, field) => {
                ("refused", Some(Reason::FieldInvalid.as_str()), Some(field.as_str()))
            }
            Verdict::Refused(reason, _) => ("refused", Some(reason.as_str()), None),
        };
        CaseText {
            name: &self.name,
            verdict,
            // A consensus half sends no status, so that no reason is told.
            reason: reason.filter(|_| receiver != Receiver::Consensus),
            field,
            rule: self.rule,
            plain: (!self.plain && self.verdict != Verdict::Undecodable).then_some(false),
            hex: hex(&self.bytes),
            json: self.json(),
        }
    }
}

impl File {
    /// The file's text.
    pub(crate) fn text(&self) -> String {
        let receiver = match self.receiver {
            Receiver::Execution => "execution",
            Receiver::Consensus => "consensus",
            Receiver::Both => "both",
        };
        let message = format!("starknet.ecp.v1alpha1.{}", self.message);
        let cases = self.cases.iter().map(|case| case.text(self.receiver)).collect();
        layout::text(&FileText { message, receiver, cases }) + "\n"
    }

    /// A case by its name.
    pub(crate) fn case(&self, name: &str) -> &Case {
        self.cases.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("{} has no {name}", self.message))
    }
}

/// Bytes in hex; long runs of one byte are written once with their length.
fn hex(bytes: &[u8]) -> Value {
    let mut pieces: Vec<Value> = Vec::new();
    let mut pending: Vec<u8> = Vec::new();
    for run in bytes.chunk_by(|a, b| a == b) {
        if run.len() < RUN_MIN {
            pending.extend_from_slice(run);
            continue;
        }
        if !pending.is_empty() {
            pieces.push(json!(plain_hex(&std::mem::take(&mut pending))));
        }
        pieces.push(json!({"hex": format!("{:02x}", run[0]), "times": run.len()}));
    }
    let rest = plain_hex(&pending);
    if pieces.is_empty() {
        return json!(rest);
    }
    if !rest.is_empty() {
        pieces.push(json!(rest));
    }
    Value::Array(pieces)
}

/// Lower-case hex without a prefix.
pub(crate) fn plain_hex(bytes: &[u8]) -> String {
    ecp_types::encode_hex(bytes).trim_start_matches("0x").to_owned()
}
