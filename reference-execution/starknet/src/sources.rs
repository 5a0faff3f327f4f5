//! What a node sees of L1.

use std::sync::Arc;

use crate::{header::L1Prices, l1::L1Source};

/// Where a node gets what blocks take from L1.
#[derive(Clone)]
pub struct Sources {
    /// Gas prices.
    pub prices: Arc<dyn PriceOracle>,
    /// Messages.
    pub l1: Arc<dyn L1Source>,
}

/// Where L1 gas prices come from. Called from any thread, so it answers at once from what it knows.
pub trait PriceOracle: Send + Sync {
    /// The prices now, each from 1 to 2^64 − 1.
    fn l1_prices(&self) -> L1Prices;
}

/// Always the same prices.
pub struct FixedPrices(pub L1Prices);

impl PriceOracle for FixedPrices {
    fn l1_prices(&self) -> L1Prices {
        self.0
    }
}
