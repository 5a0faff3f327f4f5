//! The recorded chain: blocks that an executor made, by what they follow and what is in them.

use std::{io::Read, sync::OnceLock};

use bytes::Bytes;
use ecp_types::{Commitment, Felt, Height, HexBytes};
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::workload::WorkloadError;

/// The file, compressed. `conformance/recordings/starknet/README.md` describes it.
const PACKED: &[u8] = include_bytes!("../../../recordings/starknet/chain.json.gz");
/// The `format` that this suite reads.
const FORMAT: &str = "ecp-starknet-recording/1";

/// A recorded chain.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recording {
    format: String,
    /// Chain id that all transactions and commitments are bound to.
    pub chain_id: String,
    /// Height of the first block.
    pub first_height: Height,
    /// What of the parameters is bound.
    pub params: Params,
    /// The `starknet` section of genesis.
    pub section: serde_json::Value,
    /// Secret keys of accounts whose transactions the suite signs itself.
    pub live_keys: Vec<Felt>,
    /// A transaction that is far ahead of its account, by place.
    pub wrong_nonce: usize,
    /// A transaction whose account cannot pay its fee, by place.
    pub overspend: usize,
    transactions: Vec<HexBytes>,
    blocks: Vec<Block>,
    /// Of each block, the height of the last block that follows it.
    #[serde(skip)]
    reaches: Vec<Height>,
}

/// Parameters that recorded blocks are bound to; a case chooses the others.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    pub builder: Felt,
    pub starknet_version: String,
    pub part_format: String,
    pub commitment_scheme: String,
}

/// A recorded block.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    /// Its height.
    pub height: Height,
    /// The block before it; absent for those on genesis.
    #[serde(default)]
    pub parent: Option<usize>,
    /// How many seconds its timestamp lies after the earliest, to tell it from others with the same content.
    pub variant: u64,
    /// Whether its timestamp lies in a far future.
    #[serde(default)]
    pub ahead: bool,
    /// Its transactions, by place.
    pub transactions: Vec<usize>,
    /// Payload of INIT at round 0.
    pub init: HexBytes,
    /// Payload of FIN.
    pub fin: HexBytes,
    /// What it is voted on by.
    #[serde(deserialize_with = "commitment")]
    pub commitment: Commitment,
    /// Its hash.
    pub block_hash: Felt,
    /// The state root after it.
    pub state_root: Felt,
}

/// What a case asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub count: usize,
    pub variant: u64,
    pub ahead: bool,
}

impl Recording {
    /// The one in this binary.
    pub(super) fn embedded() -> Result<&'static Self, WorkloadError> {
        static READ: OnceLock<Result<Recording, WorkloadError>> = OnceLock::new();
        READ.get_or_init(|| Self::read(PACKED)).as_ref().map_err(Clone::clone)
    }

    fn read(packed: &[u8]) -> Result<Self, WorkloadError> {
        let bad = |why: &dyn std::fmt::Display| WorkloadError(format!("the recorded Starknet chain: {why}"));
        let mut recording: Self =
            serde_json::from_slice(&unpacked(packed).map_err(|e| bad(&e))?).map_err(|e| bad(&e))?;
        if recording.format != FORMAT {
            return Err(bad(&format!("its format is {}, not {FORMAT}", recording.format)));
        }
        let transactions = 0..recording.transactions.len();
        let places = recording.blocks.iter().flat_map(|b| &b.transactions);
        let all_known =
            places.chain([&recording.wrong_nonce, &recording.overspend]).all(|place| transactions.contains(place));
        let parents_first = recording.blocks.iter().enumerate().all(|(i, b)| b.parent.is_none_or(|p| p < i));
        if !all_known || !parents_first {
            return Err(bad(&"it names something that is not there"));
        }
        recording.reaches = reaches(&recording.blocks);
        Ok(recording)
    }

    /// A transaction as it stands in a BODY. Every place in the file was checked when it was read.
    pub(super) fn transaction(&self, place: usize) -> Bytes {
        self.transactions.get(place).map(|t| Bytes::copy_from_slice(&t.0)).unwrap_or_default()
    }

    /// Transactions of a block.
    pub(super) fn transactions(&self, block: &Block) -> Vec<Bytes> {
        block.transactions.iter().map(|place| self.transaction(*place)).collect()
    }

    /// A block by its place.
    pub(super) fn block(&self, place: usize) -> Option<&Block> {
        self.blocks.get(place)
    }

    /// The blocks that follow `parent`, with their places.
    pub(super) fn after(&self, parent: Option<usize>) -> impl Iterator<Item = (usize, &Block)> {
        self.blocks.iter().enumerate().filter(move |(_, b)| b.parent == parent)
    }

    /// Of the blocks that follow `parent` and that no clock objects to, the first of those that most heights follow.
    pub(super) fn longest_after(&self, parent: Option<usize>) -> Option<usize> {
        let reach = |place: usize| self.reaches.get(place).copied();
        let timely = self.after(parent).filter(|(_, block)| !block.ahead).map(|(place, _)| place);
        timely.max_by_key(|place| (reach(*place), std::cmp::Reverse(*place)))
    }

    /// Height of the last block that can be reached from genesis.
    pub(super) fn last_height(&self) -> Height {
        self.reaches.iter().copied().max().unwrap_or(self.first_height)
    }

    /// The block that a case asks for.
    pub(super) fn find(&self, parent: Option<usize>, wanted: Wanted) -> Option<(usize, &Block)> {
        self.after(parent)
            .find(|(_, b)| Wanted { count: b.transactions.len(), variant: b.variant, ahead: b.ahead } == wanted)
    }
}

fn reaches(blocks: &[Block]) -> Vec<Height> {
    let mut reaches: Vec<Height> = blocks.iter().map(|block| block.height).collect();
    // Parents stand before their children, so a block has heard from all that follow it when its turn comes.
    for (place, block) in blocks.iter().enumerate().rev() {
        if let Some(parent) = block.parent {
            reaches[parent] = reaches[parent].max(reaches[place]);
        }
    }
    reaches
}

fn commitment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Commitment, D::Error> {
    let bytes = HexBytes::deserialize(deserializer)?;
    Commitment::from_bytes(&bytes.0).map_err(D::Error::custom)
}

fn unpacked(packed: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_embedded_recording_is_the_one_of_its_digest() {
        let sums = include_str!("../../../recordings/starknet/SHA256SUMS");
        let digest = hex::encode(Sha256::digest(unpacked(PACKED).unwrap()));
        assert_eq!(sums, format!("{digest}  chain.json\n"));
    }

    #[test]
    fn more_heights_than_the_oldest_hash_that_is_needed_are_recorded() {
        let recording = Recording::embedded().unwrap();
        let one = Wanted { count: 1, variant: 0, ahead: false };
        let mut at = None;
        for height in recording.first_height..=recording.first_height + 12 {
            let (place, block) = recording.find(at, one).unwrap();
            assert_eq!(block.height, height);
            at = Some(place);
        }
    }
}
