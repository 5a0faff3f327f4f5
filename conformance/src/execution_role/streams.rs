//! Steps on open streams.

use bytes::Bytes;
use ecp_proto::v1alpha1::{self as v1, validate_proposal_response::Event as Answer};
use ecp_types::Part;
use prost::Message;

use super::{
    call::Incoming,
    defaults::{end_message, part_message},
    state::{Observed, State, Trouble},
    steps::to_json,
};
use crate::{
    schema::{self, send},
    wire,
};

impl State {
    pub(super) fn send(&mut self, send: &schema::Send) -> Result<Observed, Trouble> {
        let method = self.stream(&send.stream)?.method.clone();
        let messages = match send.what.as_ref().ok_or_else(|| Trouble("send says what".into()))? {
            send::What::Message(written) => {
                let input = wire::method(&method).ok_or_else(|| Trouble(format!("{method} is no method")))?.input();
                let message = wire::build(&to_json(written), input, &self.names()).map_err(Trouble::of)?;
                vec![message.encode_to_vec().into()]
            }
            send::What::Parts(parts) => {
                let all = self.proposal(&parts.of)?.parts;
                let to = parts.to.map_or(all.len(), |to| (to as usize).min(all.len()));
                let from = (parts.from.unwrap_or(0) as usize).min(to);
                all[from..to].iter().map(|part| part_request(&method, part)).collect::<Result<_, _>>()?
            }
            send::What::EndOf(name) => vec![end_request(&method, &self.proposal(name)?.parts)?],
            send::What::Bytes(digits) => vec![hex::decode(digits).map_err(Trouble::of)?.into()],
        };
        let call = self.stream(&send.stream)?;
        for message in messages {
            call.send(message);
        }
        Ok(Observed::done())
    }

    pub(super) fn close(&mut self, close: &schema::Close) -> Result<Observed, Trouble> {
        let call = self.stream(&close.stream)?;
        if close.reset {
            call.reset();
        } else {
            call.half_close();
        }
        Ok(Observed::done())
    }

    pub(super) async fn receive(&mut self, receive: &schema::Receive) -> Result<Observed, Trouble> {
        let patience = self.patience(super::defaults::BUDGET_MS);
        let mut call = self
            .calls
            .remove(&receive.stream)
            .ok_or_else(|| Trouble(format!("no open call is named {}", receive.stream)))?;
        let observed = loop {
            match call.next(patience).await {
                Some(Incoming::Message(index, bytes)) => {
                    let skip = receive.to_end || (!receive.waiting && is_waiting(&call.method, &bytes));
                    if skip {
                        continue;
                    }
                    self.last = Some((call.method.clone(), bytes));
                    break Observed::message(call.id, index);
                }
                Some(Incoming::Status(_)) => break Observed::status(call.id),
                None => break Observed::silence(Some(call.id), patience),
            }
        };
        // A caller half-closes once it has the verdict.
        if call.method == "ValidateProposal" && self.last.is_some() && !receive.waiting {
            call.half_close();
        }
        self.followed_late(&call.method)?;
        self.calls.insert(receive.stream.clone(), call);
        Ok(observed)
    }

    /// Follows a commit whose reply came on an open call.
    fn followed_late(&mut self, method: &str) -> Result<(), Trouble> {
        let Some((_, bytes)) = self.last.clone() else { return Ok(()) };
        let position = match method {
            "Decide" => v1::DecideResponse::decode(bytes).ok().and_then(|r| r.committed),
            "ImportDecided" => v1::ImportDecidedResponse::decode(bytes)
                .ok()
                .filter(|r| r.outcome() == v1::ImportOutcome::Committed)
                .and_then(|r| r.committed),
            _ => None,
        };
        if let Some(position) = position
            && let (Some(height), Ok(commitment)) =
                (position.height, ecp_types::Commitment::from_bytes(&position.commitment))
        {
            self.follow(height, commitment);
        }
        Ok(())
    }
}

/// Whether a message of a validation is for information only.
pub(super) fn is_waiting(method: &str, bytes: &Bytes) -> bool {
    method == "ValidateProposal"
        && v1::ValidateProposalResponse::decode(bytes.as_ref())
            .is_ok_and(|reply| matches!(reply.event, Some(Answer::Waiting(_))))
}

/// A part as a message of the stream of a method.
pub(super) fn part_request(method: &str, part: &Part) -> Result<Bytes, Trouble> {
    let part = part_message(part);
    match method {
        "ValidateProposal" => {
            let event = Some(v1::validate_proposal_request::Event::Part(part));
            Ok(v1::ValidateProposalRequest { event }.encode_to_vec().into())
        }
        "ImportDecided" => {
            let event = Some(v1::import_decided_request::Event::Part(part));
            Ok(v1::ImportDecidedRequest { event }.encode_to_vec().into())
        }
        other => Err(Trouble(format!("{other} takes no parts"))),
    }
}

/// The end of parts as a message of the stream of a method.
pub(super) fn end_request(method: &str, parts: &[Part]) -> Result<Bytes, Trouble> {
    let end = end_message(parts);
    match method {
        "ValidateProposal" => {
            let event = Some(v1::validate_proposal_request::Event::End(end));
            Ok(v1::ValidateProposalRequest { event }.encode_to_vec().into())
        }
        "ImportDecided" => {
            let event = Some(v1::import_decided_request::Event::End(end));
            Ok(v1::ImportDecidedRequest { event }.encode_to_vec().into())
        }
        other => Err(Trouble(format!("{other} takes no end"))),
    }
}
