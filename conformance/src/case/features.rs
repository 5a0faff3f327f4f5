//! What a half can claim beside its role.

/// Features that a case can need.
pub(crate) const KNOWN_FEATURES: [&str; 3] = ["FINALIZE", "SELF_SYNC", "VERIFY_CERTIFICATES"];

/// What a consensus half claims whose instances can find each other: it takes `{p2p}` and `{peers}`. A case of several
/// instances needs it without saying so.
pub(crate) const NETWORK: &str = "NETWORK";

/// Everything that a half can claim.
pub(crate) fn known_features() -> impl Iterator<Item = &'static str> {
    KNOWN_FEATURES.into_iter().chain([NETWORK])
}
