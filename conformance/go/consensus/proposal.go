package main

import (
	"context"
	"crypto/ed25519"
	"time"

	"github.com/starknet-ecp/ecp/conformance/go/tendermint"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/session"
	"google.golang.org/protobuf/proto"
)

// proposal is what is known of a slot's proposal, besides what the machine sees of it.
type proposal struct {
	*tendermint.Proposal
	slot
	proposer []byte
	parts    session.Parts
	verdict  *pb.Verdict
	said     []*message       // As they came, to be said again.
	judge    *session.Session // The one that was asked.
}

// proposal finds that of a round, or begins it.
func (n *node) proposal(round uint32, validRound *uint32, proposer []byte) *proposal {
	p := n.proposals[round]
	if p == nil {
		p = &proposal{Proposal: &tendermint.Proposal{ValidRound: validRound}, slot: slot{n.height, round}, proposer: proposer}
		p.parts.MaxBytes = n.m.Params.MaxProposalBytes
		n.proposals[round], n.m.Proposals[round] = p, p.Proposal
	}
	return p
}

// verdictOf is the event that a validation ended.
type verdictOf struct {
	p       *proposal
	by      *session.Session
	verdict *pb.Verdict
	err     error
}

// validate asks for a verdict, once in a session.
func (n *node) validate(ctx context.Context, p *proposal, basis *pb.Basis) {
	if p.judge == n.s {
		return
	}
	p.judge = n.s
	s, events := n.s, n.events
	open := &pb.ValidateOpen{Height: &p.Height, Round: &p.Round, ValidRound: p.ValidRound, Proposer: p.proposer, Basis: basis,
		BudgetMs: budget(3 * tendermint.Ballot{Round: p.Round}.Timeout(n.m.Params.Timeouts))} // [ECP-BUD-008]
	go func() {
		verdict, err := s.Judge(ctx, open, &p.parts)
		post(ctx, events, verdictOf{p, s, verdict, err})
	}()
}

// post gives an event to the goroutine of live, unless ctx ends.
func post(ctx context.Context, events chan<- any, event any) {
	select {
	case events <- event:
	case <-ctx.Done():
	}
}

func budget(d time.Duration) uint32 {
	return uint32(min(max(uint64(d.Milliseconds()), 1), ecp.BudgetMsMax))
}

// builtPart and builtAll are events of this node's own build.
type builtPart struct {
	slot
	part *pb.Part
}

type builtAll struct {
	slot
	built *pb.Built
	err   error
}

// propose makes this node's proposal of the round, unless one may have been made before.
func (n *node) propose(ctx context.Context) error {
	at := slot{n.height, n.m.Round}
	if body := n.store.bodies[at]; body != nil { // What was stored whole, the same bytes [ECP-REC-005].
		return n.publish(at, body)
	}
	if n.store.marks[at] || n.height < n.silent || n.store.last != nil && !above(signing{at, pb.SignedStep_SIGNED_STEP_PROPOSAL}, *n.store.last) {
		return nil
	}
	if n.m.Valid != nil {
		return n.repropose(ctx, at)
	}
	if !n.s.Ready() { // [ECP-SES-017]
		return nil
	}
	if err := n.store.put(&record{Kind: "mark", Slot: at}); err != nil { // [ECP-REC-001]
		return err
	}
	s, events, round := n.s, n.events, n.roundCtx
	limit := budget(tendermint.Ballot{Round: at.Round}.Timeout(n.m.Params.Timeouts) * 3 / 4)
	proposer := n.keys.Address
	go func() {
		var built *pb.Built
		err := s.Persist(round, func() (err error) {
			request := &pb.BuildProposalRequest{Height: &at.Height, Round: &at.Round, Proposer: proposer, BudgetMs: limit}
			built, err = s.Build(round, request, func(part *pb.Part) error {
				post(round, events, builtPart{at, part})
				return round.Err()
			})
			return err
		})
		post(round, events, builtAll{at, built, err})
	}()
	return nil
}

// repropose proposes the valid value again, with the INIT of ReframeInit and everything else as it was [ECP-BLD-016].
func (n *node) repropose(ctx context.Context, at slot) error {
	old := n.store.body(at.Height, []byte(n.m.Valid.Commitment))
	if old == nil {
		return nil
	}
	validRound := n.m.Valid.Round
	reply, err := n.s.ReframeInit(ctx, &pb.ReframeInitRequest{
		Height: &at.Height, Init: old.Parts[0].Payload, Round: &at.Round, ValidRound: &validRound, Proposer: n.keys.Address})
	if err != nil {
		return err
	}
	init := &pb.Part{Index: proto.Uint32(0), Kind: pb.PartKind_PART_KIND_INIT, Payload: reply.Init}
	body := &record{Kind: "body", Slot: at, ValidRound: &validRound, Proposer: n.keys.Address, Commitment: old.Commitment,
		Parts: append([]*pb.Part{init}, old.Parts[1:]...)}
	if err := n.store.put(body); err != nil {
		return err
	}
	return n.publish(at, body)
}

// publish signs a proposal whose body is durable [ECP-REC-002, ECP-REC-010], and says what was not said of it yet.
func (n *node) publish(at slot, body *record) error {
	signed := &pb.SignedProposal{Address: n.keys.Address, Height: &at.Height, Round: &at.Round, ValidRound: body.ValidRound, Commitment: body.Commitment}
	r, err := n.sign(at.Round, pb.SignedStep_SIGNED_STEP_PROPOSAL, body.Commitment, n.proposalDigest(signed))
	if err != nil || r == nil {
		return err
	}
	signed.Signature = r.Signature
	for _, part := range body.Parts {
		n.sayPart(at, body.ValidRound, part)
	}
	p := n.proposals[at.Round]
	p.Commitment = string(body.Commitment)
	p.verdict = &pb.Verdict{Outcome: &pb.Verdict_Valid{Valid: &pb.Valid{Commitment: body.Commitment}}}
	n.say(p, &message{Height: at.Height, Round: at.Round, Proposal: signed})
	return nil
}

// sayPart takes a part of an own proposal and tells the peers, once.
func (n *node) sayPart(at slot, validRound *uint32, part *pb.Part) {
	p := n.proposal(at.Round, validRound, n.keys.Address)
	if !p.parts.Add(part) {
		return
	}
	m := &message{Height: at.Height, Round: at.Round, ValidRound: validRound, Proposer: n.keys.Address, Part: part}
	m.Signature = ed25519.Sign(n.keys.Secret, n.partDigest(m))
	n.say(p, m)
}

func (n *node) say(p *proposal, m *message) {
	p.said = append(p.said, m)
	n.broadcast(m)
}
