//! Starknet: proposals were recorded with an executor, so that the suite needs none.
//!
//! | module | what |
//! |---|---|
//! | [`recording`] | the recorded blocks |
//! | [`live`] | transactions that the suite signs and sends to the half's JSON-RPC |
//! | [`wire`] | payloads of the part format |
//! | [`mutate`] | makes a proposal wrong |
//! | [`check`] | what can be said of a proposal without executing it |
//! | [`engine`] | the recorded chain as an execution half serves it |
//! | [`building`], [`validating`] | a build and a validation of that engine |

mod building;
mod check;
mod engine;
mod live;
mod mutate;
mod recording;
#[cfg(test)]
mod tests;
mod validating;
mod wire;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use check::{Header, Payloads};
use ecp_types::{
    Certificate, Commitment, Felt, Genesis, Height, Part, PartKind, Quorum, Round,
    genesis::{GENESIS_FORMAT, GenesisFile, ParamsFile, SCHEME_STARK_ECDSA, Workload},
    keys::SignatureScheme,
    limits::{PART_BYTES, PROPOSAL_BYTES_DEFAULT},
};
pub(super) use engine::RecordedEngine;
use live::Waiting;
use prost::Message as _;
use recording::{Block, Recording, Wanted};
use serde_json::json;

use super::{Chain, Checked, Fixture, KeyRing, Live, Proposal, Slot, WorkloadError, timeouts, unsupported, validators};
use crate::schema::{Mutation, Propose, Setup};

/// Makes genesis, keys and model. What a case chooses of the chain binds no recorded block.
pub(super) fn fixture(setup: &Setup, seed: u64) -> Result<Fixture, WorkloadError> {
    let recording = Recording::embedded()?;
    let keys = validators::keys(seed, setup.validators.unwrap_or(1), SignatureScheme::StarkEcdsa)?;
    let mut section = recording.section.clone();
    if let Some(capacity) = setup.block_capacity {
        section["block_limits"] = json!({
            "max_transactions": capacity, "max_l2_gas": 5_000_000_000_u64, "max_state_diff": 4_000, "max_events": 5_000
        });
    }
    let genesis = GenesisFile {
        format: GENESIS_FORMAT.to_owned(),
        chain_id: recording.chain_id.clone(),
        fork_id: 0,
        first_height: recording.first_height,
        params: ParamsFile {
            committee: validators::committee(&keys),
            proposers: None,
            builder: recording.params.builder,
            quorum: Quorum::TWO_THIRDS,
            timeouts: timeouts(setup),
            starknet_version: recording.params.starknet_version.clone(),
            part_format: recording.params.part_format.clone(),
            commitment_scheme: recording.params.commitment_scheme.clone(),
            signature_scheme: SCHEME_STARK_ECDSA.to_owned(),
            max_proposal_bytes: setup.max_proposal_bytes.unwrap_or(PROPOSAL_BYTES_DEFAULT),
        },
        activations: setup.unsupported_from.map(unsupported).into_iter().collect(),
        workload: Workload::Starknet(section),
    }
    .to_json();
    let start = recording.section.get("timestamp").and_then(serde_json::Value::as_u64);
    let chain = StarknetChain {
        genesis: Genesis::read(&genesis).map_err(|e| WorkloadError(e.to_string()))?,
        recording,
        ring: validators::ring(&keys)?,
        waiting: live::transfers(recording, setup.mempool.unwrap_or(10))?.into(),
        head: Head {
            next_height: recording.first_height,
            place: Place::Genesis,
            timestamp: start.unwrap_or(0),
            next_price: None,
        },
        committed: BTreeSet::new(),
        hashes: Vec::new(),
    };
    Ok(Fixture { genesis, keys, chain: Box::new(chain) })
}

/// Where the head is in the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Genesis,
    Recorded(usize),
    /// The half built the head or a block below it, so nothing recorded can follow.
    Elsewhere,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    next_height: Height,
    place: Place,
    timestamp: u64,
    /// L2 gas price of the next block, if it is known.
    next_price: Option<u128>,
}

/// The model: the recording and where the head is in it.
#[derive(Clone)]
struct StarknetChain {
    genesis: Genesis,
    recording: &'static Recording,
    ring: KeyRing,
    /// What wallets send, in order.
    waiting: Arc<[Waiting]>,
    head: Head,
    /// Hashes of all transactions in committed blocks.
    committed: BTreeSet<Felt>,
    hashes: Vec<(Height, Felt, Felt)>,
}

impl StarknetChain {
    /// The recorded block at the head; none at genesis. An error where nothing is recorded.
    fn parent(&self) -> Result<Option<usize>, WorkloadError> {
        match self.head.place {
            Place::Genesis => Ok(None),
            Place::Recorded(place) => Ok(Some(place)),
            Place::Elsewhere => Err(WorkloadError(
                "no recorded proposal follows a block that the half built: let it build, or advance".into(),
            )),
        }
    }

    fn find(&self, wanted: Wanted) -> Result<&'static Block, WorkloadError> {
        let parent = self.parent()?;
        let found = self.recording.find(parent, wanted).map(|(_, block)| block);
        found.ok_or_else(|| {
            let height = self.head.next_height;
            let ahead = if wanted.ahead { ", ahead of time," } else { "" };
            WorkloadError(format!(
                "no block of {} transactions, variant {}{ahead} is recorded on this head at height {height}",
                wanted.count, wanted.variant
            ))
        })
    }

    /// INIT of a recorded block for a slot.
    fn init(block: &Block, slot: Slot) -> Result<wire::ProposalInit, WorkloadError> {
        let init = wire::ProposalInit::decode(&*block.init.0).map_err(|e| WorkloadError(e.to_string()))?;
        Ok(for_slot(init, slot))
    }

    /// The recorded block that these parts are, if they are one.
    fn recorded(&self, slot: Slot, payloads: &Payloads) -> Option<(usize, &'static Block)> {
        let parent = self.parent().ok()?;
        let (place, block) = self.recording.after(parent).find(|(_, b)| b.commitment == payloads.commitment)?;
        let fin = wire::ProposalFin::decode(&*block.fin.0).ok()?;
        let same = Self::init(block, slot).is_ok_and(|init| init == payloads.init)
            && payloads.executed().is_ok_and(|executed| executed == self.recording.transactions(block))
            && fin == payloads.fin;
        same.then_some((place, block))
    }

    fn header_check(&self, slot: Slot, payloads: &Payloads) -> Result<Result<(), String>, WorkloadError> {
        let params = self.params(self.head.next_height)?;
        let any = self.recording.block(0).ok_or_else(|| WorkloadError("nothing is recorded".into()))?;
        let any = wire::ProposalInit::decode(&*any.init.0).map_err(|e| WorkloadError(e.to_string()))?;
        let header = Header {
            params: &params,
            timestamp: self.head.timestamp,
            l2_gas_price: match self.head.place {
                // The price of genesis stands in every block on it.
                Place::Genesis => any.l2_gas_price_fri.map(u128::from),
                _ => self.head.next_price,
            },
            version_constants: any.version_constant_commitment.as_ref().unwrap_or(&NO_FELT),
        };
        Ok(header.check(slot, payloads))
    }
}

/// Stands for a felt that is absent; no felt is empty.
static NO_FELT: wire::Felt252 = wire::Felt252 { elements: Bytes::new() };

fn for_slot(mut init: wire::ProposalInit, slot: Slot) -> wire::ProposalInit {
    init.round = slot.round;
    init.valid_round = slot.valid_round;
    init.proposer = Some(wire::Felt252 { elements: Bytes::copy_from_slice(slot.proposer.as_bytes()) });
    init
}

fn parts(init: &wire::ProposalInit, batches: &[&[Bytes]], fin: &wire::ProposalFin) -> Vec<Part> {
    let body = |batch: &&[Bytes]| wire::TransactionBatch { transactions: batch.to_vec() }.encode_to_vec();
    let payloads = std::iter::once((PartKind::Init, init.encode_to_vec()))
        .chain(batches.iter().map(|batch| (PartKind::Body, body(batch))))
        .chain(std::iter::once((PartKind::Fin, fin.encode_to_vec())));
    let parts = (0..).zip(payloads);
    parts.map(|(index, (kind, payload))| Part { index, kind, payload: payload.into() }).collect()
}

/// The parts as an archive keeps them: bodies are cut after the executed count.
fn archived(parts: &[Part]) -> Result<Vec<Part>, WorkloadError> {
    let payloads = Payloads::read(parts).map_err(WorkloadError)?;
    let mut left = payloads.executed().map_err(WorkloadError)?.len();
    if left == payloads.transactions.len() {
        return Ok(parts.to_vec());
    }
    let mut kept: Vec<Part> = Vec::new();
    for part in parts {
        let mut part = part.clone();
        if part.kind == PartKind::Body {
            let mut batch =
                wire::TransactionBatch::decode(part.payload.clone()).map_err(|e| WorkloadError(e.to_string()))?;
            if left == 0 {
                continue;
            }
            batch.transactions.truncate(left);
            left -= batch.transactions.len();
            part.payload = batch.encode_to_vec().into();
        }
        part.index = u32::try_from(kept.len()).map_err(|e| WorkloadError(e.to_string()))?;
        kept.push(part);
    }
    Ok(kept)
}

impl Chain for StarknetChain {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn next_height(&self) -> Height {
        self.head.next_height
    }

    fn can_propose(&self) -> bool {
        self.head.place != Place::Elsewhere
    }

    fn live(&self) -> Vec<Live> {
        let left = self.waiting.iter().filter(|w| !self.committed.contains(&w.sent.hash));
        left.map(|w| w.sent.clone()).collect()
    }

    fn propose(&self, slot: Slot, wanted: &Propose) -> Result<Proposal, WorkloadError> {
        let has = |mutation: Mutation| wanted.mutations().any(|m| m == mutation);
        if let Some(why) = wanted.mutations().find_map(mutate::refused) {
            return Err(WorkloadError(why.into()));
        }
        let count = wanted.transactions.unwrap_or(3) as usize;
        let of =
            |count| Wanted { count, variant: wanted.variant.unwrap_or(0).into(), ahead: has(Mutation::TimestampAhead) };
        let sent = self.find(of(count))?;
        let block = if has(Mutation::CountBelowSent) { self.find(of(count.saturating_sub(1)))? } else { sent };
        let mut transactions = self.recording.transactions(sent);
        if let Some(last) = transactions.last_mut() {
            if has(Mutation::FlipSignatureByte) {
                *last = mutate::flip_signature(last)?;
            }
            if has(Mutation::FeltNotBelowPrime) {
                *last = mutate::spoil_signature(last)?;
            }
            if has(Mutation::Overspend) {
                *last = self.recording.transaction(self.recording.overspend);
            }
            if has(Mutation::WrongNonce) {
                *last = self.recording.transaction(self.recording.wrong_nonce);
            }
        }
        if has(Mutation::DuplicateTransaction) {
            transactions.extend(transactions.last().cloned());
        }
        let mut init = Self::init(block, slot)?;
        mutate::init(&mut init, &has, self.head.timestamp);
        let mut fin = wire::ProposalFin::decode(&*block.fin.0).map_err(|e| WorkloadError(e.to_string()))?;
        mutate::fin(&mut fin, &has);
        let per_part = wanted.per_part.unwrap_or(u32::MAX).max(1) as usize;
        let batches: Vec<&[Bytes]> = transactions.chunks(per_part.min(transactions.len().max(1))).collect();
        let mut parts = parts(&init, &batches, &fin);
        for (mutation, kind) in [
            (Mutation::InitGarbage, PartKind::Init),
            (Mutation::BodyGarbage, PartKind::Body),
            (Mutation::FinGarbage, PartKind::Fin),
        ] {
            if has(mutation)
                && let Some(part) = parts.iter_mut().find(|p| p.kind == kind)
            {
                part.payload = Bytes::from_static(b"no message of the part format");
            }
        }
        let named = fin.proposal_commitment.as_ref().map_or(&[][..], |c| &c.elements);
        let commitment = Commitment::from_bytes(named).map_err(|e| WorkloadError(e.to_string()))?;
        Ok(Proposal { slot, parts, commitment, executed: fin.executed_transaction_count })
    }

    fn check(&self, slot: Slot, parts: &[Part]) -> Result<Result<Checked, String>, WorkloadError> {
        let payloads = match Payloads::read(parts) {
            Ok(payloads) => payloads,
            Err(why) => return Ok(Err(why)),
        };
        let checked = Checked { commitment: payloads.commitment, executed: payloads.fin.executed_transaction_count };
        if self.recorded(slot, &payloads).is_some() {
            return Ok(Ok(checked));
        }
        let header = self.header_check(slot, &payloads)?;
        let all = header.and_then(|()| check::only_sent(&payloads, &self.waiting, &self.committed));
        Ok(all.map(|()| checked))
    }

    fn commit(&mut self, slot: Slot, parts: &[Part]) -> Result<(), WorkloadError> {
        let refused = |why: String| WorkloadError(format!("a block that is not valid cannot be the head: {why}"));
        self.check(slot, parts)?.map_err(refused)?;
        let payloads = Payloads::read(parts).map_err(refused)?;
        let place = match self.recorded(slot, &payloads) {
            Some((place, block)) => {
                self.hashes.push((block.height, block.block_hash, block.state_root));
                Place::Recorded(place)
            }
            None => Place::Elsewhere,
        };
        for transaction in payloads.executed().map_err(refused)? {
            self.committed.insert(check::hash_of(transaction).map_err(refused)?);
        }
        self.head = Head {
            next_height: self.head.next_height + 1,
            place,
            timestamp: payloads.init.timestamp,
            next_price: payloads.next_price(),
        };
        Ok(())
    }

    fn reframe(&self, init: &[u8], slot: Slot) -> Result<Bytes, WorkloadError> {
        let init = wire::ProposalInit::decode(init).map_err(|e| WorkloadError(e.to_string()))?;
        Ok(for_slot(init, slot).encode_to_vec().into())
    }

    fn archived(&self, parts: &[Part]) -> Result<Vec<Part>, WorkloadError> {
        archived(parts)
    }

    fn certificate(&self, height: Height, round: Round, commitment: Commitment) -> Result<Certificate, WorkloadError> {
        validators::certificate(&self.genesis, &self.ring, height, round, commitment)
    }

    fn read(&self, parts: &[Part]) -> Result<Proposal, WorkloadError> {
        let payloads = Payloads::read(parts).map_err(WorkloadError)?;
        Ok(Proposal {
            slot: payloads.slot().map_err(WorkloadError)?,
            parts: parts.to_vec(),
            commitment: payloads.commitment,
            executed: payloads.fin.executed_transaction_count,
        })
    }

    fn built(&self, parts: &[Part]) -> Vec<(&'static str, String)> {
        let large = parts.iter().filter(|part| part.payload.len() as u64 > PART_BYTES);
        let mut complaints: Vec<_> = large
            .map(|part| ("ECP-LIM-008", format!("part {} has {} bytes", part.index, part.payload.len())))
            .collect();
        if let (Ok(payloads), Ok(now)) = (Payloads::read(parts), SystemTime::now().duration_since(UNIX_EPOCH))
            && payloads.init.timestamp > now.as_secs().max(self.head.timestamp)
        {
            let text = format!("its timestamp {} lies ahead", payloads.init.timestamp);
            complaints.push(("ECP-BLD-012", text));
        }
        complaints
    }

    fn block_hash(&self, height: Height) -> Option<(Felt, Felt)> {
        let (_, hash, root) = self.hashes.iter().find(|(h, ..)| *h == height)?;
        Some((*hash, *root))
    }

    fn transactions(&self, parts: &[Part]) -> Result<Vec<Felt>, WorkloadError> {
        let payloads = Payloads::read(parts).map_err(WorkloadError)?;
        let executed = payloads.executed().map_err(WorkloadError)?;
        executed.iter().map(check::hash_of).collect::<Result<_, _>>().map_err(WorkloadError)
    }

    fn boxed(&self) -> Box<dyn Chain> {
        Box::new(self.clone())
    }
}
