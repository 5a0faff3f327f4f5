package check

import (
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/protobuf/proto"
)

// height checks the messages of height.proto.
func (c *checker) height(at string, m proto.Message) {
	switch m := m.(type) {
	case *pb.GetHeightParamsRequest:
		c.present(at, m, "height")
	case *pb.StartRoundRequest:
		c.present(at, m, "height", "round")
		c.known(at+"role", m.Role)
		c.felt(at+"proposer", m.Proposer)
	case *pb.GetHeightParamsResponse:
		c.present(at, m, "params")
		c.inner(at+"params", m.Params)
	case *pb.HeightParams:
		c.params(at, m)
	case *pb.Committee:
		c.committee(at, m)
	case *pb.CommitteeMember:
		c.felt(at+"address", m.Address)
		c.sized(at+"public_key", m.PublicKey, 1, keyBytesMax)
		c.between(at+"voting_power", m.VotingPower, 1, ecp.VotingPowerTotalMax)
	case *pb.Quorum:
		low, high := uint64(m.Numerator), uint64(m.Denominator)
		c.fail(low > 0, at+"numerator", "is 0")
		c.fail(high > low && high <= 2*low, at+"denominator", "is not above the numerator and at most twice it")
	case *pb.Timeouts:
		c.fail(m.ProposeMs > 0, at+"propose_ms", "is 0")
		c.fail(m.PrevoteMs > 0, at+"prevote_ms", "is 0")
		c.fail(m.PrecommitMs > 0, at+"precommit_ms", "is 0")
		c.fail(m.RebroadcastMs > 0, at+"rebroadcast_ms", "is 0")
		c.fail(m.TargetHeightMs == nil || *m.TargetHeightMs > 0, at+"target_height_ms", "is 0")
	}
}

func (c *checker) params(at string, m *pb.HeightParams) {
	c.present(at, m, "height", "committee", "quorum", "timeouts")
	c.inner(at+"committee", m.Committee)
	c.fail(len(m.Proposers) >= 1 && uint64(len(m.Proposers)) <= ecp.ProposersMax, at+"proposers", "are not 1 to %d", ecp.ProposersMax)
	for i, member := range m.Proposers {
		c.fail(int64(member) < int64(len(m.Committee.GetMembers())), index(at, "proposers", i), "is no member")
	}
	c.felt(at+"builder", m.Builder)
	c.inner(at+"quorum", m.Quorum)
	c.label(at+"starknet_version", m.StarknetVersion, 0, versionMax)
	c.label(at+"part_format", m.PartFormat, 1, labelMax)
	c.label(at+"commitment_scheme", m.CommitmentScheme, 1, labelMax)
	c.label(at+"signature_scheme", m.SignatureScheme, 1, labelMax)
	c.inner(at+"timeouts", m.Timeouts)
	c.fail(m.MaxProposalBytes > 0, at+"max_proposal_bytes", "is 0")
}

func (c *checker) committee(at string, m *pb.Committee) {
	c.fail(len(m.Members) >= 1 && uint64(len(m.Members)) <= ecp.CommitteeMembersMax, at+"members", "are not 1 to %d", ecp.CommitteeMembersMax)
	seen, total := map[string]bool{}, uint64(0)
	for i, member := range m.Members {
		here := index(at, "members", i)
		c.inner(here, member)
		c.fail(!seen[string(member.GetAddress())], here+".address", "stands twice")
		seen[string(member.GetAddress())] = true
		if c.err != nil {
			return // The sum of powers in range cannot overflow.
		}
		total += member.VotingPower
		c.fail(total <= ecp.VotingPowerTotalMax, at+"members", "have more than 2^62 of voting power together")
	}
	c.digest(at+"hash", m.Hash)
}
