//! Internal crash points: around each durable write.

use std::sync::Arc;

use ecp_execution_core::seams::{Snapshot, Store, StoreError, Write};

/// Where the process is killed, named as in the spec's table of crash points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CrashPoint {
    /// Decide accepted, the block not yet durable.
    #[value(name = "execution.before-block-write")]
    BeforeBlock,
    /// The block durable, the reply not yet sent.
    #[value(name = "execution.after-block-write")]
    AfterBlock,
    /// A block hash computed, not yet durable.
    #[value(name = "execution.before-hash-write")]
    BeforeHash,
    /// A block hash durable, Watch not yet told.
    #[value(name = "execution.after-hash-write")]
    AfterHash,
}

/// A store that ends the process around one of its writes.
pub(crate) struct Crashing {
    point: CrashPoint,
    inner: Arc<dyn Store>,
}

impl Crashing {
    pub(crate) fn new(point: CrashPoint, inner: Arc<dyn Store>) -> Self {
        Self { point, inner }
    }
}

impl Store for Crashing {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        self.inner.snapshot()
    }

    fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let block = writes.iter().any(|(table, ..)| *table == "ecp.header");
        // Without a block, the engine writes nothing but hashes.
        let hash = !block && writes.iter().all(|(table, ..)| !table.starts_with("ecp."));
        let at = |point| self.point == point;
        if (block && at(CrashPoint::BeforeBlock)) || (hash && at(CrashPoint::BeforeHash)) {
            std::process::abort();
        }
        self.inner.write(writes)?;
        if (block && at(CrashPoint::AfterBlock)) || (hash && at(CrashPoint::AfterHash)) {
            std::process::abort();
        }
        Ok(())
    }
}
