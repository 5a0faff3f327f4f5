package tendermint_test

import (
	"math/rand/v2"
	"testing"

	"github.com/starknet-ecp/ecp/conformance/go/tendermint"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"google.golang.org/protobuf/proto"
)

func params(members int) *pb.HeightParams {
	p := &pb.HeightParams{Height: proto.Uint64(1), Committee: &pb.Committee{}, Quorum: &pb.Quorum{Numerator: 2, Denominator: 3}}
	for i := range members {
		p.Committee.Members = append(p.Committee.Members, &pb.CommitteeMember{Address: []byte{byte(i)}, VotingPower: 1})
		p.Proposers = append(p.Proposers, uint32(i))
	}
	return p
}

func vote(from byte, at tendermint.Ballot, commitment string) *pb.SignedVote {
	v := &pb.SignedVote{Address: []byte{from}, Height: proto.Uint64(1), Round: proto.Uint32(at.Round), VoteType: at.Kind}
	if commitment != "" {
		v.Commitment = []byte(commitment)
	}
	return v
}

func good(commitment string) *tendermint.Proposal {
	return &tendermint.Proposal{Commitment: commitment, Whole: true, Judged: true, Good: true}
}

// run takes effects until there is none, and gives the votes and whether round or decision came.
func run(m *tendermint.Machine) (votes []string, timeouts []tendermint.Ballot, decided string) {
	for e := m.Next(); e != nil; e = m.Next() {
		switch {
		case e.Vote != nil:
			votes = append(votes, e.Vote.Kind.String()[len("VOTE_TYPE_"):]+" "+e.Commitment)
			m.Add(vote(0, *e.Vote, e.Commitment))
		case e.Timeout != nil:
			timeouts = append(timeouts, *e.Timeout)
		case e.Round != nil:
			m.Start(*e.Round)
		default:
			return votes, timeouts, e.Decide.Commitment
		}
	}
	return votes, timeouts, ""
}

func one(t *testing.T, votes []string, want string) {
	t.Helper()
	if len(votes) != 1 || votes[0] != want {
		t.Fatalf("it voted %q, not %q", votes, want)
	}
}

func TestAGoodProposalIsDecided(t *testing.T) {
	m := tendermint.New(params(4))
	m.Proposals[0] = good("v")
	votes, _, _ := run(m)
	one(t, votes, "PREVOTE v")
	for from := byte(1); from < 3; from++ {
		m.Add(vote(from, tendermint.Ballot{Kind: tendermint.Prevote}, "v"))
	}
	votes, _, _ = run(m)
	one(t, votes, "PRECOMMIT v")
	m.Add(vote(1, tendermint.Ballot{Kind: tendermint.Precommit}, "v"))
	if _, _, decided := run(m); decided != "" {
		t.Fatal("two of four decided")
	}
	m.Add(vote(2, tendermint.Ballot{Kind: tendermint.Precommit}, "v"))
	if _, _, decided := run(m); decided != "v" {
		t.Fatalf("it decided %q", decided)
	}
}

func TestABadProposalAndNoProposalGetNil(t *testing.T) {
	m := tendermint.New(params(4))
	m.Proposals[0] = &tendermint.Proposal{Commitment: "v", Whole: true, Judged: true}
	votes, _, _ := run(m)
	one(t, votes, "PREVOTE ")
	m = tendermint.New(params(4))
	if e := m.TimedOut(tendermint.Ballot{}); e == nil || e.Vote == nil || e.Commitment != "" {
		t.Fatalf("after the propose timeout it wants %v", e)
	}
}

func TestALockedValueIsLeftOnlyForANewerQuorum(t *testing.T) {
	m := tendermint.New(params(4))
	m.Locked = &tendermint.Choice{Round: 1, Commitment: "old"}
	m.Start(2)
	m.Proposals[2] = good("new")
	votes, _, _ := run(m)
	one(t, votes, "PREVOTE ")
	for round, want := range map[uint32]string{0: "PREVOTE ", 1: "PREVOTE new"} {
		m = tendermint.New(params(4))
		m.Locked = &tendermint.Choice{Round: 1, Commitment: "old"}
		m.Start(2)
		m.Proposals[2] = good("new")
		m.Proposals[2].ValidRound = proto.Uint32(round)
		if votes, _, _ := run(m); votes != nil {
			t.Fatalf("it voted %q without the quorum that the proposer names", votes)
		}
		for from := byte(1); from < 4; from++ {
			m.Add(vote(from, tendermint.Ballot{Round: round, Kind: tendermint.Prevote}, "new"))
		}
		votes, _, _ := run(m)
		one(t, votes, want)
	}
}

func TestALateQuorumMakesTheValidValueWithoutALock(t *testing.T) {
	m := tendermint.New(params(4))
	m.Proposals[0] = good("v")
	run(m)
	m.Add(vote(1, tendermint.Ballot{Kind: tendermint.Prevote}, "v"))
	m.Add(vote(3, tendermint.Ballot{Kind: tendermint.Prevote}, ""))
	_, timeouts, _ := run(m)
	if len(timeouts) != 1 || timeouts[0].Kind != tendermint.Prevote {
		t.Fatalf("it waits for %v", timeouts)
	}
	if e := m.TimedOut(timeouts[0]); e == nil || e.Vote.Kind != tendermint.Precommit || e.Commitment != "" {
		t.Fatalf("after the wait it wants %v", e)
	}
	m.Add(vote(2, tendermint.Ballot{Kind: tendermint.Prevote}, "v"))
	run(m)
	if m.Locked != nil || m.Valid == nil || m.Valid.Commitment != "v" {
		t.Errorf("locked %v, valid %v", m.Locked, m.Valid)
	}
}

func TestMoreThanAThirdOfALaterRoundIsFollowed(t *testing.T) {
	m := tendermint.New(params(4))
	m.Add(vote(1, tendermint.Ballot{Round: 5, Kind: tendermint.Prevote}, ""))
	run(m)
	if m.Round != 0 {
		t.Fatal("one of four moved it")
	}
	m.Add(vote(2, tendermint.Ballot{Round: 5, Kind: tendermint.Precommit}, ""))
	run(m)
	if m.Round != 5 {
		t.Errorf("it is in round %d", m.Round)
	}
}

// TestNodesAgreeWhateverIsLost runs four nodes whose votes arrive in any order, late or not at all until a timeout, and one
// of which proposes two values in a slot.
func TestNodesAgreeWhateverIsLost(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		const nodes = 4
		p := params(nodes)
		machines, decided := make([]*tendermint.Machine, nodes), make([]string, nodes)
		type delivery struct {
			to   int
			vote *pb.SignedVote
		}
		var wire []delivery
		waits := make([][]tendermint.Ballot, nodes)
		propose := func(i int) {
			m := machines[i]
			waits[i] = append(waits[i], tendermint.Ballot{Round: m.Round})
			from := network.Proposer(p, m.Round).Address[0]
			value := string([]byte{'v', from, byte(m.Round)})
			if from == 3 && i%2 == 0 {
				value += " twice"
			}
			m.Proposals[m.Round] = good(value)
		}
		do := func(i int, e *tendermint.Effect) {
			switch {
			case e.Vote != nil:
				v := vote(byte(i), *e.Vote, e.Commitment)
				machines[i].Add(v)
				for to := range nodes {
					wire = append(wire, delivery{to, v})
				}
			case e.Timeout != nil:
				waits[i] = append(waits[i], *e.Timeout)
			case e.Round != nil:
				machines[i].Start(*e.Round)
				propose(i)
			default:
				decided[i] = e.Decide.Commitment
			}
		}
		settle := func(i int) {
			for e := machines[i].Next(); e != nil && decided[i] == ""; e = machines[i].Next() {
				do(i, e)
			}
		}
		for i := range machines {
			machines[i] = tendermint.New(p)
			propose(i)
			settle(i)
		}
		for range 5000 {
			switch n := random.IntN(10); {
			case n < 9 && len(wire) > 0:
				at := random.IntN(len(wire))
				d := wire[at]
				wire[at] = wire[len(wire)-1]
				wire = wire[:len(wire)-1]
				machines[d.to].Add(d.vote)
				if decided[d.to] == "" {
					settle(d.to)
				}
			default:
				i := random.IntN(nodes)
				if len(waits[i]) == 0 || decided[i] != "" {
					continue
				}
				at := waits[i][0]
				waits[i] = waits[i][1:]
				if e := machines[i].TimedOut(at); e != nil {
					do(i, e)
					settle(i)
				}
			}
		}
		first := ""
		for i, value := range decided {
			if value != "" && first != "" && value != first {
				t.Fatalf("seed %d: node %d decided %q, another one %q", seed, i, value, first)
			}
			if value != "" {
				first = value
			}
		}
		if first == "" {
			t.Errorf("seed %d: nothing was decided", seed)
		}
	}
}
