package session

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// ErrBrokenReply is wrapped by the error of a call whose reply breaks the protocol: nothing may be done because of it
// (ECP-ERR-008).
var ErrBrokenReply = errors.New("the reply breaks the protocol")

// backstops are deadlines above what spec/budgets.md calls enough, so that a library never cuts a call off that the other
// half still answers in time.
var backstops = map[string]time.Duration{
	"Handshake": 25 * time.Second, "GetHeightParams": 5 * time.Second, "ReframeInit": 5 * time.Second,
	"Abort": 5 * time.Second, "Finalize": 5 * time.Second, "GetBlockHash": 5 * time.Second, "StartRound": 10 * time.Second,
	"Decide": time.Minute, "ImportDecided": time.Minute,
}

// calls is the connection that the generated client sees.
type calls struct{ s *Session }

func (c *calls) on(name string) *grpc.ClientConn {
	if ecp.IsData(name) {
		return c.s.data
	}
	return c.s.control
}

// prepare binds a call to the session, adds the token and the backstop. finish must be called when the call is over.
func (c *calls) prepare(ctx context.Context, name string) (prepared context.Context, finish func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.s.ctx, func() { cancel(context.Cause(c.s.ctx)) })
	finish = func() {
		stop()
		cancel(nil)
	}
	if backstop, has := backstops[name]; has {
		if _, set := ctx.Deadline(); !set {
			timed, end := context.WithTimeout(ctx, backstop)
			ctx, finish = timed, both(end, finish)
		}
	}
	if reply := c.s.Reply; reply != nil {
		ctx = metadata.AppendToOutgoingContext(ctx, ecp.SessionKey, string(reply.SessionToken))
	}
	if c.s.config.Secret != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.s.config.Secret)
	}
	return ctx, finish
}

func both(first, second func()) func() {
	return func() {
		first()
		second()
	}
}

// explain makes the *ecp.Error of a call that failed. A status without a reason comes from the end of the session, if it is
// over; a reason stands for itself, so that FENCED is never taken for a lost connection (ECP-SES-019).
func (c *calls) explain(name string, err error) error {
	e := ecp.FromError(err, ecp.IsMutating(name))
	if over := c.s.Err(); over != nil && e.Reason == "" {
		return over
	}
	if e.Method == "" {
		e.Method = name
	}
	return e
}

// inspect refuses a reply that breaks the protocol.
func inspect(name string, reply any) error {
	message, ok := reply.(proto.Message)
	if !ok {
		return nil
	}
	wrong := check.Message(message)
	if wrong == nil {
		return nil
	}
	action := ecp.ActionReport
	if ecp.IsMutating(name) && !ecp.IsData(name) {
		action = ecp.ActionHandshake // The outcome of the call is unknown.
	}
	broken := &ecp.Error{Action: action, Code: codes.Internal, Method: name, Message: ErrBrokenReply.Error() + ": " + wrong.Error()}
	return errors.Join(broken, ErrBrokenReply)
}

// Invoke makes a call of one message each way.
func (c *calls) Invoke(ctx context.Context, method string, args, reply any, options ...grpc.CallOption) error {
	name := ecp.CallName(method)
	ctx, finish := c.prepare(ctx, name)
	defer finish()
	if err := c.on(name).Invoke(ctx, method, args, reply, options...); err != nil {
		return c.explain(name, err)
	}
	return inspect(name, reply)
}

// NewStream makes a call with a stream.
func (c *calls) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, options ...grpc.CallOption) (grpc.ClientStream, error) {
	name := ecp.CallName(method)
	ctx, finish := c.prepare(ctx, name)
	inner, err := c.on(name).NewStream(ctx, desc, method, options...)
	if err != nil {
		finish()
		return nil, c.explain(name, err)
	}
	return &stream{ClientStream: inner, calls: c, name: name, single: !desc.ServerStreams, finish: sync.OnceFunc(finish)}, nil
}

// stream is a stream whose errors are *ecp.Error and whose replies are checked.
type stream struct {
	grpc.ClientStream
	calls  *calls
	name   string
	single bool
	finish func()
}

// SendMsg sends a message; io.EOF says that the call is over, and RecvMsg then says why.
func (s *stream) SendMsg(m any) error {
	err := s.ClientStream.SendMsg(m)
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return s.calls.explain(s.name, err)
}

// RecvMsg receives a message; io.EOF is the good end.
func (s *stream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if err == nil {
		err = inspect(s.name, m)
		if err != nil || s.single {
			s.finish()
		}
		return err
	}
	s.finish()
	if errors.Is(err, io.EOF) {
		return err
	}
	return s.calls.explain(s.name, err)
}
