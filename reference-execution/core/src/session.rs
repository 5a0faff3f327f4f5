//! Who may call: tokens, fencing, takeover, readers (ECP-SES).
//!
//! A token is the instance (16 bytes), the role (1), a serial number (8) and a nonce (16). The serial number lets a
//! token that was replaced be told from one that was never issued, without keeping the old ones.

use std::collections::{BTreeMap, BTreeSet};

use ecp_types::{ConsensusId, Feature, Reason, SessionRole};

use crate::{
    CallId, CallKind, Effect, Refusal, State,
    effect::{HandshakeReply, Message, Read, Reply},
    input::{Handshake, Timer},
    state::{OpenCall, Out, Target},
    streams::Streams,
};

/// Readers at a time; the oldest gives way and has to handshake again.
const READERS_MAX: usize = 64;
/// Revisions that a handshake names at most.
const REVISIONS_MAX: usize = 16;
/// Length of a token of this implementation.
const TOKEN_BYTES: usize = 41;

/// All sessions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Sessions {
    /// Serial number of the newest session.
    serial: u64,
    pub(crate) writer: Option<Writer>,
    readers: BTreeMap<u64, [u8; 16]>,
    /// A handshake that waits for a commit of the replaced session to end (ECP-SES-010).
    pending: Option<(CallId, HandshakeReply)>,
}

/// The session that holds this execution half (ECP-SES-008).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Writer {
    pub(crate) serial: u64,
    nonce: [u8; 16],
    consensus_id: ConsensusId,
    features: BTreeSet<Feature>,
    watches: BTreeSet<CallId>,
    /// No Watch for too long: another may come (ECP-SES-011).
    lost: bool,
}

impl Sessions {
    /// Whether a durable effect may be made for this session: it holds this half, or it was replaced while its call,
    /// accepted before, was being done, and its successor waits for that.
    pub(crate) fn holds(&self, serial: u64) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.serial == serial || self.pending.is_some())
    }

    /// Whether a handshake waits for what its predecessor's session began.
    pub(crate) fn awaited(&self) -> bool {
        self.pending.is_some()
    }

    /// Whether the holder's handshake agreed on a feature.
    pub(crate) fn agreed(&self, feature: Feature) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.features.contains(&feature))
    }

    /// The holder had no Watch for the time that lets another in.
    pub(crate) fn lost(&mut self, serial: u64) {
        if let Some(writer) = self.writer.as_mut().filter(|w| w.serial == serial && w.watches.is_empty()) {
            writer.lost = true;
        }
    }
}

/// The refusal of a replaced session (ECP-SES-019).
pub(crate) fn fenced() -> Refusal {
    Refusal::new(Reason::Fenced, "This session was replaced.")
}

impl State {
    /// Checks the token and role of a call; gives the serial number of its session.
    pub(crate) fn authorize(&self, token: Option<&[u8]>, kind: CallKind) -> Result<u64, Refusal> {
        let none = || Refusal::new(Reason::SessionRequired, format_args!("{} came without a session.", kind.as_str()));
        let token = token.filter(|t| (16..=64).contains(&t.len())).ok_or_else(none)?;
        if token[..16] != self.config.instance_id {
            return Err(Refusal::new(Reason::SessionUnknown, "The token is of another instance."));
        }
        let parts = token.split_at_checked(25).filter(|_| token.len() == TOKEN_BYTES);
        let (head, nonce) = parts.ok_or_else(none)?;
        let serial = head[17..].iter().fold(0u64, |n, byte| n << 8 | u64::from(*byte));
        if serial == 0 || serial > self.sessions.serial {
            return Err(none());
        }
        match head[16] {
            0 => match &self.sessions.writer {
                Some(writer) if writer.serial == serial && writer.nonce == nonce => Ok(serial),
                Some(writer) if writer.serial == serial => Err(none()),
                _ => Err(fenced()),
            },
            1 => match self.sessions.readers.get(&serial) {
                Some(known) if known == nonce && kind.is_read() => Ok(serial),
                Some(known) if known == nonce => {
                    Err(Refusal::new(Reason::RoleRefused, format_args!("A READER called {}.", kind.as_str())))
                }
                _ => Err(Refusal::new(Reason::SessionUnknown, "The token is of no session that is kept.")),
            },
            _ => Err(none()),
        }
    }

    /// Opens a session, or says why not, in the table's order.
    pub(crate) fn handshake(&mut self, id: CallId, handshake: Handshake, out: &mut Out) -> Result<(), Refusal> {
        let common = handshake.revisions.iter().filter(|r| self.config.revisions.contains(r)).max().copied();
        // A check that reads a field which breaks its rule is passed over (ECP-ERR-003).
        let legible = (1..=REVISIONS_MAX).contains(&handshake.revisions.len()) && !handshake.revisions.contains(&0);
        if common.is_none() && legible {
            let supported = self.config.revisions.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
            return Err(Refusal::new(Reason::NoCommonRevision, format_args!("This half speaks {supported}."))
                .with("supported", supported));
        }
        self.check_network(&handshake)?;
        let held =
            self.sessions.writer.as_ref().is_some_and(|writer| {
                writer.consensus_id != handshake.consensus_id && !writer.lost && !handshake.takeover
            });
        if handshake.role == SessionRole::Writer && held {
            let problem = "Another consensus half holds this execution half and is watching.";
            return Err(Refusal::new(Reason::SessionHeld, problem).retry_after(1000));
        }
        if let Some(invalid) = handshake.invalid {
            return Err(invalid);
        }
        let revision = common.filter(|_| legible).ok_or_else(|| {
            Refusal::field("revisions", format_args!("must name 1 to {REVISIONS_MAX} revisions above 0"))
        })?;
        if self.phase == ecp_types::Phase::Draining {
            self.check_phase()?;
        }
        self.sessions.serial += 1;
        let serial = self.sessions.serial;
        let features: BTreeSet<Feature> = handshake.features.intersection(&self.config.features).copied().collect();
        let mut token = self.config.instance_id.to_vec();
        token.push(u8::from(handshake.role == SessionRole::Reader));
        token.extend(serial.to_be_bytes());
        token.extend(handshake.nonce);
        if handshake.role == SessionRole::Reader {
            if self.sessions.readers.len() >= READERS_MAX {
                self.sessions.readers.pop_first();
            }
            self.sessions.readers.insert(serial, handshake.nonce);
        } else {
            self.fence(out);
            self.sessions.writer = Some(Writer {
                serial,
                nonce: handshake.nonce,
                consensus_id: handshake.consensus_id,
                features: features.clone(),
                watches: BTreeSet::new(),
                lost: false,
            });
            out.push(Effect::Arm(Timer::WatchLost(serial), self.config.watch_lost_ms));
        }
        let reply = HandshakeReply { revision, features, token, position: self.position() };
        if handshake.role == SessionRole::Writer && self.lane.current.is_some() {
            self.sessions.pending = Some((id, reply));
        } else {
            out.push(Effect::Reply(id, Reply::Handshake(Box::new(reply))));
        }
        Ok(())
    }

    fn check_network(&self, handshake: &Handshake) -> Result<(), Refusal> {
        let Some(theirs) = &handshake.network else { return Ok(()) };
        let ours = &self.config.network;
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let fields = [
            ("network.chain_id", ours.chain_id.clone(), theirs.chain_id.clone()),
            ("network.genesis_hash", hex(&ours.genesis_hash), hex(&theirs.genesis_hash)),
            ("network.fork_id", ours.fork_id.to_string(), theirs.fork_id.to_string()),
            ("network.activation_digest", hex(&ours.activation_digest), hex(&theirs.activation_digest)),
        ];
        match fields.into_iter().find(|(_, expected, received)| expected != received) {
            None => Ok(()),
            Some((field, expected, received)) => Err(Refusal::new(
                Reason::NetworkMismatch,
                format_args!("{field} is {expected} here and {received} there."),
            )
            .with("field", field)
            .with("expected", expected)
            .with("received", received)),
        }
    }

    /// Ends or refuses the calls of the session that is replaced (ECP-SES-009, ECP-SES-010). Builds go on: the new
    /// session reads them from index 0 (ECP-BLD-005). What was accepted is finished.
    fn fence(&mut self, out: &mut Out) {
        let Some(old) = self.sessions.writer.take() else { return };
        out.push(Effect::Disarm(Timer::WatchLost(old.serial)));
        if let Some((id, _)) = self.sessions.pending.take() {
            out.push(Effect::Refuse(id, fenced()));
        }
        let accepted = self.lane.current_calls();
        let calls: Vec<(CallId, OpenCall)> = self
            .calls
            .iter()
            .filter(|(id, call)| call.serial == old.serial && !accepted.contains(id))
            .map(|(id, call)| (*id, *call))
            .collect();
        for (id, call) in calls {
            self.calls.remove(&id);
            match call.target {
                Target::Build(round) => {
                    self.build_reader_gone(id, round);
                    out.push(Effect::Refuse(id, fenced()));
                }
                Target::Validate(work) => {
                    out.push(Effect::Send(id, Message::Verdict(ecp_types::Verdict::Aborted)));
                    out.push(Effect::Finish(id));
                    self.detach(work, out);
                }
                _ => {
                    self.receiving.remove(&id);
                    out.push(Effect::Refuse(id, fenced()));
                }
            }
        }
        self.lane_fenced(out);
        self.streams = Streams::default();
    }

    /// Answers the handshake that waited, now that the old session's commit ended.
    pub(crate) fn answer_pending_handshake(&mut self, out: &mut Out) {
        if let Some((id, mut reply)) = self.sessions.pending.take() {
            reply.position = self.position();
            out.push(Effect::Reply(id, Reply::Handshake(Box::new(reply))));
        }
    }

    /// Opens the state channel (ECP-SES-013). That of the holder keeps its session.
    pub(crate) fn open_watch(&mut self, id: CallId, serial: u64, out: &mut Out) -> Result<(), Refusal> {
        if let Some(writer) = self.sessions.writer.as_mut().filter(|writer| writer.serial == serial) {
            writer.watches.insert(id);
            writer.lost = false;
            out.push(Effect::Disarm(Timer::WatchLost(serial)));
            self.calls.insert(id, OpenCall { serial, target: Target::Watch });
        }
        out.push(Effect::Read(id, Read::Watch));
        Ok(())
    }

    /// A Watch of the holder ended.
    pub(crate) fn watch_closed(&mut self, id: CallId, out: &mut Out) {
        self.calls.remove(&id);
        if let Some(writer) = self.sessions.writer.as_mut()
            && writer.watches.remove(&id)
            && writer.watches.is_empty()
        {
            out.push(Effect::Arm(Timer::WatchLost(writer.serial), self.config.watch_lost_ms));
        }
    }
}
