//! A transcript as calls, each with what was asked and what was answered.

use std::collections::BTreeMap;

use super::masked;
use crate::{
    schema::{Record, Sender, Status, record::Event},
    verdict::{name_of_code, reason_of},
    wire,
};

/// One call.
#[derive(Debug, Clone, Default)]
pub(super) struct Call {
    /// Its number.
    pub number: u32,
    /// Instance of the half.
    pub instance: u32,
    /// Step during which it began, from 0.
    pub step: u32,
    /// Its method.
    pub method: String,
    /// Height that its first message names.
    pub height: Option<u64>,
    /// Its first message, as text.
    pub opening: String,
    /// The execution half's messages, as text.
    pub answers: Vec<String>,
    /// How the execution half ended it.
    pub end: Option<String>,
    /// Its caller gave it up, or the connection was lost.
    pub given_up: bool,
}

/// All calls of a transcript, in order.
pub(super) fn calls(records: &[Record]) -> Vec<Call> {
    let mut calls: BTreeMap<u32, Call> = BTreeMap::new();
    let mut step = 0;
    for event in records.iter().filter_map(|record| record.event.as_ref()) {
        match event {
            Event::StepBegan(began) => step = began.step,
            Event::CallBegan(began) => {
                let (number, instance, method) = (began.call, began.instance, began.method.clone());
                calls.insert(number, Call { number, instance, step, method, ..Call::default() });
            }
            Event::Message(message) => {
                let Some(call) = calls.get_mut(&message.call) else { continue };
                if message.sender() == Sender::Execution {
                    let output = wire::method(&call.method).map(|m| m.output());
                    call.answers.push(match output.and_then(|output| wire::decode(output, &message.bytes)) {
                        Some(answer) => masked::answer(&call.method, &answer),
                        None => "bytes that are no message of the protocol".to_owned(),
                    });
                } else if call.opening.is_empty()
                    && let Some(opening) = wire::opening(&call.method, &message.bytes)
                {
                    call.opening = masked::question(&opening);
                    call.height = opening.get_field_by_name("height").and_then(|h| h.as_u64());
                }
            }
            Event::Status(status) => {
                if let Some(call) = calls.get_mut(&status.call) {
                    call.given_up |= status.local;
                    call.end = (!status.local).then(|| end(status));
                }
            }
            Event::Reset(reset) => {
                if let Some(call) = calls.get_mut(&reset.call) {
                    call.given_up = true;
                }
            }
            _ => {}
        }
    }
    calls.into_values().collect()
}

fn end(status: &Status) -> String {
    let code = name_of_code(status.code);
    match reason_of(status) {
        Some(error) => format!("refused with {} ({code})", error.reason.as_str()),
        None => format!("ended with {code}"),
    }
}
