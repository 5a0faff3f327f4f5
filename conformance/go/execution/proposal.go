package main

import (
	"context"
	"sync"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/server"
	"github.com/starknet-ecp/ecp/proto/go/testchain"
)

const (
	valid      = testchain.Valid
	headerRule = pb.InvalidReason_INVALID_REASON_HEADER_RULE
	malformed  = pb.InvalidReason_INVALID_REASON_PAYLOAD_MALFORMED
)

func sameRound(a, b *uint32) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

// proposal is executed while its parts arrive [ECP-VAL-014].
type proposal struct {
	chain  *chain
	height uint64
	slot   *server.Slot // nil if it comes from an archive, whose round and proposer are not compared [ECP-SYN-012].
	head   *block
	ledger *testchain.Ledger // Of the goroutine that executes.
	news   ecp.Broadcast

	mu     sync.Mutex
	bytes  uint64
	init   *testchain.Init
	fin    *testchain.Fin
	sent   []testchain.Transfer
	parts  []*pb.Part
	whole  bool
	failed pb.InvalidReason // Why nothing more can be executed.
}

// Open begins a proposal on top of the head.
func (c *chain) Open(height uint64, slot *server.Slot) server.Proposal {
	head := c.head()
	return &proposal{chain: c, height: height, slot: slot, head: head, ledger: testchain.NewLedger(c.section, head.accounts)}
}

// Part takes the next part, and gives the first rule that it breaks.
func (p *proposal) Part(part *pb.Part) pb.InvalidReason {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bytes += uint64(len(part.Payload)); p.bytes > p.chain.genesis.Params(p.height).MaxProposalBytes { // [ECP-LIM-003]
		return pb.InvalidReason_INVALID_REASON_PROPOSAL_TOO_LARGE
	}
	p.parts = append(p.parts, part)
	defer p.news.Wake()
	switch part.Kind {
	case pb.PartKind_PART_KIND_INIT:
		return p.first(part.Payload)
	case pb.PartKind_PART_KIND_BODY:
		transfers, ok := testchain.DecodeBody(part.Payload)
		if !ok {
			return malformed
		}
		p.sent = append(p.sent, transfers...)
	default:
		fin, ok := testchain.DecodeFin(part.Payload)
		if !ok {
			return malformed
		}
		if fin.Count > uint64(len(p.sent)) { // [ECP-VAL-006]
			return pb.InvalidReason_INVALID_REASON_COUNT_EXCEEDS_SENT
		}
		p.fin = fin
	}
	return valid
}

func (p *proposal) first(payload []byte) pb.InvalidReason {
	head, ok := testchain.DecodeInit(payload)
	if !ok {
		return malformed
	}
	p.init = head
	fits := p.slot == nil || head.Round == p.slot.Round && sameRound(head.ValidRound, p.slot.ValidRound) && string(head.Proposer[:]) == string(p.slot.Proposer)
	if head.Height != p.height || !fits { // [ECP-VAL-005]
		return pb.InvalidReason_INVALID_REASON_INIT_MISMATCH
	}
	if head.Parent != p.head.commitment || head.Timestamp < p.head.timestamp {
		p.failed = headerRule
		if p.slot != nil {
			return headerRule
		}
	}
	return valid
}

// End says that all parts are there.
func (p *proposal) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.whole = true
	p.news.Wake()
}

// Named is the commitment in FIN.
func (p *proposal) Named() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fin == nil {
		return nil
	}
	return p.fin.Commitment[:]
}

// Reframes compares what a commitment binds of INIT: height and parent were compared when it came.
func (p *proposal) Reframes(candidate server.Candidate) bool {
	b, ours := candidate.(*block)
	return ours && p.init.Timestamp == b.timestamp
}

// next gives the transfer that is executed next, and whether all parts are there.
func (p *proposal) next() (t *testchain.Transfer, ended bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wanted, done := len(p.sent), len(p.ledger.Done())
	if p.fin != nil {
		wanted = int(p.fin.Count)
	}
	if p.failed == valid && done < wanted {
		t = &p.sent[done]
	}
	return t, p.whole
}

// Execute executes what comes until the end, and gives the block or the reason why it is INVALID. Its error is that of
// ctx.
func (p *proposal) Execute(ctx context.Context) (server.Candidate, pb.InvalidReason, error) {
	if err := p.chain.waitHash(ctx, p.height); err != nil {
		return nil, valid, err
	}
	for {
		news := p.news.Wait()
		t, ended := p.next()
		switch {
		case t == nil && ended:
			b, reason := p.close()
			return b, reason, nil
		case t == nil:
			if !pause(ctx, news) {
				return nil, valid, ctx.Err()
			}
		default:
			if err := p.spend(ctx, t); err != nil {
				return nil, valid, err
			}
		}
	}
}

// spend executes one transfer, which takes its cost [ECP-TST-005] unless FIN says meanwhile that it is not executed.
func (p *proposal) spend(ctx context.Context, t *testchain.Transfer) error {
	if reason := p.ledger.Broken(t); reason != valid {
		p.mu.Lock()
		p.failed = reason
		p.mu.Unlock()
		return nil
	}
	cost := time.NewTimer(time.Duration(t.CostMs()) * time.Millisecond)
	defer cost.Stop()
	for {
		news := p.news.Wait()
		if still, _ := p.next(); still == nil {
			return nil
		}
		select {
		case <-cost.C:
			p.ledger.Apply(t)
			return nil
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *proposal) close() (*block, pb.InvalidReason) {
	p.ledger.Cut(p.fin.Count)
	if p.failed == headerRule || uint64(len(p.ledger.Done())) < p.fin.Count {
		return nil, p.failed
	}
	b := p.chain.seal(p.init, p.ledger)
	b.parts = p.parts
	switch {
	case b.state != p.fin.State:
		return nil, pb.InvalidReason_INVALID_REASON_FIN_MISMATCH
	case b.commitment != p.fin.Commitment: // [ECP-VAL-019]
		return nil, pb.InvalidReason_INVALID_REASON_COMMITMENT_MISMATCH
	}
	return b, valid
}

// Computed is what the parts hash to, whether or not they can be executed [ECP-SYN-014].
func (p *proposal) Computed() []byte {
	state := p.fin.State
	if p.failed != headerRule && uint64(len(p.ledger.Done())) == p.fin.Count {
		state = p.ledger.State()
	}
	computed := p.chain.commitment(p.init, p.sent[:p.fin.Count], state)
	return computed[:]
}
