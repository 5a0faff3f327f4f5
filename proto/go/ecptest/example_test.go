package ecptest_test

import (
	"testing"

	"github.com/starknet-ecp/ecp/proto/go/ecptest"
)

// A test of a client: its manifest stands beside it.
func ExampleRun() {
	_ = func(t *testing.T) { // TestConformance
		ecptest.Run(t, "ecp.toml", ecptest.Profile("core"), ecptest.KnownFailing("known-failing.txt"))
	}
}
