//! Messages that several calls share.

use bytes::Bytes;
use ecp_proto::v1alpha1 as pb;
use ecp_types::{Certificate, Counts, Limits, Network, Part, Position, Software};

use crate::{
    chain,
    harness::{File, Receiver, Table, inside},
    patterns::zeros,
    raw,
};

const PART_BYTES: usize = 6 << 20;
const MEMBERS: usize = 1000;

pub(crate) fn files() -> Vec<File> {
    vec![part(), end(), position(), signature(), certificate(), software(), network(), limits()]
}

fn part() -> File {
    let base = chain::block().parts[0].clone();
    Table::new("Part", Receiver::Both, "the INIT of a block", base, |m| Part::try_from(m).map(drop))
        .present32("index", |m| &mut m.index)
        .values("kind", 3, |m| &mut m.kind)
        .accepted("payload empty: its content is judged by a verdict", |m| m.payload = Bytes::new())
        .accepted("payload of 6 MiB", |m| m.payload = zeros(PART_BYTES))
        .too_large("ECP-LIM-002", "payload of 6 MiB and a byte", |m| m.payload = zeros(PART_BYTES + 1))
        .appended("index twice: the last one counts", &raw::varint(1, 5))
        .appended("kind twice: the last one counts", &raw::varint(2, 2))
        .appended("payload twice: the last one counts", &raw::sized(3, b"x"))
        .appended_refused("ECP-ENC-001", "kind twice: the last one is 0", "kind", &raw::varint(2, 0))
        .appended("index in more bytes than it needs", &[0x08, 0x83, 0x80, 0x00])
        .appended("index in a varint of more than 32 bits: the low ones count", &raw::varint(1, (1 << 32) + 3))
        .undecodable("a varint of more than ten bytes", &[[0x08].as_slice(), &[0xff; 11]].concat())
        .cut("payload cut by a byte", 1)
        .cut("payload cut whole", chain::block().parts[0].payload.len())
        .done()
}

fn end() -> File {
    Table::new("End", Receiver::Both, "counts of a block", chain::counts(), |m| Counts::try_from(m).map(drop))
        .accepted("parts 1: INIT alone, after same_as", |m| m.parts = Some(1))
        .accepted("parts 2^32 - 1: compared with what came, not here", |m| m.parts = Some(u32::MAX))
        .refused("ECP-ENC-003", "parts absent", "parts", |m| m.parts = None)
        .refused("", "parts 0: a proposal has at least an INIT", "parts", |m| m.parts = Some(0))
        .present64("bytes", |m| &mut m.bytes)
        .cut("cut in the last number", 1)
        .done()
}

fn position() -> File {
    Table::new("Position", Receiver::Both, "a committed block", chain::position(), |m| Position::try_from(m).map(drop))
        .present64("height", |m| &mut m.height)
        .exactly("", 32, "commitment", |m| &mut m.commitment)
        .accepted("commitment 0", |m| m.commitment = zeros(32))
        .refused("ECP-ENC-003", "nothing set", "height", |m| *m = pb::Position::default())
        .appended("height twice: the last one counts", &raw::varint(1, 0))
        .cut("commitment cut by a byte", 1)
        .done()
}

fn signature() -> File {
    let base = chain::certificate().signatures[0].clone();
    Table::new("CommitSignature", Receiver::Both, "a precommit", base, |m| {
        let certificate = pb::CommitCertificate { signatures: vec![m], ..chain::certificate() };
        inside("signatures[0]", Certificate::try_from(certificate))
    })
    .felt("address", |m| &mut m.address)
    .between("", (1, 1024), "signature", |m| &mut m.signature)
    .done()
}

fn many(count: usize) -> Vec<pb::CommitSignature> {
    (1..=count)
        .map(|n| {
            let mut address = [0; 32];
            address[30..].copy_from_slice(&u16::try_from(n).unwrap().to_be_bytes());
            pb::CommitSignature { address: Bytes::copy_from_slice(&address), signature: Bytes::from_static(&[1]) }
        })
        .collect()
}

fn certificate() -> File {
    Table::new("CommitCertificate", Receiver::Both, "three precommits of four", chain::certificate(), |m| {
        Certificate::try_from(m).map(drop)
    })
    .present64("height", |m| &mut m.height)
    .present32("round", |m| &mut m.round)
    .exactly("", 32, "commitment", |m| &mut m.commitment)
    .accepted("one precommit: a quorum is not counted here", |m| m.signatures.truncate(1))
    .accepted("1,000 precommits", |m| m.signatures = many(MEMBERS))
    .refused("", "1,001 precommits", "signatures", |m| m.signatures = many(MEMBERS + 1))
    .refused("", "no precommit", "signatures", |m| m.signatures.clear())
    .refused("ECP-DEC-009", "a member twice", "signatures[3].address", |m| m.signatures.push(m.signatures[1].clone()))
    .refused("ECP-ENC-002", "the third address short", "signatures[2].address", |m| {
        m.signatures[2].address = zeros(31);
    })
    .refused("", "the second signature empty", "signatures[1].signature", |m| {
        m.signatures[1].signature = Bytes::new();
    })
    .cut("the last signature cut", 1)
    .done()
}

fn software() -> File {
    let base = pb::SoftwareIdentity { name: "example-half".into(), version: "1.2.3".into() };
    Table::new("SoftwareIdentity", Receiver::Both, "a name and a version", base, |m| Software::try_from(m).map(drop))
        .utf8("", 64, "name", |m| &mut m.name)
        .utf8("", 64, "version", |m| &mut m.version)
        .undecodable("name that is not UTF-8", &raw::sized(1, &[0xff]))
        .done()
}

fn network() -> File {
    Table::new("NetworkIdentity", Receiver::Both, "the test chain", chain::network(), |m| {
        Network::try_from(m).map(drop)
    })
    .ascii("", (1, 31), "chain_id", |m| &mut m.chain_id)
    .exactly("", 32, "genesis_hash", |m| &mut m.genesis_hash)
    .present64("fork_id", |m| &mut m.fork_id)
    .exactly("", 32, "activation_digest", |m| &mut m.activation_digest)
    .undecodable("chain_id that is not UTF-8", &raw::sized(1, &[0x53, 0xff]))
    .done()
}

fn limits() -> File {
    let base = pb::Limits { max_message_bytes: 16 << 20, max_part_bytes: 8 << 20, max_candidates: 8 };
    Table::new("Limits", Receiver::Both, "more than the least", base, |m| Limits::try_from(m).map(drop))
        .at_least64("ECP-LIM-001", 8 << 20, "max_message_bytes", |m| &mut m.max_message_bytes)
        .at_least64("ECP-LIM-002", 6 << 20, "max_part_bytes", |m| &mut m.max_part_bytes)
        .range32("ECP-LIM-004", (2, u32::MAX), "max_candidates", |m| &mut m.max_candidates)
        .refused("ECP-LIM-004", "max_candidates 0", "max_candidates", |m| m.max_candidates = 0)
        .done()
}
