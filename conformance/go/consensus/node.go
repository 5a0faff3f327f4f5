package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"slices"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/check"
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
	gossip  *gossip
	peers   map[*peer]bool
	events  chan any

	s           *session.Session
	newInstance bool
	silent      uint64 // Nothing is signed below this height.
	m           *machine
	height      uint64
	later       []heard // Messages of the next height.
	roundCtx    context.Context
	endRound    context.CancelFunc
}

func halt(format string, args ...any) error {
	return ecp.NewError(ecp.ReasonHalted, format, args...)
}

// live lives through one session; it ends with an error.
func (n *node) live(ctx context.Context, s *session.Session) error {
	n.s, n.newInstance = s, !bytes.Equal(n.store.instance, s.Reply.InstanceId)
	if s.Reply.GetFirstHeight() != n.genesis.FirstHeight {
		return halt("the execution half begins at height %d", s.Reply.GetFirstHeight())
	}
	if err := s.WaitReady(ctx); err != nil {
		return err
	}
	params, err := n.recover(ctx)
	if err != nil {
		return err
	}
	if err := n.store.put(&record{Kind: "instance", ID: s.Reply.InstanceId}); err != nil {
		return err
	}
	for {
		height := n.genesis.FirstHeight
		if n.store.decided != nil {
			height = *n.store.decided + 1
		}
		if params == nil {
			if params, err = n.params(ctx, height); err != nil {
				return err
			}
		}
		if err := n.supported(params, height); err != nil {
			return err
		}
		began := time.Now()
		if err := n.decide(ctx, params); err != nil {
			return err
		}
		if params, err = n.commit(ctx, height); err != nil {
			return err
		}
		n.m, n.newInstance = nil, false
		target := time.Duration(n.genesis.Params(height).Timeouts.GetTargetHeightMs()) * time.Millisecond
		select {
		case <-time.After(time.Until(began.Add(target))):
		case <-s.Done():
			return s.Err()
		}
	}
}

func (n *node) params(ctx context.Context, height uint64) (p *pb.HeightParams, err error) {
	err = n.s.Persist(ctx, func() error {
		reply, err := n.s.GetHeightParams(ctx, &pb.GetHeightParamsRequest{Height: &height})
		p = reply.GetParams()
		return err
	})
	return p, err
}

// supported refuses parameters that nothing may be signed under [ECP-HGT-009, ECP-HGT-010].
func (n *node) supported(p *pb.HeightParams, height uint64) error {
	switch {
	case p.GetHeight() != height:
		return halt("the parameters of height %d are those of %d", height, p.GetHeight())
	case !bytes.Equal(network.CommitteeHash(p.Committee.Members), p.Committee.Hash):
		return halt("the committee hash of height %d is wrong", height)
	case p.SignatureScheme != network.SchemeEd25519 || !slices.Contains(partFormats, p.PartFormat) || !slices.Contains(schemes, p.CommitmentScheme):
		return halt("a format or scheme of height %d is not supported", height)
	}
	return nil
}

// Payloads and commitments are opaque here; these are the ones that this half was tried with.
var (
	partFormats = []string{network.TestChain, "starknet-p2p/2026-08"}
	schemes     = []string{network.TestChain, "starknet-partial-block-hash", "ecp-starknet-1"}
)

// recover compares the two positions and does what the table of spec/recovery.md says [ECP-REC-009].
func (n *node) recover(ctx context.Context) (next *pb.HeightParams, err error) {
	committed, none := n.s.Reply.Position.Committed, n.genesis.FirstHeight-1 // Wraps at first height 0, as E + 1 does.
	ours, theirs := none, none
	if n.store.decided != nil {
		ours = *n.store.decided
	}
	if committed != nil {
		theirs = committed.GetHeight()
		if c := n.store.certificates[theirs]; c != nil && !bytes.Equal(c.Commitment, committed.Commitment) {
			return nil, halt("two decisions at height %d: compare the certificates", theirs)
		}
	}
	if !n.store.fresh && n.store.last == nil && n.silent == 0 { // A key without its signing record [ECP-REC-011].
		n.silent = max(theirs+1, ours+1) + 1
		log.Printf("no signing record: signing nothing below height %d; -sign-without-record overrides", n.silent)
	}
	if theirs+1 > ours+1 {
		if err := n.follow(ctx, ours+1, theirs); err != nil {
			return nil, err
		}
	}
	if committed != nil && (n.store.committed == nil || *n.store.committed < theirs) && n.store.certificates[theirs] != nil {
		if err := n.store.put(&record{Kind: "committed", Slot: slot{Height: theirs}}); err != nil {
			return nil, err
		}
	}
	for height := theirs + 1; height < ours+1; height++ {
		if height == ours && !n.newInstance {
			next, err = n.commit(ctx, height)
		} else {
			next, err = n.handOver(ctx, height)
		}
		if err != nil {
			return nil, err
		}
	}
	return next, nil
}

// follow reads what the execution half is ahead by, and verifies each certificate [ECP-REC-013].
func (n *node) follow(ctx context.Context, from, to uint64) error {
	if earliest := n.s.Reply.Position.Earliest; earliest == nil || *earliest > from { // [ECP-REC-013]
		return halt("the archive does not serve height %d, and this half asks no peer for it", from)
	}
	if earliest := *n.s.Reply.Position.Earliest; n.store.decided != nil && earliest < from {
		from-- // The last height that both hold, to compare.
	}
	for block, err := range n.s.Decided(ctx, from, to) {
		if err != nil {
			return err
		}
		if err := n.accept(ctx, block.Header.Certificate, block.Parts, from); err != nil {
			return err
		}
		from++
	}
	if !bytes.Equal(n.store.certificates[to].GetCommitment(), n.s.Reply.Position.Committed.Commitment) {
		return halt("the archive has another block at height %d than the position", to)
	}
	return nil
}

// accept keeps a decided block, after its certificate proved it [ECP-SYN-011, ECP-DEC-013].
func (n *node) accept(ctx context.Context, c *pb.CommitCertificate, parts []*pb.Part, height uint64) error {
	if old := n.store.certificates[height]; old != nil {
		if !bytes.Equal(old.Commitment, c.GetCommitment()) {
			return halt("two decisions at height %d: compare the certificates", height)
		}
		return nil
	}
	p, err := n.params(ctx, height)
	if err == nil {
		err = n.supported(p, height)
	}
	if err == nil {
		err = network.VerifyCertificate(n.genesis.Identity, p, c)
	}
	if err == nil && n.store.body(height, c.Commitment) == nil {
		err = n.store.put(bodyRecord(slot{height, c.GetRound()}, nil, nil, c.Commitment, parts))
	}
	if err == nil {
		err = n.store.put(certificateRecord(height, c))
	}
	return err
}

// commit calls Decide; what the execution half does not know is handed over [ECP-DEC-017].
func (n *node) commit(ctx context.Context, height uint64) (*pb.HeightParams, error) {
	c := n.store.certificates[height]
	var reply *pb.DecideResponse
	err := n.s.Persist(ctx, func() (err error) {
		reply, err = n.s.Decide(ctx, &pb.DecideRequest{Height: &height, Round: c.Round, Commitment: c.Commitment, Certificate: c})
		return err
	})
	if errors.Is(err, ecp.ReasonUnknownProposal) {
		return n.handOver(ctx, height)
	}
	if err != nil {
		return nil, err
	}
	return reply.NextParams, n.acknowledge(height, reply.Committed)
}

func (n *node) acknowledge(height uint64, at *pb.Position) error {
	if at.GetHeight() != height || !bytes.Equal(at.GetCommitment(), n.store.certificates[height].Commitment) {
		return halt("height %d was answered with another position", height)
	}
	log.Printf("committed %d", height)
	if n.store.committed != nil && *n.store.committed >= height {
		return nil
	}
	return n.store.put(&record{Kind: "committed", Slot: slot{Height: height}})
}

// handOver calls ImportDecided with the kept body [ECP-REC-012].
func (n *node) handOver(ctx context.Context, height uint64) (*pb.HeightParams, error) {
	c := n.store.certificates[height]
	body := n.store.body(height, c.GetCommitment())
	if body == nil {
		return nil, halt("the body of height %d is not kept, and this half asks no peer for it", height)
	}
	parts := body.parts()
	header := &pb.DecidedHeader{Height: &height, Certificate: c, PartFormat: n.genesis.Params(height).PartFormat, Counts: check.Counts(parts)}
	for {
		_, changed := n.s.State()
		var reply *pb.ImportDecidedResponse
		err := n.s.Persist(ctx, func() (err error) {
			reply, err = n.s.Import(ctx, header, parts)
			return err
		})
		if err != nil {
			return nil, err
		}
		switch reply.Outcome {
		case pb.ImportOutcome_IMPORT_OUTCOME_COMMITTED, pb.ImportOutcome_IMPORT_OUTCOME_ALREADY_COMMITTED:
			return reply.NextParams, n.acknowledge(height, reply.Committed)
		case pb.ImportOutcome_IMPORT_OUTCOME_NOT_READY:
			select {
			case <-changed:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		default:
			return nil, halt("import of height %d: %s: %s", height, reply.Outcome, reply.Detail)
		}
	}
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
	m := network.Member(n.m.params.Committee, n.keys.Address)
	if m == nil || !bytes.Equal(m.PublicKey, n.keys.Public()) {
		return nil
	}
	return m
}

// partDigest and proposalDigest have tags of their own, so that no signature serves twice [ECP-SEC-004].
func (n *node) partDigest(m *message) []byte {
	return n.digest("ecp-go/part/v1", m.Height, m.Round, m.ValidRound, binary.BigEndian.AppendUint32(nil, m.Part.GetIndex()),
		[]byte{byte(m.Part.GetKind())}, m.Part.GetPayload())
}

func (n *node) proposalDigest(p *pb.SignedProposal) []byte {
	return n.digest("ecp-go/proposal/v1", p.GetHeight(), p.GetRound(), p.ValidRound, p.Commitment)
}

func (n *node) digest(tag string, height uint64, round uint32, validRound *uint32, rest ...[]byte) []byte {
	id := n.genesis.Identity
	text := fmt.Sprintf("%s %q %d %d %d", tag, id.ChainId, id.GetForkId(), height, round)
	if validRound != nil {
		text += fmt.Sprintf(" %d", *validRound)
	}
	digest := sha256.Sum256(slices.Concat([]byte(text+"\n"), slices.Concat(rest...)))
	return digest[:]
}
