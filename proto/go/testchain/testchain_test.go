package testchain_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/starknet-ecp/ecp/proto/go/network"
	"github.com/starknet-ecp/ecp/proto/go/testchain"
)

const vectors = "../../../spec/vectors/test-chain"

type hexed []byte

func (h *hexed) UnmarshalJSON(data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil || text == nil {
		return err
	}
	digits := strings.TrimPrefix(*text, "0x")
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	decoded, err := hex.DecodeString(digits)
	*h = decoded
	return err
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectors, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestPayloadsAreDecodedAsTheVectorsSay(t *testing.T) {
	var file struct {
		Cases []struct {
			Kind, Name string
			Payload    hexed
			Decoded    *json.RawMessage
		}
	}
	read(t, "payloads.json", &file)
	for _, c := range file.Cases {
		var ok bool
		var again []byte
		switch c.Kind {
		case "INIT":
			var p *testchain.Init
			if p, ok = testchain.DecodeInit(c.Payload); ok {
				again = p.Encode()
			}
		case "BODY":
			var transfers []testchain.Transfer
			if transfers, ok = testchain.DecodeBody(c.Payload); ok {
				again = testchain.EncodeBody(transfers)
			}
		default:
			var p *testchain.Fin
			if p, ok = testchain.DecodeFin(c.Payload); ok {
				again = p.Encode()
			}
		}
		if wanted := c.Decoded != nil; ok != wanted {
			t.Errorf("%s: decoded: %t", c.Name, ok)
		}
		if ok && !bytes.Equal(again, c.Payload) {
			t.Errorf("%s: encoded again it is %x", c.Name, again)
		}
	}
}

func TestSignaturesAreJudgedByZIP215(t *testing.T) {
	var file struct {
		Cases []struct {
			Name             string
			Encoded, Message hexed
			SignatureValid   bool `json:"signature_valid"`
		}
	}
	read(t, "transfers.json", &file)
	for _, c := range file.Cases {
		transfer := testchain.Transfer(c.Encoded)
		domain := c.Message[len("ecp-test/1/sign") : len(c.Message)-84]
		if !bytes.Equal(transfer.SignedMessage(domain), c.Message) {
			t.Errorf("%s: another message is signed", c.Name)
		}
		from := transfer.From()
		if network.Verify(from[:], c.Message, transfer.Signature()) != c.SignatureValid {
			t.Errorf("%s: the signature is valid: %t", c.Name, c.SignatureValid)
		}
	}
}

func TestBlocksHaveTheDigestsOfTheVectors(t *testing.T) {
	g, err := network.ReadGenesis(filepath.Join(vectors, "genesis.json"))
	if err != nil {
		t.Fatal(err)
	}
	section, err := testchain.ReadSection(g)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Name  string
			Parts []struct {
				Kind    string
				Payload hexed
			}
			BlockHash hexed `json:"block_hash"`
			StateRoot hexed `json:"state_root"`
		}
	}
	read(t, "blocks.json", &file)
	accounts, below, hashes := section.Accounts, testchain.Hash{}, map[uint64]testchain.Hash{}
	for i, c := range file.Cases {
		ledger, sent := testchain.NewLedger(section, accounts), []testchain.Transfer(nil)
		var head *testchain.Init
		var fin *testchain.Fin
		for _, part := range c.Parts {
			switch part.Kind {
			case "INIT":
				head, _ = testchain.DecodeInit(part.Payload)
			case "BODY":
				transfers, _ := testchain.DecodeBody(part.Payload)
				sent = append(sent, transfers...)
			default:
				fin, _ = testchain.DecodeFin(part.Payload)
			}
		}
		if head == nil || fin == nil {
			t.Fatalf("block %d cannot be decoded", i)
		}
		for i := range sent[:fin.Count] {
			if reason := ledger.Broken(&sent[i]); reason != testchain.Valid {
				t.Fatalf("block %d: transfer %d: %s", head.Height, i, reason)
			}
			ledger.Apply(&sent[i])
		}
		state := ledger.State()
		made := testchain.Commitment(section, head, g.Params(head.Height).Builder, ledger.Done(), state, hashes[head.Height-10])
		if state != fin.State || made != fin.Commitment {
			t.Errorf("block %d: state %x, commitment %x", head.Height, state, made)
		}
		root := testchain.StateRoot(state)
		below = testchain.BlockHash(head.Height, made, root, below)
		if !same(below, c.BlockHash) || !same(root, c.StateRoot) {
			t.Errorf("block %d: hash %x, root %x", head.Height, below, root)
		}
		accounts, hashes[head.Height] = ledger.Accounts(), below
	}
}

// same compares a felt with one whose leading zeros are left out.
func same(h testchain.Hash, short []byte) bool {
	return bytes.Equal(bytes.TrimLeft(h[:], "\x00"), bytes.TrimLeft(short, "\x00"))
}
