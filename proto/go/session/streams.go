package session

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
)

// slack is how much later than its budget a stream is cut off (ECP-BUD-007).
const slack = 2 * time.Second

func budget(ctx context.Context, ms uint32) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Duration(ms)*time.Millisecond+slack)
}

// Build makes BuildProposal and hands each part to got as it comes; an error of got ends it. It names the stream if the
// request does not. The proposal is whole and has the counts of Built (ECP-BLD-011); a sequence that is not is an
// ErrBrokenReply. When ctx ends before the build, the build is aborted.
func (s *Session) Build(ctx context.Context, request *pb.BuildProposalRequest, got func(*pb.Part) error) (*pb.Built, error) {
	if request.StreamId == nil {
		request.StreamId = StreamID()
	}
	timed, cancel := budget(ctx, request.BudgetMs)
	defer cancel()
	stream, err := s.BuildProposal(timed, request)
	order, built := check.Order{}, (*pb.Built)(nil)
	for err == nil {
		var event *pb.BuildProposalResponse
		if event, err = stream.Recv(); err != nil {
			break
		}
		switch {
		case built != nil:
			err = broken("BuildProposal", errors.New("a message after built"))
		case event.GetPart() != nil:
			if err = order.Part(event.GetPart()); err != nil {
				err = broken("BuildProposal", err)
			} else {
				err = got(event.GetPart())
			}
		default:
			built = event.GetBuilt()
			if err = order.End(built.Counts); err != nil {
				err = broken("BuildProposal", err)
			}
		}
	}
	if errors.Is(err, io.EOF) && built != nil {
		return built, nil
	}
	if errors.Is(err, io.EOF) {
		err = broken("BuildProposal", errors.New("it ended without built"))
	}
	if ctx.Err() != nil && s.ctx.Err() == nil {
		_, _ = s.Abort(s.ctx, &pb.AbortRequest{StreamId: request.StreamId}) // Best effort: the budget ends the build too.
	}
	return nil, err
}

func broken(method string, why error) error {
	e := &ecp.Error{Action: ecp.ActionReport, Code: 13, Method: method, Message: ErrBrokenReply.Error() + ": " + why.Error()}
	return errors.Join(e, ErrBrokenReply)
}

// Validation is one stream of ValidateProposal. Part, End and Raise may be called while Verdict waits, by one goroutine.
type Validation struct {
	stream pb.ExecutionService_ValidateProposalClient
	cancel context.CancelFunc
}

// Validate opens a validation; it names the stream if the message does not. Close must be called in the end.
func (s *Session) Validate(ctx context.Context, open *pb.ValidateOpen) (*Validation, error) {
	if open.StreamId == nil {
		open.StreamId = StreamID()
	}
	timed, cancel := budget(ctx, open.BudgetMs)
	stream, err := s.ValidateProposal(timed)
	if err != nil {
		cancel()
		return nil, err
	}
	v := &Validation{stream, cancel}
	if err := v.send(&pb.ValidateProposalRequest{Event: &pb.ValidateProposalRequest_Open{Open: open}}); err != nil {
		cancel()
		return nil, err
	}
	return v, nil
}

// send sends a message. The end of the call is no error here: Verdict tells why.
func (v *Validation) send(m *pb.ValidateProposalRequest) error {
	if err := v.stream.Send(m); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// Part forwards a part.
func (v *Validation) Part(p *pb.Part) error {
	return v.send(&pb.ValidateProposalRequest{Event: &pb.ValidateProposalRequest_Part{Part: p}})
}

// End says that no part follows, with the counts of all (ECP-STR-011).
func (v *Validation) End(counts *pb.End) error {
	return v.send(&pb.ValidateProposalRequest{Event: &pb.ValidateProposalRequest_End{End: counts}})
}

// Raise raises the basis.
func (v *Validation) Raise(basis *pb.Basis) error {
	return v.send(&pb.ValidateProposalRequest{Event: &pb.ValidateProposalRequest_RaiseBasis{RaiseBasis: basis}})
}

// Verdict waits for the one verdict.
func (v *Validation) Verdict() (*pb.Verdict, error) {
	for {
		event, err := v.stream.Recv()
		if errors.Is(err, io.EOF) {
			err = broken("ValidateProposal", errors.New("it ended without a verdict"))
		}
		if err != nil {
			return nil, err
		}
		if verdict := event.GetVerdict(); verdict != nil {
			return verdict, nil
		}
	}
}

// Close half-closes the stream, which is allowed after the verdict only (ECP-STR-009); before, it gives the stream up.
func (v *Validation) Close() {
	_ = v.stream.CloseSend() // Its error says that the call is over.
	v.cancel()
}

// Import hands a decided block over by ImportDecided.
func (s *Session) Import(ctx context.Context, header *pb.DecidedHeader, parts []*pb.Part) (*pb.ImportDecidedResponse, error) {
	stream, err := s.ImportDecided(ctx)
	if err != nil {
		return nil, err
	}
	messages := []*pb.ImportDecidedRequest{{Event: &pb.ImportDecidedRequest_Header{Header: header}}}
	for _, p := range parts {
		messages = append(messages, &pb.ImportDecidedRequest{Event: &pb.ImportDecidedRequest_Part{Part: p}})
	}
	messages = append(messages, &pb.ImportDecidedRequest{Event: &pb.ImportDecidedRequest_End{End: check.Counts(parts)}})
	for _, m := range messages {
		if err := stream.Send(m); errors.Is(err, io.EOF) {
			break // The reply tells why.
		} else if err != nil {
			return nil, err
		}
	}
	return stream.CloseAndRecv()
}

// Block is a decided block of the archive.
type Block struct {
	// Header has height, certificate and part format.
	Header *pb.DecidedHeader
	// Parts are whole and in order.
	Parts []*pb.Part
}

// Decided reads the blocks from one height to another by GetDecided, each as soon as it is whole (ECP-SYN-003). The last
// pair has an error if the archive did not serve all of them.
func (s *Session) Decided(ctx context.Context, from, to uint64) iter.Seq2[Block, error] {
	return func(yield func(Block, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := s.GetDecided(ctx, &pb.GetDecidedRequest{From: &from, To: &to})
		next, block := from, Block{}
		wrong := func(what string) error { return broken("GetDecided", errors.New(what)) }
		for err == nil {
			var event *pb.GetDecidedResponse
			if event, err = stream.Recv(); err != nil {
				break
			}
			switch event := event.Event.(type) {
			case *pb.GetDecidedResponse_Header:
				if block.Header != nil || event.Header.GetHeight() != next {
					err = wrong("a header out of order")
				}
				block = Block{Header: event.Header}
			case *pb.GetDecidedResponse_Part:
				block.Parts = append(block.Parts, event.Part)
			case *pb.GetDecidedResponse_Done:
				if block.Header != nil || next != to+1 {
					err = wrong("done before the last height")
					break
				}
				return
			}
			if err == nil && block.Header != nil && len(block.Parts) == int(block.Header.Counts.GetParts()) {
				if err = check.Whole(block.Parts, block.Header.Counts); err != nil {
					break
				}
				if !yield(block, nil) {
					return
				}
				next, block = next+1, Block{}
			}
		}
		if errors.Is(err, io.EOF) {
			err = wrong("it ended without done")
		}
		yield(Block{}, err)
	}
}
