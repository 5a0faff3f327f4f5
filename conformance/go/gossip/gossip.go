// Package gossip connects every node with every other one over TCP and carries messages of any type as JSON. It knows
// nothing of identities: what counts in a message proves itself.
package gossip

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"time"
)

const (
	frameMax  = 64 << 20 // A whole block in one message, in base64.
	queueMax  = 4096
	redial    = 100 * time.Millisecond
	patience  = 10 * time.Second // For a peer that takes nothing.
	dialLimit = time.Second
)

// Peer is one connection; its queue is what is still to be sent.
type Peer[M any] struct {
	queue chan *M
	ctx   context.Context
	stop  context.CancelFunc
}

// Send queues a message. A peer that is too slow loses its connection, and with a new one gets everything again.
func (p *Peer[M]) Send(m *M) {
	select {
	case p.queue <- m:
	default:
		p.stop()
	}
}

// Gone reports whether the connection is over.
func (p *Peer[M]) Gone() bool { return p.ctx.Err() != nil }

// Heard is a message and who said it. Without a message it is a connection that this node made: its news go there.
// Answers go back over the connection of the question.
type Heard[M any] struct {
	Message *M
	From    *Peer[M]
}

// Gossip is the node's place among its peers.
type Gossip[M any] struct {
	// Inbox is what comes in; while nobody takes from it, peers wait.
	Inbox chan Heard[M]
}

// Start listens, and dials all peers again and again until ctx ends. Without an address to listen on it does nothing.
func Start[M any](ctx context.Context, listen string, peers []string) (*Gossip[M], error) {
	g := &Gossip[M]{Inbox: make(chan Heard[M], queueMax)}
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

func (g *Gossip[M]) dial(ctx context.Context, address string) {
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
func (g *Gossip[M]) talk(ctx context.Context, conn net.Conn, dialed bool) {
	ctx, stop := context.WithCancel(ctx)
	p := &Peer[M]{make(chan *M, queueMax), ctx, stop}
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
		g.Inbox <- Heard[M]{From: p}
	}
	defer stop()
	for {
		m, err := read[M](conn)
		if err != nil {
			return
		}
		select {
		case g.Inbox <- Heard[M]{m, p}:
		case <-ctx.Done():
			return
		}
	}
}

func read[M any](r io.Reader) (*M, error) {
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
	m := new(M)
	return m, json.Unmarshal(data, m)
}
