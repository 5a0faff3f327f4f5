//! Budgets, deadlines and waiting, with costs that the test chain's transfers carry.

#![allow(clippy::unwrap_used)]

mod support;

use ecp_proto::v1alpha1 as pb;
use ecp_types::Reason;
use support::{FIRST, Half, Net, bytes, open, proposal, reason, wire};

#[tokio::test(flavor = "multi_thread")]
async fn a_build_closes_with_what_was_executed_in_time() {
    let half = Half::start(Net { transfers: 10, cost_ms: 100, ..Net::default() }).await;
    let mut caller = half.writer().await;
    caller.start_round(FIRST, 0).await.unwrap();
    // 1,000 ms are in the mempool.
    let (_, built) = caller.build(FIRST, 0, 1, 500).await.unwrap();
    let count = built.executed_count.unwrap();
    assert!(count < 10, "{count}");
    let (_, again) = caller.build(FIRST, 0, 2, 500).await.unwrap();
    assert_eq!(again, built);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_validation_expires_and_its_candidate_is_kept() {
    let half = Half::start(Net { transfers: 0, ..Net::default() }).await;
    let mut caller = half.writer().await;
    let made = support::block(&half, FIRST, vec![half.net.pay(0, 300)]);
    let short = pb::ValidateOpen { budget_ms: 50, ..open(FIRST, 1) };
    let verdict = caller.validate(proposal(short, &wire(&made.parts()))).await.unwrap();
    assert!(matches!(verdict, pb::verdict::Outcome::Expired(_)), "{verdict:?}");
    // It still executes; the decision awaits it.
    caller.decide(FIRST, &bytes(made.commitment())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_block_hash_is_told_at_the_end_of_the_budget() {
    // Hashes follow so late that the eleventh block can never be executed.
    let half = Half::start(Net { transfers: 0, hash_lag: 10, ..Net::default() }).await;
    let mut caller = half.writer().await;
    for height in FIRST..FIRST + 10 {
        let made = support::block(&half, height, vec![]);
        caller.validate(proposal(open(height, u8::try_from(height).unwrap()), &wire(&made.parts()))).await.unwrap();
        caller.decide(height, &bytes(made.commitment())).await.unwrap();
    }
    let height = FIRST + 10;
    let made = support::block(&half, height, vec![]);
    let short = pb::ValidateOpen { budget_ms: 100, ..open(height, 100) };
    let verdict = caller.validate(proposal(short, &wire(&made.parts()))).await.unwrap();
    let pb::verdict::Outcome::NotReady(not_ready) = verdict else { panic!("{verdict:?}") };
    let missing = not_ready.missing.unwrap().condition.unwrap();
    assert_eq!(missing, pb::missing_condition::Condition::BlockHash(FIRST));

    caller.start_round(height, 0).await.unwrap();
    let status = caller.build(height, 0, 101, 100).await.unwrap_err();
    assert_eq!(reason(&status), Reason::RoundBurned);
}
