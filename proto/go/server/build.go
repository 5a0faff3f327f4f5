package server

import (
	"context"
	"sync"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// build is one slot of this node. It goes on whatever happens to the streams that read it (ECP-BLD-005).
type build struct {
	id   []byte // Names its streams for Abort.
	news ecp.Broadcast
	stop context.CancelFunc

	mu     sync.Mutex
	events []*pb.BuildProposalResponse
	built  bool
	burned bool
}

// burn ends a build that is not complete; its slot is never built again (ECP-BLD-008).
func (b *build) burn(complete bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.built || complete {
		b.burned = true
		b.stop()
		b.news.Wake()
	}
}

func (b *build) emit(event *pb.BuildProposalResponse) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, event)
	b.built = event.GetBuilt() != nil
	b.news.Wake()
}

func (b *build) at(place int) (event *pb.BuildProposalResponse, burned bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if place < len(b.events) {
		event = b.events[place]
	}
	return event, b.burned
}

var errBurned = ecp.NewError(ecp.ReasonRoundBurned, "the build of this slot ended: go on as a validator")

// StartRound opens a slot and ends builds of lower rounds (ECP-BLD-003).
func (s *Service) StartRound(ctx context.Context, request *pb.StartRoundRequest) (*pb.StartRoundResponse, error) {
	if err := s.ready(); err != nil {
		return nil, err
	}
	if err := s.supported(request.GetHeight()); err != nil {
		return nil, err
	}
	s.lane.Lock()
	defer s.lane.Unlock()
	if err := SessionOf(ctx).Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.readyLocked(); err != nil {
		return nil, err
	}
	if err := s.next(request.GetHeight()); err != nil {
		return nil, err
	}
	for round, b := range s.builds {
		if round < request.GetRound() {
			b.burn(false)
		}
	}
	s.started[request.GetRound()] = true
	return &pb.StartRoundResponse{}, nil
}

func (s *Service) open(request *pb.BuildProposalRequest, session *Session) (*build, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := session.Unused(request.StreamId); err != nil {
		return nil, err
	}
	if err := s.readyLocked(); err != nil {
		return nil, err
	}
	if err := s.next(request.GetHeight()); err != nil {
		return nil, err
	}
	if !s.started[request.GetRound()] { // (ECP-BLD-001)
		return nil, ecp.NewError(ecp.ReasonRoundNotStarted, "call StartRound of this slot first and wait for its reply")
	}
	b := s.builds[request.GetRound()]
	if s.deciding {
		return nil, errBurned
	}
	if b == nil {
		ctx, stop := context.WithTimeout(context.Background(), time.Duration(request.BudgetMs)*time.Millisecond)
		b = &build{id: request.StreamId, stop: stop}
		s.builds[request.GetRound()] = b
		go s.run(ctx, b, Slot{Height: request.GetHeight(), Round: request.GetRound(), Proposer: request.Proposer})
	}
	if _, burned := b.at(0); burned {
		return nil, errBurned
	}
	b.id = request.StreamId
	return b, session.Name(request.StreamId)
}

// BuildProposal streams the build of a slot from part 0.
func (s *Service) BuildProposal(request *pb.BuildProposalRequest, stream grpc.ServerStreamingServer[pb.BuildProposalResponse]) error {
	session := SessionOf(stream.Context())
	b, err := s.open(request, session)
	if err != nil {
		return err
	}
	for place := 0; ; {
		news := b.news.Wait()
		event, burned := b.at(place)
		if err := session.Err(); err != nil {
			return err
		}
		if burned {
			return errBurned
		}
		if event != nil {
			if err := stream.Send(event); err != nil || event.GetBuilt() != nil {
				return err
			}
			place++
			continue
		}
		select {
		case <-news:
		case <-session.Fenced():
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

// run makes the block; a budget that ends before FIN burns the slot (ECP-BUD-002).
func (s *Service) run(ctx context.Context, b *build, slot Slot) {
	order := check.Order{}
	block, err := s.engine.Build(ctx, slot, func(kind pb.PartKind, payload []byte) {
		part := &pb.Part{Index: proto.Uint32(order.Counts().GetParts()), Kind: kind, Payload: payload}
		if order.Part(part) == nil {
			b.emit(&pb.BuildProposalResponse{Event: &pb.BuildProposalResponse_Part{Part: part}})
		}
	})
	if err != nil || ctx.Err() != nil || order.End(order.Counts()) != nil {
		b.burn(false)
		return
	}
	s.mu.Lock()
	s.keepLocked(block, false)
	s.mu.Unlock()
	count := block.ExecutedCount()
	b.emit(&pb.BuildProposalResponse{Event: &pb.BuildProposalResponse_Built{
		Built: &pb.Built{Commitment: block.Commitment(), ExecutedCount: &count, Counts: order.Counts()}}})
	b.stop()
}

// ReframeInit makes the INIT of a reproposal (ECP-BLD-010).
func (s *Service) ReframeInit(_ context.Context, request *pb.ReframeInitRequest) (*pb.ReframeInitResponse, error) {
	if err := s.ready(); err != nil {
		return nil, err
	}
	if err := s.next(request.GetHeight()); err != nil {
		return nil, err
	}
	init, ok := s.engine.Reframe(request.Init, Slot{request.GetHeight(), request.GetRound(), request.ValidRound, request.Proposer})
	if !ok { // Asked last, since only the format of the height tells.
		return nil, ecp.Invalid("init", "cannot be decoded, or is of another height")
	}
	return &pb.ReframeInitResponse{Init: init}, nil
}
