package main

import (
	"bytes"
	"testing"

	"github.com/starknet-ecp/ecp/conformance/go/tendermint"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"google.golang.org/protobuf/proto"
)

func reopen(t *testing.T, folder string) *store {
	t.Helper()
	s, err := openStore(folder)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func commitment(of uint64) []byte { return bytes.Repeat([]byte{byte(of)}, 32) }

func decideHeight(t *testing.T, s *store, height uint64) {
	t.Helper()
	c := &pb.CommitCertificate{Height: &height, Round: proto.Uint32(1), Commitment: commitment(height),
		Signatures: []*pb.CommitSignature{{Address: make([]byte, 32), Signature: make([]byte, 64)}}}
	part := &pb.Part{Index: proto.Uint32(0), Kind: pb.PartKind_PART_KIND_INIT, Payload: []byte{byte(height)}}
	if err := s.Accept(c, []*pb.Part{part}); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsDecidedStaysWithItsBody(t *testing.T) {
	folder := t.TempDir()
	s := reopen(t, folder)
	id := s.id
	decideHeight(t, s, 7)
	s = reopen(t, folder)
	if !bytes.Equal(s.id, id) {
		t.Error("the id is another one after a restart")
	}
	if height, some := s.Decided(); !some || height != 7 {
		t.Errorf("it has decided %d, %t", height, some)
	}
	p := s.position()
	if p.Committed != nil || p.Certified.GetHeight() != 7 {
		t.Errorf("it tells the position %v", p)
	}
	if parts := s.Body(7); len(parts) != 1 || !bytes.Equal(parts[0].Payload, []byte{7}) {
		t.Errorf("its body is %v", parts)
	}
	if err := s.Acknowledge(7); err != nil {
		t.Fatal(err)
	}
	if p = reopen(t, folder).position(); p.Committed.GetHeight() != 7 || !bytes.Equal(p.Committed.Commitment, commitment(7)) {
		t.Errorf("after the acknowledgment it tells %v", p)
	}
}

func TestTheLastHeightsAreKeptAndOlderOnesAreNot(t *testing.T) {
	folder := t.TempDir()
	s := reopen(t, folder)
	const top = 2 * ecp.BodiesKeptMin
	for height := uint64(1); height <= top; height++ {
		decideHeight(t, s, height)
		if err := s.Acknowledge(height); err != nil {
			t.Fatal(err)
		}
	}
	s = reopen(t, folder)
	for height := uint64(1); height <= top; height++ {
		if kept := s.Body(height) != nil && s.Certificate(height) != nil; kept != (height > top-ecp.BodiesKeptMin) {
			t.Errorf("height %d is kept: %t", height, kept)
		}
	}
}

// signer is a node at a height with one member, itself.
func signer(t *testing.T, folder string, height uint64) *node {
	t.Helper()
	keys := &network.Keys{Address: make([]byte, 32), Secret: make([]byte, 64)}
	p := &pb.HeightParams{Height: &height, Committee: &pb.Committee{Members: []*pb.CommitteeMember{{Address: keys.Address, PublicKey: keys.Public(), VotingPower: 1}}}}
	n := &node{store: reopen(t, folder), keys: keys, genesis: &network.Genesis{Identity: &pb.NetworkIdentity{ChainId: "X"}}}
	n.height, n.m = height, tendermint.New(p)
	return n
}

func TestAStepIsSignedOnceAndOnlyAboveTheRecord(t *testing.T) {
	folder := t.TempDir()
	sign := func(n *node, round uint32, step pb.SignedStep, commitment []byte) *record {
		t.Helper()
		r, err := n.sign(round, step, commitment, make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := sign(signer(t, folder, 5), 1, pb.SignedStep_SIGNED_STEP_PREVOTE, commitment(1))
	n := signer(t, folder, 5) // After a restart.
	if again := sign(n, 1, pb.SignedStep_SIGNED_STEP_PREVOTE, commitment(2)); !bytes.Equal(again.Commitment, first.Commitment) {
		t.Error("it votes differently in a step that it voted in")
	}
	if r := sign(n, 0, pb.SignedStep_SIGNED_STEP_PRECOMMIT, commitment(1)); r != nil {
		t.Error("it signs in a round below its record")
	}
	if r := sign(n, 1, pb.SignedStep_SIGNED_STEP_PROPOSAL, commitment(1)); r != nil {
		t.Error("it signs an empty step below its record")
	}
	if r := sign(n, 1, pb.SignedStep_SIGNED_STEP_PRECOMMIT, nil); r == nil || r.Commitment != nil {
		t.Errorf("it does not sign above its record: %v", r)
	}
	if r := sign(signer(t, folder, 4), 9, pb.SignedStep_SIGNED_STEP_PREVOTE, nil); r != nil {
		t.Error("it signs at a height below its record")
	}
	n = signer(t, folder, 6)
	n.silent = 7
	if r := sign(n, 0, pb.SignedStep_SIGNED_STEP_PREVOTE, nil); r != nil {
		t.Error("it signs while it is silent")
	}
	n.silent = 6
	if r := sign(n, 0, pb.SignedStep_SIGNED_STEP_PREVOTE, nil); r == nil {
		t.Error("it stays silent")
	}
}
