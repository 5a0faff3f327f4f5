//! Values of a real block: the first one of the test chain's vectors, decided by three of its four members.

use std::fs;

use bytes::Bytes;
use ecp_proto::v1alpha1 as pb;
use ecp_signatures::{PrivateKey, Scheme, message::Preimage};
use ecp_types::{Certificate, CommitSignature, Commitment, Felt, Genesis, Network, VoteType};
use serde_json::Value;

use crate::root;

/// First height of the test chain's genesis.
pub(crate) const HEIGHT: u64 = 7;
/// Seeds of the first three members' Ed25519 keys.
const SEEDS: [[u8; 32]; 3] = [[0x10; 32], [0x11; 32], [0x12; 32]];

/// The first block of `spec/vectors/test-chain/blocks.json`.
pub(crate) struct Block {
    pub(crate) parts: Vec<pb::Part>,
    pub(crate) commitment: Bytes,
    pub(crate) executed_count: u64,
    pub(crate) block_hash: Bytes,
    pub(crate) state_root: Bytes,
}

fn test_chain(name: &str) -> Vec<u8> {
    fs::read(root().join("spec/vectors/test-chain").join(name)).unwrap()
}

pub(crate) fn genesis() -> Genesis {
    Genesis::read(&test_chain("genesis.json")).unwrap()
}

pub(crate) fn network() -> pb::NetworkIdentity {
    genesis().network().into()
}

pub(crate) fn params(height: u64) -> pb::HeightParams {
    genesis().height_params(height).unwrap().into()
}

fn bytes(value: &Value) -> Bytes {
    ecp_types::decode_hex(value.as_str().unwrap()).unwrap().into()
}

/// 32 bytes; the file leaves leading zeros of felts out.
fn felt(value: &Value) -> Bytes {
    let digits = value.as_str().unwrap().trim_start_matches("0x");
    ecp_types::decode_hex(&format!("0x{digits:0>64}")).unwrap().into()
}

pub(crate) fn block() -> Block {
    block_at(HEIGHT)
}

/// A block of `blocks.json`, whose heights follow one another.
pub(crate) fn block_at(height: u64) -> Block {
    let file: Value = serde_json::from_slice(&test_chain("blocks.json")).unwrap();
    let case = &file["cases"][usize::try_from(height - HEIGHT).unwrap()];
    assert_eq!(case["slot"]["height"], height);
    let part = |(index, part): (usize, &Value)| pb::Part {
        index: Some(index.try_into().unwrap()),
        kind: match part["kind"].as_str().unwrap() {
            "INIT" => pb::PartKind::Init,
            "BODY" => pb::PartKind::Body,
            "FIN" => pb::PartKind::Fin,
            other => panic!("{other} is no kind of part"),
        }
        .into(),
        payload: bytes(&part["payload"]),
    };
    Block {
        parts: case["parts"].as_array().unwrap().iter().enumerate().map(part).collect(),
        commitment: bytes(&case["commitment"]),
        executed_count: case["executed_count"].as_u64().unwrap(),
        block_hash: felt(&case["block_hash"]),
        state_root: felt(&case["state_root"]),
    }
}

pub(crate) fn counts() -> pb::End {
    counts_of(&block().parts)
}

pub(crate) fn counts_of(parts: &[pb::Part]) -> pb::End {
    pb::End {
        parts: Some(parts.len().try_into().unwrap()),
        bytes: Some(parts.iter().map(|part| part.payload.len() as u64).sum()),
    }
}

/// A signature of one of the first three members.
pub(crate) fn sign(member: usize, preimage: &Preimage) -> Bytes {
    let key = PrivateKey::from_bytes(Scheme::Ed25519, &SEEDS[member]).unwrap();
    let listed = &params(HEIGHT).committee.unwrap().members[member].public_key;
    assert_eq!(key.public_key().to_bytes().as_slice(), listed.as_ref());
    Bytes::copy_from_slice(&key.sign(&preimage.digest()).0)
}

pub(crate) fn address(member: usize) -> Bytes {
    params(HEIGHT).committee.unwrap().members[member].address.clone()
}

/// A certificate of the block by three precommits, with real signatures.
pub(crate) fn certificate() -> pb::CommitCertificate {
    certificate_of(HEIGHT, 0)
}

/// The same of another block or round.
pub(crate) fn certificate_of(height: u64, round: u32) -> pb::CommitCertificate {
    let network: Network = genesis().network();
    let commitment = Commitment(block_at(height).commitment.as_ref().try_into().unwrap());
    let vote = Preimage::vote(&network, VoteType::Precommit, height, round, Some(&commitment));
    let signatures = (0..SEEDS.len())
        .map(|member| CommitSignature {
            address: Felt::from_bytes(&address(member)).unwrap(),
            signature: sign(member, &vote).to_vec(),
        })
        .collect();
    let certificate = Certificate { height, round, commitment, signatures };
    let params = genesis().height_params(height).unwrap();
    ecp_signatures::verify_certificate(&certificate, &params, &network).unwrap();
    certificate.into()
}

/// Two different prevotes, or precommits, of the third member.
pub(crate) fn double_vote() -> pb::DoubleVote {
    let vote = |commitment: Option<Commitment>| {
        let preimage = Preimage::vote(&genesis().network(), VoteType::Prevote, HEIGHT, 0, commitment.as_ref());
        pb::SignedVote {
            address: address(2),
            height: Some(HEIGHT),
            round: Some(0),
            vote_type: pb::VoteType::Prevote.into(),
            commitment: commitment.map(|c| Bytes::copy_from_slice(&c.0)),
            signature: sign(2, &preimage),
        }
    };
    let commitment = Commitment(block().commitment.as_ref().try_into().unwrap());
    pb::DoubleVote { first: Some(vote(Some(commitment))), second: Some(vote(None)) }
}

/// Two different proposals of the third member.
pub(crate) fn double_proposal() -> pb::DoubleProposal {
    let proposal = |commitment: Commitment| {
        let preimage = Preimage::proposal(&genesis().network(), HEIGHT, 2, None, &commitment);
        pb::SignedProposal {
            address: address(2),
            height: Some(HEIGHT),
            round: Some(2),
            valid_round: None,
            commitment: Bytes::copy_from_slice(&commitment.0),
            signature: sign(2, &preimage),
        }
    };
    let commitment = Commitment(block().commitment.as_ref().try_into().unwrap());
    pb::DoubleProposal { first: Some(proposal(commitment)), second: Some(proposal(Commitment([0xee; 32]))) }
}

pub(crate) fn position() -> pb::Position {
    position_of(HEIGHT)
}

pub(crate) fn position_of(height: u64) -> pb::Position {
    pb::Position { height: Some(height), commitment: block_at(height).commitment }
}

/// A name of 16 bytes: of a stream, an instance, a consensus half.
pub(crate) fn name16(byte: u8) -> Bytes {
    vec![byte; 16].into()
}
