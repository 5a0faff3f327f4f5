package network_test

import (
	"fmt"

	"github.com/starknet-ecp/ecp/proto/go/network"
)

// The genesis file gives the parameters of every height.
func ExampleReadGenesis() {
	g, err := network.ReadGenesis("../../../spec/vectors/test-chain/genesis.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	p := g.Params(g.FirstHeight)
	fmt.Println(g.Identity.ChainId, p.GetHeight(), p.PartFormat, len(p.Committee.Members))
	fmt.Printf("%x\n", network.Proposer(p, 1).Address[30:])
	// Output:
	// ECP_TEST 7 ecp-test/1 4
	// 0102
}
