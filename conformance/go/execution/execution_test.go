package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/starknet-ecp/ecp/proto/go/check"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"github.com/starknet-ecp/ecp/proto/go/server"
	"github.com/starknet-ecp/ecp/proto/go/testchain"
	"google.golang.org/protobuf/proto"
)

const vectors = "../../../spec/vectors/test-chain"

type vectorPart struct{ Kind, Payload string }

func decode(t *testing.T, text string, size int) []byte {
	t.Helper()
	digits := strings.TrimPrefix(text, "0x")
	if missing := 2*size - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	data, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (v vectorPart) part(t *testing.T, index int) *pb.Part {
	return &pb.Part{Index: proto.Uint32(uint32(index)), Kind: pb.PartKind(pb.PartKind_value["PART_KIND_"+v.Kind]), Payload: decode(t, v.Payload, 0)}
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectors, name))
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, folder string) *chain {
	t.Helper()
	g, err := network.ReadGenesis(filepath.Join(vectors, "genesis.json"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := testchain.ReadSection(g)
	if err != nil {
		t.Fatal(err)
	}
	st, err := openStore(folder, g.Identity.GenesisHash)
	if err != nil {
		t.Fatal(err)
	}
	c, err := openChain(g, s, st)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// judge gives the block of parts, or the first reason.
func judge(t *testing.T, c *chain, height uint64, slot *server.Slot, parts []vectorPart) (server.Candidate, pb.InvalidReason) {
	t.Helper()
	p := c.Open(height, slot)
	for i, part := range parts {
		if reason := p.Part(part.part(t, i)); reason != valid {
			return nil, reason
		}
	}
	p.End()
	block, reason, err := p.Execute(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return block, reason
}

type proposalVector struct {
	Name  string
	Parts []vectorPart
	Slot  struct {
		Height     uint64
		Round      uint32
		ValidRound *uint32 `json:"valid_round"`
		Proposer   string
	}
	Verdict struct {
		Valid         string
		ExecutedCount uint64 `json:"executed_count"`
		Invalid       string
	}
}

// TestProposalsGetTheVerdictsOfTheVectors commits the first blocks, opens the store again, and judges proposals on top.
func TestProposalsGetTheVerdictsOfTheVectors(t *testing.T) {
	var blocks struct {
		Cases []struct{ Parts []vectorPart }
	}
	var proposals struct{ Cases []proposalVector }
	read(t, "blocks.json", &blocks)
	read(t, "proposals.json", &proposals)
	folder := t.TempDir()
	c := open(t, folder)
	for _, b := range blocks.Cases[:4] {
		height := c.head().height + 1
		block, reason := judge(t, c, height, nil, b.Parts)
		if reason != valid {
			t.Fatalf("block %d: %s", height, reason)
		}
		certificate := &pb.CommitCertificate{Height: &height, Round: proto.Uint32(0), Commitment: block.Commitment(),
			Signatures: []*pb.CommitSignature{{Address: make([]byte, 32), Signature: make([]byte, 64)}}}
		if err := c.Commit(block, certificate); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.store.db.Close(); err != nil {
		t.Fatal(err)
	}
	c = open(t, folder)
	for _, vector := range proposals.Cases {
		slot := &server.Slot{Height: vector.Slot.Height, Round: vector.Slot.Round, ValidRound: vector.Slot.ValidRound, Proposer: decode(t, vector.Slot.Proposer, 32)}
		block, reason := judge(t, c, slot.Height, slot, vector.Parts)
		if want := vector.Verdict.Invalid; want != "" {
			if got := strings.TrimPrefix(reason.String(), "INVALID_REASON_"); got != want {
				t.Errorf("%s: %s, not %s", vector.Name, got, want)
			}
			continue
		}
		if reason != valid {
			t.Errorf("%s: %s", vector.Name, reason)
		} else if hex.EncodeToString(block.Commitment()) != strings.TrimPrefix(vector.Verdict.Valid, "0x") || block.ExecutedCount() != vector.Verdict.ExecutedCount {
			t.Errorf("%s: %x with %d transfers", vector.Name, block.Commitment(), block.ExecutedCount())
		}
	}
}

func TestTheArchiveServesWholeBlocks(t *testing.T) {
	var blocks struct {
		Cases []struct {
			Parts         []vectorPart
			ArchivedParts []vectorPart `json:"archived_parts"`
		}
	}
	read(t, "blocks.json", &blocks)
	c := open(t, t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	followed := make(chan error, 1)
	go func() { followed <- c.follow(ctx) }()
	for _, b := range blocks.Cases {
		height := c.head().height + 1
		block, reason := judge(t, c, height, nil, b.Parts)
		if reason != valid {
			t.Fatalf("block %d: %s", height, reason)
		}
		certificate := &pb.CommitCertificate{Height: &height, Round: proto.Uint32(0), Commitment: block.Commitment()}
		if err := c.Commit(block, certificate); err != nil {
			t.Fatal(err)
		}
		header, parts, err := c.Block(height)
		if err != nil || check.Whole(parts, header.Counts) != nil || len(parts) != len(b.ArchivedParts) {
			t.Fatalf("block %d: %v, %d parts", height, err, len(parts))
		}
		for i, part := range parts {
			if !proto.Equal(part, b.ArchivedParts[i].part(t, i)) {
				t.Errorf("block %d: part %d is another", height, i)
			}
		}
	}
	stop()
	if err := <-followed; err != ctx.Err() {
		t.Error(err)
	}
}
