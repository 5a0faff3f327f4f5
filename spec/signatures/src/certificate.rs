//! Whether a certificate proves a decision (ECP-DEC-009).

use std::collections::BTreeSet;

use ecp_types::{Certificate, Felt, Height, HeightParams, Network, VoteType};

use crate::{BadKey, PublicKey, Scheme, Signature, message::Preimage};

/// Why a certificate proves nothing. Any of these makes the whole certificate worthless; whoever sent it is to blame,
/// except for [`BadCertificate::Key`], which says that the height's parameters cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCertificate {
    /// It is of another height than the parameters.
    #[error("the certificate is of height {certificate}, the parameters are of height {params}")]
    Height {
        /// The height of the certificate.
        certificate: Height,
        /// The height of the parameters.
        params: Height,
    },
    /// Somebody signed twice.
    #[error("{0} signed the certificate twice")]
    Duplicate(Felt),
    /// Somebody signed who is not in the committee.
    #[error("{0} signed the certificate and is not in the committee")]
    Unknown(Felt),
    /// A signature does not verify.
    #[error("the signature of {0} does not verify")]
    Signature(Felt),
    /// The signers have too little voting power.
    #[error("the signers have {signed} of {total} voting power, which does not exceed the quorum")]
    Quorum {
        /// Power of the signers.
        signed: u128,
        /// Power of the committee.
        total: u128,
    },
    /// The committee has a key, or the height a scheme, that is not known here.
    #[error(transparent)]
    Key(#[from] BadKey),
}

/// Checks height, strict quorum in 128 bits, that no signer is unknown or stands twice, and each signature.
///
/// What is cheap is checked first. A certificate of a hundred STARK signatures takes about 40 ms: keep it away from
/// threads that must not wait.
pub fn verify_certificate(
    certificate: &Certificate,
    params: &HeightParams,
    network: &Network,
) -> Result<(), BadCertificate> {
    if certificate.height != params.height {
        return Err(BadCertificate::Height { certificate: certificate.height, params: params.height });
    }
    let mut signed = 0u128;
    let mut seen = BTreeSet::new();
    let mut signers = Vec::with_capacity(params.committee.members.len());
    for entry in &certificate.signatures {
        if !seen.insert(entry.address) {
            return Err(BadCertificate::Duplicate(entry.address));
        }
        let member = params.committee.member(&entry.address).ok_or(BadCertificate::Unknown(entry.address))?;
        signed += u128::from(member.voting_power);
        signers.push((member, entry));
    }
    let total = params.committee.total_power();
    if !params.quorum.is_met(signed, total) {
        return Err(BadCertificate::Quorum { signed, total });
    }
    let scheme = Scheme::from_name(&params.signature_scheme)
        .ok_or_else(|| BadKey::UnknownScheme(params.signature_scheme.clone()))?;
    let digest = Preimage::vote(
        network,
        VoteType::Precommit,
        certificate.height,
        certificate.round,
        Some(&certificate.commitment),
    )
    .digest();
    for (member, entry) in signers {
        let key = PublicKey::from_bytes(scheme, &member.public_key)?;
        let verifies = Signature::from_bytes(&entry.signature).is_some_and(|signature| key.verify(&digest, &signature));
        if !verifies {
            return Err(BadCertificate::Signature(entry.address));
        }
    }
    Ok(())
}
