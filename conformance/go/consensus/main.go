// Command consensus is a minimal consensus half: Tendermint with its own log, Ed25519, one validator or several.
//
//	consensus --execution unix:/path --genesis FILE --keys FILE --data DIR [--p2p HOST:PORT --peers HOST:PORT,...]
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/starknet-ecp/ecp/conformance/go/gossip"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"github.com/starknet-ecp/ecp/proto/go/session"
)

func main() {
	execution := flag.String("execution", "", "address of the execution half: unix:/PATH, or HOST:PORT on loopback")
	genesis := flag.String("genesis", "", "genesis file")
	keys := flag.String("keys", "", "keys file of the validator")
	data := flag.String("data", "", "folder of the log; made if it is missing")
	listen := flag.String("p2p", "", "HOST:PORT to listen on for peers")
	peers := flag.String("peers", "", "HOST:PORT of the peers, separated by commas")
	takeover := flag.Bool("takeover", false, "take the execution half from another consensus half")
	override := flag.Bool("sign-without-record", false, "let a key without its signing record sign at once: only if nothing else signs with it")
	secret := flag.String("secret-file", "", "file with the bearer secret, for TCP on loopback")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	n, err := newNode(*genesis, *keys, *data)
	if err != nil {
		log.Fatal("cannot start: ", err)
	}
	config := session.Config{
		Address: *execution, Network: n.genesis.Identity, ConsensusID: n.store.id, Position: n.store.position, Takeover: *takeover,
		Formats:  formats,
		Software: &pb.SoftwareIdentity{Name: "ecp-go-consensus", Version: "0.1.0"},
		Retry:    func(err error, pause time.Duration) { log.Printf("%v: connecting again in %s", err, pause) },
	}
	if *secret != "" {
		if config.Secret, err = session.ReadSecret(*secret); err != nil {
			log.Fatal("cannot start: ", err)
		}
	}
	if *override {
		n.silent = n.genesis.FirstHeight
	}
	if n.gossip, err = gossip.Start[message](ctx, *listen, strings.FieldsFunc(*peers, func(r rune) bool { return r == ',' })); err != nil {
		log.Fatal("cannot start: ", err)
	}
	if err := session.Run(ctx, config, n.live); !errors.Is(err, context.Canceled) {
		log.Fatal("stopped: ", err) // After FENCED, too [ECP-SES-019].
	}
}

func newNode(genesisFile, keysFile, data string) (*node, error) {
	g, err := network.ReadGenesis(genesisFile)
	if err != nil {
		return nil, err
	}
	keys, err := network.ReadKeys(keysFile)
	if err != nil {
		return nil, err
	}
	st, err := openStore(data)
	if err != nil {
		return nil, err
	}
	fresh, err := network.IsFresh(keysFile)
	if err != nil {
		return nil, err
	}
	if fresh { // The record first, then the note is spent, both durably.
		if err := st.put(&record{Kind: "fresh"}); err != nil {
			return nil, err
		}
		if err := network.SpendFresh(keysFile); err != nil {
			return nil, err
		}
	}
	return &node{genesis: g, keys: keys, store: st, peers: map[*peer]bool{}, events: make(chan any, queueMax)}, nil
}
