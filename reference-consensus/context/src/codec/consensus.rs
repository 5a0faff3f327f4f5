//! Votes, proposals, certificates, and what the log holds.

use arc_malachitebft_codec::Codec;
use arc_malachitebft_core_consensus::{LivenessMsg, ProposedValue, SignedConsensusMsg};
use arc_malachitebft_core_types::{
    NilOrVal, PolkaCertificate, PolkaSignature, Round, RoundCertificate, RoundCertificateType, RoundSignature,
    SignedProposal, SignedVote, ValidatorProof, Validity, VoteType,
};
use bytes::Bytes;
use ecp_signatures::Signature;

use super::{
    DecodeError, MAX_SIGNATURES, MAX_SMALL_BYTES, WireCodec, address, copy, decode, encode, height, round, value,
};
use crate::{Address, BlockHeight, EcpContext, EcpProposal, EcpVote, ValueId, wire};

type Result<T> = std::result::Result<T, DecodeError>;

pub(super) fn signature(bytes: &Bytes) -> Result<Signature> {
    Signature::from_bytes(bytes).ok_or(DecodeError::Field("signature"))
}

pub(super) fn round_number(round: Round) -> Result<u32> {
    round.as_u32().ok_or(DecodeError::Field("round"))
}

fn address_bytes(address: &Address) -> Bytes {
    copy(address.0.as_bytes())
}

pub(super) fn value_bytes(value: &ValueId) -> Bytes {
    copy(value.0.as_bytes())
}

const fn vote_type_number(vote_type: VoteType) -> u32 {
    match vote_type {
        VoteType::Prevote => 1,
        VoteType::Precommit => 2,
    }
}

fn vote_type(number: u32) -> Result<VoteType> {
    match number {
        1 => Ok(VoteType::Prevote),
        2 => Ok(VoteType::Precommit),
        _ => Err(DecodeError::Field("vote_type")),
    }
}

fn nil_or_value(bytes: Option<&Bytes>) -> Result<NilOrVal<ValueId>> {
    bytes.map_or(Ok(NilOrVal::Nil), |bytes| value(bytes).map(NilOrVal::Val))
}

fn nil_or_value_bytes(value: &NilOrVal<ValueId>) -> Option<Bytes> {
    match value {
        NilOrVal::Nil => None,
        NilOrVal::Val(value) => Some(value_bytes(value)),
    }
}

fn valid_round(number: Option<u32>) -> Result<Round> {
    number.map(round).transpose().map(Round::from)
}

fn vote_to_wire(vote: &SignedVote<EcpContext>) -> Result<wire::Vote> {
    Ok(wire::Vote {
        vote_type: vote_type_number(vote.vote_type),
        height: vote.height.block(),
        round: round_number(vote.round)?,
        commitment: nil_or_value_bytes(&vote.value),
        address: address_bytes(&vote.address),
        signature: copy(&vote.signature.0),
    })
}

fn vote_from_wire(vote: &wire::Vote) -> Result<SignedVote<EcpContext>> {
    let message = EcpVote {
        vote_type: vote_type(vote.vote_type)?,
        height: BlockHeight::of(height(vote.height)?),
        round: Round::new(round(vote.round)?),
        value: nil_or_value(vote.commitment.as_ref())?,
        address: address(&vote.address, "address")?,
    };
    Ok(SignedVote::new(message, signature(&vote.signature)?))
}

fn proposal_to_wire(proposal: &SignedProposal<EcpContext>) -> Result<wire::Proposal> {
    Ok(wire::Proposal {
        height: proposal.height.block(),
        round: round_number(proposal.round)?,
        valid_round: proposal.valid_round.as_u32(),
        commitment: value_bytes(&proposal.value),
        address: address_bytes(&proposal.address),
        signature: copy(&proposal.signature.0),
    })
}

fn proposal_from_wire(proposal: &wire::Proposal) -> Result<SignedProposal<EcpContext>> {
    let message = EcpProposal {
        height: BlockHeight::of(height(proposal.height)?),
        round: Round::new(round(proposal.round)?),
        value: value(&proposal.commitment)?,
        valid_round: valid_round(proposal.valid_round)?,
        address: address(&proposal.address, "address")?,
    };
    Ok(SignedProposal::new(message, signature(&proposal.signature)?))
}

pub(super) fn signed_to_wire(address: &Address, signature: &Signature) -> wire::Signed {
    wire::Signed { address: address_bytes(address), signature: copy(&signature.0) }
}

pub(super) fn signed_from_wire(signed: &[wire::Signed]) -> Result<Vec<(Address, Signature)>> {
    if signed.len() > MAX_SIGNATURES {
        return Err(DecodeError::TooManySignatures);
    }
    signed.iter().map(|entry| Ok((address(&entry.address, "address")?, signature(&entry.signature)?))).collect()
}

fn polka_to_wire(certificate: &PolkaCertificate<EcpContext>) -> Result<wire::Certificate> {
    let signatures = &certificate.polka_signatures;
    Ok(wire::Certificate {
        height: certificate.height.block(),
        round: round_number(certificate.round)?,
        commitment: value_bytes(&certificate.value_id),
        signatures: signatures.iter().map(|entry| signed_to_wire(&entry.address, &entry.signature)).collect(),
    })
}

fn polka_from_wire(certificate: &wire::Certificate) -> Result<PolkaCertificate<EcpContext>> {
    Ok(PolkaCertificate {
        height: BlockHeight::of(height(certificate.height)?),
        round: Round::new(round(certificate.round)?),
        value_id: value(&certificate.commitment)?,
        polka_signatures: signed_from_wire(&certificate.signatures)?
            .into_iter()
            .map(|(address, signature)| PolkaSignature::new(address, signature))
            .collect(),
    })
}

fn round_certificate_to_wire(certificate: &RoundCertificate<EcpContext>) -> Result<wire::RoundCertificate> {
    let signatures = &certificate.round_signatures;
    Ok(wire::RoundCertificate {
        height: certificate.height.block(),
        round: round_number(certificate.round)?,
        kind: match certificate.cert_type {
            RoundCertificateType::Skip => 1,
            RoundCertificateType::Precommit => 2,
        },
        signatures: signatures
            .iter()
            .map(|entry| wire::RoundSigned {
                vote_type: vote_type_number(entry.vote_type),
                commitment: nil_or_value_bytes(&entry.value_id),
                address: address_bytes(&entry.address),
                signature: copy(&entry.signature.0),
            })
            .collect(),
    })
}

fn round_certificate_from_wire(certificate: &wire::RoundCertificate) -> Result<RoundCertificate<EcpContext>> {
    if certificate.signatures.len() > MAX_SIGNATURES {
        return Err(DecodeError::TooManySignatures);
    }
    let signatures = certificate.signatures.iter().map(|entry| {
        Ok(RoundSignature::new(
            vote_type(entry.vote_type)?,
            nil_or_value(entry.commitment.as_ref())?,
            address(&entry.address, "address")?,
            signature(&entry.signature)?,
        ))
    });
    Ok(RoundCertificate {
        height: BlockHeight::of(height(certificate.height)?),
        round: Round::new(round(certificate.round)?),
        cert_type: match certificate.kind {
            1 => RoundCertificateType::Skip,
            2 => RoundCertificateType::Precommit,
            _ => return Err(DecodeError::Field("kind")),
        },
        round_signatures: signatures.collect::<Result<_>>()?,
    })
}

impl Codec<SignedConsensusMsg<EcpContext>> for WireCodec {
    type Error = DecodeError;

    fn decode(&self, bytes: Bytes) -> Result<SignedConsensusMsg<EcpContext>> {
        let message: wire::Consensus = decode(bytes, MAX_SMALL_BYTES)?;
        match (&message.vote, &message.proposal) {
            (Some(vote), None) => vote_from_wire(vote).map(SignedConsensusMsg::Vote),
            (None, Some(proposal)) => proposal_from_wire(proposal).map(SignedConsensusMsg::Proposal),
            _ => Err(DecodeError::Field("vote or proposal")),
        }
    }

    fn encode(&self, message: &SignedConsensusMsg<EcpContext>) -> Result<Bytes> {
        let message = match message {
            SignedConsensusMsg::Vote(vote) => wire::Consensus { vote: Some(vote_to_wire(vote)?), proposal: None },
            SignedConsensusMsg::Proposal(proposal) => {
                wire::Consensus { vote: None, proposal: Some(proposal_to_wire(proposal)?) }
            }
        };
        Ok(encode(&message))
    }
}

impl Codec<LivenessMsg<EcpContext>> for WireCodec {
    type Error = DecodeError;

    fn decode(&self, bytes: Bytes) -> Result<LivenessMsg<EcpContext>> {
        let message: wire::Liveness = decode(bytes, MAX_SMALL_BYTES)?;
        match (&message.vote, &message.polka, &message.round) {
            (Some(vote), None, None) => vote_from_wire(vote).map(LivenessMsg::Vote),
            (None, Some(polka), None) => polka_from_wire(polka).map(LivenessMsg::PolkaCertificate),
            (None, None, Some(round)) => round_certificate_from_wire(round).map(LivenessMsg::SkipRoundCertificate),
            _ => Err(DecodeError::Field("vote, polka or round")),
        }
    }

    fn encode(&self, message: &LivenessMsg<EcpContext>) -> Result<Bytes> {
        let mut wire = wire::Liveness::default();
        match message {
            LivenessMsg::Vote(vote) => wire.vote = Some(vote_to_wire(vote)?),
            LivenessMsg::PolkaCertificate(polka) => wire.polka = Some(polka_to_wire(polka)?),
            LivenessMsg::SkipRoundCertificate(round) => wire.round = Some(round_certificate_to_wire(round)?),
        }
        Ok(encode(&wire))
    }
}

impl Codec<PolkaCertificate<EcpContext>> for WireCodec {
    type Error = DecodeError;

    fn decode(&self, bytes: Bytes) -> Result<PolkaCertificate<EcpContext>> {
        polka_from_wire(&decode(bytes, MAX_SMALL_BYTES)?)
    }

    fn encode(&self, certificate: &PolkaCertificate<EcpContext>) -> Result<Bytes> {
        polka_to_wire(certificate).map(|certificate| encode(&certificate))
    }
}

impl Codec<ProposedValue<EcpContext>> for WireCodec {
    type Error = DecodeError;

    fn decode(&self, bytes: Bytes) -> Result<ProposedValue<EcpContext>> {
        let proposed: wire::Proposed = decode(bytes, MAX_SMALL_BYTES)?;
        Ok(ProposedValue {
            height: BlockHeight::of(height(proposed.height)?),
            round: Round::new(round(proposed.round)?),
            valid_round: valid_round(proposed.valid_round)?,
            proposer: address(&proposed.proposer, "proposer")?,
            value: value(&proposed.commitment)?,
            validity: match proposed.validity {
                1 => Validity::Valid,
                2 => Validity::Invalid,
                _ => return Err(DecodeError::Field("validity")),
            },
        })
    }

    fn encode(&self, proposed: &ProposedValue<EcpContext>) -> Result<Bytes> {
        Ok(encode(&wire::Proposed {
            height: proposed.height.block(),
            round: round_number(proposed.round)?,
            valid_round: proposed.valid_round.as_u32(),
            proposer: address_bytes(&proposed.proposer),
            commitment: value_bytes(&proposed.value),
            validity: match proposed.validity {
                Validity::Valid => 1,
                Validity::Invalid => 2,
            },
        }))
    }
}

impl Codec<ValidatorProof<EcpContext>> for WireCodec {
    type Error = DecodeError;

    fn decode(&self, bytes: Bytes) -> Result<ValidatorProof<EcpContext>> {
        let proof: wire::ValidatorProof = decode(bytes, MAX_SMALL_BYTES)?;
        Ok(ValidatorProof::new(proof.public_key.to_vec(), proof.peer_id.to_vec(), signature(&proof.signature)?))
    }

    fn encode(&self, proof: &ValidatorProof<EcpContext>) -> Result<Bytes> {
        Ok(encode(&wire::ValidatorProof {
            public_key: copy(&proof.public_key),
            peer_id: copy(&proof.peer_id),
            signature: copy(&proof.signature.0),
        }))
    }
}
