//! Messages of ECP by reflection, so that the suite can say anything and understand whatever comes.

mod build;
mod names;
mod pattern;

use std::sync::LazyLock;

pub use build::{BuildError, build, build_over};
pub use names::{Bound, Names, is_reference};
pub use pattern::{Mismatch, contains, select};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};

/// Full name of the service.
pub const SERVICE: &str = "starknet.ecp.v1alpha1.ExecutionService";

/// Package of the messages.
pub const PACKAGE: &str = "starknet.ecp.v1alpha1";

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(ecp_proto::FILE_DESCRIPTOR_SET).expect("the committed descriptors are well formed")
});

/// The method of this name.
#[must_use]
pub fn method(name: &str) -> Option<MethodDescriptor> {
    POOL.get_service_by_name(SERVICE)?.methods().find(|m| m.name() == name)
}

/// Names of all methods, in the order of the service.
#[must_use]
pub fn methods() -> Vec<String> {
    POOL.get_service_by_name(SERVICE).map(|s| s.methods().map(|m| m.name().to_owned()).collect()).unwrap_or_default()
}

/// Descriptor of a message of ECP by its short name, such as `Verdict`.
#[must_use]
pub fn message(short: &str) -> Option<MessageDescriptor> {
    POOL.get_message_by_name(&format!("{PACKAGE}.{short}"))
}

/// Decodes bytes as a message; `None` if they are none.
#[must_use]
pub fn decode(descriptor: MessageDescriptor, bytes: &[u8]) -> Option<DynamicMessage> {
    DynamicMessage::decode(descriptor, bytes).ok()
}

/// What a call of a consensus half is known by: its request, or the opening message of a validation or import. `None` if
/// the bytes are none.
#[must_use]
pub fn opening(method: &str, bytes: &[u8]) -> Option<DynamicMessage> {
    let message = decode(self::method(method)?.input(), bytes)?;
    let inner = match method {
        "ValidateProposal" => "open",
        "ImportDecided" => "header",
        _ => return Some(message),
    };
    match &*message.get_field_by_name(inner)? {
        prost_reflect::Value::Message(opening) if message.has_field_by_name(inner) => Some(opening.clone()),
        _ => None,
    }
}

/// A message in readable JSON: enum names, hexadecimal bytes, absent fields left out.
#[must_use]
pub fn readable(message: &DynamicMessage) -> String {
    names::to_readable(message).to_string()
}

/// HTTP/2 path of a method.
#[must_use]
pub fn path(method: &str) -> String {
    format!("/{SERVICE}/{method}")
}

/// SHA-256 of the descriptors of the protocol: two suites with the same one speak the same messages.
#[must_use]
pub fn protocol_digest() -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(ecp_proto::FILE_DESCRIPTOR_SET).into()
}
