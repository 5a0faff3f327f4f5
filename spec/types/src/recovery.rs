//! How two positions stand to each other after a handshake: the input of the recovery table (ECP-REC-009).

use crate::{
    Commitment, ConsensusPosition, ExecutionPosition, Height, LastSigned, Position,
    tables::recovery::{Relation, SigningRecord},
};

impl ConsensusPosition {
    /// K: the highest height that this half holds as decided.
    #[must_use]
    pub fn decided(&self) -> Option<Position> {
        match (self.committed, self.certified) {
            (Some(a), Some(b)) => Some(if a.height >= b.height { a } else { b }),
            (a, b) => a.or(b),
        }
    }
}

/// Compares the two positions of a handshake.
///
/// `first_height` is the first height of the chain. `body_kept` says whether the consensus half still keeps the body of
/// a height, and `known` which commitment it holds as decided there; `None` if it no longer knows. Whether the execution
/// half agrees at K when it is ahead is not in its position: GetDecided from K tells, and a difference there is
/// [`Relation::OtherCommitment`].
#[must_use]
pub fn relation(
    consensus: &ConsensusPosition,
    execution: &ExecutionPosition,
    first_height: Height,
    body_kept: impl Fn(Height) -> bool,
    known: impl Fn(Height) -> Option<Commitment>,
) -> Relation {
    let next_for = |position: Option<Position>| position.map_or(first_height, |p| p.height.saturating_add(1));
    let (held, committed) = (consensus.decided(), execution.committed);
    let at = |height| held.filter(|p| p.height == height).map(|p| p.commitment).or_else(|| known(height));
    let (next_held, next_committed) = (next_for(held), next_for(committed));
    if let Some(p) = committed
        && next_committed <= next_held
        && at(p.height).is_some_and(|commitment| commitment != p.commitment)
    {
        return Relation::OtherCommitment;
    }
    if next_held == next_committed {
        return if held.is_none() { Relation::BothEmpty } else { Relation::Equal };
    }
    if next_held > next_committed {
        let kept = (next_committed..next_held).all(body_kept);
        return match (kept, next_held - next_committed) {
            (false, _) => Relation::ConsensusAheadMissing,
            (true, 1) => Relation::ConsensusAheadByOne,
            (true, _) => Relation::ConsensusAheadKept,
        };
    }
    match execution.earliest {
        Some(earliest) if earliest <= next_held => Relation::ExecutionAheadServed,
        _ => Relation::ExecutionAheadPruned,
    }
}

/// Compares the signing record with the next height (ECP-REC-011). `record` is `None` if there is a key without a
/// record; a record without a signature was written together with its key.
#[must_use]
pub fn signing_record(record: Option<Option<LastSigned>>, next_height: Height) -> SigningRecord {
    match record {
        None => SigningRecord::Missing,
        Some(None) => SigningRecord::Fresh,
        Some(Some(last)) if last.height < next_height => SigningRecord::BelowNext,
        Some(Some(last)) if last.height == next_height => SigningRecord::AtNext,
        Some(Some(_)) => SigningRecord::AboveNext,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(height: Height, byte: u8) -> Option<Position> {
        Some(Position { height, commitment: Commitment([byte; 32]) })
    }

    fn relate(
        held: Option<Position>,
        committed: Option<Position>,
        earliest: Option<Height>,
        kept_from: Height,
    ) -> Relation {
        let consensus = ConsensusPosition { certified: held, ..Default::default() };
        let execution = ExecutionPosition { committed, earliest, ..Default::default() };
        relation(&consensus, &execution, 5, |h| h >= kept_from, |_| Some(Commitment([1; 32])))
    }

    #[test]
    fn names_every_relation() {
        assert_eq!(relate(None, None, None, 0), Relation::BothEmpty);
        assert_eq!(relate(at(7, 1), at(7, 1), Some(5), 0), Relation::Equal);
        assert_eq!(relate(at(7, 1), at(7, 2), Some(5), 0), Relation::OtherCommitment);
        assert_eq!(relate(at(9, 1), at(7, 2), Some(5), 0), Relation::OtherCommitment);
        assert_eq!(relate(at(5, 1), None, None, 0), Relation::ConsensusAheadByOne);
        assert_eq!(relate(at(8, 1), at(7, 1), Some(5), 0), Relation::ConsensusAheadByOne);
        assert_eq!(relate(at(9, 1), at(7, 1), Some(5), 8), Relation::ConsensusAheadKept);
        assert_eq!(relate(at(9, 1), at(7, 1), Some(5), 9), Relation::ConsensusAheadMissing);
        assert_eq!(relate(None, at(7, 1), Some(5), 0), Relation::ExecutionAheadServed);
        assert_eq!(relate(at(6, 1), at(9, 1), Some(7), 0), Relation::ExecutionAheadServed);
        assert_eq!(relate(at(6, 1), at(9, 1), Some(8), 0), Relation::ExecutionAheadPruned);
    }

    #[test]
    fn takes_the_higher_of_certified_and_acknowledged() {
        let position = ConsensusPosition { committed: at(6, 1), certified: at(7, 1), last_signed: None };
        assert_eq!(position.decided(), at(7, 1));
        let position = ConsensusPosition { committed: at(6, 1), ..Default::default() };
        assert_eq!(position.decided(), at(6, 1));
    }

    #[test]
    fn places_the_signing_record() {
        let last = |height| Some(Some(LastSigned { height, round: 0, step: crate::SignedStep::Prevote }));
        assert_eq!(signing_record(None, 3), SigningRecord::Missing);
        assert_eq!(signing_record(Some(None), 3), SigningRecord::Fresh);
        assert_eq!(signing_record(last(2), 3), SigningRecord::BelowNext);
        assert_eq!(signing_record(last(3), 3), SigningRecord::AtNext);
        assert_eq!(signing_record(last(4), 3), SigningRecord::AboveNext);
    }
}
