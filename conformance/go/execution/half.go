package main

import (
	"context"
	"sync"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"github.com/starknet-ecp/ecp/proto/go/server"
	"golang.org/x/sync/singleflight"
	"google.golang.org/grpc"
)

const (
	candidatesMax = 8   // Validations and FRESH candidates at a time.
	marginMs      = 100 // Closing a block takes less than this.
)

// half serves the calls. Its mutex guards phase and the work of the next height; the serial lane is a mutex of its own,
// held by one StartRound, Decide or ImportDecided at a time [ECP-ORD-001].
type half struct {
	pb.UnimplementedExecutionServiceServer
	*chain
	guard *server.Guard
	lane  sync.Mutex
	once  singleflight.Group

	mu          sync.Mutex
	phase       pb.Phase
	reason      string
	started     map[uint32]bool
	builds      map[uint32]*build
	validations map[*validation]bool
	candidates  map[hash]*block
	deciding    bool // A Decide awaits validations: nothing new begins.
}

func newHalf(c *chain) *half {
	h := &half{chain: c, guard: server.New(server.Config{Network: c.genesis.Identity}), phase: pb.Phase_PHASE_READY}
	h.nextHeight()
	for reason, phase := range map[string]pb.Phase{"CONFLICT": pb.Phase_PHASE_HALTED, "DIVERGENCE": pb.Phase_PHASE_DIVERGED} {
		if h.phase != pb.Phase_PHASE_DIVERGED && c.store.evidence(reason) {
			h.phase, h.reason = phase, "evidence of "+reason+" is kept: an operator is needed"
		}
	}
	return h
}

func (h *half) nextHeight() {
	h.started, h.builds, h.candidates = map[uint32]bool{}, map[uint32]*build{}, map[hash]*block{}
	if h.validations == nil {
		h.validations = map[*validation]bool{}
	}
}

// enter changes the phase for good: what is worse stays.
func (h *half) enter(phase pb.Phase, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.phase != pb.Phase_PHASE_DIVERGED {
		h.phase, h.reason = phase, ecp.Truncate(reason)
	}
	h.changed.Wake()
}

func (h *half) readyLocked() error {
	switch h.phase {
	case pb.Phase_PHASE_READY:
		return nil
	case pb.Phase_PHASE_DRAINING:
		return ecp.NewError(ecp.ReasonDraining, "this half is shutting down: reconnect later")
	}
	return ecp.NewError(ecp.ReasonHalted, "%s", h.reason)
}

func (h *half) ready() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.readyLocked()
}

func (h *half) supported(height uint64) error {
	p := h.genesis.Params(height)
	if p.PartFormat != network.TestChain || p.CommitmentScheme != network.TestChain { // [ECP-TST-002]
		return ecp.NewError(ecp.ReasonUnsupportedAtHeight, "height %d is not in %s: upgrade this half", height, network.TestChain)
	}
	return nil
}

// next refuses another height than committed + 1 [ECP-ORD-003, ECP-ORD-006].
func (h *half) next(height uint64) error {
	if err := h.supported(height); err != nil {
		return err
	}
	if due := h.due(); height != due {
		return ecp.NewError(ecp.ReasonHeightMismatch, "height %d is not the next one, %d: read the position again", height, due).With("expected", due)
	}
	return nil
}

// Handshake lets a consensus half in [ECP-SES-025].
func (h *half) Handshake(_ context.Context, request *pb.HandshakeRequest) (*pb.HandshakeResponse, error) {
	admit := func() error {
		if err := h.ready(); ecpReason(err) == ecp.ReasonDraining {
			return err
		}
		return nil
	}
	reply, err := h.guard.Handshake(request, admit, h.settle)
	if err != nil {
		return nil, err
	}
	reply.Limits = &pb.Limits{MaxMessageBytes: ecp.MessageBytes, MaxPartBytes: ecp.PartBytes, MaxCandidates: candidatesMax}
	reply.Software = &pb.SoftwareIdentity{Name: "ecp-go-execution", Version: "0.1.0"}
	reply.BuildMarginMs, reply.FirstHeight = marginMs, &h.genesis.FirstHeight
	return reply, nil
}

// settle waits until the lane is free, so that an accepted Decide is in the position [ECP-SES-010].
func (h *half) settle() *pb.ExecutionPosition {
	h.lane.Lock()
	defer h.lane.Unlock()
	position := &pb.ExecutionPosition{Committed: h.committed()}
	if position.Committed != nil {
		position.Earliest = &h.genesis.FirstHeight
	}
	if last, some := h.store.last(bucketHashes); some {
		position.BlockHashHeight = &last
	}
	return position
}

// Watch tells the state [ECP-SES-013].
func (h *half) Watch(_ *pb.WatchRequest, stream grpc.ServerStreamingServer[pb.WatchResponse]) error {
	return h.guard.Watch(stream, &h.changed, func() *pb.WatchResponse {
		h.mu.Lock()
		defer h.mu.Unlock()
		due := h.due()
		state := &pb.WatchResponse{Phase: h.phase, Reason: h.reason, Committed: h.committed(), ParamsHeight: &due}
		if last, some := h.store.last(bucketHashes); some {
			state.BlockHashHeight = &last
		}
		return state
	})
}

// within refuses heights above top and below the first.
func (h *half) within(from, to, top uint64) error {
	if to > top || h.committed() == nil && top < h.genesis.FirstHeight {
		return ecp.NewError(ecp.ReasonNotReady, "height %d is above %d: wait for Watch", to, top)
	}
	if from < h.genesis.FirstHeight {
		return ecp.NewError(ecp.ReasonPruned, "the first height is %d: ask another source for older ones", h.genesis.FirstHeight).With("earliest", h.genesis.FirstHeight)
	}
	return nil
}

// GetHeightParams tells the parameters of the genesis file [ECP-HGT-002].
func (h *half) GetHeightParams(_ context.Context, request *pb.GetHeightParamsRequest) (*pb.GetHeightParamsResponse, error) {
	if err := h.within(request.GetHeight(), request.GetHeight(), h.due()); err != nil {
		return nil, err
	}
	return &pb.GetHeightParamsResponse{Params: h.genesis.Params(request.GetHeight())}, nil
}

// GetBlockHash tells a hash, or that it is not known yet [ECP-SYN-008].
func (h *half) GetBlockHash(_ context.Context, request *pb.GetBlockHashRequest) (*pb.GetBlockHashResponse, error) {
	if err := h.within(request.GetHeight(), request.GetHeight(), h.head().height); err != nil {
		return nil, err
	}
	if block, root, known := h.store.hash(request.GetHeight()); known {
		return &pb.GetBlockHashResponse{Result: &pb.GetBlockHashResponse_Known{Known: &pb.KnownBlockHash{BlockHash: block[:], StateRoot: root[:]}}}, nil
	}
	notYet := &pb.BlockHashNotYet{}
	if last, some := h.store.last(bucketHashes); some {
		notYet.KnownHeight = &last
	}
	return &pb.GetBlockHashResponse{Result: &pb.GetBlockHashResponse_NotYet{NotYet: notYet}}, nil
}

// GetDecided serves the archive [ECP-SYN-002, ECP-SYN-003].
func (h *half) GetDecided(request *pb.GetDecidedRequest, stream grpc.ServerStreamingServer[pb.GetDecidedResponse]) error {
	if err := h.within(request.GetFrom(), request.GetTo(), h.head().height); err != nil {
		return err
	}
	session := server.SessionOf(stream.Context())
	for height := request.GetFrom(); ; height++ {
		if err := session.Err(); err != nil {
			return err
		}
		d, err := h.store.block(height)
		if err != nil {
			return err
		}
		if err := stream.Send(&pb.GetDecidedResponse{Event: &pb.GetDecidedResponse_Header{Header: d.header}}); err != nil {
			return err
		}
		for _, part := range d.parts {
			if err := stream.Send(&pb.GetDecidedResponse{Event: &pb.GetDecidedResponse_Part{Part: part}}); err != nil {
				return err
			}
		}
		if height == request.GetTo() {
			break
		}
	}
	return stream.Send(&pb.GetDecidedResponse{Event: &pb.GetDecidedResponse_Done{Done: &pb.Done{Last: request.To}}})
}

// keepLocked keeps a complete candidate, and of those that nobody vouches for at most candidatesMax.
func (h *half) keepLocked(b *block) {
	if b.height != h.due() {
		return
	}
	if old := h.candidates[b.commitment]; old != nil && !old.fresh {
		b.fresh = false
	}
	if _, known := h.candidates[b.commitment]; !known && b.fresh {
		fresh := 0
		for commitment, other := range h.candidates {
			if other.fresh {
				if fresh++; fresh >= candidatesMax {
					delete(h.candidates, commitment)
				}
			}
		}
	}
	h.candidates[b.commitment] = b
}

func ecpReason(err error) ecp.Reason {
	if e, ok := err.(*ecp.Error); ok {
		return e.Reason
	}
	return ""
}
