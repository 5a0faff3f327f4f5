package main

import (
	"context"
	"sync"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
)

const (
	headerRule = pb.InvalidReason_INVALID_REASON_HEADER_RULE
	malformed  = pb.InvalidReason_INVALID_REASON_PAYLOAD_MALFORMED
)

// slot is what the open message says of a proposal, and INIT has to repeat [ECP-VAL-005].
type slot struct {
	round      uint32
	validRound *uint32
	proposer   hash
}

func sameRound(a, b *uint32) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

// proposal is executed while its parts arrive [ECP-VAL-014].
type proposal struct {
	chain  *chain
	height uint64
	slot   *slot // nil if it comes from an archive, whose round and proposer are not compared [ECP-SYN-012].
	head   *block
	ledger *ledger // Of the goroutine that executes.
	news   ecp.Broadcast

	mu     sync.Mutex
	order  check.Order
	init   *initPayload
	fin    *finPayload
	sent   []transfer
	parts  []*pb.Part
	failed pb.InvalidReason // Why nothing more can be executed.
}

func newProposal(c *chain, height uint64, s *slot) *proposal {
	head := c.head()
	return &proposal{chain: c, height: height, slot: s, head: head, ledger: newLedger(c.section, head.accounts)}
}

// part takes the next part: an error is about the order of the stream, a reason about the payload, by the first rule that
// it breaks.
func (p *proposal) part(part *pb.Part) (pb.InvalidReason, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.order.Part(part); err != nil {
		return valid, err
	}
	if p.order.Counts().GetBytes() > p.chain.genesis.Params(p.height).MaxProposalBytes { // [ECP-LIM-003]
		return pb.InvalidReason_INVALID_REASON_PROPOSAL_TOO_LARGE, nil
	}
	p.parts = append(p.parts, part)
	defer p.news.Wake()
	switch part.Kind {
	case pb.PartKind_PART_KIND_INIT:
		return p.first(part.Payload), nil
	case pb.PartKind_PART_KIND_BODY:
		transfers, ok := decodeBody(part.Payload)
		if !ok {
			return malformed, nil
		}
		p.sent = append(p.sent, transfers...)
	default:
		fin, ok := decodeFin(part.Payload)
		if !ok {
			return malformed, nil
		}
		if fin.count > uint64(len(p.sent)) { // [ECP-VAL-006]
			return pb.InvalidReason_INVALID_REASON_COUNT_EXCEEDS_SENT, nil
		}
		p.fin = fin
	}
	return valid, nil
}

func (p *proposal) first(payload []byte) pb.InvalidReason {
	head, ok := decodeInit(payload)
	if !ok {
		return malformed
	}
	p.init = head
	fits := p.slot == nil || head.round == p.slot.round && sameRound(head.validRound, p.slot.validRound) && head.proposer == p.slot.proposer
	if head.height != p.height || !fits {
		return pb.InvalidReason_INVALID_REASON_INIT_MISMATCH
	}
	if head.parent != p.head.commitment || head.timestamp < p.head.timestamp {
		p.failed = headerRule
		if p.slot != nil {
			return headerRule
		}
	}
	return valid
}

func (p *proposal) end(counts *pb.End) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.news.Wake()
	return p.order.End(counts)
}

func (p *proposal) ended() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.order.Ended()
}

// next gives the transfer that is executed next, and whether all parts are there.
func (p *proposal) next() (t *transfer, ended bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wanted, done := len(p.sent), len(p.ledger.done)
	if p.fin != nil {
		wanted = int(p.fin.count)
	}
	if p.failed == valid && done < wanted {
		t = &p.sent[done]
	}
	return t, p.order.Ended()
}

// execute executes what comes until the end, and gives the block or the reason why it is INVALID. Its error is that of
// ctx.
func (p *proposal) execute(ctx context.Context) (*block, pb.InvalidReason, error) {
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
func (p *proposal) spend(ctx context.Context, t *transfer) error {
	if reason := p.ledger.broken(t); reason != valid {
		p.mu.Lock()
		p.failed = reason
		p.mu.Unlock()
		return nil
	}
	cost := time.NewTimer(time.Duration(t.cost()) * time.Millisecond)
	defer cost.Stop()
	for {
		news := p.news.Wait()
		if still, _ := p.next(); still == nil {
			return nil
		}
		select {
		case <-cost.C:
			p.ledger.apply(t)
			return nil
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *proposal) close() (*block, pb.InvalidReason) {
	p.ledger.cut(p.fin.count)
	if p.failed == headerRule || uint64(len(p.ledger.done)) < p.fin.count {
		return nil, p.failed
	}
	b := p.chain.seal(p.init, p.ledger)
	b.parts = p.parts
	switch {
	case b.state != p.fin.state:
		return nil, pb.InvalidReason_INVALID_REASON_FIN_MISMATCH
	case b.commitment != p.fin.commitment: // [ECP-VAL-019]
		return nil, pb.InvalidReason_INVALID_REASON_COMMITMENT_MISMATCH
	}
	return b, valid
}

// computed is what the parts hash to, whether or not they can be executed [ECP-SYN-014].
func (p *proposal) computed() hash {
	state := p.fin.state
	if p.failed != headerRule && uint64(len(p.ledger.done)) == p.fin.count {
		state = p.ledger.state()
	}
	return p.chain.commitment(p.init, p.sent[:p.fin.count], state)
}

// content reports whether a reason is about the block itself, not about what FIN says of it.
func content(reason pb.InvalidReason) bool {
	switch reason {
	case headerRule, pb.InvalidReason_INVALID_REASON_DUPLICATE_TRANSACTION, pb.InvalidReason_INVALID_REASON_TRANSACTION_INVALID,
		pb.InvalidReason_INVALID_REASON_BLOCK_OVER_CAPACITY:
		return true
	}
	return false
}
