package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/grpc"
)

// validation is one stream of ValidateProposal, and the execution that may outlive it (ECP-BUD-006).
type validation struct {
	s      *Service
	id     []byte
	height uint64
	p      Proposal
	sameAs Candidate
	budget *time.Timer
	ctx    context.Context
	stop   context.CancelFunc

	partsMu sync.Mutex
	order   check.Order
	parts   []*pb.Part // For evidence; they are whole once no part can follow.

	// Guarded by the mutex of the service.
	fresh, awaited bool
	reason         pb.InvalidReason

	once    sync.Once
	decided chan struct{} // The verdict, or the error, is there.
	verdict *pb.Verdict
	err     error
	over    chan struct{} // Nothing runs any more.
	finish  sync.Once
}

// say gives the verdict, or the error that ends the call; the first one counts (ECP-VAL-001).
func (v *validation) say(verdict *pb.Verdict, err error) {
	v.once.Do(func() {
		v.verdict, v.err = verdict, err
		v.budget.Stop()
		close(v.decided)
	})
}

// dropLocked keeps nothing (ECP-STR-008).
func (v *validation) dropLocked() {
	v.stop()
	delete(v.s.validations, v)
	v.finish.Do(func() { close(v.over) })
}

// abortLocked ends the validation unless a Decide awaits it.
func (v *validation) abortLocked() {
	if !v.awaited {
		v.say(&pb.Verdict{Outcome: &pb.Verdict_Aborted{Aborted: &pb.Aborted{}}}, nil)
		v.dropLocked()
	}
}

// lost is told when the stream or its session is gone: what is not whole is forgotten, the rest is executed to its end.
func (v *validation) lost(err error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	verdict := &pb.Verdict{Outcome: &pb.Verdict_Aborted{Aborted: &pb.Aborted{}}}
	if err != nil {
		verdict = nil
	}
	v.say(verdict, err)
	if !v.ended() || err != nil {
		v.dropLocked()
	}
}

// expire ends the budget: only now a missing condition is told (ECP-VAL-012, ECP-BUD-005).
func (v *validation) expire() {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	if v.awaited {
		return
	}
	verdict := &pb.Verdict{Outcome: &pb.Verdict_Expired{Expired: &pb.Expired{}}}
	if missing := v.s.engine.Missing(v.height); missing != nil {
		verdict = &pb.Verdict{Outcome: &pb.Verdict_NotReady{NotReady: &pb.NotReady{Missing: missing}}}
	}
	v.say(verdict, nil)
	if !v.ended() {
		v.dropLocked()
	}
}

func (v *validation) invalidLocked(reason pb.InvalidReason) {
	v.reason = reason
	v.say(&pb.Verdict{Outcome: &pb.Verdict_Invalid{Invalid: &pb.Invalid{Reason: reason, Detail: "rule broken: " + reason.String()}}}, nil)
	v.dropLocked()
}

// acceptLocked gives the verdict of a block that is valid; only FRESH ones are objected to (ECP-VAL-009, ECP-VAL-010).
func (v *validation) acceptLocked(b Candidate) {
	objection := (*pb.RejectedLocal)(nil)
	if v.fresh && !v.awaited {
		objection = b.Objection()
	}
	if objection != nil {
		objection.Commitment = b.Commitment()
		v.say(&pb.Verdict{Outcome: &pb.Verdict_RejectedLocal{RejectedLocal: objection}}, nil)
	} else {
		count := b.ExecutedCount()
		v.say(&pb.Verdict{Outcome: &pb.Verdict_Valid{Valid: &pb.Valid{Commitment: b.Commitment(), ExecutedCount: &count}}}, nil)
	}
	v.dropLocked()
}

// ended reports whether all parts are there.
func (v *validation) ended() bool {
	v.partsMu.Lock()
	defer v.partsMu.Unlock()
	return v.order.Ended()
}

func (v *validation) part(p *pb.Part) (pb.InvalidReason, error) {
	v.partsMu.Lock()
	defer v.partsMu.Unlock()
	if err := v.order.Part(p); err != nil {
		return valid, err
	}
	v.parts = append(v.parts, p)
	return v.p.Part(p), nil
}

func (v *validation) end(counts *pb.End) error {
	v.partsMu.Lock()
	defer v.partsMu.Unlock()
	if err := v.order.End(counts); err != nil {
		return err
	}
	v.p.End()
	return nil
}

func (v *validation) run() {
	b, reason, err := v.p.Execute(v.ctx)
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	switch {
	case err != nil && v.ctx.Err() != nil: // It was dropped.
	case err != nil:
		v.say(nil, err)
		v.dropLocked()
	case reason != valid:
		v.invalidLocked(reason)
	default:
		v.s.keepLocked(b, v.fresh)
		v.acceptLocked(b)
	}
}

// take takes the next message after open.
func (v *validation) take(event *pb.ValidateProposalRequest) error {
	switch event := event.Event.(type) {
	case *pb.ValidateProposalRequest_RaiseBasis: // (ECP-VAL-011)
		v.s.mu.Lock()
		defer v.s.mu.Unlock()
		v.fresh = v.fresh && event.RaiseBasis.Kind == pb.BasisKind_BASIS_KIND_FRESH
	case *pb.ValidateProposalRequest_Part:
		reason, err := v.part(event.Part)
		if err != nil || reason == valid {
			return err
		}
		v.s.mu.Lock()
		defer v.s.mu.Unlock()
		v.invalidLocked(reason)
	case *pb.ValidateProposalRequest_End:
		if err := v.end(event.End); err != nil || v.sameAs == nil {
			return err
		}
		v.s.mu.Lock()
		defer v.s.mu.Unlock()
		if !v.p.Reframes(v.sameAs) {
			v.invalidLocked(pb.InvalidReason_INVALID_REASON_COMMITMENT_MISMATCH)
		} else {
			v.acceptLocked(v.sameAs)
		}
	default:
		return ecp.NewError(ecp.ReasonStreamOrder, "a second open: send parts, then end").With("expected", "part")
	}
	return nil
}

// read reads up to End, and behind an early verdict drops the rest until End (ECP-STR-005, ECP-STR-010).
func (v *validation) read(stream grpc.BidiStreamingServer[pb.ValidateProposalRequest, pb.ValidateProposalResponse]) {
	for {
		event, err := stream.Recv()
		select {
		case <-v.decided:
			if err != nil || event.GetEnd() != nil {
				return
			}
			continue
		default:
		}
		if err == nil {
			err = v.take(event)
		}
		if err != nil {
			if errors.Is(err, io.EOF) && !v.ended() {
				err = ecp.NewError(ecp.ReasonStreamOrder, "the stream ended without end").With("expected", "end")
			} else if e := (*ecp.Error)(nil); !errors.As(err, &e) {
				err = nil // The stream is gone.
			}
			v.lost(err)
			return
		}
	}
}

// admit takes an open message in the order of checks of its page.
func (s *Service) admit(open *pb.ValidateOpen, session *Session) (*validation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := session.Unused(open.StreamId); err != nil {
		return nil, err
	}
	if err := s.readyLocked(); err != nil {
		return nil, err
	}
	if err := s.next(open.GetHeight()); err != nil {
		return nil, err
	}
	if s.deciding {
		return nil, ecp.NewError(ecp.ReasonHeightMismatch, "this height is being decided").With("expected", open.GetHeight()+1)
	}
	fresh := open.Basis.Kind == pb.BasisKind_BASIS_KIND_FRESH
	v := &validation{s: s, id: open.StreamId, height: open.GetHeight(), fresh: fresh, decided: make(chan struct{}), over: make(chan struct{})}
	v.p = s.engine.Open(open.GetHeight(), &Slot{open.GetHeight(), open.GetRound(), open.ValidRound, open.Proposer})
	if open.SameAs != nil {
		if same := s.candidates[string(open.SameAs)]; same != nil {
			v.sameAs = same.Candidate
		} else { // (ECP-VAL-024)
			return nil, ecp.NewError(ecp.ReasonUnknownProposal, "no complete candidate has this commitment: open again with all parts")
		}
		v.order.InitOnly = true
	}
	if fresh && len(s.validations) >= s.settings.Candidates { // (ECP-VAL-017)
		return nil, ecp.NewError(ecp.ReasonBusy, "%d validations are running", s.settings.Candidates)
	}
	if err := session.Name(open.StreamId); err != nil {
		return nil, err
	}
	v.ctx, v.stop = context.WithCancel(context.Background())
	s.validations[v] = true
	v.budget = time.AfterFunc(time.Duration(open.BudgetMs)*time.Millisecond, v.expire)
	if v.sameAs == nil {
		go v.run()
	}
	return v, nil
}

// ValidateProposal judges a proposal while it arrives.
func (s *Service) ValidateProposal(stream grpc.BidiStreamingServer[pb.ValidateProposalRequest, pb.ValidateProposalResponse]) error {
	event, err := stream.Recv()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if event.GetOpen() == nil { // (ECP-STR-004)
		return ecp.NewError(ecp.ReasonStreamOrder, "the first message is open").With("expected", "open")
	}
	session := SessionOf(stream.Context())
	v, err := s.admit(event.GetOpen(), session)
	if err != nil {
		return err
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		v.read(stream)
	}()
	select {
	case <-v.decided:
	case <-session.Fenced():
		v.lost(nil)
		<-v.decided
	case <-stream.Context().Done():
		v.lost(nil)
		return stream.Context().Err()
	}
	if v.err != nil {
		return v.err
	}
	if err := stream.Send(&pb.ValidateProposalResponse{Event: &pb.ValidateProposalResponse_Verdict{Verdict: v.verdict}}); err != nil {
		return err
	}
	if !v.ended() { // The rest is read, so that the caller is never blocked.
		select {
		case <-over:
		case <-session.Fenced():
		case <-stream.Context().Done():
		}
	}
	return nil
}

// Abort ends a build or a validation; an unknown name is no error (ECP-STR-007).
func (s *Service) Abort(_ context.Context, request *pb.AbortRequest) (*pb.AbortResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for v := range s.validations {
		if bytes.Equal(v.id, request.StreamId) {
			v.abortLocked()
		}
	}
	for _, b := range s.builds {
		if bytes.Equal(b.id, request.StreamId) {
			b.burn(false)
		}
	}
	return &pb.AbortResponse{}, nil
}
