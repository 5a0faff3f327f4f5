//! Bytes of what is stored, and of what value sync carries.
//!
//! A synced value is the decided header and its parts as ECP itself carries them, so that a body from the execution
//! half's archive can be passed on as it is.

use bytes::Bytes;
use ecp_consensus_core::{Body, BodyKey, Decided, Header, Slot};
use ecp_proto::{convert::DecidedHeader, v1alpha1 as pb};
use ecp_types::{Certificate, Commitment, Felt, Part, Position};
use prost::Message;

/// A row or a value that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadRow(pub String);

fn bad(what: impl std::fmt::Display) -> BadRow {
    BadRow(what.to_string())
}

#[derive(Clone, PartialEq, Message)]
struct BodyRow {
    #[prost(uint32, optional, tag = "1")]
    valid_round: Option<u32>,
    #[prost(bytes = "bytes", tag = "2")]
    proposer: Bytes,
    #[prost(bool, tag = "3")]
    own: bool,
    #[prost(string, tag = "4")]
    part_format: String,
    #[prost(message, repeated, tag = "5")]
    parts: Vec<pb::Part>,
}

#[derive(Clone, PartialEq, Message)]
struct DecidedRow {
    #[prost(message, optional, tag = "1")]
    certificate: Option<pb::CommitCertificate>,
    #[prost(uint32, optional, tag = "2")]
    body_round: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct SyncedValue {
    #[prost(message, optional, tag = "1")]
    header: Option<pb::DecidedHeader>,
    #[prost(message, repeated, tag = "2")]
    parts: Vec<pb::Part>,
}

/// Key of a body: height, round, commitment, so that rows are sorted by height.
#[must_use]
pub fn body_key(key: &BodyKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(44);
    bytes.extend(key.slot.height.to_be_bytes());
    bytes.extend(key.slot.round.to_be_bytes());
    bytes.extend(key.commitment.as_bytes());
    bytes
}

/// Reads a key of [`body_key`].
pub fn read_body_key(bytes: &[u8]) -> Result<BodyKey, BadRow> {
    let array: [u8; 44] = bytes.try_into().map_err(|_| bad("a body's key is not 44 bytes"))?;
    let (height, rest) = array.split_at(8);
    let (round, commitment) = rest.split_at(4);
    let height = u64::from_be_bytes(height.try_into().map_err(bad)?);
    let round = u32::from_be_bytes(round.try_into().map_err(bad)?);
    Ok(BodyKey { slot: Slot { height, round }, commitment: Commitment::from_bytes(commitment).map_err(bad)? })
}

/// Writes a body.
#[must_use]
pub fn body(body: &Body, part_format: &str) -> Vec<u8> {
    BodyRow {
        valid_round: body.header.valid_round,
        proposer: Bytes::copy_from_slice(body.header.proposer.as_bytes()),
        own: body.own,
        part_format: part_format.to_owned(),
        parts: body.parts.iter().cloned().map(Into::into).collect(),
    }
    .encode_to_vec()
}

/// Reads a body, and its part format.
pub fn read_body(key: BodyKey, bytes: &[u8]) -> Result<(Body, String), BadRow> {
    let row = BodyRow::decode(bytes).map_err(bad)?;
    let proposer = Felt::from_bytes(&row.proposer).map_err(bad)?;
    let header = Header { slot: key.slot, valid_round: row.valid_round, proposer };
    let parts = parts(row.parts)?;
    Ok((Body { header, commitment: key.commitment, parts, own: row.own }, row.part_format))
}

fn parts(parts: Vec<pb::Part>) -> Result<Vec<Part>, BadRow> {
    parts.into_iter().map(|part| part.try_into().map_err(bad)).collect()
}

/// Writes a decision.
#[must_use]
pub fn decided(decided: &Decided) -> Vec<u8> {
    DecidedRow {
        certificate: Some(decided.certificate.clone().into()),
        body_round: decided.body.map(|key| key.slot.round),
    }
    .encode_to_vec()
}

/// Reads a decision.
pub fn read_decided(bytes: &[u8]) -> Result<Decided, BadRow> {
    let row = DecidedRow::decode(bytes).map_err(bad)?;
    let certificate: Certificate = row.certificate.ok_or_else(|| bad("no certificate"))?.try_into().map_err(bad)?;
    let (height, commitment) = (certificate.height, certificate.commitment);
    let body = row.body_round.map(|round| BodyKey { slot: Slot { height, round }, commitment });
    Ok(Decided { certificate, body })
}

/// Writes a position.
#[must_use]
pub fn position(position: &Position) -> Vec<u8> {
    pb::Position::from(*position).encode_to_vec()
}

/// Reads a position.
pub fn read_position(bytes: &[u8]) -> Result<Position, BadRow> {
    pb::Position::decode(bytes).map_err(bad)?.try_into().map_err(bad)
}

/// Writes a value for a peer that catches up.
#[must_use]
pub fn synced(header: DecidedHeader, parts: Vec<Part>) -> Bytes {
    let parts = parts.into_iter().map(Into::into).collect();
    SyncedValue { header: Some(header.into()), parts }.encode_to_vec().into()
}

/// Reads a value from a peer.
pub fn read_synced(bytes: Bytes) -> Result<(DecidedHeader, Vec<Part>), BadRow> {
    let value = SyncedValue::decode(bytes).map_err(bad)?;
    let header = value.header.ok_or_else(|| bad("no header"))?.try_into().map_err(bad)?;
    Ok((header, parts(value.parts)?))
}
