//! GetDecided, ImportDecided, GetBlockHash.

use bytes::Bytes;
use ecp_proto::{
    convert::{BlockHashAnswer, BlockRange, DecidedHeader, GetDecidedEvent, ImportEvent, ImportResult},
    v1alpha1 as pb,
};
use ecp_types::Height;
use pb::{
    get_block_hash_response::Result as Answer, get_decided_response::Event as Get,
    import_decided_request::Event as Import, missing_condition::Condition,
};

use crate::{
    chain,
    harness::{File, Receiver, Table, inside},
    patterns::zeros,
    raw,
};

pub(crate) fn files() -> Vec<File> {
    let hash = pb::GetBlockHashRequest { height: Some(chain::HEIGHT) };
    let hash = Table::new("GetBlockHashRequest", Receiver::Execution, "the first block", hash, |m| {
        Height::try_from(m).map(drop)
    })
    .present64("height", |m| &mut m.height);
    vec![range(), header(), done(), get(), import(), imported(), hash.done(), known(), not_yet(), answer()]
}

fn range() -> File {
    let base = pb::GetDecidedRequest { from: Some(chain::HEIGHT), to: Some(chain::HEIGHT + 2) };
    Table::new("GetDecidedRequest", Receiver::Execution, "three blocks", base, |m| BlockRange::try_from(m).map(drop))
        .accepted("one block", |m| m.to = m.from)
        .accepted("height 0", |m| (m.from, m.to) = (Some(0), Some(0)))
        .accepted("all heights", |m| (m.from, m.to) = (Some(0), Some(u64::MAX)))
        .refused("ECP-ENC-003", "from absent", "from", |m| m.from = None)
        .refused("ECP-ENC-003", "to absent", "to", |m| m.to = None)
        .refused("", "to below from", "to", |m| m.to = Some(chain::HEIGHT - 1))
        .done()
}

fn first() -> pb::DecidedHeader {
    pb::DecidedHeader {
        height: Some(chain::HEIGHT),
        certificate: Some(chain::certificate()),
        part_format: "ecp-test/1".into(),
        counts: Some(chain::counts()),
    }
}

fn header() -> File {
    Table::new("DecidedHeader", Receiver::Both, "the first block", first(), |m| DecidedHeader::try_from(m).map(drop))
        .accepted("height 0", |m| {
            m.height = Some(0);
            m.certificate.as_mut().unwrap().height = Some(0);
        })
        .refused("ECP-ENC-003", "height absent", "height", |m| m.height = None)
        .refused("", "certificate absent", "certificate", |m| m.certificate = None)
        .refused("", "certificate of another height", "certificate.height", |m| {
            m.certificate.as_mut().unwrap().height = Some(0);
        })
        .ascii("", (1, 64), "part_format", |m| &mut m.part_format)
        .refused("ECP-ENC-003", "counts absent", "counts", |m| m.counts = None)
        .refused("ECP-ENC-003", "counts without bytes", "counts.bytes", |m| m.counts.as_mut().unwrap().bytes = None)
        .done()
}

fn done() -> File {
    Table::new("Done", Receiver::Consensus, "up to the first block", pb::Done { last: Some(chain::HEIGHT) }, |m| {
        inside("done", GetDecidedEvent::try_from(pb::GetDecidedResponse { event: Some(Get::Done(m)) }))
    })
    .present64("last", |m| &mut m.last)
    .done()
}

fn get() -> File {
    let by = |event| move |m: &mut pb::GetDecidedResponse| m.event = Some(event);
    let base = pb::GetDecidedResponse { event: Some(Get::Header(first())) };
    Table::new("GetDecidedResponse", Receiver::Consensus, "header", base, |m| GetDecidedEvent::try_from(m).map(drop))
        .accepted("part", by(Get::Part(chain::block().parts[0].clone())))
        .accepted("done", by(Get::Done(pb::Done { last: Some(chain::HEIGHT) })))
        .refused("", "no event", "event", |m| m.event = None)
        .refused("ECP-ENC-003", "an empty header", "header.height", by(Get::Header(pb::DecidedHeader::default())))
        .refused("ECP-ENC-003", "an empty part", "part.index", by(Get::Part(pb::Part::default())))
        .refused("ECP-ENC-003", "an empty done", "done.last", by(Get::Done(pb::Done::default())))
        .done()
}

fn import() -> File {
    let by = |event| move |m: &mut pb::ImportDecidedRequest| m.event = Some(event);
    let base = pb::ImportDecidedRequest { event: Some(Import::Header(first())) };
    let large = pb::Part { payload: zeros((6 << 20) + 1), ..chain::block().parts[1].clone() };
    Table::new("ImportDecidedRequest", Receiver::Execution, "header", base, |m| ImportEvent::try_from(m).map(drop))
        .accepted("part", by(Import::Part(chain::block().parts[0].clone())))
        .accepted("end", by(Import::End(chain::counts())))
        .refused("", "no event", "event", |m| m.event = None)
        .refused("ECP-ENC-003", "an empty header", "header.height", by(Import::Header(pb::DecidedHeader::default())))
        .refused("ECP-ENC-003", "an empty part", "part.index", by(Import::Part(pb::Part::default())))
        .refused("ECP-ENC-003", "an empty end", "end.parts", by(Import::End(pb::End::default())))
        .too_large("ECP-LIM-002", "a part of 6 MiB and a byte", by(Import::Part(large)))
        .appended("two events: the last one counts", &raw::sized(3, &[0x08, 3, 0x10, 0]))
        .done()
}

fn imported() -> File {
    let base = pb::ImportDecidedResponse {
        outcome: pb::ImportOutcome::Committed.into(),
        committed: Some(chain::position()),
        next_params: Some(chain::params(chain::HEIGHT + 1)),
        ..pb::ImportDecidedResponse::default()
    };
    fn bare(m: &mut pb::ImportDecidedResponse, outcome: pb::ImportOutcome) {
        *m = pb::ImportDecidedResponse { outcome: outcome.into(), ..pb::ImportDecidedResponse::default() };
    }
    use pb::ImportOutcome::{AlreadyCommitted, Committed, Conflict, Malformed, Mismatch, NotReady};
    let parent = pb::MissingCondition { condition: Some(Condition::Parent(chain::HEIGHT)) };
    Table::new("ImportDecidedResponse", Receiver::Consensus, "COMMITTED", base, |m| ImportResult::try_from(m).map(drop))
        .no_values("outcome", 6, |m| &mut m.outcome)
        .accepted("COMMITTED, the next parameters are not known yet", |m| m.next_params = None)
        .accepted("ALREADY_COMMITTED", |m| m.outcome = AlreadyCommitted.into())
        .accepted("MALFORMED", |m| {
            bare(m, Malformed);
            m.detail = "part 1 cannot be decoded".into();
        })
        .accepted("MISMATCH", |m| {
            bare(m, Mismatch);
            m.computed = Some(vec![0x77; 32].into());
        })
        .accepted("NOT_READY", |m| {
            bare(m, NotReady);
            m.missing = Some(parent);
        })
        .accepted("CONFLICT", |m| m.outcome = Conflict.into())
        .refused("", "COMMITTED without a position", "committed", |m| bare(m, Committed))
        .refused("", "ALREADY_COMMITTED without a position", "committed", |m| bare(m, AlreadyCommitted))
        .refused("", "CONFLICT without a position", "committed", |m| bare(m, Conflict))
        .refused("ECP-SYN-006", "MISMATCH without what was computed", "computed", |m| bare(m, Mismatch))
        .refused("", "computed empty, which is not absent", "computed", |m| {
            bare(m, Mismatch);
            m.computed = Some(Bytes::new());
        })
        .refused("", "computed of 33 bytes", "computed", |m| {
            bare(m, Mismatch);
            m.computed = Some(zeros(33));
        })
        .refused("", "NOT_READY without a condition", "missing", |m| bare(m, NotReady))
        .refused("ECP-ENC-003", "committed without its height", "committed.height", |m| {
            m.committed.as_mut().unwrap().height = None;
        })
        .refused("ECP-ENC-003", "next parameters without their height", "next_params.height", |m| {
            m.next_params.as_mut().unwrap().height = None;
        })
        .utf8("ECP-LIM-005", 1024, "detail", |m| &mut m.detail)
        .done()
}

fn hashes() -> pb::KnownBlockHash {
    let block = chain::block();
    pb::KnownBlockHash { block_hash: block.block_hash, state_root: block.state_root }
}

fn known() -> File {
    Table::new("KnownBlockHash", Receiver::Consensus, "of the first block", hashes(), |m| {
        inside("known", BlockHashAnswer::try_from(pb::GetBlockHashResponse { result: Some(Answer::Known(m)) }))
    })
    .exactly("", 32, "block_hash", |m| &mut m.block_hash)
    .exactly("", 32, "state_root", |m| &mut m.state_root)
    .done()
}

fn not_yet() -> File {
    let base = pb::BlockHashNotYet { known_height: Some(chain::HEIGHT) };
    Table::new("BlockHashNotYet", Receiver::Consensus, "one is known", base, |m| {
        inside("not_yet", BlockHashAnswer::try_from(pb::GetBlockHashResponse { result: Some(Answer::NotYet(m)) }))
    })
    .optional64("known_height", |m| &mut m.known_height)
    .done()
}

fn answer() -> File {
    let by = |result| move |m: &mut pb::GetBlockHashResponse| m.result = Some(result);
    let base = pb::GetBlockHashResponse { result: Some(Answer::Known(hashes())) };
    Table::new("GetBlockHashResponse", Receiver::Consensus, "known", base, |m| BlockHashAnswer::try_from(m).map(drop))
        .accepted("not_yet", by(Answer::NotYet(pb::BlockHashNotYet { known_height: Some(chain::HEIGHT) })))
        .accepted("not_yet, none is known", by(Answer::NotYet(pb::BlockHashNotYet { known_height: None })))
        .refused("ECP-SYN-008", "no result", "result", |m| m.result = None)
        .refused("", "an empty known", "known.block_hash", by(Answer::Known(pb::KnownBlockHash::default())))
        .done()
}
