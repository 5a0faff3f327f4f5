package server_test

import (
	"context"
	"log"

	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"github.com/starknet-ecp/ecp/proto/go/server"
)

// An execution half: an engine of one's own behind the Service.
func ExampleService() {
	_ = func(ctx context.Context, engine server.Engine) error { // main
		g, err := network.ReadGenesis("genesis.json")
		if err != nil {
			return err
		}
		service := server.NewService(server.Settings{
			Config:        server.Config{Network: g.Identity},
			Software:      &pb.SoftwareIdentity{Name: "my-client", Version: "1.0.0"},
			BuildMarginMs: 100, Candidates: 8,
		}, engine)
		listener, err := server.Listen("unix:/run/my-client/ecp.sock", "")
		if err != nil {
			return err
		}
		log.Print("serving")
		return service.Serve(ctx, listener)
	}
}
