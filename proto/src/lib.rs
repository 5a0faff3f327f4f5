//! The wire of ECP in Rust: bindings, checked conversions, errors.
//!
//! | module | what |
//! |---|---|
//! | [`v1alpha1`] | messages, client and server of `starknet.ecp.v1alpha1`, with ProtoJSON (generated) |
//! | [`convert`] | messages to the values of `ecp-types` and back, checked once at the edge |
//! | [`status`] | ECP errors to gRPC statuses and back |
//! | [`FILE_DESCRIPTOR_SET`] | the same package for reflection |

pub mod convert;
pub mod status;

pub use convert::FieldError;
pub use status::EcpError;

/// Descriptors of `starknet.ecp.v1alpha1`, encoded.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("gen/starknet.ecp.v1alpha1.binpb");

/// Metadata key of the session token on every call but Handshake (ECP-SES-001).
pub const SESSION_KEY: &str = "ecp-session-bin";

/// Bindings of `starknet.ecp.v1alpha1` (generated).
#[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub, clippy::use_self, clippy::unwrap_used)]
pub mod v1alpha1 {
    include!("gen/starknet.ecp.v1alpha1.rs");
    include!("gen/starknet.ecp.v1alpha1.serde.rs");
}
