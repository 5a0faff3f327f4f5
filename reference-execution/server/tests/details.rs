//! Details of errors: each reason carries the keys of the table, in the form of the table (ECP-ERR-009). The support
//! checks the keys of every error that a test reads.

#![allow(clippy::unwrap_used)]

mod support;

use ecp_proto::v1alpha1::{self as pb, import_decided_request::Event as Import};
use ecp_types::{
    Reason,
    limits::{HANDSHAKE_BYTES, MESSAGE_BYTES, PART_BYTES, PARTS_MAX},
};
use support::{FIRST, Half, Net, bytes, detail, handshake, import, open, proposal, reason, wire};

fn part(index: u32, kind: pb::PartKind, size: usize) -> pb::Part {
    pb::Part { index: Some(index), kind: kind.into(), payload: vec![0; size].into() }
}

fn header(messages: &mut [pb::ImportDecidedRequest]) -> &mut pb::DecidedHeader {
    let Some(Import::Header(header)) = &mut messages[0].event else { panic!("an import begins with its header") };
    header
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_decimal_numbers() {
    let half = Half::start(Net::default()).await;
    let mut client = half.connect().await;
    let big = pb::HandshakeRequest { features: vec![77; 70_000], ..handshake(&half.net.genesis(), [7; 16]) };
    assert_eq!(detail(&client.handshake(big).await.unwrap_err(), "limit"), HANDSHAKE_BYTES.to_string());
    let mut caller = half.writer().await;
    for (stream, size, limit) in [(1, (6 << 20) + 1, PART_BYTES), (2, 9 << 20, MESSAGE_BYTES)] {
        let refused = caller.validate(proposal(open(FIRST, stream), &[part(0, pb::PartKind::Init, size)])).await;
        assert_eq!(detail(&refused.unwrap_err(), "limit"), limit.to_string());
    }
    let above = part(u32::try_from(PARTS_MAX).unwrap(), pb::PartKind::Body, 1);
    let refused = caller.validate(proposal(open(FIRST, 3), &[above])).await.unwrap_err();
    assert_eq!((reason(&refused), detail(&refused, "limit")), (Reason::LimitExceeded, PARTS_MAX.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_whole_paths_from_the_message_that_was_sent() {
    type Change = fn(&mut pb::HandshakeRequest);
    let half = Half::start(Net::default()).await;
    let mut client = half.connect().await;
    let good = handshake(&half.net.genesis(), [7; 16]);
    let mut bad = Vec::new();
    let changes: [(Change, &str); 6] = [
        (|h| h.revisions.clear(), "revisions"),
        (|h| h.revisions = vec![1, 0], "revisions[1]"),
        (|h| h.network = None, "network"),
        (|h| h.network.as_mut().unwrap().fork_id = None, "network.fork_id"),
        (|h| h.limits.as_mut().unwrap().max_part_bytes = 1, "limits.max_part_bytes"),
        (|h| h.consensus_id = vec![1; 15].into(), "consensus_id"),
    ];
    for (change, field) in changes {
        let mut request = good.clone();
        change(&mut request);
        bad.push((client.handshake(request).await.unwrap_err(), field));
    }
    let mut caller = half.writer().await;
    let mut without = open(FIRST, 1);
    without.basis = None;
    bad.push((caller.validate(proposal(without, &[])).await.unwrap_err(), "open.basis"));
    let mut round = open(FIRST, 2);
    round.valid_round = Some(0);
    bad.push((caller.validate(proposal(round, &[])).await.unwrap_err(), "open.valid_round"));
    let unknown = pb::Part { index: Some(0), kind: 9, payload: vec![1].into() };
    bad.push((caller.validate(proposal(open(FIRST, 3), &[unknown])).await.unwrap_err(), "part.kind"));
    let empty = pb::ValidateProposalRequest { event: None };
    bad.push((caller.validate(vec![empty]).await.unwrap_err(), "event"));
    let mut request = import(FIRST, &[1; 32], &[]);
    header(&mut request).certificate.as_mut().unwrap().signatures[0].address = vec![0xff; 32].into();
    bad.push((caller.import(request).await.unwrap_err(), "header.certificate.signatures[0].address"));
    for (status, field) in bad {
        assert_eq!((reason(&status), detail(&status, "field")), (Reason::FieldInvalid, field.to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heights_commitments_and_networks_are_told() {
    let half = Half::start(Net::default()).await;
    let mut client = half.connect().await;
    let mut other = handshake(&half.net.genesis(), [7; 16]);
    other.network.as_mut().unwrap().fork_id = Some(3);
    let refused = client.handshake(other).await.unwrap_err();
    let told = ["field", "expected", "received"].map(|key| detail(&refused, key));
    assert_eq!(told, ["network.fork_id", "0", "3"]);
    let refused =
        client.handshake(pb::HandshakeRequest { revisions: vec![9], ..handshake(&half.net.genesis(), [7; 16]) });
    assert_eq!(detail(&refused.await.unwrap_err(), "supported"), "1");

    let mut caller = half.writer().await;
    assert_eq!(detail(&caller.start_round(FIRST + 5, 0).await.unwrap_err(), "expected"), FIRST.to_string());
    let block = support::block(&half, FIRST, vec![half.net.pay(0, 0)]);
    let commitment = bytes(block.commitment());
    caller.validate(proposal(open(FIRST, 1), &wire(&block.parts()))).await.unwrap();
    let gap = [part(1, pb::PartKind::Body, 1)];
    let refused = caller.validate(proposal(open(FIRST, 2), &gap)).await.unwrap_err();
    assert_eq!(reason(&refused), Reason::StreamOrder);
    caller.decide(FIRST, &commitment).await.unwrap();
    // A caller may read further; what lies below the archive is told with its first height.
    let refused = caller.get_decided(FIRST - 1, FIRST).await.unwrap_err();
    assert_eq!((reason(&refused), detail(&refused, "earliest")), (Reason::Pruned, FIRST.to_string()));
    let refused = caller.decide(FIRST, &[9; 32]).await.unwrap_err();
    assert_eq!((reason(&refused), detail(&refused, "committed")), (Reason::Conflict, block.commitment().to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_of_a_peer_makes_no_status() {
    let half = Half::start(Net::default()).await;
    let mut caller = half.writer().await;
    let block = support::block(&half, FIRST, vec![half.net.pay(0, 0)]);
    let parts = wire(&block.parts());
    let malformed = pb::ImportOutcome::Malformed;
    let mut strange = import(FIRST, &bytes(block.commitment()), &parts);
    header(&mut strange).part_format = "someone-elses/9".into();
    assert_eq!(caller.import(strange).await.unwrap().outcome(), malformed);
    let mut more = import(FIRST, &bytes(block.commitment()), &parts);
    header(&mut more).counts.as_mut().unwrap().parts = Some(u32::try_from(PARTS_MAX).unwrap() + 1);
    assert_eq!(caller.import(more).await.unwrap().outcome(), malformed);
    // The half is as it was.
    let good = import(FIRST, &bytes(block.commitment()), &parts);
    assert_eq!(caller.import(good).await.unwrap().outcome(), pb::ImportOutcome::Committed);
}
