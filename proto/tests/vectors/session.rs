//! Handshake and Watch.

use ecp_proto::{
    convert::{HandshakeAnswer, HandshakeOpen},
    v1alpha1 as pb,
};
use ecp_types::{ConsensusPosition, ExecutionPosition, LastSigned, WatchState};
use prost::Message;

use crate::{
    chain,
    harness::{File, Receiver, Table, anything},
    patterns::zeros,
    raw,
};

const HANDSHAKE_BYTES: usize = 65536;
/// A feature that no half knows yet; one byte in a packed list.
const NEW_FEATURE: i32 = 77;

pub(crate) fn files() -> Vec<File> {
    let watch = Table::new("WatchRequest", Receiver::Execution, "empty", pb::WatchRequest {}, anything).done();
    vec![last_signed(), consensus_position(), execution_position(), request(), response(), watch, state()]
}

fn limits() -> pb::Limits {
    pb::Limits { max_message_bytes: 8 << 20, max_part_bytes: 6 << 20, max_candidates: 4 }
}

fn signed() -> pb::LastSigned {
    pb::LastSigned { height: Some(chain::HEIGHT), round: Some(0), step: pb::SignedStep::Precommit.into() }
}

fn last_signed() -> File {
    Table::new("LastSigned", Receiver::Execution, "a precommit", signed(), |m| LastSigned::try_from(m).map(drop))
        .present64("height", |m| &mut m.height)
        .present32("round", |m| &mut m.round)
        .values("step", 3, |m| &mut m.step)
        .done()
}

fn consensus_position() -> File {
    let base = pb::ConsensusPosition {
        committed: Some(chain::position()),
        last_signed: Some(signed()),
        certified: Some(chain::position()),
    };
    Table::new("ConsensusPosition", Receiver::Execution, "all there", base, |m| {
        ConsensusPosition::try_from(m).map(drop)
    })
    .accepted("nothing yet", |m| *m = pb::ConsensusPosition::default())
    .accepted("signed, nothing committed", |m| (m.committed, m.certified) = (None, None))
    .refused("ECP-ENC-003", "committed without its height", "committed.height", |m| {
        m.committed.as_mut().unwrap().height = None;
    })
    .refused("", "certified with a short commitment", "certified.commitment", |m| {
        m.certified.as_mut().unwrap().commitment = zeros(31);
    })
    .refused("ECP-ENC-001", "last_signed without its step", "last_signed.step", |m| {
        m.last_signed.as_mut().unwrap().step = 0;
    })
    .done()
}

fn execution_position() -> File {
    let base = pb::ExecutionPosition {
        committed: Some(chain::position()),
        earliest: Some(chain::HEIGHT),
        block_hash_height: Some(chain::HEIGHT),
    };
    Table::new("ExecutionPosition", Receiver::Consensus, "all there", base, |m| {
        ExecutionPosition::try_from(m).map(drop)
    })
    .accepted("nothing committed is absence, not height 0", |m| *m = pb::ExecutionPosition::default())
    .accepted("height 0 committed", |m| m.committed.as_mut().unwrap().height = Some(0))
    .optional64("earliest", |m| &mut m.earliest)
    .optional64("block_hash_height", |m| &mut m.block_hash_height)
    .refused("ECP-ENC-003", "committed without its height", "committed.height", |m| {
        m.committed.as_mut().unwrap().height = None;
    })
    .done()
}

fn open() -> pb::HandshakeRequest {
    pb::HandshakeRequest {
        revisions: vec![1],
        features: vec![1, 3],
        limits: Some(limits()),
        network: Some(chain::network()),
        software: Some(pb::SoftwareIdentity { name: "example-consensus".into(), version: "1.0.0".into() }),
        role: pb::SessionRole::Writer.into(),
        consensus_id: chain::name16(0xc3),
        takeover: false,
        position: Some(pb::ConsensusPosition::default()),
    }
}

/// New features that fill a message of `bare` bytes without features up to `size`.
fn padding(bare: usize, size: usize) -> Vec<i32> {
    // Key and length of the packed list take four bytes.
    vec![NEW_FEATURE; size - bare - 4]
}

/// Features that make the request exactly so large.
fn request_of(size: usize) -> Vec<i32> {
    let features = padding(pb::HandshakeRequest { features: Vec::new(), ..open() }.encoded_len(), size);
    assert_eq!(pb::HandshakeRequest { features: features.clone(), ..open() }.encoded_len(), size);
    features
}

/// Features that make the reply exactly so large.
fn response_of(size: usize) -> Vec<i32> {
    let features = padding(pb::HandshakeResponse { features: Vec::new(), ..answer() }.encoded_len(), size);
    assert_eq!(pb::HandshakeResponse { features: features.clone(), ..answer() }.encoded_len(), size);
    features
}

fn request() -> File {
    Table::new("HandshakeRequest", Receiver::Execution, "a fresh writer", open(), |m| {
        HandshakeOpen::try_from(m).map(drop)
    })
    .accepted("a reader without a position", |m| (m.role, m.position) = (2, None))
    .accepted("a writer after the first block", |m| {
        m.position = Some(pb::ConsensusPosition {
            committed: Some(chain::position()),
            last_signed: Some(signed()),
            certified: Some(chain::position()),
        });
    })
    .accepted("takeover", |m| m.takeover = true)
    .no_values("role", 2, |m| &mut m.role)
    .accepted("revisions in any order, one twice", |m| m.revisions = vec![3, 1, 2, 1])
    .accepted("16 revisions", |m| m.revisions = (1..=16).collect())
    .accepted("the largest revision", |m| m.revisions.push(u32::MAX))
    .refused("ECP-SES-004", "17 revisions", "revisions", |m| m.revisions = (1..=17).collect())
    .refused("ECP-SES-004", "no revision", "revisions", |m| m.revisions.clear())
    .refused("ECP-SES-004", "revision 0 behind a known one", "revisions[1]", |m| m.revisions.push(0))
    .accepted("no feature", |m| m.features.clear())
    .accepted("every known feature", |m| m.features = vec![1, 2, 3])
    .accepted("an unknown feature is ignored", |m| m.features.push(NEW_FEATURE))
    .accepted("a negative feature is ignored", |m| m.features.push(-1))
    .accepted("feature 0 is ignored", |m| m.features.push(0))
    .accepted("a feature twice", |m| m.features.push(1))
    .refused("", "limits absent", "limits", |m| m.limits = None)
    .refused("ECP-LIM-001", "limits too low", "limits.max_message_bytes", |m| {
        m.limits.as_mut().unwrap().max_message_bytes -= 1;
    })
    .refused("", "network absent", "network", |m| m.network = None)
    .refused("ECP-ENC-003", "network without a fork", "network.fork_id", |m| m.network.as_mut().unwrap().fork_id = None)
    .refused("", "software absent", "software", |m| m.software = None)
    .exactly("", 16, "consensus_id", |m| &mut m.consensus_id)
    .refused("ECP-SES-007", "a writer without a position", "position", |m| m.position = None)
    .refused("ECP-ENC-003", "a position without its height", "position.committed.height", |m| {
        m.position.as_mut().unwrap().committed = Some(pb::Position { height: None, ..chain::position() });
    })
    .accepted("64 KiB", |m| m.features = request_of(HANDSHAKE_BYTES))
    .too_large("ECP-LIM-006", "64 KiB and a byte", |m| m.features = request_of(HANDSHAKE_BYTES + 1))
    .appended("a revision that is not packed", &raw::varint(1, 2))
    .appended("a feature that is not packed", &raw::varint(2, 2))
    .appended("role twice: the last one counts", &raw::varint(6, 2))
    .appended("takeover 2 is true", &raw::varint(8, 2))
    .appended("network twice: the second is merged into the first", &raw::sized(4, &raw::varint(3, 2)))
    .cut("cut in the position", 1)
    .done()
}

fn answer() -> pb::HandshakeResponse {
    pb::HandshakeResponse {
        revision: 1,
        features: vec![1],
        limits: Some(limits()),
        network: Some(chain::network()),
        software: Some(pb::SoftwareIdentity { name: "example-execution".into(), version: "1.0.0".into() }),
        instance_id: chain::name16(0xa1),
        session_token: vec![0x5e; 32].into(),
        position: Some(pb::ExecutionPosition::default()),
        build_margin_ms: 50,
        first_height: Some(chain::HEIGHT),
    }
}

fn response() -> File {
    Table::new("HandshakeResponse", Receiver::Consensus, "nothing committed", answer(), |m| {
        HandshakeAnswer::try_from(m).map(drop)
    })
    .accepted("after the first block", |m| {
        m.position = Some(pb::ExecutionPosition {
            committed: Some(chain::position()),
            earliest: Some(chain::HEIGHT),
            block_hash_height: None,
        });
    })
    .range32("ECP-SES-004", (1, u32::MAX), "revision", |m| &mut m.revision)
    .accepted("every known feature", |m| m.features = vec![1, 2, 3])
    .accepted("no feature, no margin", |m| (m.features, m.build_margin_ms) = (Vec::new(), 0))
    .accepted("an unknown feature is ignored", |m| m.features.push(NEW_FEATURE))
    .accepted("feature 0 is ignored", |m| m.features.push(0))
    .refused("", "limits absent", "limits", |m| m.limits = None)
    .refused("ECP-LIM-004", "one candidate", "limits.max_candidates", |m| m.limits.as_mut().unwrap().max_candidates = 1)
    .refused("", "network absent", "network", |m| m.network = None)
    .refused("", "network without a chain id", "network.chain_id", |m| m.network.as_mut().unwrap().chain_id.clear())
    .refused("", "software absent", "software", |m| m.software = None)
    .exactly("", 16, "instance_id", |m| &mut m.instance_id)
    .between("ECP-SES-001", (16, 64), "session_token", |m| &mut m.session_token)
    .refused("", "position absent", "position", |m| m.position = None)
    .present64("first_height", |m| &mut m.first_height)
    .accepted("64 KiB", |m| m.features = response_of(HANDSHAKE_BYTES))
    .too_large("ECP-LIM-006", "64 KiB and a byte", |m| m.features = response_of(HANDSHAKE_BYTES + 1))
    .done()
}

fn state() -> File {
    let base = pb::WatchResponse {
        instance_id: chain::name16(0xa1),
        phase: pb::Phase::Ready.into(),
        reason: String::new(),
        committed: Some(chain::position()),
        block_hash_height: Some(chain::HEIGHT),
        params_height: Some(chain::HEIGHT + 1),
        network_tip: Some(chain::HEIGHT),
        sequence: 3,
    };
    Table::new("WatchResponse", Receiver::Consensus, "after the first block", base, |m| {
        WatchState::try_from(m).map(drop)
    })
    .accepted("nothing committed yet", |m| {
        (m.committed, m.block_hash_height, m.network_tip, m.sequence) = (None, None, None, 0);
        m.params_height = Some(chain::HEIGHT);
    })
    .accepted("halted, with a reason", |m| (m.phase, m.reason) = (5, "The disk is full.".into()))
    .exactly("", 16, "instance_id", |m| &mut m.instance_id)
    .values("phase", 5, |m| &mut m.phase)
    .utf8("ECP-LIM-005", 1024, "reason", |m| &mut m.reason)
    .refused("ECP-ENC-003", "committed without its height", "committed.height", |m| {
        m.committed.as_mut().unwrap().height = None;
    })
    .optional64("block_hash_height", |m| &mut m.block_hash_height)
    .optional64("params_height", |m| &mut m.params_height)
    .optional64("network_tip", |m| &mut m.network_tip)
    .accepted("the largest sequence", |m| m.sequence = u64::MAX)
    .done()
}
