//! Files from elsewhere are what their README says, and the wire structs have the field numbers of the `.proto` files.
use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use ecp_engine_starknet::wire;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage, Value};
use sha2::{Digest, Sha256};

fn third_party() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../third_party")
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn vendored_contracts_have_the_digests_of_their_readme() {
    let folder = third_party().join("contracts");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let named: BTreeMap<&str, &str> = readme
        .lines()
        .filter_map(|line| line.split_once("  "))
        .filter(|(digest, _)| digest.len() == 64)
        .map(|(digest, file)| (file, digest))
        .collect();
    let mut seen = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name == "README.md" {
            continue;
        }
        let bytes = fs::read(folder.join(&name)).unwrap();
        assert_eq!(named.get(&*name).copied(), Some(&*sha256(&bytes)), "{name}");
        seen += 1;
        if let Some(unpacked) = name.strip_suffix(".gz") {
            let mut content = Vec::new();
            flate2::read::GzDecoder::new(&*bytes).read_to_end(&mut content).unwrap();
            assert_eq!(named.get(unpacked).copied(), Some(&*sha256(&content)), "{unpacked}");
            seen += 1;
        }
    }
    assert_eq!(seen, named.len(), "the README names files that are not there");
    assert_eq!(seen, 9);
}

fn pool() -> DescriptorPool {
    let folder = third_party().join("starknet-p2p/2026-08");
    let files = ["common.proto", "transaction.proto", "consensus.proto"];
    DescriptorPool::from_file_descriptor_set(protox::compile(files, [folder]).unwrap()).unwrap()
}

/// Fills every field with a value that is not its default, so that a wrong number or type shows.
fn filled(message: &mut DynamicMessage, oneof_choice: usize, next: &mut u64) {
    for field in message.descriptor().fields() {
        if let Some(oneof) = field.containing_oneof()
            && !field.field_descriptor_proto().proto3_optional()
            && oneof.fields().nth(oneof_choice).as_ref() != Some(&field)
        {
            continue;
        }
        *next += 1;
        let value = match field.kind() {
            prost_reflect::Kind::Message(kind) => {
                let mut inner = DynamicMessage::new(kind);
                filled(&mut inner, oneof_choice, next);
                Value::Message(inner)
            }
            prost_reflect::Kind::Enum(_) => Value::EnumNumber(1),
            prost_reflect::Kind::Uint64 => Value::U64(*next),
            prost_reflect::Kind::Uint32 => Value::U32(*next as u32),
            prost_reflect::Kind::String => Value::String(format!("text {next}")),
            prost_reflect::Kind::Bytes => Value::Bytes(next.to_be_bytes().to_vec().into()),
            other => panic!("{other:?}"),
        };
        message.set_field(&field, if field.is_list() { Value::List(vec![value.clone(), value]) } else { value });
    }
}

/// What the structs read and write again is the same message, with no field lost.
fn comes_back<M: Message + Default>(pool: &DescriptorPool, name: &str, oneof_choice: usize) {
    let kind = pool.get_message_by_name(&format!("starknet.p2p.v202608.{name}")).unwrap();
    let mut message = DynamicMessage::new(kind.clone());
    filled(&mut message, oneof_choice, &mut 0);
    let read = M::decode(&*message.encode_to_vec()).unwrap();
    let again = DynamicMessage::decode(kind, &*read.encode_to_vec()).unwrap();
    assert_eq!(again, message, "{name}");
}

#[test]
fn the_wire_structs_have_the_fields_of_the_proto_files() {
    let pool = pool();
    comes_back::<wire::ProposalInit>(&pool, "ProposalInit", 0);
    comes_back::<wire::ProposalFin>(&pool, "ProposalFin", 0);
    for kind in 0..4 {
        comes_back::<wire::TransactionBatch>(&pool, "TransactionBatch", kind);
    }
}
