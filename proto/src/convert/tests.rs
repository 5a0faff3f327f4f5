//! What passes the edge unchanged, and what it refuses.

use bytes::Bytes;
use ecp_types::*;

use super::*;
use crate::v1alpha1 as pb;

fn certificate() -> Certificate {
    Certificate {
        height: 7,
        round: 0,
        commitment: Commitment([9; 32]),
        signatures: vec![CommitSignature { address: Felt::from_u64(1), signature: vec![1; 64] }],
    }
}

fn params() -> HeightParams {
    HeightParams {
        height: 0,
        committee: Committee {
            members: vec![
                Member { address: Felt::from_u64(1), public_key: vec![1; 32], voting_power: 1 },
                Member { address: Felt::from_u64(2), public_key: vec![2; 32], voting_power: 3 },
            ],
            hash: [4; 32],
        },
        proposers: vec![1, 0],
        builder: Felt::from_u64(3),
        quorum: Quorum::TWO_THIRDS,
        starknet_version: "0.14.4".into(),
        part_format: "ecp-test/1".into(),
        commitment_scheme: "ecp-test/1".into(),
        signature_scheme: "ed25519".into(),
        timeouts: Timeouts {
            propose_ms: 3000,
            propose_delta_ms: 0,
            prevote_ms: 1,
            prevote_delta_ms: 2,
            precommit_ms: 3,
            precommit_delta_ms: 4,
            rebroadcast_ms: 5,
            target_height_ms: None,
        },
        max_proposal_bytes: 8 << 20,
    }
}

#[test]
fn values_come_back_unchanged() {
    let part = Part { index: 0, kind: PartKind::Init, payload: Bytes::from_static(b"x") };
    assert_eq!(Part::try_from(pb::Part::from(part.clone())), Ok(part));
    assert_eq!(Certificate::try_from(pb::CommitCertificate::from(certificate())), Ok(certificate()));
    assert_eq!(HeightParams::try_from(pb::HeightParams::from(params())), Ok(params()));
    for verdict in [
        Verdict::Valid { commitment: Commitment([1; 32]), executed_count: 0 },
        Verdict::Invalid { reason: InvalidReason::FinMismatch, detail: "gas".into() },
        Verdict::RejectedLocal {
            reason: LocalReason::PriceBand,
            commitment: Commitment([1; 32]),
            detail: String::new(),
        },
        Verdict::NotReady(Missing::BlockHash(0)),
        Verdict::Aborted,
        Verdict::Expired,
    ] {
        assert_eq!(Verdict::try_from(pb::Verdict::from(verdict.clone())), Ok(verdict));
    }
}

#[test]
fn absence_of_a_height_is_refused_and_zero_is_not() {
    let mut position = pb::Position::from(Position { height: 0, commitment: Commitment([0; 32]) });
    assert!(Position::try_from(position.clone()).is_ok());
    position.height = None;
    assert_eq!(Position::try_from(position).unwrap_err().field, "height");
}

#[test]
fn an_enum_value_of_zero_is_refused() {
    let mut part = pb::Part::from(Part { index: 1, kind: PartKind::Body, payload: Bytes::new() });
    part.kind = 0;
    assert_eq!(Part::try_from(part.clone()).unwrap_err().field, "kind");
    part.kind = 99;
    assert_eq!(Part::try_from(part).unwrap_err().field, "kind");
}

#[test]
fn errors_name_the_path() {
    let mut raw = pb::CommitCertificate::from(certificate());
    raw.signatures[0].address = Bytes::from_static(&[0xff; 32]);
    let error = Certificate::try_from(raw).unwrap_err();
    assert_eq!(error.field, "signatures[0].address");
    let mut raw = pb::HeightParams::from(params());
    raw.committee.as_mut().unwrap().members[1].voting_power = 0;
    assert_eq!(HeightParams::try_from(raw).unwrap_err().field, "committee.members[1].voting_power");
}

#[test]
fn a_committee_is_bounded_and_unique() {
    let mut raw = pb::HeightParams::from(params());
    let members = &mut raw.committee.as_mut().unwrap().members;
    members[1].address = members[0].address.clone();
    assert!(HeightParams::try_from(raw.clone()).unwrap_err().problem.contains("twice"));
    let members = &mut raw.committee.as_mut().unwrap().members;
    members[1].address = Bytes::copy_from_slice(Felt::from_u64(2).as_bytes());
    members[0].voting_power = 1 << 62;
    assert!(HeightParams::try_from(raw).unwrap_err().problem.contains("2^62"));
}

#[test]
fn valid_round_belongs_to_quorum_only() {
    let raw = |kind: pb::BasisKind, valid_round| pb::Basis { kind: kind.into(), valid_round };
    assert_eq!(Basis::try_from(raw(pb::BasisKind::Quorum, Some(0))), Ok(Basis::Quorum(0)));
    assert!(Basis::try_from(raw(pb::BasisKind::Quorum, None)).is_err());
    assert!(Basis::try_from(raw(pb::BasisKind::Fresh, Some(0))).is_err());
}

#[test]
fn a_decision_agrees_with_its_certificate() {
    let decision = Decision { height: 7, round: 0, commitment: Commitment([9; 32]), certificate: certificate() };
    let raw = pb::DecideRequest::from(decision.clone());
    assert_eq!(Decision::try_from(raw.clone()), Ok(decision));
    let other = pb::DecideRequest { round: Some(1), ..raw };
    assert_eq!(Decision::try_from(other).unwrap_err().field, "certificate.round");
}

#[test]
fn budgets_have_a_range() {
    let raw = pb::BuildProposalRequest {
        stream_id: Bytes::from_static(&[1; 16]),
        height: Some(1),
        round: Some(0),
        proposer: Bytes::from_static(&[0; 32]),
        budget_ms: 0,
    };
    assert_eq!(BuildOpen::try_from(raw.clone()).unwrap_err().field, "budget_ms");
    assert!(BuildOpen::try_from(pb::BuildProposalRequest { budget_ms: 600_001, ..raw.clone() }).is_err());
    assert!(BuildOpen::try_from(pb::BuildProposalRequest { budget_ms: 600_000, ..raw }).is_ok());
}

#[test]
fn unknown_features_are_ignored() {
    assert_eq!(features(&[1, 77, 0, 1]), vec![Feature::Finalize]);
}

#[test]
fn json_is_protojson() {
    let text =
        serde_json::to_string(&pb::Position::from(Position { height: 7, commitment: Commitment([0; 32]) })).unwrap();
    assert_eq!(text, r#"{"height":"7","commitment":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#);
}
