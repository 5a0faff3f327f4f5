//! Validating a proposal: it is executed as its parts arrive.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use ecp_execution_core::seams::{EngineFault, Slot, Validation, ValidationStep};
use ecp_types::{Commitment, InvalidReason, LocalReason, Missing, Part, PartKind};
use prost::Message as _;
use starknet_types_core::felt::Felt as StarkFelt;

use crate::{
    codec::{self, BadTransaction, Tx},
    engine::Shared,
    head::Head,
    header::Init,
    l1::L1Message,
    rows,
    run::{Finished, Outcome, Run, needed_hash},
    wire::{self, Batch},
};

/// Why a proposal is INVALID.
type Invalid = (InvalidReason, String);

/// A proposal that is being validated.
pub(crate) struct StarknetValidation {
    shared: Arc<Shared>,
    head: Arc<Head>,
    slot: Slot,
    max_bytes: u64,
    bytes: u64,
    parts: Vec<Part>,
    init: Option<Init>,
    fin: Option<Fin>,
    /// All transactions that were sent.
    sent: Vec<Tx>,
    hashes: HashSet<StarkFelt>,
    /// `None` until INIT is there and the old block hash is known.
    run: Option<Run>,
    /// How many transactions were tried, and why not the next one, which matters only if FIN counts it.
    stopped: Option<Invalid>,
    verdict: Option<Verdict>,
    /// No more parts come.
    ended: bool,
    /// The commitment of an executed block that is INVALID all the same.
    computed: Option<Commitment>,
    /// Nobody waits for the result any more.
    dropped: Arc<AtomicBool>,
}

/// What [`StarknetValidation::end`] found, so that a repeat says the same.
enum Verdict {
    Invalid(Invalid),
    Ended,
}

/// A FIN payload, every field checked for form.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fin {
    commitment: StarkFelt,
    executed_count: u64,
    message: wire::ProposalFin,
}

impl Fin {
    fn decode(payload: &[u8]) -> Result<Self, String> {
        let message = wire::ProposalFin::decode(payload).map_err(|error| format!("FIN is no ProposalFin: {error}"))?;
        let commitment = codec::hash(message.proposal_commitment.as_ref(), "proposal_commitment")?;
        if let Some(payload) = &message.fin_payload {
            let parts = payload.commitment_parts.as_ref().ok_or("commitment_parts is missing")?;
            codec::felt(parts.concatenated_counts.as_ref(), "concatenated_counts")?;
            if parts.parent_commitment.is_some() {
                codec::hash(parts.parent_commitment.as_ref(), "parent_commitment")?;
            }
            codec::hash(parts.transaction_commitment.as_ref(), "transaction_commitment")?;
            codec::hash(parts.event_commitment.as_ref(), "event_commitment")?;
            codec::hash(parts.receipt_commitment.as_ref(), "receipt_commitment")?;
            if let Some(gas) = &payload.l2_gas_info
                && gas.next_l2_gas_price_fri.is_none()
            {
                return Err("next_l2_gas_price_fri is missing".into());
            }
        }
        Ok(Self { commitment, executed_count: message.executed_transaction_count, message })
    }

    /// Compares what FIN adds with what execution gives; what it leaves out is not missed.
    fn difference(&self, own: &Finished) -> Option<String> {
        let payload = self.message.fin_payload.as_ref()?;
        let own = own.fin().fin_payload?;
        if payload.commitment_parts != own.commitment_parts {
            return Some("the commitment parts of FIN are not those of the executed block".into());
        }
        (payload.l2_gas_info.is_some() && payload.l2_gas_info != own.l2_gas_info)
            .then(|| "the L2 gas of FIN is not that of the executed block".into())
    }
}

impl StarknetValidation {
    pub(crate) fn new(shared: Arc<Shared>, head: Arc<Head>, slot: Slot) -> Result<Self, EngineFault> {
        let max_bytes = shared.chain.params(slot.height)?.max_proposal_bytes;
        Ok(Self {
            shared,
            head,
            slot,
            max_bytes,
            bytes: 0,
            parts: Vec::new(),
            init: None,
            fin: None,
            sent: Vec::new(),
            hashes: HashSet::new(),
            run: None,
            stopped: None,
            verdict: None,
            ended: false,
            computed: None,
            dropped: Arc::new(AtomicBool::new(false)),
        })
    }

    /// Reads a part, without executing it.
    fn take(&mut self, part: &Part) -> Result<Result<(), Invalid>, EngineFault> {
        let malformed = |text: String| Ok(Err((InvalidReason::PayloadMalformed, text)));
        self.bytes = self.bytes.saturating_add(part.payload.len() as u64);
        if self.bytes > self.max_bytes {
            let text = format!("the payloads sum to more than {} bytes", self.max_bytes);
            return Ok(Err((InvalidReason::ProposalTooLarge, text)));
        }
        match (part.kind, &self.init, &self.fin) {
            (PartKind::Init, None, None) => {
                let init = match Init::decode(&part.payload) {
                    Ok(init) => init,
                    Err(text) => return malformed(text),
                };
                let params = self.shared.chain.params(self.slot.height)?;
                let constants = self.shared.chain.version_constants(&params.starknet_version)?;
                let rules = || init.check_rules(&params, &self.head, &self.shared.chain.section, &constants);
                if let Err(invalid) = init.check_slot(&self.slot).and_then(|()| rules()) {
                    return Ok(Err(invalid));
                }
                self.init = Some(init);
            }
            (PartKind::Body, Some(_), None) => return self.take_body(part),
            (PartKind::Fin, Some(_), None) => match Fin::decode(&part.payload) {
                Err(text) => return malformed(text),
                Ok(fin) if fin.executed_count > self.sent.len() as u64 => {
                    let text = format!("FIN counts {} of {} transactions", fin.executed_count, self.sent.len());
                    return Ok(Err((InvalidReason::CountExceedsSent, text)));
                }
                Ok(fin) => self.fin = Some(fin),
            },
            _ => return malformed("the parts are not INIT, BODY..., FIN".into()),
        }
        Ok(Ok(()))
    }

    fn take_body(&mut self, part: &Part) -> Result<Result<(), Invalid>, EngineFault> {
        let chain = Arc::clone(&self.shared.chain);
        let rules = chain.rules(self.slot.height)?;
        let mut batch = Batch::of(&part.payload);
        loop {
            let message = match batch.next_transaction() {
                Ok(Some(message)) => message,
                Ok(None) => return Ok(Ok(())),
                Err(error) => {
                    let text = format!("part {} is no TransactionBatch: {error}", part.index);
                    return Ok(Err((InvalidReason::PayloadMalformed, text)));
                }
            };
            // Reading a declaration compiles its class.
            if self.dropped.load(Ordering::Relaxed) {
                return Err(EngineFault("the validation was given up".into()));
            }
            let place = self.sent.len();
            let tx = match Tx::from_wire(&message, &rules) {
                Ok(tx) => tx,
                Err(error) => {
                    let text = format!("transaction {place}: {error}");
                    let reason = match error {
                        BadTransaction::Malformed(_) => InvalidReason::PayloadMalformed,
                        BadTransaction::NotAdmitted(_) => InvalidReason::TransactionInvalid,
                        BadTransaction::Fault(text) => return Err(EngineFault(text)),
                    };
                    return Ok(Err((reason, text)));
                }
            };
            if !self.hashes.insert(tx.hash()) {
                let text = format!("transaction {:#x} stands twice", tx.hash());
                return Ok(Err((InvalidReason::DuplicateTransaction, text)));
            }
            self.sent.push(tx);
        }
    }

    /// Executes what was sent as far as possible; says what is missing.
    fn advance(&mut self) -> Result<Option<Missing>, EngineFault> {
        let Some(init) = &self.init else { return Ok(None) };
        let run = match &mut self.run {
            Some(run) => run,
            None => {
                let needed = needed_hash(self.slot.height, self.shared.chain.genesis.first_height());
                let old_hash = match needed {
                    None => None,
                    Some(height) => match self.shared.block_hash(height)? {
                        Some((hash, _)) => Some((height, hash)),
                        None => return Ok(Some(Missing::BlockHash(height))),
                    },
                };
                let (chain, head) = (Arc::clone(&self.shared.chain), Arc::clone(&self.head));
                self.run.insert(Run::new(chain, head, init.clone(), old_hash)?)
            }
        };
        // Once FIN is known, nothing after the prefix needs to be executed.
        let end = self.fin.as_ref().map_or(self.sent.len() as u64, |fin| fin.executed_count);
        while self.stopped.is_none() && (run.count() as u64) < end {
            if self.dropped.load(Ordering::Relaxed) {
                return Err(EngineFault("the validation was given up".into()));
            }
            let index = run.count();
            let tx = &self.sent[index];
            // Nothing is executed again that stands in an earlier block (ECP-VAL-018, ECP-STK-013).
            if let Some((height, _)) = rows::read_place(&*self.head.snapshot, &tx.hash())? {
                let text = format!("transaction {index}, {:#x}, stands in block {height}", tx.hash());
                let reason = match tx {
                    Tx::L1Handler(_) => InvalidReason::L1MessageConsumed,
                    Tx::Account(_) | Tx::Declare(_) => InvalidReason::DuplicateTransaction,
                };
                self.stopped = Some((reason, text));
                break;
            }
            match run.execute(tx)? {
                Outcome::Included => {}
                Outcome::Full => {
                    let text = format!("transaction {index}, {:#x}, does not fit into the block", tx.hash());
                    self.stopped = Some((InvalidReason::BlockOverCapacity, text));
                }
                Outcome::Failed(why) => {
                    let text = format!("transaction {index}, {:#x}: {why}", tx.hash());
                    self.stopped = Some((InvalidReason::TransactionInvalid, text));
                }
            }
        }
        Ok(None)
    }

    fn say(&mut self, invalid: Invalid) -> ValidationStep {
        self.run = None;
        self.verdict = Some(Verdict::Invalid(invalid.clone()));
        ValidationStep::Invalid(invalid.0, invalid.1)
    }

    fn said(&self) -> Option<Result<ValidationStep, EngineFault>> {
        match &self.verdict {
            None => None,
            Some(Verdict::Invalid((reason, text))) => Some(Ok(ValidationStep::Invalid(*reason, text.clone()))),
            Some(Verdict::Ended) => Some(Err(EngineFault("the validation has ended".into()))),
        }
    }

    /// Executes, and once FIN is there and nothing is missing says whether the prefix can be executed at all.
    fn step(&mut self) -> Result<ValidationStep, EngineFault> {
        if let Some(missing) = self.advance()? {
            return Ok(ValidationStep::Waiting(missing));
        }
        let executed = self.run.as_ref().map_or(0, Run::count) as u64;
        match (&self.fin, self.stopped.clone()) {
            (Some(fin), Some(invalid)) if fin.executed_count > executed => Ok(self.say(invalid)),
            _ => Ok(ValidationStep::Continue),
        }
    }

    /// Finishes: everything was sent.
    fn finish(&mut self) -> Result<ValidationStep, EngineFault> {
        let Some(fin) = self.fin.clone() else {
            return Ok(self.say((InvalidReason::PayloadMalformed, "the proposal ends without FIN".into())));
        };
        match self.step()? {
            ValidationStep::Continue => {}
            other => return Ok(other),
        }
        let Some(mut run) = self.run.take() else {
            return Err(EngineFault("a proposal ended before it began".into()));
        };
        // At most what was sent, and that is in memory.
        let count = fin.executed_count as usize;
        run.truncate(count)?;
        let finished = run.finish()?;
        if fin.commitment.to_bytes_be() != finished.commitment.0 {
            self.computed = Some(finished.commitment);
            let text = format!("execution gives {}, FIN says {:#066x}", finished.commitment, fin.commitment);
            return Ok(self.say((InvalidReason::CommitmentMismatch, text)));
        }
        if let Some(text) = fin.difference(&finished) {
            self.computed = Some(finished.commitment);
            return Ok(self.say((InvalidReason::FinMismatch, text)));
        }
        self.verdict = Some(Verdict::Ended);
        let executed = self.shared.executed(finished, self.archived(count))?;
        Ok(ValidationStep::Complete { executed, local: self.local_objection() })
    }

    /// The parts as the archive keeps them: bodies cut after the executed count (ECP-SYN-010).
    fn archived(&self, count: usize) -> Vec<Part> {
        if count == self.sent.len() {
            return self.parts.clone();
        }
        let mut kept: Vec<Part> = Vec::new();
        let mut left = count;
        for part in &self.parts {
            let mut part = part.clone();
            if part.kind == PartKind::Body {
                // Every BODY was decoded when it came.
                let Ok(mut batch) = wire::TransactionBatch::decode(&*part.payload) else { continue };
                if left == 0 {
                    continue;
                }
                if batch.transactions.len() > left {
                    batch.transactions.truncate(left);
                    part.payload = Bytes::from(batch.encode_to_vec());
                }
                left -= batch.transactions.len();
            }
            // Not more parts than there were.
            part.index = kept.len() as u32;
            kept.push(part);
        }
        kept
    }
}

impl Validation for StarknetValidation {
    fn part(&mut self, part: Part) -> Result<ValidationStep, EngineFault> {
        if let Some(said) = self.said() {
            return said;
        }
        if let Err(invalid) = self.take(&part)? {
            return Ok(self.say(invalid));
        }
        self.parts.push(part);
        self.step()
    }

    fn end(&mut self) -> Result<ValidationStep, EngineFault> {
        self.ended = true;
        match self.said() {
            Some(said) => said,
            None => self.finish(),
        }
    }

    fn resume(&mut self) -> Result<ValidationStep, EngineFault> {
        match self.said() {
            Some(said) => said,
            None if self.ended => self.finish(),
            None => self.step(),
        }
    }

    fn local_objection(&self) -> Option<(LocalReason, String)> {
        let init = self.init.as_ref()?;
        let section = &self.shared.chain.section;
        let (now, own) = (self.shared.clock.unix_ms() / 1_000, self.shared.sources.prices.l1_prices());
        if let Some(objection) = init.local_objection(now, &own, section) {
            return Some(objection);
        }
        let count = self.fin.as_ref().map_or(self.sent.len(), |fin| fin.executed_count as usize);
        self.sent.iter().take(count).find_map(|tx| match tx {
            Tx::L1Handler(handler) if !self.shared.sources.l1.is_due(&L1Message::of(handler)) => {
                let text = format!("the message of transaction {:#x} is not due at this node's view of L1", tx.hash());
                Some((LocalReason::L1MessageUnseen, text))
            }
            _ => None,
        })
    }

    fn stop_when(&mut self, dropped: Arc<AtomicBool>) {
        self.dropped = dropped;
    }

    fn computed(&self) -> Option<Commitment> {
        self.computed
    }
}
