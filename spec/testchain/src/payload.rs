//! Payloads of the part format `ecp-test/1`; all numbers are big-endian, nothing may follow.

use bytes::Bytes;
use ecp_types::{Commitment, Felt, Height, Part, PartKind, Round};

use crate::{Slot, Transfer};

/// Payload of the INIT part (ECP-TST-007).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Init {
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// Round of the prevote quorum behind the proposal.
    pub valid_round: Option<Round>,
    /// Who proposes.
    pub proposer: Felt,
    /// When the block was begun, in milliseconds since the Unix epoch.
    pub timestamp_ms: u64,
    /// Commitment of the block below; the genesis hash at the first height.
    pub parent: Commitment,
}

/// Payload of a BODY part: at least one transfer (ECP-TST-008).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Body {
    /// The transfers, in the order of execution.
    pub transfers: Vec<Transfer>,
}

/// Payload of the FIN part (ECP-TST-009).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fin {
    /// What validators vote on.
    pub commitment: Commitment,
    /// Length of the executed prefix.
    pub executed_count: u64,
    /// Digest of the state after the executed prefix.
    pub state_digest: [u8; 32],
}

/// Why a payload cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPayload {
    /// It is shorter or longer than what it holds.
    #[error("{what} has {expected} bytes, got {got}")]
    Length {
        /// Which payload.
        what: &'static str,
        /// Its length.
        expected: u64,
        /// The length that came.
        got: u64,
    },
    /// A field has no meaning.
    #[error("{0}")]
    Value(&'static str),
}

impl Init {
    /// Length of the payload.
    pub const BYTES: usize = 89;

    /// The payload.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(Self::BYTES);
        out.extend_from_slice(&self.height.to_be_bytes());
        out.extend_from_slice(&self.round.to_be_bytes());
        out.push(u8::from(self.valid_round.is_some()));
        out.extend_from_slice(&self.valid_round.unwrap_or(0).to_be_bytes());
        out.extend_from_slice(self.proposer.as_bytes());
        out.extend_from_slice(&self.timestamp_ms.to_be_bytes());
        out.extend_from_slice(self.parent.as_bytes());
        out.into()
    }

    /// Reads a payload.
    pub fn decode(payload: &[u8]) -> Result<Self, BadPayload> {
        length("INIT", Self::BYTES as u64, payload)?;
        let mut reader = Reader::new(payload);
        let (height, round) = (reader.u64()?, reader.u32()?);
        let valid_round = match (reader.u8()?, reader.u32()?) {
            (0, 0) => None,
            (0, _) => return Err(BadPayload::Value("INIT without a valid round has four zero bytes in its place")),
            (1, round) => Some(round),
            _ => return Err(BadPayload::Value("the flag of the valid round is 0 or 1")),
        };
        let proposer = Felt::from_bytes(&reader.array::<32>()?)
            .map_err(|_| BadPayload::Value("the proposer is not below the prime"))?;
        Ok(Self {
            height,
            round,
            valid_round,
            proposer,
            timestamp_ms: reader.u64()?,
            parent: Commitment(reader.array()?),
        })
    }

    /// The slot that it names.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        Slot { height: self.height, round: self.round, valid_round: self.valid_round, proposer: self.proposer }
    }
}

/// An INIT payload with round, valid round and proposer replaced, and all else kept (ECP-TST-014).
pub fn reframe_init(
    payload: &[u8],
    round: Round,
    valid_round: Option<Round>,
    proposer: Felt,
) -> Result<Bytes, BadPayload> {
    Ok(Init { round, valid_round, proposer, ..Init::decode(payload)? }.encode())
}

impl Body {
    /// Bytes before the first transfer.
    pub const HEADER_BYTES: usize = 4;

    /// The payload.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(Self::HEADER_BYTES + self.transfers.len() * Transfer::BYTES);
        out.extend_from_slice(&u32::try_from(self.transfers.len()).unwrap_or(u32::MAX).to_be_bytes());
        for transfer in &self.transfers {
            out.extend_from_slice(&transfer.encode());
        }
        out.into()
    }

    /// Reads a payload. The count is compared with the length before anything is allocated.
    pub fn decode(payload: &[u8]) -> Result<Self, BadPayload> {
        let count = Reader::new(payload).u32().map_err(|_| BadPayload::Value("BODY has at least 152 bytes"))?;
        if count == 0 {
            return Err(BadPayload::Value("BODY has at least one transfer"));
        }
        length("BODY", Self::HEADER_BYTES as u64 + u64::from(count) * Transfer::BYTES as u64, payload)?;
        let transfers = payload[Self::HEADER_BYTES..].chunks_exact(Transfer::BYTES).map(Transfer::decode);
        let transfers = transfers.collect::<Result<_, _>>().map_err(|_| BadPayload::Value("BODY holds no transfer"))?;
        Ok(Self { transfers })
    }
}

impl Fin {
    /// Length of the payload.
    pub const BYTES: usize = 72;

    /// The payload.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(Self::BYTES);
        out.extend_from_slice(self.commitment.as_bytes());
        out.extend_from_slice(&self.executed_count.to_be_bytes());
        out.extend_from_slice(&self.state_digest);
        out.into()
    }

    /// Reads a payload.
    pub fn decode(payload: &[u8]) -> Result<Self, BadPayload> {
        length("FIN", Self::BYTES as u64, payload)?;
        let mut reader = Reader::new(payload);
        Ok(Self {
            commitment: Commitment(reader.array()?),
            executed_count: reader.u64()?,
            state_digest: reader.array()?,
        })
    }
}

/// A whole proposal, open to be changed by who wants an invalid one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Proposal {
    /// INIT.
    pub init: Init,
    /// BODY parts.
    pub bodies: Vec<Body>,
    /// FIN.
    pub fin: Fin,
}

impl Proposal {
    /// Its parts, INIT first.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let bodies = self.bodies.iter().map(|body| (PartKind::Body, body.encode()));
        std::iter::once((PartKind::Init, self.init.encode()))
            .chain(bodies)
            .chain([(PartKind::Fin, self.fin.encode())])
            .zip(0..)
            .map(|((kind, payload), index)| Part { index, kind, payload })
            .collect()
    }

    /// All transfers that it sends.
    pub fn transfers(&self) -> impl Iterator<Item = &Transfer> {
        self.bodies.iter().flat_map(|body| &body.transfers)
    }

    /// The same proposal with bodies cut after the executed count, as an archive keeps it (ECP-TST-015).
    #[must_use]
    pub fn cut(&self) -> Self {
        let mut left = usize::try_from(self.fin.executed_count).unwrap_or(usize::MAX);
        let mut bodies = Vec::new();
        for body in &self.bodies {
            let kept = left.min(body.transfers.len());
            if kept > 0 {
                bodies.push(Body { transfers: body.transfers[..kept].to_vec() });
            }
            left -= kept;
        }
        Self { init: self.init.clone(), bodies, fin: self.fin.clone() }
    }
}

/// Takes values from the front of bytes.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], BadPayload> {
        let (value, rest) = self.0.split_first_chunk().ok_or(BadPayload::Value("the payload ends too early"))?;
        self.0 = rest;
        Ok(*value)
    }

    fn u8(&mut self) -> Result<u8, BadPayload> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, BadPayload> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, BadPayload> {
        Ok(u64::from_be_bytes(self.array()?))
    }
}

fn length(what: &'static str, expected: u64, payload: &[u8]) -> Result<(), BadPayload> {
    let got = payload.len() as u64;
    if got == expected { Ok(()) } else { Err(BadPayload::Length { what, expected, got }) }
}
