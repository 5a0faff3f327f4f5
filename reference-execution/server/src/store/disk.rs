//! A store in one file: each write is one transaction, on disk when it returns.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use ecp_execution_core::seams::{Row, Snapshot, Store, StoreError, Write};
use redb::{Database, ReadTransaction, ReadableDatabase, TableDefinition, TableError};

/// Pages that are kept in memory unless told otherwise, in bytes: 64 MiB. The library's own default of 1 GiB lets the
/// process grow with its file for weeks.
pub const CACHE_BYTES_DEFAULT: usize = 64 << 20;

/// Rows in one file, with snapshots and durable transactions.
pub struct DiskStore {
    database: Database,
}

/// Why a file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("another process has {0} open: stop it, or use another data directory")]
    Locked(String),
    /// It cannot be read or made.
    #[error("cannot open {path}: {problem}")]
    Broken {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

impl DiskStore {
    /// Opens or makes the file, with the default cache.
    ///
    /// # Errors
    /// The file is open elsewhere, is no store, or cannot be made.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::with_cache(path, CACHE_BYTES_DEFAULT)
    }

    /// Opens or makes the file, and keeps at most `cache_bytes` of its pages in memory.
    ///
    /// # Errors
    /// The file is open elsewhere, is no store, or cannot be made.
    pub fn with_cache(path: &Path, cache_bytes: usize) -> Result<Self, OpenError> {
        match Database::builder().set_cache_size(cache_bytes).create(path) {
            Ok(database) => {
                let broken = |problem: std::io::Error| OpenError::Broken {
                    path: path.display().to_string(),
                    problem: problem.to_string(),
                };
                // The name of a new file must last as long as its rows.
                let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                let directory = directory.unwrap_or_else(|| Path::new("."));
                std::fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(broken)?;
                Ok(Self { database })
            }
            Err(redb::DatabaseError::DatabaseAlreadyOpen) => Err(OpenError::Locked(path.display().to_string())),
            Err(error) => Err(OpenError::Broken { path: path.display().to_string(), problem: error.to_string() }),
        }
    }
}

type Rows<'a> = TableDefinition<'a, &'static [u8], &'static [u8]>;
type ReadRows = redb::ReadOnlyTable<&'static [u8], &'static [u8]>;
/// Keys and new values of one table; `None` deletes.
type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError(error.to_string())
}

struct DiskSnapshot(ReadTransaction);

impl DiskSnapshot {
    fn table(&self, name: &str) -> Result<Option<ReadRows>, StoreError> {
        match self.0.open_table(Rows::new(name)) {
            Ok(table) => Ok(Some(table)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }
}

impl Snapshot for DiskSnapshot {
    fn get(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(table) = self.table(table)? else { return Ok(None) };
        Ok(table.get(key).map_err(failed)?.map(|row| row.value().to_vec()))
    }

    fn range(&self, table: &str, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let Some(table) = self.table(table)? else { return Ok(Vec::new()) };
        if from >= to {
            return Ok(Vec::new());
        }
        table
            .range(from..to)
            .map_err(failed)?
            .take(limit)
            .map(|row| row.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())).map_err(failed))
            .collect()
    }
}

impl Store for DiskStore {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        Ok(Arc::new(DiskSnapshot(self.database.begin_read().map_err(failed)?)))
    }

    fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let transaction = self.database.begin_write().map_err(failed)?;
        let mut by_table: BTreeMap<&'static str, Changes> = BTreeMap::new();
        for (table, key, value) in writes {
            by_table.entry(table).or_default().push((key, value));
        }
        for (name, rows) in by_table {
            let mut table = transaction.open_table(Rows::new(name)).map_err(failed)?;
            for (key, value) in rows {
                match value {
                    Some(value) => table.insert(key.as_slice(), value.as_slice()).map_err(failed)?,
                    None => table.remove(key.as_slice()).map_err(failed)?,
                };
            }
        }
        // The library's default durability: on disk when this returns (ECP-DEC-001).
        transaction.commit().map_err(failed)
    }
}
