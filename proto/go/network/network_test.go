package network_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/starknet-ecp/ecp/proto/go/check"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"google.golang.org/protobuf/proto"
)

const vectors = "../../../spec/vectors"

type hexed []byte

func (h *hexed) UnmarshalJSON(data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil || text == nil {
		return err
	}
	decoded, err := hex.DecodeString(strings.TrimPrefix(*text, "0x"))
	*h = decoded
	return err
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectors, path))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func felt(t *testing.T, short string) []byte {
	digits := strings.TrimPrefix(short, "0x")
	out, err := hex.DecodeString(strings.Repeat("0", 64-len(digits)) + digits)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

type genesisVectors struct {
	Cases []struct {
		ActivationDigest hexed `json:"activation_digest"`
		File             string
		GenesisHash      hexed `json:"genesis_hash"`
		Heights          []struct {
			Builder           string
			CommitteeHash     hexed `json:"committee_hash"`
			Height            uint64
			MaxProposalBytes  uint64   `json:"max_proposal_bytes"`
			PartFormat        string   `json:"part_format"`
			ProposeMs         uint32   `json:"propose_ms"`
			ProposerAddresses []string `json:"proposer_addresses"`
			Proposers         []uint32
			Quorum            struct{ Numerator, Denominator uint32 }
			TargetHeightMs    *uint32 `json:"target_height_ms"`
		}
	}
	Refusals []struct {
		Field, Name, Pointer string
		Value                json.RawMessage
	}
}

func TestGenesisFilesHaveTheDigestsAndParametersOfTheVectors(t *testing.T) {
	var file genesisVectors
	read(t, "files/genesis.json", &file)
	for _, c := range file.Cases {
		g, err := network.ReadGenesis(filepath.Join(vectors, c.File))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(g.Identity.GenesisHash, c.GenesisHash) || !bytes.Equal(g.Identity.ActivationDigest, c.ActivationDigest) {
			t.Errorf("%s: genesis hash %x, activation digest %x", c.File, g.Identity.GenesisHash, g.Identity.ActivationDigest)
		}
		for _, want := range c.Heights {
			p := g.Params(want.Height)
			if err := check.Message(p); err != nil {
				t.Errorf("%s: height %d: %v", c.File, want.Height, err)
			}
			q := &pb.Quorum{Numerator: want.Quorum.Numerator, Denominator: want.Quorum.Denominator}
			same := p.GetHeight() == want.Height && bytes.Equal(p.Builder, felt(t, want.Builder)) && proto.Equal(p.Quorum, q) &&
				bytes.Equal(p.Committee.Hash, want.CommitteeHash) && p.MaxProposalBytes == want.MaxProposalBytes &&
				p.PartFormat == want.PartFormat && p.Timeouts.ProposeMs == want.ProposeMs &&
				(p.Timeouts.TargetHeightMs == nil) == (want.TargetHeightMs == nil)
			if !same || len(p.Proposers) != len(want.Proposers) {
				t.Errorf("%s: height %d: %v", c.File, want.Height, p)
			}
			for round, address := range want.ProposerAddresses {
				if got := network.Proposer(p, uint32(round)).Address; !bytes.Equal(got, felt(t, address)) {
					t.Errorf("%s: height %d round %d: proposer %x", c.File, want.Height, round, got)
				}
			}
		}
	}
}

// set replaces the value at a JSON pointer.
func set(t *testing.T, node any, pointer string, value any) {
	names := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, name := range names {
		last := i == len(names)-1
		switch inner := node.(type) {
		case map[string]any:
			if last {
				inner[name] = value
			}
			node = inner[name]
		case []any:
			place, err := strconv.Atoi(name)
			if err != nil {
				t.Fatal(err)
			}
			if last {
				inner[place] = value
			}
			node = inner[place]
		}
	}
}

func TestGenesisFilesThatBreakARuleAreRefusedWithTheField(t *testing.T) {
	var file genesisVectors
	read(t, "files/genesis.json", &file)
	for _, refusal := range file.Refusals {
		if strings.HasPrefix(refusal.Field, "workload.") {
			continue // The section of the workload belongs to the execution half.
		}
		data, err := os.ReadFile(filepath.Join(vectors, "files/activations.json"))
		if err != nil {
			t.Fatal(err)
		}
		decode := func(data []byte) (value any) {
			decoder := json.NewDecoder(bytes.NewReader(data))
			decoder.UseNumber()
			if err := decoder.Decode(&value); err != nil {
				t.Fatal(err)
			}
			return value
		}
		changed := decode(data)
		set(t, changed, refusal.Pointer, decode(refusal.Value))
		data, err = json.Marshal(changed)
		if err != nil {
			t.Fatal(err)
		}
		_, err = network.ParseGenesis(data)
		var bad *network.FileError
		if !errors.As(err, &bad) || bad.Field != refusal.Field {
			t.Errorf("%s: want a refusal of %s: %v", refusal.Name, refusal.Field, err)
		}
	}
}

func TestVotesSignTheDigestsOfTheVectors(t *testing.T) {
	var file struct {
		Network struct {
			ChainID string `json:"chain_id"`
			ForkID  uint64 `json:"fork_id"`
		}
		PublicKey hexed `json:"public_key"`
		Cases     []struct {
			Name   string
			Fields struct {
				Commitment hexed
				Height     uint64
				Round      uint32
				VoteType   string `json:"vote_type"`
			}
			Digest, Signature hexed
		}
	}
	read(t, "signatures/ed25519.json", &file)
	n := &pb.NetworkIdentity{ChainId: file.Network.ChainID, ForkId: proto.Uint64(file.Network.ForkID)}
	types := map[string]pb.VoteType{"prevote": pb.VoteType_VOTE_TYPE_PREVOTE, "precommit": pb.VoteType_VOTE_TYPE_PRECOMMIT}
	votes := 0
	for _, c := range file.Cases {
		kind, vote := types[c.Fields.VoteType]
		if !vote {
			continue
		}
		votes++
		digest := network.VoteDigest(n, kind, c.Fields.Height, c.Fields.Round, c.Fields.Commitment)
		if !bytes.Equal(digest, c.Digest) {
			t.Errorf("%s: digest %x", c.Name, digest)
		}
		if !network.Verify(file.PublicKey, digest, c.Signature) {
			t.Errorf("%s: its signature does not verify", c.Name)
		}
	}
	if votes < 4 {
		t.Errorf("%d votes", votes)
	}
}

func TestCertificatesGetTheVerdictsOfTheVectors(t *testing.T) {
	var file struct {
		Network struct {
			ChainID string `json:"chain_id"`
			ForkID  uint64 `json:"fork_id"`
		}
		Quorum *struct{ Numerator, Denominator uint32 }
		Cases  []struct {
			Name, Verdict string
			Quorum        *struct{ Numerator, Denominator uint32 }
			Committee     []struct {
				Address     hexed
				PublicKey   hexed       `json:"public_key"`
				VotingPower json.Number `json:"voting_power"`
			}
			Certificate struct {
				Commitment hexed
				Height     uint64
				Round      uint32
				Signatures []struct{ Address, Signature hexed }
			}
		}
	}
	read(t, "signatures/certificates-ed25519.json", &file)
	n := &pb.NetworkIdentity{ChainId: file.Network.ChainID, ForkId: proto.Uint64(file.Network.ForkID)}
	for _, c := range file.Cases {
		quorum := c.Quorum
		if quorum == nil {
			quorum = file.Quorum
		}
		p := &pb.HeightParams{
			Height: proto.Uint64(64), Committee: &pb.Committee{}, SignatureScheme: network.SchemeEd25519,
			Quorum: &pb.Quorum{Numerator: quorum.Numerator, Denominator: quorum.Denominator},
		}
		for _, m := range c.Committee {
			power, err := strconv.ParseUint(string(m.VotingPower), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			p.Committee.Members = append(p.Committee.Members, &pb.CommitteeMember{Address: m.Address, PublicKey: m.PublicKey, VotingPower: power})
		}
		certificate := &pb.CommitCertificate{
			Height: proto.Uint64(c.Certificate.Height), Round: proto.Uint32(c.Certificate.Round), Commitment: c.Certificate.Commitment,
		}
		for _, s := range c.Certificate.Signatures {
			certificate.Signatures = append(certificate.Signatures, &pb.CommitSignature{Address: s.Address, Signature: s.Signature})
		}
		if err := network.VerifyCertificate(n, p, certificate); (err == nil) != (c.Verdict == "valid") {
			t.Errorf("%s: want %s, got %v", c.Name, c.Verdict, err)
		}
	}
}
