//! What survives on either side: what the effects said is durable, and nothing else.

use std::collections::BTreeMap;

use ecp_consensus_core::{Body, BodyKey, Decided, Durable, Write};
use ecp_types::{Certificate, Commitment, Height, LastSigned, Part, Position, Round, SignedStep};

use crate::rules::Rule;

/// The consensus half's store and signing record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ConsensusDisk {
    /// Everything but bodies and the record.
    pub durable: Durable,
    /// All stored bodies, those of decided heights too.
    pub bodies: BTreeMap<BodyKey, Body>,
    /// The highest that was signed, or may not be signed any more.
    pub record: Option<LastSigned>,
    /// What was signed in each step, for ever.
    pub signed: BTreeMap<(Height, Round, SignedStep), Option<Commitment>>,
}

impl ConsensusDisk {
    /// Writes atomically.
    pub fn write(&mut self, writes: &[Write], without: Option<Rule>) {
        for write in writes {
            match (write, without) {
                (Write::Mark(_), Some(Rule::MarkDurable))
                | (Write::Body(_), Some(Rule::BodyDurable))
                | (Write::Decided { .. }, Some(Rule::CertificateDurable)) => continue,
                (Write::Body(body), _) => {
                    self.bodies.insert(body.key(), body.clone());
                }
                _ => self.durable.apply(write),
            }
            match write {
                Write::Refetch(position) => {
                    self.bodies.retain(|key, _| position.is_some_and(|p| key.slot.height <= p.height));
                }
                Write::Prune { decided, .. } => {
                    let kept = |key: &BodyKey| self.durable.decided.values().any(|d| d.body == Some(*key));
                    self.bodies.retain(|key, _| key.slot.height > *decided || kept(key));
                }
                _ => {}
            }
        }
    }

    /// What a new process reads.
    #[must_use]
    pub fn load(&self) -> Durable {
        let from = self.durable.certified.map_or(0, |p| p.height + 1);
        let undecided = self.bodies.iter().filter(|(key, _)| key.slot.height >= from);
        Durable {
            record: Some(self.record),
            bodies: undecided.map(|(key, body)| (*key, body.clone())).collect(),
            ..self.durable.clone()
        }
    }

    /// Whether the body of a decision is stored.
    #[must_use]
    pub fn holds(&self, decided: &Decided) -> bool {
        decided.body.is_some_and(|key| self.bodies.contains_key(&key))
    }

    /// Nothing at or below is signed any more.
    pub fn raise(&mut self, floor: LastSigned) {
        self.record = self.record.max(Some(floor));
    }

    /// Asks the record before a signature: whether it may be made.
    pub fn sign(&mut self, step: LastSigned, what: Option<Commitment>) -> bool {
        let key = (step.height, step.round, step.step);
        if self.record.is_some_and(|last| step <= last) {
            return self.signed.get(&key) == Some(&what);
        }
        self.record = Some(step);
        self.signed.insert(key, what);
        true
    }
}

/// A block in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Block {
    /// Proof of the decision.
    pub certificate: Certificate,
    /// What it is.
    pub parts: Vec<Part>,
}

/// The execution half's store: blocks from height 0 on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ExecutionDisk {
    /// The archive.
    pub blocks: Vec<Block>,
}

impl ExecutionDisk {
    /// The highest block.
    #[must_use]
    pub fn committed(&self) -> Option<Position> {
        let block = self.blocks.last()?;
        Some(Position { height: block.certificate.height, commitment: block.certificate.commitment })
    }

    /// The block of a height.
    #[must_use]
    pub fn block(&self, height: Height) -> Option<&Block> {
        self.blocks.get(usize::try_from(height).ok()?)
    }
}
