//! A decided proposal as value sync carries it.
//!
//! The bytes are a protocol buffer: the part format of the height, and the parts as they were gossiped, in order.

use bytes::Bytes;
use ecp_types::{Part, PartKind};
use prost::Message;

use crate::wire;

/// The parts of a proposal and the format that they are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Part format of the height.
    pub part_format: String,
    /// The parts, by index.
    pub parts: Vec<Part>,
}

/// Bytes that are no body: the peer that sent them is to blame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBody {
    /// Not a protocol buffer.
    #[error("not a protocol buffer")]
    Malformed,
    /// A kind of part that is not known.
    #[error("part {0} is of an unknown kind")]
    Kind(usize),
    /// Parts that are not INIT, BODY*, FIN.
    #[error("part {0} is out of order: INIT comes first, FIN last")]
    Order(usize),
    /// More payload than the height allows.
    #[error("{bytes} bytes of payload exceed the {limit} of the height")]
    TooLarge {
        /// Sum of the payload sizes.
        bytes: u64,
        /// Limit of the height.
        limit: u64,
    },
}

impl Body {
    /// Writes the body.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let parts = self
            .parts
            .iter()
            .map(|part| wire::BodyPart { kind: wire::kind_to_wire(part.kind), payload: part.payload.clone() })
            .collect();
        wire::Body { part_format: self.part_format.clone(), parts }.encode_to_vec().into()
    }

    /// Reads a body from a peer. `limit` is the proposal limit of the height in bytes (ECP-LIM-003).
    pub fn decode(bytes: Bytes, limit: u64) -> Result<Self, BadBody> {
        let body = wire::Body::decode(bytes).map_err(|_| BadBody::Malformed)?;
        let size: u64 = body.parts.iter().map(|part| part.payload.len() as u64).sum();
        if size > limit {
            return Err(BadBody::TooLarge { bytes: size, limit });
        }
        let last = body.parts.len().saturating_sub(1);
        let parts = body
            .parts
            .into_iter()
            .enumerate()
            .map(|(position, part)| {
                let kind = wire::kind_from_wire(part.kind).ok_or(BadBody::Kind(position))?;
                let right = match kind {
                    PartKind::Init => position == 0,
                    PartKind::Body => position > 0 && position < last,
                    PartKind::Fin => position > 0 && position == last,
                };
                // A body has far fewer than 2^32 parts: each takes at least four bytes.
                let index = u32::try_from(position).map_err(|_| BadBody::Order(position))?;
                if right { Ok(Part { index, kind, payload: part.payload }) } else { Err(BadBody::Order(position)) }
            })
            .collect::<Result<Vec<_>, _>>()?;
        if parts.len() < 2 {
            return Err(BadBody::Order(last));
        }
        Ok(Self { part_format: body.part_format, parts })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn body(kinds: &[PartKind]) -> Body {
        let parts = kinds
            .iter()
            .enumerate()
            .map(|(index, kind)| Part { index: index as u32, kind: *kind, payload: Bytes::from(vec![index as u8; 9]) })
            .collect();
        Body { part_format: "ecp-test/1".into(), parts }
    }

    #[test]
    fn is_read_back_and_kept_in_order() {
        use PartKind::{Body as B, Fin as F, Init as I};
        for good in [&[I, F][..], &[I, B, F], &[I, B, B, F]] {
            let body = body(good);
            assert_eq!(Body::decode(body.encode(), 1_000), Ok(body));
        }
        for bad in [&[][..], &[I], &[F], &[F, I], &[I, B], &[I, F, B], &[I, I, F], &[B, F]] {
            assert!(matches!(Body::decode(body(bad).encode(), 1_000), Err(BadBody::Order(_))), "{bad:?}");
        }
        assert_eq!(Body::decode(body(&[I, B, F]).encode(), 26), Err(BadBody::TooLarge { bytes: 27, limit: 26 }));
    }

    proptest! {
        #[test]
        fn random_bytes_do_no_harm(bytes: Vec<u8>) {
            let _ = Body::decode(bytes.into(), 1_000);
        }
    }
}
