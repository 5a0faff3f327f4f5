//! Malachite's context for ECP: the types, signatures and encodings that its consensus works with, without its engine.
//!
//! | module | what |
//! |---|---|
//! | [`types`] | address, height, value, vote, proposal, part |
//! | [`validators`] | the committee of a height, and who proposes |
//! | [`timeouts`] | the timeouts of a height |
//! | [`signing`] | Malachite's signer and verifier over `ecp-signatures`, with the signing record in front |
//! | [`convert`] | certificates and evidence to the types of ECP and back |
//! | [`codec`] | what is gossiped, logged and synced, as protocol buffers |
//!
//! A value is a commitment and its own id: consensus never sees more of a proposal than the 32 bytes that are voted on.
//! The parts travel beside it, in envelopes that the proposer signed.

pub mod codec;
pub mod convert;
pub mod signing;
pub mod timeouts;
pub mod types;
pub mod validators;
mod wire;

pub use ecp_signatures::{
    BadCertificate, BadEnvelope, Content, Envelope, PrivateKey, PublicKey, Refused, Scheme, Signature, SigningRecord,
    StreamHeader, verify_certificate, verify_envelope,
};

pub use codec::{DecodeError, WireCodec};
pub use signing::{EcpScheme, EcpSigner, EcpVerifier};
pub use timeouts::EcpTimeouts;
pub use types::{Address, BlockHeight, EcpContext, EcpProposal, EcpVote, ProposalPart, ValueId};
pub use validators::{EcpValidator, EcpValidatorSet, Unsupported};
