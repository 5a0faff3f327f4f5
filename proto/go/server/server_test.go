package server_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/server"
	"github.com/starknet-ecp/ecp/proto/go/session"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

var identity = &pb.NetworkIdentity{
	ChainId: "ECP_TEST", GenesisHash: make([]byte, 32), ForkId: proto.Uint64(0), ActivationDigest: make([]byte, 32),
}

// half is a service that serves sessions only.
type half struct {
	pb.UnimplementedExecutionServiceServer
	guard    *server.Guard
	changed  ecp.Broadcast
	draining atomic.Bool
	settled  chan struct{} // Settling waits for it, if it is there.
}

func (h *half) Handshake(_ context.Context, request *pb.HandshakeRequest) (*pb.HandshakeResponse, error) {
	admit := func() error {
		if h.draining.Load() {
			return ecp.NewError(ecp.ReasonDraining, "shutting down")
		}
		return nil
	}
	reply, err := h.guard.Handshake(request, admit, func() *pb.ExecutionPosition {
		if h.settled != nil {
			<-h.settled
		}
		return &pb.ExecutionPosition{}
	})
	if err != nil {
		return nil, err
	}
	reply.Limits = &pb.Limits{MaxMessageBytes: ecp.MessageBytes, MaxPartBytes: ecp.PartBytes, MaxCandidates: 2}
	reply.Software, reply.FirstHeight = &pb.SoftwareIdentity{Name: "test"}, proto.Uint64(1)
	return reply, nil
}

func (h *half) Watch(_ *pb.WatchRequest, stream grpc.ServerStreamingServer[pb.WatchResponse]) error {
	return h.guard.Watch(stream, &h.changed, nil, func() *pb.WatchResponse { return &pb.WatchResponse{Phase: pb.Phase_PHASE_READY} })
}

func (h *half) Abort(context.Context, *pb.AbortRequest) (*pb.AbortResponse, error) {
	return &pb.AbortResponse{}, nil
}

func (h *half) StartRound(context.Context, *pb.StartRoundRequest) (*pb.StartRoundResponse, error) {
	return nil, errors.New("a bug")
}

func serve(t *testing.T, config server.Config) (h *half, address string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "ecp")
	if err != nil {
		t.Fatal(err)
	}
	address = "unix:" + filepath.Join(folder, "s")
	if config.Network == nil {
		config.Network = identity
	}
	h = &half{guard: server.New(config)}
	listener, err := server.Listen(address, "")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(folder, "s")); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the socket is not its owner's only: %v %v", info, err)
	}
	serving := grpc.NewServer(h.guard.Options()...)
	pb.RegisterExecutionServiceServer(serving, h)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = serving.Serve(listener)
	}()
	t.Cleanup(func() {
		serving.Stop()
		<-done
		os.RemoveAll(folder)
	})
	return h, address
}

func config(address string, id byte) session.Config {
	return session.Config{Address: address, Network: identity, ConsensusID: append(make([]byte, 15), id), Software: &pb.SoftwareIdentity{}}
}

func dial(t *testing.T, c session.Config) (*session.Session, error) {
	t.Helper()
	s, err := session.Dial(t.Context(), c)
	if err == nil {
		t.Cleanup(s.Close)
	}
	return s, err
}

func mustDial(t *testing.T, c session.Config) *session.Session {
	t.Helper()
	s, err := dial(t, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func reason(err error) ecp.Reason {
	var e *ecp.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

func abort(s *session.Session) error {
	_, err := s.Abort(context.Background(), &pb.AbortRequest{StreamId: session.StreamID()})
	return err
}

func TestTheSameConsensusHalfFencesItsOlderSession(t *testing.T) {
	_, address := serve(t, server.Config{})
	first := mustDial(t, config(address, 1))
	if err := first.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := mustDial(t, config(address, 1))
	<-first.Done() // Its Watch ends with FENCED.
	if got := reason(first.Err()); got != ecp.ReasonFenced {
		t.Errorf("the older session ended with %v", first.Err())
	}
	if err := abort(second); err != nil {
		t.Error(err)
	}
}

func TestAnotherConsensusHalfNeedsATakeover(t *testing.T) {
	_, address := serve(t, server.Config{})
	holder := mustDial(t, config(address, 1))
	if _, err := dial(t, config(address, 2)); reason(err) != ecp.ReasonSessionHeld {
		t.Errorf("it was answered %v", err)
	}
	if err := abort(holder); err != nil {
		t.Error(err)
	}
	taken := config(address, 2)
	taken.Takeover = true
	mustDial(t, taken)
	<-holder.Done()
	if got := reason(holder.Err()); got != ecp.ReasonFenced {
		t.Errorf("the holder ended with %v", holder.Err())
	}
}

func TestAReaderReadsAndDisturbsNobody(t *testing.T) {
	_, address := serve(t, server.Config{})
	writer := mustDial(t, config(address, 1))
	reading := config(address, 2)
	reading.Role = pb.SessionRole_SESSION_ROLE_READER
	reader := mustDial(t, reading)
	if err := reader.WaitReady(t.Context()); err != nil {
		t.Error(err)
	}
	if got := reason(abort(reader)); got != ecp.ReasonRoleRefused {
		t.Errorf("a READER's Abort gave %q", got)
	}
	if err := abort(writer); err != nil {
		t.Error(err)
	}
}

func TestHandshakesAreRefusedInTheOrderOfTheTable(t *testing.T) {
	h, address := serve(t, server.Config{})
	other := config(address, 1)
	other.Network = proto.CloneOf(identity)
	other.Network.ChainId = "OTHER"
	h.draining.Store(true)
	if _, err := dial(t, other); reason(err) != ecp.ReasonNetworkMismatch {
		t.Errorf("another network under DRAINING gave %v", err)
	}
	if _, err := dial(t, config(address, 1)); reason(err) != ecp.ReasonDraining {
		t.Errorf("DRAINING gave %v", err)
	}
	broken := config(address, 1)
	broken.ConsensusID = nil
	if _, err := dial(t, broken); reason(err) != ecp.ReasonFieldInvalid {
		t.Errorf("a short id gave %v", err)
	}
}

func TestThePositionIsReadAfterTheOlderSessionIsOver(t *testing.T) {
	h, address := serve(t, server.Config{})
	first := mustDial(t, config(address, 1))
	h.settled = make(chan struct{})
	second := make(chan error, 1)
	go func() {
		s, err := session.Dial(context.Background(), config(address, 1))
		if err == nil {
			s.Close()
		}
		second <- err
	}()
	<-first.Done() // It is fenced while the newer handshake still waits.
	select {
	case err := <-second:
		t.Errorf("the handshake did not wait: %v", err)
	default:
	}
	close(h.settled)
	if err := <-second; err != nil {
		t.Error(err)
	}
}

func TestTheSecretIsCompared(t *testing.T) {
	_, address := serve(t, server.Config{Secret: "open sesame"})
	c := config(address, 1)
	for _, wrong := range []string{"", "open", "open sesame "} {
		c.Secret = wrong
		if _, err := dial(t, c); reason(err) != ecp.ReasonAuthRefused {
			t.Errorf("%q gave %v", wrong, err)
		}
	}
	c.Secret = "open sesame"
	mustDial(t, c)
}

func TestADefectIsAnInternalFault(t *testing.T) {
	_, address := serve(t, server.Config{})
	s := mustDial(t, config(address, 1))
	request := &pb.StartRoundRequest{Height: proto.Uint64(1), Round: proto.Uint32(0), Role: pb.RoundRole_ROUND_ROLE_VALIDATOR, Proposer: make([]byte, 32)}
	if _, err := s.StartRound(t.Context(), request); reason(err) != ecp.ReasonInternalFault {
		t.Errorf("a bug gave %v", err)
	}
	request.Role = 0
	if _, err := s.StartRound(t.Context(), request); reason(err) != ecp.ReasonFieldInvalid {
		t.Errorf("a role of 0 gave %v", err)
	}
}

func TestListenRefusesWhatAnybodyCanReach(t *testing.T) {
	for _, address := range []string{"tcp:127.0.0.1:0", "tcp:0.0.0.0:0", "nonsense"} {
		secret := ""
		if address == "tcp:0.0.0.0:0" {
			secret = "x"
		}
		if listener, err := server.Listen(address, secret); err == nil {
			listener.Close()
			t.Errorf("%s is served", address)
		}
	}
	listener, err := server.Listen("tcp:127.0.0.1:0", "x")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
}

func TestWatchBeatsWithoutAChange(t *testing.T) {
	_, address := serve(t, server.Config{})
	s := mustDial(t, config(address, 1))
	last := uint64(0)
	for range 3 {
		state, changed := s.State()
		if state != nil && state.Sequence <= last {
			t.Errorf("sequence %d after %d", state.Sequence, last)
		}
		last = state.GetSequence()
		select {
		case <-changed:
		case <-time.After(time.Duration(ecp.WatchHeartbeatMs) * time.Millisecond):
			t.Fatal("no heartbeat within its time")
		}
	}
}
