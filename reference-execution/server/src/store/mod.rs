//! Stores: one file on disk, or memory for tests.

mod disk;
mod memory;

pub use disk::{CACHE_BYTES_DEFAULT, DiskStore, OpenError};
pub use memory::MemoryStore;
