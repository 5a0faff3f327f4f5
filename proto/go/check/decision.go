package check

import (
	"bytes"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/protobuf/proto"
)

// decision checks the messages of decision.proto and archive.proto, and certificates.
func (c *checker) decision(at string, m proto.Message) {
	switch m := m.(type) {
	case *pb.DecideRequest:
		c.present(at, m, "height", "round")
		c.digest(at+"commitment", m.Commitment)
		c.certificate(at, m, m.Certificate, m.Height, m.Round, m.Commitment)
	case *pb.DecideResponse:
		c.present(at, m, "committed")
		c.inner(at+"committed", m.Committed)
		c.inner(at+"next_params", m.NextParams)
	case *pb.CommitCertificate:
		c.present(at, m, "height", "round")
		c.digest(at+"commitment", m.Commitment)
		c.fail(len(m.Signatures) >= 1 && uint64(len(m.Signatures)) <= ecp.CommitteeMembersMax, at+"signatures", "are not 1 to %d", ecp.CommitteeMembersMax)
		seen := map[string]bool{}
		for i, signature := range m.Signatures {
			here := index(at, "signatures", i)
			c.inner(here, signature)
			c.fail(!seen[string(signature.GetAddress())], here+".address", "signed twice")
			seen[string(signature.GetAddress())] = true
		}
	case *pb.CommitSignature:
		c.felt(at+"address", m.Address)
		c.sized(at+"signature", m.Signature, 1, keyBytesMax)
	case *pb.FinalizeRequest:
		c.present(at, m, "height")
		c.certificate(at, m, m.Certificate, m.Height, nil, nil)
		c.fail(len(m.Evidence) <= evidenceMax, at+"evidence", "has more than %d pieces", evidenceMax)
		for i, piece := range m.Evidence {
			c.inner(index(at, "evidence", i), piece)
		}
	case *pb.Evidence:
		c.arm(at, m, "kind")
	case *pb.DoubleVote, *pb.DoubleProposal, *pb.SignedVote, *pb.SignedProposal:
		c.evidence(at, m)
	default:
		c.archive(at, m)
	}
}

// certificate checks the certificate of a message with a height, and perhaps with a round and a commitment (ECP-DEC-009).
func (c *checker) certificate(at string, m proto.Message, certificate *pb.CommitCertificate, height *uint64, round *uint32, commitment []byte) {
	c.present(at, m, "certificate")
	c.inner(at+"certificate", certificate)
	at += "certificate."
	c.fail(height == nil || *height == certificate.GetHeight(), at+"height", "is another than that of the message")
	c.fail(round == nil || *round == certificate.GetRound(), at+"round", "is another than that of the message")
	same := commitment == nil || bytes.Equal(commitment, certificate.GetCommitment())
	c.fail(same, at+"commitment", "is another than that of the message")
}

func (c *checker) evidence(at string, m proto.Message) {
	switch m := m.(type) {
	case *pb.DoubleVote:
		c.present(at, m, "first", "second")
		c.inner(at+"first", m.First)
		c.inner(at+"second", m.Second)
		a, b := m.GetFirst(), m.GetSecond()
		c.same(at, a.GetAddress(), b.GetAddress(), a.GetHeight() == b.GetHeight(), a.GetRound() == b.GetRound())
		c.fail(a.GetVoteType() == b.GetVoteType(), at+"second.vote_type", "is another")
		nil1, nil2 := a.GetCommitment() == nil, b.GetCommitment() == nil
		c.fail(nil1 != nil2 || !bytes.Equal(a.GetCommitment(), b.GetCommitment()), at+"second.commitment", "is the same")
	case *pb.DoubleProposal:
		c.present(at, m, "first", "second")
		c.inner(at+"first", m.First)
		c.inner(at+"second", m.Second)
		a, b := m.GetFirst(), m.GetSecond()
		c.same(at, a.GetAddress(), b.GetAddress(), a.GetHeight() == b.GetHeight(), a.GetRound() == b.GetRound())
		rounds := (a.GetValidRound() != b.GetValidRound()) || (a != nil && b != nil && (a.ValidRound == nil) != (b.ValidRound == nil))
		c.fail(rounds || !bytes.Equal(a.GetCommitment(), b.GetCommitment()), at+"second.commitment", "is the same")
	case *pb.SignedVote:
		c.felt(at+"address", m.Address)
		c.present(at, m, "height", "round")
		c.known(at+"vote_type", m.VoteType)
		c.optionalDigest(at, m, "commitment")
		c.sized(at+"signature", m.Signature, 1, keyBytesMax)
	case *pb.SignedProposal:
		c.felt(at+"address", m.Address)
		c.present(at, m, "height", "round")
		c.digest(at+"commitment", m.Commitment)
		c.sized(at+"signature", m.Signature, 1, keyBytesMax)
	}
}

func (c *checker) same(at string, first, second []byte, height, round bool) {
	c.fail(bytes.Equal(first, second), at+"second.address", "is another")
	c.fail(height, at+"second.height", "is another")
	c.fail(round, at+"second.round", "is another")
}

func (c *checker) archive(at string, m proto.Message) {
	switch m := m.(type) {
	case *pb.GetDecidedRequest:
		c.present(at, m, "from", "to")
		c.fail(m.GetTo() >= m.GetFrom(), at+"to", "is below from")
	case *pb.DecidedHeader:
		c.present(at, m, "height")
		c.certificate(at, m, m.Certificate, m.Height, nil, nil)
		c.label(at+"part_format", m.PartFormat, 1, labelMax)
		c.present(at, m, "counts")
		c.inner(at+"counts", m.Counts)
	case *pb.Done:
		c.present(at, m, "last")
	case *pb.GetDecidedResponse:
		c.arm(at, m, "event")
	case *pb.ImportDecidedRequest:
		c.arm(at, m, "event")
	case *pb.ImportDecidedResponse:
		c.imported(at, m)
	case *pb.GetBlockHashRequest:
		c.present(at, m, "height")
	case *pb.KnownBlockHash:
		c.digest(at+"block_hash", m.BlockHash)
		c.digest(at+"state_root", m.StateRoot)
	case *pb.GetBlockHashResponse:
		c.arm(at, m, "result")
	}
}

func (c *checker) imported(at string, m *pb.ImportDecidedResponse) {
	c.known(at+"outcome", m.Outcome)
	switch m.Outcome {
	case pb.ImportOutcome_IMPORT_OUTCOME_COMMITTED, pb.ImportOutcome_IMPORT_OUTCOME_ALREADY_COMMITTED, pb.ImportOutcome_IMPORT_OUTCOME_CONFLICT:
		c.present(at, m, "committed")
	case pb.ImportOutcome_IMPORT_OUTCOME_MISMATCH:
		c.present(at, m, "computed")
	case pb.ImportOutcome_IMPORT_OUTCOME_NOT_READY:
		c.present(at, m, "missing")
	}
	c.inner(at+"committed", m.Committed)
	c.optionalDigest(at, m, "computed")
	c.inner(at+"missing", m.Missing)
	c.people(at+"detail", m.Detail)
	c.inner(at+"next_params", m.NextParams)
}
