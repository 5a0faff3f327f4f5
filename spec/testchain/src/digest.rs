//! Every hash of the chain: SHA-256 over a tag and fields of fixed length, all numbers big-endian.

use std::collections::BTreeMap;

use ecp_types::{Commitment, Felt, Height};
use sha2::{Digest, Sha256};

use crate::{Account, AccountKey, Domain, Transfer};

/// Digest of the accounts, ascending by key (ECP-TST-012).
#[must_use]
pub fn state_digest(accounts: &BTreeMap<AccountKey, Account>) -> [u8; 32] {
    let mut hash = tagged(b"ecp-test/1/accounts");
    hash.update((accounts.len() as u64).to_be_bytes());
    for (key, account) in accounts {
        hash.update(key);
        hash.update(account.balance.to_be_bytes());
        hash.update(account.nonce.to_be_bytes());
    }
    hash.finalize().into()
}

/// Digest of the executed transfers, signatures included (ECP-TST-012).
#[must_use]
pub fn transfers_digest(executed: &[Transfer]) -> [u8; 32] {
    let mut hash = tagged(b"ecp-test/1/transfers");
    hash.update((executed.len() as u64).to_be_bytes());
    for transfer in executed {
        hash.update(transfer.encode());
    }
    hash.finalize().into()
}

/// What a commitment binds (ECP-TST-012). Round, valid round and proposer are not among it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitmentFields {
    /// The network.
    pub domain: Domain,
    /// The height.
    pub height: Height,
    /// Commitment of the block below; the genesis hash at the first height.
    pub parent: Commitment,
    /// Timestamp of INIT.
    pub timestamp_ms: u64,
    /// Builder of the height's parameters.
    pub builder: Felt,
    /// Length of the executed prefix.
    pub executed_count: u64,
    /// Digest of the executed transfers.
    pub transfers_digest: [u8; 32],
    /// Digest of the accounts after them.
    pub state_digest: [u8; 32],
    /// Block hash of ten heights below; `None` in the first ten blocks.
    pub distant_hash: Option<Felt>,
}

impl CommitmentFields {
    /// The bytes that are hashed.
    #[must_use]
    pub fn preimage(&self) -> Vec<u8> {
        let mut bytes = b"ecp-test/1/commitment".to_vec();
        bytes.extend_from_slice(&self.domain.encode());
        bytes.extend_from_slice(&self.height.to_be_bytes());
        bytes.extend_from_slice(self.parent.as_bytes());
        bytes.extend_from_slice(&self.timestamp_ms.to_be_bytes());
        bytes.extend_from_slice(self.builder.as_bytes());
        bytes.extend_from_slice(&self.executed_count.to_be_bytes());
        bytes.extend_from_slice(&self.transfers_digest);
        bytes.extend_from_slice(&self.state_digest);
        bytes.extend_from_slice(self.distant_hash.unwrap_or(Felt::ZERO).as_bytes());
        bytes
    }

    /// The commitment.
    #[must_use]
    pub fn commitment(&self) -> Commitment {
        Commitment(Sha256::digest(self.preimage()).into())
    }
}

/// State root after a block (ECP-TST-013).
#[must_use]
pub fn state_root(state_digest: &[u8; 32]) -> Felt {
    let mut hash = tagged(b"ecp-test/1/state-root");
    hash.update(state_digest);
    felt(hash)
}

/// Block hash (ECP-TST-013); `parent` is zero at the first height.
#[must_use]
pub fn block_hash(height: Height, commitment: &Commitment, state_root: &Felt, parent: &Felt) -> Felt {
    let mut hash = tagged(b"ecp-test/1/block-hash");
    hash.update(height.to_be_bytes());
    hash.update(commitment.as_bytes());
    hash.update(state_root.as_bytes());
    hash.update(parent.as_bytes());
    felt(hash)
}

fn tagged(tag: &[u8]) -> Sha256 {
    let mut hash = Sha256::new();
    hash.update(tag);
    hash
}

/// The hash with its five highest bits cleared, so that it is below the prime.
fn felt(hash: Sha256) -> Felt {
    let mut bytes: [u8; 32] = hash.finalize().into();
    bytes[0] &= 0x07;
    Felt::from_bytes(&bytes).expect("251 bits are below the prime")
}
