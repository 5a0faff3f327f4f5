// Command execution is a minimal execution half over the test chain: a place to start from.
//
//	execution --listen unix:/path --genesis FILE --data DIR
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"github.com/starknet-ecp/ecp/proto/go/server"
	"google.golang.org/grpc"
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
		return errNotSupported
	}
	s, err := readSection(g)
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
	h := newHalf(c)
	listener, err := server.Listen(listen, "")
	if err != nil {
		return err
	}
	serving := grpc.NewServer(h.guard.Options()...)
	pb.RegisterExecutionServiceServer(serving, h)
	go func() {
		if err := c.follow(ctx); err != nil && ctx.Err() == nil {
			h.enter(pb.Phase_PHASE_HALTED, "a block hash cannot be stored: "+err.Error())
		}
	}()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		h.drain()
		time.AfterFunc(time.Second, serving.Stop) // Watch never ends by itself.
		serving.GracefulStop()
	}()
	fmt.Println("serving on", listen)
	if err := serving.Serve(listener); err != nil {
		return err
	}
	<-stopped
	return st.db.Close()
}

// drain takes no new work and finishes what was accepted [ECP-SES-016, ECP-SES-031].
func (h *half) drain() {
	if h.ready() == nil {
		h.enter(pb.Phase_PHASE_DRAINING, "shutting down")
	}
	h.lane.Lock()
	defer h.lane.Unlock()
}
