package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"log"
	"time"

	"github.com/starknet-ecp/ecp/conformance/go/tendermint"
	"github.com/starknet-ecp/ecp/proto/go/check"
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

func signature(keys *network.Keys, digest []byte) []byte { return ed25519.Sign(keys.Secret, digest) }

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
	for _, m := range early {
		n.hear(ctx, m)
	}
	for {
		if done, err := n.advance(ctx); done || err != nil {
			return err
		}
		var err error
		select {
		case m := <-n.gossip.Inbox:
			err = n.hear(ctx, m)
		case event := <-n.events:
			err = n.happen(ctx, event)
		case <-n.s.Done():
			err = n.s.Err()
		}
		if errors.Is(err, errDecided) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// errDecided says that a peer proved the height.
var errDecided = errors.New("decided elsewhere")

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
		for _, part := range body.parts() {
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
		if bytes.Equal(proposer.Address, n.keys.Address) {
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
	n.after(timeout(n.m.Params.Timeouts, at), timedOut{n.height, at})
}

// advance does what the machine wants until it wants nothing more.
func (n *node) advance(ctx context.Context) (done bool, err error) {
	if err := n.keep(); err != nil {
		return false, err
	}
	for e := n.m.Next(); e != nil && err == nil; e = n.m.Next() {
		if e.Decide != nil {
			return true, n.decided(*e.Decide)
		}
		err = n.do(ctx, e)
	}
	return false, err
}

// keep tells the machine what became of proposals, and makes the body of what this node is for durable, before it votes
// for it [ECP-REC-002].
func (n *node) keep() error {
	for _, p := range n.proposals {
		p.Whole = p.Commitment != "" && p.parts.Whole()
		p.Judged = p.verdict != nil && (p.verdict.GetValid() == nil || p.Commitment != "")
		p.Good = p.Judged && p.Commitment != "" && string(p.verdict.GetValid().GetCommitment()) == p.Commitment // [ECP-VAL-002]
		if p.Good && p.Whole && n.store.bodies[p.slot] == nil {
			if err := n.store.put(bodyRecord(p.slot, p.ValidRound, p.proposer, []byte(p.Commitment), p.parts.All())); err != nil {
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
		p := n.proposals[e.Round]
		body := bodyRecord(e.slot, nil, n.keys.Address, e.built.Commitment, p.parts.All())
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

func (n *node) broadcast(m *message) {
	for p := range n.peers {
		if p.Gone() {
			delete(n.peers, p)
			continue
		}
		p.Send(m)
	}
}

// sayAll tells a peer what is known of the height.
func (n *node) sayAll(p *peer) {
	p.Send(&message{Height: n.height})
	for _, proposal := range n.proposals {
		for _, m := range proposal.said {
			p.Send(m)
		}
	}
	for _, votes := range n.m.Votes {
		for _, v := range votes {
			p.Send(&message{Height: n.height, Round: v.GetRound(), Vote: v})
		}
	}
}

// hear takes what a peer said; nothing in it is trusted before it is verified.
func (n *node) hear(ctx context.Context, h heard) error {
	m := h.Message
	if m == nil {
		n.peers[h.From] = true
		n.sayAll(h.From)
		return nil
	}
	switch kept := n.store.certificates[m.Height]; {
	case m.Certificate != nil:
		return n.catchUp(ctx, m)
	case m.Height == n.height+1 && len(n.later) < queueMax:
		n.later = append(n.later, h) // [ECP-ORD-007]
	case m.Height < n.height && kept != nil && m.Vote == nil && m.Part == nil && m.Proposal == nil:
		if body := n.store.body(m.Height, kept.Commitment); body != nil {
			h.From.Send(&message{Height: m.Height, Certificate: kept, Parts: body.parts()})
		}
	case m.Height != n.height:
	case m.Vote != nil:
		n.hearVote(m.Vote)
	case m.Part != nil:
		n.hearPart(ctx, m)
	case m.Proposal != nil:
		n.hearProposal(m)
	}
	return nil
}

// catchUp takes a decided block of this height from a peer.
func (n *node) catchUp(ctx context.Context, m *message) error {
	if m.Height != n.height || check.Message(m.Certificate) != nil || check.Whole(m.Parts, check.Counts(m.Parts)) != nil {
		return nil
	}
	if network.VerifyCertificate(n.genesis.Identity, n.m.Params, m.Certificate) != nil {
		return nil // A peer that lies costs nothing.
	}
	if err := n.s.Learn(ctx, n.store, m.Certificate, m.Parts); err != nil {
		return err
	}
	return errDecided
}

func (n *node) hearVote(v *pb.SignedVote) {
	member := network.Member(n.m.Params.Committee, v.GetAddress())
	if member == nil || check.Message(v) != nil || v.GetHeight() != n.height ||
		!network.Verify(member.PublicKey, network.VoteDigest(n.genesis.Identity, v.VoteType, n.height, v.GetRound(), v.Commitment), v.Signature) {
		return
	}
	at := signing{slot{n.height, v.GetRound()}, steps[v.VoteType]}
	if bytes.Equal(v.Address, n.keys.Address) && (n.store.last == nil || above(at, *n.store.last)) { // [ECP-REC-015]
		n.silent = max(n.silent, n.height+1)
	}
	n.m.Add(v)
}

func (n *node) hearPart(ctx context.Context, m *message) {
	proposer := network.Proposer(n.m.Params, m.Round)
	if check.Message(m.Part) != nil || !bytes.Equal(m.Proposer, proposer.Address) || bytes.Equal(m.Proposer, n.keys.Address) ||
		m.ValidRound != nil && *m.ValidRound >= m.Round || !network.Verify(proposer.PublicKey, n.partDigest(m), m.Signature) {
		return
	}
	p := n.proposal(m.Round, m.ValidRound, m.Proposer)
	if sameRound(p.ValidRound, m.ValidRound) && p.parts.Add(m.Part) {
		p.said = append(p.said, m)
		n.validate(ctx, p, n.basis(p))
	}
}

func sameRound(a, b *uint32) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

func (n *node) hearProposal(m *message) {
	proposer := network.Proposer(n.m.Params, m.Proposal.GetRound())
	p := n.proposals[m.Proposal.GetRound()]
	if p == nil || p.Commitment != "" || check.Message(m.Proposal) != nil || m.Proposal.GetHeight() != n.height ||
		!sameRound(p.ValidRound, m.Proposal.ValidRound) || !network.Verify(proposer.PublicKey, n.proposalDigest(m.Proposal), m.Proposal.Signature) {
		return
	}
	p.Commitment = string(m.Proposal.Commitment)
	p.said = append(p.said, m)
}
