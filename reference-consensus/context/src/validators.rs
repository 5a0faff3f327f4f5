//! The committee of a height as Malachite sees it.

use std::{collections::BTreeMap, fmt, sync::Arc};

use arc_malachitebft_core_types::{ThresholdParam, ThresholdParams, Validator, ValidatorSet, VotingPower};
use ecp_signatures::{BadKey, PublicKey, Scheme};
use ecp_types::{Felt, HeightParams, Quorum};

use crate::{Address, EcpContext};

/// A member of the committee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcpValidator {
    address: Address,
    public_key: PublicKey,
    voting_power: VotingPower,
}

impl Validator<EcpContext> for EcpValidator {
    fn address(&self) -> &Address {
        &self.address
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn voting_power(&self) -> VotingPower {
        self.voting_power
    }
}

/// The committee in the order of the height's parameters, and who proposes. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct EcpValidatorSet(Arc<Inner>);

#[derive(PartialEq, Eq)]
struct Inner {
    validators: Vec<EcpValidator>,
    by_address: BTreeMap<Address, usize>,
    /// Indexes of the proposers of the first rounds, not empty (ECP-HGT-006).
    proposers: Vec<usize>,
    total: VotingPower,
}

/// Why a height cannot be run here. It is not a fault of anybody's proposal: this half does not vote
/// (ECP-HGT-009).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// A key or scheme that is not known.
    #[error("height {height}: {source}")]
    Key {
        /// The height.
        height: u64,
        /// What is wrong.
        source: BadKey,
    },
    /// The engine was started for another quorum.
    #[error(
        "height {height} decides above {wanted:?}, this engine was started for {configured:?}: restart with the new one"
    )]
    Quorum {
        /// The height.
        height: u64,
        /// The fraction of the height.
        wanted: Quorum,
        /// The fraction of the engine.
        configured: Quorum,
    },
    /// Parameters that the rules on them forbid.
    #[error("height {height}: {reason}")]
    Params {
        /// The height.
        height: u64,
        /// Which rule is broken.
        reason: &'static str,
    },
}

impl EcpValidatorSet {
    /// Reads the committee of a height.
    pub fn new(params: &HeightParams) -> Result<Self, Unsupported> {
        let height = params.height;
        let broken = |reason| Unsupported::Params { height, reason };
        let key = |source| Unsupported::Key { height, source };
        let members = &params.committee.members;
        if members.is_empty() {
            return Err(broken("the committee is empty"));
        }
        let scheme = Scheme::from_name(&params.signature_scheme)
            .ok_or_else(|| key(BadKey::UnknownScheme(params.signature_scheme.clone())))?;
        let validators = members
            .iter()
            .map(|member| {
                let public_key = PublicKey::from_bytes(scheme, &member.public_key)?;
                Ok(EcpValidator { address: Address(member.address), public_key, voting_power: member.voting_power })
            })
            .collect::<Result<Vec<_>, BadKey>>()
            .map_err(key)?;
        let by_address: BTreeMap<_, _> =
            validators.iter().enumerate().map(|(index, validator)| (validator.address, index)).collect();
        if by_address.len() != validators.len() {
            return Err(broken("an address stands twice in the committee"));
        }
        if validators.iter().any(|validator| validator.voting_power == 0) {
            return Err(broken("a member has no voting power"));
        }
        let total = u64::try_from(params.committee.total_power())
            .ok()
            .filter(|total| *total <= MAX_TOTAL_POWER)
            .ok_or(broken("the voting power of the committee exceeds 2^62"))?;
        let proposers: Vec<usize> = params.proposers.iter().map(|index| *index as usize).collect();
        if proposers.is_empty() || proposers.iter().any(|index| *index >= validators.len()) {
            return Err(broken("the list of proposers is empty or names no member"));
        }
        Ok(Self(Arc::new(Inner { validators, by_address, proposers, total })))
    }

    /// Who proposes in `round`: the list first, then the members in turn, as [`HeightParams::proposer`] says
    /// (ECP-HGT-006).
    #[must_use]
    pub fn proposer(&self, round: u32) -> &EcpValidator {
        let Inner { validators, proposers, .. } = &*self.0;
        let round = round as usize;
        let index = match proposers.get(round) {
            Some(index) => *index,
            None => (round - proposers.len()) % validators.len(),
        };
        &validators[index]
    }

    /// The key of a member.
    #[must_use]
    pub fn public_key(&self, address: &Felt) -> Option<&PublicKey> {
        self.get_by_address(&Address(*address)).map(|validator| &validator.public_key)
    }
}

impl fmt::Debug for EcpValidatorSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EcpValidatorSet({} members, power {})", self.0.validators.len(), self.0.total)
    }
}

impl ValidatorSet<EcpContext> for EcpValidatorSet {
    fn count(&self) -> usize {
        self.0.validators.len()
    }

    fn total_voting_power(&self) -> VotingPower {
        self.0.total
    }

    fn get_by_address(&self, address: &Address) -> Option<&EcpValidator> {
        self.0.by_address.get(address).and_then(|index| self.0.validators.get(*index))
    }

    fn get_by_index(&self, index: usize) -> Option<&EcpValidator> {
        self.0.validators.get(index)
    }
}

/// Largest sum of the voting power of a committee (ECP-HGT-004).
const MAX_TOTAL_POWER: u64 = 1 << 62;

/// Malachite's thresholds for a quorum: more than the fraction decides, more than its complement has an honest member.
///
/// Malachite multiplies in 64 bits and holds one fraction for the life of the engine, so a fraction is refused whose
/// product with the largest legal committee does not fit, and a height with another fraction needs a new engine.
pub fn thresholds(quorum: Quorum) -> Result<ThresholdParams, Unsupported> {
    let Quorum { numerator, denominator } = quorum;
    let fits = MAX_TOTAL_POWER.checked_mul(u64::from(denominator)).is_some();
    if !fits || numerator == 0 || numerator >= denominator || u64::from(denominator) > 2 * u64::from(numerator) {
        return Err(Unsupported::Params {
            height: 0,
            reason: "a quorum has a denominator of at most 3 here, more than the numerator and at most twice it",
        });
    }
    Ok(ThresholdParams {
        quorum: ThresholdParam::new(u64::from(numerator), u64::from(denominator)),
        honest: ThresholdParam::new(u64::from(denominator - numerator), u64::from(denominator)),
    })
}

#[cfg(test)]
mod tests {
    use ecp_signatures::PrivateKey;
    use ecp_types::{Committee, Member, Timeouts};
    use proptest::prelude::*;

    use super::*;

    fn params(powers: &[u64], proposers: Vec<u32>) -> HeightParams {
        let members = powers
            .iter()
            .enumerate()
            .map(|(index, power)| {
                let secret = Felt::from_u64(index as u64 + 1);
                let key = PrivateKey::from_bytes(Scheme::Ed25519, secret.as_bytes()).unwrap();
                Member {
                    address: Felt::from_u64(100 - index as u64),
                    public_key: key.public_key().to_bytes().to_vec(),
                    voting_power: *power,
                }
            })
            .collect();
        HeightParams {
            height: 7,
            committee: Committee { members, hash: [0; 32] },
            proposers,
            builder: Felt::ZERO,
            quorum: Quorum::TWO_THIRDS,
            starknet_version: "0.14.4".into(),
            part_format: "ecp-test/1".into(),
            commitment_scheme: "ecp-test/1".into(),
            signature_scheme: "ed25519".into(),
            timeouts: Timeouts { target_height_ms: None, ..crate::EcpTimeouts::default().0 },
            max_proposal_bytes: 1 << 23,
        }
    }

    proptest! {
        #[test]
        fn the_proposer_is_the_one_of_the_parameters(
            n in 1usize..6,
            list in proptest::collection::vec(0u32..6, 1..8),
            round: u32,
        ) {
            let list: Vec<u32> = list.into_iter().map(|index| index % n as u32).collect();
            let params = params(&vec![1; n], list);
            let set = EcpValidatorSet::new(&params).unwrap();
            for round in [0, 1, 2, 7, 8, round] {
                prop_assert_eq!(set.proposer(round).address.0, params.proposer(round).address);
            }
        }
    }

    #[test]
    fn refuses_what_the_rules_forbid() {
        let reason = |params: &HeightParams| EcpValidatorSet::new(params).unwrap_err().to_string();
        assert!(reason(&params(&[], vec![0])).contains("empty"));
        assert!(reason(&params(&[1, 0], vec![0])).contains("no voting power"));
        assert!(reason(&params(&[1 << 62, 1], vec![0])).contains("2^62"));
        assert!(reason(&params(&[1], vec![])).contains("proposers"));
        assert!(reason(&params(&[1], vec![1])).contains("proposers"));
        let mut twice = params(&[1, 1], vec![0]);
        twice.committee.members[1].address = twice.committee.members[0].address;
        assert!(reason(&twice).contains("twice"));
        let mut scheme = params(&[1], vec![0]);
        scheme.signature_scheme = "bls".into();
        assert!(reason(&scheme).contains("bls"));
        assert!(EcpValidatorSet::new(&params(&[1 << 61, 1 << 61], vec![1])).is_ok());
    }

    #[test]
    fn thresholds_hold_for_the_largest_committee() {
        let thresholds = thresholds(Quorum::TWO_THIRDS).unwrap();
        let total = MAX_TOTAL_POWER;
        assert!(!thresholds.quorum.is_met(total / 3 * 2, total));
        assert!(thresholds.quorum.is_met(total / 3 * 2 + 2, total));
        assert_eq!(thresholds.honest, ThresholdParam::F_PLUS_ONE);
        assert!(super::thresholds(Quorum { numerator: 3, denominator: 5 }).is_err());
        assert!(super::thresholds(Quorum { numerator: 1, denominator: 3 }).is_err());
        assert!(super::thresholds(Quorum { numerator: 3, denominator: 3 }).is_err());
        assert!(super::thresholds(Quorum { numerator: 1, denominator: 2 }).is_ok());
    }
}
