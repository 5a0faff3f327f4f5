//! Requests and replies of the calls without streams, but for Handshake and Watch.

use bytes::Bytes;
use ecp_types::{Certificate, Commitment, Evidence, Felt, Height, HeightParams, Position, Round, StreamId};

use super::{FieldError, Within, array, bytes_of, commitment, decision::name16, felt, in_range, required};
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

/// ReframeInit's request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reframe {
    /// The height.
    pub height: Height,
    /// The INIT payload as it was proposed first.
    pub init: Bytes,
    /// The new round.
    pub round: Round,
    /// Round of the prevote quorum, below `round`.
    pub valid_round: Round,
    /// Who proposes it again.
    pub proposer: Felt,
}

impl TryFrom<pb::ReframeInitRequest> for Reframe {
    type Error = FieldError;

    fn try_from(r: pb::ReframeInitRequest) -> Result<Self, FieldError> {
        let round = required(r.round, "round")?;
        let valid_round = required(r.valid_round, "valid_round")?;
        if valid_round >= round {
            return Err(FieldError::new("valid_round", "must be below round"));
        }
        Ok(Self {
            height: required(r.height, "height")?,
            init: r.init,
            round,
            valid_round,
            proposer: felt(&r.proposer, "proposer")?,
        })
    }
}

impl From<Reframe> for pb::ReframeInitRequest {
    fn from(r: Reframe) -> Self {
        Self {
            height: Some(r.height),
            init: r.init,
            round: Some(r.round),
            valid_round: Some(r.valid_round),
            proposer: bytes_of(r.proposer.as_bytes()),
        }
    }
}

/// Decide's request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decision {
    /// The decided height.
    pub height: Height,
    /// The round of the certificate.
    pub round: Round,
    /// The decided commitment.
    pub commitment: Commitment,
    /// The certificate.
    pub certificate: Certificate,
}

impl TryFrom<pb::DecideRequest> for Decision {
    type Error = FieldError;

    fn try_from(r: pb::DecideRequest) -> Result<Self, FieldError> {
        let decision = Self {
            height: required(r.height, "height")?,
            round: required(r.round, "round")?,
            commitment: commitment(&r.commitment, "commitment")?,
            certificate: required(r.certificate, "certificate")?.try_into().within("certificate")?,
        };
        let c = &decision.certificate;
        if c.height != decision.height {
            return Err(FieldError::new("certificate.height", "differs from height"));
        }
        if c.round != decision.round {
            return Err(FieldError::new("certificate.round", "differs from round"));
        }
        if c.commitment != decision.commitment {
            return Err(FieldError::new("certificate.commitment", "differs from commitment"));
        }
        Ok(decision)
    }
}

impl From<Decision> for pb::DecideRequest {
    fn from(d: Decision) -> Self {
        Self {
            height: Some(d.height),
            round: Some(d.round),
            commitment: bytes_of(d.commitment.as_bytes()),
            certificate: Some(d.certificate.into()),
        }
    }
}

/// Decide's reply.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decided {
    /// What is committed now.
    pub committed: Position,
    /// Parameters of the next height, if known.
    pub next_params: Option<HeightParams>,
}

impl TryFrom<pb::DecideResponse> for Decided {
    type Error = FieldError;

    fn try_from(r: pb::DecideResponse) -> Result<Self, FieldError> {
        Ok(Self {
            committed: required(r.committed, "committed")?.try_into().within("committed")?,
            next_params: r.next_params.map(TryInto::try_into).transpose().within("next_params")?,
        })
    }
}

impl From<Decided> for pb::DecideResponse {
    fn from(d: Decided) -> Self {
        Self { committed: Some(d.committed.into()), next_params: d.next_params.map(Into::into) }
    }
}
