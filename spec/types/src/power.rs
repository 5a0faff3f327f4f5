//! From real stake to the voting power of a committee.

use crate::limits::VOTING_POWER_TOTAL_MAX;

/// Voting powers of stakes, as ECP-HGT-004 asks for them: with S the sum of the stakes and s the least number of bits for
/// which S shifted right by s is at most 2^62, each power is its stake shifted right by s. A member whose power is 0 is
/// to be left out of the committee. Returns s and the powers in the order of the stakes.
#[must_use]
pub fn reduce_stakes(stakes: &[u128]) -> (u32, Vec<u64>) {
    // The sum in two limbs: as many stakes as fit into memory cannot make either of them overflow.
    let low: u128 = stakes.iter().map(|stake| u128::from(*stake as u64)).sum();
    let high: u128 = stakes.iter().map(|stake| stake >> 64).sum::<u128>() + (low >> 64);
    let low = u128::from(low as u64);
    let shift = (0..=u128::BITS).find(|shift| fits(high, low, *shift)).unwrap_or(u128::BITS);
    // A stake is at most the sum, which shifted is at most 2^62.
    let power = |stake: &u128| stake.checked_shr(shift).unwrap_or(0) as u64;
    (shift, stakes.iter().map(power).collect())
}

/// Whether `high · 2^64 + low`, shifted right, is at most the largest sum of voting power.
fn fits(high: u128, low: u128, shift: u32) -> bool {
    let most = u128::from(VOTING_POWER_TOTAL_MAX);
    if shift >= 64 {
        return high >> (shift - 64) <= most;
    }
    let above = high.checked_mul(1 << (64 - shift));
    above.and_then(|above| above.checked_add(low >> shift)).is_some_and(|sum| sum <= most)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_stakes_are_powers() {
        assert_eq!(reduce_stakes(&[]), (0, vec![]));
        assert_eq!(reduce_stakes(&[3, 0, 1 << 61]), (0, vec![3, 0, 1 << 61]));
        assert_eq!(reduce_stakes(&[1 << 62]), (0, vec![1 << 62]));
        // One more is too much, and the smaller member drops out.
        assert_eq!(reduce_stakes(&[1 << 62, 1]), (1, vec![1 << 61, 0]));
    }

    #[test]
    fn the_sum_of_the_largest_stakes_is_held() {
        let (shift, powers) = reduce_stakes(&[u128::MAX; 1000]);
        assert_eq!(shift, 76);
        assert!(powers.iter().all(|power| *power == (1 << 52) - 1));
    }

    proptest! {
        #[test]
        fn the_shift_is_the_least_that_keeps_the_limit(stakes in prop::collection::vec(any::<u128>(), 0..50)) {
            // So that the sum fits into 128 bits.
            let stakes: Vec<u128> = stakes.into_iter().map(|stake| stake >> (8 + stake % 90)).collect();
            let sum: u128 = stakes.iter().sum();
            let (shift, powers) = reduce_stakes(&stakes);
            prop_assert!(sum >> shift <= u128::from(VOTING_POWER_TOTAL_MAX));
            prop_assert!(shift == 0 || sum >> (shift - 1) > u128::from(VOTING_POWER_TOTAL_MAX));
            for (stake, power) in stakes.iter().zip(powers) {
                prop_assert_eq!(u128::from(power), stake >> shift);
            }
        }
    }
}
