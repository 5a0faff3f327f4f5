//! Malachite's signer and verifier over `ecp-signatures`.

use std::sync::Arc;

use arc_malachitebft_core_types::{
    Context, NilOrVal, Round, SignedMessage, SigningScheme, ValidatorProof, VoteExtensionScope, VoteType,
};
use arc_malachitebft_signing::{Error, Signer, VerificationResult, Verifier};
use async_trait::async_trait;
use ecp_signatures::{PrivateKey, PublicKey, Scheme, Signature, SigningRecord, message::Preimage};
use ecp_types::{LastSigned, Network, SignedStep};

use crate::{EcpContext, EcpProposal, EcpVote};

/// Both schemes of ECP as one of Malachite's.
///
/// A signature is its 64 bytes, a public key one byte for the scheme (1 `stark-ecdsa`, 2 `ed25519`) and its 32 bytes:
/// Malachite decodes keys without knowing the height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EcpScheme;

/// Bytes that are no signature or no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningDecodeError {
    /// Not a signature.
    #[error("a signature is 64 bytes")]
    Signature,
    /// Not a public key.
    #[error("a public key is a scheme byte, 1 or 2, and the 32 bytes of a point on its curve")]
    PublicKey,
}

impl SigningScheme for EcpScheme {
    type DecodingError = SigningDecodeError;
    type Signature = Signature;
    type PublicKey = PublicKey;
    type PrivateKey = PrivateKey;

    fn decode_signature(bytes: &[u8]) -> Result<Signature, SigningDecodeError> {
        Signature::from_bytes(bytes).ok_or(SigningDecodeError::Signature)
    }

    fn encode_signature(signature: &Signature) -> Vec<u8> {
        signature.0.to_vec()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<PublicKey, SigningDecodeError> {
        let (scheme, bytes) = match bytes.split_first() {
            Some((1, bytes)) => (Scheme::StarkEcdsa, bytes),
            Some((2, bytes)) => (Scheme::Ed25519, bytes),
            _ => return Err(SigningDecodeError::PublicKey),
        };
        PublicKey::from_bytes(scheme, bytes).map_err(|_| SigningDecodeError::PublicKey)
    }

    fn encode_public_key(public_key: &PublicKey) -> Vec<u8> {
        let scheme = match public_key.scheme() {
            Scheme::StarkEcdsa => 1,
            Scheme::Ed25519 => 2,
        };
        std::iter::once(scheme).chain(public_key.to_bytes()).collect()
    }
}

/// What a vote signs.
#[must_use]
pub fn vote_preimage(network: &Network, vote: &EcpVote) -> Option<Preimage> {
    let vote_type = match vote.vote_type {
        VoteType::Prevote => ecp_types::VoteType::Prevote,
        VoteType::Precommit => ecp_types::VoteType::Precommit,
    };
    let commitment = match &vote.value {
        NilOrVal::Nil => None,
        NilOrVal::Val(value) => Some(&value.0),
    };
    Some(Preimage::vote(network, vote_type, vote.height.block(), vote.round.as_u32()?, commitment))
}

/// What a proposal signs.
#[must_use]
pub fn proposal_preimage(network: &Network, proposal: &EcpProposal) -> Option<Preimage> {
    let EcpProposal { height, round, value, valid_round, .. } = proposal;
    Some(Preimage::proposal(network, height.block(), round.as_u32()?, valid_round.as_u32(), &value.0))
}

/// Verifies votes, proposals and validator proofs of a network. Certificates come with it: Malachite checks strict
/// quorum, unknown and repeated signers over this verifier.
#[derive(Debug, Clone)]
pub struct EcpVerifier {
    network: Arc<Network>,
}

impl EcpVerifier {
    /// A verifier of this network.
    #[must_use]
    pub fn new(network: Network) -> Self {
        Self { network: Arc::new(network) }
    }

    fn check(preimage: Option<Preimage>, signature: &Signature, key: &PublicKey) -> VerificationResult {
        // Without a round there is nothing that a member could have signed.
        VerificationResult::from_bool(preimage.is_some_and(|preimage| key.verify(&preimage.digest(), signature)))
    }
}

#[async_trait]
impl Verifier<EcpContext> for EcpVerifier {
    async fn verify_signed_vote(
        &self,
        vote: &EcpVote,
        signature: &Signature,
        public_key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(Self::check(vote_preimage(&self.network, vote), signature, public_key))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &EcpProposal,
        signature: &Signature,
        public_key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(Self::check(proposal_preimage(&self.network, proposal), signature, public_key))
    }

    async fn verify_signed_vote_extension(
        &self,
        _scope: &VoteExtensionScope<EcpContext>,
        _extension: &<EcpContext as Context>::Extension,
        _signature: &Signature,
        _public_key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        // There are no vote extensions in this revision of ECP, so no signature of one is valid.
        Ok(VerificationResult::Invalid)
    }

    async fn verify_validator_proof(&self, proof: &ValidatorProof<EcpContext>) -> Result<VerificationResult, Error> {
        let Ok(key) = proof.decoded_public_key() else { return Ok(VerificationResult::Invalid) };
        let preimage = Preimage::validator_proof(&self.network, &proof.public_key, &proof.peer_id);
        Ok(Self::check(Some(preimage), &proof.signature, &key))
    }
}

/// Signs for one key, after the record has allowed it (ECP-REC-003).
///
/// An error of a signing method makes Malachite's engine stop. That is wanted: a signature that the record refuses
/// means that something else signed with this key, or that the log is older than the record.
#[derive(Clone)]
pub struct EcpSigner {
    network: Arc<Network>,
    key: PrivateKey,
    record: Arc<dyn SigningRecord>,
}

impl EcpSigner {
    /// A signer of this network.
    #[must_use]
    pub fn new(network: Network, key: PrivateKey, record: Arc<dyn SigningRecord>) -> Self {
        Self { network: Arc::new(network), key, record }
    }

    /// Signs that this key stands behind a peer of the gossip network. It is no vote, so the record is not asked.
    #[must_use]
    pub fn validator_proof(&self, peer_id: Vec<u8>) -> ValidatorProof<EcpContext> {
        self.proof(EcpScheme::encode_public_key(&self.key.public_key()), peer_id)
    }

    fn proof(&self, public_key: Vec<u8>, peer_id: Vec<u8>) -> ValidatorProof<EcpContext> {
        let preimage = Preimage::validator_proof(&self.network, &public_key, &peer_id);
        ValidatorProof::new(public_key, peer_id, self.key.sign(&preimage.digest()))
    }

    fn sign(
        &self,
        height: u64,
        round: Round,
        step: SignedStep,
        preimage: Option<Preimage>,
    ) -> Result<Signature, Error> {
        let (Some(preimage), Some(round)) = (preimage, round.as_u32()) else {
            return Err(Error::from_source("what has no round is not signed"));
        };
        let digest = preimage.digest();
        self.record.before_sign(LastSigned { height, round, step }, &digest).map_err(Error::from_source)?;
        Ok(self.key.sign(&digest))
    }
}

#[async_trait]
impl Signer<EcpContext> for EcpSigner {
    async fn sign_vote(&self, vote: EcpVote) -> Result<SignedMessage<EcpContext, EcpVote>, Error> {
        let step = match vote.vote_type {
            VoteType::Prevote => SignedStep::Prevote,
            VoteType::Precommit => SignedStep::Precommit,
        };
        let signature = self.sign(vote.height.block(), vote.round, step, vote_preimage(&self.network, &vote))?;
        Ok(SignedMessage::new(vote, signature))
    }

    async fn sign_proposal(&self, proposal: EcpProposal) -> Result<SignedMessage<EcpContext, EcpProposal>, Error> {
        let preimage = proposal_preimage(&self.network, &proposal);
        let signature = self.sign(proposal.height.block(), proposal.round, SignedStep::Proposal, preimage)?;
        Ok(SignedMessage::new(proposal, signature))
    }

    async fn sign_vote_extension(
        &self,
        _scope: VoteExtensionScope<EcpContext>,
        _extension: (),
    ) -> Result<SignedMessage<EcpContext, ()>, Error> {
        Err(Error::from_source("there are no vote extensions in this revision of ECP"))
    }

    async fn sign_validator_proof(
        &self,
        public_key: Vec<u8>,
        peer_id: Vec<u8>,
    ) -> Result<ValidatorProof<EcpContext>, Error> {
        Ok(self.proof(public_key, peer_id))
    }
}
