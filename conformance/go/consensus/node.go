package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"log"
	"time"

	"github.com/starknet-ecp/ecp/conformance/go/gossip"
	"github.com/starknet-ecp/ecp/conformance/go/tendermint"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"github.com/starknet-ecp/ecp/proto/go/session"
)

// node is one validator: its machine at the next height, and what it knows over sessions. All of it belongs to the
// goroutine of live; others send events.
type node struct {
	genesis *network.Genesis
	keys    *network.Keys
	store   *store
	gossip  *gossip.Gossip[message]
	peers   map[*peer]bool
	events  chan any

	s           *session.Session
	newInstance bool
	silent      uint64 // Nothing is signed below this height.
	m           *tendermint.Machine
	height      uint64
	proposals   map[uint32]*proposal
	later       []heard // Messages of the next height.
	roundCtx    context.Context
	endRound    context.CancelFunc
}

// live lives through one session; it ends with an error.
func (n *node) live(ctx context.Context, s *session.Session) error {
	n.s, n.newInstance = s, !bytes.Equal(n.store.instance, s.Reply.InstanceId)
	if s.Reply.GetFirstHeight() != n.genesis.FirstHeight {
		return ecp.NewError(ecp.ReasonHalted, "the execution half begins at height %d", s.Reply.GetFirstHeight())
	}
	if err := s.WaitReady(ctx); err != nil {
		return err
	}
	params, err := s.Recover(ctx, n.store, n.newInstance) // [ECP-REC-009]
	if err != nil {
		return err
	}
	if !n.store.fresh && n.store.last == nil && n.silent == 0 { // A key without its signing record [ECP-REC-011].
		n.silent = n.next() + 1
		log.Printf("no signing record: signing nothing below height %d; -sign-without-record overrides", n.silent)
	}
	if err := n.store.put(&record{Kind: "instance", ID: s.Reply.InstanceId}); err != nil {
		return err
	}
	for {
		height, began := n.next(), time.Now()
		if params == nil {
			if params, err = s.Params(ctx, height); err != nil {
				return err
			}
		}
		if err := n.decide(ctx, params); err != nil {
			return err
		}
		target := time.Duration(params.Timeouts.GetTargetHeightMs()) * time.Millisecond
		if params, err = s.Commit(ctx, n.store, height); err != nil {
			return err
		}
		n.m, n.newInstance = nil, false
		select {
		case <-time.After(time.Until(began.Add(target))):
		case <-s.Done():
			return s.Err()
		}
	}
}

// next is the height that is not decided here.
func (n *node) next() uint64 {
	if height, some := n.store.Decided(); some {
		return height + 1
	}
	return n.genesis.FirstHeight
}

// Payloads and commitments are opaque here; these are the ones that this half was tried with.
var formats = session.Formats{
	Parts:       []string{network.TestChain, "starknet-p2p/2026-08"},
	Commitments: []string{network.TestChain, "starknet-partial-block-hash", "ecp-starknet-1"},
	Signatures:  []string{network.SchemeEd25519},
}

// sign signs one step, or gives what was signed there before: only what lies above the record is new [ECP-REC-003].
// It gives nil where the key may not sign.
func (n *node) sign(round uint32, step pb.SignedStep, commitment, digest []byte) (*record, error) {
	at := signing{slot{n.height, round}, step}
	if old := n.store.signed[at]; old != nil {
		return old, nil
	}
	if n.member() == nil || n.height < n.silent || n.store.last != nil && !above(at, *n.store.last) {
		return nil, nil
	}
	r := &record{Kind: "signed", Slot: at.Slot, Step: step, Commitment: commitment, Signature: ed25519.Sign(n.keys.Secret, digest)}
	return r, n.store.put(r)
}

// member is this node in the committee of the height; nil if it only follows.
func (n *node) member() *pb.CommitteeMember {
	m := network.Member(n.m.Params.Committee, n.keys.Address)
	if m == nil || !bytes.Equal(m.PublicKey, n.keys.Public()) {
		return nil
	}
	return m
}
