package session

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
)

// watch reads Watch until the session is over, and ends the session when Watch does, names another instance, is silent
// for WATCH_LOST_MS (ECP-SES-018), or tells a phase that needs an operator.
func (s *Session) watch() {
	silence := time.AfterFunc(lostAfter, func() { s.fail(lost("Watch", "silent for %s", lostAfter)) })
	defer silence.Stop()
	stream, err := s.Watch(s.ctx, &pb.WatchRequest{})
	syncing := false
	for err == nil {
		var state *pb.WatchResponse
		if state, err = stream.Recv(); err != nil {
			break
		}
		silence.Reset(lostAfter)
		s.tell(state)
		switch {
		case !bytes.Equal(state.InstanceId, s.Reply.InstanceId):
			err = lost("Watch", "another instance speaks")
		case state.Phase == pb.Phase_PHASE_HALTED || state.Phase == pb.Phase_PHASE_DIVERGED:
			err = ecp.NewError(ecp.ReasonHalted, "the execution half is in %s: %s", state.Phase, state.Reason)
		case syncing && state.Phase == pb.Phase_PHASE_READY: // ECP-SYN-017
			err = lost("Watch", "the execution half has synced: its position is another")
		}
		syncing = state.Phase == pb.Phase_PHASE_SYNCING
	}
	var e *ecp.Error
	if errors.As(err, &e) && e.Action == ecp.ActionHalt {
		s.fail(e)
		return
	}
	s.fail(lost("Watch", "it ended: %v", err))
}

func (s *Session) tell(state *pb.WatchResponse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.heard = state, time.Now()
	close(s.changed)
	s.changed = make(chan struct{})
}

// State is what Watch said last, nil before its first message, and Changed is closed at its next message.
func (s *Session) State() (state *pb.WatchResponse, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.changed
}

// Ready reports whether work can begin now: the phase is READY, and Watch has not been silent for WATCH_SUSPECT_MS
// (ECP-SES-017).
func (s *Session) Ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.GetPhase() == pb.Phase_PHASE_READY && time.Since(s.heard) < suspectAfter
}

// WaitReady waits until Ready.
func (s *Session) WaitReady(ctx context.Context) error {
	for {
		_, changed := s.State()
		if s.Ready() {
			return nil
		}
		if err := s.wait(ctx, changed); err != nil {
			return err
		}
	}
}

func (s *Session) wait(ctx context.Context, event <-chan struct{}) error {
	select {
	case <-event:
		return nil
	case <-s.ctx.Done():
		return s.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Persist makes a call until it is answered: after ActionRetry it waits for the pause, after ActionWait for the next
// message of Watch (ECP-ERR-002). Any other error, and the end of ctx, is given to the caller.
func (s *Session) Persist(ctx context.Context, call func() error) error {
	for {
		_, changed := s.State()
		err := call()
		var e *ecp.Error
		switch {
		case err == nil || !errors.As(err, &e):
			return err
		case e.Action == ecp.ActionRetry:
			pause := make(chan struct{})
			timer := time.AfterFunc(e.Pause(), func() { close(pause) })
			err = s.wait(ctx, pause)
			timer.Stop()
		case e.Action == ecp.ActionWait:
			err = s.wait(ctx, changed)
		default:
			return err
		}
		if err != nil {
			return err
		}
	}
}
