//! What the vectors must hold, whoever wrote them: every message, field, arm and value.

use std::collections::BTreeSet;

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, Value};

use crate::{
    files,
    harness::{File, Verdict, pool},
};

fn file(name: &str) -> &'static File {
    files().iter().find(|file| file.message == name).unwrap_or_else(|| panic!("no vectors for {name}"))
}

fn messages(file: &'static File) -> impl Iterator<Item = (&'static Verdict, &'static DynamicMessage)> {
    file.cases.iter().filter_map(|case| Some((&case.verdict, case.decoded.as_ref()?)))
}

fn values(message: &DynamicMessage, field: &FieldDescriptor) -> Vec<i32> {
    match message.get_field(field).as_ref() {
        Value::EnumNumber(number) => vec![*number],
        Value::List(list) => list.iter().filter_map(Value::as_enum_number).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_message_has_a_file() {
    let made: BTreeSet<&str> = files().iter().map(|file| file.message).collect();
    let names: Vec<String> = pool().all_messages().map(|message| message.name().to_owned()).collect();
    let wanted: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(made, wanted);
}

#[test]
fn every_field_and_arm_is_set_in_an_accepted_case() {
    let mut missing = Vec::new();
    for message in pool().all_messages() {
        for field in message.fields() {
            let accepted = messages(file(message.name())).filter(|(verdict, _)| **verdict == Verdict::Accepted);
            if !accepted.into_iter().any(|(_, decoded)| decoded.has_field(&field)) {
                missing.push(field.full_name().to_owned());
            }
        }
    }
    assert!(missing.is_empty(), "never set in an accepted case: {missing:?}");
}

#[test]
fn absence_and_zero_are_both_there_where_they_differ() {
    let mut missing = Vec::new();
    for message in pool().all_messages() {
        for field in message.fields().filter(|field| field.supports_presence() && !field.is_list()) {
            let mut absent = false;
            let mut zero = matches!(field.kind(), Kind::Message(_));
            for (_, decoded) in messages(file(message.name())) {
                let set = decoded.has_field(&field);
                absent |= !set;
                zero |= set && decoded.get_field(&field).is_default(&field.kind());
            }
            if !(absent && zero) {
                missing.push(format!("{} absent: {absent}, zero: {zero}", field.full_name()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_value_of_an_enum_is_accepted_and_zero_and_an_unknown_one_are_there() {
    let mut missing = Vec::new();
    for message in pool().all_messages() {
        for field in message.fields() {
            let Kind::Enum(kind) = field.kind() else { continue };
            let all = messages(file(message.name()));
            let seen: BTreeSet<(bool, i32)> = all
                .flat_map(|(verdict, decoded)| {
                    let accepted = *verdict == Verdict::Accepted;
                    values(decoded, &field).into_iter().map(move |value| (accepted, value)).collect::<Vec<_>>()
                })
                .collect();
            for value in kind.values().filter(|value| value.number() != 0) {
                if !seen.contains(&(true, value.number())) {
                    missing.push(format!("{} = {}", field.full_name(), value.name()));
                }
            }
            // A list of features ignores both; every other field refuses both (ECP-ENC-001, ECP-SES-006).
            let ignored = field.is_list();
            let unknown = |(accepted, value): &(bool, i32)| kind.get_value(*value).is_none() && *accepted == ignored;
            if !seen.contains(&(ignored, 0)) || !seen.iter().any(unknown) {
                missing.push(format!("{} = 0 or unknown", field.full_name()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
