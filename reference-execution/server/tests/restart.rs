//! What is durable survives the process, and nothing else does.

#![allow(clippy::unwrap_used)]

mod support;

use ecp_proto::v1alpha1 as pb;
use ecp_types::Reason;
use support::{Caller, FIRST, Half, Net, bytes, import, open, proposal, reason, wire};

#[tokio::test(flavor = "multi_thread")]
async fn a_decided_block_survives_and_a_candidate_does_not() {
    let mut half = Half::start(Net::default()).await;
    let mut caller = half.writer().await;
    let first = support::block(&half, FIRST, vec![half.net.pay(0, 0)]);
    caller.validate(proposal(open(FIRST, 1), &wire(&first.parts()))).await.unwrap();
    caller.decide(FIRST, &bytes(first.commitment())).await.unwrap();
    let second = support::block(&half, FIRST + 1, vec![half.net.pay(1, 0)]);
    let parts = wire(&second.parts());
    caller.validate(proposal(open(FIRST + 1, 2), &parts)).await.unwrap();
    let instance = caller.answer.instance_id.clone();

    half.kill_and_restart().await;
    let mut old = Caller { client: half.connect().await, ..caller.clone() };
    assert_eq!(reason(&old.start_round(FIRST + 1, 0).await.unwrap_err()), Reason::SessionUnknown);
    let mut caller = half.writer().await;
    assert_ne!(caller.answer.instance_id, instance);
    let position = caller.answer.position.clone().unwrap();
    assert_eq!(position.committed.unwrap().commitment, bytes(first.commitment()));
    assert_eq!(position.earliest, Some(FIRST));

    // Decided before, asked again: the same answer. The lost candidate is handed back by an import.
    caller.decide(FIRST, &bytes(first.commitment())).await.unwrap();
    let lost = caller.decide(FIRST + 1, &bytes(second.commitment())).await.unwrap_err();
    assert_eq!(reason(&lost), Reason::UnknownProposal);
    let reply = caller.import(import(FIRST + 1, &bytes(second.commitment()), &parts)).await.unwrap();
    assert_eq!(reply.outcome(), pb::ImportOutcome::Committed);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_decisions_halt_the_half_for_good() {
    let mut half = Half::start(Net::default()).await;
    let mut caller = half.writer().await;
    let made = support::block(&half, FIRST, vec![]);
    caller.validate(proposal(open(FIRST, 1), &wire(&made.parts()))).await.unwrap();
    caller.decide(FIRST, &bytes(made.commitment())).await.unwrap();
    let conflict = caller.decide(FIRST, &[5; 32]).await.unwrap_err();
    assert_eq!(reason(&conflict), Reason::Conflict);
    assert_eq!(reason(&caller.start_round(FIRST + 1, 0).await.unwrap_err()), Reason::Halted);

    half.kill_and_restart().await;
    let mut caller = half.writer().await;
    assert_eq!(reason(&caller.start_round(FIRST + 1, 0).await.unwrap_err()), Reason::Halted);
    // What was decided can still be read.
    assert_eq!(caller.get_decided(FIRST, FIRST).await.unwrap().len(), 2 + made.parts().len());
}
