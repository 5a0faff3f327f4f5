package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// importWait is how long an import waits for a missing condition before NOT_READY, since the lane waits with it.
const importWait = 2 * time.Second

type importStream = grpc.ClientStreamingServer[pb.ImportDecidedRequest, pb.ImportDecidedResponse]

// imported is a block from elsewhere: its parts, and the first thing that is wrong with their form.
type imported struct {
	certificate *pb.CommitCertificate
	proposal    Proposal
	promised    *pb.End // By the header.
	parts       []*pb.Part
	bad         string
}

// ImportDecided commits a decided block that came from elsewhere.
func (s *Service) ImportDecided(stream importStream) error {
	event, err := stream.Recv()
	header := event.GetHeader()
	if errors.Is(err, io.EOF) || err == nil && header == nil {
		return ecp.NewError(ecp.ReasonStreamOrder, "the first message is header").With("expected", "header")
	}
	if err != nil {
		return err
	}
	if err := s.ready(); err != nil {
		return err
	}
	block := &imported{certificate: header.Certificate, promised: header.Counts}
	if reply, err := s.header(header); reply != nil || err != nil {
		return answered(stream, reply, err)
	}
	block.proposal = s.engine.Open(header.GetHeight(), nil)
	if err := block.receive(stream); err != nil {
		return err
	}
	session, c := SessionOf(stream.Context()), header.Certificate
	reply, err := attach(s, fmt.Sprintf("import %p %d %x", session, c.GetHeight(), c.Commitment), func() (*pb.ImportDecidedResponse, error) {
		if err := session.Err(); err != nil {
			return nil, err
		}
		return s.take(block, header)
	})
	return answered(stream, reply, err)
}

func answered(stream importStream, reply *pb.ImportDecidedResponse, err error) error {
	if err != nil {
		return err
	}
	return stream.SendAndClose(reply)
}

func badBlock(detail string) *pb.ImportDecidedResponse {
	return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_MALFORMED, Detail: detail}
}

// header answers what the header alone tells, and again what an earlier call of the lane may have changed: rows 1 to 5 of
// the table in spec/sync.md (ECP-SYN-019).
func (s *Service) header(header *pb.DecidedHeader) (*pb.ImportDecidedResponse, error) {
	height := header.GetHeight()
	if height >= s.engine.FirstHeight() && height <= s.due() {
		if err := s.supported(height); err != nil {
			return nil, err
		}
	}
	at, same, err := s.settled(header.Certificate)
	switch {
	case err != nil:
		return nil, err
	case at != nil && same: // ECP-SYN-013
		return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_ALREADY_COMMITTED, Committed: at, NextParams: s.engine.Params(height + 1)}, nil
	case at != nil: // ECP-DEC-020
		return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_CONFLICT, Committed: at}, nil
	case height != s.due(): // ECP-SYN-004
		return nil, ecp.NewError(ecp.ReasonHeightMismatch, "height %d is not the next one, %d: read the position again", height, s.due()).With("expected", s.due())
	}
	params := s.engine.Params(height)
	switch {
	case header.PartFormat != params.PartFormat:
		return badBlock("the part format is not that of the height"), nil
	case uint64(header.Counts.GetParts()) > ecp.PartsMax || header.Counts.GetBytes() > params.MaxProposalBytes:
		return badBlock("the header counts more than a proposal of the height can have"), nil
	}
	return nil, nil
}

// receive reads parts and End. Counts of the header are the source's, those of End the caller's.
func (b *imported) receive(stream importStream) error {
	order := check.Order{}
	for !order.Ended() {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return ecp.NewError(ecp.ReasonStreamOrder, "the stream ended without end").With("expected", "end")
		}
		if err != nil {
			return err
		}
		switch event := event.Event.(type) {
		case *pb.ImportDecidedRequest_Part:
			if err := order.Part(event.Part); err != nil {
				return err
			}
			got := order.Counts()
			if got.GetParts() > b.promised.GetParts() || got.GetBytes() > b.promised.GetBytes() {
				b.bad = "there are more parts than the header counts"
				return nil // Answered at once.
			}
			b.part(event.Part)
		case *pb.ImportDecidedRequest_End:
			if err := order.End(event.End); err != nil {
				return err
			}
		default:
			return ecp.NewError(ecp.ReasonStreamOrder, "a second header: send parts, then end").With("expected", "end")
		}
	}
	if b.bad == "" && !proto.Equal(order.Counts(), b.promised) {
		b.bad = "the parts do not match the counts of the header"
	}
	b.proposal.End()
	return nil
}

// part takes a part; behind the first bad one nothing is kept.
func (b *imported) part(part *pb.Part) {
	if b.bad != "" {
		return
	}
	if reason := b.proposal.Part(part); reason != valid {
		b.bad, b.parts = reason.String(), nil
		return
	}
	b.parts = append(b.parts, part)
}

// take executes and commits; the lane is held.
func (s *Service) take(b *imported, header *pb.DecidedHeader) (*pb.ImportDecidedResponse, error) {
	c := b.certificate
	if reply, err := s.header(header); reply != nil || err != nil {
		return reply, err
	}
	if b.bad != "" {
		return badBlock(b.bad), nil
	}
	s.mu.Lock()
	kept := s.candidates[string(c.Commitment)]
	s.mu.Unlock()
	if kept != nil { // It was executed before.
		return s.adopt(kept.Candidate, c)
	}
	if missing := s.awaitNothingMissing(c.GetHeight()); missing != nil {
		return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_NOT_READY, Missing: missing}, nil
	}
	block, reason, err := b.proposal.Execute(context.Background())
	if err != nil {
		return nil, err
	}
	computed := b.proposal.Computed()
	if reason == valid {
		computed = block.Commitment()
	}
	switch same := string(computed) == string(c.Commitment); {
	case computed == nil, same && reason != valid && !content(reason):
		return badBlock(reason.String()), nil
	case !same: // ECP-SYN-006
		return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_MISMATCH, Computed: computed, Detail: reason.String()}, nil
	case reason != valid: // ECP-SYN-014
		return nil, s.diverged(c, reason, b.parts)
	}
	return s.adopt(block, c)
}

func (s *Service) adopt(block Candidate, c *pb.CommitCertificate) (*pb.ImportDecidedResponse, error) {
	if err := s.commitAll(block, c); err != nil {
		return nil, err
	}
	at := &pb.Position{Height: c.Height, Commitment: c.Commitment}
	return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_COMMITTED, Committed: at, NextParams: s.engine.Params(c.GetHeight() + 1)}, nil
}

// awaitNothingMissing waits for what a block of the height needs, and gives what is still missing in the end.
func (s *Service) awaitNothingMissing(height uint64) *pb.MissingCondition {
	over := time.NewTimer(importWait)
	defer over.Stop()
	for {
		changed := s.engine.Changed().Wait()
		missing := s.engine.Missing(height)
		if missing == nil {
			return nil
		}
		select {
		case <-changed:
		case <-over.C:
			return missing
		}
	}
}
