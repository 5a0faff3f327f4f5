//! What a correct caller sends: cases write only what matters to them.

use bytes::Bytes;
use ecp_proto::v1alpha1 as v1;
use ecp_types::{Certificate, Commitment, Felt, Network, Part, PartKind, Position, Round, limits};
use prost::Message;
use prost_reflect::DynamicMessage;
use serde_json::Value as Json;

use crate::{
    wire,
    workload::{Chain, Proposal},
};

/// What defaults are made from.
pub(super) struct Context<'a> {
    pub chain: &'a dyn Chain,
    pub committed: Option<Position>,
    /// Features that the case needs.
    pub features: Vec<i32>,
    pub consensus_id: Bytes,
    /// A stream id that was never used.
    pub stream_id: Bytes,
}

/// Budget of builds and validations in which time does not matter, in milliseconds.
pub(super) const BUDGET_MS: u32 = 10_000;

impl Context<'_> {
    /// The request of a unary or server-streaming call, as far as it does not depend on what the case writes.
    pub(super) fn request(&self, method: &str, written: &Json) -> Result<DynamicMessage, String> {
        let next = self.chain.next_height();
        let round = written.get("round").and_then(as_u32);
        let proposer = |default: Round| self.proposer(round.unwrap_or(default));
        let committed = self.committed.map_or(next, |p| p.height);
        let bytes = match method {
            "Handshake" => self.handshake().encode_to_vec(),
            "Watch" => v1::WatchRequest {}.encode_to_vec(),
            "GetHeightParams" => v1::GetHeightParamsRequest { height: Some(next) }.encode_to_vec(),
            "StartRound" => v1::StartRoundRequest {
                height: Some(next),
                round: Some(0),
                role: v1::RoundRole::Validator.into(),
                proposer: felt(proposer(0)?),
            }
            .encode_to_vec(),
            "BuildProposal" => v1::BuildProposalRequest {
                stream_id: self.stream_id.clone(),
                height: Some(next),
                round: Some(0),
                proposer: felt(proposer(0)?),
                budget_ms: BUDGET_MS,
            }
            .encode_to_vec(),
            "ReframeInit" => v1::ReframeInitRequest {
                height: Some(next),
                init: Bytes::new(),
                round: Some(1),
                valid_round: Some(0),
                proposer: felt(proposer(1)?),
            }
            .encode_to_vec(),
            "Abort" => v1::AbortRequest { stream_id: self.stream_id.clone() }.encode_to_vec(),
            "Decide" => {
                v1::DecideRequest { height: Some(next), round: Some(0), ..v1::DecideRequest::default() }.encode_to_vec()
            }
            "Finalize" => {
                v1::FinalizeRequest { height: Some(committed), ..v1::FinalizeRequest::default() }.encode_to_vec()
            }
            "GetDecided" => {
                let first = self.chain.genesis().first_height();
                v1::GetDecidedRequest { from: Some(first), to: Some(committed) }.encode_to_vec()
            }
            "GetBlockHash" => v1::GetBlockHashRequest { height: Some(committed) }.encode_to_vec(),
            _ => Vec::new(),
        };
        let input = wire::method(method).ok_or_else(|| format!("{method} is no method"))?.input();
        wire::decode(input, &bytes).ok_or_else(|| format!("the default request of {method} does not decode"))
    }

    /// Fills in the certificate of a decision once height, round and commitment are known.
    pub(super) fn certify(
        &self,
        method: &str,
        written: &Json,
        mut message: DynamicMessage,
    ) -> Result<DynamicMessage, String> {
        if !matches!(method, "Decide" | "Finalize") || written.get("certificate").is_some() {
            return Ok(message);
        }
        let number = |name: &str| message.get_field_by_name(name).and_then(|v| v.as_u64());
        let Some(height) = number("height") else { return Ok(message) };
        let round = message.get_field_by_name("round").and_then(|v| v.as_u32()).unwrap_or(0);
        let commitment = match message.get_field_by_name("commitment").as_deref().and_then(|v| v.as_bytes()) {
            Some(bytes) => Commitment::from_bytes(bytes).ok(),
            None => self.committed.filter(|p| p.height == height).map(|p| p.commitment),
        };
        let Some(commitment) = commitment else { return Ok(message) };
        let Ok(certificate) = self.chain.certificate(height, round, commitment) else { return Ok(message) };
        let bytes = certificate_message(&certificate).encode_to_vec();
        let shape = wire::message("CommitCertificate").ok_or("the protocol has certificates")?;
        let certificate = wire::decode(shape, &bytes).ok_or("a certificate decodes")?;
        message.set_field_by_name("certificate", prost_reflect::Value::Message(certificate));
        Ok(message)
    }

    fn proposer(&self, round: Round) -> Result<Felt, String> {
        self.chain.proposer(round).map_err(|e| e.to_string())
    }

    fn handshake(&self) -> v1::HandshakeRequest {
        let committed = self.committed.map(position_message);
        v1::HandshakeRequest {
            revisions: vec![1],
            features: self.features.clone(),
            limits: Some(v1::Limits {
                max_message_bytes: limits::MESSAGE_BYTES,
                max_part_bytes: limits::PART_BYTES,
                max_candidates: 4,
            }),
            network: Some(network_message(&self.chain.genesis().network())),
            software: Some(v1::SoftwareIdentity {
                name: "ecp-conformance".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            }),
            role: v1::SessionRole::Writer.into(),
            consensus_id: self.consensus_id.clone(),
            takeover: false,
            position: Some(v1::ConsensusPosition { committed, last_signed: None, certified: None }),
        }
    }

    /// The opening message of a validation.
    pub(super) fn open(&self, proposal: &Proposal) -> v1::ValidateOpen {
        let slot = proposal.slot;
        v1::ValidateOpen {
            stream_id: self.stream_id.clone(),
            height: Some(slot.height),
            round: Some(slot.round),
            valid_round: slot.valid_round,
            proposer: felt(slot.proposer),
            budget_ms: BUDGET_MS,
            basis: Some(v1::Basis { kind: v1::BasisKind::Fresh.into(), valid_round: None }),
            same_as: None,
        }
    }

    /// The header of an import.
    pub(super) fn header(&self, proposal: &Proposal) -> Result<v1::DecidedHeader, String> {
        let slot = proposal.slot;
        let certificate =
            self.chain.certificate(slot.height, slot.round, proposal.commitment).map_err(|e| e.to_string())?;
        let params = self.chain.params(slot.height).map_err(|e| e.to_string())?;
        Ok(v1::DecidedHeader {
            height: Some(slot.height),
            certificate: Some(certificate_message(&certificate)),
            part_format: params.part_format,
            counts: Some(end_message(&proposal.parts)),
        })
    }
}

fn as_u32(json: &Json) -> Option<u32> {
    json.as_f64().filter(|f| f.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(f)).map(|f| f as u32)
}

fn felt(felt: Felt) -> Bytes {
    Bytes::copy_from_slice(felt.as_bytes())
}

fn network_message(network: &Network) -> v1::NetworkIdentity {
    v1::NetworkIdentity {
        chain_id: network.chain_id.clone(),
        genesis_hash: Bytes::copy_from_slice(&network.genesis_hash),
        fork_id: Some(network.fork_id),
        activation_digest: Bytes::copy_from_slice(&network.activation_digest),
    }
}

fn position_message(position: Position) -> v1::Position {
    v1::Position { height: Some(position.height), commitment: Bytes::copy_from_slice(position.commitment.as_bytes()) }
}

/// A certificate as a message.
pub(super) fn certificate_message(certificate: &Certificate) -> v1::CommitCertificate {
    v1::CommitCertificate {
        height: Some(certificate.height),
        round: Some(certificate.round),
        commitment: Bytes::copy_from_slice(certificate.commitment.as_bytes()),
        signatures: certificate
            .signatures
            .iter()
            .map(|s| v1::CommitSignature { address: felt(s.address), signature: Bytes::copy_from_slice(&s.signature) })
            .collect(),
    }
}

/// A part as a message.
pub(super) fn part_message(part: &Part) -> v1::Part {
    let kind = match part.kind {
        PartKind::Init => v1::PartKind::Init,
        PartKind::Body => v1::PartKind::Body,
        PartKind::Fin => v1::PartKind::Fin,
    };
    v1::Part { index: Some(part.index), kind: kind.into(), payload: part.payload.clone() }
}

/// A message as a part.
pub(super) fn part_of(message: &v1::Part) -> Option<Part> {
    let kind = match message.kind() {
        v1::PartKind::Init => PartKind::Init,
        v1::PartKind::Body => PartKind::Body,
        v1::PartKind::Fin => PartKind::Fin,
        v1::PartKind::Unspecified => return None,
    };
    Some(Part { index: message.index?, kind, payload: message.payload.clone() })
}

/// The counts of parts.
pub(super) fn end_message(parts: &[Part]) -> v1::End {
    let counts = ecp_types::Counts::of(parts);
    v1::End { parts: Some(counts.parts), bytes: Some(counts.bytes) }
}
