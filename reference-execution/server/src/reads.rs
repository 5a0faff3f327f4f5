//! Answers that only read; on a blocking thread.

use std::time::Duration;

use bytes::Bytes;
use ecp_execution_core::{
    Refusal,
    effect::Read,
    input::EngineEvent,
    seams::{ExecutionEngine, Slot, Store},
};
use ecp_proto::convert::GetDecidedEvent;
use ecp_types::{Height, InvalidReason, Reason};
use tokio::{runtime::Handle, sync::mpsc};

use crate::{archive, host::Said};

/// Messages of GetDecided that wait for a slow caller.
const DECIDED_AHEAD: usize = 16;

fn fault(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(Reason::InternalFault, format_args!("{error}."))
}

/// Time that a caller of GetDecided may take nothing.
const DECIDED_STALL: Duration = Duration::from_secs(30);

/// Answers a read that the core allowed.
pub(crate) fn answer(read: Read, engine: &dyn ExecutionEngine, store: &dyn Store, say: &mpsc::UnboundedSender<Said>) {
    let said = match read {
        Read::HeightParams(height) => params(height, engine, store).map(|params| Said::Params(Box::new(params))),
        Read::BlockHash(height) => match engine.block_hash(height) {
            Ok(Some(known)) => Ok(Said::BlockHash(Ok(known))),
            Ok(None) => Ok(Said::BlockHash(Err(engine.block_hash_height()))),
            Err(error) => Err(fault(error)),
        },
        Read::ReframeInit(reframe) => {
            let slot = Slot {
                height: reframe.height,
                round: reframe.round,
                valid_round: Some(reframe.valid_round),
                proposer: reframe.proposer,
            };
            match engine.reframe_init(&slot, &reframe.init) {
                Ok(init) => Ok(Said::Init(init)),
                Err(problem) => Err(Refusal::field("init", format_args!("cannot be decoded: {problem}"))),
            }
        }
        Read::Decided(from, to) => {
            let (blocks, caller) = mpsc::channel(DECIDED_AHEAD);
            if say.send(Said::Decided(caller)).is_ok()
                && let Err(refusal) = decided(from, to, store, &blocks)
            {
                let _ = say.send(Said::Refused(refusal));
            }
            return;
        }
        Read::Watch | Read::ArchivedCommitment(_) => return,
    };
    let _ = say.send(said.unwrap_or_else(Said::Refused));
}

fn params(height: Height, engine: &dyn ExecutionEngine, store: &dyn Store) -> Result<ecp_types::HeightParams, Refusal> {
    let snapshot = store.snapshot().map_err(fault)?;
    if let Some(params) = archive::params(snapshot.as_ref(), height).map_err(fault)? {
        return Ok(params);
    }
    engine.height_params(height).map_err(fault)?.ok_or_else(|| {
        Refusal::new(Reason::NotReady, format_args!("The parameters of height {height} are not known yet."))
    })
}

/// For each height its header and parts, then Done (ECP-SYN-003). Ends early if the caller is gone.
fn decided(from: Height, to: Height, store: &dyn Store, blocks: &mpsc::Sender<GetDecidedEvent>) -> Result<(), Refusal> {
    for height in from..=to {
        // One view for each block: a slow caller must not keep the store from using its space again.
        let snapshot = store.snapshot().map_err(fault)?;
        let header = archive::header(snapshot.as_ref(), height)
            .map_err(fault)?
            .ok_or_else(|| fault(format_args!("the archive has no block {height}")))?;
        let parts = archive::parts(snapshot.as_ref(), height).map_err(fault)?;
        drop(snapshot);
        let events =
            std::iter::once(GetDecidedEvent::Header(header)).chain(parts.into_iter().map(GetDecidedEvent::Part));
        for event in events {
            if !send(blocks, event)? {
                return Ok(());
            }
        }
    }
    send(blocks, GetDecidedEvent::Done(to)).map(|_| ())
}

/// Sends an event; `false`: the caller is gone. A caller that takes nothing for long is given up.
fn send(blocks: &mpsc::Sender<GetDecidedEvent>, event: GetDecidedEvent) -> Result<bool, Refusal> {
    let sent = Handle::current().block_on(tokio::time::timeout(DECIDED_STALL, blocks.send(event)));
    match sent {
        Ok(sent) => Ok(sent.is_ok()),
        Err(_) => {
            let seconds = DECIDED_STALL.as_secs();
            Err(Refusal::new(Reason::Busy, format_args!("The caller took nothing for {seconds} s.")).retry_after(1000))
        }
    }
}

/// Whether an INIT equals that of a candidate but for the slot: both are written for the same slot and compared.
pub(crate) fn compare(engine: &dyn ExecutionEngine, slot: &Slot, init: &Bytes, known: Option<&Bytes>) -> EngineEvent {
    let invalid = |reason, detail| EngineEvent::Invalid { reason, detail, computed: None };
    let named = match engine.init_slot(init) {
        Ok(named) => named,
        Err(detail) => return invalid(InvalidReason::PayloadMalformed, detail),
    };
    if named != *slot {
        return invalid(InvalidReason::InitMismatch, "INIT names another slot than the open message".to_owned());
    }
    let theirs = engine.reframe_init(slot, init);
    let ours = known.map(|known| engine.reframe_init(slot, known));
    match (theirs, ours) {
        (Ok(theirs), Some(Ok(ours))) => EngineEvent::Compared(theirs == ours),
        _ => EngineEvent::Compared(false),
    }
}
