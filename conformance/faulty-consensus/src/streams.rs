//! Streams that are changed on their way.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use ecp_execution_client::Stream;
use ecp_proto::convert::{BuildEvent, Built, ValidateEvent, ValidateReply};
use ecp_testchain::Fin;
use ecp_types::{Basis, Commitment, Counts, Part, PartKind, StreamId, Verdict, WatchState};
use futures::StreamExt as _;
use tokio::sync::mpsc;

use crate::fault::{Fault, activated};

/// The id of every stream.
pub(crate) const SAME_ID: StreamId = [0x5a; 16];

/// The last state is told again each second, whether or not anybody said it.
pub(crate) fn never_silent(stream: Stream<WatchState>) -> Stream<WatchState> {
    let repeated =
        futures::stream::unfold((stream, None::<WatchState>, 0u32), |(mut stream, last, silent)| async move {
            match tokio::time::timeout(Duration::from_secs(1), stream.next()).await {
                Ok(Some(Ok(state))) => Some((Ok(state.clone()), (stream, Some(state), 0))),
                Ok(Some(Err(error))) => Some((Err(error), (stream, last, 0))),
                Ok(None) => None,
                Err(_) => {
                    if silent == 2 {
                        activated(Fault::BelievesSilentWatch);
                    }
                    let state = last.clone()?;
                    Some((Ok(state), (stream, last, silent.saturating_add(1))))
                }
            }
        });
    repeated.boxed()
}

/// Built's counts are made to fit whatever was sent.
pub(crate) fn any_counts(stream: Stream<BuildEvent>) -> Stream<BuildEvent> {
    let counted = stream.scan(Counts::default(), |counts, item| {
        let item = item.map(|event| match event {
            BuildEvent::Part(part) => {
                counts.parts += 1;
                counts.bytes += part.payload.len() as u64;
                BuildEvent::Part(part)
            }
            BuildEvent::Built(built) => {
                if built.counts != *counts {
                    activated(Fault::ProposesPartly);
                }
                BuildEvent::Built(Built { counts: *counts, ..built })
            }
        });
        futures::future::ready(Some(item))
    });
    counted.boxed()
}

/// What was seen of a validation.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    fin: Arc<Mutex<Option<Bytes>>>,
    restored: Arc<Mutex<Option<tokio::sync::oneshot::Receiver<Commitment>>>>,
}

impl Seen {
    /// The commitment that FIN names, in the test chain's part format.
    fn commitment(&self) -> Option<Commitment> {
        let fin = self.fin.lock().ok()?.clone()?;
        Fin::decode(&fin).ok().map(|fin| fin.commitment)
    }

    /// For a validation with the basis RESTORED: the verdict that is made up.
    pub(crate) async fn made_up(&self) -> Option<ValidateReply> {
        let receiver = self.restored.lock().ok()?.take()?;
        let commitment = receiver.await.ok()?;
        Some(ValidateReply::Verdict(Verdict::Valid { commitment, executed_count: 0 }))
    }

    /// The reply, or what the fault makes of it.
    pub(crate) fn judge(&self, fault: Fault, reply: ValidateReply) -> ValidateReply {
        let ValidateReply::Verdict(verdict) = reply else { return reply };
        let changed = match (fault, &verdict) {
            (Fault::VotesForInvalid, Verdict::Invalid { .. }) => self.commitment(),
            (Fault::VotesAfterLocalRejection, Verdict::RejectedLocal { commitment, .. }) => Some(*commitment),
            (Fault::VotesForOther, Verdict::Valid { commitment, .. }) => {
                self.commitment().filter(|named| named != commitment)
            }
            _ => None,
        };
        ValidateReply::Verdict(match changed {
            Some(commitment) => {
                activated(fault);
                Verdict::Valid { commitment, executed_count: 0 }
            }
            None => verdict,
        })
    }
}

/// The messages of a validation as the fault sends them.
pub(crate) fn validation(
    fault: Fault,
    mut messages: mpsc::Receiver<ValidateEvent>,
) -> (mpsc::Receiver<ValidateEvent>, Seen) {
    let (sender, receiver) = mpsc::channel(65_536 + 64);
    let seen = Seen::default();
    let fin = Arc::clone(&seen.fin);
    // Known at once: the open message is in the channel when the call is made.
    let first = messages.try_recv().ok();
    let mut restored = None;
    if let Some(ValidateEvent::Open(open)) = &first
        && open.basis == Basis::Restored
    {
        let (told, learns) = tokio::sync::oneshot::channel();
        restored = Some(told);
        if let Ok(mut slot) = seen.restored.lock() {
            *slot = Some(learns);
        }
    }
    tokio::spawn(async move {
        let mut held = Vec::new();
        let mut next = first;
        loop {
            let Some(message) = (match next.take() {
                Some(message) => Some(message),
                None => messages.recv().await,
            }) else {
                return;
            };
            if let ValidateEvent::Part(Part { kind: PartKind::Fin, payload, .. }) = &message
                && let Ok(mut fin) = fin.lock()
            {
                *fin = Some(payload.clone());
            }
            let is_end = matches!(message, ValidateEvent::End(_));
            if is_end && let Some(told) = restored.take() {
                let named = fin.lock().ok().and_then(|fin| fin.clone()).and_then(|fin| Fin::decode(&fin).ok());
                if let Some(named) = named {
                    let _ = told.send(named.commitment);
                }
            }
            let message = change(fault, message);
            let hold = fault == Fault::HoldsPartsBack && !is_end && !matches!(message, ValidateEvent::RaiseBasis(_));
            if hold {
                held.push(message);
                continue;
            }
            if !held.is_empty() {
                activated(fault);
            }
            for message in held.drain(..).chain([message]) {
                if sender.send(message).await.is_err() {
                    return;
                }
            }
            if is_end && fault == Fault::ClosesEarly {
                activated(fault);
                return;
            }
        }
    });
    (receiver, seen)
}

fn change(fault: Fault, message: ValidateEvent) -> ValidateEvent {
    match (fault, message) {
        (Fault::ReusesStreamId, ValidateEvent::Open(mut open)) => {
            activated(fault);
            open.stream_id = SAME_ID;
            ValidateEvent::Open(open)
        }
        (Fault::ShortBudget, ValidateEvent::Open(mut open)) => {
            activated(fault);
            open.budget_ms = (open.budget_ms / 30).max(1);
            ValidateEvent::Open(open)
        }
        (Fault::RewritesPayload, ValidateEvent::Part(mut part)) if part.kind == PartKind::Fin => {
            activated(fault);
            let mut payload = part.payload.to_vec();
            if let Some(last) = payload.last_mut() {
                *last ^= 1;
            }
            part.payload = payload.into();
            ValidateEvent::Part(part)
        }
        (Fault::WrongCounts, ValidateEvent::End(counts)) => {
            activated(fault);
            ValidateEvent::End(Counts { parts: counts.parts + 1, ..counts })
        }
        (_, message) => message,
    }
}
