//! The archive of decided blocks: how they lie in the store, and how they are read.
//!
//! | table | key | value |
//! |---|---|---|
//! | `ecp.meta` | `committed` | height (8 bytes, big-endian), commitment (32) |
//! | `ecp.meta` | `earliest` | height |
//! | `ecp.meta` | `network` | digest of the genesis (32), fork id (8) |
//! | `ecp.header` | height | `DecidedHeader`, protobuf |
//! | `ecp.part` | height, index (4 bytes, big-endian) | `Part`, protobuf |
//! | `ecp.params` | height | `HeightParams`, protobuf |
//! | `ecp.finalized` | height | `FinalizeRequest`, protobuf |
//! | `ecp.evidence` | height, commitment | phase (1 byte: 0 halted, 1 diverged), certificate, protobuf |
//! | `ecp.stopped` | `reason` | phase (1 byte), text for the operator |

use ecp_execution_core::{
    Restored,
    effect::{Commit, Conflict},
    input::Finalize,
    seams::{Executed, Snapshot, Store, StoreError, Write},
};
use ecp_proto::{convert::DecidedHeader, v1alpha1 as pb};
use ecp_types::{Commitment, Counts, Height, HeightParams, Network, Part, Phase, Position};
use prost::Message;

const META: &str = "ecp.meta";
const HEADER: &str = "ecp.header";
const PART: &str = "ecp.part";
const PARAMS: &str = "ecp.params";
const FINALIZED: &str = "ecp.finalized";
const EVIDENCE: &str = "ecp.evidence";
const STOPPED: &str = "ecp.stopped";

/// A store whose rows contradict each other, or belong to another network.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row cannot be read.
    #[error("the archive is damaged: {0}")]
    Damaged(String),
    /// The store was made for another network.
    #[error(
        "the data directory belongs to another network (genesis {theirs}, fork {their_fork}): use the genesis it was made with, or another directory"
    )]
    OtherNetwork {
        /// Genesis digest in the store.
        theirs: String,
        /// Fork id in the store.
        their_fork: u64,
    },
}

fn damaged(what: impl std::fmt::Display) -> ArchiveError {
    ArchiveError::Damaged(what.to_string())
}

fn key(height: Height) -> Vec<u8> {
    height.to_be_bytes().to_vec()
}

fn part_key(height: Height, index: u32) -> Vec<u8> {
    [height.to_be_bytes().as_slice(), index.to_be_bytes().as_slice()].concat()
}

fn number(bytes: &[u8]) -> Result<u64, ArchiveError> {
    Ok(u64::from_be_bytes(bytes.try_into().map_err(|_| damaged("a number is not 8 bytes"))?))
}

/// Binds an empty store to a network, or checks that it belongs to it.
///
/// # Errors
/// The store belongs to another network, or fails.
pub fn bind(store: &dyn Store, network: &Network) -> Result<(), ArchiveError> {
    let ours = [network.genesis_hash.as_slice(), network.fork_id.to_be_bytes().as_slice()].concat();
    match store.snapshot()?.get(META, b"network")? {
        None => Ok(store.write(vec![(META, b"network".to_vec(), Some(ours))])?),
        Some(theirs) if theirs == ours => Ok(()),
        Some(theirs) => {
            let (genesis, fork) = theirs.split_at_checked(32).ok_or_else(|| damaged("the network row is short"))?;
            Err(ArchiveError::OtherNetwork { theirs: hex::encode(genesis), their_fork: number(fork)? })
        }
    }
}

/// What was durable, for the core. The engine adds what it knows.
///
/// # Errors
/// The store fails or is damaged.
pub fn restore(store: &dyn Store) -> Result<Restored, ArchiveError> {
    let snapshot = store.snapshot()?;
    let committed = match snapshot.get(META, b"committed")? {
        None => None,
        Some(row) => {
            let (height, commitment) = row.split_at_checked(8).ok_or_else(|| damaged("the position is short"))?;
            Some(Position { height: number(height)?, commitment: Commitment::from_bytes(commitment).map_err(damaged)? })
        }
    };
    let earliest = snapshot.get(META, b"earliest")?.map(|row| number(&row)).transpose()?;
    let stopped = snapshot.get(STOPPED, b"reason")?.map(|row| {
        let phase = if row.first() == Some(&1) { Phase::Diverged } else { Phase::Halted };
        (phase, String::from_utf8_lossy(row.get(1..).unwrap_or_default()).into_owned())
    });
    Ok(Restored { committed, earliest, stopped, ..Restored::default() })
}

/// The rows of a decided block, to be written in one transaction with the engine's (ECP-REC-007).
#[must_use]
pub fn block_rows(commit: &Commit, executed: &Executed, params: &HeightParams, first: bool) -> Vec<Write> {
    let certificate = &commit.certificate;
    let height = certificate.height;
    let header = DecidedHeader {
        height,
        certificate: certificate.clone(),
        part_format: params.part_format.clone(),
        counts: Counts::of(&executed.parts),
    };
    let position = [height.to_be_bytes().as_slice(), certificate.commitment.as_bytes().as_slice()].concat();
    let mut rows: Vec<Write> = vec![
        (META, b"committed".to_vec(), Some(position)),
        (HEADER, key(height), Some(pb::DecidedHeader::from(header).encode_to_vec())),
        (PARAMS, key(height), Some(pb::HeightParams::from(params.clone()).encode_to_vec())),
    ];
    if first {
        rows.push((META, b"earliest".to_vec(), Some(key(height))));
    }
    rows.extend(
        executed
            .parts
            .iter()
            .map(|part| (PART, part_key(height, part.index), Some(pb::Part::from(part.clone()).encode_to_vec()))),
    );
    rows
}

/// The row of what came after a decision.
#[must_use]
pub fn finalize_row(finalize: Finalize) -> Write {
    let height = finalize.height;
    let message = pb::FinalizeRequest {
        height: Some(height),
        certificate: Some(finalize.certificate.into()),
        evidence: finalize.evidence.into_iter().map(Into::into).collect(),
    };
    (FINALIZED, key(height), Some(message.encode_to_vec()))
}

/// The rows that keep evidence, and keep the next process stopped until an operator removes them.
#[must_use]
pub fn evidence_rows(conflict: &Conflict) -> Vec<Write> {
    let phase = u8::from(conflict.divergence);
    let certificate = &conflict.certificate;
    let name = [certificate.height.to_be_bytes().as_slice(), certificate.commitment.as_bytes().as_slice()].concat();
    let mut evidence = vec![phase];
    evidence.extend(pb::CommitCertificate::from(certificate.clone()).encode_to_vec());
    let mut reason = vec![phase];
    reason.extend(conflict.detail.as_bytes());
    vec![(EVIDENCE, name, Some(evidence)), (STOPPED, b"reason".to_vec(), Some(reason))]
}

/// The header of a decided block.
///
/// # Errors
/// The store fails or is damaged.
pub fn header(snapshot: &dyn Snapshot, height: Height) -> Result<Option<DecidedHeader>, ArchiveError> {
    let Some(row) = snapshot.get(HEADER, &key(height))? else { return Ok(None) };
    let message = pb::DecidedHeader::decode(row.as_slice()).map_err(damaged)?;
    Ok(Some(message.try_into().map_err(damaged)?))
}

/// The parts of a decided block.
///
/// # Errors
/// The store fails or is damaged.
pub fn parts(snapshot: &dyn Snapshot, height: Height) -> Result<Vec<Part>, ArchiveError> {
    let rows = snapshot.range(PART, &part_key(height, 0), &part_key(height, u32::MAX), usize::MAX)?;
    rows.into_iter()
        .map(|(_, row)| {
            let message = pb::Part::decode(row.as_slice()).map_err(damaged)?;
            Part::try_from(message).map_err(damaged)
        })
        .collect()
}

/// The parameters of a decided height.
///
/// # Errors
/// The store fails or is damaged.
pub fn params(snapshot: &dyn Snapshot, height: Height) -> Result<Option<HeightParams>, ArchiveError> {
    let Some(row) = snapshot.get(PARAMS, &key(height))? else { return Ok(None) };
    let message = pb::HeightParams::decode(row.as_slice()).map_err(damaged)?;
    Ok(Some(message.try_into().map_err(damaged)?))
}
