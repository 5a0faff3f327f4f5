//! Follows the head: computes block hashes and state roots behind it, and asks for parameters that were not known.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use ecp_execution_core::{
    Input,
    seams::{ExecutionEngine, Store},
};

use crate::host::Host;

/// Time between two looks when nothing is told.
const LOOK: Duration = Duration::from_millis(50);

/// Starts the thread; it ends when the sender of `committed` is dropped.
pub(crate) fn start(
    engine: Arc<dyn ExecutionEngine>,
    store: Arc<dyn Store>,
    committed: mpsc::Receiver<()>,
    host: Host,
) -> std::io::Result<thread::JoinHandle<()>> {
    thread::Builder::new().name("ecp-follow".to_owned()).spawn(move || {
        loop {
            let followed =
                catch_unwind(AssertUnwindSafe(|| follow(engine.as_ref(), store.as_ref(), &committed, &host)));
            let followed = followed.unwrap_or_else(|_| Err("the engine panicked; its log tells where".to_owned()));
            if let Err(problem) = followed {
                host.tell(Input::Broken(problem));
                return;
            }
            match committed.recv_timeout(LOOK) {
                Ok(()) | Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    })
}

fn follow(
    engine: &dyn ExecutionEngine,
    store: &dyn Store,
    committed: &mpsc::Receiver<()>,
    host: &Host,
) -> Result<(), String> {
    // A long way behind the head, the end of the process is not waited for.
    while !matches!(committed.try_recv(), Err(mpsc::TryRecvError::Disconnected))
        && let Some(step) = engine.next_hash().map_err(|e| e.to_string())?
    {
        store.write(step.writes).map_err(|e| e.to_string())?;
        tracing::debug!(height = step.height, block_hash = %step.block_hash, "block hash is known");
        host.tell(Input::HashKnown(step.height));
    }
    let state = host.watched().borrow().clone();
    let next = state.committed.map_or_else(|| engine.first_height(), |p| p.height.saturating_add(1));
    if state.params_height != Some(next)
        && let Some(params) = engine.height_params(next).map_err(|e| e.to_string())?
    {
        host.tell(Input::ParamsKnown(Box::new(params)));
    }
    Ok(())
}
