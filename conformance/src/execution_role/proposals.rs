//! Steps that make, send, take and commit whole proposals.

use bytes::Bytes;
use ecp_proto::v1alpha1::{
    self as v1, build_proposal_response::Event as Built, validate_proposal_response::Event as Answer, verdict::Outcome,
};
use ecp_types::{Felt, Part};
use prost::Message;
use prost_reflect::DynamicMessage;
use serde_json::json;

use super::{
    call::{Incoming, OpenCall},
    defaults::{BUDGET_MS, part_of},
    state::{Observed, State, Trouble},
    steps::to_json,
    streams::{end_request, is_waiting, part_request},
};
use crate::{
    schema::{self, step_ended::Observed as What},
    wire,
    workload::{Proposal, Slot},
};

impl State {
    pub(super) fn propose(&mut self, wanted: &schema::Propose) -> Result<Observed, Trouble> {
        let round = wanted.round.unwrap_or(0);
        let proposer = self.chain.proposer(round).map_err(Trouble::of)?;
        let slot = Slot { height: self.chain.next_height(), round, valid_round: wanted.valid_round, proposer };
        let proposal = self.chain.propose(slot, wanted).map_err(Trouble::of)?;
        self.keep(&wanted.r#as, proposal)?;
        Ok(Observed::done())
    }

    pub(super) async fn validate(&mut self, wanted: &schema::Validate) -> Result<Observed, Trouble> {
        let proposal = self.proposal(&wanted.proposal)?;
        let names = self.names();
        let mut open = self.context(&wanted.session)?.open(&proposal);
        if wanted.same_as {
            open.same_as = Some(Bytes::copy_from_slice(proposal.commitment.as_bytes()));
        }
        let open = overlaid("ValidateOpen", &open, wanted.open.as_ref(), &names)?;
        let budget_ms = open.get_field_by_name("budget_ms").and_then(|v| v.as_u32()).unwrap_or(BUDGET_MS);
        let opening = in_event("ValidateProposalRequest", "open", open)?;
        if !wanted.r#as.is_empty() {
            self.bind_stream_id(&wanted.r#as, "ValidateProposal", Some(&opening));
        }
        let mut call = self.begin("ValidateProposal", &wanted.session, &wanted.r#as, None)?;
        call.send(opening);
        let sent = if wanted.same_as { &proposal.parts[..proposal.parts.len().min(1)] } else { &proposal.parts[..] };
        send_parts(&call, sent, wanted.parts, wanted.no_end)?;
        if wanted.no_wait {
            self.calls.insert(wanted.r#as.clone(), call);
            return Ok(Observed::done());
        }
        let observed = self.verdict(&mut call, budget_ms).await;
        if !wanted.r#as.is_empty() {
            self.calls.insert(wanted.r#as.clone(), call);
        }
        Ok(observed)
    }

    /// Waits for the verdict of a validation, half-closes, and sees the stream end.
    async fn verdict(&mut self, call: &mut OpenCall, budget_ms: u32) -> Observed {
        let patience = self.patience(budget_ms);
        let verdict = loop {
            match call.next(patience).await {
                Some(Incoming::Message(_, bytes)) if is_waiting(&call.method, &bytes) => {}
                Some(Incoming::Message(index, bytes)) => {
                    self.last = Some((call.method.clone(), bytes));
                    break index;
                }
                Some(Incoming::Status(_)) => return Observed::status(call.id),
                None => return Observed::silence(Some(call.id), patience),
            }
        };
        call.half_close();
        // Anything more than the end is what the monitor looks for.
        match call.next(self.settings.patience).await {
            Some(Incoming::Status(status)) if status.code != 0 => Observed::status(call.id),
            Some(_) => Observed::message(call.id, verdict),
            None => Observed::silence(Some(call.id), self.settings.patience),
        }
    }

    pub(super) async fn build(&mut self, wanted: &schema::Build) -> Result<Observed, Trouble> {
        let written = wanted.request.as_ref().map_or_else(|| json!({}), to_json);
        let bytes = self.request("BuildProposal", &wanted.session, &written)?;
        let request = v1::BuildProposalRequest::decode(bytes.as_ref()).map_err(Trouble::of)?;
        self.bind_stream_id(&wanted.r#as, "BuildProposal", Some(&bytes));
        let mut call = self.begin("BuildProposal", &wanted.session, &wanted.r#as, None)?;
        call.send(bytes);
        call.half_close();
        let patience = self.patience(request.budget_ms);
        let (mut parts, mut built) = (Vec::new(), None);
        loop {
            match call.next(patience).await {
                Some(Incoming::Message(index, bytes)) => {
                    self.last = Some((call.method.clone(), bytes.clone()));
                    match v1::BuildProposalResponse::decode(bytes).ok().and_then(|r| r.event) {
                        Some(Built::Part(part)) => match part_of(&part) {
                            Some(part) => parts.push(part),
                            None => return Ok(Observed::message(call.id, index)),
                        },
                        Some(Built::Built(said)) => built = Some((index, said)),
                        None => return Ok(Observed::message(call.id, index)),
                    }
                }
                Some(Incoming::Status(status)) if status.code != 0 => return Ok(Observed::status(call.id)),
                Some(Incoming::Status(_)) => break,
                None => return Ok(Observed::silence(Some(call.id), patience)),
            }
        }
        let Some((index, said)) = built else { return Ok(Observed::status(call.id)) };
        self.take_built(wanted, &request, parts, &said)?;
        Ok(Observed::message(call.id, index))
    }

    /// Judges what was built by the suite's own model, and keeps it.
    fn take_built(
        &mut self,
        wanted: &schema::Build,
        request: &v1::BuildProposalRequest,
        parts: Vec<Part>,
        said: &v1::Built,
    ) -> Result<(), Trouble> {
        const COHERENT: &str = "ECP-BLD-012";
        let subject = format!("the proposal {}", wanted.r#as);
        let proposer = Felt::from_bytes(&request.proposer).map_err(Trouble::of)?;
        let (Some(height), Some(round)) = (request.height, request.round) else { return Ok(()) };
        let slot = Slot { height, round, valid_round: None, proposer };
        let checked = match self.chain.check(slot, &parts).map_err(Trouble::of)? {
            Ok(checked) => checked,
            Err(why) => {
                self.judge(&subject, COHERENT, format!("it built a proposal that the workload's rules refuse: {why}"));
                return Ok(());
            }
        };
        if checked.commitment.as_bytes()[..] != said.commitment[..] {
            let did = format!("Built names 0x{}, its parts give {}", hex::encode(&said.commitment), checked.commitment);
            self.judge(&subject, COHERENT, did);
        }
        if said.executed_count != Some(checked.executed) {
            let did = format!("Built counts {:?}, its parts execute {}", said.executed_count, checked.executed);
            self.judge(&subject, "ECP-BLD-006", did);
        }
        for (requirement, complaint) in self.chain.built(&parts) {
            self.judge(&subject, requirement, complaint);
        }
        if checked.executed < u64::from(wanted.at_least.unwrap_or(0)) {
            let did =
                format!("it built a block of {} transactions where {:?} were due", checked.executed, wanted.at_least);
            self.judge(&subject, "ECP-BLD-007", did);
        }
        if wanted.at_most.is_some_and(|most| checked.executed > u64::from(most)) {
            let did =
                format!("it built a block of {} transactions in a time for {:?}", checked.executed, wanted.at_most);
            self.judge(&subject, "ECP-BLD-007", did);
        }
        if !wanted.same_parts_as.is_empty() && self.proposal(&wanted.same_parts_as)?.parts != parts {
            self.judge(&subject, "ECP-BLD-005", format!("its parts are not those of {}", wanted.same_parts_as));
        }
        let commitment = checked.commitment;
        self.keep(&wanted.r#as, Proposal { slot, parts, commitment, executed: checked.executed })
    }

    pub(super) async fn import(&mut self, wanted: &schema::Import) -> Result<Observed, Trouble> {
        let proposal = self.proposal(&wanted.proposal)?;
        let names = self.names();
        let header = self.context(&wanted.session)?.header(&proposal).map_err(Trouble)?;
        let header = overlaid("DecidedHeader", &header, wanted.header.as_ref(), &names)?;
        let mut call = self.begin("ImportDecided", &wanted.session, &wanted.r#as, None)?;
        call.send(in_event("ImportDecidedRequest", "header", header)?);
        send_parts(&call, &proposal.parts, wanted.parts, wanted.no_end)?;
        if !wanted.no_end {
            call.half_close();
        }
        if wanted.no_wait {
            self.calls.insert(wanted.r#as.clone(), call);
            return Ok(Observed::done());
        }
        let patience = self.patience(BUDGET_MS);
        let mut seen = None;
        let observed = loop {
            match call.next(patience).await {
                Some(Incoming::Message(index, bytes)) => {
                    self.last = Some((call.method.clone(), bytes));
                    seen = Some(index);
                }
                Some(Incoming::Status(status)) => match (status.code, seen) {
                    (0, Some(index)) => break Observed::message(call.id, index),
                    _ => break Observed::status(call.id),
                },
                None => break Observed::silence(Some(call.id), patience),
            }
        };
        if matches!(observed.what, What::Message(_))
            && let Some((_, bytes)) = &self.last
            && let Ok(reply) = v1::ImportDecidedResponse::decode(bytes.clone())
            && reply.outcome() == v1::ImportOutcome::Committed
        {
            self.follow(proposal.slot.height, proposal.commitment);
        }
        if !wanted.r#as.is_empty() {
            self.calls.insert(wanted.r#as.clone(), call);
        }
        Ok(observed)
    }

    /// Decides heights as a correct caller does it. The first thing that goes wrong is what the step saw.
    pub(super) async fn advance(&mut self, wanted: &schema::Advance) -> Result<Observed, Trouble> {
        for _ in 0..wanted.heights {
            let height = self.chain.next_height();
            let name = format!("height {height}");
            if !self.chain.can_propose() {
                if let Some(bad) = self.advance_by_building(&name).await? {
                    return Ok(bad);
                }
                continue;
            }
            let propose = schema::Propose {
                r#as: name.clone(),
                transactions: Some(wanted.transactions.unwrap_or(1)),
                ..schema::Propose::default()
            };
            self.propose(&propose)?;
            if let Some(bad) = self.simple("StartRound", json!({})).await? {
                return Ok(bad);
            }
            let validate = schema::Validate { proposal: name.clone(), ..schema::Validate::default() };
            let observed = self.validate(&validate).await?;
            if !self.said_valid() {
                return Ok(observed);
            }
            let commitment = self.proposal(&name)?.commitment;
            if let Some(bad) = self.simple("Decide", json!({"commitment": commitment.to_string()})).await? {
                return Ok(bad);
            }
            self.follow(height, commitment);
        }
        Ok(Observed::done())
    }

    /// Decides a height with what the half builds; what was seen, unless all went well.
    async fn advance_by_building(&mut self, name: &str) -> Result<Option<Observed>, Trouble> {
        let height = self.chain.next_height();
        if let Some(bad) = self.simple("StartRound", json!({"role": "PROPOSER"})).await? {
            return Ok(Some(bad));
        }
        let build = schema::Build { r#as: name.to_owned(), ..schema::Build::default() };
        let observed = self.build(&build).await?;
        let Ok(built) = self.proposal(name) else { return Ok(Some(observed)) };
        if let Some(bad) = self.simple("Decide", json!({"commitment": built.commitment.to_string()})).await? {
            return Ok(Some(bad));
        }
        self.follow(height, built.commitment);
        Ok(None)
    }

    /// Makes a unary call; what was seen, unless it succeeded.
    async fn simple(&mut self, method: &str, written: serde_json::Value) -> Result<Option<Observed>, Trouble> {
        let bytes = self.request(method, "", &written)?;
        let mut call = self.begin(method, "", "", None)?;
        call.send(bytes);
        call.half_close();
        let patience = self.patience(0);
        loop {
            match call.next(patience).await {
                Some(Incoming::Message(..)) => {}
                Some(Incoming::Status(status)) if status.code == 0 => return Ok(None),
                Some(Incoming::Status(_)) => return Ok(Some(Observed::status(call.id))),
                None => return Ok(Some(Observed::silence(Some(call.id), patience))),
            }
        }
    }

    fn said_valid(&self) -> bool {
        self.last.as_ref().is_some_and(|(_, bytes)| {
            let reply = v1::ValidateProposalResponse::decode(bytes.as_ref());
            matches!(
                reply.map(|r| r.event),
                Ok(Some(Answer::Verdict(v1::Verdict { outcome: Some(Outcome::Valid(_)) })))
            )
        })
    }
}

fn send_parts(call: &OpenCall, parts: &[Part], until: Option<u32>, no_end: bool) -> Result<(), Trouble> {
    let count = until.map_or(parts.len(), |until| (until as usize).min(parts.len()));
    for part in &parts[..count] {
        call.send(part_request(&call.method, part)?);
    }
    if !no_end {
        call.send(end_request(&call.method, parts)?);
    }
    Ok(())
}

/// A message with what the case writes laid over it.
fn overlaid(
    short: &str,
    message: &impl Message,
    written: Option<&pbjson_types::Struct>,
    names: &wire::Names,
) -> Result<DynamicMessage, Trouble> {
    let shape = wire::message(short).ok_or_else(|| Trouble(format!("the protocol has no {short}")))?;
    let message = wire::decode(shape, &message.encode_to_vec())
        .ok_or_else(|| Trouble(format!("the default {short} does not decode")))?;
    match written {
        Some(written) => wire::build_over(&to_json(written), message, names).map_err(Trouble::of),
        None => Ok(message),
    }
}

/// A message inside the event of a stream's message.
fn in_event(short: &str, field: &str, inner: DynamicMessage) -> Result<Bytes, Trouble> {
    let shape = wire::message(short).ok_or_else(|| Trouble(format!("the protocol has no {short}")))?;
    let mut message = DynamicMessage::new(shape);
    message.set_field_by_name(field, prost_reflect::Value::Message(inner));
    Ok(message.encode_to_vec().into())
}
