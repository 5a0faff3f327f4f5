//! What a fault is, and all of them.

use std::sync::Arc;

use ecp_execution_server::Interposer;
use ecp_types::InvalidReason;

use crate::faults::{
    builds::{BuildWithoutStart, Changed, OverCount},
    decide::{ConflictAccepted, DecideOnce, UnknownCommitted},
    forgive::Forgive,
    refusals::{FormatIsStatus, NoDelay, NoDetails},
    session::{AnyNetwork, NoToken, OldToken, SilentWatch},
    streams::{AbortIgnored, AnyCounts, ResetInvalid, TwoVerdicts},
    verdicts::{ExpiredAlways, LocalIsInvalid},
};

/// Makes what stands between the core and the world; it tells its name when it acts.
type Make = fn(&'static str) -> Arc<dyn Interposer>;

/// One way to break one requirement.
pub(crate) struct Fault {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// The requirement that it breaks.
    pub(crate) requirement: &'static str,
    /// What it does.
    pub(crate) does: &'static str,
    /// Stands between the core and the world.
    pub(crate) interposer: Option<Make>,
    /// Its store is only in memory.
    pub(crate) forgets: bool,
}

/// Tells that a fault acted: without this line a run of the fault says nothing.
pub(crate) fn activated(name: &str) {
    eprintln!("fault-activated {name}");
}

const fn fault(name: &'static str, requirement: &'static str, does: &'static str, make: Make) -> Fault {
    Fault { name, requirement, does, interposer: Some(make), forgets: false }
}

/// All faults.
pub(crate) const ALL: &[Fault] = &[
    fault("build-changes-on-retry", "ECP-BLD-005", "A second BuildProposal of a slot gets another INIT.", |name| {
        Arc::new(Changed::new(name))
    }),
    fault("builds-without-start", "ECP-BLD-001", "BuildProposal starts its round by itself.", |name| {
        Arc::new(BuildWithoutStart::new(name))
    }),
    fault("built-count-above-sent", "ECP-BLD-006", "Built counts one transaction more than was executed.", |name| {
        Arc::new(OverCount(name))
    }),
    fault("accepts-init-mismatch", "ECP-VAL-005", "An INIT of another slot is VALID.", |name| {
        Arc::new(Forgive::new(name, InvalidReason::InitMismatch))
    }),
    fault("accepts-count-above-sent", "ECP-VAL-006", "A count above what was sent is VALID.", |name| {
        Arc::new(Forgive::new(name, InvalidReason::CountExceedsSent))
    }),
    fault("accepts-block-over-capacity", "ECP-VAL-007", "A block over capacity is VALID.", |name| {
        Arc::new(Forgive::new(name, InvalidReason::BlockOverCapacity))
    }),
    fault(
        "local-rejection-as-invalid",
        "ECP-VAL-008",
        "An objection of this node's clock is told as INVALID.",
        |name| Arc::new(LocalIsInvalid(name)),
    ),
    fault("accepts-duplicate-transaction", "ECP-VAL-018", "A transaction that stands twice is VALID.", |name| {
        Arc::new(Forgive::new(name, InvalidReason::DuplicateTransaction))
    }),
    fault("accepts-commitment-mismatch", "ECP-VAL-019", "FIN's commitment is believed.", |name| {
        Arc::new(Forgive::new(name, InvalidReason::CommitmentMismatch))
    }),
    fault("two-verdicts", "ECP-VAL-001", "The verdict is sent twice.", |name| Arc::new(TwoVerdicts(name))),
    fault("counts-not-checked", "ECP-STR-003", "End's counts are not compared.", |name| Arc::new(AnyCounts::new(name))),
    fault(
        "stream-reset-is-invalid",
        "ECP-STR-008",
        "A proposal whose stream was lost is INVALID from then on.",
        |name| Arc::new(ResetInvalid::new(name)),
    ),
    fault("abort-ignored", "ECP-STR-013", "Abort is answered and ends nothing.", |name| Arc::new(AbortIgnored(name))),
    fault("expired-instead-of-not-ready", "ECP-BUD-005", "A missing condition is told as EXPIRED.", |name| {
        Arc::new(ExpiredAlways(name))
    }),
    Fault {
        name: "ack-before-durable",
        requirement: "ECP-DEC-001",
        does: "Decide is answered and the block is only in memory.",
        interposer: None,
        forgets: true,
    },
    fault("decide-not-idempotent", "ECP-DEC-002", "A repeated Decide is refused.", |name| {
        Arc::new(DecideOnce::new(name))
    }),
    fault("unknown-proposal-committed", "ECP-DEC-005", "Decide without a candidate is answered with OK.", |name| {
        Arc::new(UnknownCommitted::new(name))
    }),
    fault("conflict-accepted", "ECP-DEC-007", "A second, different decision is answered with OK.", |name| {
        Arc::new(ConflictAccepted(name))
    }),
    fault("busy-without-delay", "ECP-ERR-004", "BUSY does not say when to come back.", |name| Arc::new(NoDelay(name))),
    fault("errors-without-details", "ECP-ERR-009", "Errors carry no details for machines.", |name| {
        Arc::new(NoDetails(name))
    }),
    fault("strange-header-is-a-status", "ECP-SYN-019", "The part format of a header makes a status.", |name| {
        Arc::new(FormatIsStatus(name))
    }),
    fault("session-not-required", "ECP-SES-001", "Calls without a token are taken.", |name| {
        Arc::new(NoToken::new(name))
    }),
    fault("network-not-compared", "ECP-SES-003", "Any network is let in.", |name| Arc::new(AnyNetwork(name))),
    fault("old-token-accepted", "ECP-SES-009", "Tokens of replaced sessions are taken.", |name| {
        Arc::new(OldToken::new(name))
    }),
    fault("watch-misses-commits", "ECP-SES-013", "Watch goes on telling the state before the commits.", |name| {
        Arc::new(SilentWatch(name))
    }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_requirements_are_well_formed_and_names_are_unique() {
        let names: std::collections::BTreeSet<_> = ALL.iter().map(|fault| fault.name).collect();
        assert_eq!(names.len(), ALL.len());
        for fault in ALL {
            let number = fault.requirement.strip_prefix("ECP-").and_then(|r| r.split_once('-')).unwrap().1;
            assert_eq!(number.parse::<u16>().unwrap().to_string(), number.trim_start_matches('0'));
            assert!(fault.interposer.is_some() || fault.forgets);
        }
    }
}
