// Package tendermint is the consensus algorithm at one height, without I/O, clock or keys: Buchman, Kwon, Milosevic, "The
// latest gossip on BFT consensus", algorithm 1.
//
// A driver adds votes that it verified and fills in proposals; after each change it calls Next until there is no effect
// more, and does what each effect says.
package tendermint

import (
	"time"

	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
)

// The two types of votes.
const (
	Prevote   = pb.VoteType_VOTE_TYPE_PREVOTE
	Precommit = pb.VoteType_VOTE_TYPE_PRECOMMIT
)

// Step of a round.
type Step int

// The steps, in order.
const (
	Proposing Step = iota
	Prevoting
	Precommitting
)

// Choice is a value and the round that chose it; commitments are texts of 32 bytes, empty for nil.
type Choice struct {
	Round      uint32
	Commitment string
}

// Ballot names the votes of one type in one round. With the type 0 it names the wait for a proposal.
type Ballot struct {
	Round uint32
	Kind  pb.VoteType
}

// Timeout is how long a wait lasts (ECP-HGT-008).
func (at Ballot) Timeout(t *pb.Timeouts) time.Duration {
	base, delta := t.ProposeMs, t.ProposeDeltaMs
	switch at.Kind {
	case Prevote:
		base, delta = t.PrevoteMs, t.PrevoteDeltaMs
	case Precommit:
		base, delta = t.PrecommitMs, t.PrecommitDeltaMs
	}
	return time.Duration(uint64(base)+uint64(delta)*uint64(at.Round)) * time.Millisecond
}

// Proposal is what is known of the proposal of a round; the driver fills it in.
type Proposal struct {
	// ValidRound is what its proposer named, nil for a first proposal.
	ValidRound *uint32
	// Commitment that its proposer signed; empty until then.
	Commitment string
	// Whole says that all its parts are here.
	Whole bool
	// Judged says that there is an opinion, and Good that it is VALID with Commitment.
	Judged, Good bool
}

// Effect is what the machine wants. One of the pointers is set.
type Effect struct {
	// Vote is cast for Commitment, empty for nil.
	Vote       *Ballot
	Commitment string
	// Timeout is waited for, then TimedOut is called.
	Timeout *Ballot
	// Round is started: Start is called, and its proposal made or waited for.
	Round *uint32
	// Decide is the end of the height.
	Decide *Choice
}

// Machine is the state at one height.
type Machine struct {
	// Params of the height.
	Params *pb.HeightParams
	// Round and Step are where this node is.
	Round uint32
	Step  Step
	// Locked and Valid are what this node precommitted last, and what a quorum prevoted last; nil for nothing.
	Locked, Valid *Choice
	// Proposals by round.
	Proposals map[uint32]*Proposal
	// Votes by ballot and address.
	Votes map[Ballot]map[string]*pb.SignedVote

	total uint64
	once  map[any]bool
}

// New begins a height at round 0.
func New(p *pb.HeightParams) *Machine {
	return &Machine{Params: p, total: network.TotalPower(p.Committee), Proposals: map[uint32]*Proposal{},
		Votes: map[Ballot]map[string]*pb.SignedVote{}, once: map[any]bool{}}
}

// Add takes a vote whose signature was verified; the first one of a member counts.
func (m *Machine) Add(v *pb.SignedVote) bool {
	at := Ballot{v.GetRound(), v.VoteType}
	if m.Votes[at] == nil {
		m.Votes[at] = map[string]*pb.SignedVote{}
	}
	if m.Votes[at][string(v.Address)] != nil {
		return false
	}
	m.Votes[at][string(v.Address)] = v
	return true
}

func (m *Machine) power(address string) uint64 {
	return network.Member(m.Params.Committee, []byte(address)).GetVotingPower()
}

func (m *Machine) quorum(power uint64) bool {
	return network.Exceeds(power, m.total, m.Params.Quorum.Numerator, m.Params.Quorum.Denominator)
}

// tally adds up the power of a ballot: for one commitment, and in all.
func (m *Machine) tally(at Ballot, commitment string) (forIt, all uint64) {
	for address, v := range m.Votes[at] {
		power := m.power(address)
		all += power
		if string(v.Commitment) == commitment {
			forIt += power
		}
	}
	return forIt, all
}

func (m *Machine) chosen(at Ballot, commitment string) bool {
	forIt, _ := m.tally(at, commitment)
	return m.quorum(forIt)
}

// Polka gives the commitment that a quorum prevoted in a round, empty if there is none.
func (m *Machine) Polka(round uint32) string {
	at := Ballot{round, Prevote}
	for _, v := range m.Votes[at] {
		if c := string(v.Commitment); c != "" && m.chosen(at, c) {
			return c
		}
	}
	return ""
}

func (m *Machine) first(key any) bool {
	seen := m.once[key]
	m.once[key] = true
	return !seen
}

// Next gives one effect, or nil. The numbers are lines of the algorithm.
func (m *Machine) Next() *Effect {
	for at, votes := range m.Votes { // 49
		for _, v := range votes {
			c := string(v.Commitment)
			if at.Kind == Precommit && c != "" && m.chosen(at, c) && m.known(c) {
				return &Effect{Decide: &Choice{at.Round, c}}
			}
		}
	}
	for round := range m.ahead() { // 55: more than what faulty members can have
		if network.Exceeds(m.heard(round), m.total, m.Params.Quorum.Denominator-m.Params.Quorum.Numerator, m.Params.Quorum.Denominator) {
			return &Effect{Round: &round}
		}
	}
	p := m.Proposals[m.Round]
	if m.Step == Proposing && p.judged() { // 22, 28
		free := m.Locked == nil || m.Locked.Commitment == p.Commitment
		if p.ValidRound == nil {
			return m.cast(Prevote, p.Commitment, p.Good && free)
		}
		if vr := *p.ValidRound; vr < m.Round && m.chosen(Ballot{vr, Prevote}, p.Commitment) {
			return m.cast(Prevote, p.Commitment, p.Good && (free || m.Locked.Round <= vr))
		}
	}
	prevotes, precommits := Ballot{m.Round, Prevote}, Ballot{m.Round, Precommit}
	if m.Step >= Prevoting {
		if p.judged() && p.Good && m.chosen(prevotes, p.Commitment) && m.first(prevotes) { // 36
			m.Valid = &Choice{m.Round, p.Commitment}
			if m.Step == Prevoting {
				m.Locked = m.Valid
				return m.cast(Precommit, p.Commitment, true)
			}
		}
		if m.Step == Prevoting && m.chosen(prevotes, "") { // 44
			return m.cast(Precommit, "", false)
		}
		if _, all := m.tally(prevotes, ""); m.Step == Prevoting && m.quorum(all) && m.first(waiting(prevotes)) { // 34
			return &Effect{Timeout: &prevotes}
		}
	}
	if _, all := m.tally(precommits, ""); m.quorum(all) && m.first(precommits) { // 47
		return &Effect{Timeout: &precommits}
	}
	return nil
}

// waiting names the wait for more prevotes.
type waiting Ballot

// cast goes to the step behind a vote, and wants the vote: nil unless yes.
func (m *Machine) cast(kind pb.VoteType, commitment string, yes bool) *Effect {
	m.Step = Prevoting
	if kind == Precommit {
		m.Step = Precommitting
	}
	if !yes {
		commitment = ""
	}
	return &Effect{Vote: &Ballot{m.Round, kind}, Commitment: commitment}
}

// TimedOut is told when a wait is over.
func (m *Machine) TimedOut(at Ballot) *Effect {
	switch {
	case at.Round != m.Round:
	case at.Kind == 0 && m.Step == Proposing: // 57
		return m.cast(Prevote, "", false)
	case at.Kind == Prevote && m.Step == Prevoting: // 61
		return m.cast(Precommit, "", false)
	case at.Kind == Precommit: // 65
		round := m.Round + 1
		return &Effect{Round: &round}
	}
	return nil
}

// Start goes to the beginning of a round.
func (m *Machine) Start(round uint32) { m.Round, m.Step = round, Proposing }

// known reports whether the body of a commitment is whole here.
func (m *Machine) known(commitment string) bool {
	for _, p := range m.Proposals {
		if p.Whole && p.Commitment == commitment {
			return true
		}
	}
	return false
}

func (p *Proposal) judged() bool { return p != nil && p.Judged }

func (m *Machine) ahead() map[uint32]bool {
	rounds := map[uint32]bool{}
	for at := range m.Votes {
		if at.Round > m.Round {
			rounds[at.Round] = true
		}
	}
	return rounds
}

// heard is the power of those who voted in a round, in any way.
func (m *Machine) heard(round uint32) (power uint64) {
	who := map[string]bool{}
	for _, kind := range []pb.VoteType{Prevote, Precommit} {
		for address := range m.Votes[Ballot{round, kind}] {
			who[address] = true
		}
	}
	for address := range who {
		power += m.power(address)
	}
	return power
}
