package main

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"time"

	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
)

// account is what a key owns.
type account struct{ balance, nonce uint64 }

// section is the test chain's part of the genesis file.
type section struct {
	domain   []byte
	accounts map[hash]account
	mempool  []transfer
	hashLag  uint64
	hashTime time.Duration
	windowMs uint64
	capacity uint64
	batch    int
}

func readSection(g *network.Genesis) (*section, error) {
	f := g.Section.Object([]string{"accounts", "hash_lag", "window_ms", "capacity", "batch"}, "mempool", "hash_ms")
	id := g.Identity
	s := &section{
		domain:   slices.Concat([]byte{byte(len(id.ChainId))}, []byte(id.ChainId), be64(id.GetForkId())),
		accounts: map[hash]account{}, hashLag: f["hash_lag"].Number(0, 1000), windowMs: f["window_ms"].Number(0, math.MaxUint64),
		capacity: f["capacity"].Number(1, math.MaxUint32), batch: int(f["batch"].Number(1, 1000)),
	}
	if f["hash_ms"].Here() {
		s.hashTime = time.Duration(f["hash_ms"].Number(0, 60_000)) * time.Millisecond
	}
	total := uint64(0)
	for _, entry := range f["accounts"].List(0, math.MaxInt) {
		a := entry.Object([]string{"key", "balance"}, "nonce")
		key, owned := hash(a["key"].Bytes(32, 32)), account{balance: a["balance"].Number(0, math.MaxUint64)}
		if a["nonce"].Here() {
			owned.nonce = a["nonce"].Number(0, math.MaxUint64)
		}
		if _, twice := s.accounts[key]; twice {
			a["key"].Fail("stands twice")
		}
		if owned.balance > math.MaxUint64-total {
			f["accounts"].Fail("have balances of 2^64 or more")
		}
		total += owned.balance
		s.accounts[key] = owned
	}
	if f["mempool"].Here() {
		for _, entry := range f["mempool"].List(0, math.MaxInt) {
			t := entry.Object([]string{"from", "to", "amount", "nonce", "cost_ms", "signature"})
			s.mempool = append(s.mempool, transfer(slices.Concat(t["from"].Bytes(32, 32), t["to"].Bytes(32, 32),
				be64(t["amount"].Number(0, math.MaxUint64)), be64(t["nonce"].Number(0, math.MaxUint64)),
				be32(uint32(t["cost_ms"].Number(0, math.MaxUint32))), t["signature"].Bytes(64, 64))))
		}
	}
	return s, g.Section.Err()
}

// ledger executes transfers on top of a block.
type ledger struct {
	section  *section
	base     map[hash]account
	accounts map[hash]account
	done     []transfer
}

func newLedger(s *section, base map[hash]account) *ledger {
	return &ledger{section: s, base: base, accounts: maps.Clone(base)}
}

// valid is the reason of a transfer that can be executed.
const valid = pb.InvalidReason_INVALID_REASON_UNSPECIFIED

// broken gives the first rule that forbids to execute t now, in the order of the page [ECP-TST-010].
func (l *ledger) broken(t *transfer) pb.InvalidReason {
	from := t.from()
	payer := l.accounts[from]
	message := slices.Concat([]byte("ecp-test/1/sign"), l.section.domain, t[:signedBytes])
	switch {
	case uint64(len(l.done)) >= l.section.capacity:
		return pb.InvalidReason_INVALID_REASON_BLOCK_OVER_CAPACITY
	case t.cost() > costMax:
		return pb.InvalidReason_INVALID_REASON_TRANSACTION_INVALID
	case !network.Verify(from[:], message, t[signedBytes:]): // ZIP 215 [ECP-TST-004].
		return pb.InvalidReason_INVALID_REASON_TRANSACTION_INVALID
	case t.nonce() < payer.nonce: // [ECP-TST-006]
		return pb.InvalidReason_INVALID_REASON_DUPLICATE_TRANSACTION
	case t.nonce() > payer.nonce, t.amount() > payer.balance, t.nonce() == math.MaxUint64:
		return pb.InvalidReason_INVALID_REASON_TRANSACTION_INVALID
	}
	return valid
}

func (l *ledger) apply(t *transfer) {
	payer := l.accounts[t.from()]
	payer.balance -= t.amount()
	payer.nonce++
	l.accounts[t.from()] = payer
	payee := l.accounts[t.to()]
	payee.balance += t.amount()
	l.accounts[t.to()] = payee
	l.done = append(l.done, *t)
}

// cut undoes what was executed beyond count.
func (l *ledger) cut(count uint64) {
	if uint64(len(l.done)) <= count {
		return
	}
	kept := l.done[:count]
	l.accounts, l.done = maps.Clone(l.base), nil
	for i := range kept {
		l.apply(&kept[i])
	}
}

func (l *ledger) state() hash {
	keys := slices.SortedFunc(maps.Keys(l.accounts), func(a, b hash) int { return bytes.Compare(a[:], b[:]) })
	data := append([]byte("ecp-test/1/accounts"), be64(uint64(len(keys)))...)
	for _, key := range keys {
		data = slices.Concat(data, key[:], be64(l.accounts[key].balance), be64(l.accounts[key].nonce))
	}
	return sha(data)
}

func masked(h hash) hash {
	h[0] &= 7 // A felt: the five highest bits are cleared.
	return h
}

func stateRoot(state hash) hash { return masked(sha([]byte("ecp-test/1/state-root"), state[:])) }

func blockHash(height uint64, commitment, root, below hash) hash {
	return masked(sha([]byte("ecp-test/1/block-hash"), be64(height), commitment[:], root[:], below[:]))
}
