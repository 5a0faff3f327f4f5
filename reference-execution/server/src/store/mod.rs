//! Stores: one file on disk, or memory for tests.

mod disk;
mod memory;

pub use disk::{DiskStore, OpenError};
pub use memory::MemoryStore;
