//! Parts of a proposal in their envelopes.

use arc_malachitebft_codec::Codec;
use bytes::Bytes;
use ecp_signatures::{Content, Envelope, StreamHeader};
use ecp_types::{Counts, Part};

use super::{DecodeError, WireCodec, consensus::signature, copy, decode, encode, height, round};
use crate::{ProposalPart, wire};

/// Writes an envelope.
#[must_use]
pub fn encode_envelope(envelope: &Envelope) -> Bytes {
    let StreamHeader { stream_id, height, round, valid_round, proposer } = &envelope.header;
    let (kind, index, payload, bytes) = match &envelope.content {
        Content::Part(part) => (wire::kind_to_wire(part.kind), part.index, part.payload.clone(), 0),
        Content::End { counts, commitment } => {
            (wire::KIND_END, counts.parts, copy(commitment.as_bytes()), counts.bytes)
        }
    };
    encode(&wire::Envelope {
        stream_id: copy(stream_id),
        height: *height,
        round: *round,
        valid_round: *valid_round,
        proposer: copy(proposer.as_bytes()),
        kind,
        index,
        payload,
        bytes,
        signature: copy(&envelope.signature.0),
    })
}

/// Reads an envelope of at most `limit` bytes. The payload is not copied.
pub fn decode_envelope(bytes: Bytes, limit: usize) -> Result<Envelope, DecodeError> {
    let envelope: wire::Envelope = decode(bytes, limit)?;
    let header = StreamHeader {
        stream_id: envelope.stream_id.as_ref().try_into().map_err(|_| DecodeError::Field("stream_id"))?,
        height: height(envelope.height)?,
        round: round(envelope.round)?,
        valid_round: envelope.valid_round.map(round).transpose()?,
        proposer: super::address(&envelope.proposer, "proposer")?.0,
    };
    let content = match wire::kind_from_wire(envelope.kind) {
        Some(kind) if envelope.bytes == 0 => {
            Content::Part(Part { index: envelope.index, kind, payload: envelope.payload })
        }
        None if envelope.kind == wire::KIND_END => {
            let counts = Counts { parts: envelope.index, bytes: envelope.bytes };
            Content::End { counts, commitment: super::value(&envelope.payload)?.0 }
        }
        _ => return Err(DecodeError::Field("kind")),
    };
    Ok(Envelope { header, content, signature: signature(&envelope.signature)? })
}

impl Codec<ProposalPart> for WireCodec {
    type Error = DecodeError;

    fn decode(&self, bytes: Bytes) -> Result<ProposalPart, DecodeError> {
        decode_envelope(bytes, self.max_gossip_bytes).map(ProposalPart)
    }

    fn encode(&self, part: &ProposalPart) -> Result<Bytes, DecodeError> {
        let bytes = encode_envelope(&part.0);
        if bytes.len() > self.max_gossip_bytes {
            return Err(DecodeError::TooLarge { size: bytes.len(), limit: self.max_gossip_bytes });
        }
        Ok(bytes)
    }
}
