//! The values of ECP, checked once at the edge; everything inside works with these.
//!
//! | module | what |
//! |---|---|
//! | [`felt`] | field elements, commitments and other 32-byte values |
//! | [`height`] | heights, rounds, the parameters of a height, who proposes, what a quorum is |
//! | [`proposal`] | parts, verdicts and what they carry |
//! | [`decision`] | certificates, votes, positions |
//! | [`session`] | identities, limits, roles, phases |
//! | [`reasons`] | reasons of errors and what the caller does; generated |
//! | [`limits`] | numbers of the protocol; generated |

pub mod decision;
pub mod felt;
pub mod height;
pub mod limits;
pub mod proposal;
pub mod reasons;
pub mod session;

pub use decision::{
    Certificate, CommitSignature, Evidence, LastSigned, Position, SignedProposal, SignedStep, SignedVote, VoteType,
};
pub use felt::{BadFelt, Commitment, Felt};
pub use height::{Committee, Height, HeightParams, Member, Quorum, Round, RoundRole, Timeouts};
pub use proposal::{Basis, Counts, InvalidReason, LocalReason, Missing, Part, PartKind, Verdict};
pub use reasons::{Action, Reason};
pub use session::{
    ConsensusId, ConsensusPosition, ExecutionPosition, Feature, InstanceId, Limits, Network, Phase, SessionRole,
    Software, StreamId, WatchState,
};
