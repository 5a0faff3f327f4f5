package main

import (
	"context"
	"sync"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"google.golang.org/protobuf/proto"
)

const distance = 10 // The block hash of so many heights below is bound by a commitment.

// block is an executed block: a candidate, or the committed head.
type block struct {
	height, timestamp, count uint64
	commitment, state        hash
	accounts                 map[hash]account
	parts                    []*pb.Part
	fresh                    bool // Nobody vouches for it.
}

// archived is the block as the archive keeps it: nothing behind the executed prefix [ECP-TST-015].
func (b *block) archived(certificate *pb.CommitCertificate) decided {
	d, left := decided{}, b.count
	for _, part := range b.parts {
		payload := part.Payload
		if part.Kind == pb.PartKind_PART_KIND_BODY {
			transfers, _ := decodeBody(payload) // It was decoded before it was executed.
			kept := transfers[:min(left, uint64(len(transfers)))]
			if left -= uint64(len(kept)); len(kept) == 0 {
				continue
			}
			payload = encodeBody(kept)
		}
		d.parts = append(d.parts, &pb.Part{Index: proto.Uint32(uint32(len(d.parts))), Kind: part.Kind, Payload: payload})
	}
	d.header = &pb.DecidedHeader{Height: &b.height, Certificate: certificate, PartFormat: network.TestChain, Counts: check.Counts(d.parts)}
	return d
}

// chain is what is committed, and the hashes that follow behind.
type chain struct {
	*section
	genesis *network.Genesis
	store   *store
	changed ecp.Broadcast // The head or a hash is new.

	mu      sync.Mutex
	top     *block // Committed, or what stands below the first block.
	empty   bool
	pending map[uint64]hash // State digests of blocks without a hash.
	pool    []transfer
}

func openChain(g *network.Genesis, s *section, st *store) (*chain, error) {
	c := &chain{section: s, genesis: g, store: st, empty: true, pending: map[uint64]hash{}, pool: s.mempool}
	c.top = &block{height: g.FirstHeight - 1, commitment: hash(g.Identity.GenesisHash), accounts: s.accounts}
	last, some := st.last(bucketBlocks)
	for height := g.FirstHeight; some && height <= last; height++ {
		d, err := st.block(height)
		if err != nil {
			return nil, err
		}
		ledger, b := newLedger(s, c.top.accounts), &block{height: height, commitment: hash(d.header.Certificate.Commitment)}
		for _, part := range d.parts {
			if head, ok := decodeInit(part.Payload); ok && part.Kind == pb.PartKind_PART_KIND_INIT {
				b.timestamp = head.timestamp
			}
			if part.Kind == pb.PartKind_PART_KIND_BODY {
				transfers, _ := decodeBody(part.Payload)
				for i := range transfers {
					ledger.apply(&transfers[i])
				}
			}
		}
		b.accounts, b.state = ledger.accounts, ledger.state()
		c.advance(b)
	}
	return c, nil
}

// head gives the block to build on; due is the next height.
func (c *chain) head() *block {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.top
}

func (c *chain) due() uint64 { return c.head().height + 1 }

// committed is the position of the head, nil while nothing is committed [ECP-ENC-004].
func (c *chain) committed() *pb.Position {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.empty {
		return nil
	}
	return &pb.Position{Height: &c.top.height, Commitment: c.top.commitment[:]}
}

func (c *chain) mempool() []transfer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pool
}

func (c *chain) advance(b *block) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.top, c.empty, c.pending[b.height] = b, false, b.state
	var left []transfer
	for i := range c.pool {
		if c.pool[i].nonce() >= b.accounts[c.pool[i].from()].nonce {
			left = append(left, c.pool[i])
		}
	}
	c.pool = left
	c.changed.Wake()
}

// commit makes a block durable and the head.
func (c *chain) commit(b *block, certificate *pb.CommitCertificate) error {
	if err := c.store.add(b.archived(certificate)); err != nil {
		return err
	}
	b.parts = nil
	c.advance(b)
	return nil
}

// follow computes the hashes one after the other, once enough blocks stand above [ECP-TST-013].
func (c *chain) follow(ctx context.Context) error {
	height := c.genesis.FirstHeight
	below := hash{}
	if last, some := c.store.last(bucketHashes); some {
		height = last + 1
		below, _, _ = c.store.hash(last)
	}
	for ; ; height++ {
		for {
			changed := c.changed.Wait()
			if top := c.committed(); top != nil && height+c.hashLag <= top.GetHeight() {
				break
			}
			if !pause(ctx, changed) {
				return ctx.Err()
			}
		}
		if !pause(ctx, time.After(c.hashTime)) {
			return ctx.Err()
		}
		c.mu.Lock()
		state := c.pending[height]
		delete(c.pending, height)
		c.mu.Unlock()
		d, err := c.store.block(height)
		if err != nil {
			return err
		}
		root := stateRoot(state)
		below = blockHash(height, hash(d.header.Certificate.Commitment), root, below)
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

// missing gives the height whose hash a block waits for [ECP-TST-011].
func (c *chain) missing(height uint64) (uint64, bool) {
	if height < c.genesis.FirstHeight+distance {
		return 0, false
	}
	_, _, known := c.store.hash(height - distance)
	return height - distance, !known
}

func (c *chain) waitHash(ctx context.Context, height uint64) error {
	for {
		changed := c.changed.Wait()
		if _, waits := c.missing(height); !waits {
			return ctx.Err()
		}
		if !pause(ctx, changed) {
			return ctx.Err()
		}
	}
}

// commitment of the block that these make [ECP-TST-012].
func (c *chain) commitment(head *initPayload, executed []transfer, state hash) hash {
	transfers := sha([]byte("ecp-test/1/transfers"), be64(uint64(len(executed))), flat(executed))
	var distant hash
	if head.height >= c.genesis.FirstHeight+distance {
		distant, _, _ = c.store.hash(head.height - distance)
	}
	return sha([]byte("ecp-test/1/commitment"), c.domain, be64(head.height), head.parent[:], be64(head.timestamp),
		c.genesis.Params(head.height).Builder, be64(uint64(len(executed))), transfers[:], state[:], distant[:])
}

func (c *chain) seal(head *initPayload, l *ledger) *block {
	state := l.state()
	return &block{height: head.height, timestamp: head.timestamp, commitment: c.commitment(head, l.done, state), state: state,
		accounts: l.accounts, count: uint64(len(l.done))}
}
