//! The checks of a certificate that need no cryptography (ECP-DEC-009).

use std::collections::BTreeSet;

use ecp_types::{Certificate, HeightParams};

/// Why a certificate proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCertificate {
    /// It is for another height.
    #[error("the certificate is for height {0}")]
    Height(u64),
    /// A signer stands twice.
    #[error("{0} signed twice")]
    Duplicate(ecp_types::Felt),
    /// A signer is no member.
    #[error("{0} is no member of the committee")]
    Unknown(ecp_types::Felt),
    /// The power is not more than the fraction.
    #[error("the signers have {power} of {total} voting power, which is no quorum")]
    Power {
        /// Of the signers.
        power: u128,
        /// Of the committee.
        total: u128,
    },
}

/// Checks everything but the signatures.
pub fn check(certificate: &Certificate, params: &HeightParams) -> Result<(), BadCertificate> {
    if certificate.height != params.height {
        return Err(BadCertificate::Height(certificate.height));
    }
    let mut seen = BTreeSet::new();
    let mut power = 0u128;
    for signature in &certificate.signatures {
        if !seen.insert(signature.address) {
            return Err(BadCertificate::Duplicate(signature.address));
        }
        let member = params.committee.member(&signature.address).ok_or(BadCertificate::Unknown(signature.address))?;
        power += u128::from(member.voting_power);
    }
    let total = params.committee.total_power();
    if params.quorum.is_met(power, total) { Ok(()) } else { Err(BadCertificate::Power { power, total }) }
}
