//! Which messages can overtake others: the first of each call, but not the first of all.

use std::collections::VecDeque;

use ecp_consensus_core::Input;

use crate::pair::{Down, Up};

/// Places of messages to the execution half that can overtake.
pub fn up(queue: &VecDeque<Up>) -> impl Iterator<Item = u8> + '_ {
    let id = |message: &Up| match message {
        Up::Call { id, .. } | Up::Events { id, .. } => Some(*id),
        Up::Closed => None,
    };
    overtaking(queue.iter().map(id).collect())
}

/// Places of messages to the consensus half that can overtake.
pub fn down(queue: &VecDeque<Down>) -> impl Iterator<Item = u8> + '_ {
    let id = |message: &Down| match message {
        Down::Input(
            Input::Returned { id, .. }
            | Input::Watch { id, .. }
            | Input::BuildPart { id, .. }
            | Input::Waiting { id, .. },
        )
        | Down::Session(id, ..) => Some(*id),
        _ => None,
    };
    overtaking(queue.iter().map(id).collect())
}

/// Nothing overtakes the end of a connection, and nothing of the same call.
fn overtaking(ids: Vec<Option<u64>>) -> impl Iterator<Item = u8> {
    let open: Vec<u64> = ids.into_iter().map_while(|id| id).collect();
    let first = |at: usize| !open[..at].contains(&open[at]);
    let found: Vec<u8> = (1..open.len()).filter(|at| first(*at)).filter_map(|at| u8::try_from(at).ok()).collect();
    found.into_iter()
}
