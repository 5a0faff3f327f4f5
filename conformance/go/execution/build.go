package main

import (
	"context"
	"time"

	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/server"
	"github.com/starknet-ecp/ecp/proto/go/testchain"
	"google.golang.org/protobuf/proto"
)

const marginMs = 100 // Closing a block takes less than this.

// builder makes one block.
type builder struct {
	ledger *testchain.Ledger
	parts  []*pb.Part
	batch  []testchain.Transfer
	room   uint64 // Bytes that are left of the proposal.
	emit   func(pb.PartKind, []byte)
}

func (b *builder) part(kind pb.PartKind, payload []byte) {
	b.parts = append(b.parts, &pb.Part{Index: proto.Uint32(uint32(len(b.parts))), Kind: kind, Payload: payload})
	b.emit(kind, payload)
}

// flush sends the batch as a BODY.
func (b *builder) flush() {
	if len(b.batch) > 0 {
		b.part(pb.PartKind_PART_KIND_BODY, testchain.EncodeBody(b.batch))
		b.batch = nil
	}
}

// size is what one more transfer takes.
func (b *builder) size() uint64 {
	if len(b.batch) == 0 {
		return testchain.TransferBytes + testchain.BodyBytes
	}
	return testchain.TransferBytes
}

// Build takes transfers in order until the block is full or its time is spent [ECP-TST-018].
func (c *chain) Build(ctx context.Context, slot server.Slot, emit func(pb.PartKind, []byte)) (server.Candidate, error) {
	head := c.head()
	first := &testchain.Init{Height: slot.Height, Round: slot.Round, Proposer: testchain.Hash(slot.Proposer),
		Timestamp: max(uint64(time.Now().UnixMilli()), head.timestamp), Parent: head.commitment} // [ECP-TST-016]
	b := &builder{ledger: testchain.NewLedger(c.section, head.accounts), room: c.Params(slot.Height).MaxProposalBytes - testchain.InitBytes - testchain.FinBytes, emit: emit}
	b.part(pb.PartKind_PART_KIND_INIT, first.Encode())
	if err := c.waitHash(ctx, slot.Height); err != nil {
		return nil, err
	}
	if err := c.fill(ctx, b); err != nil {
		return nil, err
	}
	b.flush()
	made := c.seal(first, b.ledger)
	b.part(pb.PartKind_PART_KIND_FIN, (&testchain.Fin{Commitment: made.commitment, Count: made.count, State: made.state}).Encode())
	made.parts = b.parts
	return made, nil
}

func (c *chain) fill(ctx context.Context, b *builder) error {
	deadline, _ := ctx.Deadline()
	closeAt := deadline.Add(-marginMs * time.Millisecond) // [ECP-BLD-007]
	for _, t := range c.mempool() {
		if uint64(len(b.ledger.Done())) >= c.section.Capacity || b.room < b.size() {
			return nil
		}
		if b.ledger.Broken(&t) != valid {
			continue
		}
		cost := time.Duration(t.CostMs()) * time.Millisecond
		if time.Now().Add(cost).After(closeAt) {
			return nil
		}
		if !pause(ctx, time.After(cost)) {
			return ctx.Err()
		}
		b.ledger.Apply(&t)
		b.room -= b.size()
		if b.batch = append(b.batch, t); len(b.batch) == c.section.Batch { // [ECP-TST-019]
			b.flush()
		}
	}
	return nil
}

// Reframe replaces round, valid round and proposer [ECP-TST-014].
func (c *chain) Reframe(init []byte, slot server.Slot) ([]byte, bool) {
	first, ok := testchain.DecodeInit(init)
	if !ok || first.Height != slot.Height { // [ECP-BLD-017]
		return nil, false
	}
	first.Round, first.ValidRound, first.Proposer = slot.Round, slot.ValidRound, testchain.Hash(slot.Proposer)
	return first.Encode(), true
}
