//! Positions in a trie: the bits from the root down.

use starknet_types_core::felt::Felt;

/// Up to 251 bits, the first one nearest to the root. Bits after the length are zero, so equal paths are equal values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Path {
    bits: [u8; 32],
    len: u8,
}

impl Path {
    /// The root's.
    pub const ROOT: Self = Self { bits: [0; 32], len: 0 };

    /// The leaf of `key` in a trie of `height` bits; `None` if the key is not below 2^height.
    #[must_use]
    pub fn of_key(key: &Felt, height: u8) -> Option<Self> {
        let bytes = key.to_bytes_be();
        let skip = 256 - usize::from(height);
        if (0..skip).any(|i| bit(&bytes, i)) {
            return None;
        }
        let mut path = Self { bits: [0; 32], len: height };
        for i in 0..usize::from(height) {
            if bit(&bytes, skip + i) {
                path.bits[i / 8] |= 0x80 >> (i % 8);
            }
        }
        Some(path)
    }

    /// How many bits.
    #[must_use]
    pub const fn len(&self) -> u8 {
        self.len
    }

    /// Whether it is the root's.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bit at `index`, counted from the root; `false` after the end.
    #[must_use]
    pub fn bit(&self, index: u8) -> bool {
        bit(&self.bits, usize::from(index))
    }

    /// The first `len` bits.
    #[must_use]
    pub fn prefix(&self, len: u8) -> Self {
        let len = len.min(self.len);
        let mut bits = [0; 32];
        let (whole, rest) = (usize::from(len / 8), len % 8);
        bits[..whole].copy_from_slice(&self.bits[..whole]);
        if rest > 0 {
            bits[whole] = self.bits[whole] & !(0xff >> rest);
        }
        Self { bits, len }
    }

    /// One level down.
    #[must_use]
    pub fn child(&self, right: bool) -> Self {
        let mut child = *self;
        if right {
            child.bits[usize::from(self.len / 8)] |= 0x80 >> (self.len % 8);
        }
        child.len += 1;
        child
    }

    /// How many bits both begin with.
    #[must_use]
    pub fn common(&self, other: &Self) -> u8 {
        let most = self.len.min(other.len);
        (0..most).find(|i| self.bit(*i) != other.bit(*i)).unwrap_or(most)
    }

    /// The bits from `from` on, as a number.
    #[must_use]
    pub fn value_from(&self, from: u8) -> Felt {
        let mut bytes = [0; 32];
        for (place, index) in (from..self.len).rev().enumerate() {
            if self.bit(index) {
                bytes[31 - place / 8] |= 1 << (place % 8);
            }
        }
        Felt::from_bytes_be(&bytes)
    }

    /// The length, then the bits in as few bytes as they need.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.len];
        bytes.extend_from_slice(&self.bits[..usize::from(self.len).div_ceil(8)]);
        bytes
    }

    /// Reads what [`Path::to_bytes`] wrote; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (len, rest) = bytes.split_first()?;
        if *len > 251 || rest.len() != usize::from(*len).div_ceil(8) {
            return None;
        }
        let mut bits = [0; 32];
        bits[..rest.len()].copy_from_slice(rest);
        let path = Self { bits, len: *len };
        (path.prefix(*len).bits == bits).then_some(path)
    }
}

fn bit(bytes: &[u8; 32], index: usize) -> bool {
    bytes[index / 8] & (0x80 >> (index % 8)) != 0
}

impl std::fmt::Debug for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (0..self.len).try_for_each(|i| f.write_str(if self.bit(i) { "1" } else { "0" }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_its_highest_bit() {
        let path = Path::of_key(&Felt::from(5_u8), 4).unwrap();
        assert_eq!(format!("{path:?}"), "0101");
        assert_eq!(path.value_from(0), Felt::from(5_u8));
        assert_eq!(path.value_from(2), Felt::ONE);
        assert_eq!(Path::of_key(&Felt::from(16_u8), 4), None);
    }

    #[test]
    fn the_largest_key_of_height_251_fits_and_the_next_does_not() {
        let largest = Felt::TWO.pow(251_u16) - Felt::ONE;
        let path = Path::of_key(&largest, 251).unwrap();
        assert!((0..251).all(|i| path.bit(i)));
        assert_eq!(path.value_from(0), largest);
        assert_eq!(Path::of_key(&(largest + Felt::ONE), 251), None);
    }

    #[test]
    fn prefixes_children_and_common_bits_agree() {
        let path = Path::of_key(&Felt::from(0b1_0110_1110_u16), 9).unwrap();
        let built = (0..9).fold(Path::ROOT, |at, i| at.child(path.bit(i)));
        assert_eq!(built, path);
        for len in 0..=9 {
            assert_eq!(path.prefix(len).common(&path), len);
            assert_eq!(path.prefix(len), (0..len).fold(Path::ROOT, |at, i| at.child(path.bit(i))));
        }
        assert_eq!(path.common(&path.prefix(5).child(!path.bit(5))), 5);
    }

    #[test]
    fn bytes_are_canonical() {
        let path = Path::of_key(&Felt::from(0b1_0110_1110_u16), 9).unwrap();
        assert_eq!(Path::from_bytes(&path.to_bytes()), Some(path));
        assert_eq!(Path::from_bytes(&[9, 0xff, 0xc0]), None, "a bit after the length");
        assert_eq!(Path::from_bytes(&[9, 0xff]), None, "too short");
        assert_eq!(Path::from_bytes(&[252]), None);
        assert_eq!(Path::from_bytes(&[]), None);
    }
}
