//! Makes a decided block durable, and then the head; on a blocking thread.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ecp_execution_core::{
    effect::Commit,
    seams::{Executed, ExecutionEngine, Store},
};
use ecp_types::HeightParams;

use crate::archive;

/// The parameters of the next height, if they are known; or why nothing was written.
pub(crate) type Written = Result<Option<Box<HeightParams>>, String>;

/// Writes a block that the core decided to commit. The second value: what broke once it was durable.
pub(crate) fn run(
    engine: &dyn ExecutionEngine,
    store: &dyn Store,
    commit: &Commit,
    executed: Option<Executed>,
    first: bool,
) -> (Written, Option<String>) {
    let height = commit.certificate.height;
    let done = match executed {
        None => Err("the block of the candidate is gone".to_owned()),
        Some(executed) => {
            let write = || write_block(engine, store, commit, executed, first);
            unwound(write).unwrap_or_else(|| Err(PANICKED.to_owned()))
        }
    };
    match done {
        Err(error) => (Err(error), None),
        Ok(None) => match unwound(|| engine.height_params(height.saturating_add(1))) {
            Some(Ok(params)) => (Ok(params.map(Box::new)), None),
            Some(Err(fault)) => (Ok(None), Some(fault.to_string())),
            None => (Ok(None), Some(PANICKED.to_owned())),
        },
        Ok(Some(broken)) => (Ok(None), Some(broken)),
    }
}

/// What is told of a panic; the log has its place.
const PANICKED: &str = "the engine panicked; its log tells where";

/// The result of `work`, or `None` if it panics: a caller that waits for a commit must hear of its end.
fn unwound<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Writes a block and makes it the head. `Ok(Some(_))`: it is durable, but the engine could not go on.
fn write_block(
    engine: &dyn ExecutionEngine,
    store: &dyn Store,
    commit: &Commit,
    mut executed: Executed,
    first: bool,
) -> Result<Option<String>, String> {
    let height = commit.certificate.height;
    let params = engine.height_params(height).map_err(|e| e.to_string())?;
    let params = params.ok_or_else(|| format!("the parameters of height {height} are unknown"))?;
    let mut rows = archive::block_rows(commit, &executed, &params, first);
    rows.append(&mut executed.writes);
    store.write(rows).map_err(|e| e.to_string())?;
    // Durable: whatever comes now, the block is committed (ECP-DEC-001).
    Ok(match unwound(|| engine.committed(height, &executed)) {
        Some(Ok(())) => None,
        Some(Err(fault)) => Some(fault.to_string()),
        None => Some(PANICKED.to_owned()),
    })
}
