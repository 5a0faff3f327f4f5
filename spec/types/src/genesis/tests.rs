use serde_json::{Value, json};

use super::*;

fn sample() -> Value {
    json!({
        "format": "ecp-genesis/1",
        "chain_id": "ECP_TEST",
        "fork_id": 0,
        "first_height": 5,
        "params": {
            "committee": [
                {"address": "0x1", "public_key": format!("0x{}", "11".repeat(32)), "voting_power": 1},
                {"address": "0x2", "public_key": format!("0x{}", "22".repeat(32)), "voting_power": 2},
                {"address": "0x3", "public_key": format!("0x{}", "33".repeat(32)), "voting_power": 3},
            ],
            "builder": "0xb",
            "quorum": {"numerator": 2, "denominator": 3},
            "timeouts": {
                "propose_ms": 3000, "propose_delta_ms": 500, "prevote_ms": 1000, "prevote_delta_ms": 500,
                "precommit_ms": 1000, "precommit_delta_ms": 500, "rebroadcast_ms": 5000
            },
            "starknet_version": "0.14.4",
            "part_format": "ecp-test/1",
            "commitment_scheme": "ecp-test/1",
            "signature_scheme": "ed25519",
            "max_proposal_bytes": 1000
        },
        "activations": [
            {"height": 8, "max_proposal_bytes": 2000},
            {"height": 9, "proposers": {"fixed": [2, 0]}},
        ],
        "workload": {"test_chain": {}}
    })
}

fn read(value: &Value) -> Result<Genesis, BadGenesis> {
    Genesis::read(&serde_json::to_vec(value).unwrap())
}

/// The sample with the value at `pointer` replaced, or added.
fn with(pointer: &str, value: Value) -> Value {
    let mut sample = sample();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = sample.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
        _ => parent[key] = value,
    }
    sample
}

#[test]
fn proposers_rotate_with_the_height() {
    let genesis = read(&sample()).unwrap();
    let list = |height| genesis.height_params(height).unwrap().proposers;
    assert_eq!(list(5), [0, 1, 2]);
    assert_eq!(list(6), [1, 2, 0]);
    assert_eq!(list(8), [0, 1, 2]);
    assert_eq!(list(9), [2, 0]);
    let params = genesis.height_params(9).unwrap();
    let by_round: Vec<_> = (0..5).map(|round| params.proposer(round).voting_power).collect();
    assert_eq!(by_round, [3, 1, 1, 2, 3]);
}

#[test]
fn activations_hold_from_their_height_on() {
    let genesis = read(&sample()).unwrap();
    assert_eq!(genesis.height_params(4), None);
    assert_eq!(genesis.height_params(7).unwrap().max_proposal_bytes, 1000);
    assert_eq!(genesis.height_params(8).unwrap().max_proposal_bytes, 2000);
    assert_eq!(genesis.height_params(u64::MAX).unwrap().max_proposal_bytes, 2000);
}

#[test]
fn digest_is_of_what_holds_and_hash_of_the_bytes() {
    let plain = read(&sample()).unwrap();
    let spelled_out = read(&with("/params/proposers", json!({"rotate": 3}))).unwrap();
    assert_eq!(plain.activation_digest(), spelled_out.activation_digest());
    assert_ne!(plain.genesis_hash(), spelled_out.genesis_hash());
    for changed in [
        with("/params/builder", json!("0xc")),
        with("/params/committee/1/voting_power", json!(7)),
        with("/params/proposers", json!({"rotate": 2})),
        with("/params/timeouts/target_height_ms", json!(1)),
        with("/activations/0/height", json!(7)),
        with("/first_height", json!(4)),
    ] {
        assert_ne!(plain.activation_digest(), read(&changed).unwrap().activation_digest(), "{changed}");
    }
}

#[test]
fn a_written_file_reads_back() {
    let genesis = read(&sample()).unwrap();
    let again = Genesis::read(&genesis.file().to_json()).unwrap();
    assert_eq!(again.file(), genesis.file());
    assert_eq!(again.activation_digest(), genesis.activation_digest());
}

#[test]
fn refusals_name_the_field() {
    let key = format!("0x{}", "11".repeat(32));
    for (pointer, value, expected) in [
        ("/format", json!("x"), "genesis field `format`: must be \"ecp-genesis/1\", got \"x\""),
        ("/chain_id", json!(""), "genesis field `chain_id`: must have 1 to 31 printable ASCII characters"),
        ("/params/committee", json!([]), "genesis field `params.committee`: must have 1 to 1000 members, has 0"),
        ("/params/committee/1/address", json!("0x1"), "genesis field `params.committee[1].address`: 0x1 stands twice"),
        ("/params/committee/1/public_key", json!(key), "genesis field `params.committee[1].public_key`: stands twice"),
        (
            "/params/committee/1/public_key",
            json!("0x11"),
            "genesis field `params.committee[1].public_key`: must be 32 bytes in the scheme ed25519, has 1",
        ),
        (
            "/params/committee/0/voting_power",
            json!(0),
            "genesis field `params.committee[0].voting_power`: must be at least 1",
        ),
        (
            "/params/committee/0/voting_power",
            json!(1u64 << 62),
            "genesis field `params.committee`: the sum of the voting power must be at most 2^62, is 4611686018427387909",
        ),
        (
            "/params/proposers",
            json!({"fixed": [0, 3]}),
            "genesis field `params.proposers.fixed[1]`: member 3 does not exist, the committee has 3",
        ),
        ("/params/proposers", json!({"rotate": 0}), "genesis field `params.proposers.rotate`: must be 1 to 256, is 0"),
        (
            "/params/quorum/denominator",
            json!(5),
            "genesis field `params.quorum`: must be a fraction of at least 1/2 and below 1, is 2/5",
        ),
        ("/params/timeouts/prevote_ms", json!(0), "genesis field `params.timeouts.prevote_ms`: must be at least 1"),
        ("/params/max_proposal_bytes", json!(0), "genesis field `params.max_proposal_bytes`: must be at least 1"),
        (
            "/activations/1/height",
            json!(8),
            "genesis field `activations[1].height`: must be above 8, the height before it in the table",
        ),
        (
            "/activations/1/proposers",
            json!({"fixed": [9]}),
            "genesis field `activations[1].proposers.fixed[0]`: member 9 does not exist, the committee has 3",
        ),
    ] {
        assert_eq!(read(&with(pointer, value)).unwrap_err().to_string(), expected);
    }
}

#[test]
fn unknown_fields_and_wrong_types_are_refused_where_they_stand() {
    for (pointer, value, path, word) in [
        ("/extra", json!(1), "extra", "unknown field"),
        ("/params/extra", json!(1), "params.extra", "unknown field"),
        ("/params/timeouts/extra", json!(1), "params.timeouts.extra", "unknown field"),
        ("/params/committee/2/voting_power", json!("3"), "params.committee[2].voting_power", "invalid type"),
        ("/params/builder", json!("b"), "params.builder", "a felt in text"),
        ("/workload", json!({"other": {}}), "workload", "unknown variant"),
    ] {
        match read(&with(pointer, value)).unwrap_err() {
            BadGenesis::Form { path: at, problem } => {
                assert!(at.starts_with(path), "{at} instead of {path}");
                assert!(problem.contains(word), "{problem}");
            }
            other => panic!("{other}"),
        }
    }
    assert!(matches!(Genesis::read(b"{}x"), Err(BadGenesis::Form { .. })));
}

#[test]
fn committee_hash_is_over_the_stated_bytes() {
    let member = Member { address: Felt::from_u64(1), public_key: vec![0x11; 2], voting_power: 3 };
    let mut bytes = b"ecp/committee/v1".to_vec();
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 1]);
    bytes.extend([0; 31]);
    bytes.push(1);
    bytes.extend([0, 0, 0, 2, 0x11, 0x11]);
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 3]);
    assert_eq!(committee_hash(&[member]), <[u8; 32]>::from(Sha256::digest(&bytes)));
}
