//! Value sync.
//!
//! Heights of statuses, requests and responses are counts of blocks, so that a node that has none can say so;
//! certificates have the height itself.

use arc_malachitebft_codec::{Codec, HasEncodedLen};
use arc_malachitebft_core_types::{ExtendedCommitCertificate, ExtendedCommitSignature, Round};
use arc_malachitebft_sync::{PeerId, RawDecidedValue, Request, Response, Status, ValueRequest, ValueResponse};
use bytes::Bytes;
use prost::Message;

use super::{
    DecodeError, MAX_SMALL_BYTES, WireCodec,
    consensus::{round_number, signed_from_wire, signed_to_wire, value_bytes},
    decode, encode, height, round, value,
};
use crate::{BlockHeight, EcpContext, wire};

type Result<T> = std::result::Result<T, DecodeError>;

/// Longest peer id, in bytes: a multihash of 64 bytes and its head.
const MAX_PEER_ID_BYTES: usize = 80;

impl Codec<Status<EcpContext>> for WireCodec {
    type Error = DecodeError;

    fn decode(&self, bytes: Bytes) -> Result<Status<EcpContext>> {
        let status: wire::Status = decode(bytes, MAX_SMALL_BYTES)?;
        if status.peer_id.len() > MAX_PEER_ID_BYTES {
            return Err(DecodeError::Field("peer_id"));
        }
        Ok(Status {
            peer_id: PeerId::from_bytes(&status.peer_id).map_err(|_| DecodeError::Field("peer_id"))?,
            tip_height: BlockHeight::of_count(height(status.tip)?),
            history_min_height: BlockHeight::of_count(height(status.earliest)?),
        })
    }

    fn encode(&self, status: &Status<EcpContext>) -> Result<Bytes> {
        Ok(encode(&wire::Status {
            peer_id: status.peer_id.to_bytes().into(),
            tip: status.tip_height.count(),
            earliest: status.history_min_height.count(),
        }))
    }
}

impl Codec<Request<EcpContext>> for WireCodec {
    type Error = DecodeError;

    fn decode(&self, bytes: Bytes) -> Result<Request<EcpContext>> {
        let request: wire::Request = decode(bytes, MAX_SMALL_BYTES)?;
        let (from, to) = (height(request.from)?, height(request.to)?);
        if from > to {
            return Err(DecodeError::Field("to"));
        }
        Ok(Request::ValueRequest(ValueRequest::new(BlockHeight::of_count(from)..=BlockHeight::of_count(to))))
    }

    fn encode(&self, request: &Request<EcpContext>) -> Result<Bytes> {
        let Request::ValueRequest(request) = request;
        Ok(encode(&wire::Request { from: request.range.start().count(), to: request.range.end().count() }))
    }
}

fn response_to_wire(response: &Response<EcpContext>) -> Result<wire::Response> {
    let Response::ValueResponse(response) = response;
    let values = response.values.iter().map(|decided| {
        let certificate = &decided.certificate;
        let signatures = &certificate.commit_signatures;
        let certificate = wire::Certificate {
            height: certificate.height.block(),
            round: round_number(certificate.round)?,
            commitment: value_bytes(&certificate.value_id),
            signatures: signatures.iter().map(|entry| signed_to_wire(&entry.address, &entry.signature)).collect(),
        };
        Ok(wire::Decided { certificate: Some(certificate), value: decided.value_bytes.clone() })
    });
    Ok(wire::Response { start: response.start_height.count(), values: values.collect::<Result<_>>()? })
}

fn decided_from_wire(decided: wire::Decided) -> Result<RawDecidedValue<EcpContext>> {
    let certificate = decided.certificate.ok_or(DecodeError::Field("certificate"))?;
    let commit_signatures = signed_from_wire(&certificate.signatures)?
        .into_iter()
        .map(|(address, signature)| ExtendedCommitSignature::new(address, signature, None))
        .collect();
    let certificate = ExtendedCommitCertificate {
        height: BlockHeight::of(height(certificate.height)?),
        round: Round::new(round(certificate.round)?),
        value_id: value(&certificate.commitment)?,
        commit_signatures,
    };
    Ok(RawDecidedValue::new(decided.value, certificate))
}

impl Codec<Response<EcpContext>> for WireCodec {
    type Error = DecodeError;

    fn decode(&self, bytes: Bytes) -> Result<Response<EcpContext>> {
        let response: wire::Response = decode(bytes, self.max_sync_bytes)?;
        let start = BlockHeight::of_count(height(response.start)?);
        let values = response.values.into_iter().map(decided_from_wire).collect::<Result<_>>()?;
        Ok(Response::ValueResponse(ValueResponse::new(start, values)))
    }

    fn encode(&self, response: &Response<EcpContext>) -> Result<Bytes> {
        response_to_wire(response).map(|response| encode(&response))
    }
}

impl HasEncodedLen<Response<EcpContext>> for WireCodec {
    fn encoded_len(&self, response: &Response<EcpContext>) -> Result<usize> {
        response_to_wire(response).map(|response| response.encoded_len())
    }
}
