package main

import (
	"maps"
	"slices"

	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
)

const (
	prevote   = pb.VoteType_VOTE_TYPE_PREVOTE
	precommit = pb.VoteType_VOTE_TYPE_PRECOMMIT
)

// step of a round, in order.
type step int

const (
	proposing step = iota
	prevoting
	precommitting
)

// choice is a value and the round that chose it; commitments are texts of 32 bytes, empty for nil.
type choice struct {
	round      uint32
	commitment string
}

// ballot names the votes of one type in one round.
type ballot struct {
	round uint32
	kind  pb.VoteType
}

// effect is what the machine wants: exactly one field is set.
type effect struct {
	vote    *ballot // With commitment.
	timeout *ballot // Wait, then call timedOut; kind 0 is the propose timeout.
	round   *uint32 // Start this round.
	decide  *choice

	commitment string
}

// machine is Tendermint at one height (Buchman, Kwon, Milosevic: "The latest gossip on BFT consensus", algorithm 1):
// state without I/O or clock. After each change, next is called until it wants nothing more.
type machine struct {
	params *pb.HeightParams
	total  uint64

	round         uint32
	step          step
	locked, valid *choice
	proposals     map[uint32]*proposal
	votes         map[ballot]map[string]*pb.SignedVote
	once          map[any]bool
}

func newMachine(p *pb.HeightParams) *machine {
	return &machine{params: p, total: network.TotalPower(p.Committee), proposals: map[uint32]*proposal{},
		votes: map[ballot]map[string]*pb.SignedVote{}, once: map[any]bool{}}
}

// add takes a vote whose signature was verified; the first one of a member counts.
func (m *machine) add(v *pb.SignedVote) bool {
	at := ballot{v.GetRound(), v.VoteType}
	if m.votes[at] == nil {
		m.votes[at] = map[string]*pb.SignedVote{}
	}
	if m.votes[at][string(v.Address)] != nil {
		return false
	}
	m.votes[at][string(v.Address)] = v
	return true
}

func (m *machine) power(address string) uint64 {
	return network.Member(m.params.Committee, []byte(address)).GetVotingPower()
}

func (m *machine) quorum(power uint64) bool {
	return network.Exceeds(power, m.total, m.params.Quorum.Numerator, m.params.Quorum.Denominator)
}

// tally adds up the power of a ballot: for one commitment, and in all.
func (m *machine) tally(at ballot, commitment string) (forIt, all uint64) {
	for address, v := range m.votes[at] {
		power := m.power(address)
		all += power
		if string(v.Commitment) == commitment {
			forIt += power
		}
	}
	return forIt, all
}

func (m *machine) chosen(at ballot, commitment string) bool {
	forIt, _ := m.tally(at, commitment)
	return m.quorum(forIt)
}

// polka gives the commitment that a quorum prevoted in a round, empty if there is none.
func (m *machine) polka(round uint32) string {
	at := ballot{round, prevote}
	for _, v := range m.votes[at] {
		if c := string(v.Commitment); c != "" && m.chosen(at, c) {
			return c
		}
	}
	return ""
}

func (m *machine) first(key any) bool {
	seen := m.once[key]
	m.once[key] = true
	return !seen
}

// next gives one effect, or nil. The numbers are lines of the algorithm.
func (m *machine) next() *effect {
	for at, votes := range m.votes { // 49
		for _, v := range votes {
			c := string(v.Commitment)
			if at.kind == precommit && c != "" && m.chosen(at, c) && m.known(c) {
				return &effect{decide: &choice{at.round, c}}
			}
		}
	}
	for round := range m.ahead() { // 55: more than what faulty members can have
		if network.Exceeds(m.heard(round), m.total, m.params.Quorum.Denominator-m.params.Quorum.Numerator, m.params.Quorum.Denominator) {
			return &effect{round: &round}
		}
	}
	p := m.proposals[m.round]
	if m.step == proposing && p.judged() { // 22, 28
		free := m.locked == nil || m.locked.commitment == p.commitment
		if p.validRound == nil {
			return m.cast(prevote, p.commitment, p.good && free)
		}
		if vr := *p.validRound; vr < m.round && m.chosen(ballot{vr, prevote}, p.commitment) {
			return m.cast(prevote, p.commitment, p.good && (free || m.locked.round <= vr))
		}
	}
	prevotes, precommits := ballot{m.round, prevote}, ballot{m.round, precommit}
	if m.step >= prevoting {
		if p.judged() && p.good && m.chosen(prevotes, p.commitment) && m.first(prevotes) { // 36
			m.valid = &choice{m.round, p.commitment}
			if m.step == prevoting {
				m.locked = m.valid
				return m.cast(precommit, p.commitment, true)
			}
		}
		if m.step == prevoting && m.chosen(prevotes, "") { // 44
			return m.cast(precommit, "", false)
		}
		if _, all := m.tally(prevotes, ""); m.step == prevoting && m.quorum(all) && m.first(waiting(prevotes)) { // 34
			return &effect{timeout: &prevotes}
		}
	}
	if _, all := m.tally(precommits, ""); m.quorum(all) && m.first(precommits) { // 47
		return &effect{timeout: &precommits}
	}
	return nil
}

// waiting names the wait for more prevotes.
type waiting ballot

// cast goes to the step behind a vote, and wants the vote: nil unless yes.
func (m *machine) cast(kind pb.VoteType, commitment string, yes bool) *effect {
	m.step = prevoting
	if kind == precommit {
		m.step = precommitting
	}
	if !yes {
		commitment = ""
	}
	return &effect{vote: &ballot{m.round, kind}, commitment: commitment}
}

// timedOut is told when a wait is over.
func (m *machine) timedOut(at ballot) *effect {
	switch {
	case at.round != m.round:
	case at.kind == 0 && m.step == proposing: // 57
		return m.cast(prevote, "", false)
	case at.kind == prevote && m.step == prevoting: // 61
		return m.cast(precommit, "", false)
	case at.kind == precommit: // 65
		round := m.round + 1
		return &effect{round: &round}
	}
	return nil
}

func (m *machine) start(round uint32) { m.round, m.step = round, proposing }

// known reports whether the body of a commitment is whole here.
func (m *machine) known(commitment string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(m.proposals)), func(p *proposal) bool { return p.commitment == commitment && p.whole() })
}

func (m *machine) ahead() map[uint32]bool {
	rounds := map[uint32]bool{}
	for at := range m.votes {
		if at.round > m.round {
			rounds[at.round] = true
		}
	}
	return rounds
}

// heard is the power of those who voted in a round, in any way.
func (m *machine) heard(round uint32) (power uint64) {
	who := map[string]bool{}
	for _, kind := range []pb.VoteType{prevote, precommit} {
		for address := range m.votes[ballot{round, kind}] {
			who[address] = true
		}
	}
	for address := range who {
		power += m.power(address)
	}
	return power
}
