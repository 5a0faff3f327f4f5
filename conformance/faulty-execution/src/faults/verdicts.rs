//! Faults of verdicts.

use ecp_execution_core::{Effect, State, effect::Message};
use ecp_execution_server::Interposer;
use ecp_types::{InvalidReason, Verdict};

use crate::fault::activated;

/// An opinion of now is told as a judgment for ever.
pub(crate) struct LocalIsInvalid(pub(crate) &'static str);

impl Interposer for LocalIsInvalid {
    fn effect(&self, _: &State, effect: Effect) -> Vec<Effect> {
        match effect {
            Effect::Send(id, Message::Verdict(Verdict::RejectedLocal { detail, .. })) => {
                activated(self.0);
                let verdict = Verdict::Invalid { reason: InvalidReason::HeaderRule, detail };
                vec![Effect::Send(id, Message::Verdict(verdict))]
            }
            effect => vec![effect],
        }
    }
}

/// A missing condition is told as a lack of time.
pub(crate) struct ExpiredAlways(pub(crate) &'static str);

impl Interposer for ExpiredAlways {
    fn effect(&self, _: &State, effect: Effect) -> Vec<Effect> {
        match effect {
            Effect::Send(id, Message::Verdict(Verdict::NotReady(_))) => {
                activated(self.0);
                vec![Effect::Send(id, Message::Verdict(Verdict::Expired))]
            }
            effect => vec![effect],
        }
    }
}
