package server

import (
	"context"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/protobuf/proto"
)

// Engine executes and stores blocks: what a client brings to be served by a Service. Its methods are called by several
// goroutines; those that execute may be called while others commit.
type Engine interface {
	Archive
	// Params gives the parameters of a height from the first on (ECP-HGT-001).
	Params(height uint64) *pb.HeightParams
	// Unsupported names the part format, commitment scheme or version of a height that is not known here; empty if all are
	// (ECP-HGT-012).
	Unsupported(height uint64) string
	// Missing tells what a block of this height still waits for, nil for nothing (ECP-BUD-005).
	Missing(height uint64) *pb.MissingCondition
	// Build makes a block of the slot on top of the head and emits its payloads as they are made, INIT first and FIN last.
	// It ends execution a build margin before the deadline of ctx, and gives up when ctx ends (ECP-BLD-007).
	Build(ctx context.Context, slot Slot, emit func(pb.PartKind, []byte)) (Candidate, error)
	// Open begins a proposal on top of the head. Slot is nil for one from an archive, whose INIT names its own
	// (ECP-SYN-012).
	Open(height uint64, slot *Slot) Proposal
	// Reframe replaces round, valid round and proposer of an INIT and keeps the rest; false if it cannot be decoded or is of
	// another height (ECP-BLD-010, ECP-BLD-017).
	Reframe(init []byte, slot Slot) ([]byte, bool)
	// Commit makes a block durable and the head; it is called for one block at a time (ECP-DEC-001).
	Commit(block Candidate, certificate *pb.CommitCertificate) error
	// Accuse keeps evidence durably, CONFLICT or DIVERGENCE; Accused tells whether any is kept (ECP-DEC-007, ECP-DEC-008).
	Accuse(reason ecp.Reason, height uint64, evidence ...proto.Message) error
	Accused(reason ecp.Reason) bool
}

// Archive is what was decided.
type Archive interface {
	// FirstHeight of the chain.
	FirstHeight() uint64
	// Head is the highest committed block, nil while there is none. Changed is woken when it or a block hash is new.
	Head() *pb.Position
	Changed() *ecp.Broadcast
	// Block gives a committed block as GetDecided serves it (ECP-SYN-010).
	Block(height uint64) (*pb.DecidedHeader, []*pb.Part, error)
	// BlockHash gives hash and root of a committed height, nil if they are not known yet; HashHeight the highest height
	// of which they are, nil if none (ECP-SYN-008).
	BlockHash(height uint64) *pb.KnownBlockHash
	HashHeight() *uint64
}

// Slot is what the open message says of a proposal.
type Slot struct {
	// Height and Round of the proposal.
	Height uint64
	Round  uint32
	// ValidRound is nil for a first proposal.
	ValidRound *uint32
	// Proposer is a felt of 32 bytes.
	Proposer []byte
}

// Candidate is a block that was executed and is not committed.
type Candidate interface {
	// Height of the block.
	Height() uint64
	// Commitment is what execution gave, 32 bytes.
	Commitment() []byte
	// ExecutedCount is how many transactions it executes.
	ExecutedCount() uint64
	// Objection is what this node has against it now: clock, prices, messages from L1; nil for nothing. Its commitment and
	// detail are filled by the Service if they are empty (ECP-VAL-009).
	Objection() *pb.RejectedLocal
}

// Proposal is a block whose parts arrive. Execute runs in a goroutine of its own beside Part and End.
type Proposal interface {
	// Part takes the next part, whose order was checked. It gives the first pure rule that is broken, or UNSPECIFIED.
	Part(part *pb.Part) pb.InvalidReason
	// End says that all parts are there.
	End()
	// Execute executes parts as they come and gives the block, or the first rule that it breaks. An error says that ctx
	// ended before, or that the engine failed.
	Execute(ctx context.Context) (Candidate, pb.InvalidReason, error)
	// Named is the commitment that FIN names, nil if FIN has not come or names none.
	Named() []byte
	// Computed is what the parts hash to, whether or not they can be executed; nil if they hash to nothing. It is called
	// after Execute (ECP-SYN-014).
	Computed() []byte
	// Reframes reports whether the INIT that came is that of a candidate, but for round, valid round and proposer
	// (ECP-VAL-013).
	Reframes(candidate Candidate) bool
}

// valid is the reason of a proposal that breaks no rule.
const valid = pb.InvalidReason_INVALID_REASON_UNSPECIFIED
