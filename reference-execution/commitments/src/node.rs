//! Nodes of a trie. A leaf is no node of its own: its value stands in the node above it.

use starknet_types_core::{felt::Felt, hash::StarkHash};

use crate::Path;

/// An inner node, kept under its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Node {
    /// Both sides hold something.
    Binary {
        /// Hash of what is under bit 0.
        left: Felt,
        /// Hash of what is under bit 1.
        right: Felt,
    },
    /// Everything below is under one path, which ends in a binary node or a leaf.
    Edge {
        /// Absolute path of the lower end.
        bottom: Path,
        /// Hash of what is there.
        child: Felt,
    },
}

const BINARY: u8 = 0;
const EDGE: u8 = 1;

impl Node {
    /// The hash, when the node stands at depth `depth`.
    #[must_use]
    pub fn hash<H: StarkHash>(&self, depth: u8) -> Felt {
        match self {
            Self::Binary { left, right } => H::hash(left, right),
            Self::Edge { bottom, child } => {
                H::hash(child, &bottom.value_from(depth)) + Felt::from(bottom.len() - depth)
            }
        }
    }

    /// Its bytes: a kind, then two felts, or a felt and a path.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Binary { left, right } => [&[BINARY][..], &left.to_bytes_be(), &right.to_bytes_be()].concat(),
            Self::Edge { bottom, child } => [&[EDGE][..], &child.to_bytes_be(), &bottom.to_bytes()].concat(),
        }
    }

    /// Reads what [`Node::to_bytes`] wrote; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (first, rest) = rest.split_first_chunk::<32>()?;
        match *kind {
            BINARY => Some(Self::Binary { left: canonical(first)?, right: canonical(rest.try_into().ok()?)? }),
            EDGE => Some(Self::Edge { bottom: Path::from_bytes(rest)?, child: canonical(first)? }),
            _ => None,
        }
    }
}

/// The felt of 32 bytes, big-endian, if they are below the prime.
pub(crate) fn canonical(bytes: &[u8; 32]) -> Option<Felt> {
    let felt = Felt::from_bytes_be(bytes);
    (felt.to_bytes_be() == *bytes).then_some(felt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_broken_ones_do_not() {
        let binary = Node::Binary { left: Felt::ONE, right: Felt::MAX };
        let edge = Node::Edge { bottom: Path::of_key(&Felt::from(5_u8), 64).unwrap(), child: Felt::MAX };
        for node in [binary, edge] {
            let bytes = node.to_bytes();
            assert_eq!(Node::from_bytes(&bytes), Some(node));
            assert_eq!(Node::from_bytes(&bytes[..bytes.len() - 1]), None);
            assert_eq!(Node::from_bytes(&[&bytes[..], &[0]].concat()), None);
        }
        assert_eq!(Node::from_bytes(&[2; 65]), None);
        assert_eq!(Node::from_bytes(&[&[0][..], &[0xff; 64]].concat()), None, "not below the prime");
    }
}
