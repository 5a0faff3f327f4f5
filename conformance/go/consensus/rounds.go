package main

import (
	"bytes"
	"context"
	"errors"
	"log"
	"time"

	"github.com/starknet-ecp/ecp/conformance/go/tendermint"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"google.golang.org/protobuf/proto"
)

const queueMax = 4096 // Events, and messages of the next height.

var steps = map[pb.VoteType]pb.SignedStep{tendermint.Prevote: pb.SignedStep_SIGNED_STEP_PREVOTE, tendermint.Precommit: pb.SignedStep_SIGNED_STEP_PRECOMMIT}

// timedOut is the event that a wait is over.
type timedOut struct {
	height uint64
	at     tendermint.Ballot
}

// again is the event that it is time to say again what may have been lost.
type again struct{ height uint64 }

// decide runs rounds until the certificate of the height is durable.
func (n *node) decide(ctx context.Context, params *pb.HeightParams) error {
	if n.m == nil || n.height != params.GetHeight() {
		n.begin(params)
	}
	if err := n.startRound(ctx, n.m.Round); err != nil {
		return err
	}
	n.restore(ctx)
	n.broadcast(&message{Height: n.height})
	n.after(time.Duration(params.Timeouts.RebroadcastMs)*time.Millisecond, again{n.height})
	early := n.later
	n.later = nil
	for n.next() == n.height {
		if err := n.advance(ctx); err != nil {
			return err
		}
		var err error
		if len(early) > 0 {
			err, early = n.hear(ctx, early[0]), early[1:]
		} else if n.next() == n.height {
			select {
			case m := <-n.gossip.Inbox:
				err = n.hear(ctx, m)
			case event := <-n.events:
				err = n.happen(ctx, event)
			case <-n.s.Done():
				err = n.s.Err()
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// begin makes the machine of a height from what the log has of it.
func (n *node) begin(params *pb.HeightParams) {
	n.height, n.m, n.proposals = params.GetHeight(), tendermint.New(params), map[uint32]*proposal{}
	for at, r := range n.store.signed {
		if at.Slot.Height != n.height {
			continue
		}
		if kind := (map[pb.SignedStep]pb.VoteType{2: tendermint.Prevote, 3: tendermint.Precommit})[at.Step]; kind != 0 {
			n.m.Add(n.voteOf(r, tendermint.Ballot{Round: at.Slot.Round, Kind: kind}))
			newer := n.m.Locked == nil || at.Slot.Round > n.m.Locked.Round
			if kind == tendermint.Precommit && r.Commitment != nil && newer {
				n.m.Locked = &tendermint.Choice{Round: at.Slot.Round, Commitment: string(r.Commitment)}
				n.m.Valid = n.m.Locked
			}
		}
	}
	if last := n.store.last; last != nil && last.Slot.Height == n.height {
		n.m.Round = last.Slot.Round
	}
}

func (n *node) voteOf(r *record, at tendermint.Ballot) *pb.SignedVote {
	height, round := n.height, at.Round
	return &pb.SignedVote{Address: n.keys.Address, Height: &height, Round: &round, VoteType: at.Kind, Commitment: r.Commitment, Signature: r.Signature}
}

// restore brings back proposals: those in the log, and to a new instance those that are not decided [ECP-REC-008].
func (n *node) restore(ctx context.Context) {
	for at, body := range n.store.bodies {
		if at.Height != n.height || body.Proposer == nil {
			continue
		}
		p := n.proposal(at.Round, body.ValidRound, body.Proposer)
		for _, part := range body.Parts {
			p.parts.Add(part)
		}
		if p.Commitment == "" {
			p.Commitment = string(body.Commitment)
		}
	}
	for _, p := range n.proposals {
		if recorded := n.store.bodies[p.slot] != nil; !recorded {
			if !bytes.Equal(p.proposer, n.keys.Address) {
				n.validate(ctx, p, n.basis(p))
			}
		} else if n.newInstance || p.verdict == nil {
			n.validate(ctx, p, &pb.Basis{Kind: pb.BasisKind_BASIS_KIND_RESTORED})
		}
	}
}

// basis is QUORUM for what a quorum prevoted in the round that its proposer names.
func (n *node) basis(p *proposal) *pb.Basis {
	if p.ValidRound != nil && n.m.Polka(*p.ValidRound) != "" {
		return &pb.Basis{Kind: pb.BasisKind_BASIS_KIND_QUORUM, ValidRound: p.ValidRound}
	}
	return &pb.Basis{Kind: pb.BasisKind_BASIS_KIND_FRESH}
}

// startRound tells the execution half, then proposes if it is this node's turn [ECP-ORD-005].
func (n *node) startRound(ctx context.Context, round uint32) error {
	if n.endRound != nil {
		n.endRound()
	}
	n.roundCtx, n.endRound = context.WithCancel(ctx)
	resumed := round == n.m.Round && n.m.Step != tendermint.Proposing
	if !resumed {
		n.m.Start(round)
	}
	proposer, role := network.Proposer(n.m.Params, round), pb.RoundRole_ROUND_ROLE_OBSERVER
	if n.member() != nil && n.height >= n.silent {
		role = pb.RoundRole_ROUND_ROLE_VALIDATOR
		state, _ := n.s.State()
		left := state.GetNetworkTip() >= n.height && state.NetworkTip != nil // A height that the network has left [ECP-SYN-018].
		if bytes.Equal(proposer.Address, n.keys.Address) && !left {
			role = pb.RoundRole_ROUND_ROLE_PROPOSER
		}
	}
	err := n.s.Persist(ctx, func() error {
		_, err := n.s.StartRound(ctx, &pb.StartRoundRequest{Height: &n.height, Round: &round, Role: role, Proposer: proposer.Address})
		return err
	})
	if err != nil {
		return err
	}
	n.wait(tendermint.Ballot{Round: round})
	if role == pb.RoundRole_ROUND_ROLE_PROPOSER {
		return n.propose(ctx)
	}
	return nil
}

// after posts an event later; what is out of date by then is ignored.
func (n *node) after(d time.Duration, event any) {
	events := n.events
	time.AfterFunc(d, func() { events <- event })
}

func (n *node) wait(at tendermint.Ballot) {
	n.after(at.Timeout(n.m.Params.Timeouts), timedOut{n.height, at})
}

// advance does what the machine wants until it wants nothing more.
func (n *node) advance(ctx context.Context) error {
	err := n.keep()
	for e := n.m.Next(); e != nil && err == nil; e = n.m.Next() {
		if e.Decide != nil {
			return n.decided(*e.Decide)
		}
		err = n.do(ctx, e)
	}
	return err
}

// keep tells the machine what became of proposals, and makes the body of what this node is for durable, before it votes
// for it [ECP-REC-002].
func (n *node) keep() error {
	for _, p := range n.proposals {
		p.Whole = p.Commitment != "" && p.parts.Whole()
		p.Judged = p.verdict != nil && (p.verdict.GetValid() == nil || p.Commitment != "")
		p.Good = p.Judged && p.Commitment != "" && string(p.verdict.GetValid().GetCommitment()) == p.Commitment // [ECP-VAL-002]
		if p.Good && p.Whole && n.store.bodies[p.slot] == nil {
			body := &record{Kind: "body", Slot: p.slot, ValidRound: p.ValidRound, Proposer: p.proposer, Commitment: []byte(p.Commitment), Parts: p.parts.All()}
			if err := n.store.put(body); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *node) do(ctx context.Context, e *tendermint.Effect) error {
	switch {
	case e.Round != nil:
		return n.startRound(ctx, *e.Round)
	case e.Timeout != nil:
		n.wait(*e.Timeout)
		return nil
	}
	var commitment []byte
	if e.Commitment != "" {
		commitment = []byte(e.Commitment)
	}
	if e.Vote.Kind == tendermint.Prevote {
		n.endRound() // A build that goes on is too late.
	}
	digest := network.VoteDigest(n.genesis.Identity, e.Vote.Kind, n.height, e.Vote.Round, commitment)
	r, err := n.sign(e.Vote.Round, steps[e.Vote.Kind], commitment, digest)
	if err == nil && r != nil {
		v := n.voteOf(r, *e.Vote)
		n.m.Add(v)
		n.broadcast(&message{Height: n.height, Round: e.Vote.Round, Vote: v})
	}
	return err
}

// decided makes body and certificate durable, before Decide is called [ECP-DEC-013, ECP-REC-004].
func (n *node) decided(c tendermint.Choice) error {
	certificate := &pb.CommitCertificate{Height: proto.Uint64(n.height), Round: &c.Round, Commitment: []byte(c.Commitment)}
	for _, v := range n.m.Votes[tendermint.Ballot{Round: c.Round, Kind: tendermint.Precommit}] {
		if string(v.Commitment) == c.Commitment {
			certificate.Signatures = append(certificate.Signatures, &pb.CommitSignature{Address: v.Address, Signature: v.Signature})
		}
	}
	if err := network.VerifyCertificate(n.genesis.Identity, n.m.Params, certificate); err != nil {
		return err
	}
	for _, p := range n.proposals {
		if p.Whole && p.Commitment == c.Commitment {
			return n.store.Accept(certificate, p.parts.All())
		}
	}
	return errors.New("a decision without its body") // The machine decides nothing else.
}

// happen takes an event of this node itself.
func (n *node) happen(ctx context.Context, event any) error {
	switch e := event.(type) {
	case timedOut:
		if e.height == n.height {
			if want := n.m.TimedOut(e.at); want != nil {
				return n.do(ctx, want)
			}
		}
	case again:
		if e.height == n.height {
			n.broadcast(&message{Height: n.height})
			for p := range n.peers {
				n.sayAll(p)
			}
			n.after(time.Duration(n.m.Params.Timeouts.RebroadcastMs)*time.Millisecond, e)
		}
	case verdictOf:
		if e.by != n.s || n.proposals[e.p.Round] != e.p {
			return nil
		}
		if e.err != nil {
			log.Print(e.err)
		} else if e.verdict.GetAborted() == nil && (e.p.verdict == nil || !e.p.Good) {
			e.p.verdict = e.verdict
		}
		return fatal(e.err)
	case builtPart:
		if e.Height == n.height && e.Round == n.m.Round {
			n.sayPart(e.slot, nil, e.part)
		}
	case builtAll:
		if e.Height != n.height || e.Round != n.m.Round {
			return nil
		}
		if e.err != nil {
			log.Print(e.err)
			return fatal(e.err)
		}
		body := &record{Kind: "body", Slot: e.slot, Proposer: n.keys.Address, Commitment: e.built.Commitment, Parts: n.proposals[e.Round].parts.All()}
		if err := n.store.put(body); err != nil {
			return err
		}
		return n.publish(e.slot, body)
	}
	return nil
}

// fatal gives back an error that ends the session or the node; all others cost this proposal only.
func fatal(err error) error {
	var e *ecp.Error
	if errors.As(err, &e) && (e.Action == ecp.ActionHandshake || e.Action == ecp.ActionHalt) {
		return err
	}
	return nil
}
