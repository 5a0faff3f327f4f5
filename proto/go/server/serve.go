package server

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// heartbeat is well below WATCH_HEARTBEAT_MS, so that no watcher ever waits longer.
const heartbeat = time.Duration(ecp.WatchHeartbeatMs) * time.Millisecond / 2

func hexed(data []byte) string { return hex.EncodeToString(data) }

// Listen opens "unix:/path", accessible to its owner only (ECP-SEC-001), or "tcp:host:port" on loopback, for which the
// Guard needs a secret; a half that serves mutual TLS opens its listener itself (ECP-SEC-002).
func Listen(address, secret string) (net.Listener, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		old := syscall.Umask(0o177)
		defer syscall.Umask(old)
		return net.Listen("unix", path)
	}
	host, _, err := net.SplitHostPort(strings.TrimPrefix(address, "tcp:"))
	if err != nil {
		return nil, fmt.Errorf("the address %q is neither unix:/path nor tcp:host:port", address)
	}
	if ip := net.ParseIP(host); secret == "" || ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("%s is refused: TCP takes a secret on a loopback address, or mutual TLS (ECP-SEC-002)", address)
	}
	return net.Listen("tcp", strings.TrimPrefix(address, "tcp:"))
}

// Options are the options of a gRPC server behind the Guard: limits of messages and interceptors.
func (g *Guard) Options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(int(ecp.MessageBytes)), grpc.MaxSendMsgSize(int(ecp.MessageBytes)),
		grpc.UnaryInterceptor(g.unary), grpc.StreamInterceptor(g.stream),
	}
}

// enter checks secret and token, and gives a context with the session.
func (g *Guard) enter(ctx context.Context, call string) (context.Context, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	one := func(key string) []byte {
		if values := md.Get(key); len(values) == 1 {
			return []byte(values[0])
		}
		return nil
	}
	if g.config.Secret != "" && subtle.ConstantTimeCompare(one("authorization"), []byte("Bearer "+g.config.Secret)) != 1 {
		return nil, ecp.NewError(ecp.ReasonAuthRefused, "the secret is missing or wrong: give both halves the same secret file")
	}
	if call == "Handshake" {
		return ctx, nil
	}
	session, err := g.authorize(one(ecp.SessionKey), call)
	if err != nil {
		return nil, err
	}
	return context.WithValue(ctx, sessionKey{}, session), nil
}

func (g *Guard) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	call := ecp.CallName(info.FullMethod)
	ctx, err := g.enter(ctx, call)
	if err != nil {
		return nil, err
	}
	if message, ok := request.(proto.Message); ok && call != "Handshake" { // Handshake has an order of its own.
		if err := check.Message(message); err != nil {
			return nil, err
		}
	}
	reply, err := handler(ctx, request)
	return reply, told(err)
}

func (g *Guard) stream(service any, inner grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx, err := g.enter(inner.Context(), ecp.CallName(info.FullMethod))
	if err != nil {
		return err
	}
	return told(handler(service, &checked{inner, ctx}))
}

// told makes a status of the protocol of whatever a handler returned: an error that is none is a defect (ECP-ERR-001).
func told(err error) error {
	var e *ecp.Error
	switch _, isStatus := status.FromError(err); {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	case isStatus:
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return status.FromContextError(err).Err()
	}
	return ecp.NewError(ecp.ReasonInternalFault, "a defect of this half: %v: send the log to its authors", err)
}

// checked is a stream whose messages are checked.
type checked struct {
	grpc.ServerStream
	ctx context.Context
}

// Context has the session.
func (c *checked) Context() context.Context { return c.ctx }

// RecvMsg receives a message and checks it.
func (c *checked) RecvMsg(m any) error {
	if err := c.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	if message, ok := m.(proto.Message); ok {
		return check.Message(message)
	}
	return nil
}

// Watch serves a Watch: the whole state at once, at each Wake of changed, and with each heartbeat, until the session or
// the call ends (ECP-SES-013). It fills instance id and sequence (ECP-SES-029). A slow watcher gets the newest state,
// since none is queued (ECP-SES-030). Once ending is closed, it ends with OK after one more message (ECP-SES-033).
func (g *Guard) Watch(stream grpc.ServerStreamingServer[pb.WatchResponse], changed *ecp.Broadcast, ending <-chan struct{}, state func() *pb.WatchResponse) error {
	session := SessionOf(stream.Context())
	session.watching(1)
	defer session.watching(-1)
	for {
		over := false
		select {
		case <-ending:
			over = true
		default:
		}
		next := changed.Wait()
		message := state()
		g.mu.Lock()
		g.sequence++
		message.InstanceId, message.Sequence = g.instance, g.sequence
		g.mu.Unlock()
		if err := stream.Send(message); err != nil {
			return err
		}
		if over {
			return nil
		}
		beat := time.NewTimer(heartbeat)
		select {
		case <-next:
		case <-ending:
		case <-beat.C:
		case <-session.Fenced():
		case <-stream.Context().Done():
		}
		beat.Stop()
		if err := session.Err(); err != nil {
			return err
		}
		if err := stream.Context().Err(); err != nil {
			return err
		}
	}
}
