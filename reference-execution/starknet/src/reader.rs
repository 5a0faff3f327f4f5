//! The committed state as the execution library reads it.

use std::sync::{Arc, Mutex, PoisonError};

use blockifier::{
    execution::contract_class::RunnableCompiledClass,
    state::{
        errors::StateError,
        state_api::{StateReader, StateResult},
    },
};
use ecp_execution_core::seams::{EngineFault, Snapshot, StoreError};
use starknet_api::{
    contract_class::compiled_class_hash::{HashVersion, HashableCompiledClass},
    core::{ClassHash, CompiledClassHash, ContractAddress, Nonce},
    state::StorageKey,
};
use starknet_types_core::felt::Felt as StarkFelt;

use crate::{
    classes::{Class, Classes},
    rows,
};

/// Reads the flat state of a snapshot.
#[derive(Clone)]
pub struct Reader {
    snapshot: Arc<dyn Snapshot>,
    classes: Classes,
    failure: Failure,
}

/// Remembers that the store failed. The library reports that like a transaction's own failure, and a peer must not
/// be blamed for it.
#[derive(Clone, Default)]
pub struct Failure(Arc<Mutex<Option<StoreError>>>);

impl Failure {
    fn note(&self, error: StoreError) -> StateError {
        let text = error.to_string();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        StateError::StateReadError(text)
    }

    /// Fails if the store did since the reader was made.
    pub fn check(&self) -> Result<(), EngineFault> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(rows::fault(error.clone())),
            None => Ok(()),
        }
    }
}

impl Reader {
    /// Reads `snapshot`.
    #[must_use]
    pub fn new(snapshot: Arc<dyn Snapshot>, classes: Classes) -> Self {
        Self { snapshot, classes, failure: Failure::default() }
    }

    /// Tells whether the store failed.
    #[must_use]
    pub fn failure(&self) -> Failure {
        self.failure.clone()
    }

    fn felt(&self, table: &str, key: &[u8]) -> StateResult<StarkFelt> {
        rows::read_felt(&*self.snapshot, table, key).map_err(|error| self.failure.note(error))
    }

    /// A declared class. One that cannot be read or does not compile any more is this node's failure: it was declared.
    fn class(&self, class_hash: ClassHash) -> StateResult<Option<Class>> {
        self.classes.find(&*self.snapshot, class_hash).map_err(|error| self.failure.note(error))
    }
}

impl StateReader for Reader {
    fn get_storage_at(&self, address: ContractAddress, key: StorageKey) -> StateResult<StarkFelt> {
        self.felt(rows::STORAGE, &rows::storage_key(address.0.key(), key.0.key()))
    }

    fn get_nonce_at(&self, address: ContractAddress) -> StateResult<Nonce> {
        self.felt(rows::NONCES, &address.0.key().to_bytes_be()).map(Nonce)
    }

    fn get_class_hash_at(&self, address: ContractAddress) -> StateResult<ClassHash> {
        self.felt(rows::CONTRACTS, &address.0.key().to_bytes_be()).map(ClassHash)
    }

    fn get_compiled_class(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass> {
        Ok(self.class(class_hash)?.ok_or(StateError::UndeclaredClassHash(class_hash))?.runnable)
    }

    fn get_compiled_class_hash(&self, class_hash: ClassHash) -> StateResult<CompiledClassHash> {
        self.felt(rows::CLASSES, &class_hash.0.to_bytes_be()).map(CompiledClassHash)
    }

    fn get_compiled_class_hash_v2(
        &self,
        class_hash: ClassHash,
        compiled: &RunnableCompiledClass,
    ) -> StateResult<CompiledClassHash> {
        match (self.class(class_hash)?, compiled) {
            (Some(class), _) => Ok(class.compiled_class_hash),
            // Declared earlier in this block: not in the committed state yet.
            (None, RunnableCompiledClass::V1(compiled)) => Ok(compiled.hash(&HashVersion::V2)),
            (None, RunnableCompiledClass::V0(_)) => Err(StateError::MissingCompiledClassHashV2(class_hash)),
        }
    }
}
