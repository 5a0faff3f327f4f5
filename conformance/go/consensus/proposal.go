package main

import (
	"context"
	"sync"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/session"
)

// proposal is what is known of a slot's proposal.
type proposal struct {
	slot
	validRound *uint32
	proposer   []byte
	commitment string // That its proposer signed; empty until then.
	good       bool   // VALID with this commitment.
	verdict    *pb.Verdict
	said       []*message // As they came, to be said again.
	judgedBy   *session.Session

	news  ecp.Broadcast
	mu    sync.Mutex // Guards what a validation reads while parts come.
	parts []*pb.Part
	order check.Order
}

// judged reports whether this node has an opinion: the verdict, and what it is about.
func (p *proposal) judged() bool {
	return p != nil && p.verdict != nil && (p.verdict.GetValid() == nil || p.commitment != "")
}

// add takes the next part; false if it is another one.
func (p *proposal) add(part *pb.Part) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.order.Part(part) != nil {
		return false
	}
	p.parts = append(p.parts, part)
	p.news.Wake()
	return true
}

// at gives a part, and whether it is the last one.
func (p *proposal) at(i int) (part *pb.Part, last bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i < len(p.parts) {
		part = p.parts[i]
	}
	return part, part.GetKind() == pb.PartKind_PART_KIND_FIN
}

// whole reports whether all parts and the signature of the proposer are there.
func (p *proposal) whole() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	count := len(p.parts)
	return p.commitment != "" && count > 0 && p.parts[count-1].Kind == pb.PartKind_PART_KIND_FIN
}

// verdictOf is the event that a validation ended.
type verdictOf struct {
	p       *proposal
	by      *session.Session
	verdict *pb.Verdict
	err     error
}

// validate hands a proposal over, each part as it comes [ECP-VAL-020], again after BUSY, and posts the verdict.
func (n *node) validate(ctx context.Context, p *proposal, basis *pb.Basis) {
	if p.judgedBy == n.s {
		return
	}
	p.judgedBy = n.s
	s, events := n.s, n.events
	open := &pb.ValidateOpen{Height: &p.Height, Round: &p.Round, ValidRound: p.validRound, Proposer: p.proposer, Basis: basis,
		BudgetMs: budget(3 * timeout(n.m.params.Timeouts, ballot{p.Round, 0}))} // [ECP-BUD-008]
	go func() {
		var verdict *pb.Verdict
		err := s.Persist(ctx, func() (err error) {
			open.StreamId = session.StreamID()
			verdict, err = handParts(ctx, s, open, p)
			return err
		})
		post(ctx, events, verdictOf{p, s, verdict, err})
	}()
}

func handParts(ctx context.Context, s *session.Session, open *pb.ValidateOpen, p *proposal) (*pb.Verdict, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	v, err := s.Validate(ctx, open)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	sent := make(chan struct{})
	defer func() {
		cancel()
		<-sent
	}()
	go func() {
		defer close(sent)
		for i := 0; ; {
			news := p.news.Wait()
			part, last := p.at(i)
			if part == nil {
				select {
				case <-news:
				case <-ctx.Done():
					return
				}
				continue
			}
			if v.Part(part) != nil {
				return // Verdict tells why.
			}
			if i++; last {
				_ = v.End(p.order.Counts()) // As above.
				return
			}
		}
	}()
	return v.Verdict()
}

// post gives an event to the goroutine of live, unless ctx ends.
func post(ctx context.Context, events chan<- any, event any) {
	select {
	case events <- event:
	case <-ctx.Done():
	}
}

// timeout of a wait in a round [ECP-HGT-008].
func timeout(t *pb.Timeouts, at ballot) time.Duration {
	base, delta := t.ProposeMs, t.ProposeDeltaMs
	switch at.kind {
	case prevote:
		base, delta = t.PrevoteMs, t.PrevoteDeltaMs
	case precommit:
		base, delta = t.PrecommitMs, t.PrecommitDeltaMs
	}
	return time.Duration(uint64(base)+uint64(delta)*uint64(at.round)) * time.Millisecond
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
	at := slot{n.height, n.m.round}
	if body := n.store.bodies[at]; body != nil { // What was stored whole, the same bytes [ECP-REC-005].
		return n.publish(at, body)
	}
	if n.store.marks[at] || n.height < n.silent || n.store.last != nil && !above(signing{at, pb.SignedStep_SIGNED_STEP_PROPOSAL}, *n.store.last) {
		return nil
	}
	if n.m.valid != nil {
		return n.repropose(ctx, at)
	}
	if !n.s.Ready() { // [ECP-SES-017]
		return nil
	}
	if err := n.store.put(&record{Kind: "mark", Slot: at}); err != nil { // [ECP-REC-001]
		return err
	}
	s, events, round := n.s, n.events, n.roundCtx
	limit := budget(timeout(n.m.params.Timeouts, ballot{at.Round, 0}) * 3 / 4)
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
	old := n.store.body(at.Height, []byte(n.m.valid.commitment))
	if old == nil {
		return nil
	}
	parts, validRound := old.parts(), n.m.valid.round
	reply, err := n.s.ReframeInit(ctx, &pb.ReframeInitRequest{
		Height: &at.Height, Init: parts[0].Payload, Round: &at.Round, ValidRound: &validRound, Proposer: n.keys.Address})
	if err != nil {
		return err
	}
	parts[0].Payload = reply.Init
	body := bodyRecord(at, &validRound, n.keys.Address, old.Commitment, parts)
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
	for _, part := range body.parts() {
		n.sayPart(at, body.ValidRound, part)
	}
	p := n.m.proposals[at.Round]
	p.commitment, p.good = string(body.Commitment), true
	p.verdict = &pb.Verdict{Outcome: &pb.Verdict_Valid{Valid: &pb.Valid{Commitment: body.Commitment}}}
	n.say(p, &message{Height: at.Height, Round: at.Round, Proposal: signed})
	return nil
}

// sayPart takes a part of an own proposal and tells the peers, once.
func (n *node) sayPart(at slot, validRound *uint32, part *pb.Part) {
	p := n.proposal(at.Round, validRound, n.keys.Address)
	if !p.add(part) {
		return
	}
	m := &message{Height: at.Height, Round: at.Round, ValidRound: validRound, Proposer: n.keys.Address, Part: part}
	m.Signature = signature(n.keys, n.partDigest(m))
	n.say(p, m)
}

func (n *node) proposal(round uint32, validRound *uint32, proposer []byte) *proposal {
	p := n.m.proposals[round]
	if p == nil {
		p = &proposal{slot: slot{n.height, round}, validRound: validRound, proposer: proposer}
		n.m.proposals[round] = p
	}
	return p
}

func (n *node) say(p *proposal, m *message) {
	p.said = append(p.said, m)
	n.broadcast(m)
}
