package check_test

import (
	"errors"
	"fmt"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/protobuf/proto"
)

// The first field that is out of range is named by its path.
func ExampleMessage() {
	open := &pb.ValidateOpen{StreamId: make([]byte, 16), Height: proto.Uint64(7), Round: proto.Uint32(0), Proposer: make([]byte, 32), BudgetMs: 1000, Basis: &pb.Basis{}}
	err := check.Message(&pb.ValidateProposalRequest{Event: &pb.ValidateProposalRequest_Open{Open: open}})
	var e *ecp.Error
	if errors.As(err, &e) {
		fmt.Println(e.Reason, e.Metadata["field"])
	}
	// Output: FIELD_INVALID open.basis.kind
}
