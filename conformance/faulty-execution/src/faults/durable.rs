//! A store that is not durable.

use std::sync::Arc;

use ecp_execution_core::seams::{Snapshot, Store, StoreError, Write};
use ecp_execution_server::MemoryStore;

use crate::fault::activated;

/// Says that everything is on disk, and keeps it in memory.
pub(crate) struct Forgetful {
    name: &'static str,
    inner: MemoryStore,
}

impl Forgetful {
    pub(crate) fn new(name: &'static str, inner: MemoryStore) -> Self {
        Self { name, inner }
    }
}

impl Store for Forgetful {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        self.inner.snapshot()
    }

    fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        if writes.iter().any(|(table, ..)| *table == "ecp.header") {
            activated(self.name);
        }
        self.inner.write(writes)
    }
}
