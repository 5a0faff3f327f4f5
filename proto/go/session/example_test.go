package session_test

import (
	"context"
	"errors"
	"log"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/session"
)

// A consensus half: Run keeps a session up and gives it to the function that drives consensus.
func ExampleRun() {
	_ = func(ctx context.Context, network *pb.NetworkIdentity, id []byte, position func() *pb.ConsensusPosition) { // main
		config := session.Config{
			Address: "unix:/run/my-client/ecp.sock", Network: network, ConsensusID: id, Position: position,
			Software: &pb.SoftwareIdentity{Name: "my-client", Version: "1.0.0"},
			Retry:    func(err error, pause time.Duration) { log.Printf("%v: connecting again in %s", err, pause) },
		}
		err := session.Run(ctx, config, func(ctx context.Context, s *session.Session) error {
			if err := s.WaitReady(ctx); err != nil {
				return err
			}
			// Compare the positions, then run heights, until an error ends the session.
			_, err := s.GetHeightParams(ctx, &pb.GetHeightParamsRequest{Height: s.Reply.FirstHeight})
			return err
		})
		if errors.Is(err, ecp.ReasonFenced) {
			log.Fatal("another process of this validator runs: ", err)
		}
	}
}
