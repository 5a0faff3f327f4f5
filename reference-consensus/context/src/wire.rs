//! The protocol buffers of the gossip network, the log and value sync. They are not part of ECP: consensus halves of
//! one network speak them among themselves.

use bytes::Bytes;
use ecp_types::PartKind;

/// Shortens the declarations: plain messages with prost's derive.
macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $ty:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, prost::Message)]
        pub(crate) struct $name { $($(#[$attr])* pub(crate) $field: $ty,)* }
    )*};
}

messages! {
    /// A signed vote.
    Vote {
        #[prost(uint32, tag = "1")] vote_type: u32,
        #[prost(uint64, tag = "2")] height: u64,
        #[prost(uint32, tag = "3")] round: u32,
        #[prost(bytes = "bytes", optional, tag = "4")] commitment: Option<Bytes>,
        #[prost(bytes = "bytes", tag = "5")] address: Bytes,
        #[prost(bytes = "bytes", tag = "6")] signature: Bytes,
    }
    /// A signed proposal.
    Proposal {
        #[prost(uint64, tag = "1")] height: u64,
        #[prost(uint32, tag = "2")] round: u32,
        #[prost(uint32, optional, tag = "3")] valid_round: Option<u32>,
        #[prost(bytes = "bytes", tag = "4")] commitment: Bytes,
        #[prost(bytes = "bytes", tag = "5")] address: Bytes,
        #[prost(bytes = "bytes", tag = "6")] signature: Bytes,
    }
    /// A signed vote or proposal.
    Consensus {
        #[prost(message, optional, tag = "1")] vote: Option<Vote>,
        #[prost(message, optional, tag = "2")] proposal: Option<Proposal>,
    }
    /// A signature of a certificate.
    Signed {
        #[prost(bytes = "bytes", tag = "1")] address: Bytes,
        #[prost(bytes = "bytes", tag = "2")] signature: Bytes,
    }
    /// A certificate of prevotes or precommits for one commitment.
    Certificate {
        #[prost(uint64, tag = "1")] height: u64,
        #[prost(uint32, tag = "2")] round: u32,
        #[prost(bytes = "bytes", tag = "3")] commitment: Bytes,
        #[prost(message, repeated, tag = "4")] signatures: Vec<Signed>,
    }
    /// A signature of a round certificate.
    RoundSigned {
        #[prost(uint32, tag = "1")] vote_type: u32,
        #[prost(bytes = "bytes", optional, tag = "2")] commitment: Option<Bytes>,
        #[prost(bytes = "bytes", tag = "3")] address: Bytes,
        #[prost(bytes = "bytes", tag = "4")] signature: Bytes,
    }
    /// A certificate that moves a node to another round. Kind 1: skip, 2: precommits.
    RoundCertificate {
        #[prost(uint64, tag = "1")] height: u64,
        #[prost(uint32, tag = "2")] round: u32,
        #[prost(uint32, tag = "3")] kind: u32,
        #[prost(message, repeated, tag = "4")] signatures: Vec<RoundSigned>,
    }
    /// A message that keeps the others going.
    Liveness {
        #[prost(message, optional, tag = "1")] vote: Option<Vote>,
        #[prost(message, optional, tag = "2")] polka: Option<Certificate>,
        #[prost(message, optional, tag = "3")] round: Option<RoundCertificate>,
    }
    /// A proposed value in the log. Validity 1: valid, 2: invalid.
    Proposed {
        #[prost(uint64, tag = "1")] height: u64,
        #[prost(uint32, tag = "2")] round: u32,
        #[prost(uint32, optional, tag = "3")] valid_round: Option<u32>,
        #[prost(bytes = "bytes", tag = "4")] proposer: Bytes,
        #[prost(bytes = "bytes", tag = "5")] commitment: Bytes,
        #[prost(uint32, tag = "6")] validity: u32,
    }
    /// A part or the end of a stream. Kind 1 INIT, 2 BODY, 3 FIN: index and payload; 4: index is the count of parts,
    /// bytes the sum of the payload sizes, and payload the commitment.
    Envelope {
        #[prost(bytes = "bytes", tag = "1")] stream_id: Bytes,
        #[prost(uint64, tag = "2")] height: u64,
        #[prost(uint32, tag = "3")] round: u32,
        #[prost(uint32, optional, tag = "4")] valid_round: Option<u32>,
        #[prost(bytes = "bytes", tag = "5")] proposer: Bytes,
        #[prost(uint32, tag = "6")] kind: u32,
        #[prost(uint32, tag = "7")] index: u32,
        #[prost(bytes = "bytes", tag = "8")] payload: Bytes,
        #[prost(uint64, tag = "9")] bytes: u64,
        #[prost(bytes = "bytes", tag = "10")] signature: Bytes,
    }
    /// How far a peer is: counts of blocks.
    Status {
        #[prost(bytes = "bytes", tag = "1")] peer_id: Bytes,
        #[prost(uint64, tag = "2")] tip: u64,
        #[prost(uint64, tag = "3")] earliest: u64,
    }
    /// Asks for decided values: counts of blocks.
    Request {
        #[prost(uint64, tag = "1")] from: u64,
        #[prost(uint64, tag = "2")] to: u64,
    }
    /// A decided value.
    Decided {
        #[prost(message, optional, tag = "1")] certificate: Option<Certificate>,
        #[prost(bytes = "bytes", tag = "2")] value: Bytes,
    }
    /// Decided values in order, from a count of blocks on.
    Response {
        #[prost(uint64, tag = "1")] start: u64,
        #[prost(message, repeated, tag = "2")] values: Vec<Decided>,
    }
    /// That a validator stands behind a peer.
    ValidatorProof {
        #[prost(bytes = "bytes", tag = "1")] public_key: Bytes,
        #[prost(bytes = "bytes", tag = "2")] peer_id: Bytes,
        #[prost(bytes = "bytes", tag = "3")] signature: Bytes,
    }
}

/// Kind of the end of a stream.
pub(crate) const KIND_END: u32 = 4;

/// Number of a kind of part.
pub(crate) const fn kind_to_wire(kind: PartKind) -> u32 {
    match kind {
        PartKind::Init => 1,
        PartKind::Body => 2,
        PartKind::Fin => 3,
    }
}

/// Kind of part of a number.
pub(crate) const fn kind_from_wire(kind: u32) -> Option<PartKind> {
    match kind {
        1 => Some(PartKind::Init),
        2 => Some(PartKind::Body),
        3 => Some(PartKind::Fin),
        _ => None,
    }
}
