//! What is behind an instance of the consensus half: the suite's own execution half, or one that is certified with it.

use async_trait::async_trait;
use ecp_types::Height;
use tonic::{Status, transport::Channel};

use super::{execution::Execution, partner::Partner};
use crate::{proxy::Upstream, subject::StartError};

/// An execution half that can die without a word and come back. Cloning gives another handle.
#[derive(Clone)]
pub(super) enum Behind {
    /// In this process.
    Suite(Execution),
    /// A process of its own.
    Half(Partner),
}

/// Why it did not start.
#[derive(Debug)]
pub(super) enum NoStart {
    /// The suite's own one.
    Suite(String),
    /// The half that is certified.
    Half(StartError),
}

impl Behind {
    /// Starts it on what is durable, and waits until it serves.
    pub(super) async fn start(&self) -> Result<(), NoStart> {
        match self {
            Self::Suite(execution) => execution.start().await.map_err(NoStart::Suite),
            Self::Half(partner) => partner.start().await.map_err(NoStart::Half),
        }
    }

    /// Ends it as a kill does.
    pub(super) async fn die(&self) {
        match self {
            Self::Suite(execution) => execution.die().await,
            Self::Half(partner) => partner.die().await,
        }
    }

    /// Loses what it had committed, between two lives. A half that is certified keeps its own data.
    pub(super) fn forget(&self) {
        if let Self::Suite(execution) = self {
            execution.forget();
        }
    }

    /// The committed height. Of a half that is certified, `told` is known: what it told its consensus half.
    pub(super) fn committed(&self, told: Option<Height>) -> Option<Height> {
        match self {
            Self::Suite(execution) => execution.committed(),
            Self::Half(_) => told,
        }
    }

    /// The half that is certified, if it is one.
    pub(super) const fn partner(&self) -> Option<&Partner> {
        match self {
            Self::Suite(_) => None,
            Self::Half(partner) => Some(partner),
        }
    }
}

#[async_trait]
impl Upstream for Behind {
    async fn channel(&self, method: &str) -> Result<Channel, Status> {
        match self {
            Self::Suite(execution) => execution.channel(method).await,
            Self::Half(partner) => partner.channel(method).await,
        }
    }
}
