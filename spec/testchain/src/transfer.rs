//! Signed transfers.

use ed25519_consensus::{Signature, SigningKey, VerificationKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::AccountKey;

/// Starts every signed message (ECP-TST-004).
const SIGN_TAG: &[u8] = b"ecp-test/1/sign";

/// What a signature is bound to besides the transfer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Domain {
    /// Chain id, 1 to 31 bytes.
    pub chain_id: String,
    /// Number of operator resets.
    pub fork_id: u64,
}

impl Domain {
    /// Length of the chain id in one byte, the chain id, the fork id.
    pub(crate) fn encode(&self) -> Vec<u8> {
        // A checked genesis has a chain id of at most 31 bytes.
        let mut bytes = vec![self.chain_id.len() as u8];
        bytes.extend_from_slice(self.chain_id.as_bytes());
        bytes.extend_from_slice(&self.fork_id.to_be_bytes());
        bytes
    }
}

/// A signed transfer. Its sender and nonce name it (ECP-TST-006).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Who pays and signs, an Ed25519 public key.
    #[serde(with = "crate::hex_array")]
    #[schemars(with = "String", regex(pattern = r"^0x[0-9a-fA-F]{64}$"))]
    pub from: AccountKey,
    /// Who receives; any 32 bytes. An account that does not exist is created.
    #[serde(with = "crate::hex_array")]
    #[schemars(with = "String", regex(pattern = r"^0x[0-9a-fA-F]{64}$"))]
    pub to: AccountKey,
    /// How much.
    pub amount: u64,
    /// The sender's nonce, counted from its nonce in genesis.
    pub nonce: u64,
    /// Time that building and validating this transfer takes, in milliseconds, at most 60,000.
    pub cost_ms: u32,
    /// Ed25519 signature by `from`.
    #[serde(with = "crate::hex_array")]
    #[schemars(with = "String", regex(pattern = r"^0x[0-9a-fA-F]{128}$"))]
    pub signature: [u8; 64],
}

/// Bytes are no transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a transfer has exactly 148 bytes, got {0}")]
pub struct BadTransfer(pub usize);

impl Transfer {
    /// Length of an encoded transfer.
    pub const BYTES: usize = 148;

    /// from, to, amount, nonce, cost, signature.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..84].copy_from_slice(&self.unsigned());
        bytes[84..].copy_from_slice(&self.signature);
        bytes
    }

    /// Reads an encoded transfer. Every 148 bytes are one: signature and keys are checked by execution.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadTransfer> {
        let bytes: &[u8; Self::BYTES] = bytes.try_into().map_err(|_| BadTransfer(bytes.len()))?;
        let mut reader = crate::payload::Reader::new(bytes);
        let mut read = || -> Result<Self, crate::BadPayload> {
            Ok(Self {
                from: reader.array()?,
                to: reader.array()?,
                amount: reader.u64()?,
                nonce: reader.u64()?,
                cost_ms: reader.u32()?,
                signature: reader.array()?,
            })
        };
        read().map_err(|_| BadTransfer(bytes.len()))
    }

    /// The message that `from` signs (ECP-TST-004).
    #[must_use]
    pub fn message(&self, domain: &Domain) -> Vec<u8> {
        let mut message = SIGN_TAG.to_vec();
        message.extend_from_slice(&domain.encode());
        message.extend_from_slice(&self.unsigned());
        message
    }

    /// Whether the signature is `from`'s, by the rules of ZIP 215 (ECP-TST-004).
    #[must_use]
    pub fn verify(&self, domain: &Domain) -> bool {
        VerificationKey::try_from(self.from)
            .is_ok_and(|key| key.verify(&Signature::from(self.signature), &self.message(domain)).is_ok())
    }

    fn unsigned(&self) -> [u8; 84] {
        let mut bytes = [0; 84];
        bytes[..32].copy_from_slice(&self.from);
        bytes[32..64].copy_from_slice(&self.to);
        bytes[64..72].copy_from_slice(&self.amount.to_be_bytes());
        bytes[72..80].copy_from_slice(&self.nonce.to_be_bytes());
        bytes[80..].copy_from_slice(&self.cost_ms.to_be_bytes());
        bytes
    }
}

/// The account that a secret key owns: its Ed25519 public key.
#[must_use]
pub fn account_key(secret: &[u8; 32]) -> AccountKey {
    SigningKey::from(*secret).verification_key().to_bytes()
}

/// A transfer signed with `secret`, whose account pays.
#[must_use]
pub fn sign_transfer(
    domain: &Domain,
    secret: &[u8; 32],
    to: AccountKey,
    amount: u64,
    nonce: u64,
    cost_ms: u32,
) -> Transfer {
    let key = SigningKey::from(*secret);
    let from = key.verification_key().to_bytes();
    let mut transfer = Transfer { from, to, amount, nonce, cost_ms, signature: [0; 64] };
    transfer.signature = key.sign(&transfer.message(domain)).to_bytes();
    transfer
}
