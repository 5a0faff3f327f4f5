//! Steps that look at what the half keeps.

use std::os::unix::fs::PermissionsExt;

use bytes::Bytes;
use ecp_proto::v1alpha1::{self as v1, get_decided_response::Event as Read};
use ecp_types::Part;
use prost::Message;
use serde_json::json;

use super::{
    call::Incoming,
    defaults::part_of,
    state::{Observed, State, Trouble},
};
use crate::{schema::step_ended::Observed as What, subject::Address, workload::Proposal};

/// A decided block as it was read.
type Block = (v1::DecidedHeader, Vec<Part>);

impl State {
    /// Reads every decided block, and compares it with what was decided.
    pub(super) async fn read_archive(&mut self) -> Result<Observed, Trouble> {
        let bytes = self.request("GetDecided", "", &json!({}))?;
        let mut call = self.begin("GetDecided", "", "", None)?;
        call.send(bytes);
        call.half_close();
        let patience = self.patience(0);
        let mut blocks: Vec<Block> = Vec::new();
        loop {
            match call.next(patience).await {
                Some(Incoming::Message(index, bytes)) => {
                    let event = v1::GetDecidedResponse::decode(bytes).ok().and_then(|r| r.event);
                    match (event, blocks.last_mut()) {
                        (Some(Read::Header(header)), _) => blocks.push((header, Vec::new())),
                        (Some(Read::Part(part)), Some((_, parts))) => parts.extend(part_of(&part)),
                        (Some(Read::Done(_)), _) => {}
                        // Out of order: the monitor says so, and the step shows what came.
                        _ => return Ok(Observed::message(call.id, index)),
                    }
                }
                Some(Incoming::Status(status)) if status.code == 0 => break,
                Some(Incoming::Status(_)) => return Ok(Observed::status(call.id)),
                None => return Ok(Observed::silence(Some(call.id), patience)),
            }
        }
        self.compare(&blocks)?;
        Ok(Observed::status(call.id))
    }

    /// Takes a half that runs already for this case, and brings the model to its head.
    pub(super) async fn catch_up(&mut self) -> Result<(), Trouble> {
        const READER: &str = "reader";
        // A case before may have left another consensus half as the holder; who starts the suite is its operator.
        let taking = self.request("Handshake", "", &json!({"takeover": true}))?;
        self.ask("Handshake", "", taking).await?;
        let greeting = self.request("Handshake", READER, &json!({"role": "READER", "position": null}))?;
        let replies = self.ask("Handshake", READER, greeting).await?;
        let bytes = replies.last().ok_or_else(|| Trouble("the half answered no handshake".to_owned()))?;
        let reply = v1::HandshakeResponse::decode(bytes.clone()).map_err(Trouble::of)?;
        self.session(READER)?.token = Some(reply.session_token);
        let Some(height) = reply.position.and_then(|p| p.committed).and_then(|c| c.height) else { return Ok(()) };
        let request = self.request("GetDecided", READER, &json!({"to": height.to_string()}))?;
        let mut blocks: Vec<Vec<Part>> = Vec::new();
        for bytes in self.ask("GetDecided", READER, request).await? {
            match v1::GetDecidedResponse::decode(bytes).map_err(Trouble::of)?.event {
                Some(Read::Header(_)) => blocks.push(Vec::new()),
                Some(Read::Part(part)) => {
                    if let Some(block) = blocks.last_mut() {
                        block.extend(part_of(&part));
                    }
                }
                _ => {}
            }
        }
        for parts in blocks {
            let proposal = self.chain.read(&parts).map_err(Trouble::of)?;
            let (height, commitment) = (proposal.slot.height, proposal.commitment);
            self.keep(&format!("archived {height}"), proposal)?;
            self.follow(height, commitment);
        }
        Ok(())
    }

    /// Makes a call and takes all its replies. A half that refuses is not the one that the suite was told.
    async fn ask(&mut self, method: &str, session: &str, request: Bytes) -> Result<Vec<Bytes>, Trouble> {
        let mut call = self.begin(method, session, "", None)?;
        call.send(request);
        call.half_close();
        let mut replies = Vec::new();
        loop {
            match call.next(self.patience(0)).await {
                Some(Incoming::Message(_, bytes)) => replies.push(bytes),
                Some(Incoming::Status(status)) if status.code == 0 => return Ok(replies),
                Some(Incoming::Status(status)) => return Err(Trouble(format!("{method}: {}", status.message))),
                None => return Err(Trouble(format!("{method}: no answer"))),
            }
        }
    }

    fn compare(&self, blocks: &[Block]) -> Result<(), Trouble> {
        for (height, decided) in &self.history {
            let subject = format!("the archived block at height {height}");
            let Some((header, parts)) = blocks.iter().find(|(h, _)| h.height == Some(*height)) else {
                self.judge(&subject, "ECP-SYN-002", format!("the block at height {height} was not served"));
                continue;
            };
            let certified = header.certificate.as_ref().map(|c| c.commitment.as_ref());
            if certified != Some(&decided.commitment.as_bytes()[..]) {
                let did = format!("the certificate served at height {height} is for another commitment");
                self.judge(&subject, "ECP-SYN-010", did);
            }
            if let Some((requirement, did)) = self.differs(decided, parts)? {
                self.judge(&subject, requirement, format!("at height {height}, {did}"));
            }
        }
        Ok(())
    }

    /// How archived parts differ from what must stand there.
    fn differs(&self, decided: &Proposal, parts: &[Part]) -> Result<Option<(&'static str, String)>, Trouble> {
        let read = match self.chain.read(parts) {
            Ok(read) => read,
            Err(error) => return Ok(Some(("ECP-SYN-010", format!("the parts cannot be read: {error}")))),
        };
        if read.commitment != decided.commitment {
            let did = format!("the parts name {} where {} was decided", read.commitment, decided.commitment);
            return Ok(Some(("ECP-SYN-010", did)));
        }
        let cut = self.chain.archived(&decided.parts).map_err(Trouble::of)?;
        // The archive may hold the INIT of any round that the block was seen in.
        let bodies = |parts: &[Part]| parts.iter().skip(1).cloned().collect::<Vec<_>>();
        Ok((bodies(&cut) != bodies(parts))
            .then(|| ("ECP-TST-015", "the bodies are not those up to the executed count".to_owned())))
    }

    /// Looks at the permissions of the half's socket.
    pub(super) fn check_socket(&self) -> Result<Observed, Trouble> {
        let Address::Unix(path) = &self.address else {
            return Err(Trouble("the half serves no Unix socket".to_owned()));
        };
        let mode = std::fs::metadata(path).map_err(Trouble::of)?.permissions().mode() & 0o777;
        if mode & 0o077 == 0 {
            return Ok(Observed::done());
        }
        let what = What::RefusedByModel(format!("its socket has mode {mode:04o}, so others can use it"));
        Ok(Observed { call: None, what })
    }
}
