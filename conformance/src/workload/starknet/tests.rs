//! The recorded chain as cases use it.

use std::time::Duration;

use ecp_execution_core::seams::{self, BuildStep, ExecutionEngine, Store as _, ValidationStep};
use ecp_execution_server::MemoryStore;

use super::*;

fn chain(setup: &Setup) -> Box<dyn Chain> {
    fixture(setup, 1).unwrap().chain
}

fn slot(chain: &dyn Chain) -> Slot {
    Slot { height: chain.next_height(), round: 0, valid_round: None, proposer: chain.proposer(0).unwrap() }
}

fn of(transactions: u32, mutations: &[Mutation]) -> Propose {
    let mutations = mutations.iter().map(|m| (*m).into()).collect();
    Propose { transactions: Some(transactions), mutations, ..Propose::default() }
}

#[test]
fn a_recorded_chain_is_followed_to_its_end_whatever_committee_and_round() {
    let mut chain = chain(&Setup { validators: Some(4), ..Setup::default() });
    for height in 1..=13 {
        let proposer = chain.proposer(2).unwrap();
        let slot = Slot { round: 2, valid_round: Some(1), proposer, ..slot(&*chain) };
        let proposal = chain.propose(slot, &of(1, &[])).unwrap();
        assert_eq!(chain.check(slot, &proposal.parts).unwrap().unwrap().commitment, proposal.commitment);
        assert_eq!(chain.read(&proposal.parts).unwrap(), proposal);
        chain.commit(slot, &proposal.parts).unwrap();
        assert!(chain.block_hash(height).is_some());
    }
    assert!(chain.propose(slot(&*chain), &of(6, &[])).is_err());
}

#[test]
fn an_altered_proposal_is_never_taken_for_the_recorded_one() {
    let mut chain = chain(&Setup::default());
    let slot = slot(&*chain);
    let sound = chain.propose(slot, &of(3, &[])).unwrap();
    for mutation in [
        Mutation::FlipSignatureByte,
        Mutation::CommitmentMismatch,
        Mutation::CountAboveSent,
        Mutation::DuplicateTransaction,
        Mutation::Overspend,
        Mutation::WrongNonce,
        Mutation::InitOtherHeight,
        Mutation::InitOtherRound,
        Mutation::InitOtherProposer,
        Mutation::InitOtherValidRound,
        Mutation::InitGarbage,
        Mutation::BodyGarbage,
        Mutation::FinGarbage,
        Mutation::TimestampBeforeParent,
        Mutation::FinOtherState,
        Mutation::FeltNotBelowPrime,
        Mutation::NoFeeProposal,
    ] {
        let altered = chain.propose(slot, &of(3, &[mutation])).unwrap();
        assert_ne!(altered.parts, sound.parts, "{mutation:?}");
        assert!(chain.check(slot, &altered.parts).unwrap().is_err(), "{mutation:?}");
        assert!(chain.commit(slot, &altered.parts).is_err(), "{mutation:?}");
    }
}

#[test]
fn what_lies_beyond_the_count_is_cut_from_the_archive() {
    let mut chain = chain(&Setup::default());
    let slot = slot(&*chain);
    let longer = Propose { per_part: Some(2), ..of(5, &[Mutation::CountBelowSent]) };
    let longer = chain.propose(slot, &longer).unwrap();
    let exact = chain.propose(slot, &Propose { per_part: Some(2), ..of(4, &[]) }).unwrap();
    assert_eq!((longer.executed, longer.commitment), (4, exact.commitment));
    assert_eq!(chain.archived(&longer.parts).unwrap(), exact.parts);
    assert_eq!(chain.transactions(&longer.parts).unwrap().len(), 4);
    chain.commit(slot, &longer.parts).unwrap();
    assert!(chain.can_propose());
}

#[test]
fn live_transactions_are_signed_over_their_hashes_and_stand_in_a_body_as_sent() {
    let chain = chain(&Setup::default());
    let live = chain.live();
    assert_eq!(live.len(), 10);
    let slot = slot(&*chain);
    let empty = chain.propose(slot, &of(0, &[])).unwrap();
    let waiting = live::transfers(Recording::embedded().unwrap(), 10).unwrap();
    let body = |of: &[usize]| {
        let transactions: Vec<_> = of.iter().map(|i| waiting[*i].in_body.clone()).collect();
        let payloads = Payloads::read(&empty.parts).unwrap();
        let mut fin = payloads.fin;
        fin.executed_transaction_count = of.len() as u64;
        // No recorded block has this commitment.
        fin.proposal_commitment = Some(wire::Felt252 { elements: vec![1; 32].into() });
        parts(&payloads.init, &[&transactions], &fin)
    };
    assert_eq!(chain.check(slot, &body(&[0, 1, 4])).unwrap().unwrap().executed, 3);
    for (wrong, said) in [(vec![0, 0], "stands twice"), (vec![4], "is due")] {
        let why = chain.check(slot, &body(&wrong)).unwrap().unwrap_err();
        assert!(why.contains(said), "{why}");
    }
    let foreign = chain.propose(slot, &of(2, &[Mutation::CommitmentMismatch])).unwrap();
    let why = chain.check(slot, &foreign.parts).unwrap().unwrap_err();
    assert!(why.contains("sent by nobody"), "{why}");
}

struct Noon;

impl ecp_execution_core::seams::Clock for Noon {
    fn unix_ms(&self) -> u64 {
        1_800_000_000_000
    }
}

fn engine(chain: &dyn Chain, store: &Arc<MemoryStore>) -> Arc<dyn ExecutionEngine> {
    crate::workload::engine(chain.genesis().clone(), Arc::clone(store) as Arc<_>, Arc::new(Noon)).unwrap()
}

fn asked(slot: Slot) -> seams::Slot {
    seams::Slot { height: slot.height, round: slot.round, valid_round: slot.valid_round, proposer: slot.proposer }
}

/// Everything that a build gives.
fn built(engine: &dyn ExecutionEngine, slot: Slot) -> (Vec<Part>, seams::Executed) {
    let mut build = engine.build(asked(slot)).unwrap();
    let mut parts = Vec::new();
    loop {
        match build.step(Duration::from_secs(1)).unwrap() {
            BuildStep::Part(part) => parts.push(part),
            BuildStep::Built(executed) => return (parts, executed),
            BuildStep::Waiting(missing) => panic!("waits for {missing:?}"),
        }
    }
}

fn judged(engine: &dyn ExecutionEngine, slot: Slot, parts: &[Part]) -> ValidationStep {
    let mut validation = engine.validate(asked(slot)).unwrap();
    for part in parts {
        match validation.part(part.clone()).unwrap() {
            ValidationStep::Continue => {}
            other => return other,
        }
    }
    validation.end().unwrap()
}

#[test]
fn the_engine_builds_what_the_model_takes_until_the_recording_ends_however_often_it_is_opened() {
    let mut chain = chain(&Setup { validators: Some(4), ..Setup::default() });
    let store = Arc::new(MemoryStore::default());
    for height in 1..=13 {
        let engine = engine(&*chain, &store);
        assert!(engine.height_params(height).unwrap().is_some());
        let slot = Slot { round: 1, proposer: chain.proposer(1).unwrap(), ..slot(&*chain) };
        let (parts, executed) = built(&*engine, slot);
        let other = Slot { round: 2, valid_round: Some(1), proposer: chain.proposer(2).unwrap(), ..slot };
        let init = engine.reframe_init(&asked(other), &parts[0].payload).unwrap();
        assert_eq!(engine.init_slot(&init).unwrap(), asked(other));
        let mut again = parts.clone();
        again[0].payload = init;
        let ValidationStep::Complete { executed: same, local: None } = judged(&*engine, other, &again) else {
            panic!("height {height} is not valid when it is proposed again")
        };
        assert_eq!(same.commitment, executed.commitment);
        assert_eq!(chain.check(slot, &parts).unwrap().unwrap().commitment, executed.commitment);
        chain.commit(slot, &parts).unwrap();
        store.write(executed.writes.clone()).unwrap();
        engine.committed(height, &executed).unwrap();
        let hash = engine.next_hash().unwrap().unwrap();
        store.write(hash.writes).unwrap();
        assert_eq!(engine.block_hash(height).unwrap(), chain.block_hash(height));
    }
    assert!(engine(&*chain, &store).height_params(14).unwrap().is_none());
}

#[test]
fn the_engine_says_what_is_wrong_with_an_altered_proposal() {
    use ecp_types::InvalidReason as Reason;

    let chain = chain(&Setup::default());
    let slot = slot(&*chain);
    let engine = engine(&*chain, &Arc::default());
    for (mutation, reason) in [
        (Mutation::FlipSignatureByte, Reason::TransactionInvalid),
        (Mutation::CommitmentMismatch, Reason::CommitmentMismatch),
        (Mutation::CountAboveSent, Reason::CountExceedsSent),
        (Mutation::InitOtherRound, Reason::InitMismatch),
        (Mutation::InitGarbage, Reason::PayloadMalformed),
        (Mutation::BodyGarbage, Reason::PayloadMalformed),
        (Mutation::FinGarbage, Reason::PayloadMalformed),
        (Mutation::TimestampBeforeParent, Reason::HeaderRule),
        (Mutation::FinOtherState, Reason::FinMismatch),
    ] {
        let altered = chain.propose(slot, &of(3, &[mutation])).unwrap();
        match judged(&*engine, slot, &altered.parts) {
            ValidationStep::Invalid(said, _) => assert_eq!(said, reason, "{mutation:?}"),
            _ => panic!("{mutation:?} is not invalid"),
        }
    }
    let ahead = chain.propose(slot, &of(3, &[Mutation::TimestampAhead])).unwrap();
    let step = judged(&*engine, slot, &ahead.parts);
    assert!(matches!(step, ValidationStep::Complete { local: Some((ecp_types::LocalReason::TimestampWindow, _)), .. }));
}
