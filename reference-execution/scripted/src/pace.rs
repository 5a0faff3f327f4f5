//! How time is spent.

use std::time::Duration;

/// Spends the time that a transfer or a block hash costs.
pub trait Pace: Send + Sync {
    /// Returns when `time` has been spent. Called from threads that may block.
    fn work(&self, time: Duration);
}

/// Spends real time by letting the thread sleep.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealPace;

impl Pace for RealPace {
    fn work(&self, time: Duration) {
        if !time.is_zero() {
            std::thread::sleep(time);
        }
    }
}
