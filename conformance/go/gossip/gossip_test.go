package gossip_test

import (
	"net"
	"testing"

	"github.com/starknet-ecp/ecp/conformance/go/gossip"
)

type word struct{ Text string }

func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestNewsGoOutAndAnswersComeBack(t *testing.T) {
	a, b := free(t), free(t)
	first, err := gossip.Start[word](t.Context(), a, []string{b})
	if err != nil {
		t.Fatal(err)
	}
	second, err := gossip.Start[word](t.Context(), b, nil)
	if err != nil {
		t.Fatal(err)
	}
	made := <-first.Inbox
	if made.Message != nil || made.From.Gone() {
		t.Fatalf("the first thing that is heard is no connection: %v", made.Message)
	}
	made.From.Send(&word{"question"})
	asked := <-second.Inbox
	if asked.Message == nil || asked.Message.Text != "question" {
		t.Fatalf("heard %v", asked.Message)
	}
	asked.From.Send(&word{"answer"})
	if answered := <-first.Inbox; answered.Message == nil || answered.Message.Text != "answer" {
		t.Fatalf("heard %v", answered.Message)
	}
}

func TestGarbageEndsAConnectionAndNothingElse(t *testing.T) {
	address := free(t)
	g, err := gossip.Start[word](t.Context(), address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, garbage := range [][]byte{{0xff, 0xff, 0xff, 0xff}, {0, 0, 0, 2, 'n', 'o'}, []byte("GET / HTTP/1.1\r\n\r\n")} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(garbage); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(make([]byte, 1)); err == nil {
			t.Errorf("%d bytes came back", n)
		}
		conn.Close()
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("\x00\x00\x00\x0d{\"Text\":\"hi\"}")); err != nil {
		t.Fatal(err)
	}
	if heard := <-g.Inbox; heard.Message == nil || heard.Message.Text != "hi" {
		t.Errorf("heard %v", heard.Message)
	}
}
