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

/// Where the highest signature is recorded, durably, before it is made (ECP-REC-003).
///
/// The record holds the pair (step, digest) of the highest signature. [`check`] is the rule.
pub trait SigningRecord: Send + Sync {
    /// Allows or refuses a signature over `digest` in `step`. When it returns `Ok`, the record is on disk. It is
    /// called from the consensus engine and may block for one write.
    fn before_sign(&self, step: LastSigned, digest: &[u8; 32]) -> Result<(), Refused>;
}

/// The rule of a record: higher than all before is allowed; the same step is allowed for the same digest only, so that
/// a vote can be signed again after a crash; lower is refused (ECP-REC-010). Returns whether the record has to be
/// written.
pub fn check(recorded: Option<(LastSigned, [u8; 32])>, step: LastSigned, digest: &[u8; 32]) -> Result<bool, Refused> {
    match recorded {
        Some((signed, _)) if step < signed => Err(Refused::Signed { asked: step, signed }),
        Some((signed, content)) if step == signed && content != *digest => Err(Refused::Signed { asked: step, signed }),
        Some((signed, _)) => Ok(step > signed),
        None => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use ecp_types::SignedStep;

    use super::*;

    #[test]
    fn allows_what_is_higher_or_the_same() {
        let prevote = LastSigned { height: 5, round: 1, step: SignedStep::Prevote };
        let recorded = Some((prevote, [1; 32]));
        assert_eq!(check(None, prevote, &[1; 32]), Ok(true));
        assert_eq!(check(recorded, prevote, &[1; 32]), Ok(false));
        assert_eq!(check(recorded, prevote, &[2; 32]), Err(Refused::Signed { asked: prevote, signed: prevote }));
        let precommit = LastSigned { step: SignedStep::Precommit, ..prevote };
        assert_eq!(check(recorded, precommit, &[2; 32]), Ok(true));
        let next_round = LastSigned { round: 2, step: SignedStep::Proposal, ..prevote };
        assert_eq!(check(recorded, next_round, &[2; 32]), Ok(true));
        for lower in [
            LastSigned { step: SignedStep::Proposal, ..prevote },
            LastSigned { round: 0, step: SignedStep::Precommit, ..prevote },
            LastSigned { height: 4, round: 9, step: SignedStep::Precommit },
        ] {
            assert_eq!(check(recorded, lower, &[1; 32]), Err(Refused::Signed { asked: lower, signed: prevote }));
        }
    }
}
