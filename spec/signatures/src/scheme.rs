//! Keys and signatures of the two schemes.
//!
//! Both schemes have private keys of 32 bytes, public keys of 32 bytes and signatures of 64 bytes, and both sign a
//! 32-byte digest. `stark-ecdsa` takes the digest's lowest 251 bits as the message, makes its nonce by RFC 6979, and
//! writes a signature as r and s, 32 bytes each, big-endian. A STARK signature has a twin that also verifies, so
//! nothing may be keyed by a signature.

use std::fmt;

use starknet_crypto::Felt;

use crate::stark;

/// Length of a signature in both schemes, in bytes.
pub const SIGNATURE_BYTES: usize = 64;
/// Length of a public key in both schemes, in bytes.
pub const PUBLIC_KEY_BYTES: usize = 32;

/// A signature scheme; a fact of the height (ECP-HGT-009).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// ECDSA over the STARK curve.
    StarkEcdsa,
    /// Ed25519 with the verification rules of ZIP 215, for test networks.
    Ed25519,
}

impl Scheme {
    /// The name in the height's parameters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StarkEcdsa => "stark-ecdsa",
            Self::Ed25519 => "ed25519",
        }
    }

    /// The scheme of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::StarkEcdsa, Self::Ed25519].into_iter().find(|scheme| scheme.name() == name)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why bytes are no key of a scheme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// No such scheme.
    #[error("signature scheme \"{0}\" is not known; known are stark-ecdsa and ed25519")]
    UnknownScheme(String),
    /// A private key that the scheme does not allow.
    #[error("not a private key of {0}: it is 32 bytes, for stark-ecdsa above zero and below the order of the curve")]
    Private(Scheme),
    /// A public key that the scheme does not allow.
    #[error("not a public key of {0}: it is the 32 bytes of a point on the curve")]
    Public(Scheme),
    /// A keys file whose keys do not belong together.
    #[error("the public key of the keys file does not belong to its secret key")]
    Mismatch,
}

/// A signature of either scheme, 64 bytes. Which scheme it is in follows from the key that it is verified with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(pub [u8; SIGNATURE_BYTES]);

impl Signature {
    /// Checks the length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The whole signature is noise in a log; its beginning tells two apart.
        write!(f, "Signature({:02x}{:02x}{:02x}{:02x}..)", self.0[0], self.0[1], self.0[2], self.0[3])
    }
}

/// A public key, checked to be a point on its curve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PublicKey {
    /// The x coordinate of a point on the STARK curve.
    StarkEcdsa(Felt),
    /// An Ed25519 key.
    Ed25519(ed25519_consensus::VerificationKey),
}

impl PublicKey {
    /// Checks 32 bytes.
    pub fn from_bytes(scheme: Scheme, bytes: &[u8]) -> Result<Self, BadKey> {
        match scheme {
            Scheme::StarkEcdsa => {
                let x = felt(bytes).filter(|x| is_on_curve(*x)).ok_or(BadKey::Public(scheme))?;
                Ok(Self::StarkEcdsa(x))
            }
            Scheme::Ed25519 => ed25519_consensus::VerificationKey::try_from(bytes)
                .map(Self::Ed25519)
                .map_err(|_| BadKey::Public(scheme)),
        }
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        match self {
            Self::StarkEcdsa(_) => Scheme::StarkEcdsa,
            Self::Ed25519(_) => Scheme::Ed25519,
        }
    }

    /// The 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; PUBLIC_KEY_BYTES] {
        match self {
            Self::StarkEcdsa(x) => x.to_bytes_be(),
            Self::Ed25519(key) => key.to_bytes(),
        }
    }

    /// Whether `signature` is this key's over `digest`. False for bytes that are no signature of the scheme.
    #[must_use]
    pub fn verify(&self, digest: &[u8; 32], signature: &Signature) -> bool {
        match self {
            Self::StarkEcdsa(x) => {
                let (r, s) = signature.0.split_at(32);
                let (Some(r), Some(s)) = (felt(r), felt(s)) else { return false };
                stark::verify(x, &stark_message(digest), &r, &s)
            }
            Self::Ed25519(key) => key.verify(&ed25519_consensus::Signature::from(signature.0), digest).is_ok(),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.scheme())?;
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A private key. Its bytes never appear in a debug text (ECP-SEC-003).
#[derive(Clone)]
pub enum PrivateKey {
    /// A scalar of the STARK curve.
    StarkEcdsa(Felt),
    /// An Ed25519 seed and what is derived from it.
    Ed25519(Box<ed25519_consensus::SigningKey>),
}

impl PrivateKey {
    /// Checks 32 bytes.
    pub fn from_bytes(scheme: Scheme, bytes: &[u8]) -> Result<Self, BadKey> {
        match scheme {
            Scheme::StarkEcdsa => {
                // The order of the curve is below the prime, so a canonical felt may still be too large.
                let key = felt(bytes).filter(|key| *key != Felt::ZERO && key.to_bytes_be() < CURVE_ORDER);
                key.map(Self::StarkEcdsa).ok_or(BadKey::Private(scheme))
            }
            Scheme::Ed25519 => ed25519_consensus::SigningKey::try_from(bytes)
                .map(|key| Self::Ed25519(Box::new(key)))
                .map_err(|_| BadKey::Private(scheme)),
        }
    }

    /// The key of a keys file, if its public key belongs to its secret key.
    pub fn from_keys(keys: &ecp_types::Keys) -> Result<Self, BadKey> {
        let scheme = match keys.scheme {
            ecp_types::SignatureScheme::StarkEcdsa => Scheme::StarkEcdsa,
            ecp_types::SignatureScheme::Ed25519 => Scheme::Ed25519,
        };
        let key = Self::from_bytes(scheme, keys.secret_key.expose())?;
        if key.public_key().to_bytes() == keys.public_key { Ok(key) } else { Err(BadKey::Mismatch) }
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        match self {
            Self::StarkEcdsa(key) => PublicKey::StarkEcdsa(starknet_crypto::get_public_key(key)),
            Self::Ed25519(key) => PublicKey::Ed25519(key.verification_key()),
        }
    }

    /// Signs a digest. The same digest always gives the same signature.
    #[must_use]
    pub fn sign(&self, digest: &[u8; 32]) -> Signature {
        match self {
            Self::StarkEcdsa(key) => {
                let message = stark_message(digest);
                let mut seed = None;
                loop {
                    let nonce = starknet_crypto::rfc6979_generate_k(&message, key, seed.as_ref());
                    // The message is below 2^251, so only the nonce can be unsuited, with negligible probability.
                    if let Ok(signature) = starknet_crypto::sign(key, &message, &nonce) {
                        let mut bytes = [0; SIGNATURE_BYTES];
                        bytes[..32].copy_from_slice(&signature.r.to_bytes_be());
                        bytes[32..].copy_from_slice(&signature.s.to_bytes_be());
                        return Signature(bytes);
                    }
                    seed = Some(seed.map_or(Felt::ONE, |seed: Felt| seed + Felt::ONE));
                }
            }
            Self::Ed25519(key) => Signature(key.sign(digest).to_bytes()),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(hidden)")
    }
}

/// Order of the STARK curve, big-endian.
const CURVE_ORDER: [u8; 32] = [
    0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xb7, 0x81, 0x12,
    0x6d, 0xca, 0xe7, 0xb2, 0x32, 0x1e, 0x66, 0xa2, 0x41, 0xad, 0xc6, 0x4d, 0x2f,
];

/// The digest without its highest five bits: below 2^251, as the STARK curve's ECDSA wants its messages.
#[must_use]
pub fn stark_message(digest: &[u8; 32]) -> Felt {
    let mut bytes = *digest;
    bytes[0] &= 0x07;
    Felt::from_bytes_be(&bytes)
}

/// A canonical felt.
fn felt(bytes: &[u8]) -> Option<Felt> {
    ecp_types::Felt::from_bytes(bytes).ok().map(|felt| Felt::from_bytes_be(felt.as_bytes()))
}

/// Whether x is the coordinate of a point: x^3 + x + beta has a square root.
fn is_on_curve(x: Felt) -> bool {
    const BETA: Felt = Felt::from_hex_unchecked("0x6f21413efbe40de150e596d72f7a8c5609ad26c15c915c1f4cdfcb99cee9e89");
    (x * x * x + x + BETA).sqrt().is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCHEMES: [Scheme; 2] = [Scheme::StarkEcdsa, Scheme::Ed25519];

    #[test]
    fn refuses_keys_that_are_none() {
        for scheme in SCHEMES {
            assert_eq!(PublicKey::from_bytes(scheme, &[1; 31]), Err(BadKey::Public(scheme)));
            assert_eq!(PrivateKey::from_bytes(scheme, &[1; 33]).unwrap_err(), BadKey::Private(scheme));
        }
        let stark = Scheme::StarkEcdsa;
        assert_eq!(PrivateKey::from_bytes(stark, &[0; 32]).unwrap_err(), BadKey::Private(stark));
        assert_eq!(PrivateKey::from_bytes(stark, &CURVE_ORDER).unwrap_err(), BadKey::Private(stark));
        let off_curve =
            (1..).map(ecp_types::Felt::from_u64).find(|x| !is_on_curve(felt(x.as_bytes()).unwrap())).unwrap();
        assert_eq!(PublicKey::from_bytes(stark, off_curve.as_bytes()), Err(BadKey::Public(stark)));
        assert_eq!(PublicKey::from_bytes(stark, &[0xff; 32]), Err(BadKey::Public(stark)));
    }

    #[test]
    fn names_are_read_back() {
        for scheme in SCHEMES {
            assert_eq!(Scheme::from_name(scheme.name()), Some(scheme));
        }
        assert_eq!(Scheme::from_name("bls"), None);
    }

    #[test]
    fn debug_hides_the_private_key() {
        let key = PrivateKey::from_bytes(Scheme::Ed25519, &[7; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "PrivateKey(hidden)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn signs_and_verifies(secret in 1u64.., digest: [u8; 32], flip in 0usize..512) {
            for scheme in SCHEMES {
                let key = PrivateKey::from_bytes(scheme, ecp_types::Felt::from_u64(secret).as_bytes()).unwrap();
                let public = key.public_key();
                prop_assert_eq!(PublicKey::from_bytes(scheme, &public.to_bytes()).unwrap(), public);
                let signature = key.sign(&digest);
                prop_assert_eq!(key.sign(&digest), signature);
                prop_assert!(public.verify(&digest, &signature));
                let mut broken = signature;
                broken.0[flip / 8] ^= 1 << (flip % 8);
                prop_assert!(!public.verify(&digest, &broken));
                let mut other = digest;
                other[31] ^= 1;
                prop_assert!(!public.verify(&other, &signature));
            }
        }

        #[test]
        fn random_bytes_are_no_signature(digest: [u8; 32], head: [u8; 32], tail: [u8; 32]) {
            let mut bytes = [0; 64];
            bytes[..32].copy_from_slice(&head);
            bytes[32..].copy_from_slice(&tail);
            for scheme in SCHEMES {
                let public = PrivateKey::from_bytes(scheme, &[1; 32]).unwrap().public_key();
                prop_assert!(!public.verify(&digest, &Signature(bytes)));
            }
        }
    }
}
