//! Sessions with an execution half: two connections and a token each.

use bytes::Bytes;
use tonic::transport::Channel;

use crate::subject::Address;

/// One session as the suite holds it.
pub(super) struct Session {
    /// Unary calls and Watch.
    pub control: Channel,
    /// Other streams.
    pub data: Channel,
    /// The token of its last handshake.
    pub token: Option<Bytes>,
    /// The token of the handshake before.
    pub previous: Option<Bytes>,
    /// The consensus id that it handshakes with.
    pub consensus_id: Bytes,
}

impl Session {
    /// A session without connections yet: they are made by the first call on each.
    pub(super) fn new(address: &Address, consensus_id: Bytes) -> Result<Self, String> {
        let (control, data) = (address.channel()?, address.channel()?);
        Ok(Self { control, data, token: None, previous: None, consensus_id })
    }

    /// Drops both connections, and makes new ones with the next calls.
    pub(super) fn reconnect(&mut self, address: &Address) -> Result<(), String> {
        self.control = address.channel()?;
        self.data = address.channel()?;
        Ok(())
    }

    /// The connection that a method uses (ECP-SES-015).
    pub(super) fn channel(&self, method: &str) -> Channel {
        match method {
            "BuildProposal" | "ValidateProposal" | "GetDecided" | "ImportDecided" => self.data.clone(),
            _ => self.control.clone(),
        }
    }
}
