//! The values of consensus.

use std::fmt;

use arc_malachitebft_core_types as core;
use arc_malachitebft_core_types::{NilOrVal, Round, SignedExtension, VoteType};
use ecp_signatures::{Content, Envelope};
use ecp_types::{Commitment, Felt};

use crate::{EcpScheme, EcpTimeouts, EcpValidator, EcpValidatorSet};

/// ECP as Malachite sees it.
#[derive(Debug, Clone, Copy, Default)]
pub struct EcpContext;

/// Address of a validator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub Felt);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::Address for Address {}

/// A height as Malachite counts: how many blocks there are up to it. Its zero means that there is no block yet, while
/// the first height of ECP may be 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct BlockHeight(u64);

impl BlockHeight {
    /// The count up to and with block `height`.
    #[must_use]
    pub const fn of(height: u64) -> Self {
        Self(height.saturating_add(1))
    }

    /// A count.
    #[must_use]
    pub const fn of_count(count: u64) -> Self {
        Self(count)
    }

    /// The count.
    #[must_use]
    pub const fn count(self) -> u64 {
        self.0
    }

    /// The height of the last block; 0 also for no block.
    #[must_use]
    pub const fn block(self) -> u64 {
        self.0.saturating_sub(1)
    }
}

impl fmt::Display for BlockHeight {
    /// The height of the last block, as everybody else counts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.checked_sub(1) {
            Some(height) => height.fmt(f),
            None => f.write_str("none"),
        }
    }
}

impl fmt::Debug for BlockHeight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::Height for BlockHeight {
    const ZERO: Self = Self(0);
    const INITIAL: Self = Self(1);

    fn increment_by(&self, n: u64) -> Self {
        // A peer may name any height, and sums over it must not wrap.
        Self(self.0.saturating_add(n))
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.checked_sub(n).map(Self)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

/// What is voted on: a commitment, which is its own id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub Commitment);

impl fmt::Display for ValueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::Value for ValueId {
    type Id = Self;

    fn id(&self) -> Self {
        *self
    }
}

/// A vote. It carries no extension: vote extensions are out of this revision of ECP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcpVote {
    /// Prevote or precommit.
    pub vote_type: VoteType,
    /// The height.
    pub height: BlockHeight,
    /// The round.
    pub round: Round,
    /// For what, or nil.
    pub value: NilOrVal<ValueId>,
    /// Who votes.
    pub address: Address,
}

impl core::Vote<EcpContext> for EcpVote {
    fn height(&self) -> BlockHeight {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<ValueId> {
        &self.value
    }

    fn take_value(self) -> NilOrVal<ValueId> {
        self.value
    }

    fn vote_type(&self) -> VoteType {
        self.vote_type
    }

    fn validator_address(&self) -> &Address {
        &self.address
    }

    fn extension(&self) -> Option<&SignedExtension<EcpContext>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedExtension<EcpContext>> {
        None
    }

    fn extend(self, _extension: SignedExtension<EcpContext>) -> Self {
        // The policy of every height is "disabled", so this is never called.
        self
    }
}

/// A proposal of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcpProposal {
    /// The height.
    pub height: BlockHeight,
    /// The round.
    pub round: Round,
    /// What is proposed.
    pub value: ValueId,
    /// The round of the prevote quorum behind it, or nil.
    pub valid_round: Round,
    /// Who proposes.
    pub address: Address,
}

impl core::Proposal<EcpContext> for EcpProposal {
    fn height(&self) -> BlockHeight {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &ValueId {
        &self.value
    }

    fn take_value(self) -> ValueId {
        self.value
    }

    fn pol_round(&self) -> Round {
        self.valid_round
    }

    fn validator_address(&self) -> &Address {
        &self.address
    }
}

/// A signed part as it is gossiped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalPart(pub Envelope);

impl core::ProposalPart<EcpContext> for ProposalPart {
    fn is_first(&self) -> bool {
        matches!(&self.0.content, Content::Part(part) if part.index == 0)
    }

    fn is_last(&self) -> bool {
        matches!(self.0.content, Content::End { .. })
    }
}

impl core::Context for EcpContext {
    type Address = Address;
    type Height = BlockHeight;
    type ProposalPart = ProposalPart;
    type Proposal = EcpProposal;
    type Validator = EcpValidator;
    type ValidatorSet = EcpValidatorSet;
    type Timeouts = EcpTimeouts;
    type Value = ValueId;
    type Vote = EcpVote;
    type Extension = ();
    type SigningScheme = EcpScheme;

    fn select_proposer<'a>(
        &self,
        validator_set: &'a EcpValidatorSet,
        _height: BlockHeight,
        round: Round,
    ) -> &'a EcpValidator {
        validator_set.proposer(round.as_u32().unwrap_or_default())
    }

    fn new_proposal(
        &self,
        height: BlockHeight,
        round: Round,
        value: ValueId,
        valid_round: Round,
        address: Address,
    ) -> EcpProposal {
        EcpProposal { height, round, value, valid_round, address }
    }

    fn new_prevote(&self, height: BlockHeight, round: Round, value: NilOrVal<ValueId>, address: Address) -> EcpVote {
        EcpVote { vote_type: VoteType::Prevote, height, round, value, address }
    }

    fn new_precommit(&self, height: BlockHeight, round: Round, value: NilOrVal<ValueId>, address: Address) -> EcpVote {
        EcpVote { vote_type: VoteType::Precommit, height, round, value, address }
    }
}
