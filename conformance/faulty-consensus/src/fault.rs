//! All faults: name, requirement, what they do.

use std::io::Write as _;

macro_rules! faults {
    ($($variant:ident $name:literal $requirement:literal $does:literal)*) => {
        /// One way to break one requirement.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Fault { $($variant),* }

        /// All of them.
        pub(crate) const ALL: &[Fault] = &[$(Fault::$variant),*];

        impl Fault {
            /// Its name on the command line.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The requirement that it breaks.
            pub(crate) const fn requirement(self) -> &'static str {
                match self { $(Self::$variant => $requirement),* }
            }

            /// What it does.
            pub(crate) const fn does(self) -> &'static str {
                match self { $(Self::$variant => $does),* }
            }
        }
    };
}

faults! {
    IgnoresFenced "ignores-fenced" "ECP-SES-019" "FENCED is taken for a lost connection: it handshakes again and goes on."
    NoHandshakeAfterRestart "no-handshake-after-restart" "ECP-SES-020" "The token of the first handshake is used for ever."
    NetworkNotCompared "network-not-compared" "ECP-SES-023" "Any network in the handshake's reply is taken for its own."
    NoPosition "tells-no-position" "ECP-SES-007" "The handshake tells an empty position, whatever is held."
    AlwaysTakesOver "always-takes-over" "ECP-SES-027" "Every handshake sets takeover."
    BelievesSilentWatch "believes-silent-watch" "ECP-SES-018" "A Watch that fell silent counts as one that speaks."
    BuildsWithoutStart "builds-without-start-round" "ECP-ORD-005" "Rounds in which it proposes are never announced."
    RebuildsAfterRestart "rebuilds-after-restart" "ECP-REC-005" "Marks and own proposals are forgotten at each start."
    DoesNotRestore "does-not-restore" "ECP-REC-008" "Candidates are never handed back to a new instance."
    RewritesPayload "rewrites-payload" "ECP-STR-001" "The last byte of each FIN is changed on the way."
    ClosesEarly "half-closes-early" "ECP-STR-009" "A validation is half-closed right after End."
    WrongCounts "wrong-end-counts" "ECP-STR-011" "End counts one part too many."
    ReusesStreamId "reuses-stream-id" "ECP-STR-012" "Every stream has the same id."
    HoldsPartsBack "holds-parts-back" "ECP-VAL-020" "Parts are sent only when the whole proposal is there."
    VotesForInvalid "votes-for-invalid" "ECP-VAL-021" "INVALID is taken for VALID with FIN's commitment."
    VotesAfterLocalRejection "votes-after-local-rejection" "ECP-VAL-022" "REJECTED_LOCAL is taken for VALID."
    VotesForOther "votes-for-other-commitment" "ECP-VAL-002" "VALID is taken to carry the commitment of FIN."
    ProposesPartly "proposes-partly" "ECP-BLD-011" "The counts of Built are not compared."
    KeepsInit "proposes-again-with-old-init" "ECP-BLD-016" "A reproposal keeps the INIT of the first proposal."
    SkipsDecide "skips-decide" "ECP-DEC-014" "Every third decision is never handed over."
    NoImportAfterUnknown "no-import-after-unknown" "ECP-DEC-017" "Decide is repeated after UNKNOWN_PROPOSAL."
    IgnoresConflict "ignores-conflict" "ECP-DEC-018" "CONFLICT is taken for success."
    SkipsImport "skips-import" "ECP-REC-012" "Blocks that the execution half lacks are not handed over."
    ShortBudget "short-budget" "ECP-BUD-008" "A validation gets a tenth of the propose timeout."
}

/// The fault of this name.
pub(crate) fn find(name: &str) -> Option<Fault> {
    ALL.iter().copied().find(|fault| fault.name() == name)
}

/// Tells that a fault acted: without this line a run of the fault says nothing.
pub(crate) fn activated(fault: Fault) {
    let _ = writeln!(std::io::stderr(), "fault-activated {}", fault.name());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_requirements_well_formed() {
        let names: std::collections::BTreeSet<_> = ALL.iter().map(|fault| fault.name()).collect();
        assert_eq!(names.len(), ALL.len());
        for fault in ALL {
            let parts: Vec<_> = fault.requirement().split('-').collect();
            assert!(parts.len() == 3 && parts[0] == "ECP" && parts[1].len() == 3 && parts[2].len() == 3, "{fault:?}");
            assert_eq!(find(fault.name()), Some(*fault));
        }
    }
}
