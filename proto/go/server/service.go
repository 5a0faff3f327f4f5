package server

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"golang.org/x/sync/singleflight"
	"google.golang.org/grpc"
)

// Settings of a Service.
type Settings struct {
	Config
	// Software is for logs and reports only.
	Software *pb.SoftwareIdentity
	// BuildMarginMs is how long closing a block takes at most (ECP-BLD-007).
	BuildMarginMs uint32
	// Candidates is how many proposals of a height are validated at a time, at least CANDIDATES_MIN (ECP-VAL-017).
	Candidates int
}

// Service serves all calls over an Engine: sessions, phases, the serial lane, builds, validations and decisions. It does
// not serve the features FINALIZE, SELF_SYNC and VERIFY_CERTIFICATES.
type Service struct {
	pb.UnimplementedExecutionServiceServer
	engine   Engine
	guard    *Guard
	settings Settings
	ending   chan struct{} // Closed when the process exits in order.
	lane     sync.Mutex    // Held by one StartRound, Decide or ImportDecided (ECP-ORD-001).
	once     singleflight.Group

	mu          sync.Mutex // Guards the phase and the work of the next height.
	phase       pb.Phase
	reason      string
	started     map[uint32]bool
	builds      map[uint32]*build
	validations map[*validation]bool
	candidates  map[string]*candidate
	deciding    bool // A Decide awaits validations: nothing new begins.
}

// candidate is a block and whether nobody vouches for it.
type candidate struct {
	Candidate
	fresh bool
}

// NewService makes the service of one process. It is READY, or stopped if the engine keeps evidence.
func NewService(settings Settings, engine Engine) *Service {
	settings.Candidates = max(settings.Candidates, int(ecp.CandidatesMin))
	settings.Features = nil
	s := &Service{engine: engine, guard: New(settings.Config), settings: settings, phase: pb.Phase_PHASE_READY, validations: map[*validation]bool{}, ending: make(chan struct{})}
	s.nextHeight()
	if engine.Accused(ecp.ReasonConflict) {
		s.Enter(pb.Phase_PHASE_HALTED, "evidence of two decisions at a height is kept: an operator is needed")
	}
	if engine.Accused(ecp.ReasonDivergence) {
		s.Enter(pb.Phase_PHASE_DIVERGED, "evidence of a decided block that is INVALID here is kept: an operator is needed")
	}
	return s
}

// Serve serves on a listener until ctx ends; then it drains, ends every Watch with OK, and cuts the calls that are left
// after a second off (ECP-SES-031, ECP-SES-033). It is called once.
func (s *Service) Serve(ctx context.Context, listener net.Listener) error {
	server := grpc.NewServer(s.guard.Options()...)
	pb.RegisterExecutionServiceServer(server, s)
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		s.Drain()
		close(s.ending)
		late := time.AfterFunc(time.Second, server.Stop)
		defer late.Stop()
		server.GracefulStop()
	})
	if err := server.Serve(listener); err != nil {
		stop()
		return err
	}
	<-stopped
	return nil
}

func (s *Service) nextHeight() {
	s.started, s.builds, s.candidates = map[uint32]bool{}, map[uint32]*build{}, map[string]*candidate{}
}

// Enter changes the phase, with a reason for people; DIVERGED stays.
func (s *Service) Enter(phase pb.Phase, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != pb.Phase_PHASE_DIVERGED {
		s.phase, s.reason = phase, ecp.Truncate(reason)
	}
	s.engine.Changed().Wake()
}

// Drain takes no new work from now on, and returns when what was accepted is finished (ECP-SES-016, ECP-SES-031).
func (s *Service) Drain() {
	if s.ready() == nil {
		s.Enter(pb.Phase_PHASE_DRAINING, "shutting down")
	}
	s.lane.Lock()
	defer s.lane.Unlock()
}

func (s *Service) readyLocked() error {
	switch s.phase {
	case pb.Phase_PHASE_READY:
		return nil
	case pb.Phase_PHASE_DRAINING:
		return ecp.NewError(ecp.ReasonDraining, "this half is shutting down: reconnect later")
	case pb.Phase_PHASE_SYNCING:
		return ecp.NewError(ecp.ReasonSyncing, "this half is syncing: wait until Watch says READY, then handshake again")
	}
	return ecp.NewError(ecp.ReasonHalted, "%s", s.reason)
}

func (s *Service) ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readyLocked()
}

// due is the next height.
func (s *Service) due() uint64 {
	if head := s.engine.Head(); head != nil {
		return head.GetHeight() + 1
	}
	return s.engine.FirstHeight()
}

func (s *Service) supported(height uint64) error {
	if lacks := s.engine.Unsupported(height); lacks != "" {
		return ecp.NewError(ecp.ReasonUnsupportedAtHeight, "%s of height %d is not known here: upgrade this half", lacks, height).With("unsupported", lacks)
	}
	return nil
}

// next refuses another height than committed + 1 (ECP-ORD-003, ECP-ORD-006).
func (s *Service) next(height uint64) error {
	if err := s.supported(height); err != nil {
		return err
	}
	if due := s.due(); height != due {
		return ecp.NewError(ecp.ReasonHeightMismatch, "height %d is not the next one, %d: read the position again", height, due).With("expected", due)
	}
	return nil
}

// Handshake lets a consensus half in (ECP-SES-025).
func (s *Service) Handshake(_ context.Context, request *pb.HandshakeRequest) (*pb.HandshakeResponse, error) {
	admit := func() error {
		if err := s.ready(); errors.Is(err, ecp.ReasonDraining) {
			return err
		}
		return nil
	}
	reply, err := s.guard.Handshake(request, admit, s.settle)
	if err != nil {
		return nil, err
	}
	reply.Limits = &pb.Limits{MaxMessageBytes: ecp.MessageBytes, MaxPartBytes: ecp.PartBytes, MaxCandidates: uint32(s.settings.Candidates)}
	first := s.engine.FirstHeight()
	reply.Software, reply.BuildMarginMs, reply.FirstHeight = s.settings.Software, s.settings.BuildMarginMs, &first
	return reply, nil
}

// settle waits until the lane is free, so that an accepted Decide is in the position (ECP-SES-010).
func (s *Service) settle() *pb.ExecutionPosition {
	s.lane.Lock()
	defer s.lane.Unlock()
	position := &pb.ExecutionPosition{Committed: s.engine.Head(), BlockHashHeight: s.engine.HashHeight()}
	if position.Committed != nil {
		first := s.engine.FirstHeight()
		position.Earliest = &first
	}
	return position
}

// Watch tells the state (ECP-SES-013).
func (s *Service) Watch(_ *pb.WatchRequest, stream grpc.ServerStreamingServer[pb.WatchResponse]) error {
	return s.guard.Watch(stream, s.engine.Changed(), s.ending, func() *pb.WatchResponse {
		s.mu.Lock()
		defer s.mu.Unlock()
		due := s.due()
		return &pb.WatchResponse{Phase: s.phase, Reason: s.reason, Committed: s.engine.Head(), ParamsHeight: &due, BlockHashHeight: s.engine.HashHeight()}
	})
}

// within refuses heights that are not below above, and below the first.
func (s *Service) within(from, to, above uint64) error {
	if to >= above {
		return ecp.NewError(ecp.ReasonNotReady, "height %d is not below %d: wait for Watch", to, above)
	}
	if first := s.engine.FirstHeight(); from < first {
		return ecp.NewError(ecp.ReasonPruned, "the first height is %d: ask another source for older ones", first).With("earliest", first)
	}
	return nil
}

// GetHeightParams tells the parameters of a height up to committed + 1 (ECP-HGT-002).
func (s *Service) GetHeightParams(_ context.Context, request *pb.GetHeightParamsRequest) (*pb.GetHeightParamsResponse, error) {
	if err := s.within(request.GetHeight(), request.GetHeight(), s.due()+1); err != nil {
		return nil, err
	}
	return &pb.GetHeightParamsResponse{Params: s.engine.Params(request.GetHeight())}, nil
}

// GetBlockHash tells a hash, or that it is not known yet (ECP-SYN-008).
func (s *Service) GetBlockHash(_ context.Context, request *pb.GetBlockHashRequest) (*pb.GetBlockHashResponse, error) {
	if err := s.within(request.GetHeight(), request.GetHeight(), s.due()); err != nil {
		return nil, err
	}
	if known := s.engine.BlockHash(request.GetHeight()); known != nil {
		return &pb.GetBlockHashResponse{Result: &pb.GetBlockHashResponse_Known{Known: known}}, nil
	}
	notYet := &pb.BlockHashNotYet{KnownHeight: s.engine.HashHeight()}
	return &pb.GetBlockHashResponse{Result: &pb.GetBlockHashResponse_NotYet{NotYet: notYet}}, nil
}

// GetDecided serves the archive (ECP-SYN-002, ECP-SYN-003).
func (s *Service) GetDecided(request *pb.GetDecidedRequest, stream grpc.ServerStreamingServer[pb.GetDecidedResponse]) error {
	if err := s.within(request.GetFrom(), request.GetTo(), s.due()); err != nil {
		return err
	}
	session := SessionOf(stream.Context())
	for height := request.GetFrom(); ; height++ {
		if err := session.Err(); err != nil {
			return err
		}
		header, parts, err := s.engine.Block(height)
		if err != nil {
			return err
		}
		if err := stream.Send(&pb.GetDecidedResponse{Event: &pb.GetDecidedResponse_Header{Header: header}}); err != nil {
			return err
		}
		for _, part := range parts {
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

// keepLocked keeps a complete candidate, and of those that nobody vouches for at most as many as are told.
func (s *Service) keepLocked(block Candidate, fresh bool) {
	if block.Height() != s.due() {
		return
	}
	name := string(block.Commitment())
	old, known := s.candidates[name]
	if !known && fresh {
		s.evictLocked()
	}
	s.candidates[name] = &candidate{block, fresh && (!known || old.fresh)}
}

// evictLocked makes room for one more candidate that nobody vouches for.
func (s *Service) evictLocked() {
	loose := 0
	for name, kept := range s.candidates {
		if kept.fresh {
			if loose++; loose >= s.settings.Candidates {
				delete(s.candidates, name)
			}
		}
	}
}

// Finalize belongs to a feature that is not served (ECP-DEC-011).
func (s *Service) Finalize(context.Context, *pb.FinalizeRequest) (*pb.FinalizeResponse, error) {
	return nil, ecp.NewError(ecp.ReasonFeatureNotNegotiated, "this half has no FINALIZE: call it only if the handshake names it")
}
