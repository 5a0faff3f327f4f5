//! The Patricia trie. Nodes are kept by path, and a node holds the hashes of what is below it: a write reads and
//! replaces only the nodes from the root to its leaf, and the sibling of a deleted leaf.

use std::{collections::BTreeMap, marker::PhantomData};

use starknet_types_core::{
    felt::Felt,
    hash::{Pedersen, Poseidon, StarkHash},
};

use crate::{MemoryStore, Node, NodeStore, NodeWrite, Path, StoreError, TrieId};

/// The tries of contracts and of their storage.
pub type ContractTrie = Trie<Pedersen, 251>;
/// The trie of classes.
pub type PoseidonTrie = Trie<Poseidon, 251>;
/// The trees over a block's transactions, events and receipts.
pub type ListTree<H> = Trie<H, 64>;

/// A trie with hash `H` over keys of `HEIGHT` bits, 1 to 251. A value of zero is absence.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trie<H, const HEIGHT: u8>(PhantomData<H>);

/// What an update comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrieUpdate {
    /// The root after it; zero for an empty trie.
    pub root: Felt,
    /// What to write, in order of path; only what differs from what is stored.
    pub nodes: Vec<NodeWrite>,
}

/// Why a trie cannot be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrieError {
    /// The caller's key is too large.
    #[error("key {key:#x} has more than {height} bits")]
    KeyTooLarge {
        /// The key.
        key: Felt,
        /// Height of the trie.
        height: u8,
    },
    /// The store names a node that it does not hold, or one that cannot stand there.
    #[error("{trie:?} is incomplete: no usable node at depth {depth}; the store was changed by somebody else")]
    Inconsistent {
        /// The trie.
        trie: TrieId,
        /// Depth of the node.
        depth: u8,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<H: StarkHash, const HEIGHT: u8> Trie<H, HEIGHT> {
    /// The root as it is stored; zero for an empty trie.
    pub fn root<S: NodeStore + ?Sized>(store: &S, trie: TrieId) -> Result<Felt, TrieError> {
        Ok(store.node(trie, &Path::ROOT)?.map_or(Felt::ZERO, |node| node.hash::<H>(0)))
    }

    /// The value of `key`; zero if there is none.
    pub fn get<S: NodeStore + ?Sized>(store: &S, trie: TrieId, key: &Felt) -> Result<Felt, TrieError> {
        let leaf = Self::leaf(key)?;
        let mut at = Path::ROOT;
        let Some(mut node) = store.node(trie, &at)? else { return Ok(Felt::ZERO) };
        loop {
            let (below, hash) = match node {
                Node::Binary { left, right } => {
                    let bit = leaf.bit(at.len());
                    (at.child(bit), if bit { right } else { left })
                }
                Node::Edge { bottom, child } if leaf.prefix(bottom.len()) == bottom => (bottom, child),
                Node::Edge { .. } => return Ok(Felt::ZERO),
            };
            let inconsistent = TrieError::Inconsistent { trie, depth: below.len() };
            if below.len() >= HEIGHT {
                return if below.len() == HEIGHT { Ok(hash) } else { Err(inconsistent) };
            }
            // Each step must lead down, whatever the store holds.
            if below.len() <= at.len() {
                return Err(inconsistent);
            }
            at = below;
            node = store.node(trie, &at)?.ok_or(inconsistent)?;
        }
    }

    /// Sets all `writes` at once; of several to one key the last counts, and zero deletes.
    pub fn update<S: NodeStore + ?Sized>(
        store: &S,
        trie: TrieId,
        writes: impl IntoIterator<Item = (Felt, Felt)>,
    ) -> Result<TrieUpdate, TrieError> {
        let mut leaves = BTreeMap::new();
        for (key, value) in writes {
            leaves.insert(Self::leaf(&key)?, value);
        }
        let leaves: Vec<_> = leaves.into_iter().collect();
        if leaves.is_empty() {
            return Ok(TrieUpdate { root: Self::root(store, trie)?, nodes: Vec::new() });
        }
        let mut run = Run::<H, S, HEIGHT> { store, trie, touched: BTreeMap::new(), hash: PhantomData };
        let old = match run.take(&Path::ROOT)? {
            Some(node) => Old::Node(node),
            None => Old::Empty,
        };
        let new = run.merge(Path::ROOT, old, &leaves)?;
        let root = run.settle(&Path::ROOT, new);
        let changed = run.touched.into_iter().filter(|(_, (old, new))| old != new);
        Ok(TrieUpdate { root, nodes: changed.map(|(path, (_, node))| NodeWrite { trie, path, node }).collect() })
    }

    fn leaf(key: &Felt) -> Result<Path, TrieError> {
        Path::of_key(key, HEIGHT).ok_or(TrieError::KeyTooLarge { key: *key, height: HEIGHT })
    }
}

/// Root of the tree of height 64 with `values` at 0, 1, 2 and so on; zero without values.
pub fn list_root<H: StarkHash>(values: impl IntoIterator<Item = Felt>) -> Felt {
    let writes = (0_u64..).map(Felt::from).zip(values);
    // Neither error can happen: a key is a u64, and the store in memory is empty and cannot fail.
    ListTree::<H>::update(&MemoryStore::default(), TrieId::Contracts, writes).map_or(Felt::ZERO, |update| update.root)
}

/// What stands somewhere before the update.
enum Old {
    Empty,
    /// A leaf, or a node that is not read yet.
    Hash(Felt),
    /// A node that was read.
    Node(Node),
    /// The lower end of an edge that was read.
    Edge {
        bottom: Path,
        child: Felt,
    },
}

/// What stands somewhere after it.
enum New {
    Empty,
    /// Nothing changed there.
    Hash(Felt),
    Leaf(Felt),
    Node(Node),
}

/// One update under way.
struct Run<'a, H, S: ?Sized, const HEIGHT: u8> {
    store: &'a S,
    trie: TrieId,
    /// Nodes that were read or made: as stored, and as they shall be.
    touched: BTreeMap<Path, (Option<Node>, Option<Node>)>,
    hash: PhantomData<H>,
}

impl<H: StarkHash, S: NodeStore + ?Sized, const HEIGHT: u8> Run<'_, H, S, HEIGHT> {
    /// Reads a node that is to be replaced: unless something is put there again, it is deleted.
    fn take(&mut self, at: &Path) -> Result<Option<Node>, TrieError> {
        let node = self.store.node(self.trie, at)?;
        if let Some(Node::Edge { bottom, .. }) = &node
            && (bottom.len() <= at.len() || bottom.len() > HEIGHT || bottom.prefix(at.len()) != *at)
        {
            return Err(self.inconsistent(at));
        }
        self.touched.insert(*at, (node, None));
        Ok(node)
    }

    fn inconsistent(&self, at: &Path) -> TrieError {
        TrieError::Inconsistent { trie: self.trie, depth: at.len() }
    }

    /// Puts what belongs at `at` and gives its hash.
    fn settle(&mut self, at: &Path, new: New) -> Felt {
        match new {
            New::Empty => Felt::ZERO,
            New::Hash(hash) | New::Leaf(hash) => hash,
            New::Node(node) => {
                self.touched.entry(*at).or_insert((None, None)).1 = Some(node);
                node.hash::<H>(at.len())
            }
        }
    }

    /// The subtree at `at` with `leaves` set, which all lie below it, in order, and are not none.
    fn merge(&mut self, at: Path, old: Old, leaves: &[(Path, Felt)]) -> Result<New, TrieError> {
        let (Some((first, value)), Some((last, _))) = (leaves.first(), leaves.last()) else {
            return Ok(match old {
                Old::Empty => New::Empty,
                Old::Hash(hash) => New::Hash(hash),
                Old::Node(node) => New::Node(node),
                Old::Edge { bottom, child } => New::Node(Node::Edge { bottom, child }),
            });
        };
        if at.len() == HEIGHT {
            return Ok(if *value == Felt::ZERO { New::Empty } else { New::Leaf(*value) });
        }
        let old = match old {
            Old::Hash(_) => Old::Node(self.take(&at)?.ok_or_else(|| self.inconsistent(&at))?),
            old => old,
        };
        let old = match old {
            Old::Node(Node::Edge { bottom, child }) => Old::Edge { bottom, child },
            old => old,
        };
        // Where everything below goes one way, go there at once.
        let shared = match &old {
            Old::Empty => first.common(last),
            Old::Edge { bottom, .. } => first.common(bottom).min(last.common(bottom)),
            _ => at.len(),
        };
        if shared > at.len() {
            let below = first.prefix(shared);
            let old = match old {
                Old::Edge { bottom, child } if bottom.len() == shared => Old::Hash(child),
                old => old,
            };
            let new = self.merge(below, old, leaves)?;
            return self.edge(below, new);
        }
        let (left, right) = match old {
            Old::Node(Node::Binary { left, right }) => (Old::Hash(left), Old::Hash(right)),
            Old::Edge { bottom, child } => {
                let below = if bottom.len() == at.len() + 1 { Old::Hash(child) } else { Old::Edge { bottom, child } };
                if bottom.bit(at.len()) { (Old::Empty, below) } else { (below, Old::Empty) }
            }
            _ => (Old::Empty, Old::Empty),
        };
        let (left_at, right_at) = (at.child(false), at.child(true));
        let split = leaves.partition_point(|(path, _)| !path.bit(at.len()));
        let left = self.merge(left_at, left, &leaves[..split])?;
        let right = self.merge(right_at, right, &leaves[split..])?;
        match (left, right) {
            (New::Empty, New::Empty) => Ok(New::Empty),
            (left, New::Empty) => self.edge(left_at, left),
            (New::Empty, right) => self.edge(right_at, right),
            (left, right) => {
                let (left, right) = (self.settle(&left_at, left), self.settle(&right_at, right));
                Ok(New::Node(Node::Binary { left, right }))
            }
        }
    }

    /// What a node above `below` is when only `new`, at `below`, hangs under it.
    fn edge(&mut self, below: Path, new: New) -> Result<New, TrieError> {
        let new = match new {
            // Untouched so far, but if it is an edge it becomes part of the longer one.
            New::Hash(hash) if below.len() < HEIGHT => {
                match self.take(&below)?.ok_or_else(|| self.inconsistent(&below))? {
                    node @ Node::Edge { .. } => New::Node(node),
                    node @ Node::Binary { .. } => {
                        self.touched.insert(below, (Some(node), Some(node)));
                        New::Hash(hash)
                    }
                }
            }
            new => new,
        };
        Ok(match new {
            New::Empty => New::Empty,
            New::Node(edge @ Node::Edge { .. }) => New::Node(edge),
            new => {
                let child = self.settle(&below, new);
                New::Node(Node::Edge { bottom: below, child })
            }
        })
    }
}
