//! The L2 gas market: what a block's gas makes of the next block's price, and the proposers' opinions of it.

use crate::{header::MAX_PRICE, section::L2GasMarket};

/// How many fee proposals count.
pub const FEE_WINDOW: usize = 10;
/// A price below its floor rises by at most one part in this many per block.
const FLOOR_RISE_DENOMINATOR: u128 = 333;
/// Parts per thousand.
const PPT: u128 = 1_000;

/// Whether INIT carries a fee proposal: from Starknet 0.14.3 on.
#[must_use]
pub fn has_fee_proposal(starknet_version: &str) -> bool {
    let version = starknet_version.parse::<ecp_commitments::StarknetVersion>();
    version.is_ok_and(|version| version >= ecp_commitments::StarknetVersion::new(0, 14, 3))
}

/// Median of the window, the mean of the middle two rounded down. `price` stands for each proposal still missing, so
/// that no early proposer chooses freely.
#[must_use]
pub fn fee_actual(window: &[u128], price: u128) -> u128 {
    let mut all: Vec<u128> = window.iter().copied().chain(std::iter::repeat(price)).take(FEE_WINDOW).collect();
    all.sort_unstable();
    let (low, high) = (all[FEE_WINDOW / 2 - 1], all[FEE_WINDOW / 2]);
    low + (high - low) / 2
}

/// Lowest and highest fee proposal around `fee_actual`.
#[must_use]
pub fn fee_proposal_bounds(fee_actual: u128, margin_ppt: u64) -> (u128, u128) {
    let scale = PPT + u128::from(margin_ppt);
    (fee_actual.saturating_mul(PPT) / scale, (fee_actual.saturating_mul(scale) / PPT).min(MAX_PRICE))
}

/// The price of the next block: up when the block used more than the target, down when less, and not below `floor`.
#[must_use]
pub fn next_price(price: u128, gas_used: u64, floor: u128, market: &L2GasMarket) -> u128 {
    if price < floor {
        // At least 1, or a price below 333 would stay for ever.
        return (price + (price / FLOOR_RISE_DENOMINATOR).max(1)).min(floor).min(MAX_PRICE);
    }
    let target = u128::from(market.target);
    let distance = u128::from(gas_used).abs_diff(target);
    // Both factors are below 2^64.
    let change = price * distance / target / u128::from(market.max_change_denominator);
    let next = if u128::from(gas_used) > target { price + change } else { price.saturating_sub(change) };
    next.clamp(floor.max(1), MAX_PRICE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_block_raises_the_price_and_an_empty_one_lowers_it_to_the_floor() {
        let market = L2GasMarket { target: 1_000, max_change_denominator: 48, fee_proposal_margin_ppt: 2 };
        assert_eq!(next_price(48_000, 1_000, 1, &market), 48_000);
        assert_eq!(next_price(48_000, 2_000, 1, &market), 49_000);
        assert_eq!(next_price(48_000, 0, 1, &market), 47_000);
        assert_eq!(next_price(48_000, 0, 48_000, &market), 48_000);
        assert_eq!(next_price(33_300, 0, 48_000, &market), 33_400);
        assert_eq!(next_price(MAX_PRICE, u64::MAX, 1, &market), MAX_PRICE);
    }

    #[test]
    fn the_median_moves_only_when_half_of_the_window_does() {
        assert_eq!(fee_actual(&[], 100), 100);
        assert_eq!(fee_actual(&[900, 900, 900, 900], 100), 100);
        assert_eq!(fee_actual(&[900; 5], 100), 500);
        assert_eq!(fee_actual(&[900; 10], 100), 900);
        assert_eq!(fee_proposal_bounds(1_000, 2), (998, 1_002));
    }

    #[test]
    fn fee_proposals_begin_with_0_14_3() {
        assert!(has_fee_proposal("0.14.3") && has_fee_proposal("0.14.4") && has_fee_proposal("0.15.0"));
        assert!(!has_fee_proposal("0.14.2") && !has_fee_proposal("0.13.6"));
    }
}
