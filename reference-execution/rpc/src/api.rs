//! What the methods have in common: reading the view where blocking is allowed, finding blocks, waiting for hashes.

use std::{sync::Arc, time::Duration};

use jsonrpsee::types::ErrorObjectOwned;
use starknet_rust_core::types::{BlockId, BlockTag, StarknetError};

use crate::{Block, NodeView, StateAt, ViewError, error::internal};

/// A view and how it is served.
pub(crate) struct Api {
    pub(crate) view: Arc<dyn NodeView>,
    pub(crate) hash_wait: Duration,
}

/// A block that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is committed.
    Committed(u64),
    /// It follows the head and nothing is known of it.
    Next(u64),
}

impl Api {
    /// Asks the view from a thread that may block. A panic there is this call's failure only (ECP-ERR-006).
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn NodeView) -> Result<T, ViewError> + Send + 'static,
    ) -> Result<T, ErrorObjectOwned> {
        let view = Arc::clone(&self.view);
        match tokio::task::spawn_blocking(move || question(&*view)).await {
            Ok(answer) => Ok(answer?),
            Err(e) => Err(internal(&format!("the call did not come to its end: {e}"))),
        }
    }

    /// The block that `id` names.
    pub(crate) async fn find(&self, id: BlockId) -> Result<Found, ErrorObjectOwned> {
        self.ask(move |view| find(view, id)).await
    }

    /// Waits until the hash of a block is known, but not longer than configured.
    pub(crate) async fn wait_for_hash(&self, height: u64) {
        let mut known = self.view.hash_height();
        let reached = known.wait_for(|known| known.is_some_and(|known| known >= height));
        if tokio::time::timeout(self.hash_wait, reached).await.is_err() {
            tracing::warn!(height, "the block hash is not known yet; the block is told as pre-confirmed");
        }
    }

    /// A committed block, with its hash: waits until it is known, but not longer than configured.
    ///
    /// A block is final when it is decided; its hash follows behind (ECP-STK-007). For users that is one state, accepted
    /// on L2, and the specification has no other name for a final block than its hash. So what must tell a hash waits
    /// the moment until it is there; if it takes too long, the block is told in the pre-confirmed shape, which is the
    /// specification's only one without a hash. State, nonces and transaction status never wait.
    pub(crate) async fn block(&self, height: u64) -> Result<Block, ErrorObjectOwned> {
        self.wait_for_hash(height).await;
        self.ask(move |view| {
            let block = view.block(height)?;
            block.ok_or_else(|| ViewError::Internal(format!("committed block {height} cannot be read")))
        })
        .await
    }
}

/// The block that `id` names. `latest` is the highest committed one; `pre_confirmed` is the one after it, of which this
/// node knows nothing before it is decided. Nothing is accepted on L1 here.
pub(crate) fn find(view: &dyn NodeView, id: BlockId) -> Result<Found, ViewError> {
    let head = view.head()?;
    let found = match id {
        BlockId::Tag(BlockTag::Latest) => head.map(Found::Committed),
        BlockId::Tag(BlockTag::PreConfirmed) => head.map(|head| Found::Next(head + 1)),
        BlockId::Tag(BlockTag::L1Accepted) => None,
        BlockId::Number(number) => head.filter(|head| number <= *head).map(|_| Found::Committed(number)),
        BlockId::Hash(hash) => view.height_of(hash)?.map(Found::Committed),
    };
    found.ok_or_else(|| StarknetError::BlockNotFound.into())
}

/// The state that `id` names. Before the first block, the tags `latest` and `pre_confirmed` name genesis.
pub(crate) fn state_at(view: &dyn NodeView, id: BlockId) -> Result<StateAt, ViewError> {
    match id {
        BlockId::Tag(BlockTag::Latest | BlockTag::PreConfirmed) => Ok(StateAt::Head),
        id => match find(view, id)? {
            Found::Committed(height) => Ok(StateAt::Height(height)),
            Found::Next(_) => Ok(StateAt::Head),
        },
    }
}
