//! Requests and replies of the calls that ask for something by its height, of Abort, ReframeInit and Finalize.

use ecp_types::{Certificate, Evidence, Height, HeightParams, StreamId};

use super::{FieldError, Within, array, bytes_of, decision::name16, in_range, required};
use crate::v1alpha1 as pb;

/// Most pieces of evidence in one Finalize.
const EVIDENCE_MAX: usize = 64;

impl TryFrom<pb::GetHeightParamsRequest> for Height {
    type Error = FieldError;

    fn try_from(r: pb::GetHeightParamsRequest) -> Result<Self, FieldError> {
        required(r.height, "height")
    }
}

impl TryFrom<pb::GetHeightParamsResponse> for HeightParams {
    type Error = FieldError;

    fn try_from(r: pb::GetHeightParamsResponse) -> Result<Self, FieldError> {
        required(r.params, "params")?.try_into().within("params")
    }
}

impl TryFrom<pb::GetBlockHashRequest> for Height {
    type Error = FieldError;

    fn try_from(r: pb::GetBlockHashRequest) -> Result<Self, FieldError> {
        required(r.height, "height")
    }
}

/// A block hash, or how far the hashes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockHashAnswer {
    /// It is known (ECP-SYN-008).
    Known {
        /// The block hash.
        block_hash: [u8; 32],
        /// The state root after the block.
        state_root: [u8; 32],
    },
    /// It is not computed yet.
    NotYet {
        /// Highest height whose hash is known; `None`: none.
        known_height: Option<Height>,
    },
}

impl TryFrom<pb::GetBlockHashResponse> for BlockHashAnswer {
    type Error = FieldError;

    fn try_from(r: pb::GetBlockHashResponse) -> Result<Self, FieldError> {
        use pb::get_block_hash_response::Result as Answer;
        Ok(match required(r.result, "result")? {
            Answer::Known(known) => Self::Known {
                block_hash: array(&known.block_hash, "known.block_hash")?,
                state_root: array(&known.state_root, "known.state_root")?,
            },
            Answer::NotYet(not_yet) => Self::NotYet { known_height: not_yet.known_height },
        })
    }
}

impl From<BlockHashAnswer> for pb::GetBlockHashResponse {
    fn from(a: BlockHashAnswer) -> Self {
        use pb::get_block_hash_response::Result as Answer;
        let result = match a {
            BlockHashAnswer::Known { block_hash, state_root } => Answer::Known(pb::KnownBlockHash {
                block_hash: bytes_of(&block_hash),
                state_root: bytes_of(&state_root),
            }),
            BlockHashAnswer::NotYet { known_height } => Answer::NotYet(pb::BlockHashNotYet { known_height }),
        };
        Self { result: Some(result) }
    }
}

/// Heights from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockRange {
    /// First height.
    pub from: Height,
    /// Last height, `from` or above.
    pub to: Height,
}

impl TryFrom<pb::GetDecidedRequest> for BlockRange {
    type Error = FieldError;

    fn try_from(r: pb::GetDecidedRequest) -> Result<Self, FieldError> {
        let from = required(r.from, "from")?;
        let to = in_range(required(r.to, "to")?, from, Height::MAX, "to")?;
        Ok(Self { from, to })
    }
}

/// Abort's request: the stream.
impl TryFrom<pb::AbortRequest> for StreamId {
    type Error = FieldError;

    fn try_from(r: pb::AbortRequest) -> Result<Self, FieldError> {
        name16(&r.stream_id, "stream_id")
    }
}

/// Finalize's request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Finalization {
    /// A committed height.
    pub height: Height,
    /// The certificate with late precommits.
    pub certificate: Certificate,
    /// Evidence seen at this height.
    pub evidence: Vec<Evidence>,
}

impl TryFrom<pb::FinalizeRequest> for Finalization {
    type Error = FieldError;

    fn try_from(r: pb::FinalizeRequest) -> Result<Self, FieldError> {
        in_range(r.evidence.len(), 0, EVIDENCE_MAX, "evidence")?;
        let height = required(r.height, "height")?;
        let certificate: Certificate = required(r.certificate, "certificate")?.try_into().within("certificate")?;
        if certificate.height != height {
            return Err(FieldError::new("certificate.height", "differs from height"));
        }
        let evidence = r
            .evidence
            .into_iter()
            .enumerate()
            .map(|(i, e)| e.try_into().within(&format!("evidence[{i}]")))
            .collect::<Result<_, _>>()?;
        Ok(Self { height, certificate, evidence })
    }
}

impl From<Finalization> for pb::FinalizeRequest {
    fn from(f: Finalization) -> Self {
        Self {
            height: Some(f.height),
            certificate: Some(f.certificate.into()),
            evidence: f.evidence.into_iter().map(Into::into).collect(),
        }
    }
}
