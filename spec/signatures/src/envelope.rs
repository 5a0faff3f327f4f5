//! Parts of a proposal as they travel between consensus halves, signed by the proposer.
//!
//! ECP's parts carry no signature of their own: their payload is in the part format of the height, which the
//! consensus half forwards untouched (ECP-STR-001). So that nobody else can put parts into a proposer's stream, each
//! part travels in an envelope that the proposer signed. The stream ends with an envelope of its own that carries the
//! counts (ECP-STR-003) and the commitment that the proposer stands for: payloads are opaque to a consensus half, and a
//! verdict must be compared with something that the proposer signed (ECP-VAL-002).

use ecp_types::{Commitment, Counts, Felt, Height, HeightParams, Network, Part, Round, StreamId};

use crate::{BadKey, PrivateKey, PublicKey, Scheme, Signature, message::Preimage};

/// What all envelopes of a stream have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StreamHeader {
    /// Name of the stream, never used again (ECP-STR-006).
    pub stream_id: StreamId,
    /// The height of the proposal.
    pub height: Height,
    /// The round of the proposal.
    pub round: Round,
    /// The round of the prevote quorum behind it; `None` for a first proposal.
    pub valid_round: Option<Round>,
    /// Who proposes, and signs.
    pub proposer: Felt,
}

/// What an envelope holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A part.
    Part(Part),
    /// The end of the stream.
    End {
        /// How many parts there were, and their bytes.
        counts: Counts,
        /// What the parts are a proposal of, as the proposer says.
        commitment: Commitment,
    },
}

/// A signed part, or the signed end of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The stream.
    pub header: StreamHeader,
    /// What it holds.
    pub content: Content,
    /// The proposer's signature over both.
    pub signature: Signature,
}

impl Envelope {
    /// Signs `content` as a part of the stream.
    #[must_use]
    pub fn sign(header: StreamHeader, content: Content, key: &PrivateKey, network: &Network) -> Self {
        let signature = key.sign(&preimage(&header, &content, network).digest());
        Self { header, content, signature }
    }

    /// Position in the stream: the index of the part, and for the end the count of parts.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        match &self.content {
            Content::Part(part) => part.index,
            Content::End { counts, .. } => counts.parts,
        }
    }

    /// Whether it is this key's.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey, network: &Network) -> bool {
        key.verify(&preimage(&self.header, &self.content, network).digest(), &self.signature)
    }
}

/// Why an envelope is to be dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEnvelope {
    /// It is of another height than the parameters.
    #[error("the envelope is of height {envelope}, the parameters are of height {params}")]
    Height {
        /// The height of the envelope.
        envelope: Height,
        /// The height of the parameters.
        params: Height,
    },
    /// Its proposer does not propose in this round.
    #[error("{claimed} does not propose in round {round}, {expected} does")]
    Proposer {
        /// Who it says.
        claimed: Felt,
        /// Who proposes.
        expected: Felt,
        /// The round.
        round: Round,
    },
    /// The signature does not verify.
    #[error("the proposer's signature does not verify")]
    Signature,
    /// The committee has a key, or the height a scheme, that is not known here.
    #[error(transparent)]
    Key(#[from] BadKey),
}

/// Checks that the envelope is of the height and signed by the proposer of its round (ECP-HGT-006).
pub fn verify_envelope(envelope: &Envelope, params: &HeightParams, network: &Network) -> Result<(), BadEnvelope> {
    let StreamHeader { height, round, proposer, .. } = envelope.header;
    if height != params.height {
        return Err(BadEnvelope::Height { envelope: height, params: params.height });
    }
    let member = params.proposer(round);
    if proposer != member.address {
        return Err(BadEnvelope::Proposer { claimed: proposer, expected: member.address, round });
    }
    let scheme = Scheme::from_name(&params.signature_scheme)
        .ok_or_else(|| BadKey::UnknownScheme(params.signature_scheme.clone()))?;
    let key = PublicKey::from_bytes(scheme, &member.public_key)?;
    if envelope.is_signed_by(&key, network) { Ok(()) } else { Err(BadEnvelope::Signature) }
}

fn preimage(header: &StreamHeader, content: &Content, network: &Network) -> Preimage {
    let StreamHeader { stream_id, height, round, valid_round, .. } = header;
    match content {
        Content::Part(part) => Preimage::part(network, stream_id, *height, *round, *valid_round, part),
        Content::End { counts, commitment } => {
            Preimage::end(network, stream_id, *height, *round, *valid_round, counts, commitment)
        }
    }
}
