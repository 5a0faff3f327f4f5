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
	height := header.GetHeight()
	if height >= s.engine.FirstHeight() && header.PartFormat != s.engine.Params(height).PartFormat {
		return ecp.Invalid("header.part_format", "is not that of the height")
	}
	if err := s.ready(); err != nil {
		return err
	}
	if height < s.engine.FirstHeight() || height > s.due() { // ECP-SYN-004
		return s.next(height)
	}
	if err := s.supported(height); err != nil {
		return err
	}
	block := &imported{certificate: header.Certificate, proposal: s.engine.Open(height, nil)}
	if err := block.receive(stream, header.Counts); err != nil {
		return err
	}
	session, c := SessionOf(stream.Context()), header.Certificate
	reply, err := attach(s, fmt.Sprintf("import %p %d %x", session, c.GetHeight(), c.Commitment), func() (*pb.ImportDecidedResponse, error) {
		if err := session.Err(); err != nil {
			return nil, err
		}
		return s.take(block)
	})
	if err != nil {
		return err
	}
	return stream.SendAndClose(reply)
}

// receive reads parts and End.
func (b *imported) receive(stream importStream, promised *pb.End) error {
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
			b.part(event.Part)
		case *pb.ImportDecidedRequest_End:
			if err := order.End(event.End); err != nil {
				return err
			}
		default:
			return ecp.NewError(ecp.ReasonStreamOrder, "a second header: send parts, then end").With("expected", "end")
		}
	}
	if b.bad == "" && !proto.Equal(order.Counts(), promised) {
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
func (s *Service) take(b *imported) (*pb.ImportDecidedResponse, error) {
	c := b.certificate
	at, same, err := s.settled(c)
	if err != nil {
		return nil, err
	}
	if at != nil && same { // ECP-SYN-013
		return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_ALREADY_COMMITTED, Committed: at, NextParams: s.engine.Params(c.GetHeight() + 1)}, nil
	}
	if at != nil {
		return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_CONFLICT, Committed: at}, nil
	}
	if err := s.next(c.GetHeight()); err != nil {
		return nil, err
	}
	if b.bad != "" {
		return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_MALFORMED, Detail: b.bad}, nil
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
		return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_MALFORMED, Detail: reason.String()}, nil
	case !same: // ECP-SYN-006
		return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_MISMATCH, Computed: computed, Detail: reason.String()}, nil
	case reason != valid: // ECP-SYN-014
		return nil, s.diverged(c, b.parts)
	}
	if err := s.commitAll(block, c); err != nil {
		return nil, err
	}
	at = &pb.Position{Height: c.Height, Commitment: c.Commitment}
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
