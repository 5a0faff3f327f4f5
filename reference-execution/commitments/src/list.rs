//! The tree of a list that grows at its end: transactions, events and receipts of a block.
//!
//! Complete subtrees are hashed when their last leaf comes, so that the root costs only a few hashes whenever it is
//! asked for: what is voted on is known almost at once after the last transaction.

use std::marker::PhantomData;

use starknet_types_core::{felt::Felt, hash::StarkHash};

/// Height of the tree.
const HEIGHT: u8 = 64;

/// A tree of height 64 with leaves at 0, 1, 2 and so on, none of them zero.
pub struct GrowingList<H> {
    /// The complete subtrees from left to right, each lower than the one before: height and hash.
    complete: Vec<(u8, Felt)>,
    length: u64,
    hash: PhantomData<H>,
}

impl<H> Default for GrowingList<H> {
    fn default() -> Self {
        Self { complete: Vec::new(), length: 0, hash: PhantomData }
    }
}

impl<H: StarkHash> GrowingList<H> {
    /// Adds a leaf after the others.
    pub fn push(&mut self, leaf: Felt) {
        let (mut height, mut hash) = (0, leaf);
        while let Some((before, left)) = self.complete.pop_if(|(before, _)| *before == height) {
            hash = H::hash(&left, &hash);
            height = before + 1;
        }
        self.complete.push((height, hash));
        self.length += 1;
    }

    /// How many leaves there are.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.length
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The root; zero without leaves.
    #[must_use]
    pub fn root(&self) -> Felt {
        let mut subtrees = self.complete.iter().rev().copied();
        let Some((mut height, mut hash)) = subtrees.next() else { return Felt::ZERO };
        for (above, left) in subtrees {
            hash = H::hash(&left, &raised::<H>(hash, above - height));
            height = above + 1;
        }
        raised::<H>(hash, HEIGHT - height)
    }
}

/// What stands `levels` above a subtree when everything beside it is empty: an edge of zeros.
fn raised<H: StarkHash>(hash: Felt, levels: u8) -> Felt {
    if levels == 0 { hash } else { H::hash(&hash, &Felt::ZERO) + Felt::from(levels) }
}

#[cfg(test)]
mod tests {
    use starknet_types_core::hash::{Pedersen, Poseidon};

    use super::*;
    use crate::list_root;

    fn same_as_the_trie<H: StarkHash>(most: u64) {
        let mut list = GrowingList::<H>::default();
        assert_eq!((list.root(), list.is_empty()), (Felt::ZERO, true));
        for length in 1..=most {
            list.push(Felt::from(length * 7));
            assert_eq!(list.root(), list_root::<H>((1..=length).map(|i| Felt::from(i * 7))), "{length} leaves");
            assert_eq!(list.len(), length);
        }
    }

    #[test]
    fn every_length_has_the_root_that_the_trie_has() {
        same_as_the_trie::<Poseidon>(130);
        same_as_the_trie::<Pedersen>(17);
    }
}
