package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"time"

	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
)

const (
	frameMax  = 64 << 20 // A whole block in one message, in base64.
	queueMax  = 4096
	redial    = 100 * time.Millisecond
	patience  = 10 * time.Second // For a peer that takes nothing.
	dialLimit = time.Second
)

// message is what nodes tell each other, one kind at a time. What counts is signed: votes and proposals by pb's messages,
// parts by Signature; a block proves itself by its certificate. So peers need no identity.
type message struct {
	Height   uint64                // The next height of the sender, if nothing else is set.
	Round    uint32                `json:",omitempty"`
	Vote     *pb.SignedVote        `json:",omitempty"`
	Proposal *pb.SignedProposal    `json:",omitempty"`
	Part     *pb.Part              `json:",omitempty"`
	Header   *pb.CommitCertificate `json:",omitempty"` // A decided block, with Parts.
	Parts    []*pb.Part            `json:",omitempty"`

	// Of a part.
	ValidRound *uint32 `json:",omitempty"`
	Proposer   []byte  `json:",omitempty"`
	Signature  []byte  `json:",omitempty"`
}

// peer is one connection; its queue is what is still to be sent.
type peer struct {
	queue chan *message
	ctx   context.Context
	stop  context.CancelFunc
}

// send queues a message. A peer that is too slow loses its connection, and with a new one gets everything again.
func (p *peer) send(m *message) {
	select {
	case p.queue <- m:
	default:
		p.stop()
	}
}

// heard is a message and who said it; without a message, a connection that we made and now hold.
type heard struct {
	*message
	from *peer
}

// gossip connects every node with every other one: each dials all others and tells them its news there; answers go back
// over the connection of the question.
type gossip struct {
	inbox chan heard
}

func startGossip(ctx context.Context, listen string, peers []string) (*gossip, error) {
	g := &gossip{inbox: make(chan heard, queueMax)}
	if listen == "" {
		return g, nil
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				go g.talk(ctx, conn, false)
			}
		}
	}()
	for _, address := range peers {
		go g.dial(ctx, address)
	}
	return g, nil
}

func (g *gossip) dial(ctx context.Context, address string) {
	dialer := net.Dialer{Timeout: dialLimit}
	for ctx.Err() == nil {
		if conn, err := dialer.DialContext(ctx, "tcp", address); err == nil {
			g.talk(ctx, conn, true)
		}
		select {
		case <-ctx.Done():
		case <-time.After(redial):
		}
	}
}

// talk reads and writes until the connection ends.
func (g *gossip) talk(ctx context.Context, conn net.Conn, dialed bool) {
	ctx, stop := context.WithCancel(ctx)
	p := &peer{make(chan *message, queueMax), ctx, stop}
	context.AfterFunc(ctx, func() { conn.Close() })
	go func() {
		defer stop()
		for {
			select {
			case m := <-p.queue:
				data, err := json.Marshal(m)
				if err != nil {
					return
				}
				conn.SetWriteDeadline(time.Now().Add(patience))
				if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...)); err != nil {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	if dialed {
		g.inbox <- heard{from: p}
	}
	defer stop()
	for {
		m, err := readMessage(conn)
		if err != nil {
			return
		}
		select {
		case g.inbox <- heard{m, p}:
		case <-ctx.Done():
			return
		}
	}
}

func readMessage(r io.Reader) (*message, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > frameMax {
		return nil, errors.New("a message over the limit")
	}
	// The buffer grows with what comes, not with what was promised.
	data, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err == nil && len(data) < int(n) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	m := &message{}
	return m, json.Unmarshal(data, m)
}
