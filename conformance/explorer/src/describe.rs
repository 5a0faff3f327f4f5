//! Steps in words.

use ecp_consensus_core::{Ask, Failure, Imported, Input, Outcome};

use crate::{
    action::{Action, Kind},
    pair::{Down, Up},
    world::World,
};

/// What a step does in a state.
#[must_use]
pub fn step(world: &World, action: Action) -> String {
    let (up, down) = (&world.pair.up, &world.pair.down);
    let text = match action.kind {
        Kind::Up => format!("the execution half gets {}", upward(up.front())),
        Kind::Down => format!("the consensus half gets {}", downward(down.front())),
        Kind::OvertakeUp(at) => format!("the execution half gets {}, which overtook others", upward(up.get(at.into()))),
        Kind::OvertakeDown(at) => {
            format!("the consensus half gets {}, which overtook others", downward(down.get(at.into())))
        }
        Kind::Twice => format!("the execution half gets {} twice", upward(up.front())),
        Kind::Soon => world.pair.consensus.soon.front().map_or_else(String::new, of_itself),
        _ => return action.to_string(),
    };
    if action.cut > 0 { format!("{text}; the consensus half dies before effect {} of it", action.cut) } else { text }
}

fn upward(message: Option<&Up>) -> String {
    match message {
        Some(Up::Call { kind, .. }) => kind.as_str().to_owned(),
        Some(Up::Events { .. }) => "more of a stream".to_owned(),
        Some(Up::Closed) => "the end of the connection".to_owned(),
        None => "nothing".to_owned(),
    }
}

fn downward(message: Option<&Down>) -> String {
    match message {
        Some(Down::Input(Input::Returned { result: Ok(outcome), .. })) => answer(outcome).to_owned(),
        Some(Down::Input(Input::Returned { result: Err(failure), .. })) => refusal(failure),
        Some(Down::Input(Input::Watch { state, .. })) => {
            format!("Watch: {:?}, committed {:?}", state.phase, state.committed.map(|p| p.height))
        }
        Some(Down::Input(Input::BuildPart { part, .. })) => format!("part {} of its build", part.index),
        Some(Down::Input(_)) => "a message".to_owned(),
        Some(Down::Session(..)) => "its session".to_owned(),
        Some(Down::Lost) => "the end of the connection".to_owned(),
        None => "nothing".to_owned(),
    }
}

fn refusal(failure: &Failure) -> String {
    format!("a refusal: {failure}")
}

fn answer(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Handshaken(_) => "its session",
        Outcome::Params(_) => "the parameters of a height",
        Outcome::Done => "an acknowledgment",
        Outcome::Built { .. } => "Built",
        Outcome::Verdict(ecp_types::Verdict::Valid { .. }) => "the verdict VALID",
        Outcome::Verdict(ecp_types::Verdict::RejectedLocal { .. }) => "the verdict REJECTED_LOCAL",
        Outcome::Verdict(_) => "a verdict",
        Outcome::Init(_) => "the INIT of its reproposal",
        Outcome::Decided { .. } => "the answer to Decide",
        Outcome::Imported(Imported::Committed { .. }) => "the answer to ImportDecided: committed",
        Outcome::Imported(_) => "the answer to ImportDecided",
        Outcome::Certificate(_) => "the certificate of a height",
    }
}

fn of_itself(input: &Input) -> String {
    let text = match input {
        Input::Start => "the consensus half starts",
        Input::Authenticated { .. } => "an envelope of the others is authentic",
        Input::CertificateChecked { .. } => "the signatures of a certificate are right",
        Input::SigningRefused { .. } => "the signing record refuses the engine a signature",
        Input::Returned { .. } => "a call is answered in the consensus half itself",
        Input::Engine(Ask::Ready(_)) => "the engine is ready",
        Input::Engine(Ask::StartedRound { slot, .. }) => {
            return format!("the engine begins height {} round {}", slot.height, slot.round);
        }
        Input::Engine(Ask::GetValue { slot, .. }) => {
            return format!("the engine wants a value for height {} round {}", slot.height, slot.round);
        }
        Input::Engine(Ask::Restream { slot, .. }) => {
            return format!("the engine proposes again in height {} round {}", slot.height, slot.round);
        }
        Input::Engine(Ask::Received(_)) => "a piece of the others' proposal is looked at",
        Input::Engine(Ask::Decided { .. }) => "the engine tells the decision",
        Input::Engine(Ask::Finalized { .. }) => "the engine ends the height",
        Input::Engine(Ask::Synced { .. }) => "a peer's decided block arrives",
        _ => "the consensus half goes on",
    };
    text.to_owned()
}
