//! The signing record in the store: asked before each signature, durable before it is made (ECP-REC-003).

use std::sync::{Arc, Mutex, MutexGuard};

use ecp_signatures::{Recorded, Refused, SigningRecord, record::check};
use ecp_types::LastSigned;

use crate::store::{Store, StoreError};

#[derive(Debug, Default)]
struct State {
    signed: Option<Recorded>,
    /// Why nothing is signed any more.
    silent: Option<String>,
    /// The record refused a signature; what it holds then.
    refused: Option<LastSigned>,
}

/// The record of one key.
pub struct StoreRecord {
    store: Arc<Store>,
    state: Mutex<State>,
}

impl StoreRecord {
    /// The record of the store; a missing one is begun.
    pub fn open(store: Arc<Store>) -> Result<Self, StoreError> {
        let signed = store.record()?.flatten();
        Ok(Self { store, state: Mutex::new(State { signed, ..State::default() }) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Poisoned: a thread panicked while it held the lock, and what is recorded is still true.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Nothing at or below is signed any more.
    pub fn raise(&self, floor: LastSigned) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.signed.is_none_or(|signed| signed.last < floor) {
            let signed = Recorded::floor(floor);
            self.store.write_record(Some(&signed))?;
            state.signed = Some(signed);
        }
        Ok(())
    }

    /// Nothing is signed any more in this process (ECP-SES-019).
    pub fn silence(&self, reason: &str) {
        self.state().silent = Some(reason.to_owned());
    }

    /// Whether the record refused a signature since it was asked last, and the highest that is signed.
    pub fn take_refused(&self) -> Option<LastSigned> {
        self.state().refused.take()
    }
}

impl SigningRecord for StoreRecord {
    fn before_sign(&self, step: LastSigned, digest: &[u8; 32]) -> Result<(), Refused> {
        let mut state = self.state();
        if let Some(reason) = &state.silent {
            return Err(Refused::Silent { asked: step, reason: reason.clone() });
        }
        match check(state.signed.as_ref(), step, digest) {
            Ok(None) => Ok(()),
            Ok(Some(signed)) => {
                let written = self.store.write_record(Some(&signed));
                written.map_err(|error| Refused::NotWritten { asked: step, reason: error.to_string() })?;
                state.signed = Some(signed);
                Ok(())
            }
            Err(refused) => {
                state.refused = state.signed.map(|signed| signed.last);
                Err(refused)
            }
        }
    }
}
