package testchain

import (
	"bytes"
	"maps"
	"math"
	"slices"

	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
)

// Valid is the reason of what breaks no rule.
const Valid = pb.InvalidReason_INVALID_REASON_UNSPECIFIED

// costMax is the most that a transfer may cost, in milliseconds.
const costMax = 60_000

// Ledger executes transfers on top of a block.
type Ledger struct {
	section  *Section
	base     map[Hash]Account
	accounts map[Hash]Account
	done     []Transfer
}

// NewLedger begins a block on these accounts, which it does not change.
func NewLedger(s *Section, base map[Hash]Account) *Ledger {
	return &Ledger{section: s, base: base, accounts: maps.Clone(base)}
}

// Broken gives the first rule that forbids to execute t now, in the order of the page, or Valid (ECP-TST-010).
func (l *Ledger) Broken(t *Transfer) pb.InvalidReason {
	from := t.From()
	payer := l.accounts[from]
	switch {
	case uint64(len(l.done)) >= l.section.Capacity:
		return pb.InvalidReason_INVALID_REASON_BLOCK_OVER_CAPACITY
	case t.CostMs() > costMax:
		return pb.InvalidReason_INVALID_REASON_TRANSACTION_INVALID
	case !network.Verify(from[:], t.SignedMessage(l.section.Domain), t.Signature()): // ZIP 215 (ECP-TST-004)
		return pb.InvalidReason_INVALID_REASON_TRANSACTION_INVALID
	case t.Nonce() < payer.Nonce: // ECP-TST-006
		return pb.InvalidReason_INVALID_REASON_DUPLICATE_TRANSACTION
	case t.Nonce() > payer.Nonce, t.Amount() > payer.Balance, t.Nonce() == math.MaxUint64:
		return pb.InvalidReason_INVALID_REASON_TRANSACTION_INVALID
	}
	return Valid
}

// Apply executes t, which must not be Broken; a decided transfer need not be asked again.
func (l *Ledger) Apply(t *Transfer) {
	payer := l.accounts[t.From()]
	payer.Balance -= t.Amount()
	payer.Nonce++
	l.accounts[t.From()] = payer
	payee := l.accounts[t.To()]
	payee.Balance += t.Amount()
	l.accounts[t.To()] = payee
	l.done = append(l.done, *t)
}

// Cut undoes what was executed beyond count.
func (l *Ledger) Cut(count uint64) {
	if uint64(len(l.done)) <= count {
		return
	}
	kept := l.done[:count]
	l.accounts, l.done = maps.Clone(l.base), nil
	for i := range kept {
		l.Apply(&kept[i])
	}
}

// Done is what was executed, in order.
func (l *Ledger) Done() []Transfer { return l.done }

// Accounts are those after what was executed.
func (l *Ledger) Accounts() map[Hash]Account { return l.accounts }

// State is the state digest.
func (l *Ledger) State() Hash {
	keys := slices.SortedFunc(maps.Keys(l.accounts), func(a, b Hash) int { return bytes.Compare(a[:], b[:]) })
	data := append([]byte("ecp-test/1/accounts"), be64(uint64(len(keys)))...)
	for _, key := range keys {
		owned := l.accounts[key]
		data = append(append(append(data, key[:]...), be64(owned.Balance)...), be64(owned.Nonce)...)
	}
	return sha(data)
}

// Commitment of the block that these make (ECP-TST-012). Distant is the block hash of ten heights below, zero in the first
// ten blocks.
func Commitment(s *Section, head *Init, builder []byte, executed []Transfer, state, distant Hash) Hash {
	transfers := sha([]byte("ecp-test/1/transfers"), be64(uint64(len(executed))), flat(executed))
	return sha([]byte("ecp-test/1/commitment"), s.Domain, be64(head.Height), head.Parent[:], be64(head.Timestamp), builder,
		be64(uint64(len(executed))), transfers[:], state[:], distant[:])
}

// masked makes a felt of a digest: the five highest bits are cleared.
func masked(h Hash) Hash {
	h[0] &= 7
	return h
}

// StateRoot of a state digest.
func StateRoot(state Hash) Hash { return masked(sha([]byte("ecp-test/1/state-root"), state[:])) }

// BlockHash of a block; below is that of the height below, zero at the first height.
func BlockHash(height uint64, commitment, root, below Hash) Hash {
	return masked(sha([]byte("ecp-test/1/block-hash"), be64(height), commitment[:], root[:], below[:]))
}
