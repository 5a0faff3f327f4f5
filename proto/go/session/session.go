// Package session is the consensus half's side of a session: two connections, the handshake, the token on every call,
// Watch, and what to do on errors.
//
// Run keeps a session up: it connects, handshakes, and hands the session to a function that drives consensus; when that
// function returns an error whose action is to handshake again, Run does so, with a growing pause. FENCED, and every
// other error whose action is to halt, is final.
package session

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	suspectAfter = time.Duration(ecp.WatchSuspectMs) * time.Millisecond
	lostAfter    = time.Duration(ecp.WatchLostMs) * time.Millisecond
	pauseFirst   = 100 * time.Millisecond
	pauseMost    = 2 * time.Second
	defectsMost  = 20 // In a row; then only an operator helps.
)

// Config is what a session needs.
type Config struct {
	// Address of the execution half: "unix:/path", or "tcp:host:port" or "host:port". Without TLS only a loopback
	// address is taken (ECP-SEC-006).
	Address string
	// TLS is the configuration of mutual TLS; nil for a Unix socket or a bearer secret on loopback.
	TLS *tls.Config
	// Secret is the bearer secret; empty for none. ReadSecret reads one from a file.
	Secret string
	// Network is this half's network (ECP-SES-023).
	Network *pb.NetworkIdentity
	// Software is for logs and reports only.
	Software *pb.SoftwareIdentity
	// Features that this half can use; it uses those that the reply names too (ECP-SES-024).
	Features []pb.Feature
	// Formats that this half supports; Params, Recover and what they call need them.
	Formats Formats
	// Role is WRITER if unset.
	Role pb.SessionRole
	// ConsensusID is the durable identity of this half, 16 bytes, made once with its store.
	ConsensusID []byte
	// Takeover takes the execution half from another consensus half; only an operator's flag sets it (ECP-SES-027).
	Takeover bool
	// Position tells what this half holds durably, before each handshake of a WRITER (ECP-SES-007).
	Position func() *pb.ConsensusPosition
	// Retry is told of each error after which Run connects again; nil for nobody.
	Retry func(err error, pause time.Duration)
}

// ReadSecret reads a bearer secret without the white space at its ends. It refuses a file that its group or others can
// read (ECP-SEC-008).
func ReadSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s can be read by its group or others: chmod 600", path)
	}
	data, err := os.ReadFile(path)
	return strings.TrimSpace(string(data)), err
}

// Session is one session with one instance. Its calls end when it does. It is the client of the service, too: every
// call carries the token, goes over the right connection (ECP-SES-015), ends with an *ecp.Error, and a reply that breaks
// the protocol is an error (ECP-ERR-008). Calls without a deadline get the backstop of the table in spec/budgets.md;
// BuildProposal and ValidateProposal need one above their budget, which Build and Validate set.
type Session struct {
	pb.ExecutionServiceClient
	// Reply is the execution half's answer to the handshake.
	Reply *pb.HandshakeResponse

	config        Config
	control, data *grpc.ClientConn
	ctx           context.Context
	end           context.CancelCauseFunc

	mu      sync.Mutex
	state   *pb.WatchResponse
	heard   time.Time
	changed chan struct{}
}

// Dial connects, handshakes, and opens Watch. Its error is an *ecp.Error, or says what is wrong with the configuration.
func Dial(ctx context.Context, config Config) (*Session, error) {
	target, err := target(config)
	if err != nil {
		return nil, err
	}
	if config.Role == pb.SessionRole_SESSION_ROLE_UNSPECIFIED {
		config.Role = pb.SessionRole_SESSION_ROLE_WRITER
	}
	s := &Session{config: config, changed: make(chan struct{}), heard: time.Now()}
	s.ctx, s.end = context.WithCancelCause(ctx)
	s.ExecutionServiceClient = pb.NewExecutionServiceClient(&calls{s})
	if s.control, err = connect(target, config); err == nil {
		s.data, err = connect(target, config)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	if err := s.handshake(); err != nil {
		s.Close()
		return nil, err
	}
	go s.watch()
	return s, nil
}

func target(config Config) (string, error) {
	if strings.HasPrefix(config.Address, "unix:") {
		return config.Address, nil
	}
	address := strings.TrimPrefix(config.Address, "tcp:")
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("the address %q is neither unix:/path nor host:port", config.Address)
	}
	ip := net.ParseIP(host)
	if loopback := host == "localhost" || ip != nil && ip.IsLoopback(); config.TLS == nil && !loopback {
		return "", fmt.Errorf("plaintext to %s is refused: use TLS (ECP-SEC-006)", address)
	}
	return "passthrough:///" + address, nil
}

func connect(target string, config Config) (*grpc.ClientConn, error) {
	security, authority := insecure.NewCredentials(), "localhost"
	if config.TLS != nil {
		security, authority = credentials.NewTLS(config.TLS), config.TLS.ServerName
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(security), grpc.WithDisableRetry(), grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(int(ecp.MessageBytes)), grpc.MaxCallSendMsgSize(int(ecp.MessageBytes))),
	}
	if authority != "" {
		options = append(options, grpc.WithAuthority(authority))
	}
	return grpc.NewClient(target, options...)
}

func (s *Session) handshake() error {
	c := s.config
	request := &pb.HandshakeRequest{
		Revisions: []uint32{ecp.Revision}, Features: c.Features, Network: c.Network, Software: c.Software, Role: c.Role,
		ConsensusId: c.ConsensusID, Takeover: c.Takeover,
		Limits: &pb.Limits{MaxMessageBytes: ecp.MessageBytes, MaxPartBytes: ecp.PartBytes, MaxCandidates: uint32(ecp.CandidatesMin)},
	}
	if c.Role == pb.SessionRole_SESSION_ROLE_WRITER {
		request.Position = &pb.ConsensusPosition{}
		if c.Position != nil {
			request.Position = c.Position()
		}
	}
	reply, err := s.Handshake(s.ctx, request)
	if err != nil {
		return err
	}
	if field, same := network.SameNetwork(c.Network, reply.Network); !same {
		return ecp.NewError(ecp.ReasonNetworkMismatch, "the execution half answered for another network: %s differs", field).With("field", field)
	}
	if reply.Revision != ecp.Revision {
		return ecp.NewError(ecp.ReasonNoCommonRevision, "the execution half answered with revision %d", reply.Revision)
	}
	s.Reply = reply
	return nil
}

// Close ends the session: its calls end with an error whose action is to handshake again.
func (s *Session) Close() {
	s.fail(lost("Watch", "the session was closed"))
	for _, c := range []*grpc.ClientConn{s.control, s.data} {
		if c != nil {
			c.Close() // Its only error says that it was closed before.
		}
	}
}

// Done is closed when the session is over; Err then says why.
func (s *Session) Done() <-chan struct{} { return s.ctx.Done() }

// Err is why the session is over, or nil while it is not.
func (s *Session) Err() error {
	if s.ctx.Err() == nil {
		return nil
	}
	return context.Cause(s.ctx)
}

// fail ends the session with its first cause.
func (s *Session) fail(err error) { s.end(err) }

// HasFeature reports whether both halves named a feature (ECP-SES-024).
func (s *Session) HasFeature(feature pb.Feature) bool {
	for _, agreed := range s.Reply.GetFeatures() {
		if agreed == feature {
			return true
		}
	}
	return false
}

// StreamID makes a new random name of a stream (ECP-STR-012).
func StreamID() []byte {
	id := make([]byte, 16)
	rand.Read(id) // Never fails since Go 1.24.
	return id
}

// lost is an error after which the caller handshakes again.
func lost(method, format string, args ...any) *ecp.Error {
	return &ecp.Error{Action: ecp.ActionHandshake, Code: 14, Method: method, Message: fmt.Sprintf(format, args...)}
}

// Run keeps a session up and calls live with each, until live returns nil, ctx ends, or an error is final: one whose
// action is halt, such as FENCED (ECP-SES-019), or one that is no *ecp.Error at all. The session is closed when live
// returns; what live started with it must end then.
func Run(ctx context.Context, config Config, live func(context.Context, *Session) error) error {
	pause, defects := pauseFirst, 0
	for {
		began := time.Now()
		s, err := Dial(ctx, config)
		if err == nil {
			err = live(s.ctx, s)
			err = s.why(err)
			s.Close()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		again, wait := Again(err)
		if e := (*ecp.Error)(nil); errors.As(err, &e) && due(e) {
			defects++
		} else {
			defects = 0
		}
		if !again || defects >= defectsMost {
			return err
		}
		if time.Since(began) > pauseMost {
			pause = pauseFirst
		}
		if wait == 0 {
			wait = pause
			pause = min(2*pause, pauseMost)
		}
		if config.Retry != nil {
			config.Retry(err, wait)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// why is the reason that live ended for: what ended the session, unless err is final by itself.
func (s *Session) why(err error) error {
	over := s.Err()
	var e *ecp.Error
	switch {
	case err == nil, over == nil:
		return err
	case errors.As(err, &e) && e.Action != ecp.ActionHalt, errors.Is(err, context.Canceled):
		return over
	}
	return err
}

// Again reports whether a new handshake can help after this error, and after which pause; zero leaves the pause to the
// caller. A defect at a call that cannot be left out is met with a fresh look at the position (ECP-ERR-010).
func Again(err error) (bool, time.Duration) {
	var e *ecp.Error
	if !errors.As(err, &e) {
		return false, 0
	}
	switch {
	case e.Action == ecp.ActionHandshake, e.Action == ecp.ActionWait, due(e):
		return true, 0
	case e.Action == ecp.ActionRetry:
		return true, e.Pause()
	}
	return false, 0
}

// due reports whether an error with the action report came from a call that is still due.
func due(e *ecp.Error) bool {
	return e.Action == ecp.ActionReport && (e.Method == "StartRound" || e.Method == "Decide" || e.Method == "ImportDecided")
}
