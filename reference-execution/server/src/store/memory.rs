//! A store in memory, for tests and for engines that keep nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
};

use ecp_execution_core::seams::{Row, Snapshot, Store, StoreError, Write};

type Rows = BTreeMap<(String, Vec<u8>), Vec<u8>>;

/// Rows in memory. Snapshots share structure until the next write copies it.
#[derive(Default)]
pub struct MemoryStore {
    rows: RwLock<Arc<Rows>>,
}

struct MemorySnapshot(Arc<Rows>);

impl Snapshot for MemorySnapshot {
    fn get(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.get(&(table.to_owned(), key.to_vec())).cloned())
    }

    fn range(&self, table: &str, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let rows = self.0.range((table.to_owned(), from.to_vec())..(table.to_owned(), to.to_vec()));
        Ok(rows.take(limit).map(|((_, key), value)| (key.clone(), value.clone())).collect())
    }
}

impl Store for MemoryStore {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        let rows = self.rows.read().map_err(|_| StoreError("a writer failed".into()))?;
        Ok(Arc::new(MemorySnapshot(Arc::clone(&rows))))
    }

    fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let mut rows = self.rows.write().map_err(|_| StoreError("a writer failed".into()))?;
        let rows = Arc::make_mut(&mut rows);
        for (table, key, value) in writes {
            let key = (table.to_owned(), key);
            match value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
        Ok(())
    }
}
