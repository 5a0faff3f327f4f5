//! The durable record that stands before each signature.

use ecp_types::LastSigned;

/// Why a signature was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Something higher, or something else in this step, is signed already.
    #[error("refused to sign {asked:?}: the record says that {signed:?} is signed{}", if asked == signed { " with another content" } else { "" })]
    Signed {
        /// What was to be signed.
        asked: LastSigned,
        /// The highest that is signed.
        signed: LastSigned,
    },
    /// The key may not sign yet, or no more, and says why.
    #[error("refused to sign {asked:?}: {reason}")]
    Silent {
        /// What was to be signed.
        asked: LastSigned,
        /// Why the key is silent.
        reason: String,
    },
    /// The record could not be made durable.
    #[error("refused to sign {asked:?}: the record was not written: {reason}")]
    NotWritten {
        /// What was to be signed.
        asked: LastSigned,
        /// What went wrong.
        reason: String,
    },
}

/// What a record holds: the highest signature, and what was signed in each step of its round.
///
/// The steps below the highest are needed, too: an engine that is one vote short of a quorum signs its prevote and its
/// precommit in one go, and may die before its log has either. It then derives the same prevote again, and can send
/// it only if the record knows that it is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Recorded {
    /// The highest step that is signed.
    pub last: LastSigned,
    /// Digests of what was signed at its height and round, in the order of the steps. Absent: nothing was.
    pub digests: [Option<[u8; 32]>; 3],
}

impl Recorded {
    /// A floor: nothing at or below is signed any more, whatever its content.
    #[must_use]
    pub const fn floor(last: LastSigned) -> Self {
        Self { last, digests: [None; 3] }
    }

    fn with(mut self, step: LastSigned, digest: &[u8; 32]) -> Self {
        self.last = step;
        self.digests[step.step as usize] = Some(*digest);
        self
    }
}

/// Where the highest signature is recorded, durably, before it is made (ECP-REC-003).
///
/// [`check`] is the rule.
pub trait SigningRecord: Send + Sync {
    /// Allows or refuses a signature over `digest` in `step`. When it returns `Ok`, the record is on disk. It is
    /// called from the consensus engine and may block for one write.
    fn before_sign(&self, step: LastSigned, digest: &[u8; 32]) -> Result<(), Refused>;
}

/// The rule of a record: higher than all before is allowed; a step of the highest round is allowed for the digest that
/// was signed in it only, so that a vote can be signed again after a crash; all else is refused (ECP-REC-010). Returns
/// the record to be written, if it changes.
pub fn check(recorded: Option<&Recorded>, step: LastSigned, digest: &[u8; 32]) -> Result<Option<Recorded>, Refused> {
    let Some(recorded) = recorded else { return Ok(Some(Recorded::floor(step).with(step, digest))) };
    let signed = recorded.last;
    let round = |of: LastSigned| (of.height, of.round);
    if step > signed {
        let base = if round(step) == round(signed) { *recorded } else { Recorded::floor(step) };
        return Ok(Some(base.with(step, digest)));
    }
    let same = round(step) == round(signed) && recorded.digests[step.step as usize] == Some(*digest);
    if same { Ok(None) } else { Err(Refused::Signed { asked: step, signed }) }
}

#[cfg(test)]
mod tests {
    use ecp_types::SignedStep;

    use super::*;

    const PREVOTE: LastSigned = LastSigned { height: 5, round: 1, step: SignedStep::Prevote };
    const PRECOMMIT: LastSigned = LastSigned { step: SignedStep::Precommit, ..PREVOTE };
    const PROPOSAL: LastSigned = LastSigned { step: SignedStep::Proposal, ..PREVOTE };

    fn signed(steps: &[(LastSigned, u8)]) -> Recorded {
        let mut recorded = None;
        for (step, digest) in steps {
            recorded = check(recorded.as_ref(), *step, &[*digest; 32]).unwrap().or(recorded);
        }
        recorded.unwrap()
    }

    #[test]
    fn what_is_higher_is_allowed_and_written() {
        let prevote = signed(&[(PREVOTE, 1)]);
        assert_eq!(prevote, Recorded { last: PREVOTE, digests: [None, Some([1; 32]), None] });
        let both = signed(&[(PREVOTE, 1), (PRECOMMIT, 2)]);
        assert_eq!(both, Recorded { last: PRECOMMIT, digests: [None, Some([1; 32]), Some([2; 32])] });
        let next_round = LastSigned { round: 2, step: SignedStep::Proposal, ..PREVOTE };
        let written = check(Some(&both), next_round, &[3; 32]);
        assert_eq!(written, Ok(Some(Recorded { last: next_round, digests: [Some([3; 32]), None, None] })));
    }

    #[test]
    fn what_is_lower_or_different_is_refused() {
        let prevote = signed(&[(PREVOTE, 1)]);
        let refused = |asked| Err(Refused::Signed { asked, signed: PREVOTE });
        assert_eq!(check(Some(&prevote), PREVOTE, &[1; 32]), Ok(None));
        assert_eq!(check(Some(&prevote), PREVOTE, &[2; 32]), refused(PREVOTE));
        for lower in [
            PROPOSAL,
            LastSigned { round: 0, step: SignedStep::Prevote, ..PREVOTE },
            LastSigned { height: 4, round: 9, step: SignedStep::Precommit },
        ] {
            assert_eq!(check(Some(&prevote), lower, &[1; 32]), refused(lower));
        }
    }

    /// An engine signed all steps of a round in one go and died before its log had any of them.
    #[test]
    fn the_steps_below_the_highest_can_be_signed_again_as_they_were() {
        let all = signed(&[(PROPOSAL, 1), (PREVOTE, 2), (PRECOMMIT, 3)]);
        for (step, digest) in [(PROPOSAL, 1), (PREVOTE, 2), (PRECOMMIT, 3)] {
            assert_eq!(check(Some(&all), step, &[digest; 32]), Ok(None));
            let refused = Err(Refused::Signed { asked: step, signed: PRECOMMIT });
            assert_eq!(check(Some(&all), step, &[9; 32]), refused);
        }
    }

    #[test]
    fn below_a_floor_nothing_is_signed_whatever_it_holds() {
        let floor = Recorded::floor(PRECOMMIT);
        for step in [PROPOSAL, PREVOTE, PRECOMMIT] {
            assert_eq!(check(Some(&floor), step, &[0; 32]), Err(Refused::Signed { asked: step, signed: PRECOMMIT }));
        }
    }
}
