//! Blocks are built, validated, decided, read and imported over a Unix socket.

#![allow(clippy::unwrap_used)]

mod support;

use ecp_proto::v1alpha1 as pb;
use support::{FIRST, Half, Net, bytes, import, open, proposal, reason, wire};
use tokio_stream::StreamExt;

#[tokio::test(flavor = "multi_thread")]
async fn a_built_block_is_validated_elsewhere_decided_and_read_back() {
    let one = Half::start(Net::default()).await;
    let two = Half::start(Net::default()).await;
    let (mut a, mut b) = (one.writer().await, two.writer().await);
    for height in FIRST..FIRST + 3 {
        let request = a.with(pb::GetHeightParamsRequest { height: Some(height) });
        let params = a.client.get_height_params(request).await.unwrap().into_inner().params.unwrap();
        assert_eq!(params.height, Some(height));
        a.start_round(height, 0).await.unwrap();
        let (parts, built) = a.build(height, 0, height as u8, 5_000).await.unwrap();
        assert_eq!(built.executed_count, Some(if height == FIRST { 4 } else { 0 }));

        b.start_round(height, 0).await.unwrap();
        let verdict = b.validate(proposal(open(height, height as u8), &parts)).await.unwrap();
        let pb::verdict::Outcome::Valid(valid) = verdict else { panic!("{verdict:?}") };
        assert_eq!(valid.commitment, built.commitment);

        for caller in [&mut a, &mut b] {
            let decided = caller.decide(height, &built.commitment).await.unwrap();
            assert_eq!(decided.committed.unwrap().height, Some(height));
            assert_eq!(decided.next_params.unwrap().height, Some(height + 1));
        }
    }
    assert_eq!(a.get_decided(FIRST, FIRST + 2).await.unwrap(), b.get_decided(FIRST, FIRST + 2).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_block_is_imported_by_another_half() {
    use pb::get_decided_response::Event;
    let one = Half::start(Net::default()).await;
    let mut a = one.writer().await;
    let made = support::block(&one, FIRST, vec![one.net.pay(0, 0), one.net.pay(1, 0)]);
    let parts = wire(&made.parts());
    a.validate(proposal(open(FIRST, 1), &parts)).await.unwrap();
    a.decide(FIRST, &bytes(made.commitment())).await.unwrap();

    let events = a.get_decided(FIRST, FIRST).await.unwrap();
    assert!(matches!(events.last(), Some(Event::Done(done)) if done.last == Some(FIRST)));
    let read: Vec<_> =
        events.iter().filter_map(|e| if let Event::Part(p) = e { Some(p.clone()) } else { None }).collect();
    assert_eq!(read, parts);

    let two = Half::start(Net::default()).await;
    let mut b = two.writer().await;
    let reply = b.import(import(FIRST, &bytes(made.commitment()), &read)).await.unwrap();
    assert_eq!(reply.outcome(), pb::ImportOutcome::Committed);
    let again = b.import(import(FIRST, &bytes(made.commitment()), &read)).await.unwrap();
    assert_eq!(again.outcome(), pb::ImportOutcome::AlreadyCommitted);
    assert_eq!(b.get_decided(FIRST, FIRST).await.unwrap(), events);
}

#[tokio::test(flavor = "multi_thread")]
async fn watch_tells_the_state_at_once_at_each_change_and_each_second() {
    let half = Half::start(Net::default()).await;
    let mut caller = half.writer().await;
    let request = caller.with(pb::WatchRequest {});
    let mut watch = caller.client.watch(request).await.unwrap().into_inner();
    let first = watch.next().await.unwrap().unwrap();
    assert_eq!((first.phase(), first.committed, first.params_height), (pb::Phase::Ready, None, Some(FIRST)));

    let made = support::block(&half, FIRST, vec![]);
    caller.validate(proposal(open(FIRST, 1), &wire(&made.parts()))).await.unwrap();
    caller.decide(FIRST, &bytes(made.commitment())).await.unwrap();
    let mut sequence = first.sequence;
    loop {
        let state = watch.next().await.unwrap().unwrap();
        assert!(state.sequence > sequence);
        sequence = state.sequence;
        if state.committed.is_some_and(|p| p.height == Some(FIRST)) {
            break;
        }
    }
    // A heartbeat: nothing else changes.
    let beat = watch.next().await.unwrap().unwrap();
    assert!(beat.sequence > sequence);
}

#[tokio::test(flavor = "multi_thread")]
async fn block_hashes_follow_and_are_needed_ten_blocks_later() {
    use pb::get_block_hash_response::Result as Hash;
    let half = Half::start(Net::default()).await;
    let mut caller = half.writer().await;
    for height in FIRST..FIRST + 12 {
        caller.start_round(height, 0).await.unwrap();
        let (_, built) = caller.build(height, 0, height as u8, 5_000).await.unwrap();
        caller.decide(height, &built.commitment).await.unwrap();
    }
    let request = caller.with(pb::GetBlockHashRequest { height: Some(FIRST) });
    let answer = caller.client.get_block_hash(request).await.unwrap().into_inner().result.unwrap();
    assert!(matches!(answer, Hash::Known(known) if known.block_hash.len() == 32));
    let request = caller.with(pb::GetBlockHashRequest { height: Some(FIRST + 11) });
    let answer = caller.client.get_block_hash(request).await.unwrap().into_inner().result.unwrap();
    assert!(matches!(answer, Hash::NotYet(_)), "the hash of the head lags by one block");
    let request = caller.with(pb::GetBlockHashRequest { height: Some(FIRST + 12) });
    assert_eq!(reason(&caller.client.get_block_hash(request).await.unwrap_err()), ecp_types::Reason::NotReady);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reproposal_names_its_candidate_and_sends_init_only() {
    let half = Half::start(Net::default()).await;
    let mut caller = half.writer().await;
    let made = support::block(&half, FIRST, vec![half.net.pay(0, 0)]);
    let parts = wire(&made.parts());
    caller.validate(proposal(open(FIRST, 1), &parts)).await.unwrap();

    let request = caller.with(pb::ReframeInitRequest {
        height: Some(FIRST),
        init: parts[0].payload.clone(),
        round: Some(3),
        valid_round: Some(0),
        proposer: support::proposer(),
    });
    let init = caller.client.reframe_init(request).await.unwrap().into_inner().init;
    let init = pb::Part { index: Some(0), kind: pb::PartKind::Init.into(), payload: init };
    let again = pb::ValidateOpen {
        round: Some(3),
        valid_round: Some(0),
        same_as: Some(bytes(made.commitment()).into()),
        basis: Some(pb::Basis { kind: pb::BasisKind::Quorum.into(), valid_round: Some(0) }),
        ..open(FIRST, 2)
    };
    let verdict = caller.validate(proposal(again.clone(), std::slice::from_ref(&init))).await.unwrap();
    assert!(matches!(verdict, pb::verdict::Outcome::Valid(v) if v.commitment == bytes(made.commitment())));

    // An INIT of another slot is INVALID, an unknown candidate a status.
    let first = proposal(pb::ValidateOpen { stream_id: vec![3; 16].into(), ..again.clone() }, &parts[..1]);
    let verdict = caller.validate(first).await.unwrap();
    assert!(matches!(verdict, pb::verdict::Outcome::Invalid(i) if i.reason() == pb::InvalidReason::InitMismatch));
    let unknown = pb::ValidateOpen { stream_id: vec![4; 16].into(), same_as: Some(vec![9; 32].into()), ..again };
    let refused = caller.validate(proposal(unknown, &[init])).await.unwrap_err();
    assert_eq!(reason(&refused), ecp_types::Reason::UnknownProposal);
}
