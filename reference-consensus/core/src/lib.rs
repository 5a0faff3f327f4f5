//! The bridge of a consensus half: what the consensus engine asks becomes calls to the execution half, and back.
//!
//! [`State::step`] takes one [`Input`] and returns [`Effect`]s. It has no input or output of its own, no clock, no
//! randomness and no threads; its state can be cloned, compared and hashed. The shell carries the effects out **in
//! order**, the next one only after the one before is done: an [`Effect::Persist`] is on disk before anything that
//! follows it happens. All rules on what must be durable before what are therefore rules on the order of effects.
//!
//! | module | what |
//! |---|---|
//! | [`model`] | slots, headers, bodies, envelopes, failures |
//! | [`input`], [`effect`] | what goes in, what comes out |
//! | [`state`] | everything that is known, and what of it is durable |
//! | [`session`] | connection, handshake, Watch, what is done on a failure |
//! | [`recovery`] | the two positions compared; gaps verified and adopted |
//! | [`lane`] | StartRound, Decide and ImportDecided, one at a time |
//! | [`engine`] | the consensus engine's questions |
//! | [`building`] | this node's own proposals |
//! | [`gossip`] | parts from the network, put together again |
//! | [`validating`] | proposals handed to the execution half, and its verdicts |
//! | [`syncing`] | decided blocks from peers |
//! | [`certificate`] | the pure checks of a certificate |

pub mod building;
pub mod certificate;
pub mod effect;
pub mod engine;
pub mod gossip;
pub mod input;
pub mod lane;
pub mod model;
pub mod recovery;
pub mod session;
pub mod state;
pub mod syncing;
pub mod validating;

pub use effect::{Answer, Call, Check, Effect, Feed, Halt, Note, Parts, Timer, Write};
pub use input::{Ask, Handshaken, Imported, Input, Outcome};
pub use model::{Body, BodyKey, CallId, Content, Envelope, Failure, Header, ProposedValue, ReplyId, Slot};
pub use state::{Config, Decided, Durable, State};

#[cfg(test)]
mod tests;
