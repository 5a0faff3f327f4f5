//! Identities, positions, phases, the handshake and Watch.

use ecp_types::{
    ConsensusId, ConsensusPosition, ExecutionPosition, Feature, Height, InstanceId, Limits, Network, Phase,
    SessionRole, Software, WatchState,
    limits::{CANDIDATES_MIN, HANDSHAKE_BYTES, MESSAGE_BYTES, PART_BYTES},
};
use prost::Message;

use super::{FieldError, Within, array, bytes_of, decision::name16, detail, in_range, known, required, text};
use crate::{status::shorten, v1alpha1 as pb};

/// Most revisions that a handshake can name.
const REVISIONS_MAX: usize = 16;

impl TryFrom<pb::NetworkIdentity> for Network {
    type Error = FieldError;

    fn try_from(n: pb::NetworkIdentity) -> Result<Self, FieldError> {
        Ok(Self {
            chain_id: text(&n.chain_id, "chain_id", 1, 31)?,
            genesis_hash: array(&n.genesis_hash, "genesis_hash")?,
            fork_id: required(n.fork_id, "fork_id")?,
            activation_digest: array(&n.activation_digest, "activation_digest")?,
        })
    }
}

impl From<Network> for pb::NetworkIdentity {
    fn from(n: Network) -> Self {
        Self {
            chain_id: n.chain_id,
            genesis_hash: bytes_of(&n.genesis_hash),
            fork_id: Some(n.fork_id),
            activation_digest: bytes_of(&n.activation_digest),
        }
    }
}

impl TryFrom<pb::Limits> for Limits {
    type Error = FieldError;

    fn try_from(l: pb::Limits) -> Result<Self, FieldError> {
        Ok(Self {
            max_message_bytes: in_range(l.max_message_bytes, MESSAGE_BYTES, u64::MAX, "max_message_bytes")?,
            max_part_bytes: in_range(l.max_part_bytes, PART_BYTES, u64::MAX, "max_part_bytes")?,
            max_candidates: in_range(l.max_candidates, CANDIDATES_MIN as u32, u32::MAX, "max_candidates")?,
        })
    }
}

impl From<Limits> for pb::Limits {
    fn from(l: Limits) -> Self {
        Self {
            max_message_bytes: l.max_message_bytes,
            max_part_bytes: l.max_part_bytes,
            max_candidates: l.max_candidates,
        }
    }
}

impl TryFrom<pb::SoftwareIdentity> for Software {
    type Error = FieldError;

    fn try_from(s: pb::SoftwareIdentity) -> Result<Self, FieldError> {
        in_range(s.name.len(), 0, 64, "name")?;
        in_range(s.version.len(), 0, 64, "version")?;
        Ok(Self { name: s.name, version: s.version })
    }
}

impl From<Software> for pb::SoftwareIdentity {
    fn from(s: Software) -> Self {
        Self { name: s.name, version: s.version }
    }
}

/// Features that this half knows; others are ignored (ECP-SES-006).
#[must_use]
pub fn features(raw: &[i32]) -> Vec<Feature> {
    let mut known: Vec<Feature> = raw
        .iter()
        .filter_map(|value| match pb::Feature::try_from(*value).ok()? {
            pb::Feature::Unspecified => None,
            pb::Feature::Finalize => Some(Feature::Finalize),
            pb::Feature::SelfSync => Some(Feature::SelfSync),
            pb::Feature::VerifyCertificates => Some(Feature::VerifyCertificates),
        })
        .collect();
    known.sort_unstable();
    known.dedup();
    known
}

fn raw_features(features: &[Feature]) -> Vec<i32> {
    features
        .iter()
        .map(|feature| {
            match feature {
                Feature::Finalize => pb::Feature::Finalize,
                Feature::SelfSync => pb::Feature::SelfSync,
                Feature::VerifyCertificates => pb::Feature::VerifyCertificates,
            }
            .into()
        })
        .collect()
}

/// A checked handshake of a consensus half.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HandshakeOpen {
    /// Revisions that it speaks, ascending.
    pub revisions: Vec<u32>,
    /// Features that it can use.
    pub features: Vec<Feature>,
    /// What it accepts.
    pub limits: Limits,
    /// Its network.
    pub network: Network,
    /// Which software it is.
    pub software: Software,
    /// What the session is for.
    pub role: SessionRole,
    /// Its durable identity.
    pub consensus_id: ConsensusId,
    /// Set by an operator's flag.
    pub takeover: bool,
    /// What it holds durably; `None` for a READER.
    pub position: Option<ConsensusPosition>,
}

/// The execution half's answer to a handshake.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HandshakeAnswer {
    /// The revision to speak.
    pub revision: u32,
    /// Features that both named.
    pub features: Vec<Feature>,
    /// What the execution half accepts.
    pub limits: Limits,
    /// Its network.
    pub network: Network,
    /// Which software it is.
    pub software: Software,
    /// Its process.
    pub instance_id: InstanceId,
    /// Goes with every later call.
    pub session_token: Vec<u8>,
    /// What it holds durably.
    pub position: ExecutionPosition,
    /// Time that closing a block takes.
    pub build_margin_ms: u32,
    /// First height of the chain.
    pub first_height: Height,
}

/// A handshake is small: it is read before anybody is known (ECP-LIM-006).
fn small_enough(message: &impl Message) -> Result<(), FieldError> {
    let size = message.encoded_len() as u64;
    if size > HANDSHAKE_BYTES { Err(FieldError::too_large("", size, HANDSHAKE_BYTES)) } else { Ok(()) }
}

impl TryFrom<pb::HandshakeRequest> for HandshakeOpen {
    type Error = FieldError;

    fn try_from(r: pb::HandshakeRequest) -> Result<Self, FieldError> {
        small_enough(&r)?;
        in_range(r.revisions.len(), 1, REVISIONS_MAX, "revisions")?;
        let mut revisions = r.revisions;
        for (i, revision) in revisions.iter().enumerate() {
            in_range(*revision, 1, u32::MAX, &format!("revisions[{i}]"))?;
        }
        revisions.sort_unstable();
        revisions.dedup();
        let role = known(r.role, "role", |role: pb::SessionRole| match role {
            pb::SessionRole::Unspecified => None,
            pb::SessionRole::Writer => Some(SessionRole::Writer),
            pb::SessionRole::Reader => Some(SessionRole::Reader),
        })?;
        let position = match role {
            SessionRole::Writer => Some(required(r.position, "position")?.try_into().within("position")?),
            SessionRole::Reader => None,
        };
        Ok(Self {
            revisions,
            features: features(&r.features),
            limits: required(r.limits, "limits")?.try_into().within("limits")?,
            network: required(r.network, "network")?.try_into().within("network")?,
            software: required(r.software, "software")?.try_into().within("software")?,
            role,
            consensus_id: name16(&r.consensus_id, "consensus_id")?,
            takeover: r.takeover,
            position,
        })
    }
}

impl From<HandshakeOpen> for pb::HandshakeRequest {
    fn from(h: HandshakeOpen) -> Self {
        let role = match h.role {
            SessionRole::Writer => pb::SessionRole::Writer,
            SessionRole::Reader => pb::SessionRole::Reader,
        };
        Self {
            revisions: h.revisions,
            features: raw_features(&h.features),
            limits: Some(h.limits.into()),
            network: Some(h.network.into()),
            software: Some(h.software.into()),
            role: role.into(),
            consensus_id: bytes_of(&h.consensus_id),
            takeover: h.takeover,
            position: h.position.map(Into::into),
        }
    }
}

impl TryFrom<pb::HandshakeResponse> for HandshakeAnswer {
    type Error = FieldError;

    fn try_from(r: pb::HandshakeResponse) -> Result<Self, FieldError> {
        small_enough(&r)?;
        in_range(r.session_token.len(), 16, 64, "session_token")?;
        Ok(Self {
            revision: in_range(r.revision, 1, u32::MAX, "revision")?,
            features: features(&r.features),
            limits: required(r.limits, "limits")?.try_into().within("limits")?,
            network: required(r.network, "network")?.try_into().within("network")?,
            software: required(r.software, "software")?.try_into().within("software")?,
            instance_id: name16(&r.instance_id, "instance_id")?,
            session_token: r.session_token.to_vec(),
            position: required(r.position, "position")?.try_into().within("position")?,
            build_margin_ms: r.build_margin_ms,
            first_height: required(r.first_height, "first_height")?,
        })
    }
}

impl From<HandshakeAnswer> for pb::HandshakeResponse {
    fn from(h: HandshakeAnswer) -> Self {
        Self {
            revision: h.revision,
            features: raw_features(&h.features),
            limits: Some(h.limits.into()),
            network: Some(h.network.into()),
            software: Some(h.software.into()),
            instance_id: bytes_of(&h.instance_id),
            session_token: h.session_token.into(),
            position: Some(h.position.into()),
            build_margin_ms: h.build_margin_ms,
            first_height: Some(h.first_height),
        }
    }
}

impl TryFrom<pb::ConsensusPosition> for ConsensusPosition {
    type Error = FieldError;

    fn try_from(p: pb::ConsensusPosition) -> Result<Self, FieldError> {
        Ok(Self {
            committed: p.committed.map(TryInto::try_into).transpose().within("committed")?,
            last_signed: p.last_signed.map(TryInto::try_into).transpose().within("last_signed")?,
            certified: p.certified.map(TryInto::try_into).transpose().within("certified")?,
        })
    }
}

impl From<ConsensusPosition> for pb::ConsensusPosition {
    fn from(p: ConsensusPosition) -> Self {
        Self {
            committed: p.committed.map(Into::into),
            last_signed: p.last_signed.map(Into::into),
            certified: p.certified.map(Into::into),
        }
    }
}

impl TryFrom<pb::ExecutionPosition> for ExecutionPosition {
    type Error = FieldError;

    fn try_from(p: pb::ExecutionPosition) -> Result<Self, FieldError> {
        Ok(Self {
            committed: p.committed.map(TryInto::try_into).transpose().within("committed")?,
            earliest: p.earliest,
            block_hash_height: p.block_hash_height,
        })
    }
}

impl From<ExecutionPosition> for pb::ExecutionPosition {
    fn from(p: ExecutionPosition) -> Self {
        Self { committed: p.committed.map(Into::into), earliest: p.earliest, block_hash_height: p.block_hash_height }
    }
}

impl From<Phase> for pb::Phase {
    fn from(p: Phase) -> Self {
        match p {
            Phase::Syncing => Self::Syncing,
            Phase::Ready => Self::Ready,
            Phase::Draining => Self::Draining,
            Phase::Diverged => Self::Diverged,
            Phase::Halted => Self::Halted,
        }
    }
}

impl TryFrom<pb::WatchResponse> for WatchState {
    type Error = FieldError;

    fn try_from(w: pb::WatchResponse) -> Result<Self, FieldError> {
        Ok(Self {
            instance_id: name16(&w.instance_id, "instance_id")?,
            phase: known(w.phase, "phase", |phase: pb::Phase| match phase {
                pb::Phase::Unspecified => None,
                pb::Phase::Syncing => Some(Phase::Syncing),
                pb::Phase::Ready => Some(Phase::Ready),
                pb::Phase::Draining => Some(Phase::Draining),
                pb::Phase::Diverged => Some(Phase::Diverged),
                pb::Phase::Halted => Some(Phase::Halted),
            })?,
            reason: detail(w.reason, "reason")?,
            committed: w.committed.map(TryInto::try_into).transpose().within("committed")?,
            block_hash_height: w.block_hash_height,
            params_height: w.params_height,
            network_tip: w.network_tip,
            sequence: w.sequence,
        })
    }
}

impl From<WatchState> for pb::WatchResponse {
    fn from(w: WatchState) -> Self {
        Self {
            instance_id: bytes_of(&w.instance_id),
            phase: pb::Phase::from(w.phase).into(),
            reason: shorten(w.reason),
            committed: w.committed.map(Into::into),
            block_hash_height: w.block_hash_height,
            params_height: w.params_height,
            network_tip: w.network_tip,
            sequence: w.sequence,
        }
    }
}
