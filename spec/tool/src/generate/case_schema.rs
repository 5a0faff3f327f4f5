//! The JSON Schema of the suite's case files, made from their protobuf definition: keys are its fields, descriptions its
//! comments. What the suite asks for beyond the definition stands in one table here.

use std::path::Path;

use anyhow::{Context, Result};
use protox::prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor};
use serde_json::{Map, Value, json};

use crate::proto::comment;

/// Where the definition stands.
const INCLUDE: &str = "conformance/proto";
/// The file below it.
const FILE: &str = "ecp/conformance/v1alpha1/case.proto";
/// The message that a file is.
const ROOT: &str = "ecp.conformance.v1alpha1.CaseFile";
/// Form of a requirement's id.
const REQUIREMENT: &str = "^ECP-[A-Z]{3}-[0-9]{3}$";

/// Which keys must be written, by message.
const REQUIRED: &[(&str, &[&str])] =
    &[("CaseFile", &["about", "cases"]), ("Case", &["id", "about", "verifies", "steps"])];

/// What a field must keep to beyond its type, by message and field.
fn narrowed(message: &str, field: &str) -> Option<Value> {
    Some(match (message, field) {
        ("CaseFile" | "Case", "about") => json!({"minLength": 1}),
        ("CaseFile", "cases") | ("Case", "steps") | ("Expectation", "any_of") => json!({"minItems": 1}),
        ("Case", "id") => json!({"pattern": "^(EXE|CON|PAIR)/[a-z0-9/-]+$"}),
        ("Case", "verifies") => json!({"minItems": 1, "items": {"type": "string", "pattern": REQUIREMENT}}),
        ("Step", "requirement") => json!({"pattern": REQUIREMENT}),
        ("Call", "bytes") | ("Token", "bytes") | ("Send", "bytes") | ("RawBody", "bytes") | ("Raw", "connection") => {
            json!({"pattern": "^([0-9a-fA-F]{2})*$"})
        }
        _ => return None,
    })
}

/// The schema of a case file.
///
/// # Errors
/// The definition is missing or does not compile.
pub fn schema(root: &Path) -> Result<Value> {
    let include = root.join(INCLUDE);
    let mut compiler = protox::Compiler::new([&include])?;
    compiler.include_source_info(true).include_imports(true);
    compiler.open_file(include.join(FILE)).with_context(|| format!("compiling {FILE}"))?;
    of(&compiler.descriptor_pool())
}

fn of(pool: &DescriptorPool) -> Result<Value> {
    let file = pool.get_message_by_name(ROOT).with_context(|| format!("{FILE} has no {ROOT}"))?;
    let mut definitions = Map::new();
    define(&file, &mut definitions);
    let Some(Value::Object(mut schema)) = definitions.remove(file.name()) else {
        anyhow::bail!("{ROOT} has no definition");
    };
    schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".into(), json!("Case file of the conformance suite"));
    schema.insert("$defs".into(), Value::Object(definitions));
    Ok(Value::Object(schema))
}

/// Adds a message and all that it needs.
fn define(message: &MessageDescriptor, definitions: &mut Map<String, Value>) {
    if definitions.contains_key(message.name()) {
        return;
    }
    // Before its fields, since a message can hold itself.
    definitions.insert(message.name().to_owned(), Value::Null);
    let properties: Map<String, Value> =
        message.fields().map(|field| (field.name().to_owned(), property(message, &field, definitions))).collect();
    let mut schema = json!({
        "type": "object",
        "description": comment(&message.parent_file(), message.path()),
        "properties": properties,
        "additionalProperties": false,
    });
    if let Some((_, keys)) = REQUIRED.iter().find(|(name, _)| *name == message.name()) {
        schema["required"] = json!(keys);
    }
    let oneofs: Vec<Value> =
        message.oneofs().filter(|oneof| !oneof.is_synthetic()).map(|o| one_of(message, &o)).collect();
    if !oneofs.is_empty() {
        schema["allOf"] = json!(oneofs);
    }
    definitions.insert(message.name().to_owned(), schema);
}

/// One of the arms; none is right too, unless the comment says "exactly one".
fn one_of(message: &MessageDescriptor, oneof: &OneofDescriptor) -> Value {
    let mut arms: Vec<Value> = oneof.fields().map(|field| json!({"required": [field.name()]})).collect();
    if !comment(&message.parent_file(), oneof.path()).to_lowercase().contains("exactly one") {
        arms.push(json!({"not": {"anyOf": arms.clone()}}));
    }
    json!({ "oneOf": arms })
}

fn property(message: &MessageDescriptor, field: &FieldDescriptor, definitions: &mut Map<String, Value>) -> Value {
    let mut schema = if field.is_map() {
        let Kind::Message(entry) = field.kind() else { return Value::Bool(true) };
        let value = entry.map_entry_value_field();
        json!({"type": "object", "additionalProperties": single(&value.kind(), definitions)})
    } else if field.is_list() {
        json!({"type": "array", "items": single(&field.kind(), definitions)})
    } else {
        single(&field.kind(), definitions)
    };
    if let (Value::Object(schema), Some(Value::Object(more))) = (&mut schema, narrowed(message.name(), field.name())) {
        schema.extend(more);
    }
    schema["description"] = json!(comment(&message.parent_file(), field.path()));
    schema
}

/// A value that is neither a list nor a map.
fn single(kind: &Kind, definitions: &mut Map<String, Value>) -> Value {
    match kind {
        // Any object: its keys are those of a message of the boundary, which the suite checks.
        Kind::Message(message) if message.full_name() == "google.protobuf.Struct" => json!({"type": "object"}),
        Kind::Message(message) => {
            define(message, definitions);
            json!({"$ref": format!("#/$defs/{}", message.name())})
        }
        Kind::Enum(kind) => {
            let names: Vec<String> =
                kind.values().filter(|value| value.number() != 0).map(|value| value.name().to_owned()).collect();
            json!({ "enum": names })
        }
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Uint32 => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
        Kind::Uint64 => json!({"type": "integer", "minimum": 0, "maximum": u64::MAX}),
        Kind::String => json!({"type": "string"}),
        // Nothing else stands in the definition; what is added shows as a change of the schema.
        other => json!({"$comment": format!("{other:?}")}),
    }
}
