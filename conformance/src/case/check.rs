//! Checks a case before it can run: what it names must exist.

use std::collections::{BTreeMap, BTreeSet};

use ecp_types::reasons::Reason;
use prost_reflect::MessageDescriptor;
use serde_json::Value as Json;

use super::{Case, KNOWN_FEATURES, Registry};
use crate::{
    schema::{Expectation, Step, outcome, raw, rule, send, step::Action, token},
    verdict::code_of_name,
    wire::{self, Names, is_reference},
};

/// Something in a case that cannot be right.
pub(super) struct Problem {
    /// Step that it is in.
    pub step: Option<usize>,
    /// What is wrong.
    pub what: String,
}

/// Checks `case`.
pub(super) fn case(case: &Case, registry: &Registry) -> Result<(), Problem> {
    let whole = |what: String| Problem { step: None, what };
    let slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '/';
    let rest = case.id().split_once('/').map_or("", |(_, rest)| rest);
    if rest.is_empty() || !rest.chars().all(slug) {
        return Err(whole("the id has words of lower-case letters, digits and hyphens".into()));
    }
    if case.schema.about.is_empty() {
        return Err(whole("about: a case says what it shows".into()));
    }
    if case.schema.verifies.is_empty() {
        return Err(whole("verifies: a case names a requirement".into()));
    }
    for id in case.schema.verifies.iter().chain(case.schema.steps.iter().map(|s| &s.requirement)) {
        if !id.is_empty() && registry.get(id).is_none() {
            return Err(whole(format!("{id} is not in the registry of requirements")));
        }
    }
    for feature in case.features() {
        if !KNOWN_FEATURES.contains(&feature.as_str()) {
            return Err(whole(format!("{feature} is no feature of the protocol")));
        }
    }
    if case.runs_on(crate::workload::STARKNET) && needs_test_chain(case) {
        let text = "needs: only the test chain has cost_ms, hash_lag and hash_ms, so its workloads are [test-chain]";
        return Err(whole(text.into()));
    }
    if case.role == super::Role::Both && case.schema.steps.iter().any(pretends) {
        return Err(whole("in a case of a pair nobody speaks in the place of its execution half".into()));
    }
    let mut scope = Scope::default();
    for (index, step) in case.schema.steps.iter().enumerate() {
        let at = |what: String| Problem { step: Some(index), what };
        scope.step(step).map_err(at)?;
        if !step.requirement.is_empty() && !case.schema.verifies.contains(&step.requirement) {
            return Err(at(format!("{} is not among what the case verifies", step.requirement)));
        }
    }
    let judges = |s: &Step| match &s.action {
        Some(Action::Build(_) | Action::NoCall(_)) => true,
        Some(Action::AwaitCall(_) | Action::AwaitDecided(_) | Action::AwaitExit(_) | Action::ReadLedger(_)) => !s.requirement.is_empty(),
        _ => false,
    } || s.expect.is_some();
    if !case.schema.steps.iter().any(judges) {
        return Err(whole("no step has an expectation: the case cannot fail".into()));
    }
    Ok(())
}

/// Whether a step has the suite say what an execution half says.
fn pretends(step: &Step) -> bool {
    match &step.action {
        Some(Action::Rule(rule)) => {
            matches!(
                rule.answer,
                Some(
                    rule::Answer::Reply(_) | rule::Answer::Verdict(_) | rule::Answer::Error(_) | rule::Answer::PadTo(_)
                )
            )
        }
        Some(Action::SetState(_)) => true,
        _ => false,
    }
}

/// Whether a case lets something take a time that only the test chain can promise.
fn needs_test_chain(case: &Case) -> bool {
    let setup = case.schema.setup.as_ref();
    case.role == super::Role::Execution
        && (setup.is_some_and(|s| s.cost_ms.is_some() || s.hash_lag.is_some() || s.hash_ms.is_some())
            || case.schema.steps.iter().any(|s| matches!(&s.action, Some(Action::Propose(p)) if p.cost_ms.is_some())))
}

/// What is defined so far.
#[derive(Default)]
struct Scope {
    names: BTreeSet<String>,
    /// Method of each open stream.
    streams: BTreeMap<String, String>,
}

impl Scope {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        let Some(action) = &step.action else { return Err("a step does something".into()) };
        let method = self.action(action)?;
        if let Some(expect) = &step.expect {
            self.expectation(expect, method.as_deref())?;
        }
        for (name, path) in &step.save {
            let method = method.as_deref().ok_or("save: the step has no reply")?;
            let output = match action {
                Action::AwaitCall(_) => call_shape(method)?,
                _ => wire::method(method).map(|m| m.output()).ok_or("save: no such method")?,
            };
            if path != "." && !has_path(&output, path) {
                return Err(format!("save: {} has no {path}", output.name()));
            }
            self.names.insert(name.clone());
        }
        Ok(())
    }

    /// Checks an action; its method, if it makes or follows a call.
    fn action(&mut self, action: &Action) -> Result<Option<String>, String> {
        let method = match action {
            Action::Call(call) | Action::Open(call) => {
                let input = input(&call.method)?;
                for message in call.request.iter().chain(&call.messages) {
                    self.message(&json(message), input.clone())?;
                }
                if !call.bytes.is_empty() {
                    hex::decode(&call.bytes).map_err(|e| format!("bytes: {e}"))?;
                }
                if let Some(token::Kind::Bytes(bytes)) = call.token.as_ref().and_then(|t| t.kind.as_ref()) {
                    hex::decode(bytes).map_err(|e| format!("token: {e}"))?;
                }
                if matches!(action, Action::Open(_)) {
                    self.stream(&call.r#as, &call.method)?;
                }
                call.method.clone()
            }
            Action::Send(send) => {
                let method = self.known_stream(&send.stream)?;
                match &send.what {
                    Some(send::What::Message(message)) => self.message(&json(message), input(&method)?)?,
                    Some(send::What::Parts(parts)) => self.known(&parts.of)?,
                    Some(send::What::EndOf(proposal)) => self.known(proposal)?,
                    Some(send::What::Bytes(bytes)) => {
                        hex::decode(bytes).map_err(|e| format!("bytes: {e}"))?;
                    }
                    None => return Err("send: says what".into()),
                }
                return Ok(None);
            }
            Action::Receive(receive) => self.known_stream(&receive.stream)?,
            Action::Close(close) => {
                self.known_stream(&close.stream)?;
                return Ok(None);
            }
            Action::Propose(propose) => {
                self.define(&propose.r#as)?;
                return Ok(None);
            }
            Action::Validate(validate) => {
                self.known(&validate.proposal)?;
                if let Some(open) = &validate.open {
                    self.message(&json(open), message("ValidateOpen")?)?;
                }
                if !validate.r#as.is_empty() || validate.no_wait {
                    self.stream(&validate.r#as, "ValidateProposal")?;
                }
                "ValidateProposal".to_owned()
            }
            Action::Build(build) => {
                self.define(&build.r#as)?;
                if let Some(request) = &build.request {
                    self.message(&json(request), input("BuildProposal")?)?;
                }
                if !build.same_parts_as.is_empty() {
                    self.known(&build.same_parts_as)?;
                }
                "BuildProposal".to_owned()
            }
            Action::Import(import) => {
                self.known(&import.proposal)?;
                if let Some(header) = &import.header {
                    self.message(&json(header), message("DecidedHeader")?)?;
                }
                if !import.r#as.is_empty() || import.no_wait {
                    self.stream(&import.r#as, "ImportDecided")?;
                }
                "ImportDecided".to_owned()
            }
            Action::WaitFor(wait) => {
                let state = wait.state.as_ref().ok_or("wait_for: a state")?;
                self.message(&json(state), message("WatchResponse")?)?;
                "Watch".to_owned()
            }
            Action::Raw(raw) => {
                match &raw.what {
                    Some(raw::What::Body(body)) => {
                        input(&body.method)?;
                        hex::decode(&body.bytes).map_err(|e| format!("bytes: {e}"))?;
                    }
                    Some(raw::What::Connection(bytes)) => {
                        hex::decode(bytes).map_err(|e| format!("connection: {e}"))?;
                    }
                    Some(raw::What::Oversize(oversize)) => {
                        input(&oversize.method)?;
                    }
                    None => return Err("raw: says what".into()),
                }
                return Ok(None);
            }
            Action::Rule(rule) => {
                let input = input(&rule.method)?;
                let output = wire::method(&rule.method).map(|m| m.output()).ok_or("rule: no such method")?;
                if let Some(when) = &rule.when {
                    let shape = if rule.method == "ValidateProposal" { message("ValidateOpen")? } else { input };
                    self.message(&json(when), shape)?;
                }
                match &rule.answer {
                    Some(rule::Answer::Reply(reply)) => self.message(&json(reply), output)?,
                    Some(rule::Answer::Verdict(verdict)) => self.message(&json(verdict), message("Verdict")?)?,
                    Some(rule::Answer::Error(error)) if !error.reason.is_empty() => {
                        Reason::from_name(&error.reason).ok_or(format!("{} is no reason", error.reason))?;
                    }
                    Some(rule::Answer::Error(error)) => {
                        code_of_name(&error.code).ok_or(format!("{} is no code", error.code))?;
                    }
                    Some(_) => {}
                    None => return Err("rule: says the answer".into()),
                }
                return Ok(None);
            }
            Action::AwaitCall(wait) => {
                if let Some(request) = &wait.request {
                    self.message(&json(request), call_shape(&wait.method)?)?;
                }
                if !wait.r#as.is_empty() {
                    self.names.insert(wait.r#as.clone());
                }
                wait.method.clone()
            }
            Action::NoCall(none) => {
                if let Some(request) = &none.request {
                    self.message(&json(request), call_shape(&none.method)?)?;
                }
                none.method.clone()
            }
            Action::Shows(shows) => {
                self.known(&shows.proposal)?;
                return Ok(None);
            }
            Action::SetState(set) => {
                let state = set.state.as_ref().ok_or("set_state: a state")?;
                self.message(&json(state), message("WatchResponse")?)?;
                return Ok(None);
            }
            Action::ReadArchive(_) => "GetDecided".to_owned(),
            Action::Advance(_)
            | Action::CheckSocket(_)
            | Action::TakeOver(_)
            | Action::ReadLedger(_)
            | Action::Kill(_)
            | Action::Restart(_)
            | Action::Disconnect(_)
            | Action::AwaitExit(_)
            | Action::AwaitDecided(_) => return Ok(None),
        };
        Ok(Some(method))
    }

    fn expectation(&self, expect: &Expectation, method: Option<&str>) -> Result<(), String> {
        if expect.any_of.is_empty() {
            return Err("expect: any_of lists at least one legal outcome".into());
        }
        for outcome in &expect.any_of {
            match outcome.kind.as_ref().ok_or("expect: an outcome says what is legal")? {
                outcome::Kind::Reply(pattern) => {
                    let output = method.and_then(wire::method).ok_or("expect: the step has no reply")?.output();
                    self.message(&json(pattern), output)?;
                }
                outcome::Kind::Verdict(pattern) => self.message(&json(pattern), message("Verdict")?)?,
                outcome::Kind::Call(pattern) => {
                    let shape = call_shape(method.ok_or("expect: the step has no call")?)?;
                    self.message(&json(pattern), shape)?;
                }
                outcome::Kind::Error(error) => {
                    if error.reason.is_empty() == error.codes.is_empty() {
                        return Err("expect: an error has either a reason or the codes of a bare status".into());
                    }
                    for code in &error.codes {
                        code_of_name(code).ok_or(format!("expect: {code} is no gRPC code"))?;
                    }
                    if !error.reason.is_empty() {
                        let reason = Reason::from_name(&error.reason)
                            .ok_or(format!("expect: {} is not in the table of errors", error.reason))?;
                        if let Some(method) = method
                            && !reason.applies_to(method)
                        {
                            return Err(format!("expect: {method} never answers {}", error.reason));
                        }
                    }
                }
                outcome::Kind::SameAs(name) => self.known(name)?,
                outcome::Kind::Ended(_) | outcome::Kind::Lost(_) => {}
            }
        }
        if !expect.since.is_empty() {
            self.known_stream(&expect.since)?;
        }
        Ok(())
    }

    /// Checks a message by its shape, and that what it refers to was defined before.
    fn message(&self, json: &Json, shape: MessageDescriptor) -> Result<(), String> {
        wire::build(json, shape, &Names::any()).map_err(|e| e.to_string())?;
        self.references(json)
    }

    fn references(&self, json: &Json) -> Result<(), String> {
        match json {
            Json::String(text) => match is_reference(text) {
                Some(reference) => {
                    let root = reference.split(['.', '+', '-']).next().unwrap_or_default();
                    if ["next", "committed", "first", "main", "part_format", "commitment_scheme", "signature_scheme"]
                        .contains(&root)
                    {
                        Ok(())
                    } else {
                        self.known(root)
                    }
                }
                None => Ok(()),
            },
            Json::Array(items) => items.iter().try_for_each(|i| self.references(i)),
            Json::Object(fields) => fields.values().try_for_each(|f| self.references(f)),
            _ => Ok(()),
        }
    }

    fn define(&mut self, name: &str) -> Result<(), String> {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(format!("{name:?} is no name: letters, digits and underscores"));
        }
        self.names.insert(name.to_owned());
        Ok(())
    }

    fn stream(&mut self, name: &str, method: &str) -> Result<(), String> {
        self.define(name)?;
        self.streams.insert(name.to_owned(), method.to_owned());
        Ok(())
    }

    fn known(&self, name: &str) -> Result<(), String> {
        if self.names.contains(name) { Ok(()) } else { Err(format!("nothing before this step is named {name}")) }
    }

    fn known_stream(&self, name: &str) -> Result<String, String> {
        self.streams.get(name).cloned().ok_or(format!("no open call before this step is named {name}"))
    }
}

fn json(message: &pbjson_types::Struct) -> Json {
    serde_json::to_value(message).unwrap_or(Json::Null)
}

fn input(method: &str) -> Result<MessageDescriptor, String> {
    wire::method(method).map(|m| m.input()).ok_or(format!("{method:?} is no method of ExecutionService"))
}

/// What a call of the half under test is matched with: its request, or the opening message of a validation.
fn call_shape(method: &str) -> Result<MessageDescriptor, String> {
    match method {
        "ValidateProposal" => message("ValidateOpen"),
        "ImportDecided" => message("DecidedHeader"),
        _ => input(method),
    }
}

fn message(short: &str) -> Result<MessageDescriptor, String> {
    wire::message(short).ok_or(format!("the protocol has no message {short}"))
}

fn has_path(descriptor: &MessageDescriptor, path: &str) -> bool {
    let (head, rest) = path.split_once('.').map_or((path, None), |(h, r)| (h, Some(r)));
    let Some(field) = descriptor.get_field_by_name(head) else { return false };
    match (rest, field.kind().as_message()) {
        (None, _) => true,
        (Some(rest), Some(inner)) => has_path(inner, rest),
        (Some(_), None) => false,
    }
}
