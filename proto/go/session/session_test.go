package session_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/session"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

var identity = &pb.NetworkIdentity{
	ChainId: "ECP_TEST", GenesisHash: make([]byte, 32), ForkId: proto.Uint64(0), ActivationDigest: make([]byte, 32),
}

// half is an execution half that does what a test says.
type half struct {
	pb.UnimplementedExecutionServiceServer
	mu         sync.Mutex
	handshakes int
	tokens     map[string]string   // Call to the token that it carried.
	conns      map[string]net.Addr // Call to the connection that it came over.
	change     func(*pb.HandshakeResponse)
	startRound func(call int) error
	rounds     int
	watch      []*pb.WatchResponse // After these Watch stays open.
	gate       chan struct{}       // Watch waits for it behind its first message, if it is there.
	built      *pb.Built
}

func (h *half) saw(ctx context.Context, call string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	md, _ := metadata.FromIncomingContext(ctx)
	if got := md.Get(ecp.SessionKey); len(got) == 1 {
		h.tokens[call] = got[0]
	}
	from, _ := peer.FromContext(ctx)
	h.conns[call] = from.Addr
}

func (h *half) Handshake(ctx context.Context, _ *pb.HandshakeRequest) (*pb.HandshakeResponse, error) {
	h.saw(ctx, "Handshake")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.handshakes++
	reply := &pb.HandshakeResponse{
		Revision: 1, Network: identity, Software: &pb.SoftwareIdentity{}, InstanceId: make([]byte, 16), Position: &pb.ExecutionPosition{},
		SessionToken: append(make([]byte, 15), byte(h.handshakes)), FirstHeight: proto.Uint64(1),
		Limits: &pb.Limits{MaxMessageBytes: ecp.MessageBytes, MaxPartBytes: ecp.PartBytes, MaxCandidates: 2},
	}
	if h.change != nil {
		h.change(reply)
	}
	return reply, nil
}

func (h *half) Watch(_ *pb.WatchRequest, stream grpc.ServerStreamingServer[pb.WatchResponse]) error {
	h.saw(stream.Context(), "Watch")
	for i, state := range h.watch {
		if i > 0 && h.gate != nil {
			<-h.gate
		}
		if err := stream.Send(state); err != nil {
			return err
		}
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

func (h *half) StartRound(ctx context.Context, _ *pb.StartRoundRequest) (*pb.StartRoundResponse, error) {
	h.saw(ctx, "StartRound")
	h.mu.Lock()
	h.rounds++
	call := h.rounds
	h.mu.Unlock()
	if err := h.startRound(call); err != nil {
		return nil, err
	}
	return &pb.StartRoundResponse{}, nil
}

func (h *half) BuildProposal(_ *pb.BuildProposalRequest, stream grpc.ServerStreamingServer[pb.BuildProposalResponse]) error {
	h.saw(stream.Context(), "BuildProposal")
	kinds := []pb.PartKind{pb.PartKind_PART_KIND_INIT, pb.PartKind_PART_KIND_FIN}
	for i, kind := range kinds {
		part := &pb.Part{Index: proto.Uint32(uint32(i)), Kind: kind, Payload: []byte{1}}
		if err := stream.Send(&pb.BuildProposalResponse{Event: &pb.BuildProposalResponse_Part{Part: part}}); err != nil {
			return err
		}
	}
	return stream.Send(&pb.BuildProposalResponse{Event: &pb.BuildProposalResponse_Built{Built: h.built}})
}

func ready(instance byte) *pb.WatchResponse {
	return &pb.WatchResponse{InstanceId: append(make([]byte, 15), instance), Phase: pb.Phase_PHASE_READY}
}

func serve(t *testing.T, h *half) session.Config {
	t.Helper()
	folder, err := os.MkdirTemp("", "ecp")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	h.tokens, h.conns = map[string]string{}, map[string]net.Addr{}
	serving := grpc.NewServer(grpc.ConnectionTimeout(time.Minute))
	pb.RegisterExecutionServiceServer(serving, h)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = serving.Serve(&numbered{Listener: listener})
	}()
	t.Cleanup(func() {
		serving.Stop()
		<-done
		os.RemoveAll(folder)
	})
	return session.Config{Address: "unix:" + path, Network: identity, ConsensusID: make([]byte, 16), Software: &pb.SoftwareIdentity{}}
}

// numbered gives connections of a Unix socket names, which they lack.
type numbered struct {
	net.Listener
	count int
}

type named struct {
	net.Conn
	name net.Addr
}

func (n named) RemoteAddr() net.Addr { return n.name }

func (n *numbered) Accept() (net.Conn, error) {
	conn, err := n.Listener.Accept()
	n.count++
	return named{conn, &net.IPAddr{IP: net.IPv4(10, 0, 0, byte(n.count))}}, err
}

var round = &pb.StartRoundRequest{Height: proto.Uint64(1), Round: proto.Uint32(0), Role: pb.RoundRole_ROUND_ROLE_PROPOSER, Proposer: make([]byte, 32)}

func build(s *session.Session) (*pb.Built, error) {
	request := &pb.BuildProposalRequest{Height: proto.Uint64(1), Round: proto.Uint32(0), Proposer: make([]byte, 32), BudgetMs: 1000}
	return s.Build(context.Background(), request, func(*pb.Part) error { return nil })
}

func TestTwoConnectionsCarryOneToken(t *testing.T) {
	h := &half{watch: []*pb.WatchResponse{ready(0)}, startRound: func(int) error { return nil },
		built: &pb.Built{Commitment: make([]byte, 32), ExecutedCount: proto.Uint64(0), Counts: &pb.End{Parts: proto.Uint32(2), Bytes: proto.Uint64(2)}}}
	s, err := session.Dial(t.Context(), serve(t, h))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.StartRound(t.Context(), round); err != nil {
		t.Fatal(err)
	}
	if _, err := build(s); err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conns["StartRound"].String() != h.conns["Handshake"].String() || h.conns["Watch"].String() != h.conns["Handshake"].String() ||
		h.conns["BuildProposal"].String() == h.conns["Handshake"].String() {
		t.Errorf("calls came over %v", h.conns)
	}
	for _, call := range []string{"Watch", "StartRound", "BuildProposal"} {
		if h.tokens[call] != string(s.Reply.SessionToken) {
			t.Errorf("%s carried %x", call, h.tokens[call])
		}
	}
	if h.tokens["Handshake"] != "" {
		t.Error("the handshake carried a token")
	}
}

func TestCountsThatDifferAreABrokenReply(t *testing.T) {
	h := &half{watch: []*pb.WatchResponse{ready(0)},
		built: &pb.Built{Commitment: make([]byte, 32), ExecutedCount: proto.Uint64(0), Counts: &pb.End{Parts: proto.Uint32(3), Bytes: proto.Uint64(2)}}}
	s, err := session.Dial(t.Context(), serve(t, h))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if built, err := build(s); !errors.Is(err, session.ErrBrokenReply) || built != nil {
		t.Errorf("it was taken: %v %v", built, err)
	}
	h.built.Counts.Parts, h.built.Commitment = proto.Uint32(2), nil
	if built, err := build(s); !errors.Is(err, session.ErrBrokenReply) || built != nil {
		t.Errorf("a short commitment was taken: %v %v", built, err)
	}
}

// run lives through sessions in each of which StartRound is called once, until it is answered or the end.
func run(t *testing.T, config session.Config) (sessions int, err error) {
	err = session.Run(t.Context(), config, func(ctx context.Context, s *session.Session) error {
		sessions++
		_, err := s.StartRound(ctx, round)
		return err
	})
	return sessions, err
}

func TestRunHandshakesAgainUntilItIsFinal(t *testing.T) {
	refusals := map[string]struct {
		err   error
		again bool
	}{
		"another instance":   {ecp.NewError(ecp.ReasonSessionUnknown, "restarted"), true},
		"a lost connection":  {status.Error(codes.Unavailable, "gone"), true},
		"an unknown outcome": {status.Error(codes.Internal, "reset"), true},
		"a defect":           {ecp.NewError(ecp.ReasonInternalFault, "a bug"), true},
		"a broken field":     {ecp.NewError(ecp.ReasonFieldInvalid, "a field"), true},
		"a newer session":    {ecp.NewError(ecp.ReasonFenced, "replaced"), false},
		"two decisions":      {ecp.NewError(ecp.ReasonConflict, "two"), false},
	}
	for name, c := range refusals {
		h := &half{watch: []*pb.WatchResponse{ready(0)}, startRound: func(call int) error {
			if call == 1 {
				return c.err
			}
			return nil
		}}
		sessions, err := run(t, serve(t, h))
		if c.again && (sessions != 2 || err != nil) || !c.again && (sessions != 1 || err == nil) {
			t.Errorf("%s: %d sessions, %v", name, sessions, err)
		}
		if h.handshakes != sessions {
			t.Errorf("%s: %d handshakes in %d sessions", name, h.handshakes, sessions)
		}
	}
}

func TestFencedIsFinalThoughTheConnectionIsLostAtOnce(t *testing.T) {
	h := &half{watch: []*pb.WatchResponse{ready(0), ready(1)}, gate: make(chan struct{}),
		startRound: func(int) error { return ecp.NewError(ecp.ReasonFenced, "replaced") }}
	err := session.Run(t.Context(), serve(t, h), func(ctx context.Context, s *session.Session) error {
		_, err := s.StartRound(ctx, round)
		close(h.gate)
		<-s.Done() // Watch names another instance, which alone would mean to handshake again.
		return err
	})
	if h.handshakes != 1 || !errors.Is(err, ecp.ReasonFenced) {
		t.Errorf("%d handshakes, %v", h.handshakes, err)
	}
}

func TestAHandshakeOfAnotherNetworkIsFinal(t *testing.T) {
	h := &half{change: func(reply *pb.HandshakeResponse) {
		reply.Network = proto.CloneOf(identity)
		reply.Network.ChainId = "OTHER"
	}}
	if sessions, err := run(t, serve(t, h)); sessions != 0 || !errors.Is(err, ecp.ReasonNetworkMismatch) {
		t.Errorf("%d sessions, %v", sessions, err)
	}
}

func TestWatchEndsTheSession(t *testing.T) {
	halted := ready(0)
	halted.Phase = pb.Phase_PHASE_HALTED
	syncing := ready(0)
	syncing.Phase = pb.Phase_PHASE_SYNCING
	for name, c := range map[string]struct {
		watch []*pb.WatchResponse
		want  ecp.Action
	}{
		"another instance": {[]*pb.WatchResponse{ready(0), ready(1)}, ecp.ActionHandshake},
		"halted":           {[]*pb.WatchResponse{ready(0), halted}, ecp.ActionHalt},
		"synced":           {[]*pb.WatchResponse{syncing, ready(0)}, ecp.ActionHandshake},
		"a broken message": {[]*pb.WatchResponse{{InstanceId: make([]byte, 16)}}, ecp.ActionHandshake},
	} {
		s, err := session.Dial(t.Context(), serve(t, &half{watch: c.watch}))
		if err != nil {
			t.Fatal(err)
		}
		<-s.Done()
		var e *ecp.Error
		if !errors.As(s.Err(), &e) || e.Action != c.want {
			t.Errorf("%s: %v", name, s.Err())
		}
		s.Close()
	}
}

func TestPersistObeysTheActions(t *testing.T) {
	const pause = 50 * time.Millisecond
	h := &half{watch: []*pb.WatchResponse{ready(0)}, startRound: func(call int) error {
		if call < 3 {
			return ecp.NewError(ecp.ReasonBusy, "full").RetryAfter(pause)
		}
		return nil
	}}
	s, err := session.Dial(t.Context(), serve(t, h))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	began := time.Now()
	err = s.Persist(t.Context(), func() error {
		_, err := s.StartRound(t.Context(), round)
		return err
	})
	if err != nil || time.Since(began) < 2*pause {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}

func TestPlaintextStaysOnTheMachine(t *testing.T) {
	for _, address := range []string{"tcp:192.0.2.1:80", "example.org:80", "/path/without/unix"} {
		config := session.Config{Address: address, Network: identity}
		if _, err := session.Dial(t.Context(), config); err == nil || errors.Is(err, ecp.ReasonNetworkMismatch) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestASecretFileIsItsOwners(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(" open sesame\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := session.ReadSecret(path); err == nil {
		t.Error("a file that all can read was taken")
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if secret, err := session.ReadSecret(path); err != nil || secret != "open sesame" {
		t.Errorf("%q %v", secret, err)
	}
}
