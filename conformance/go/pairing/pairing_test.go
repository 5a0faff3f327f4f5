// Package pairing_test starts real processes of both languages and lets them decide together.
package pairing_test

import (
	"bytes"
	"testing"

	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/session"
)

// bodies counts the BODY parts of blocks.
func bodies(blocks []session.Block) (count int) {
	for _, block := range blocks {
		for _, part := range block.Parts {
			if part.Kind == pb.PartKind_PART_KIND_BODY {
				count++
			}
		}
	}
	return count
}

func TestEveryPairDecidesAndGoesOnAfterKills(t *testing.T) {
	for _, execution := range []half{goExecution(), referenceExecution(t)} {
		for _, consensus := range []half{goConsensus(), referenceConsensus(t)} {
			t.Run(execution.name+" execution under "+consensus.name+" consensus", func(t *testing.T) {
				f := makeFiles(t, 1)
				v := startNetwork(t, f, []half{execution}, []half{consensus})[0]
				if blocks := decided(t, f, v, 4); bodies(blocks) < 4 {
					t.Errorf("%d BODY parts in four blocks", bodies(blocks))
				}
				v.execution.kill()
				v.execution.launch()
				decided(t, f, v, 8)
				v.consensus.kill()
				v.consensus.launch()
				before := decided(t, f, v, 8)
				after := decided(t, f, v, 12)
				agree(t, before, after[:8])
			})
		}
	}
}

func agree(t *testing.T, a, b []session.Block) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%d and %d blocks", len(a), len(b))
	}
	for i := range a {
		if !bytes.Equal(a[i].Header.Certificate.Commitment, b[i].Header.Certificate.Commitment) {
			t.Errorf("height %d: %x and %x", a[i].Header.GetHeight(), a[i].Header.Certificate.Commitment, b[i].Header.Certificate.Commitment)
		}
	}
}

// TestMixedExecutionHalvesAgree runs four validators over execution halves of both languages. Consensus halves of a network
// are of one kind, since their gossip is their own.
func TestMixedExecutionHalvesAgree(t *testing.T) {
	for _, consensus := range []half{referenceConsensus(t), goConsensus()} {
		t.Run(consensus.name+" consensus", func(t *testing.T) {
			f := makeFiles(t, 4)
			executions := []half{goExecution(), referenceExecution(t), goExecution(), referenceExecution(t)}
			validators := startNetwork(t, f, executions, []half{consensus, consensus, consensus, consensus})
			const height = 8 // Each validator has proposed twice.
			first := decided(t, f, validators[0], height)
			if bodies(first) < 4 {
				t.Errorf("%d BODY parts", bodies(first))
			}
			for _, v := range validators[1:] {
				agree(t, first, decided(t, f, v, height))
			}
			validators[3].execution.kill()
			validators[3].execution.launch()
			validators[2].consensus.kill()
			validators[2].consensus.launch()
			first = decided(t, f, validators[0], height+4)
			for _, v := range validators[1:] {
				agree(t, first, decided(t, f, v, height+4))
			}
		})
	}
}
