//! Makes the recorded chain that the conformance suite has instead of an executor, or compares it.
//!
//! `UPDATE_RECORDING=1` writes `conformance/recordings/starknet/`; without it the test compares, byte for byte.
use std::{
    collections::{BTreeMap, HashMap},
    io::{Read as _, Write as _},
    path::Path,
    sync::atomic::Ordering,
    time::Duration,
};

use crate::common::{self, Node, Wallet, drain, public_key};
use ecp_engine_starknet::{codec::Tx, wire};
use ecp_execution_core::seams::{Executed, ExecutionEngine as _};
use ecp_types::{Genesis, InvalidReason, Part, PartKind, encode_hex};
use prost::Message as _;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use starknet_types_core::felt::Felt as StarkFelt;

/// Form of the file.
const FORMAT: &str = "ecp-starknet-recording/1";
/// Keys of the accounts that send the recorded transactions.
const SENDERS: std::ops::Range<u64> = 1_000..1_008;
/// Keys of accounts that do not exist yet.
const NEW: std::ops::Range<u64> = 2_000..2_006;
/// Keys of the accounts whose transactions the suite signs itself.
const LIVE: std::ops::Range<u64> = 3_000..3_004;
/// Key of an account that can pay no fee.
const POOR: u64 = 4_000;
/// Balance of the others, in fri.
const BALANCE: u128 = 1_000_000 * 10_u128.pow(18);
/// Timestamp of the state before the first block: long past, so that no clock objects to what follows.
const START: u64 = 1_700_000_000;
/// A timestamp that every clock objects to: the year 2100.
const AHEAD: u64 = 4_102_444_800;
/// How long the chain of blocks with one transaction is: more than the ten of the oldest hash that is needed.
const LENGTH: usize = 13;

#[derive(Serialize)]
struct Recording {
    format: &'static str,
    chain_id: String,
    first_height: u64,
    params: Value,
    section: Value,
    live_keys: Vec<String>,
    wrong_nonce: usize,
    overspend: usize,
    transactions: Vec<String>,
    blocks: Vec<Block>,
}

#[derive(Serialize)]
struct Block {
    height: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<usize>,
    variant: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ahead: bool,
    transactions: Vec<usize>,
    init: String,
    fin: String,
    commitment: String,
    block_hash: String,
    state_root: String,
}

/// What is to be recorded on a head.
#[derive(Clone, Copy)]
struct Wanted {
    count: usize,
    variant: u64,
    ahead: bool,
}

const fn plain(count: usize) -> Wanted {
    Wanted { count, variant: 0, ahead: false }
}

/// Proposals on every head of a long chain.
fn usual() -> Vec<Wanted> {
    let mut all: Vec<_> = (0..=5).map(plain).collect();
    all.push(Wanted { variant: 9, ..plain(3) });
    all
}

/// Proposals on the state before the first block.
fn first() -> Vec<Wanted> {
    let mut all: Vec<_> = (0..=6).map(plain).collect();
    for count in [0, 2, 3, 4] {
        all.extend([3, 7, 9].map(|variant| Wanted { variant, ..plain(count) }));
    }
    all.extend([0, 3, 4].map(|count| Wanted { ahead: true, ..plain(count) }));
    all
}

/// A node at a head, and what its recorded accounts have done.
struct Head {
    node: Node,
    /// The block at the head.
    index: Option<usize>,
    timestamp: u64,
    nonces: HashMap<u64, u64>,
    created: usize,
}

impl Head {
    /// The block's transactions, by place: what stands at a place does not depend on how many follow.
    fn transactions(&self, count: usize) -> Vec<Tx> {
        let height = self.node.next_height();
        let mut nonces = self.nonces.clone();
        let mut created = self.created;
        (0..count)
            .map(|place| {
                let from = SENDERS.start + (place as u64 % (SENDERS.end - SENDERS.start));
                let to = SENDERS.start + ((place as u64 + 1) % (SENDERS.end - SENDERS.start));
                let creates = created < NEW.count() && (place == 4 || place == 0 && height % 4 == 2);
                if creates {
                    created += 1;
                    return self.node.wallet(NEW.start + created as u64 - 1).deployment();
                }
                let reverts = place == 3 || place == 0 && height % 4 == 3;
                let nonce = nonces.entry(from).or_default();
                *nonce += 1;
                let fri = if reverts { 2 * BALANCE } else { 1_000 + u128::from(height) };
                self.node.wallet(from).transfer(*nonce - 1, &self.node.wallet(to), fri)
            })
            .collect()
    }

    fn after(&self, node: Node, index: usize, timestamp: u64, sent: &[Tx]) -> Self {
        let key_of: HashMap<StarkFelt, u64> = SENDERS.map(|key| (self.node.wallet(key).felt(), key)).collect();
        let mut nonces = self.nonces.clone();
        let mut created = self.created;
        for tx in sent {
            match key_of.get(&tx.sender()) {
                Some(key) => *nonces.entry(*key).or_default() += 1,
                None => created += 1,
            }
        }
        Self { node, index: Some(index), timestamp, nonces, created }
    }
}

/// Everything recorded so far.
#[derive(Default)]
struct Tape {
    transactions: Vec<String>,
    places: BTreeMap<Vec<u8>, usize>,
    blocks: Vec<Block>,
}

impl Tape {
    fn transaction(&mut self, tx: &Tx) -> usize {
        let bytes = tx.to_wire().encode_to_vec();
        *self.places.entry(bytes).or_insert_with_key(|bytes| {
            self.transactions.push(encode_hex(bytes));
            self.transactions.len() - 1
        })
    }

    /// Records a block on `head`; the head after it.
    fn record(&mut self, head: &Head, wanted: Wanted) -> Head {
        let node = head.node.fork();
        let timestamp = if wanted.ahead { AHEAD } else { head.timestamp + 1 } + wanted.variant;
        node.clock.0.store(timestamp, Ordering::SeqCst);
        let sent = head.transactions(wanted.count);
        for tx in &sent {
            let next = StarkFelt::from(0_u64);
            node.engine.mempool().add(tx.clone(), next, 0).unwrap();
        }
        let mut build = node.engine.build(node.slot()).unwrap();
        // A block without transactions need not wait for one.
        let left = if sent.is_empty() { Duration::ZERO } else { Duration::from_secs(60) };
        let (parts, built) = drain(&mut *build, left);
        drop(build);
        assert_eq!(transactions_of(&parts), sent.iter().map(Tx::to_wire).collect::<Vec<_>>());
        // What was built is valid elsewhere.
        let validator = head.node.fork();
        validator.clock.0.store(timestamp, Ordering::SeqCst);
        assert_eq!(validator.validate(&parts).commitment, built.commitment);
        commit(&node, &built);
        let (block_hash, state_root) = node.engine.block_hash(node.next_height() - 1).unwrap().unwrap();
        let block = Block {
            height: node.next_height() - 1,
            parent: head.index,
            variant: wanted.variant,
            ahead: wanted.ahead,
            transactions: sent.iter().map(|tx| self.transaction(tx)).collect(),
            init: encode_hex(&parts.first().unwrap().payload),
            fin: encode_hex(&parts.last().unwrap().payload),
            commitment: built.commitment.to_string(),
            block_hash: block_hash.to_string(),
            state_root: state_root.to_string(),
        };
        self.blocks.push(block);
        head.after(node, self.blocks.len() - 1, timestamp, &sent)
    }

    /// Records what follows a chain of blocks with these counts of transactions.
    fn grow(&mut self, head: &Head, counts: &[usize]) {
        if !goes_on(counts) {
            return;
        }
        let after = self.all(head, &usual());
        // The usual ones begin with 0 to 5 transactions.
        for (count, next) in after.iter().enumerate().take(6) {
            self.grow(next, &[counts, &[count]].concat());
        }
    }

    /// Records all of `wanted` on `head`; the heads after them.
    fn all(&mut self, head: &Head, wanted: &[Wanted]) -> Vec<Head> {
        wanted.iter().map(|wanted| self.record(head, *wanted)).collect()
    }
}

/// Whether proposals are recorded on a chain of blocks with these counts of transactions: on each of one or two blocks,
/// and on longer chains if all counts are the same.
fn goes_on(counts: &[usize]) -> bool {
    let same = counts.windows(2).all(|pair| pair[0] == pair[1]);
    match counts {
        [_] => true,
        [_, 1..=3] => true,
        [1, ..] if same => counts.len() < LENGTH,
        [2 | 3, ..] if same => counts.len() < 4,
        _ => false,
    }
}

fn commit(node: &Node, executed: &Executed) {
    node.commit(executed);
    node.hash();
}

fn transactions_of(parts: &[Part]) -> Vec<wire::ConsensusTransaction> {
    let bodies = parts.iter().filter(|part| part.kind == PartKind::Body);
    bodies.flat_map(|part| wire::TransactionBatch::decode(&*part.payload).unwrap().transactions).collect()
}

fn params() -> Value {
    json!({
        "builder": "0xb0b",
        "starknet_version": "0.14.4",
        "part_format": "starknet-p2p/2026-08",
        "commitment_scheme": "ecp-starknet-1",
    })
}

fn section() -> Value {
    let account = |secret: u64, balance: u128, deployed: bool| {
        json!({
            "public_key": format!("{:#x}", public_key(secret)),
            "balance_fri": balance.to_string(),
            "deployed": deployed,
        })
    };
    let mut accounts: Vec<_> = SENDERS.chain(LIVE).map(|key| account(key, BALANCE, true)).collect();
    accounts.extend(NEW.map(|key| account(key, BALANCE, false)));
    accounts.push(account(POOR, 1, true));
    json!({ "accounts": accounts, "timestamp": START })
}

fn genesis() -> Genesis {
    common::genesis(|file| {
        file["chain_id"] = "ECP_CONFORMANCE".into();
        file["first_height"] = 1.into();
        for (name, value) in params().as_object().unwrap() {
            file["params"][name] = value.clone();
        }
        file["workload"]["starknet"] = section();
    })
}

/// Two transactions that stand in no valid block, each checked in one.
fn hopeless(tape: &mut Tape, head: &Head) -> (usize, usize) {
    let wallet = |key: u64| -> Wallet { head.node.wallet(key) };
    let to = wallet(SENDERS.start);
    let ahead = wallet(SENDERS.end - 1).transfer(70, &to, 1);
    let poor = wallet(POOR).transfer(0, &to, 1);
    let node = head.node.fork();
    let (mut parts, _) = node.build();
    for (tx, said) in [(&ahead, "nonce"), (&poor, "balance")] {
        let body = wire::TransactionBatch { transactions: vec![tx.to_wire()] }.encode_to_vec().into();
        let fin = parts.last_mut().unwrap();
        let mut message = wire::ProposalFin::decode(&*fin.payload).unwrap();
        message.executed_transaction_count = 1;
        fin.payload = message.encode_to_vec().into();
        let mut altered = vec![parts[0].clone(), Part { index: 1, kind: PartKind::Body, payload: body }];
        altered.push(Part { index: 2, ..parts.last().unwrap().clone() });
        let (reason, text) = node.invalid(&altered);
        assert_eq!(reason, InvalidReason::TransactionInvalid, "{text}");
        assert!(text.to_lowercase().contains(said), "{text}");
    }
    (tape.transaction(&ahead), tape.transaction(&poor))
}

fn recording() -> Recording {
    let mut tape = Tape::default();
    let node = Node::of(genesis());
    node.clock.0.store(START, Ordering::SeqCst);
    let begin = Head { node, index: None, timestamp: START, nonces: HashMap::new(), created: 0 };
    let (wrong_nonce, overspend) = hopeless(&mut tape, &begin);
    let wanted = first();
    let firsts = tape.all(&begin, &wanted);
    for (head, wanted) in firsts.iter().zip(&wanted) {
        match wanted {
            Wanted { variant: 0, ahead: false, count } => tape.grow(head, &[*count]),
            Wanted { variant: 9, ahead: false, count: 3 } => {
                tape.all(head, &usual());
            }
            _ => {}
        }
    }
    let genesis = genesis();
    Recording {
        format: FORMAT,
        chain_id: genesis.chain_id().to_owned(),
        first_height: genesis.first_height(),
        params: params(),
        section: section(),
        live_keys: LIVE.map(|key| format!("{:#x}", StarkFelt::from(key))).collect(),
        wrong_nonce,
        overspend,
        transactions: tape.transactions,
        blocks: tape.blocks,
    }
}

#[test]
fn the_recorded_chain_of_the_suite_is_what_this_engine_makes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/recordings/starknet");
    let mut text = serde_json::to_vec(&recording()).unwrap();
    text.push(b'\n');
    let digest = format!("{}  chain.json\n", &encode_hex(&Sha256::digest(&text))[2..]);
    if std::env::var_os("UPDATE_RECORDING").is_some() {
        let mut packed = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::best());
        packed.write_all(&text).unwrap();
        std::fs::write(folder.join("chain.json.gz"), packed.finish().unwrap()).unwrap();
        std::fs::write(folder.join("SHA256SUMS"), digest).unwrap();
        return;
    }
    let mut committed = Vec::new();
    let packed = std::fs::File::open(folder.join("chain.json.gz")).unwrap();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut committed).unwrap();
    // Not assert_eq!, which would print both.
    assert!(
        committed == text && std::fs::read_to_string(folder.join("SHA256SUMS")).unwrap() == digest,
        "the engine makes another chain than conformance/recordings/starknet holds; if that is meant, run this test \
         with UPDATE_RECORDING=1"
    );
}
