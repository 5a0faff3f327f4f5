//! Fingerprints of states that do not depend on how names were given out.
//!
//! The cores name calls, streams, timers and works by growing numbers, so that two states which differ only in how often
//! something was tried would never be equal. Here all names lie above [`NAMES`], far from every quantity. A fingerprint
//! takes each name by its rank among the names of the state: what a core does depends on which names are equal and
//! which is older, and on nothing else.

use std::hash::{Hash, Hasher};

/// Numbers from here on are names.
pub const NAMES: u64 = 1 << 40;
/// Names that an execution half gives.
pub const EXECUTION_NAMES: u64 = 1 << 50;
/// Added to the name of a call that was duplicated on the way.
pub const TWIN: u64 = 1 << 55;
/// Random half of every stream id.
pub const STREAM_SEED: [u8; 8] = *b"explorer";

/// Whether a word is a name: one of 2^32 above each of the marks. No payload, hash or text here looks like one.
fn is_name(word: u64) -> bool {
    [NAMES, EXECUTION_NAMES, NAMES | TWIN].contains(&(word & !u64::from(u32::MAX)))
}

/// The name in a stream id of this node's calls.
#[must_use]
pub fn stream_name(id: &[u8; 16]) -> Option<u64> {
    let (seed, name) = id.split_at(8);
    let name = name.try_into().map(u64::from_be_bytes).ok()?;
    (seed == STREAM_SEED).then_some(name)
}

/// Takes a state down as words.
#[derive(Debug, Default)]
pub struct Writer {
    words: Vec<u64>,
    names: Vec<usize>,
    ranks: Vec<u64>,
}

impl Hasher for Writer {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, bytes: &[u8]) {
        // A stream id: the seed, and a name.
        if bytes.len() == 16 && bytes[..8] == STREAM_SEED {
            let mut name = [0; 8];
            name.copy_from_slice(&bytes[8..]);
            return self.write_u64(u64::from_be_bytes(name));
        }
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            // A list of numbers comes as bytes too.
            self.write_u64(u64::from_ne_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        if is_name(word) {
            self.names.push(self.words.len());
        }
        self.words.push(word);
    }

    fn write_u8(&mut self, byte: u8) {
        self.words.push(u64::from(byte));
    }

    fn write_u32(&mut self, word: u32) {
        self.words.push(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.words.push(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.words.push(word as u64);
    }
}

impl Writer {
    /// The names that a state holds, in order.
    pub fn names(&mut self, state: &impl Hash) -> &[u64] {
        self.words.clear();
        self.names.clear();
        self.ranks.clear();
        state.hash(self);
        self.ranks.extend(self.names.iter().map(|at| self.words[*at]));
        self.ranks.sort_unstable();
        self.ranks.dedup();
        &self.ranks
    }

    /// The fingerprint of a state, in 128 bits.
    pub fn fingerprint(&mut self, state: &impl Hash) -> u128 {
        self.names(state);
        for at in &self.names {
            let rank = self.ranks.partition_point(|name| *name < self.words[*at]);
            self.words[*at] = NAMES + rank as u64;
        }
        let (mut a, mut b) = (0x9e37_79b9_7f4a_7c15u64, 0xc2b2_ae3d_27d4_eb4fu64);
        for word in &self.words {
            a = mix(a ^ word, 0xa076_1d64_78bd_642f);
            b = mix(b.wrapping_add(*word), 0xe703_7ed1_a0b4_28db);
        }
        u128::from(a) << 64 | u128::from(b)
    }
}

/// Multiplies to 128 bits and folds; each lane with a key of its own.
fn mix(word: u64, key: u64) -> u64 {
    let product = u128::from(word ^ 0x8ebc_6af0_9c88_c6e3) * u128::from(key);
    (product as u64) ^ ((product >> 64) as u64) ^ word.rotate_left(32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_order_of_names_counts() {
        let mut writer = Writer::default();
        let mut of = |names: &[u64]| writer.fingerprint(&names.to_vec());
        assert_eq!(of(&[NAMES + 3, 7, NAMES + 9, NAMES + 3]), of(&[NAMES + 5, 7, NAMES + 6, NAMES + 5]));
        assert_ne!(of(&[NAMES + 3, 7, NAMES + 9, NAMES + 3]), of(&[NAMES + 9, 7, NAMES + 3, NAMES + 9]));
        assert_ne!(of(&[NAMES + 3, 7]), of(&[NAMES + 3, 8]));
        assert_ne!(of(&[1, 2]), of(&[2, 1]));
    }

    #[test]
    fn a_stream_id_is_a_name() {
        let id = |name: u64| {
            let mut id = [0u8; 16];
            id[..8].copy_from_slice(&STREAM_SEED);
            id[8..].copy_from_slice(&name.to_be_bytes());
            id
        };
        let mut writer = Writer::default();
        assert_eq!(writer.fingerprint(&id(NAMES + 4)), writer.fingerprint(&id(NAMES + 8)));
    }
}
