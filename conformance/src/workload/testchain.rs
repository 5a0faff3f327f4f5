//! The test chain: every proposal, valid or not, can be made here.

use std::time::{SystemTime, UNIX_EPOCH};

use ecp_testchain::{
    Account, AccountKey, BlockHash, Chain as Rules, ChainState, ECP_TEST_1, Proposal as Payloads, Section,
    Slot as RulesSlot, Transfer, account_key,
    digest::{CommitmentFields, transfers_digest},
    section::AccountSection,
    sign_transfer,
};
use ecp_types::{
    Certificate, Commitment, Felt, Genesis, Height, Part, PartKind, Quorum, Round, Timeouts,
    genesis::{ActivationFile, GENESIS_FORMAT, GenesisFile, ParamsFile, SCHEME_ED25519, Workload},
    keys::SignatureScheme,
    limits::{PART_BYTES, PROPOSAL_BYTES_DEFAULT},
};

use super::{Chain, Checked, Fixture, KeyRing, Proposal, Slot, WorkloadError, validators};
use crate::schema::{Mutation, Propose, Setup};

/// Accounts whose transfers are in the mempool of genesis.
const MEMPOOL_ACCOUNTS: u32 = 4;
/// Accounts whose transfers are in proposals of the suite.
const SUITE_ACCOUNTS: u32 = 8;
const BALANCE: u64 = 1_000_000;
/// Most transfers of a BODY that a builder makes.
const BATCH: u32 = 2;
/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// Makes genesis, keys and model.
pub(super) fn fixture(setup: &Setup, seed: u64) -> Result<Fixture, WorkloadError> {
    let keys = validators::keys(seed, setup.validators.unwrap_or(1), SignatureScheme::Ed25519)?;
    let chain_id = "ECP_CONFORMANCE".to_owned();
    let mut file = GenesisFile {
        format: GENESIS_FORMAT.to_owned(),
        chain_id,
        fork_id: 0,
        first_height: 1,
        params: ParamsFile {
            committee: validators::committee(&keys),
            proposers: None,
            builder: Felt::from_u64(0xb0b),
            quorum: Quorum::TWO_THIRDS,
            timeouts: timeouts(setup),
            starknet_version: "0.14.4".to_owned(),
            part_format: ECP_TEST_1.to_owned(),
            commitment_scheme: ECP_TEST_1.to_owned(),
            signature_scheme: SCHEME_ED25519.to_owned(),
            max_proposal_bytes: setup.max_proposal_bytes.unwrap_or(PROPOSAL_BYTES_DEFAULT),
        },
        activations: setup.unsupported_from.map(unsupported).into_iter().collect(),
        workload: Workload::TestChain(serde_json::Value::Null),
    };
    let domain = ecp_testchain::Domain { chain_id: file.chain_id.clone(), fork_id: file.fork_id };
    let section = section(setup, seed, &domain);
    let generous = Section { capacity: u32::MAX, ..section.clone() };
    let in_file = |section: &Section| serde_json::to_value(section).map_err(|e| WorkloadError(e.to_string()));
    file.workload = Workload::TestChain(in_file(&section)?);
    let genesis = file.to_json();
    let rules = rules(&genesis)?;
    file.workload = Workload::TestChain(in_file(&generous)?);
    let generous = self::rules(&file.to_json())?;
    let state = rules.initial_state();
    let ring = validators::ring(&keys)?;
    let chain = TestChain { rules, generous, state, hashes: Vec::new(), ring, seed };
    Ok(Fixture { genesis, keys, chain: Box::new(chain) })
}

fn rules(genesis: &[u8]) -> Result<Rules, WorkloadError> {
    let genesis = Genesis::read(genesis).map_err(|e| WorkloadError(e.to_string()))?;
    Rules::new(genesis).map_err(|e| WorkloadError(e.to_string()))
}

/// Timeouts of a case's chain.
pub(super) fn timeouts(setup: &Setup) -> Timeouts {
    Timeouts {
        propose_ms: setup.propose_ms.unwrap_or(1000),
        propose_delta_ms: 200,
        prevote_ms: 200,
        prevote_delta_ms: 100,
        precommit_ms: setup.precommit_ms.unwrap_or(200),
        precommit_delta_ms: 100,
        rebroadcast_ms: 1000,
        target_height_ms: setup.height_ms,
    }
}

/// From `height` on, a part format that no half has ever heard of.
pub(super) fn unsupported(height: Height) -> ActivationFile {
    ActivationFile { height, part_format: Some("nobody/1".to_owned()), ..ActivationFile::default() }
}

fn section(setup: &Setup, seed: u64, domain: &ecp_testchain::Domain) -> Section {
    let secrets: Vec<_> = (0..MEMPOOL_ACCOUNTS).map(|i| validators::derive(seed, "mempool", i)).collect();
    let suite = (0..SUITE_ACCOUNTS).map(|i| account_key(&validators::derive(seed, "suite", i)));
    let keys = secrets.iter().map(account_key).chain(suite);
    let mempool = (0..setup.mempool.unwrap_or(10)).map(|i| {
        let secret = &secrets[(i % MEMPOOL_ACCOUNTS) as usize];
        let to = account_key(&secrets[((i + 1) % MEMPOOL_ACCOUNTS) as usize]);
        sign_transfer(domain, secret, to, 1, u64::from(i / MEMPOOL_ACCOUNTS), setup.cost_ms.unwrap_or(0))
    });
    Section {
        accounts: keys.map(|key| AccountSection { key, balance: BALANCE, nonce: 0 }).collect(),
        mempool: mempool.collect(),
        hash_lag: setup.hash_lag.unwrap_or(0),
        hash_ms: setup.hash_ms.unwrap_or(0),
        window_ms: 60_000,
        capacity: setup.block_capacity.unwrap_or(1000),
        batch: BATCH,
    }
}

/// The model: the rules of the test chain and the state of its head.
#[derive(Clone)]
struct TestChain {
    rules: Rules,
    /// The same rules without a limit of the number of transfers, to make blocks that are too large.
    generous: Rules,
    state: ChainState,
    /// Hashes of all committed blocks.
    hashes: Vec<BlockHash>,
    ring: KeyRing,
    seed: u64,
}

impl TestChain {
    /// Transfers of the suite's accounts, valid one after the other.
    fn transfers(&self, count: u32, cost_ms: u32) -> Vec<Transfer> {
        let secrets: Vec<_> = (0..SUITE_ACCOUNTS).map(|i| validators::derive(self.seed, "suite", i)).collect();
        let keys: Vec<AccountKey> = secrets.iter().map(account_key).collect();
        let mut nonces: Vec<u64> = keys.iter().map(|k| self.account(k).nonce).collect();
        (0..count)
            .map(|i| {
                let from = (i % SUITE_ACCOUNTS) as usize;
                let to = ((i + 1) % SUITE_ACCOUNTS) as usize;
                let nonce = nonces[from];
                nonces[from] += 1;
                sign_transfer(self.rules.domain(), &secrets[from], keys[to], 1, nonce, cost_ms)
            })
            .collect()
    }

    fn account(&self, key: &AccountKey) -> Account {
        self.state.accounts.get(key).copied().unwrap_or_default()
    }

    /// Makes FIN name the commitment of the payloads as they are.
    fn commit_to_what_is_sent(&self, payloads: &mut Payloads) -> Result<(), WorkloadError> {
        let init = &payloads.init;
        let params = self.params(init.height)?;
        let count = usize::try_from(payloads.fin.executed_count).unwrap_or(usize::MAX);
        let executed: Vec<_> = payloads.transfers().take(count).cloned().collect();
        let needed = self.rules.needed_hash(init.height);
        payloads.fin.commitment = CommitmentFields {
            domain: self.rules.domain().clone(),
            height: init.height,
            parent: init.parent,
            timestamp_ms: init.timestamp_ms,
            builder: params.builder,
            executed_count: payloads.fin.executed_count,
            transfers_digest: transfers_digest(&executed),
            state_digest: payloads.fin.state_digest,
            distant_hash: needed.and_then(|height| self.state.hash(height)).map(|hash| hash.block_hash),
        }
        .commitment();
        Ok(())
    }

    /// Replaces the last transfer by one of the same sender that is changed and signed again.
    fn resign(&self, transfers: &mut [Transfer], amount: u64, nonce_ahead: u64) {
        let Some(last) = transfers.last_mut() else { return };
        let secret = (0..SUITE_ACCOUNTS)
            .map(|i| validators::derive(self.seed, "suite", i))
            .find(|secret| account_key(secret) == last.from);
        if let Some(secret) = secret {
            let nonce = last.nonce + nonce_ahead;
            *last = sign_transfer(self.rules.domain(), &secret, last.to, amount, nonce, last.cost_ms);
        }
    }
}

impl Chain for TestChain {
    fn genesis(&self) -> &Genesis {
        self.rules.genesis()
    }

    fn next_height(&self) -> Height {
        self.state.next_height
    }

    fn propose(&self, slot: Slot, wanted: &Propose) -> Result<Proposal, WorkloadError> {
        let has = |mutation: Mutation| wanted.mutations().any(|m| m == mutation);
        if has(Mutation::FeltNotBelowPrime) || has(Mutation::NoFeeProposal) {
            return Err(WorkloadError("transfers of the test chain have neither felts nor fees".into()));
        }
        let sound = self.transfers(wanted.transactions.unwrap_or(3), wanted.cost_ms.unwrap_or(0));
        let per_part = wanted.per_part.unwrap_or(u32::MAX).max(1) as usize;
        let split = |transfers: &[Transfer]| -> Vec<Vec<Transfer>> {
            transfers.chunks(per_part.min(transfers.len().max(1))).map(<[Transfer]>::to_vec).collect()
        };
        let mut timestamp = self.state.timestamp_ms + 1 + u64::from(wanted.variant.unwrap_or(0));
        if has(Mutation::TimestampBeforeParent) {
            timestamp = self.state.timestamp_ms.checked_sub(1).ok_or_else(|| {
                WorkloadError("the first block has no parent that its timestamp could lie before".into())
            })?;
        }
        if has(Mutation::TimestampAhead) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|e| WorkloadError(e.to_string()))?;
            timestamp = u64::try_from(now.as_millis()).unwrap_or(u64::MAX).saturating_add(DAY_MS);
        }
        let mut executed = sound.len() as u64;
        if has(Mutation::CountBelowSent) {
            executed = executed.saturating_sub(1);
        }
        let rules = if has(Mutation::OverCapacity) { &self.generous } else { &self.rules };
        let block = rules
            .build_block(&self.state, to_rules(slot), timestamp, split(&sound), executed)
            .map_err(|e| WorkloadError(e.to_string()))?;
        let mut payloads = block.proposal;

        let mut transfers = sound;
        if has(Mutation::FlipSignatureByte)
            && let Some(last) = transfers.last_mut()
        {
            last.signature[0] ^= 1;
        }
        if has(Mutation::DuplicateTransaction)
            && let Some(last) = transfers.last().cloned()
        {
            transfers.push(last);
            payloads.fin.executed_count += 1;
        }
        if has(Mutation::Overspend) {
            self.resign(&mut transfers, BALANCE * 1000, 0);
        }
        if has(Mutation::WrongNonce) {
            self.resign(&mut transfers, 1, 7);
        }
        payloads.bodies = split(&transfers).into_iter().map(|transfers| ecp_testchain::Body { transfers }).collect();
        mutate_init_and_fin(&mut payloads, &has);
        if has(Mutation::CertifiedAsSent) {
            self.commit_to_what_is_sent(&mut payloads)?;
        }
        let commitment = payloads.fin.commitment;
        let executed = payloads.fin.executed_count;
        let mut parts = payloads.parts();
        for (mutation, kind) in [
            (Mutation::InitGarbage, PartKind::Init),
            (Mutation::BodyGarbage, PartKind::Body),
            (Mutation::FinGarbage, PartKind::Fin),
        ] {
            if has(mutation)
                && let Some(part) = parts.iter_mut().find(|p| p.kind == kind)
            {
                part.payload = bytes::Bytes::from_static(b"no message of the part format");
            }
        }
        Ok(Proposal { slot, parts, commitment, executed })
    }

    fn check(&self, slot: Slot, parts: &[Part]) -> Result<Result<Checked, String>, WorkloadError> {
        let checked =
            self.rules.check_block(&self.state, to_rules(slot), parts).map_err(|e| WorkloadError(e.to_string()))?;
        Ok(match checked {
            Ok(block) => Ok(Checked { commitment: block.commitment(), executed: block.executed_count() }),
            Err(invalid) => Err(invalid.to_string()),
        })
    }

    fn commit(&mut self, slot: Slot, parts: &[Part]) -> Result<(), WorkloadError> {
        let block = self
            .rules
            .check_block(&self.state, to_rules(slot), parts)
            .map_err(|e| WorkloadError(e.to_string()))?
            .map_err(|e| WorkloadError(format!("a block that is not valid cannot be the head: {e}")))?;
        self.state = block.state;
        self.hashes.extend(self.state.hashes.back().copied());
        Ok(())
    }

    fn reframe(&self, init: &[u8], slot: Slot) -> Result<bytes::Bytes, WorkloadError> {
        ecp_testchain::reframe_init(init, slot.round, slot.valid_round, slot.proposer)
            .map_err(|e| WorkloadError(e.to_string()))
    }

    fn archived(&self, parts: &[Part]) -> Result<Vec<Part>, WorkloadError> {
        Ok(payloads(parts)?.cut().parts())
    }

    fn certificate(&self, height: Height, round: Round, commitment: Commitment) -> Result<Certificate, WorkloadError> {
        validators::certificate(self.genesis(), &self.ring, height, round, commitment)
    }

    fn read(&self, parts: &[Part]) -> Result<Proposal, WorkloadError> {
        let payloads = payloads(parts)?;
        let init = &payloads.init;
        let slot =
            Slot { height: init.height, round: init.round, valid_round: init.valid_round, proposer: init.proposer };
        Ok(Proposal {
            slot,
            parts: parts.to_vec(),
            commitment: payloads.fin.commitment,
            executed: payloads.fin.executed_count,
        })
    }

    fn built(&self, parts: &[Part]) -> Vec<(&'static str, String)> {
        let mut complaints = Vec::new();
        for part in parts {
            if part.payload.len() as u64 > PART_BYTES {
                complaints.push(("ECP-LIM-008", format!("part {} has {} bytes", part.index, part.payload.len())));
            }
            if part.kind == PartKind::Body
                && let Ok(body) = ecp_testchain::Body::decode(&part.payload)
                && body.transfers.len() > BATCH as usize
            {
                let text =
                    format!("part {} holds {} transfers, at most {BATCH} are due", part.index, body.transfers.len());
                complaints.push(("ECP-TST-019", text));
            }
        }
        if let Ok(payloads) = payloads(parts)
            && let Ok(now) = SystemTime::now().duration_since(UNIX_EPOCH)
            && u128::from(payloads.init.timestamp_ms) > now.as_millis().max(u128::from(self.state.timestamp_ms))
        {
            complaints.push(("ECP-TST-016", format!("its timestamp {} lies ahead", payloads.init.timestamp_ms)));
        }
        complaints
    }

    fn block_hash(&self, height: Height) -> Option<(Felt, Felt)> {
        let due = self.rules.hash_due(self.state.next_height.checked_sub(1)?)?;
        let hash = self.hashes.iter().find(|h| h.height == height && height <= due)?;
        Some((hash.block_hash, hash.state_root))
    }

    fn boxed(&self) -> Box<dyn Chain> {
        Box::new(self.clone())
    }
}

fn mutate_init_and_fin(payloads: &mut Payloads, has: &impl Fn(Mutation) -> bool) {
    let init = &mut payloads.init;
    if has(Mutation::InitOtherHeight) {
        init.height += 1;
    }
    if has(Mutation::InitOtherRound) {
        init.round += 1;
    }
    if has(Mutation::InitOtherProposer) {
        init.proposer = Felt::from_u64(0xbad);
    }
    if has(Mutation::InitOtherValidRound) {
        init.valid_round = Some(init.valid_round.map_or(0, |r| r + 1));
    }
    if has(Mutation::InitOtherParent) {
        init.parent.0[31] ^= 1;
    }
    let fin = &mut payloads.fin;
    if has(Mutation::CommitmentMismatch) {
        fin.commitment.0[31] ^= 1;
    }
    if has(Mutation::FinOtherState) {
        fin.state_digest[31] ^= 1;
    }
    if has(Mutation::CountAboveSent) {
        fin.executed_count += 1;
    }
}

const fn to_rules(slot: Slot) -> RulesSlot {
    RulesSlot { height: slot.height, round: slot.round, valid_round: slot.valid_round, proposer: slot.proposer }
}

fn payloads(parts: &[Part]) -> Result<Payloads, WorkloadError> {
    let bad = |e: ecp_testchain::BadPayload| WorkloadError(e.to_string());
    let [init, bodies @ .., fin] = parts else { return Err(WorkloadError("INIT or FIN is missing".into())) };
    let bodies =
        bodies.iter().map(|b| ecp_testchain::Body::decode(&b.payload)).collect::<Result<_, _>>().map_err(bad)?;
    Ok(Payloads {
        init: ecp_testchain::Init::decode(&init.payload).map_err(bad)?,
        bodies,
        fin: ecp_testchain::Fin::decode(&fin.payload).map_err(bad)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(setup: &Setup) -> Box<dyn Chain> {
        fixture(setup, 1).unwrap().chain
    }

    fn slot(chain: &dyn Chain) -> Slot {
        Slot { height: chain.next_height(), round: 0, valid_round: None, proposer: chain.proposer(0).unwrap() }
    }

    #[test]
    fn sound_proposals_pass_the_model_and_mutated_ones_fail_for_their_reason() {
        let mut chain = chain(&Setup { block_capacity: Some(8), ..Setup::default() });
        let sound = chain.propose(slot(&*chain), &Propose::default()).unwrap();
        assert_eq!(chain.check(sound.slot, &sound.parts).unwrap().unwrap().commitment, sound.commitment);
        chain.commit(sound.slot, &sound.parts).unwrap();
        for (mutation, reason) in [
            (Mutation::FlipSignatureByte, "TransactionInvalid"),
            (Mutation::CommitmentMismatch, "CommitmentMismatch"),
            (Mutation::CountAboveSent, "CountExceedsSent"),
            (Mutation::DuplicateTransaction, "DuplicateTransaction"),
            (Mutation::Overspend, "TransactionInvalid"),
            (Mutation::WrongNonce, "TransactionInvalid"),
            (Mutation::InitOtherHeight, "InitMismatch"),
            (Mutation::InitOtherRound, "InitMismatch"),
            (Mutation::InitOtherProposer, "InitMismatch"),
            (Mutation::InitOtherValidRound, "InitMismatch"),
            (Mutation::InitOtherParent, "HeaderRule"),
            (Mutation::TimestampBeforeParent, "HeaderRule"),
            (Mutation::InitGarbage, "PayloadMalformed"),
            (Mutation::BodyGarbage, "PayloadMalformed"),
            (Mutation::FinGarbage, "PayloadMalformed"),
            (Mutation::FinOtherState, "FinMismatch"),
        ] {
            let wanted = Propose { mutations: vec![mutation.into()], ..Propose::default() };
            let proposal = chain.propose(slot(&*chain), &wanted).unwrap();
            let verdict = chain.check(proposal.slot, &proposal.parts).unwrap().unwrap_err();
            assert!(verdict.contains(reason), "{mutation:?}: {verdict}");
        }
        let wanted =
            Propose { mutations: vec![Mutation::OverCapacity.into()], transactions: Some(9), ..Propose::default() };
        let large = chain.propose(slot(&*chain), &wanted).unwrap();
        assert!(chain.check(large.slot, &large.parts).unwrap().unwrap_err().contains("BlockOverCapacity"));
    }

    #[test]
    fn certificates_verify() {
        let chain = chain(&Setup { validators: Some(4), ..Setup::default() });
        let certificate = chain.certificate(1, 0, Commitment([3; 32])).unwrap();
        let params = chain.params(1).unwrap();
        ecp_signatures::verify_certificate(&certificate, &params, &chain.genesis().network()).unwrap();
    }

    #[test]
    fn the_same_seed_makes_the_same_files() {
        let make = |seed| fixture(&Setup::default(), seed).unwrap().genesis;
        assert_eq!(make(7), make(7));
        assert_ne!(make(7), make(8));
    }
}
