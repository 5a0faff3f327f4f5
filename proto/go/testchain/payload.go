// Package testchain is the chain that a half is certified on without Cairo: payloads, execution, digests and commitments
// of ecp-test/1. It is spec/test-chain.md in Go, without I/O and clock.
package testchain

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/starknet-ecp/ecp/proto/go/check"
)

// Sizes of payloads.
const (
	// InitBytes is the size of an INIT.
	InitBytes = 89
	// FinBytes is the size of a FIN.
	FinBytes = 72
	// TransferBytes is the size of a transfer.
	TransferBytes = 148
	// BodyBytes is the size of a BODY without its transfers.
	BodyBytes = 4

	signedBytes = 84
)

// Hash is a digest, a felt or a key.
type Hash [32]byte

func sha(parts ...[]byte) Hash { return sha256.Sum256(bytes.Join(parts, nil)) }

func be32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// Transfer is 148 bytes: from, to, amount, nonce, cost in milliseconds, signature.
type Transfer [TransferBytes]byte

// From is the key of who pays and signs.
func (t *Transfer) From() Hash { return Hash(t[0:32]) }

// To is the key of who receives.
func (t *Transfer) To() Hash { return Hash(t[32:64]) }

// Amount is what is paid.
func (t *Transfer) Amount() uint64 { return binary.BigEndian.Uint64(t[64:72]) }

// Nonce names the transfer among those of its sender.
func (t *Transfer) Nonce() uint64 { return binary.BigEndian.Uint64(t[72:80]) }

// CostMs is how many milliseconds executing it takes (ECP-TST-005).
func (t *Transfer) CostMs() uint32 { return binary.BigEndian.Uint32(t[80:84]) }

// SignedMessage is what its sender signs; domain is that of the Section.
func (t *Transfer) SignedMessage(domain []byte) []byte {
	return slices.Concat([]byte("ecp-test/1/sign"), domain, t[:signedBytes])
}

// Signature is Ed25519 by From.
func (t *Transfer) Signature() []byte { return t[signedBytes:] }

// Init is what an INIT says.
type Init struct {
	// Height and Round of the proposal; ValidRound is nil for a first one.
	Height     uint64
	Round      uint32
	ValidRound *uint32
	// Proposer is a felt.
	Proposer Hash
	// Timestamp is in milliseconds since the Unix epoch.
	Timestamp uint64
	// Parent is the commitment of the block below.
	Parent Hash
}

// DecodeInit reads an INIT; false is PAYLOAD_MALFORMED (ECP-TST-007).
func DecodeInit(data []byte) (*Init, bool) {
	if len(data) != InitBytes || data[12] > 1 || !check.Felt(data[17:49]) {
		return nil, false
	}
	p := &Init{
		Height: binary.BigEndian.Uint64(data), Round: binary.BigEndian.Uint32(data[8:]), Proposer: Hash(data[17:49]),
		Timestamp: binary.BigEndian.Uint64(data[49:]), Parent: Hash(data[57:]),
	}
	validRound := binary.BigEndian.Uint32(data[13:])
	if data[12] == 1 {
		p.ValidRound = &validRound
	}
	return p, data[12] == 1 || validRound == 0
}

// Encode writes the INIT.
func (p *Init) Encode() []byte {
	flag, validRound := byte(0), uint32(0)
	if p.ValidRound != nil {
		flag, validRound = 1, *p.ValidRound
	}
	return slices.Concat(be64(p.Height), be32(p.Round), []byte{flag}, be32(validRound), p.Proposer[:], be64(p.Timestamp), p.Parent[:])
}

// DecodeBody reads a BODY; count and length are compared before anything is allocated (ECP-TST-008).
func DecodeBody(data []byte) ([]Transfer, bool) {
	if len(data) < BodyBytes {
		return nil, false
	}
	count := uint64(binary.BigEndian.Uint32(data))
	if count == 0 || uint64(len(data)-BodyBytes) != count*TransferBytes {
		return nil, false
	}
	out := make([]Transfer, 0, count)
	for chunk := range slices.Chunk(data[BodyBytes:], TransferBytes) {
		out = append(out, Transfer(chunk))
	}
	return out, true
}

// EncodeBody writes a BODY of at least one transfer.
func EncodeBody(transfers []Transfer) []byte {
	return append(be32(uint32(len(transfers))), flat(transfers)...)
}

func flat(transfers []Transfer) []byte {
	out := make([]byte, 0, len(transfers)*TransferBytes)
	for i := range transfers {
		out = append(out, transfers[i][:]...)
	}
	return out
}

// Fin is what a FIN says.
type Fin struct {
	// Commitment of the block.
	Commitment Hash
	// Count of executed transfers.
	Count uint64
	// State digest after them.
	State Hash
}

// DecodeFin reads a FIN; false is PAYLOAD_MALFORMED (ECP-TST-009).
func DecodeFin(data []byte) (*Fin, bool) {
	if len(data) != FinBytes {
		return nil, false
	}
	return &Fin{Hash(data), binary.BigEndian.Uint64(data[32:]), Hash(data[40:])}, true
}

// Encode writes the FIN.
func (f *Fin) Encode() []byte { return slices.Concat(f.Commitment[:], be64(f.Count), f.State[:]) }
