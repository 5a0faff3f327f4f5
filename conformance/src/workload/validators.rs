//! Validators of the suite: their keys come from the seed, so that a run can be repeated.

use std::{collections::BTreeMap, sync::Arc};

use ecp_signatures::{PrivateKey, message::Preimage};
use ecp_types::{
    Certificate, CommitSignature, Commitment, Felt, Genesis, Height, Keys, Round, VoteType,
    genesis::MemberFile,
    keys::{Secret, SignatureScheme},
};
use sha2::{Digest, Sha256};

use super::{KeyRing, WorkloadError};

/// 32 bytes from the seed, for one use.
pub(super) fn derive(seed: u64, what: &str, index: u32) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"ecp-conformance/");
    hash.update(what.as_bytes());
    hash.update(seed.to_be_bytes());
    hash.update(index.to_be_bytes());
    hash.finalize().into()
}

/// Keys of `count` validators of a scheme, with addresses 1, 2, ….
pub(super) fn keys(seed: u64, count: u32, scheme: SignatureScheme) -> Result<Vec<Keys>, WorkloadError> {
    (0..count)
        .map(|index| {
            let mut secret = derive(seed, "vote", index);
            let curve = match scheme {
                SignatureScheme::Ed25519 => ecp_signatures::Scheme::Ed25519,
                SignatureScheme::StarkEcdsa => {
                    // Scalars are below the order of the curve, which is above 2^251.
                    secret[0] &= 0x07;
                    ecp_signatures::Scheme::StarkEcdsa
                }
            };
            let mut keys = Keys {
                scheme,
                secret_key: Secret::new(secret),
                public_key: [0; 32],
                address: Felt::from_u64(u64::from(index) + 1),
                p2p_secret_key: Secret::new(derive(seed, "p2p", index)),
            };
            let key = PrivateKey::from_bytes(curve, &secret).map_err(|e| WorkloadError(e.to_string()))?;
            keys.public_key = key.public_key().to_bytes();
            Ok(keys)
        })
        .collect()
}

/// The committee of these keys, of equal power.
pub(super) fn committee(keys: &[Keys]) -> Vec<MemberFile> {
    keys.iter()
        .map(|k| MemberFile {
            address: k.address,
            public_key: ecp_types::HexBytes(k.public_key.to_vec()),
            voting_power: 1,
        })
        .collect()
}

/// Keys by address.
pub(super) fn ring(keys: &[Keys]) -> Result<KeyRing, WorkloadError> {
    let ring: Result<BTreeMap<_, _>, _> = keys.iter().map(|k| Ok((k.address, PrivateKey::from_keys(k)?))).collect();
    Ok(Arc::new(ring.map_err(|e: ecp_signatures::BadKey| WorkloadError(e.to_string()))?))
}

/// Precommits of all members whose keys are known.
pub(super) fn certificate(
    genesis: &Genesis,
    ring: &KeyRing,
    height: Height,
    round: Round,
    commitment: Commitment,
) -> Result<Certificate, WorkloadError> {
    let params = genesis
        .height_params(height)
        .ok_or_else(|| WorkloadError(format!("height {height} has no committee to certify it")))?;
    let digest = Preimage::vote(&genesis.network(), VoteType::Precommit, height, round, Some(&commitment)).digest();
    let signatures = params.committee.members.iter().filter_map(|member| {
        let key = ring.get(&member.address)?;
        Some(CommitSignature { address: member.address, signature: key.sign(&digest).0.to_vec() })
    });
    Ok(Certificate { height, round, commitment, signatures: signatures.collect() })
}
