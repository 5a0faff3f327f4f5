package server

import (
	"context"
	"fmt"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/protobuf/proto"
)

// failed stops the half because its store did.
func (s *Service) failed(err error) error {
	text := fmt.Sprintf("nothing was committed: %v: free the disk or mend it, then restart", err)
	s.Enter(pb.Phase_PHASE_HALTED, text)
	return ecp.NewError(ecp.ReasonStorageFailed, "%s", text)
}

// settled compares a certificate with what is committed at its height: nil if nothing is. Another commitment is kept as
// evidence and stops the half (ECP-DEC-007).
func (s *Service) settled(c *pb.CommitCertificate) (at *pb.Position, same bool, err error) {
	if c.GetHeight() < s.engine.FirstHeight() || c.GetHeight() >= s.due() {
		return nil, false, nil
	}
	header, _, err := s.engine.Block(c.GetHeight())
	if err != nil {
		return nil, false, err
	}
	ours := header.Certificate
	at = &pb.Position{Height: ours.Height, Commitment: ours.Commitment}
	if string(ours.Commitment) == string(c.Commitment) {
		return at, true, nil
	}
	if err := s.engine.Accuse(ecp.ReasonConflict, c.GetHeight(), ours, c); err != nil {
		return nil, false, s.failed(err)
	}
	s.Enter(pb.Phase_PHASE_HALTED, fmt.Sprintf("two decisions at height %d: compare the certificates", c.GetHeight()))
	return at, false, nil
}

// diverged keeps the evidence and stops the half (ECP-DEC-008).
func (s *Service) diverged(c *pb.CommitCertificate, reason pb.InvalidReason, parts []*pb.Part) error {
	evidence := []proto.Message{c, &pb.Invalid{Reason: reason}}
	for _, part := range parts {
		evidence = append(evidence, part)
	}
	if err := s.engine.Accuse(ecp.ReasonDivergence, c.GetHeight(), evidence...); err != nil {
		return s.failed(err)
	}
	text := fmt.Sprintf("the decided block of height %d is INVALID here: compare versions with other validators", c.GetHeight())
	s.Enter(pb.Phase_PHASE_DIVERGED, text)
	return ecp.NewError(ecp.ReasonDivergence, "%s", text)
}

// content reports whether a reason is about the block itself, not about its form or what FIN says of it.
func content(reason pb.InvalidReason) bool {
	switch reason {
	case pb.InvalidReason_INVALID_REASON_HEADER_RULE, pb.InvalidReason_INVALID_REASON_DUPLICATE_TRANSACTION,
		pb.InvalidReason_INVALID_REASON_TRANSACTION_INVALID, pb.InvalidReason_INVALID_REASON_BLOCK_OVER_CAPACITY,
		pb.InvalidReason_INVALID_REASON_L1_MESSAGE_CONSUMED:
		return true
	}
	return false
}

// endLocked ends all work of the height but these validations.
func (s *Service) endLocked(but map[*validation]bool) {
	for _, b := range s.builds {
		b.burn(true)
	}
	for v := range s.validations {
		if !but[v] {
			v.abortLocked()
		}
	}
}

func (s *Service) commitAll(b Candidate, c *pb.CommitCertificate) error {
	if err := s.engine.Commit(b, c); err != nil {
		return s.failed(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(nil)
	s.nextHeight()
	return nil
}

// attach runs something to its end whatever happens to the call; a repeat in the same session
// gets the same result (ECP-ORD-002, ECP-DEC-012).
func attach[T any](s *Service, key string, run func() (T, error)) (T, error) {
	result, err, _ := s.once.Do(key, func() (any, error) {
		s.lane.Lock()
		defer s.lane.Unlock()
		if err := s.ready(); err != nil {
			return nil, err
		}
		return run()
	})
	value, _ := result.(T)
	return value, err
}

// Decide commits a decided candidate.
func (s *Service) Decide(ctx context.Context, request *pb.DecideRequest) (*pb.DecideResponse, error) {
	if err := s.ready(); err != nil {
		return nil, err
	}
	if err := s.supported(request.GetHeight()); err != nil {
		return nil, err
	}
	session, c := SessionOf(ctx), request.Certificate
	return attach(s, fmt.Sprintf("decide %p %d %x", session, c.GetHeight(), c.Commitment), func() (*pb.DecideResponse, error) {
		if err := session.Err(); err != nil {
			return nil, err
		}
		at, same, err := s.settled(c)
		switch {
		case err != nil:
			return nil, err
		case at != nil && !same:
			return nil, ecp.NewError(ecp.ReasonConflict, "another commitment is committed at this height: compare the certificates").
				With("committed", "0x"+hexed(at.Commitment))
		case at == nil:
			if err := s.next(c.GetHeight()); err != nil {
				return nil, err
			}
			b, err := s.candidate(c)
			if err == nil {
				err = s.commitAll(b, c)
			}
			if err != nil {
				return nil, err
			}
			at = &pb.Position{Height: c.Height, Commitment: c.Commitment}
		}
		return &pb.DecideResponse{Committed: at, NextParams: s.engine.Params(c.GetHeight() + 1)}, nil
	})
}

// candidate finds the decided block by its commitment, whatever round it was seen in (ECP-DEC-003), and awaits the
// validations that may give it (ECP-DEC-004).
func (s *Service) candidate(c *pb.CommitCertificate) (Candidate, error) {
	commitment := string(c.Commitment)
	s.mu.Lock()
	if b := s.candidates[commitment]; b != nil {
		s.mu.Unlock()
		return b.Candidate, nil
	}
	awaited := map[*validation]bool{}
	for v := range s.validations {
		if v.ended() && string(v.p.Named()) == commitment {
			awaited[v] = true
			v.awaited = true
			v.budget.Stop()
		}
	}
	unknown := ecp.NewError(ecp.ReasonUnknownProposal, "no candidate has this commitment: hand the block over by ImportDecided")
	if len(awaited) == 0 {
		s.mu.Unlock()
		return nil, unknown
	}
	s.deciding = true
	s.endLocked(awaited) // (ECP-DEC-016)
	s.mu.Unlock()
	missing := s.awaitNothingMissing(c.GetHeight()) != nil // The lane waits with it (ECP-ORD-010).
	for v := range awaited {
		if missing {
			s.giveUp(v)
		}
		<-v.over
	}
	s.mu.Lock()
	b := s.candidates[commitment]
	s.deciding = false
	s.mu.Unlock()
	if b != nil {
		return b.Candidate, nil
	}
	for v := range awaited {
		if content(v.reason) && string(v.p.Computed()) == commitment {
			return nil, s.diverged(c, v.reason, v.parts)
		}
	}
	return nil, unknown
}

// giveUp ends a validation that was awaited as the end of its budget does.
func (s *Service) giveUp(v *validation) {
	s.mu.Lock()
	v.awaited = false
	s.mu.Unlock()
	v.expire()
	s.mu.Lock()
	defer s.mu.Unlock()
	v.dropLocked()
}
