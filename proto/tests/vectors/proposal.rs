//! Building, opening a validation, reproposing, aborting.

use bytes::Bytes;
use ecp_proto::{
    FieldError,
    convert::{BuildEvent, BuildOpen, Reframe, ValidateEvent, ValidateOpen},
    v1alpha1 as pb,
};
use ecp_types::{Basis, StreamId};
use pb::{build_proposal_response::Event as Built, validate_proposal_request::Event as Validate};

use crate::{
    chain,
    harness::{File, Receiver, Table, anything, inside},
    patterns::zeros,
    raw,
};

/// Shortest and longest budget, in milliseconds.
const BUDGET: (u32, u32) = (1, 600_000);

pub(crate) fn files() -> Vec<File> {
    let aborted = Table::new("AbortResponse", Receiver::Consensus, "empty", pb::AbortResponse {}, anything);
    let abort = pb::AbortRequest { stream_id: chain::name16(0xb2) };
    let abort = Table::new("AbortRequest", Receiver::Execution, "a stream", abort, |m| StreamId::try_from(m).map(drop))
        .exactly("", 16, "stream_id", |m| &mut m.stream_id);
    let init = pb::ReframeInitResponse { init: chain::block().parts[0].payload.clone() };
    let reframed = Table::new("ReframeInitResponse", Receiver::Consensus, "an INIT", init, anything)
        .accepted("init empty: a payload has no rule here", |m| m.init = Bytes::new());
    vec![
        build(),
        built(),
        build_event(),
        basis(),
        open(),
        validate_event(),
        reframe(),
        reframed.done(),
        abort.done(),
        aborted.done(),
    ]
}

fn build() -> File {
    let base = pb::BuildProposalRequest {
        stream_id: chain::name16(0xb2),
        height: Some(chain::HEIGHT),
        round: Some(0),
        proposer: chain::address(0),
        budget_ms: 1000,
    };
    Table::new("BuildProposalRequest", Receiver::Execution, "a build", base, |m| BuildOpen::try_from(m).map(drop))
        .exactly("", 16, "stream_id", |m| &mut m.stream_id)
        .present64("height", |m| &mut m.height)
        .present32("round", |m| &mut m.round)
        .felt("proposer", |m| &mut m.proposer)
        .range32("ECP-BUD-001", BUDGET, "budget_ms", |m| &mut m.budget_ms)
        .appended("budget twice: the last one counts", &raw::varint(5, 600_000))
        .appended_refused(
            "ECP-BUD-001",
            "budget twice: the last one is too large",
            "budget_ms",
            &raw::varint(5, 600_001),
        )
        .cut("cut in the budget", 1)
        .done()
}

fn end_of_build() -> pb::Built {
    let block = chain::block();
    pb::Built {
        commitment: block.commitment,
        executed_count: Some(block.executed_count),
        counts: Some(chain::counts()),
    }
}

fn built() -> File {
    Table::new("Built", Receiver::Consensus, "two transactions", end_of_build(), |m| {
        let message = pb::BuildProposalResponse { event: Some(Built::Built(m)) };
        inside("built", BuildEvent::try_from(message))
    })
    .exactly("", 32, "commitment", |m| &mut m.commitment)
    .present64("executed_count", |m| &mut m.executed_count)
    .refused("ECP-ENC-003", "counts absent", "counts", |m| m.counts = None)
    .refused("ECP-ENC-003", "counts without parts", "counts.parts", |m| m.counts.as_mut().unwrap().parts = None)
    .done()
}

fn build_event() -> File {
    let base = pb::BuildProposalResponse { event: Some(Built::Part(chain::block().parts[0].clone())) };
    let by = |event| move |m: &mut pb::BuildProposalResponse| m.event = Some(event);
    Table::new("BuildProposalResponse", Receiver::Consensus, "INIT", base, |m| BuildEvent::try_from(m).map(drop))
        .accepted("BODY", by(Built::Part(chain::block().parts[1].clone())))
        .accepted("FIN", by(Built::Part(chain::block().parts[2].clone())))
        .accepted("built", by(Built::Built(end_of_build())))
        .refused("", "no event", "event", |m| m.event = None)
        .refused("ECP-ENC-003", "an empty part", "part.index", by(Built::Part(pb::Part::default())))
        .refused("", "an empty built", "built.commitment", by(Built::Built(pb::Built::default())))
        .too_large("ECP-LIM-008", "a part of 6 MiB and a byte", by(Built::Part(too_large())))
        .done()
}

fn too_large() -> pb::Part {
    pb::Part { payload: zeros((6 << 20) + 1), ..chain::block().parts[1].clone() }
}

fn fresh() -> pb::Basis {
    pb::Basis { kind: pb::BasisKind::Fresh.into(), valid_round: None }
}

fn quorum(valid_round: u32) -> pb::Basis {
    pb::Basis { kind: pb::BasisKind::Quorum.into(), valid_round: Some(valid_round) }
}

fn basis() -> File {
    Table::new("Basis", Receiver::Execution, "FRESH", fresh(), |m| Basis::try_from(m).map(drop))
        .no_values("kind", 3, |m| &mut m.kind)
        .accepted("QUORUM of round 0", |m| *m = quorum(0))
        .accepted("QUORUM of the largest round", |m| *m = quorum(u32::MAX))
        .accepted("RESTORED", |m| m.kind = 3)
        .refused("ECP-ENC-003", "QUORUM without its round", "valid_round", |m| m.kind = 2)
        .refused("", "FRESH with a round", "valid_round", |m| m.valid_round = Some(0))
        .refused("", "RESTORED with a round", "valid_round", |m| (m.kind, m.valid_round) = (3, Some(1)))
        .done()
}

fn opening() -> pb::ValidateOpen {
    pb::ValidateOpen {
        stream_id: chain::name16(0xd4),
        height: Some(chain::HEIGHT),
        round: Some(0),
        valid_round: None,
        proposer: chain::address(0),
        budget_ms: 9000,
        basis: Some(fresh()),
        same_as: None,
    }
}

fn open() -> File {
    Table::new("ValidateOpen", Receiver::Execution, "a first proposal", opening(), |m| {
        ValidateOpen::try_from(m).map(drop)
    })
    .exactly("", 16, "stream_id", |m| &mut m.stream_id)
    .present64("height", |m| &mut m.height)
    .present32("round", |m| &mut m.round)
    .accepted("a reproposal of round 0 in round 1", |m| {
        (m.round, m.valid_round, m.basis) = (Some(1), Some(0), Some(quorum(0)));
    })
    .accepted("a reproposal whose quorum is not seen here", |m| (m.round, m.valid_round) = (Some(2), Some(1)))
    .refused("", "valid_round equal to the round", "valid_round", |m| (m.round, m.valid_round) = (Some(1), Some(1)))
    .refused("", "valid_round above the round", "valid_round", |m| (m.round, m.valid_round) = (Some(1), Some(2)))
    .refused("", "valid_round 0 in round 0", "valid_round", |m| m.valid_round = Some(0))
    .felt("proposer", |m| &mut m.proposer)
    .range32("ECP-BUD-001", BUDGET, "budget_ms", |m| &mut m.budget_ms)
    .refused("", "basis absent", "basis", |m| m.basis = None)
    .refused("ECP-ENC-001", "basis of kind 0", "basis.kind", |m| m.basis = Some(pb::Basis::default()))
    .accepted("same_as", |m| m.same_as = Some(chain::block().commitment))
    .refused("", "same_as empty, which is not absent", "same_as", |m| m.same_as = Some(Bytes::new()))
    .refused("", "same_as of 31 bytes", "same_as", |m| m.same_as = Some(zeros(31)))
    .refused("", "same_as of 33 bytes", "same_as", |m| m.same_as = Some(zeros(33)))
    .appended(
        "valid_round in the wire, below a round that comes later",
        &[raw::varint(4, 3), raw::varint(3, 4)].concat(),
    )
    .done()
}

fn validate_event() -> File {
    let base = pb::ValidateProposalRequest { event: Some(Validate::Open(opening())) };
    let by = |event| move |m: &mut pb::ValidateProposalRequest| m.event = Some(event);
    let part = |index: usize| by(Validate::Part(chain::block().parts[index].clone()));
    Table::new("ValidateProposalRequest", Receiver::Execution, "open", base, |m| ValidateEvent::try_from(m).map(drop))
        .accepted("INIT", part(0))
        .accepted("BODY", part(1))
        .accepted("FIN", part(2))
        .accepted("end", by(Validate::End(chain::counts())))
        .accepted("raise_basis", by(Validate::RaiseBasis(quorum(0))))
        .refused("", "no event", "event", |m| m.event = None)
        .refused(
            "ECP-ENC-003",
            "open without its round",
            "open.round",
            by(Validate::Open(pb::ValidateOpen { round: None, ..opening() })),
        )
        .refused("ECP-ENC-003", "an empty part", "part.index", by(Validate::Part(pb::Part::default())))
        .refused("ECP-ENC-003", "an empty end", "end.parts", by(Validate::End(pb::End::default())))
        .refused("ECP-ENC-001", "an empty basis", "raise_basis.kind", by(Validate::RaiseBasis(pb::Basis::default())))
        .refused(
            "ECP-ENC-003",
            "open with QUORUM without its round",
            "open.basis.valid_round",
            by(Validate::Open(pb::ValidateOpen {
                basis: Some(pb::Basis { valid_round: None, ..quorum(0) }),
                ..opening()
            })),
        )
        .too_large("ECP-LIM-002", "a part of 6 MiB and a byte", by(Validate::Part(too_large())))
        .appended("two events: the last one counts", &raw::sized(3, &[0x08, 3, 0x10, 9]))
        .appended("the same event twice: merged", &raw::sized(1, &raw::varint(6, 100)))
        .done()
}

fn reframe() -> File {
    let base = pb::ReframeInitRequest {
        height: Some(chain::HEIGHT),
        init: chain::block().parts[0].payload.clone(),
        round: Some(1),
        valid_round: Some(0),
        proposer: chain::address(1),
    };
    let check = |m| -> Result<(), FieldError> { Reframe::try_from(m).map(drop) };
    Table::new("ReframeInitRequest", Receiver::Execution, "round 0 again in round 1", base, check)
        .present64("height", |m| &mut m.height)
        .accepted("init empty: its content is judged by a reply", |m| m.init = Bytes::new())
        .accepted("the largest rounds", |m| (m.round, m.valid_round) = (Some(u32::MAX), Some(u32::MAX - 1)))
        .refused("ECP-ENC-003", "round absent", "round", |m| m.round = None)
        .refused("ECP-ENC-003", "valid_round absent", "valid_round", |m| m.valid_round = None)
        .refused("", "valid_round equal to the round", "valid_round", |m| m.valid_round = Some(1))
        .refused("", "valid_round above the round", "valid_round", |m| m.valid_round = Some(2))
        .refused("", "round 0 has no round below", "valid_round", |m| m.round = Some(0))
        .felt("proposer", |m| &mut m.proposer)
        .done()
}
