//! What the members of a committee sign, and how it is verified.
//!
//! Everything a consensus half signs is a byte string with a domain tag, the chain id and the fork id in front
//! (ECP-SEC-004), hashed with SHA-256, and signed in the signature scheme of the height. Nothing here depends on a
//! consensus engine, so an execution half or a test suite can verify certificates with it.
//!
//! | module | what |
//! |---|---|
//! | [`scheme`] | keys and signatures of the two schemes, `stark-ecdsa` and `ed25519` |
//! | `stark` | verification of `stark-ecdsa` |
//! | [`message`] | the byte layout of votes, proposals, parts and validator proofs |
//! | [`certificate`] | whether a certificate proves a decision |
//! | [`envelope`] | parts of a proposal as they travel between consensus halves, signed by the proposer |
//! | [`record`] | the durable record that stands before each signature |

pub mod certificate;
pub mod envelope;
pub mod message;
pub mod record;
pub mod scheme;
mod stark;

pub use certificate::{BadCertificate, verify_certificate};
pub use envelope::{BadEnvelope, Content, Envelope, StreamHeader, verify_envelope};
pub use record::{Recorded, Refused, SigningRecord};
pub use scheme::{BadKey, PrivateKey, PublicKey, Scheme, Signature};
