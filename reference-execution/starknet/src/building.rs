//! Building a block: transactions are executed, then sent, so that nothing is sent that fails validation.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use ecp_execution_core::seams::{Build, BuildStep, EngineFault, Slot};
use ecp_types::{Missing, Part, PartKind};
use prost::Message as _;
use starknet_types_core::felt::Felt as StarkFelt;

use crate::{
    codec::Tx,
    convert,
    engine::Shared,
    head::Head,
    header::Init,
    market, rows,
    run::{Finished, Outcome, Run, needed_hash},
    wire,
};

/// Most transactions of a BODY part.
const BATCH_TRANSACTIONS: usize = 16;
/// How many messages from L1 are looked at.
const L1_MESSAGES: usize = 64;
/// Most bytes of a BODY part, the recommended size.
const BATCH_BYTES: usize = 256 * 1024;
/// A BODY part is sent after this time, full or not, so that validators can follow.
const BATCH_TIME: Duration = Duration::from_millis(50);
/// How long a block without transactions waits for a first one.
const IDLE: Duration = Duration::from_millis(200);
/// How often a build looks up while it waits, so that it can be ended.
const IDLE_STEP: Duration = Duration::from_millis(20);

/// A block that is being built.
pub(crate) struct StarknetBuild {
    shared: Arc<Shared>,
    head: Arc<Head>,
    slot: Slot,
    stage: Stage,
    parts: Vec<Part>,
    bytes: u64,
    max_bytes: u64,
    /// Next nonce of the accounts that were looked at.
    nonces: HashMap<StarkFelt, StarkFelt>,
    /// Messages from L1 that were looked at.
    seen: HashSet<StarkFelt>,
    /// Messages from L1 to take next.
    messages: VecDeque<Tx>,
    /// What failed here: skipped, so that one account's bad transaction holds up nobody else's.
    failed: HashSet<StarkFelt>,
    waited: Duration,
}

enum Stage {
    Begin,
    Open(Box<Run>),
    /// FIN is said. What the archive and the state get of the block is made after that.
    Closed(Box<Finished>),
    Done,
}

impl StarknetBuild {
    pub(crate) fn new(shared: Arc<Shared>, head: Arc<Head>, slot: Slot) -> Result<Self, EngineFault> {
        let max_bytes = shared.chain.params(slot.height)?.max_proposal_bytes;
        Ok(Self {
            shared,
            head,
            slot,
            stage: Stage::Begin,
            parts: Vec::new(),
            bytes: 0,
            max_bytes,
            nonces: HashMap::new(),
            seen: HashSet::new(),
            messages: VecDeque::new(),
            failed: HashSet::new(),
            waited: Duration::ZERO,
        })
    }

    fn part(&mut self, kind: PartKind, payload: Vec<u8>) -> Part {
        // A proposal is limited in bytes, so it never has 2^32 parts.
        let index = self.parts.len() as u32;
        self.bytes += payload.len() as u64;
        let part = Part { index, kind, payload: Bytes::from(payload) };
        self.parts.push(part.clone());
        part
    }

    fn begin(&mut self) -> Result<BuildStep, EngineFault> {
        let needed = needed_hash(self.slot.height, self.shared.chain.genesis.first_height());
        let old_hash = match needed {
            None => None,
            Some(height) => match self.shared.block_hash(height)? {
                Some((hash, _)) => Some((height, hash)),
                None => return Ok(BuildStep::Waiting(Missing::BlockHash(height))),
            },
        };
        let init = next_init(&self.shared, &self.head, &self.slot)?;
        let payload = init.encode();
        let run = Run::new(Arc::clone(&self.shared.chain), Arc::clone(&self.head), init, old_hash)?;
        self.stage = Stage::Open(Box::new(run));
        Ok(BuildStep::Part(self.part(PartKind::Init, payload)))
    }

    /// Executes up to a BODY part's worth; says whether the block must be closed.
    fn batch(&mut self, run: &mut Run, left: Duration) -> Result<(Vec<Tx>, bool), EngineFault> {
        let started = Instant::now();
        self.look_at_l1()?;
        let mut batch = Vec::new();
        let mut batch_bytes = 0;
        // Room for FIN, and for what the parts wrap around transactions.
        let room = self.max_bytes.saturating_sub(self.bytes).saturating_sub(4 * 1024);
        while batch.len() < BATCH_TRANSACTIONS && batch_bytes < BATCH_BYTES && started.elapsed() < BATCH_TIME {
            if started.elapsed() >= left {
                return Ok((batch, true));
            }
            let Some(tx) = self.next_transaction()? else { return Ok((batch, false)) };
            let size = tx.to_bytes().len() + 16;
            if (batch_bytes + size) as u64 > room {
                return Ok((batch, true));
            }
            match run.execute(&tx)? {
                Outcome::Included => {
                    batch_bytes += size;
                    if !matches!(tx, Tx::L1Handler(_)) {
                        self.nonces.insert(tx.sender(), tx.nonce() + StarkFelt::ONE);
                    }
                    batch.push(tx);
                }
                Outcome::Full => return Ok((batch, true)),
                Outcome::Failed(why) => {
                    tracing::info!(hash = %format!("{:#x}", tx.hash()), %why, "transaction refused");
                    self.failed.insert(tx.hash());
                    self.shared.mempool.refuse(tx.hash(), why);
                }
            }
        }
        Ok((batch, false))
    }

    /// Takes new messages from L1 that no block consumed.
    fn look_at_l1(&mut self) -> Result<(), EngineFault> {
        if !self.messages.is_empty() {
            return Ok(());
        }
        let l1 = &self.shared.sources.l1;
        for message in l1.waiting(L1_MESSAGES) {
            // What cannot be a transaction of this chain is not for it.
            let Ok(handler) = message.transaction(&self.shared.chain.chain_id) else {
                l1.consumed(&message);
                continue;
            };
            let tx = Tx::L1Handler(handler);
            if rows::read_place(&*self.head.snapshot, &tx.hash())?.is_some() {
                // Consumed before this process began.
                l1.consumed(&message);
            } else if self.seen.insert(tx.hash()) {
                self.messages.push_back(tx);
            }
        }
        Ok(())
    }

    /// The next message from L1, or the next waiting transaction of an account.
    fn next_transaction(&mut self) -> Result<Option<Tx>, EngineFault> {
        if let Some(message) = self.messages.pop_front() {
            return Ok(Some(message));
        }
        let (head, nonces) = (&self.head, &mut self.nonces);
        let mut failure = None;
        let next = |sender: &StarkFelt| {
            *nonces.entry(*sender).or_insert_with(|| {
                let key = sender.to_bytes_be();
                rows::read_felt(&*head.snapshot, rows::NONCES, &key).unwrap_or_else(|error| {
                    failure = Some(error);
                    StarkFelt::ZERO
                })
            })
        };
        let tx = self.shared.mempool.next(next, &self.failed);
        match failure {
            Some(error) => Err(rows::fault(error)),
            None => Ok(tx),
        }
    }

    fn close(&mut self, run: Run) -> Result<BuildStep, EngineFault> {
        let finished = run.finish()?;
        let payload = finished.fin().encode_to_vec();
        let part = self.part(PartKind::Fin, payload);
        self.stage = Stage::Closed(Box::new(finished));
        Ok(BuildStep::Part(part))
    }

    fn advance(&mut self, mut run: Box<Run>, left: Duration) -> Result<BuildStep, EngineFault> {
        let started = Instant::now();
        loop {
            let left = left.saturating_sub(started.elapsed());
            let (batch, mut close) = self.batch(&mut run, left)?;
            if !batch.is_empty() {
                let transactions = batch.iter().map(Tx::to_wire).collect();
                let payload = wire::TransactionBatch { transactions }.encode_to_vec();
                // A block that must be closed is closed in the next step, which finds nothing that fits either.
                self.stage = Stage::Open(run);
                return Ok(BuildStep::Part(self.part(PartKind::Body, payload)));
            }
            // Nothing more to execute now: a block with content is closed, an empty one waits a little.
            close = close || run.count() > 0 || self.waited >= IDLE || left.is_zero();
            if close {
                return self.close(*run);
            }
            let step = IDLE_STEP.min(left);
            self.shared.mempool.wait(step);
            self.waited += step;
        }
    }
}

/// The header that a block on `head` gets when it is begun now.
pub(crate) fn next_init(shared: &Shared, head: &Head, slot: &Slot) -> Result<Init, EngineFault> {
    let params = shared.chain.params(slot.height)?;
    let section = &shared.chain.section;
    let fee = market::has_fee_proposal(&params.starknet_version).then(|| {
        // What this node wants is the price of genesis; it may move there only in small steps.
        let (low, high) = market::fee_proposal_bounds(head.fee_actual(), section.l2_gas_market.fee_proposal_margin_ppt);
        section.prices.l2_gas_fri.clamp(low, high)
    });
    Ok(Init {
        height: slot.height,
        round: slot.round,
        valid_round: slot.valid_round,
        proposer: convert::stark(&slot.proposer),
        timestamp: (shared.clock.unix_ms() / 1_000).max(head.timestamp),
        builder: convert::stark(&params.builder),
        blobs: true,
        l2_gas_price_fri: head.next_l2_gas_price,
        l1: shared.sources.prices.l1_prices(),
        version_constants: shared.chain.version_constants(&params.starknet_version)?,
        starknet_version: params.starknet_version,
        fee_proposal_fri: fee,
    })
}

impl Build for StarknetBuild {
    fn step(&mut self, left: Duration) -> Result<BuildStep, EngineFault> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Begin => {
                self.stage = Stage::Begin;
                self.begin()
            }
            Stage::Open(run) => self.advance(run, left),
            Stage::Closed(finished) => {
                let parts = std::mem::take(&mut self.parts);
                Ok(BuildStep::Built(self.shared.executed(*finished, parts)?))
            }
            Stage::Done => Err(EngineFault("the build has ended".into())),
        }
    }
}
