//! The recorded chain as cases use it.

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
