//! The faults, by what they stand on.

pub(crate) mod builds;
pub(crate) mod decide;
pub(crate) mod durable;
pub(crate) mod forgive;
pub(crate) mod refusals;
pub(crate) mod session;
pub(crate) mod streams;
pub(crate) mod verdicts;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a fault remembers. A panic elsewhere leaves it whole: it is only assigned.
#[derive(Default)]
pub(crate) struct Memory<T>(Mutex<T>);

impl<T> Memory<T> {
    pub(crate) fn get(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
