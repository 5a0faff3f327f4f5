package pairing_test

import (
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const (
	chainID   = "ECP_PAIRS"
	transfers = 24
)

func hexed(data []byte) string { return "0x" + hex.EncodeToString(data) }

func seed(of byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(slices.Repeat([]byte{of}, ed25519.SeedSize))
}

func public(k ed25519.PrivateKey) []byte { return k.Public().(ed25519.PublicKey) }

// files are genesis and keys of a network on the test chain, whose mempool every builder takes from.
type files struct {
	folder, genesis string
	keys            []string
}

func write(t *testing.T, path string, value any) {
	t.Helper()
	data, err := json.MarshalIndent(value, "", "  ")
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func makeFiles(t *testing.T, validators int) files {
	t.Helper()
	f := files{folder: t.TempDir()}
	type object = map[string]any
	var committee []object
	for i := range validators {
		secret, address := seed(byte(i+1)), fmt.Sprintf("0x%x", i+1)
		committee = append(committee, object{"address": address, "public_key": hexed(public(secret)), "voting_power": 1})
		path := filepath.Join(f.folder, fmt.Sprintf("%d.keys.json", i))
		write(t, path, object{"format": "ecp-keys/1", "scheme": "ed25519", "secret_key": hexed(secret.Seed()), "public_key": hexed(public(secret)),
			"address": address, "p2p_secret_key": hexed(seed(byte(i + 101)).Seed())})
		note := []byte("{\"format\":\"ecp-signing-record/1\",\"last_signed\":null}\n") // The key never signed.
		if err := os.WriteFile(path+".fresh", note, 0o600); err != nil {
			t.Fatal(err)
		}
		f.keys = append(f.keys, path)
	}
	payer, payee := seed(0xa1), public(seed(0xb2))
	var mempool []object
	for nonce := range uint64(transfers) {
		body := slices.Concat(public(payer), payee, binary.BigEndian.AppendUint64(nil, 1), binary.BigEndian.AppendUint64(nil, nonce), []byte{0, 0, 0, 0})
		domain := slices.Concat([]byte{byte(len(chainID))}, []byte(chainID), make([]byte, 8))
		signature := ed25519.Sign(payer, slices.Concat([]byte("ecp-test/1/sign"), domain, body))
		mempool = append(mempool, object{"from": hexed(public(payer)), "to": hexed(payee), "amount": 1, "nonce": nonce, "cost_ms": 0, "signature": hexed(signature)})
	}
	f.genesis = filepath.Join(f.folder, "genesis.json")
	write(t, f.genesis, object{
		"format": "ecp-genesis/1", "chain_id": chainID, "fork_id": 0, "first_height": 1,
		"params": object{
			"committee": committee, "builder": "0x7", "quorum": object{"numerator": 2, "denominator": 3}, "starknet_version": "0.14.4",
			"timeouts": object{"propose_ms": 2000, "propose_delta_ms": 500, "prevote_ms": 500, "prevote_delta_ms": 500, "precommit_ms": 500,
				"precommit_delta_ms": 500, "rebroadcast_ms": 1000, "target_height_ms": 20},
			"part_format": "ecp-test/1", "commitment_scheme": "ecp-test/1", "signature_scheme": "ed25519", "max_proposal_bytes": 8 << 20,
		},
		"workload": object{"test_chain": object{
			"accounts": []object{{"key": hexed(public(payer)), "balance": 1 << 40}}, "mempool": mempool,
			"hash_lag": 0, "window_ms": 10000, "capacity": 4, "batch": 2,
		}},
	})
	return f
}
