package testchain_test

import (
	"fmt"

	"github.com/starknet-ecp/ecp/proto/go/testchain"
)

// A reproposal changes round, valid round and proposer of INIT, and keeps the rest.
func ExampleDecodeInit() {
	first := testchain.Init{Height: 7, Timestamp: 1000}
	init, ok := testchain.DecodeInit(first.Encode())
	if !ok {
		fmt.Println("malformed")
		return
	}
	validRound := uint32(0)
	init.Round, init.ValidRound = 1, &validRound
	again, _ := testchain.DecodeInit(init.Encode())
	fmt.Println(again.Height, again.Round, *again.ValidRound, again.Timestamp)
	// Output: 7 1 0 1000
}
