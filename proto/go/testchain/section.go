package testchain

import (
	"math"
	"slices"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/network"
)

// Account is what a key owns.
type Account struct{ Balance, Nonce uint64 }

// Section is the test chain's part of the genesis file.
type Section struct {
	// Domain is chain id and fork id, as digests and signatures bind them.
	Domain []byte
	// Accounts before the first block (ECP-TST-003).
	Accounts map[Hash]Account
	// Mempool is what a builder takes first, in this order (ECP-TST-018).
	Mempool []Transfer
	// HashLag is how many blocks stand above a block when its hash is told, and HashTime what computing one takes.
	HashLag  uint64
	HashTime time.Duration
	// WindowMs is how far a timestamp may lie ahead (ECP-TST-017).
	WindowMs uint64
	// Capacity is the most transfers of a block, Batch the most of a BODY.
	Capacity uint64
	Batch    int
}

// ReadSection reads the section; its error is a *network.FileError.
func ReadSection(g *network.Genesis) (*Section, error) {
	f := g.Section.Object([]string{"accounts", "hash_lag", "window_ms", "capacity", "batch"}, "mempool", "hash_ms")
	id := g.Identity
	s := &Section{
		Domain:   slices.Concat([]byte{byte(len(id.ChainId))}, []byte(id.ChainId), be64(id.GetForkId())),
		Accounts: map[Hash]Account{}, HashLag: f["hash_lag"].Number(0, 1000), WindowMs: f["window_ms"].Number(0, math.MaxUint64),
		Capacity: f["capacity"].Number(1, math.MaxUint32), Batch: int(f["batch"].Number(1, 1000)),
	}
	if f["hash_ms"].Here() {
		s.HashTime = time.Duration(f["hash_ms"].Number(0, 60_000)) * time.Millisecond
	}
	total := uint64(0)
	for _, entry := range f["accounts"].List(0, math.MaxInt) {
		a := entry.Object([]string{"key", "balance"}, "nonce")
		key, owned := Hash(a["key"].Bytes(32, 32)), Account{Balance: a["balance"].Number(0, math.MaxUint64)}
		if a["nonce"].Here() {
			owned.Nonce = a["nonce"].Number(0, math.MaxUint64)
		}
		if _, twice := s.Accounts[key]; twice {
			a["key"].Fail("stands twice")
		}
		if owned.Balance > math.MaxUint64-total {
			f["accounts"].Fail("have balances of 2^64 or more")
		}
		total += owned.Balance
		s.Accounts[key] = owned
	}
	if f["mempool"].Here() {
		for _, entry := range f["mempool"].List(0, math.MaxInt) {
			s.Mempool = append(s.Mempool, readTransfer(entry))
		}
	}
	return s, g.Section.Err()
}

func readTransfer(entry network.Field) Transfer {
	t := entry.Object([]string{"from", "to", "amount", "nonce", "cost_ms", "signature"})
	return Transfer(slices.Concat(t["from"].Bytes(32, 32), t["to"].Bytes(32, 32),
		be64(t["amount"].Number(0, math.MaxUint64)), be64(t["nonce"].Number(0, math.MaxUint64)),
		be32(uint32(t["cost_ms"].Number(0, math.MaxUint32))), t["signature"].Bytes(64, 64)))
}
