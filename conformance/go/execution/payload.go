package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/starknet-ecp/ecp/proto/go/check"
)

const (
	initBytes, finBytes  = 89, 72
	transferBytes        = 148
	signedBytes, costMax = 84, 60_000
)

type hash [32]byte

func sha(parts ...[]byte) hash { return sha256.Sum256(bytes.Join(parts, nil)) }

func be32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// transfer is 148 bytes: from, to, amount, nonce, cost in milliseconds, signature.
type transfer [transferBytes]byte

func (t *transfer) from() hash     { return hash(t[0:32]) }
func (t *transfer) to() hash       { return hash(t[32:64]) }
func (t *transfer) amount() uint64 { return binary.BigEndian.Uint64(t[64:72]) }
func (t *transfer) nonce() uint64  { return binary.BigEndian.Uint64(t[72:80]) }
func (t *transfer) cost() uint32   { return binary.BigEndian.Uint32(t[80:84]) }

// initPayload is what an INIT says.
type initPayload struct {
	height     uint64
	round      uint32
	validRound *uint32
	proposer   hash
	timestamp  uint64
	parent     hash
}

// decodeInit reads an INIT; false is PAYLOAD_MALFORMED [ECP-TST-007].
func decodeInit(data []byte) (*initPayload, bool) {
	if len(data) != initBytes || data[12] > 1 || !check.Felt(data[17:49]) {
		return nil, false
	}
	p := &initPayload{
		height: binary.BigEndian.Uint64(data), round: binary.BigEndian.Uint32(data[8:]), proposer: hash(data[17:49]),
		timestamp: binary.BigEndian.Uint64(data[49:]), parent: hash(data[57:]),
	}
	validRound := binary.BigEndian.Uint32(data[13:])
	if data[12] == 1 {
		p.validRound = &validRound
	}
	return p, data[12] == 1 || validRound == 0
}

func (p *initPayload) encode() []byte {
	flag, validRound := byte(0), uint32(0)
	if p.validRound != nil {
		flag, validRound = 1, *p.validRound
	}
	return slices.Concat(be64(p.height), be32(p.round), []byte{flag}, be32(validRound), p.proposer[:], be64(p.timestamp), p.parent[:])
}

// decodeBody reads a BODY; count and length are compared before anything is allocated [ECP-TST-008].
func decodeBody(data []byte) ([]transfer, bool) {
	if len(data) < 4 {
		return nil, false
	}
	count := uint64(binary.BigEndian.Uint32(data))
	if count == 0 || uint64(len(data)-4) != count*transferBytes {
		return nil, false
	}
	out := make([]transfer, 0, count)
	for chunk := range slices.Chunk(data[4:], transferBytes) {
		out = append(out, transfer(chunk))
	}
	return out, true
}

func encodeBody(transfers []transfer) []byte {
	return append(be32(uint32(len(transfers))), flat(transfers)...)
}

func flat(transfers []transfer) []byte {
	out := make([]byte, 0, len(transfers)*transferBytes)
	for i := range transfers {
		out = append(out, transfers[i][:]...)
	}
	return out
}

// finPayload is what a FIN says.
type finPayload struct {
	commitment hash
	count      uint64
	state      hash
}

// decodeFin reads a FIN [ECP-TST-009].
func decodeFin(data []byte) (*finPayload, bool) {
	if len(data) != finBytes {
		return nil, false
	}
	return &finPayload{hash(data), binary.BigEndian.Uint64(data[32:]), hash(data[40:])}, true
}

func (f *finPayload) encode() []byte {
	return slices.Concat(f.commitment[:], be64(f.count), f.state[:])
}
