package check

import (
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/protobuf/proto"
)

// proposal checks the messages of proposal.proto but verdicts.
func (c *checker) proposal(at string, m proto.Message) {
	switch m := m.(type) {
	case *pb.AbortRequest:
		c.sized(at+"stream_id", m.StreamId, idBytes, idBytes)
	case *pb.BuildProposalRequest:
		c.sized(at+"stream_id", m.StreamId, idBytes, idBytes)
		c.present(at, m, "height", "round")
		c.felt(at+"proposer", m.Proposer)
		c.between(at+"budget_ms", uint64(m.BudgetMs), 1, ecp.BudgetMsMax)
	case *pb.BuildProposalResponse:
		c.arm(at, m, "event")
	case *pb.Built:
		c.digest(at+"commitment", m.Commitment)
		c.present(at, m, "executed_count", "counts")
		c.inner(at+"counts", m.Counts)
	case *pb.ReframeInitRequest:
		c.present(at, m, "height", "round", "valid_round")
		c.roundBelow(at, m.GetValidRound(), m.GetRound())
		c.felt(at+"proposer", m.Proposer)
	case *pb.ValidateProposalRequest:
		c.arm(at, m, "event")
	case *pb.ValidateProposalResponse:
		c.arm(at, m, "event")
	case *pb.ValidateOpen:
		c.sized(at+"stream_id", m.StreamId, idBytes, idBytes)
		c.present(at, m, "height", "round")
		if m.ValidRound != nil {
			c.roundBelow(at, m.GetValidRound(), m.GetRound())
		}
		c.felt(at+"proposer", m.Proposer)
		c.between(at+"budget_ms", uint64(m.BudgetMs), 1, ecp.BudgetMsMax)
		c.present(at, m, "basis")
		c.inner(at+"basis", m.Basis)
		c.optionalDigest(at, m, "same_as")
	case *pb.Basis:
		c.known(at+"kind", m.Kind)
		quorum := m.Kind == pb.BasisKind_BASIS_KIND_QUORUM
		c.fail(quorum == (m.ValidRound != nil), at+"valid_round", "is present exactly with QUORUM")
	case *pb.Part:
		c.limit(uint64(len(m.Payload)) <= ecp.PartBytes, ecp.PartBytes, "a payload has more than %d bytes: cut it")
		c.present(at, m, "index")
		c.known(at+"kind", m.Kind)
	case *pb.End:
		c.present(at, m, "parts", "bytes")
		c.fail(m.GetParts() > 0, at+"parts", "is 0: a proposal has at least an INIT")
	}
}

// verdict checks a verdict and what it can hold.
func (c *checker) verdict(at string, m proto.Message) {
	switch m := m.(type) {
	case *pb.Verdict:
		c.arm(at, m, "outcome")
	case *pb.Valid:
		c.digest(at+"commitment", m.Commitment)
		c.present(at, m, "executed_count")
	case *pb.Invalid:
		c.known(at+"reason", m.Reason)
		c.people(at+"detail", m.Detail)
	case *pb.RejectedLocal:
		c.known(at+"reason", m.Reason)
		c.digest(at+"commitment", m.Commitment)
		c.people(at+"detail", m.Detail)
	case *pb.NotReady:
		c.present(at, m, "missing")
		c.inner(at+"missing", m.Missing)
	case *pb.MissingCondition:
		c.arm(at, m, "condition")
		switch condition := m.Condition.(type) {
		case *pb.MissingCondition_L1Source:
			c.fail(condition.L1Source, at+"l1_source", "is false")
		case *pb.MissingCondition_ClassHash:
			c.digest(at+"class_hash", condition.ClassHash)
		}
	}
}
