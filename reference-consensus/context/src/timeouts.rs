//! The timeouts of a height, which are obeyed as they are told (ECP-HGT-008).

use std::time::Duration;

use arc_malachitebft_core_types::{Timeout, TimeoutKind, Timeouts};

use crate::EcpContext;

/// Timeouts that grow by a delta each round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EcpTimeouts(pub ecp_types::Timeouts);

impl Default for EcpTimeouts {
    /// What runs before the first height starts. No timer does.
    fn default() -> Self {
        Self(ecp_types::Timeouts {
            propose_ms: 3_000,
            propose_delta_ms: 500,
            prevote_ms: 1_000,
            prevote_delta_ms: 500,
            precommit_ms: 1_000,
            precommit_delta_ms: 500,
            rebroadcast_ms: 5_000,
            target_height_ms: None,
        })
    }
}

impl Timeouts<EcpContext> for EcpTimeouts {
    fn duration_for(&self, timeout: Timeout) -> Duration {
        let round = u64::from(timeout.round.as_u32().unwrap_or_default());
        // Two 32-bit factors and a 32-bit term fit into 64 bits.
        let linear = |base: u32, delta: u32| Duration::from_millis(u64::from(base) + u64::from(delta) * round);
        match timeout.kind {
            TimeoutKind::Propose => linear(self.0.propose_ms, self.0.propose_delta_ms),
            TimeoutKind::Prevote => linear(self.0.prevote_ms, self.0.prevote_delta_ms),
            TimeoutKind::Precommit => linear(self.0.precommit_ms, self.0.precommit_delta_ms),
            TimeoutKind::Rebroadcast => linear(self.0.rebroadcast_ms, 0),
            TimeoutKind::FinalizeHeight(duration) => duration,
        }
    }
}

#[cfg(test)]
mod tests {
    use arc_malachitebft_core_types::Round;

    use super::*;

    #[test]
    fn grow_each_round_and_never_overflow() {
        let timeouts = EcpTimeouts::default();
        assert_eq!(timeouts.duration_for(Timeout::propose(Round::new(0))), Duration::from_millis(3_000));
        assert_eq!(timeouts.duration_for(Timeout::propose(Round::new(2))), Duration::from_millis(4_000));
        assert_eq!(timeouts.duration_for(Timeout::precommit(Round::new(1))), Duration::from_millis(1_500));
        assert_eq!(timeouts.duration_for(Timeout::rebroadcast(Round::new(9))), Duration::from_millis(5_000));
        let largest =
            EcpTimeouts(ecp_types::Timeouts { prevote_ms: u32::MAX, prevote_delta_ms: u32::MAX, ..timeouts.0 });
        let round = Round::new(u32::MAX);
        assert!(largest.duration_for(Timeout::prevote(round)) > Duration::from_secs(1 << 50));
    }
}
