//! What a validation says.

use bytes::Bytes;
use ecp_proto::{FieldError, convert::ValidateReply, v1alpha1 as pb};
use ecp_types::{Missing, Verdict};
use pb::{missing_condition::Condition, validate_proposal_response::Event, verdict::Outcome};

use crate::{
    chain,
    harness::{File, Receiver, Table, anything, inside},
    patterns::zeros,
    raw,
};

const CONSENSUS: Receiver = Receiver::Consensus;

pub(crate) fn files() -> Vec<File> {
    let aborted = Table::new("Aborted", CONSENSUS, "empty", pb::Aborted {}, anything);
    let expired = Table::new("Expired", CONSENSUS, "empty", pb::Expired {}, anything);
    vec![missing(), valid(), invalid(), rejected(), not_ready(), aborted.done(), expired.done(), verdict(), reply()]
}

fn of_verdict(outer: &str, outcome: Outcome) -> Result<(), FieldError> {
    inside(outer, Verdict::try_from(pb::Verdict { outcome: Some(outcome) }))
}

fn block_hash(height: u64) -> pb::MissingCondition {
    pb::MissingCondition { condition: Some(Condition::BlockHash(height)) }
}

fn missing() -> File {
    let by = |condition| move |m: &mut pb::MissingCondition| m.condition = Some(condition);
    let class = |bytes: Bytes| by(Condition::ClassHash(bytes));
    Table::new("MissingCondition", CONSENSUS, "a block hash", block_hash(chain::HEIGHT), |m| {
        Missing::try_from(m).map(drop)
    })
    .accepted("the block hash of height 0", by(Condition::BlockHash(0)))
    .accepted("a parent", by(Condition::Parent(chain::HEIGHT)))
    .accepted("the parent at height 0", by(Condition::Parent(0)))
    .accepted("the largest parent", by(Condition::Parent(u64::MAX)))
    .accepted("parameters", by(Condition::Params(chain::HEIGHT)))
    .accepted("the parameters of height 0", by(Condition::Params(0)))
    .accepted("l1_source", by(Condition::L1Source(true)))
    .refused("", "l1_source false", "l1_source", by(Condition::L1Source(false)))
    .accepted("a class", class(vec![0x2a; 32].into()))
    .refused("", "class_hash empty, which is not absent", "class_hash", class(Bytes::new()))
    .refused("", "class_hash of 31 bytes", "class_hash", class(zeros(31)))
    .refused("", "class_hash of 33 bytes", "class_hash", class(zeros(33)))
    .refused("", "no condition", "condition", |m| m.condition = None)
    .appended("two conditions: the last one counts", &raw::varint(1, 5))
    .done()
}

fn good() -> pb::Valid {
    let block = chain::block();
    pb::Valid { commitment: block.commitment, executed_count: Some(block.executed_count) }
}

fn valid() -> File {
    Table::new("Valid", CONSENSUS, "two transactions", good(), |m| of_verdict("valid", Outcome::Valid(m)))
        .exactly("", 32, "commitment", |m| &mut m.commitment)
        .present64("executed_count", |m| &mut m.executed_count)
        .done()
}

fn bad() -> pb::Invalid {
    let detail = "FIN names another commitment.".into();
    pb::Invalid { reason: pb::InvalidReason::CommitmentMismatch.into(), detail }
}

fn invalid() -> File {
    Table::new("Invalid", CONSENSUS, "another commitment", bad(), |m| of_verdict("invalid", Outcome::Invalid(m)))
        .values("reason", 11, |m| &mut m.reason)
        .utf8("ECP-LIM-005", 1024, "detail", |m| &mut m.detail)
        .undecodable("detail that is not UTF-8", &raw::sized(2, &[0xc3]))
        .done()
}

fn against() -> pb::RejectedLocal {
    pb::RejectedLocal {
        reason: pb::LocalReason::TimestampWindow.into(),
        commitment: chain::block().commitment,
        detail: "2000 ms ahead of this clock.".into(),
    }
}

fn rejected() -> File {
    Table::new("RejectedLocal", CONSENSUS, "a clock ahead", against(), |m| {
        of_verdict("rejected_local", Outcome::RejectedLocal(m))
    })
    .values("reason", 3, |m| &mut m.reason)
    .exactly("", 32, "commitment", |m| &mut m.commitment)
    .utf8("ECP-LIM-005", 1024, "detail", |m| &mut m.detail)
    .done()
}

fn not_ready() -> File {
    let base = pb::NotReady { missing: Some(block_hash(chain::HEIGHT)) };
    Table::new("NotReady", CONSENSUS, "a block hash", base, |m| of_verdict("not_ready", Outcome::NotReady(m)))
        .refused("ECP-BUD-005", "missing absent", "missing", |m| m.missing = None)
        .refused("", "missing without its condition", "missing.condition", |m| {
            m.missing = Some(pb::MissingCondition { condition: None });
        })
        .done()
}

fn verdict() -> File {
    let by = |outcome| move |m: &mut pb::Verdict| m.outcome = Some(outcome);
    let base = pb::Verdict { outcome: Some(Outcome::Valid(good())) };
    Table::new("Verdict", CONSENSUS, "valid", base, |m| Verdict::try_from(m).map(drop))
        .accepted("invalid", by(Outcome::Invalid(bad())))
        .accepted("rejected_local", by(Outcome::RejectedLocal(against())))
        .accepted("not_ready", by(Outcome::NotReady(pb::NotReady { missing: Some(block_hash(chain::HEIGHT)) })))
        .accepted("aborted", by(Outcome::Aborted(pb::Aborted {})))
        .accepted("expired", by(Outcome::Expired(pb::Expired {})))
        .refused("ECP-VAL-001", "no outcome", "outcome", |m| m.outcome = None)
        .refused("", "an empty valid is no yes", "valid.commitment", by(Outcome::Valid(pb::Valid::default())))
        .refused("ECP-ENC-001", "an empty invalid", "invalid.reason", by(Outcome::Invalid(pb::Invalid::default())))
        .refused(
            "ECP-ENC-001",
            "an empty rejected_local",
            "rejected_local.reason",
            by(Outcome::RejectedLocal(pb::RejectedLocal::default())),
        )
        .refused("", "an empty not_ready", "not_ready.missing", by(Outcome::NotReady(pb::NotReady::default())))
        .appended("two outcomes: the last one counts", &raw::sized(6, &[]))
        .done()
}

fn reply() -> File {
    let by = |event| move |m: &mut pb::ValidateProposalResponse| m.event = Some(event);
    let base = pb::Verdict { outcome: Some(Outcome::Valid(good())) };
    let base = pb::ValidateProposalResponse { event: Some(Event::Verdict(base)) };
    Table::new("ValidateProposalResponse", CONSENSUS, "the verdict valid", base, |m| {
        ValidateReply::try_from(m).map(drop)
    })
    .accepted("waiting", by(Event::Waiting(block_hash(chain::HEIGHT))))
    .refused("", "no event", "event", |m| m.event = None)
    .refused("", "an empty verdict", "verdict.outcome", by(Event::Verdict(pb::Verdict { outcome: None })))
    .refused("", "an empty waiting", "waiting.condition", by(Event::Waiting(pb::MissingCondition::default())))
    .done()
}
