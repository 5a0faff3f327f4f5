//! The actor that notices failures. All other actors are its children.

use arc_malachitebft_engine::node::NodeMsg;
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent, async_trait};
use tokio::sync::watch;

use crate::EngineFailure;

/// Ends the engine at the first failure, and tells it.
pub(crate) struct Supervisor;

/// Told by `handle` on shutdown: what ends from then on is no failure.
pub(crate) type FailureSender = watch::Sender<Option<EngineFailure>>;

/// Keeps the first failure; what follows from it is not told.
pub(crate) fn fail(sender: &FailureSender, failure: EngineFailure) {
    sender.send_if_modified(|told| {
        let first = told.is_none();
        if first {
            *told = Some(failure);
        }
        first
    });
}

#[async_trait]
impl Actor for Supervisor {
    type Msg = NodeMsg;
    type State = FailureSender;
    type Arguments = FailureSender;

    async fn pre_start(
        &self,
        _myself: ActorRef<NodeMsg>,
        sender: FailureSender,
    ) -> Result<FailureSender, ActorProcessingErr> {
        Ok(sender)
    }

    async fn handle(
        &self,
        myself: ActorRef<NodeMsg>,
        message: NodeMsg,
        sender: &mut FailureSender,
    ) -> Result<(), ActorProcessingErr> {
        let NodeMsg::SafetyFailure(reason) = message;
        tracing::error!(reason, "the write-ahead log failed; nothing is signed any more");
        fail(sender, EngineFailure::Safety(reason));
        // The consensus actor hangs in its handler and never ends by itself: it must not sign.
        myself.get_cell().get_children().iter().for_each(ractor::ActorCell::kill);
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<NodeMsg>,
        event: SupervisionEvent,
        sender: &mut FailureSender,
    ) -> Result<(), ActorProcessingErr> {
        let reason = match event {
            SupervisionEvent::ActorTerminated(_, _, reason) => {
                reason.unwrap_or_else(|| "an actor ended without a reason".into())
            }
            SupervisionEvent::ActorFailed(_, error) => error.to_string(),
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => return Ok(()),
        };
        if sender.borrow().is_none() {
            tracing::error!(reason, "the consensus engine failed and stops");
        }
        fail(sender, EngineFailure::Stopped(reason));
        // In order, each after the message that it is at: nothing is cut off in the middle of a write.
        myself.get_cell().stop_children(None);
        Ok(())
    }
}
