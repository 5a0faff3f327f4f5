//! Faults of sessions and Watch.

use std::collections::BTreeSet;

use ecp_execution_core::{CallKind, Effect, Input, State, effect::Reply, input::Call};
use ecp_execution_server::Interposer;

use super::Memory;
use crate::fault::activated;

/// Tokens that were issued, the newest last.
#[derive(Default)]
struct Tokens {
    newest: Option<Vec<u8>>,
    all: BTreeSet<Vec<u8>>,
}

impl Tokens {
    fn see(&mut self, effect: &Effect) {
        if let Effect::Reply(_, Reply::Handshake(reply)) = effect {
            self.newest = Some(reply.token.clone());
            self.all.insert(reply.token.clone());
        }
    }
}

/// Calls without a token are taken.
pub(crate) struct NoToken {
    name: &'static str,
    tokens: Memory<Tokens>,
}

impl NoToken {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, tokens: Memory::default() }
    }
}

impl Interposer for NoToken {
    fn input(&self, _: &State, input: Input) -> Vec<Input> {
        match input {
            Input::Call { id, token: None, kind, call } if kind != CallKind::Handshake => {
                let token = self.tokens.get().newest.clone();
                if token.is_some() {
                    activated(self.name);
                }
                vec![Input::Call { id, token, kind, call }]
            }
            input => vec![input],
        }
    }

    fn effect(&self, _: &State, effect: Effect) -> Vec<Effect> {
        self.tokens.get().see(&effect);
        vec![effect]
    }
}

/// Tokens of replaced sessions are taken.
pub(crate) struct OldToken {
    name: &'static str,
    tokens: Memory<Tokens>,
}

impl OldToken {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, tokens: Memory::default() }
    }
}

impl Interposer for OldToken {
    fn input(&self, _: &State, input: Input) -> Vec<Input> {
        match input {
            Input::Call { id, token: Some(token), kind, call } => {
                let tokens = self.tokens.get();
                let old = tokens.all.contains(&token) && tokens.newest.as_ref() != Some(&token);
                if old {
                    activated(self.name);
                }
                let token = if old { tokens.newest.clone() } else { Some(token) };
                vec![Input::Call { id, token, kind, call }]
            }
            input => vec![input],
        }
    }

    fn effect(&self, _: &State, effect: Effect) -> Vec<Effect> {
        self.tokens.get().see(&effect);
        vec![effect]
    }
}

/// Any network is let in.
pub(crate) struct AnyNetwork(pub(crate) &'static str);

impl Interposer for AnyNetwork {
    fn input(&self, state: &State, mut input: Input) -> Vec<Input> {
        if let Input::Call { call: Ok(Call::Handshake(handshake)), .. } = &mut input
            && let Some(network) = &mut handshake.network
            && *network != state.config().network
        {
            network.clone_from(&state.config().network);
            activated(self.0);
        }
        vec![input]
    }
}

/// Watch goes on telling the state before the commits.
pub(crate) struct SilentWatch(pub(crate) &'static str);

impl Interposer for SilentWatch {
    fn effect(&self, _: &State, effect: Effect) -> Vec<Effect> {
        match effect {
            Effect::Watch(state) if state.committed.is_some() => {
                activated(self.0);
                Vec::new()
            }
            effect => vec![effect],
        }
    }
}
