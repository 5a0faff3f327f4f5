//! Certificates, votes, and what is durable.

use crate::{Commitment, Felt, Height, Round};

/// A committed height and its commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The height.
    pub height: Height,
    /// The decided commitment.
    pub commitment: Commitment,
}

/// One precommit of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CommitSignature {
    /// Who signed.
    pub address: Felt,
    /// The signature in the scheme of the height.
    pub signature: Vec<u8>,
}

/// Proof that a height is decided (ECP-DEC-009).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// The decided height.
    pub height: Height,
    /// The round of the precommits.
    pub round: Round,
    /// The decided commitment.
    pub commitment: Commitment,
    /// The precommits.
    pub signatures: Vec<CommitSignature>,
}

/// Step of a round, in the order of signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignedStep {
    /// A proposal.
    Proposal,
    /// A prevote.
    Prevote,
    /// A precommit.
    Precommit,
}

/// The highest thing signed; ordered by height, round, step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LastSigned {
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// The step.
    pub step: SignedStep,
}

/// Kind of a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VoteType {
    /// A prevote.
    Prevote,
    /// A precommit.
    Precommit,
}

/// A vote as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SignedVote {
    /// Who voted.
    pub address: Felt,
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// Kind.
    pub vote_type: VoteType,
    /// For what; `None` is nil.
    pub commitment: Option<Commitment>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// A proposal as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SignedProposal {
    /// Who proposed.
    pub address: Felt,
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// Round of the prevote quorum behind it.
    pub valid_round: Option<Round>,
    /// What it proposes.
    pub commitment: Commitment,
    /// The signature.
    pub signature: Vec<u8>,
}

/// Proof that a member broke the rules.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// Two votes of one step.
    DoubleVote(SignedVote, SignedVote),
    /// Two proposals of one slot.
    DoubleProposal(SignedProposal, SignedProposal),
}
