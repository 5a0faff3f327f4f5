package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"github.com/starknet-ecp/ecp/proto/go/server"
	"github.com/starknet-ecp/ecp/proto/go/testchain"
	"google.golang.org/protobuf/proto"
)

const distance = 10 // The block hash of so many heights below is bound by a commitment.

// block is an executed block: a candidate, or the committed head.
type block struct {
	chain                    *chain
	height, timestamp, count uint64
	commitment, state        testchain.Hash
	accounts                 map[testchain.Hash]testchain.Account
	parts                    []*pb.Part
}

// Height, Commitment and ExecutedCount are what a candidate is known by.
func (b *block) Height() uint64        { return b.height }
func (b *block) Commitment() []byte    { return b.commitment[:] }
func (b *block) ExecutedCount() uint64 { return b.count }

// Objection is about a timestamp too far ahead of this node's clock [ECP-TST-017].
func (b *block) Objection() *pb.RejectedLocal {
	if b.timestamp < b.chain.section.WindowMs || b.timestamp-b.chain.section.WindowMs <= uint64(time.Now().UnixMilli()) {
		return nil
	}
	return &pb.RejectedLocal{Reason: pb.LocalReason_LOCAL_REASON_TIMESTAMP_WINDOW, Detail: "the timestamp is too far ahead of this node's clock"}
}

// archived is the block as the archive keeps it: nothing behind the executed prefix [ECP-TST-015].
func (b *block) archived(certificate *pb.CommitCertificate) (*pb.DecidedHeader, []*pb.Part) {
	kept, left := []*pb.Part(nil), b.count
	for _, part := range b.parts {
		payload := part.Payload
		if part.Kind == pb.PartKind_PART_KIND_BODY {
			transfers, _ := testchain.DecodeBody(payload) // It was decoded before it was executed.
			transfers = transfers[:min(left, uint64(len(transfers)))]
			if left -= uint64(len(transfers)); len(transfers) == 0 {
				continue
			}
			payload = testchain.EncodeBody(transfers)
		}
		kept = append(kept, &pb.Part{Index: proto.Uint32(uint32(len(kept))), Kind: part.Kind, Payload: payload})
	}
	return &pb.DecidedHeader{Height: &b.height, Certificate: certificate, PartFormat: network.TestChain, Counts: check.Counts(kept)}, kept
}

// chain is what is committed, and the hashes that follow behind. It is the engine of the service.
type chain struct {
	section *testchain.Section
	genesis *network.Genesis
	store   *store
	changed ecp.Broadcast // The head or a hash is new.

	mu      sync.Mutex
	top     *block // Committed, or what stands below the first block.
	empty   bool
	pending map[uint64]testchain.Hash // State digests of blocks without a hash.
	pool    []testchain.Transfer
}

func openChain(g *network.Genesis, s *testchain.Section, st *store) (*chain, error) {
	c := &chain{section: s, genesis: g, store: st, empty: true, pending: map[uint64]testchain.Hash{}, pool: s.Mempool}
	c.top = &block{chain: c, height: g.FirstHeight - 1, commitment: testchain.Hash(g.Identity.GenesisHash), accounts: s.Accounts}
	last, some := st.last(bucketBlocks)
	for height := g.FirstHeight; some && height <= last; height++ {
		header, parts, err := st.block(height)
		if err != nil {
			return nil, err
		}
		ledger, b := testchain.NewLedger(s, c.top.accounts), &block{height: height, commitment: testchain.Hash(header.Certificate.Commitment)}
		for _, part := range parts {
			if head, ok := testchain.DecodeInit(part.Payload); ok && part.Kind == pb.PartKind_PART_KIND_INIT {
				b.timestamp = head.Timestamp
			}
			if part.Kind == pb.PartKind_PART_KIND_BODY {
				transfers, _ := testchain.DecodeBody(part.Payload)
				for i := range transfers {
					ledger.Apply(&transfers[i])
				}
			}
		}
		b.accounts, b.state = ledger.Accounts(), ledger.State()
		c.advance(b)
	}
	return c, nil
}

// FirstHeight, Params and Unsupported are what the genesis file says [ECP-TST-002].
func (c *chain) FirstHeight() uint64                   { return c.genesis.FirstHeight }
func (c *chain) Params(height uint64) *pb.HeightParams { return c.genesis.Params(height) }
func (c *chain) Unsupported(height uint64) string {
	p := c.genesis.Params(height)
	if p.PartFormat != network.TestChain {
		return p.PartFormat
	}
	if p.CommitmentScheme != network.TestChain {
		return p.CommitmentScheme
	}
	return ""
}

// Changed is woken when the head or a hash is new.
func (c *chain) Changed() *ecp.Broadcast { return &c.changed }

// head gives the block to build on.
func (c *chain) head() *block {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.top
}

// Head is the position, nil while nothing is committed [ECP-ENC-004].
func (c *chain) Head() *pb.Position {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.empty {
		return nil
	}
	return &pb.Position{Height: &c.top.height, Commitment: c.top.commitment[:]}
}

// Block serves the archive.
func (c *chain) Block(height uint64) (*pb.DecidedHeader, []*pb.Part, error) {
	return c.store.block(height)
}

// BlockHash and HashHeight tell what is known of hashes [ECP-SYN-016].
func (c *chain) BlockHash(height uint64) *pb.KnownBlockHash {
	if hash, root, known := c.store.hash(height); known {
		return &pb.KnownBlockHash{BlockHash: hash[:], StateRoot: root[:]}
	}
	return nil
}

func (c *chain) HashHeight() *uint64 {
	if last, some := c.store.last(bucketHashes); some {
		return &last
	}
	return nil
}

// Accuse keeps evidence; Accused tells whether any is kept.
func (c *chain) Accuse(reason ecp.Reason, height uint64, evidence ...proto.Message) error {
	return c.store.addEvidence(reason, height, evidence...)
}
func (c *chain) Accused(reason ecp.Reason) bool { return c.store.evidence(reason) }

func (c *chain) mempool() []testchain.Transfer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pool
}

func (c *chain) advance(b *block) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.top, c.empty, c.pending[b.height] = b, false, b.state
	var left []testchain.Transfer
	for i := range c.pool {
		if c.pool[i].Nonce() >= b.accounts[c.pool[i].From()].Nonce {
			left = append(left, c.pool[i])
		}
	}
	c.pool = left
	c.changed.Wake()
}

// Commit makes a block durable and the head.
func (c *chain) Commit(candidate server.Candidate, certificate *pb.CommitCertificate) error {
	b, ours := candidate.(*block)
	if !ours {
		return errors.New("a candidate of another engine")
	}
	header, parts := b.archived(certificate)
	if err := c.store.add(header, parts); err != nil {
		return err
	}
	b.parts = nil
	c.advance(b)
	return nil
}

// follow computes the hashes one after the other, once enough blocks stand above [ECP-TST-013].
func (c *chain) follow(ctx context.Context) error {
	height := c.genesis.FirstHeight
	below := testchain.Hash{}
	if last, some := c.store.last(bucketHashes); some {
		height = last + 1
		below, _, _ = c.store.hash(last)
	}
	for ; ; height++ {
		for {
			changed := c.changed.Wait()
			if top := c.Head(); top != nil && height+c.section.HashLag <= top.GetHeight() {
				break
			}
			if !pause(ctx, changed) {
				return ctx.Err()
			}
		}
		if !pause(ctx, time.After(c.section.HashTime)) {
			return ctx.Err()
		}
		c.mu.Lock()
		state := c.pending[height]
		delete(c.pending, height)
		c.mu.Unlock()
		header, _, err := c.store.block(height)
		if err != nil {
			return err
		}
		root := testchain.StateRoot(state)
		below = testchain.BlockHash(height, testchain.Hash(header.Certificate.Commitment), root, below)
		if err := c.store.addHash(height, below, root); err != nil {
			return err
		}
		c.changed.Wake()
	}
}

// pause waits for an event; false if ctx ended before.
func pause[T any](ctx context.Context, event <-chan T) bool {
	select {
	case <-event:
		return true
	case <-ctx.Done():
		return false
	}
}

// Missing gives the height whose hash a block waits for [ECP-TST-011].
func (c *chain) Missing(height uint64) *pb.MissingCondition {
	if height < c.genesis.FirstHeight+distance || c.BlockHash(height-distance) != nil {
		return nil
	}
	return &pb.MissingCondition{Condition: &pb.MissingCondition_BlockHash{BlockHash: height - distance}}
}

func (c *chain) waitHash(ctx context.Context, height uint64) error {
	for {
		changed := c.changed.Wait()
		if c.Missing(height) == nil {
			return ctx.Err()
		}
		if !pause(ctx, changed) {
			return ctx.Err()
		}
	}
}

// commitment of the block that these make [ECP-TST-012].
func (c *chain) commitment(head *testchain.Init, executed []testchain.Transfer, state testchain.Hash) testchain.Hash {
	var distant testchain.Hash
	if head.Height >= c.genesis.FirstHeight+distance {
		distant, _, _ = c.store.hash(head.Height - distance)
	}
	return testchain.Commitment(c.section, head, c.Params(head.Height).Builder, executed, state, distant)
}

func (c *chain) seal(head *testchain.Init, l *testchain.Ledger) *block {
	state := l.State()
	return &block{chain: c, height: head.Height, timestamp: head.Timestamp, commitment: c.commitment(head, l.Done(), state), state: state,
		accounts: l.Accounts(), count: uint64(len(l.Done()))}
}
