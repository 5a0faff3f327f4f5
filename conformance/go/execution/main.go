// Command execution is a minimal execution half over the test chain: a place to start from.
//
//	execution --listen unix:/path --genesis FILE --data DIR
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"github.com/starknet-ecp/ecp/proto/go/server"
	"github.com/starknet-ecp/ecp/proto/go/testchain"
)

func main() {
	listen := flag.String("listen", "", "unix:/PATH of the socket")
	genesis := flag.String("genesis", "", "genesis file of the test chain")
	data := flag.String("data", "", "folder of the store; made if it is missing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := serve(ctx, *listen, *genesis, *data); err != nil {
		fmt.Fprintln(os.Stderr, "execution:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, listen, genesisFile, data string) error {
	g, err := network.ReadGenesis(genesisFile)
	if err != nil {
		return err
	}
	if g.Workload != "test_chain" {
		return errors.New("genesis file: workload: only test_chain is executed here")
	}
	s, err := testchain.ReadSection(g)
	if err != nil {
		return err
	}
	st, err := openStore(data, g.Identity.GenesisHash)
	if err != nil {
		return err
	}
	c, err := openChain(g, s, st)
	if err != nil {
		return err
	}
	service := server.NewService(server.Settings{
		Config:        server.Config{Network: g.Identity},
		Software:      &pb.SoftwareIdentity{Name: "ecp-go-execution", Version: "0.1.0"},
		BuildMarginMs: marginMs, Candidates: 8,
	}, c)
	listener, err := server.Listen(listen, "")
	if err != nil {
		return err
	}
	go func() {
		if err := c.follow(ctx); err != nil && ctx.Err() == nil {
			service.Enter(pb.Phase_PHASE_HALTED, "a block hash cannot be stored: "+err.Error())
		}
	}()
	fmt.Println("serving on", listen)
	if err := service.Serve(ctx, listener); err != nil {
		return err
	}
	return st.db.Close()
}
