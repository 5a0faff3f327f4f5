package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/server"
	"google.golang.org/grpc"
)

// validation is one stream of ValidateProposal, and the execution that may outlive it [ECP-BUD-006].
type validation struct {
	h      *half
	id     []byte
	p      *proposal
	sameAs *block
	budget *time.Timer
	ctx    context.Context
	stop   context.CancelFunc

	// Guarded by the mutex of the half.
	fresh, awaited bool
	reason         pb.InvalidReason

	once    sync.Once
	decided chan struct{} // The verdict, or the error, is there.
	verdict *pb.Verdict
	err     error
	ended   chan struct{} // Nothing runs any more.
	finish  sync.Once
}

// say gives the verdict, or the error that ends the call; the first one counts [ECP-VAL-001].
func (v *validation) say(verdict *pb.Verdict, err error) {
	v.once.Do(func() {
		v.verdict, v.err = verdict, err
		v.budget.Stop()
		close(v.decided)
	})
}

// dropLocked keeps nothing [ECP-STR-008].
func (v *validation) dropLocked() {
	v.stop()
	delete(v.h.validations, v)
	v.finish.Do(func() { close(v.ended) })
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
	v.h.mu.Lock()
	defer v.h.mu.Unlock()
	verdict := &pb.Verdict{Outcome: &pb.Verdict_Aborted{Aborted: &pb.Aborted{}}}
	if err != nil {
		verdict = nil
	}
	v.say(verdict, err)
	if !v.p.ended() || err != nil {
		v.dropLocked()
	}
}

// expire ends the budget: only now a missing condition is told [ECP-VAL-012, ECP-BUD-005].
func (v *validation) expire() {
	v.h.mu.Lock()
	defer v.h.mu.Unlock()
	if v.awaited {
		return
	}
	verdict := &pb.Verdict{Outcome: &pb.Verdict_Expired{Expired: &pb.Expired{}}}
	if height, waits := v.h.missing(v.p.height); waits {
		missing := &pb.MissingCondition{Condition: &pb.MissingCondition_BlockHash{BlockHash: height}}
		verdict = &pb.Verdict{Outcome: &pb.Verdict_NotReady{NotReady: &pb.NotReady{Missing: missing}}}
	}
	v.say(verdict, nil)
	if !v.p.ended() {
		v.dropLocked()
	}
}

func (v *validation) invalidLocked(reason pb.InvalidReason) {
	v.reason = reason
	v.say(&pb.Verdict{Outcome: &pb.Verdict_Invalid{Invalid: &pb.Invalid{Reason: reason, Detail: "rule broken: " + reason.String()}}}, nil)
	v.dropLocked()
}

// acceptLocked gives the verdict of a block that is valid; the clock may object to it [ECP-TST-017].
func (v *validation) acceptLocked(b *block) {
	ahead := b.timestamp > v.h.windowMs && b.timestamp-v.h.windowMs > uint64(time.Now().UnixMilli())
	if v.fresh && !v.awaited && ahead { // [ECP-VAL-009, ECP-VAL-010]
		v.say(&pb.Verdict{Outcome: &pb.Verdict_RejectedLocal{RejectedLocal: &pb.RejectedLocal{
			Reason: pb.LocalReason_LOCAL_REASON_TIMESTAMP_WINDOW, Commitment: b.commitment[:],
			Detail: "the timestamp is too far ahead of this node's clock"}}}, nil)
	} else {
		v.say(&pb.Verdict{Outcome: &pb.Verdict_Valid{Valid: &pb.Valid{Commitment: b.commitment[:], ExecutedCount: &b.count}}}, nil)
	}
	v.dropLocked()
}

func (v *validation) run() {
	b, reason, err := v.p.execute(v.ctx)
	v.h.mu.Lock()
	defer v.h.mu.Unlock()
	switch {
	case err != nil: // It was dropped.
	case reason != valid:
		v.invalidLocked(reason)
	default:
		b.fresh = v.fresh
		v.h.keepLocked(b)
		v.acceptLocked(b)
	}
}

// take takes the next message after open.
func (v *validation) take(event *pb.ValidateProposalRequest) error {
	switch event := event.Event.(type) {
	case *pb.ValidateProposalRequest_RaiseBasis: // [ECP-VAL-011]
		v.h.mu.Lock()
		defer v.h.mu.Unlock()
		v.fresh = v.fresh && event.RaiseBasis.Kind == pb.BasisKind_BASIS_KIND_FRESH
	case *pb.ValidateProposalRequest_Part:
		reason, err := v.p.part(event.Part)
		if err != nil || reason == valid {
			return err
		}
		v.h.mu.Lock()
		defer v.h.mu.Unlock()
		v.invalidLocked(reason)
	case *pb.ValidateProposalRequest_End:
		if err := v.p.end(event.End); err != nil || v.sameAs == nil {
			return err
		}
		v.h.mu.Lock()
		defer v.h.mu.Unlock()
		if v.p.init.timestamp != v.sameAs.timestamp {
			v.invalidLocked(pb.InvalidReason_INVALID_REASON_COMMITMENT_MISMATCH)
		} else {
			v.acceptLocked(v.sameAs)
		}
	default:
		return ecp.NewError(ecp.ReasonStreamOrder, "a second open: send parts, then end").With("expected", "part")
	}
	return nil
}

// read reads up to End, and behind an early verdict drops the rest until End [ECP-STR-005, ECP-STR-010].
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
			if e := (*ecp.Error)(nil); !errors.As(err, &e) {
				err = nil // The stream is gone.
			}
			v.lost(err)
			return
		}
	}
}

// admit takes an open message in the order of checks of its page.
func (h *half) admit(open *pb.ValidateOpen, session *server.Session) (*validation, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := session.Unused(open.StreamId); err != nil {
		return nil, err
	}
	if err := h.readyLocked(); err != nil {
		return nil, err
	}
	if err := h.next(open.GetHeight()); err != nil {
		return nil, err
	}
	if h.deciding {
		return nil, ecp.NewError(ecp.ReasonHeightMismatch, "this height is being decided").With("expected", open.GetHeight()+1)
	}
	fresh := open.Basis.Kind == pb.BasisKind_BASIS_KIND_FRESH
	v := &validation{h: h, id: open.StreamId, fresh: fresh, decided: make(chan struct{}), ended: make(chan struct{})}
	v.p = newProposal(h.chain, open.GetHeight(), &slot{open.GetRound(), open.ValidRound, hash(open.Proposer)})
	if open.SameAs != nil {
		if v.sameAs = h.candidates[hash(open.SameAs)]; v.sameAs == nil { // [ECP-VAL-024]
			return nil, ecp.NewError(ecp.ReasonUnknownProposal, "no complete candidate has this commitment: open again with all parts")
		}
		v.p.order.InitOnly = true
	}
	if fresh && len(h.validations) >= candidatesMax { // [ECP-VAL-023]
		return nil, ecp.NewError(ecp.ReasonBusy, "%d validations are running", candidatesMax)
	}
	if err := session.Name(open.StreamId); err != nil {
		return nil, err
	}
	v.ctx, v.stop = context.WithCancel(context.Background())
	h.validations[v] = true
	v.budget = time.AfterFunc(time.Duration(open.BudgetMs)*time.Millisecond, v.expire)
	if v.sameAs == nil {
		go v.run()
	}
	return v, nil
}

// ValidateProposal judges a proposal while it arrives.
func (h *half) ValidateProposal(stream grpc.BidiStreamingServer[pb.ValidateProposalRequest, pb.ValidateProposalResponse]) error {
	event, err := stream.Recv()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	if event.GetOpen() == nil { // [ECP-STR-004]
		return ecp.NewError(ecp.ReasonStreamOrder, "the first message is open").With("expected", "open")
	}
	session := server.SessionOf(stream.Context())
	v, err := h.admit(event.GetOpen(), session)
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
	if !v.p.ended() { // The rest is read, so that the caller is never blocked.
		select {
		case <-over:
		case <-session.Fenced():
		case <-stream.Context().Done():
		}
	}
	return nil
}

// Abort ends a build or a validation; an unknown name is no error [ECP-STR-007].
func (h *half) Abort(_ context.Context, request *pb.AbortRequest) (*pb.AbortResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for v := range h.validations {
		if bytes.Equal(v.id, request.StreamId) {
			v.abortLocked()
		}
	}
	for _, b := range h.builds {
		if bytes.Equal(b.id, request.StreamId) {
			b.burn(false)
		}
	}
	return &pb.AbortResponse{}, nil
}
