//! Malachite's signer and verifier over the signatures of ECP.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use arc_malachitebft_core_types::{NilOrVal, Round, SigningScheme, VoteType};
use arc_malachitebft_signing::{Signer, Verifier};
use ecp_malachite_context::{
    Address, BlockHeight, EcpProposal, EcpScheme, EcpSigner, EcpVerifier, EcpVote, PrivateKey, Refused, Scheme,
    SigningRecord, ValueId,
};
use ecp_signatures::record;
use ecp_types::{Commitment, Felt, LastSigned, Network};
use futures::executor::block_on;

#[derive(Default)]
struct Record(Mutex<Option<record::Recorded>>);

impl SigningRecord for Record {
    fn before_sign(&self, step: LastSigned, digest: &[u8; 32]) -> Result<(), Refused> {
        let mut last = self.0.lock().unwrap();
        *last = record::check(last.as_ref(), step, digest)?.or(*last);
        Ok(())
    }
}

fn network(chain_id: &str, fork_id: u64) -> Network {
    Network { chain_id: chain_id.into(), genesis_hash: [0; 32], fork_id, activation_digest: [0; 32] }
}

fn key(scheme: Scheme) -> PrivateKey {
    PrivateKey::from_bytes(scheme, Felt::from_u64(7).as_bytes()).unwrap()
}

fn vote(vote_type: VoteType, height: u64, round: u32, value: Option<u8>) -> EcpVote {
    let value = value.map_or(NilOrVal::Nil, |byte| NilOrVal::Val(ValueId(Commitment([byte; 32]))));
    let (height, round) = (BlockHeight::of(height), Round::new(round));
    EcpVote { vote_type, height, round, value, address: Address(Felt::ZERO) }
}

const SCHEMES: [Scheme; 2] = [Scheme::StarkEcdsa, Scheme::Ed25519];

#[test]
fn a_vote_is_for_one_network_and_one_content() {
    for scheme in SCHEMES {
        let signer = EcpSigner::new(network("A", 0), key(scheme), Arc::new(Record::default()));
        let signed = block_on(signer.sign_vote(vote(VoteType::Prevote, 5, 1, Some(1)))).unwrap();
        let accepts = |network: Network, vote: &EcpVote| {
            let verifier = EcpVerifier::new(network);
            block_on(verifier.verify_signed_vote(vote, &signed.signature, &key(scheme).public_key()))
                .unwrap()
                .is_valid()
        };
        assert!(accepts(network("A", 0), &signed.message));
        assert!(!accepts(network("B", 0), &signed.message), "another chain id");
        assert!(!accepts(network("A", 1), &signed.message), "another fork id");
        for other in [
            vote(VoteType::Precommit, 5, 1, Some(1)),
            vote(VoteType::Prevote, 6, 1, Some(1)),
            vote(VoteType::Prevote, 5, 0, Some(1)),
            vote(VoteType::Prevote, 5, 1, Some(2)),
            vote(VoteType::Prevote, 5, 1, None),
        ] {
            assert!(!accepts(network("A", 0), &other), "{other:?}");
        }
    }
}

#[test]
fn the_record_stands_before_each_signature() {
    let record = Arc::new(Record::default());
    let signer = EcpSigner::new(network("A", 0), key(Scheme::StarkEcdsa), Arc::clone(&record) as _);
    let sign = |vote: EcpVote| block_on(signer.sign_vote(vote));
    let first = sign(vote(VoteType::Prevote, 5, 1, Some(1))).unwrap();
    let again = sign(vote(VoteType::Prevote, 5, 1, Some(1))).unwrap();
    assert_eq!(first.signature, again.signature, "the same vote may be signed again, as after a crash");
    assert!(sign(vote(VoteType::Prevote, 5, 1, None)).is_err(), "another vote of the step");
    assert!(sign(vote(VoteType::Precommit, 5, 0, None)).is_err(), "a lower round");
    let proposal = |height, round| EcpProposal {
        height: BlockHeight::of(height),
        round: Round::new(round),
        value: ValueId(Commitment([1; 32])),
        valid_round: Round::Nil,
        address: Address(Felt::ZERO),
    };
    assert!(block_on(signer.sign_proposal(proposal(5, 1))).is_err(), "a proposal after the prevote of its round");
    let proposal = block_on(signer.sign_proposal(proposal(5, 2))).unwrap();
    let verifier = EcpVerifier::new(network("A", 0));
    let key = key(Scheme::StarkEcdsa).public_key();
    let result = block_on(verifier.verify_signed_proposal(&proposal.message, &proposal.signature, &key)).unwrap();
    assert!(result.is_valid());
    assert_eq!(record.0.lock().unwrap().unwrap().last.round, 2);
}

#[test]
fn a_validator_proof_is_of_its_network() {
    for scheme in SCHEMES {
        let signer = EcpSigner::new(network("A", 0), key(scheme), Arc::new(Record::default()));
        let proof = signer.validator_proof(vec![1, 2, 3]);
        let accepts =
            |network, proof| block_on(EcpVerifier::new(network).verify_validator_proof(proof)).unwrap().is_valid();
        assert!(accepts(network("A", 0), &proof));
        assert!(!accepts(network("B", 0), &proof));
        let mut other = proof.clone();
        other.peer_id[0] = 9;
        assert!(!accepts(network("A", 0), &other));
        let mut other = proof.clone();
        other.public_key.clear();
        assert!(!accepts(network("A", 0), &other));
    }
}

#[test]
fn keys_are_read_with_their_scheme() {
    for scheme in SCHEMES {
        let key = key(scheme).public_key();
        assert_eq!(EcpScheme::decode_public_key(&EcpScheme::encode_public_key(&key)), Ok(key));
    }
    assert!(EcpScheme::decode_public_key(&[]).is_err());
    assert!(EcpScheme::decode_public_key(&[3; 33]).is_err());
    assert!(EcpScheme::decode_signature(&[0; 63]).is_err());
}
