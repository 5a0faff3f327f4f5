// Package server is the execution half's side of a session: who may call, who holds the half, fencing, checks of every
// request, and Watch. It knows nothing of blocks.
//
// A Guard is made with each process. Its interceptors check secret, token, role and fields before a handler runs, and
// turn what a handler returns into a status of the protocol; a handler finds its session with SessionOf.
package server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"google.golang.org/protobuf/proto"
)

const (
	lostAfter = time.Duration(ecp.WatchLostMs) * time.Millisecond
	// A token is a tag, the instance, a number, a role, and a code that only this process can make.
	tokenTag               = "ecp1"
	tokenBody, tokenLength = 4 + 16 + 8 + 1, 4 + 16 + 8 + 1 + 16
	instanceAt, numberAt   = 4, 20
	roleAt, idBytes        = 28, 16
)

// Config is what a Guard needs.
type Config struct {
	// Network is this half's network (ECP-SES-003).
	Network *pb.NetworkIdentity
	// Features that this half serves; the reply names those that the caller named too (ECP-SES-005).
	Features []pb.Feature
	// Secret is the bearer secret that every call must carry; empty on a Unix socket (ECP-SEC-007).
	Secret string
}

// Guard knows the sessions of one instance, which is one process.
type Guard struct {
	config   Config
	instance []byte
	key      []byte

	handshakes sync.Mutex // One WRITER at a time.
	mu         sync.Mutex
	number     uint64
	writer     *Session
	sequence   uint64
}

// New makes a Guard with an instance id that no earlier process told (ECP-SES-002).
func New(config Config) *Guard {
	g := &Guard{config: config, instance: make([]byte, idBytes), key: make([]byte, 32)}
	rand.Read(g.instance) // Never fails since Go 1.24.
	rand.Read(g.key)
	return g
}

// Instance is the instance id, 16 bytes.
func (g *Guard) Instance() []byte { return slices.Clone(g.instance) }

// Session is one session.
type Session struct {
	// Role is WRITER or READER.
	Role pb.SessionRole
	// ConsensusID is the durable id of the consensus half; nil in a READER's session.
	ConsensusID []byte
	// Features that both halves named.
	Features []pb.Feature

	number  uint64
	fenced  chan struct{}
	mu      sync.Mutex
	names   map[string]bool
	order   []string // Of names, the oldest first.
	watches int
	watched time.Time
}

func newSession(role pb.SessionRole) *Session {
	return &Session{Role: role, fenced: make(chan struct{}), names: map[string]bool{}, watched: time.Now()}
}

// Fenced is closed when a newer session replaces this one; that of a READER never is (ECP-SES-009, ECP-SES-028).
func (s *Session) Fenced() <-chan struct{} { return s.fenced }

// Err is FENCED once the session is replaced. A handler checks it again where it does something durable.
func (s *Session) Err() error {
	select {
	case <-s.fenced:
		return ecp.NewError(ecp.ReasonFenced, "a newer session replaced this one: stop signing and exit")
	default:
		return nil
	}
}

// Name takes the name of a new stream, or gives STREAM_ID_REUSED if it named one of the last STREAM_IDS_MIN (ECP-STR-006).
// Call it when the stream is taken.
func (s *Session) Name(id []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.unusedLocked(id); err != nil {
		return err
	}
	if uint64(len(s.order)) >= ecp.StreamIdsMin {
		delete(s.names, s.order[0])
		s.order = s.order[1:]
	}
	s.names[string(id)], s.order = true, append(s.order, string(id))
	return nil
}

// Unused gives STREAM_ID_REUSED if the name is taken, and takes nothing.
func (s *Session) Unused(id []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unusedLocked(id)
}

func (s *Session) unusedLocked(id []byte) error {
	if s.names[string(id)] {
		return ecp.NewError(ecp.ReasonStreamIdReused, "the stream id named another stream: make a new random one")
	}
	return nil
}

// HasFeature reports whether both halves named a feature.
func (s *Session) HasFeature(f pb.Feature) bool { return slices.Contains(s.Features, f) }

func (s *Session) watching(by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watches += by
	s.watched = time.Now()
}

// holds reports whether the session still keeps another consensus half out (ECP-SES-011, ECP-SES-026).
func (s *Session) holds() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watches > 0 || time.Since(s.watched) < lostAfter
}

// Handshake takes a handshake, in the order of checks of its page. Admit refuses a WRITER in a phase that takes none,
// such as DRAINING. A WRITER that is let in fences the one before; then settle waits until the calls of the replaced
// session are over and gives the position (ECP-SES-010). The caller adds the rest of the reply: limits, software,
// build margin, first height.
func (g *Guard) Handshake(request *pb.HandshakeRequest, admit func() error, settle func() *pb.ExecutionPosition) (*pb.HandshakeResponse, error) {
	if err := g.compare(request); err != nil {
		return nil, err
	}
	session := newSession(request.Role)
	if request.Role == pb.SessionRole_SESSION_ROLE_READER {
		if err := check.Message(request); err != nil {
			return nil, err
		}
		return g.reply(request, session, settle), nil
	}
	g.handshakes.Lock()
	defer g.handshakes.Unlock()
	g.mu.Lock()
	holder := g.writer
	g.mu.Unlock()
	writer := request.Role == pb.SessionRole_SESSION_ROLE_WRITER && len(request.ConsensusId) == idBytes
	if writer && holder != nil && !bytes.Equal(holder.ConsensusID, request.ConsensusId) && holder.holds() && !request.Takeover {
		return nil, ecp.NewError(ecp.ReasonSessionHeld, "another consensus half holds this one: stop it, or start this one with takeover")
	}
	if err := check.Message(request); err != nil {
		return nil, err
	}
	if err := admit(); err != nil {
		return nil, err
	}
	session.ConsensusID = slices.Clone(request.ConsensusId)
	if holder != nil {
		close(holder.fenced)
	}
	g.mu.Lock()
	g.writer = nil
	g.mu.Unlock()
	reply := g.reply(request, session, settle)
	g.mu.Lock()
	g.writer = session
	g.mu.Unlock()
	return reply, nil
}

// compare makes the checks that come before who holds the half.
func (g *Guard) compare(request *pb.HandshakeRequest) error {
	if uint64(proto.Size(request)) > ecp.HandshakeBytes {
		return ecp.NewError(ecp.ReasonLimitExceeded, "a handshake has at most %d bytes", ecp.HandshakeBytes).With("limit", ecp.HandshakeBytes)
	}
	good := len(request.Revisions) > 0 && !slices.Contains(request.Revisions, 0) // A check reads only fields that obey their rules.
	if good && !slices.Contains(request.Revisions, ecp.Revision) {
		return ecp.NewError(ecp.ReasonNoCommonRevision, "this half speaks revision %d: upgrade the older half", ecp.Revision).With("supported", ecp.Revision)
	}
	if request.Network == nil || check.Message(request.Network) != nil {
		return nil // FIELD_INVALID, which comes later.
	}
	if field, same := network.SameNetwork(g.config.Network, request.Network); !same {
		return ecp.NewError(ecp.ReasonNetworkMismatch, "%s differs: start both halves from the same genesis", field).
			With("field", field).With("expected", shown(g.config.Network, field)).With("received", shown(request.Network, field))
	}
	return nil
}

func shown(n *pb.NetworkIdentity, field string) any {
	switch field {
	case "network.chain_id":
		return ecp.Truncate(n.GetChainId())
	case "network.fork_id":
		return n.GetForkId()
	case "network.genesis_hash":
		return hexed(n.GetGenesisHash())
	}
	return hexed(n.GetActivationDigest())
}

func (g *Guard) reply(request *pb.HandshakeRequest, session *Session, settle func() *pb.ExecutionPosition) *pb.HandshakeResponse {
	for _, feature := range g.config.Features {
		if slices.Contains(request.Features, feature) {
			session.Features = append(session.Features, feature)
		}
	}
	position := settle()
	g.mu.Lock()
	g.number++
	session.number = g.number
	g.mu.Unlock()
	session.watched = time.Now()
	return &pb.HandshakeResponse{
		Revision: ecp.Revision, Features: session.Features, Network: g.config.Network, InstanceId: g.Instance(),
		SessionToken: g.token(session), Position: position,
	}
}

func (g *Guard) token(s *Session) []byte {
	token := append([]byte(tokenTag), g.instance...)
	token = binary.BigEndian.AppendUint64(token, s.number)
	token = append(token, byte(s.Role))
	return append(token, g.code(token)...)
}

func (g *Guard) code(body []byte) []byte {
	mac := hmac.New(sha256.New, g.key)
	mac.Write(body)
	return mac.Sum(nil)[:tokenLength-tokenBody]
}

// authorize finds the session of a token (ECP-SES-001, ECP-SES-022, ECP-SES-009) and refuses what its role may not call
// (ECP-SES-012).
func (g *Guard) authorize(token []byte, call string) (*Session, error) {
	if len(token) != tokenLength || string(token[:instanceAt]) != tokenTag {
		return nil, ecp.NewError(ecp.ReasonSessionRequired, "no session token: handshake first and send it in %s", ecp.SessionKey)
	}
	if !bytes.Equal(token[instanceAt:numberAt], g.instance) {
		return nil, ecp.NewError(ecp.ReasonSessionUnknown, "another instance issued the token: this half restarted, handshake again")
	}
	if !hmac.Equal(token[tokenBody:], g.code(token[:tokenBody])) {
		return nil, ecp.NewError(ecp.ReasonSessionRequired, "the token was never issued: handshake first")
	}
	if pb.SessionRole(token[roleAt]) == pb.SessionRole_SESSION_ROLE_READER {
		if !ecp.IsReader(call) {
			return nil, ecp.NewError(ecp.ReasonRoleRefused, "a READER may not call %s: handshake as WRITER", call)
		}
		return newSession(pb.SessionRole_SESSION_ROLE_READER), nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.writer == nil || g.writer.number != binary.BigEndian.Uint64(token[numberAt:roleAt]) {
		return nil, ecp.NewError(ecp.ReasonFenced, "a newer session replaced this one: stop signing and exit")
	}
	return g.writer, g.writer.Err()
}

type sessionKey struct{}

// SessionOf gives the session of a call that came through the interceptors of a Guard; nil in Handshake.
func SessionOf(ctx context.Context) *Session {
	session, _ := ctx.Value(sessionKey{}).(*Session)
	return session
}
