//! The values of ECP, checked once at the edge; everything inside works with these.
//!
//! | module | what |
//! |---|---|
//! | [`felt`] | field elements, commitments and other 32-byte values |
//! | [`height`] | heights, rounds, the parameters of a height, who proposes, what a quorum is |
//! | [`proposal`] | parts, verdicts and what they carry |
//! | [`decision`] | certificates, votes, positions |
//! | [`session`] | identities, limits, roles, phases |
//! | [`genesis`] | the genesis file: network identity and the parameters of every height |
//! | [`keys`] | the keys file of a validator, and files with secrets |
//! | [`power`] | from real stake to voting power |
//! | [`hex_text`] | byte strings in files |
//! | [`reasons`] | reasons of errors and what the caller does; generated |
//! | [`limits`] | numbers of the protocol; generated |
//! | [`recovery`] | how two positions stand to each other after a handshake |
//! | [`tables`] | calls, ordering, state machines, recovery and crash points; generated |

pub mod decision;
pub mod felt;
pub mod genesis;
pub mod height;
pub mod hex_text;
pub mod keys;
pub mod limits;
pub mod power;
pub mod proposal;
pub mod reasons;
pub mod recovery;
pub mod session;
pub mod tables;

pub use decision::{
    Certificate, CommitSignature, Evidence, LastSigned, Position, SignedProposal, SignedStep, SignedVote, VoteType,
};
pub use felt::{BadFelt, Commitment, Felt};
pub use genesis::{BadGenesis, Genesis, GenesisFile, Workload, committee_hash};
pub use height::{Committee, Height, HeightParams, Member, Quorum, Round, RoundRole, Timeouts};
pub use hex_text::{BadHex, HexBytes, decode_hex, decode_hex_array, encode_hex};
pub use keys::{BadKeys, Keys, Secret, SignatureScheme, read_secret_file, write_secret_file};
pub use power::reduce_stakes;
pub use proposal::{Basis, Counts, InvalidReason, LocalReason, Missing, Part, PartKind, Verdict};
pub use reasons::{Action, Reason};
pub use session::{
    ConsensusId, ConsensusPosition, ExecutionPosition, Feature, InstanceId, Limits, Network, Phase, SessionRole,
    Software, StreamId, WatchState,
};
