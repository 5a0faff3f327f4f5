//! Faults of refusals.

use ecp_execution_core::{
    Effect, Refusal, State,
    effect::{ImportReply, Reply},
};
use ecp_execution_server::Interposer;
use ecp_types::Reason;

use crate::fault::activated;

/// BUSY does not say when to come back.
pub(crate) struct NoDelay(pub(crate) &'static str);

impl Interposer for NoDelay {
    fn effect(&self, _: &State, effect: Effect) -> Vec<Effect> {
        vec![match effect {
            Effect::Refuse(id, mut refusal) if refusal.reason == Reason::Busy => {
                activated(self.0);
                refusal.retry_after_ms = None;
                Effect::Refuse(id, refusal)
            }
            effect => effect,
        }]
    }
}

/// Errors carry no details for machines.
pub(crate) struct NoDetails(pub(crate) &'static str);

impl Interposer for NoDetails {
    fn effect(&self, _: &State, effect: Effect) -> Vec<Effect> {
        vec![match effect {
            Effect::Refuse(id, mut refusal) if !refusal.metadata.is_empty() => {
                activated(self.0);
                refusal.metadata.clear();
                Effect::Refuse(id, refusal)
            }
            effect => effect,
        }]
    }
}

/// A part format that a header names and the height has not is a status, not an outcome.
pub(crate) struct FormatIsStatus(pub(crate) &'static str);

impl Interposer for FormatIsStatus {
    fn effect(&self, _: &State, effect: Effect) -> Vec<Effect> {
        vec![match effect {
            Effect::Reply(id, Reply::Import(ImportReply::Malformed(detail))) if detail.contains("has parts of") => {
                activated(self.0);
                let refusal = Refusal::new(Reason::UnsupportedAtHeight, format_args!("{detail}."));
                Effect::Refuse(id, refusal.with("unsupported", detail))
            }
            effect => effect,
        }]
    }
}
