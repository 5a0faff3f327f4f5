package main

import (
	"context"
	"sync"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/server"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// build is one slot of this node. It goes on whatever happens to the streams that read it [ECP-BLD-005].
type build struct {
	id   []byte // Names its streams for Abort.
	news ecp.Broadcast
	stop context.CancelFunc

	mu     sync.Mutex
	events []*pb.BuildProposalResponse
	built  bool
	burned bool
}

// burn ends a build that is not complete; its slot is never built again [ECP-BLD-008].
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

// StartRound opens a slot and ends builds of lower rounds [ECP-BLD-003].
func (h *half) StartRound(ctx context.Context, request *pb.StartRoundRequest) (*pb.StartRoundResponse, error) {
	if err := h.ready(); err != nil {
		return nil, err
	}
	if err := h.supported(request.GetHeight()); err != nil {
		return nil, err
	}
	h.lane.Lock()
	defer h.lane.Unlock()
	if err := server.SessionOf(ctx).Err(); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.readyLocked(); err != nil {
		return nil, err
	}
	if err := h.next(request.GetHeight()); err != nil {
		return nil, err
	}
	for round, b := range h.builds {
		if round < request.GetRound() {
			b.burn(false)
		}
	}
	h.started[request.GetRound()] = true
	return &pb.StartRoundResponse{}, nil
}

func (h *half) open(request *pb.BuildProposalRequest, session *server.Session) (*build, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := session.Unused(request.StreamId); err != nil {
		return nil, err
	}
	if err := h.readyLocked(); err != nil {
		return nil, err
	}
	if err := h.next(request.GetHeight()); err != nil {
		return nil, err
	}
	if !h.started[request.GetRound()] { // [ECP-BLD-001]
		return nil, ecp.NewError(ecp.ReasonRoundNotStarted, "call StartRound of this slot first and wait for its reply")
	}
	b := h.builds[request.GetRound()]
	if h.deciding {
		return nil, errBurned
	}
	if b == nil {
		ctx, stop := context.WithTimeout(context.Background(), time.Duration(request.BudgetMs)*time.Millisecond)
		b = &build{id: request.StreamId, stop: stop}
		h.builds[request.GetRound()] = b
		go h.run(ctx, b, request)
	}
	if _, burned := b.at(0); burned {
		return nil, errBurned
	}
	b.id = request.StreamId
	return b, session.Name(request.StreamId)
}

// BuildProposal streams the build of a slot from part 0.
func (h *half) BuildProposal(request *pb.BuildProposalRequest, stream grpc.ServerStreamingServer[pb.BuildProposalResponse]) error {
	session := server.SessionOf(stream.Context())
	b, err := h.open(request, session)
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

// run makes the block; a budget that ends before FIN burns the slot [ECP-BUD-002].
func (h *half) run(ctx context.Context, b *build, request *pb.BuildProposalRequest) {
	deadline, _ := ctx.Deadline()
	closeAt := deadline.Add(-marginMs * time.Millisecond) // [ECP-BUD-003]
	head := h.head()
	first := &initPayload{height: request.GetHeight(), round: request.GetRound(), proposer: hash(request.Proposer),
		timestamp: max(uint64(time.Now().UnixMilli()), head.timestamp), parent: head.commitment} // [ECP-TST-016]
	var parts []*pb.Part
	part := func(kind pb.PartKind, payload []byte) {
		p := &pb.Part{Index: proto.Uint32(uint32(len(parts))), Kind: kind, Payload: payload}
		parts = append(parts, p)
		b.emit(&pb.BuildProposalResponse{Event: &pb.BuildProposalResponse_Part{Part: p}})
	}
	part(pb.PartKind_PART_KIND_INIT, first.encode())
	if h.waitHash(ctx, request.GetHeight()) != nil {
		b.burn(false)
		return
	}
	ledger, batch := newLedger(h.section, head.accounts), []transfer(nil)
	room := int64(h.genesis.Params(request.GetHeight()).MaxProposalBytes - initBytes - finBytes)
	flush := func() {
		if len(batch) > 0 {
			part(pb.PartKind_PART_KIND_BODY, encodeBody(batch))
			batch = nil
		}
	}
	for _, t := range h.mempool() { // In order, and what cannot be executed is passed over [ECP-TST-018].
		size := int64(transferBytes)
		if len(batch) == 0 {
			size += 4
		}
		if uint64(len(ledger.done)) >= h.capacity || room < size {
			break
		}
		if ledger.broken(&t) != valid {
			continue
		}
		cost := time.Duration(t.cost()) * time.Millisecond
		if time.Now().Add(cost).After(closeAt) {
			break
		}
		if !pause(ctx, time.After(cost)) {
			b.burn(false)
			return
		}
		ledger.apply(&t)
		room -= size
		if batch = append(batch, t); len(batch) == h.batch { // [ECP-TST-019]
			flush()
		}
	}
	flush()
	sealed := h.seal(first, ledger)
	fin := finPayload{sealed.commitment, sealed.count, sealed.state}
	if ctx.Err() != nil {
		b.burn(false)
		return
	}
	part(pb.PartKind_PART_KIND_FIN, fin.encode())
	sealed.parts = parts
	h.mu.Lock()
	h.keepLocked(sealed)
	h.mu.Unlock()
	b.emit(&pb.BuildProposalResponse{Event: &pb.BuildProposalResponse_Built{
		Built: &pb.Built{Commitment: sealed.commitment[:], ExecutedCount: &sealed.count, Counts: check.Counts(parts)}}})
	b.stop()
}

// ReframeInit replaces round, valid round and proposer [ECP-TST-014].
func (h *half) ReframeInit(_ context.Context, request *pb.ReframeInitRequest) (*pb.ReframeInitResponse, error) {
	first, ok := decodeInit(request.Init)
	if !ok {
		return nil, ecp.Invalid("init", "cannot be decoded")
	}
	if err := h.ready(); err != nil {
		return nil, err
	}
	if err := h.next(request.GetHeight()); err != nil {
		return nil, err
	}
	first.round, first.validRound, first.proposer = request.GetRound(), request.ValidRound, hash(request.Proposer)
	return &pb.ReframeInitResponse{Init: first.encode()}, nil
}
