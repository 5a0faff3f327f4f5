//! The vectors in `spec/vectors/signatures` are what this crate computes, and hold on their own terms.
//!
//! After a change of the layout, `ECP_UPDATE_VECTORS=1 cargo test -p ecp-signatures` writes them anew.
#![allow(clippy::unwrap_used)]

use std::{env, fs, path::PathBuf};

use bytes::Bytes;
use ecp_signatures::{
    BadCertificate, Content, Envelope, PrivateKey, Scheme, Signature, StreamHeader, message::Preimage, scheme,
    verify_certificate, verify_envelope,
};
use ecp_types::{
    Certificate, CommitSignature, Commitment, Committee, Counts, Felt, HeightParams, Member, Network, Part, PartKind,
    Quorum, Timeouts, VoteType,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn network() -> Network {
    Network { chain_id: "ECP_VECTORS".into(), genesis_hash: [0; 32], fork_id: 3, activation_digest: [0; 32] }
}

fn key(scheme: Scheme, index: u64) -> PrivateKey {
    PrivateKey::from_bytes(scheme, Felt::from_u64(0x1234_5678_9abc_def0 + index).as_bytes()).unwrap()
}

fn commitment() -> Commitment {
    Commitment(std::array::from_fn(|byte| byte as u8))
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn unhex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap().strip_prefix("0x").unwrap()).unwrap()
}

/// The messages of the vectors: name, fields, preimage.
fn messages() -> Vec<(&'static str, Value, Preimage)> {
    let (network, commitment) = (network(), commitment());
    let vote = |vote_type, height, round, commitment: Option<&Commitment>| {
        let name = if vote_type == VoteType::Prevote { "prevote" } else { "precommit" };
        let commitment_text = commitment.map(|commitment| hex(commitment.as_bytes()));
        let fields = json!({ "vote_type": name, "height": height, "round": round, "commitment": commitment_text });
        (fields, Preimage::vote(&network, vote_type, height, round, commitment))
    };
    let proposal = |height, round, valid_round: Option<u32>| {
        let fields = json!({
            "height": height, "round": round, "valid_round": valid_round, "commitment": hex(commitment.as_bytes()),
        });
        (fields, Preimage::proposal(&network, height, round, valid_round, &commitment))
    };
    let stream_id = [7; 16];
    let part = |kind, index, payload: &'static [u8]| {
        let fields = json!({
            "stream_id": hex(stream_id), "height": 64, "round": 2, "valid_round": null,
            "kind": format!("{kind:?}").to_uppercase(), "index": index, "payload": hex(payload),
        });
        let part = Part { index, kind, payload: Bytes::from_static(payload) };
        (fields, Preimage::part(&network, &stream_id, 64, 2, None, &part))
    };
    let counts = Counts { parts: 3, bytes: 1_000_000 };
    let end = (
        json!({
            "stream_id": hex(stream_id), "height": 64, "round": 2, "valid_round": 1, "kind": "END",
            "parts": counts.parts, "bytes": counts.bytes, "commitment": hex(commitment.as_bytes()),
        }),
        Preimage::end(&network, &stream_id, 64, 2, Some(1), &counts, &commitment),
    );
    let named = |name, (fields, preimage)| (name, fields, preimage);
    vec![
        named("prevote", vote(VoteType::Prevote, 64, 0, Some(&commitment))),
        named("prevote nil", vote(VoteType::Prevote, 64, 0, None)),
        named("precommit", vote(VoteType::Precommit, 64, 0, Some(&commitment))),
        named("precommit nil", vote(VoteType::Precommit, 64, 0, None)),
        named("precommit at height 0 in a late round", vote(VoteType::Precommit, 0, 258, Some(&commitment))),
        named("proposal", proposal(64, 0, None)),
        named("proposal with a valid round", proposal(64, 2, Some(1))),
        named("part init", part(PartKind::Init, 0, b"init")),
        named("part body", part(PartKind::Body, 1, b"")),
        named("part fin", part(PartKind::Fin, 2, b"fin")),
        named("end of a stream", end),
    ]
}

fn signature_vectors(scheme: Scheme) -> Value {
    let key = key(scheme, 0);
    let cases = messages().into_iter().map(|(name, fields, preimage)| {
        let digest = preimage.digest();
        let mut case = json!({
            "name": name, "fields": fields, "preimage": hex(preimage.as_bytes()), "digest": hex(digest),
            "signature": hex(key.sign(&digest).0),
        });
        if scheme == Scheme::StarkEcdsa {
            case["message"] = hex(scheme::stark_message(&digest).to_bytes_be()).into();
        }
        case
    });
    json!({
        "network": { "chain_id": network().chain_id, "fork_id": network().fork_id },
        "scheme": scheme.name(),
        "private_key": hex(Felt::from_u64(0x1234_5678_9abc_def0).as_bytes()),
        "public_key": hex(key.public_key().to_bytes()),
        "cases": cases.collect::<Vec<_>>(),
    })
}

fn params(scheme: Scheme, powers: &[u64]) -> HeightParams {
    let members = powers.iter().enumerate().map(|(index, power)| Member {
        address: Felt::from_u64(100 + index as u64),
        public_key: key(scheme, index as u64).public_key().to_bytes().to_vec(),
        voting_power: *power,
    });
    HeightParams {
        height: 64,
        committee: Committee { members: members.collect(), hash: [0; 32] },
        proposers: vec![0],
        builder: Felt::ZERO,
        quorum: Quorum::TWO_THIRDS,
        starknet_version: "0.14.4".into(),
        part_format: "ecp-test/1".into(),
        commitment_scheme: "ecp-test/1".into(),
        signature_scheme: scheme.name().into(),
        timeouts: Timeouts {
            propose_ms: 1,
            propose_delta_ms: 0,
            prevote_ms: 1,
            prevote_delta_ms: 0,
            precommit_ms: 1,
            precommit_delta_ms: 0,
            rebroadcast_ms: 1,
            target_height_ms: None,
        },
        max_proposal_bytes: 1,
    }
}

/// A certificate of height 64 in round 1 with the precommits of these members.
fn certificate(scheme: Scheme, signers: &[u64]) -> Certificate {
    let preimage = Preimage::vote(&network(), VoteType::Precommit, 64, 1, Some(&commitment()));
    let signatures = signers.iter().map(|index| CommitSignature {
        address: Felt::from_u64(100 + index),
        signature: key(scheme, *index).sign(&preimage.digest()).0.to_vec(),
    });
    Certificate { height: 64, round: 1, commitment: commitment(), signatures: signatures.collect() }
}

fn verdict(result: &Result<(), BadCertificate>) -> &'static str {
    match result {
        Ok(()) => "valid",
        Err(BadCertificate::Height { .. }) => "height",
        Err(BadCertificate::Duplicate(_)) => "duplicate signer",
        Err(BadCertificate::Unknown(_)) => "unknown signer",
        Err(BadCertificate::Signature(_)) => "signature",
        Err(BadCertificate::Quorum { .. }) => "no quorum",
        Err(BadCertificate::Key(_)) => "key",
    }
}

/// Name, voting powers, certificate, verdict that is expected.
fn certificates(scheme: Scheme) -> Vec<(&'static str, Vec<u64>, Certificate, &'static str)> {
    let of = |signers: &[u64]| certificate(scheme, signers);
    let changed = |change: fn(&mut Certificate)| {
        let mut certificate = of(&[0, 1, 2]);
        change(&mut certificate);
        certificate
    };
    let one = vec![1; 4];
    vec![
        ("three of four", one.clone(), of(&[0, 1, 2]), "valid"),
        ("in another order", one.clone(), of(&[3, 1, 0]), "valid"),
        ("two of three is not more than two thirds", vec![1; 3], of(&[0, 1]), "no quorum"),
        ("power counts, not heads", vec![1, 1, 1, 7], of(&[3, 0]), "valid"),
        ("heads without power", vec![1, 1, 1, 7], of(&[0, 1, 2]), "no quorum"),
        ("the largest committee needs 128 bits", vec![1 << 60; 4], of(&[0, 1]), "no quorum"),
        ("the largest committee decides", vec![1 << 60; 4], of(&[0, 1, 3]), "valid"),
        ("nobody", one.clone(), of(&[]), "no quorum"),
        ("one signs twice", one.clone(), of(&[0, 1, 2, 2]), "duplicate signer"),
        ("a stranger beside a quorum", one.clone(), of(&[0, 1, 2, 9]), "unknown signer"),
        ("another height", one.clone(), changed(|c| c.height = 65), "height"),
        ("another round", one.clone(), changed(|c| c.round = 2), "signature"),
        ("another commitment", one.clone(), changed(|c| c.commitment.0[31] ^= 1), "signature"),
        ("a flipped bit", one.clone(), changed(|c| c.signatures[1].signature[40] ^= 1), "signature"),
        ("a short signature", one.clone(), changed(|c| c.signatures[1].signature.truncate(63)), "signature"),
        (
            "signatures swapped",
            one,
            changed(|c| {
                let first = c.signatures[0].signature.clone();
                c.signatures[0].signature = std::mem::replace(&mut c.signatures[1].signature, first);
            }),
            "signature",
        ),
    ]
}

fn certificate_vectors(scheme: Scheme) -> Value {
    let cases = certificates(scheme).into_iter().map(|(name, powers, certificate, expected)| {
        let members = params(scheme, &powers).committee.members.into_iter().map(|member| {
            json!({
                "address": hex(member.address.as_bytes()), "public_key": hex(member.public_key),
                "voting_power": member.voting_power.to_string(),
            })
        });
        let signatures = certificate
            .signatures
            .iter()
            .map(|entry| json!({ "address": hex(entry.address.as_bytes()), "signature": hex(&entry.signature) }));
        json!({
            "name": name, "committee": members.collect::<Vec<_>>(), "verdict": expected,
            "certificate": {
                "height": certificate.height, "round": certificate.round,
                "commitment": hex(certificate.commitment.as_bytes()), "signatures": signatures.collect::<Vec<_>>(),
            },
        })
    });
    json!({
        "network": { "chain_id": network().chain_id, "fork_id": network().fork_id },
        "scheme": scheme.name(), "height": 64, "quorum": { "numerator": 2, "denominator": 3 },
        "cases": cases.collect::<Vec<_>>(),
    })
}

/// The file's content, after it was written anew if that is asked for.
fn file(name: &str, computed: &Value) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors/signatures").join(name);
    if env::var_os("ECP_UPDATE_VECTORS").is_some() {
        fs::write(&path, serde_json::to_string_pretty(computed).unwrap() + "\n").unwrap();
    }
    serde_json::from_slice(&fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).unwrap()
}

#[test]
fn signatures_are_those_of_the_vectors() {
    for scheme in [Scheme::StarkEcdsa, Scheme::Ed25519] {
        let computed = signature_vectors(scheme);
        let vectors = file(&format!("{}.json", scheme.name()), &computed);
        assert_eq!(computed, vectors);
        let key = key(scheme, 0).public_key();
        assert_eq!(unhex(&vectors["public_key"]), key.to_bytes());
        let cases = vectors["cases"].as_array().unwrap();
        for (index, case) in cases.iter().enumerate() {
            let digest: [u8; 32] = Sha256::digest(unhex(&case["preimage"])).into();
            assert_eq!(unhex(&case["digest"]), digest);
            let signature = Signature::from_bytes(&unhex(&case["signature"])).unwrap();
            assert!(key.verify(&digest, &signature), "{}", case["name"]);
            // No signature is good for another message.
            let others = cases.iter().enumerate().filter(|(other, _)| *other != index);
            for (_, other) in others {
                let digest: [u8; 32] = unhex(&other["digest"]).try_into().unwrap();
                assert!(!key.verify(&digest, &signature), "{} and {}", case["name"], other["name"]);
            }
        }
    }
}

#[test]
fn certificates_have_the_verdicts_of_the_vectors() {
    for scheme in [Scheme::StarkEcdsa, Scheme::Ed25519] {
        let computed = certificate_vectors(scheme);
        assert_eq!(computed, file(&format!("certificates-{}.json", scheme.name()), &computed));
        for (name, powers, certificate, expected) in certificates(scheme) {
            let result = verify_certificate(&certificate, &params(scheme, &powers), &network());
            assert_eq!(verdict(&result), expected, "{name}");
        }
        let good = certificate(scheme, &[0, 1, 2]);
        for other in [
            Network { chain_id: "ECP_VECTORT".into(), ..network() },
            Network { chain_id: "ECP_VECTORS2".into(), ..network() },
            Network { fork_id: 4, ..network() },
        ] {
            let result = verify_certificate(&good, &params(scheme, &[1; 4]), &other);
            assert_eq!(verdict(&result), "signature", "{other:?}");
        }
    }
}

#[test]
fn the_layout_of_a_vote_is_what_the_documentation_says() {
    let preimage = Preimage::vote(&network(), VoteType::Precommit, 0x0102, 3, Some(&commitment()));
    let mut bytes = b"\x0becp/vote/v1\x0bECP_VECTORS\0\0\0\0\0\0\0\x03\x02\0\0\0\0\0\0\x01\x02\0\0\0\x03\x01".to_vec();
    bytes.extend(0..32);
    assert_eq!(preimage.as_bytes(), bytes);
    let nil = Preimage::vote(&network(), VoteType::Prevote, 0x0102, 3, None);
    let bytes = b"\x0becp/vote/v1\x0bECP_VECTORS\0\0\0\0\0\0\0\x03\x01\0\0\0\0\0\0\x01\x02\0\0\0\x03\0";
    assert_eq!(nil.as_bytes(), bytes);
}

#[test]
fn envelopes_are_the_proposers_own() {
    let scheme = Scheme::Ed25519;
    let params = params(scheme, &[1; 2]);
    let header =
        StreamHeader { stream_id: [1; 16], height: 64, round: 0, valid_round: None, proposer: Felt::from_u64(100) };
    let part = Part { index: 0, kind: PartKind::Init, payload: Bytes::from_static(b"init") };
    let good = Envelope::sign(header, Content::Part(part.clone()), &key(scheme, 0), &network());
    assert!(verify_envelope(&good, &params, &network()).is_ok());
    let refused = |change: fn(&mut Envelope)| {
        let mut envelope = good.clone();
        change(&mut envelope);
        verify_envelope(&envelope, &params, &network()).unwrap_err().to_string()
    };
    assert!(refused(|envelope| envelope.header.height = 65).contains("height"));
    assert!(refused(|envelope| envelope.header.proposer = Felt::from_u64(101)).contains("does not propose"));
    for change in [
        (|envelope| envelope.header.stream_id[0] = 2) as fn(&mut Envelope),
        |envelope| envelope.header.round = 1,
        |envelope| envelope.header.valid_round = Some(0),
        |envelope| envelope.signature.0[0] ^= 1,
        |envelope| {
            let counts = Counts { parts: 0, bytes: 4 };
            envelope.content = Content::End { counts, commitment: Commitment([0; 32]) };
        },
        |envelope| {
            let payload = Bytes::from_static(b"inis");
            envelope.content = Content::Part(Part { index: 0, kind: PartKind::Init, payload });
        },
    ] {
        let text = refused(change);
        assert!(text.contains("signature"), "{text}");
    }
    let stolen = Envelope::sign(header, Content::Part(part), &key(scheme, 1), &network());
    assert!(verify_envelope(&stolen, &params, &network()).is_err());
}
