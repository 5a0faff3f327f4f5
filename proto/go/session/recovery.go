package session

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
)

// Ledger is what a consensus half holds of decided heights. Its writes are durable when they return.
type Ledger interface {
	// Decided is the highest height with a certificate; false if there is none.
	Decided() (height uint64, some bool)
	// Certificate of a decided height, nil if it is not kept.
	Certificate(height uint64) *pb.CommitCertificate
	// Body of a decided height, nil if it is not kept.
	Body(height uint64) []*pb.Part
	// Accept keeps a decided block, after its certificate was verified (ECP-DEC-013, ECP-REC-004).
	Accept(certificate *pb.CommitCertificate, parts []*pb.Part) error
	// Acknowledge notes that the execution half has committed a height; it may come again, and out of order.
	Acknowledge(height uint64) error
}

// Formats are the formats and schemes that a consensus half supports (ECP-HGT-009).
type Formats struct {
	Parts, Commitments, Signatures []string
}

func halt(reason ecp.Reason, format string, args ...any) error {
	return ecp.NewError(reason, format, args...)
}

// Params asks for the parameters of a height until they are known. It gives UNSUPPORTED_AT_HEIGHT for a format that is not
// supported, and an error whose action is halt for parameters that nothing may be signed under (ECP-HGT-010).
func (s *Session) Params(ctx context.Context, height uint64) (p *pb.HeightParams, err error) {
	err = s.Persist(ctx, func() error {
		reply, err := s.GetHeightParams(ctx, &pb.GetHeightParamsRequest{Height: &height})
		p = reply.GetParams()
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, s.CheckParams(p, height)
}

// CheckParams checks parameters that came with another reply as Params does.
func (s *Session) CheckParams(p *pb.HeightParams, height uint64) error {
	f := s.config.Formats
	switch {
	case p.GetHeight() != height:
		return halt(ecp.ReasonHalted, "the parameters of height %d are those of %d", height, p.GetHeight())
	case !bytes.Equal(network.CommitteeHash(p.Committee.Members), p.Committee.Hash):
		return halt(ecp.ReasonHalted, "the committee hash of height %d is wrong", height)
	case !slices.Contains(f.Parts, p.PartFormat) || !slices.Contains(f.Commitments, p.CommitmentScheme) || !slices.Contains(f.Signatures, p.SignatureScheme):
		return halt(ecp.ReasonUnsupportedAtHeight, "%s, %s and %s of height %d are not all supported", p.PartFormat, p.CommitmentScheme, p.SignatureScheme, height)
	}
	return nil
}

// Recover compares the two positions and does what the table of spec/recovery.md says, but for proposals that are not
// decided, which the caller hands back to a new instance (ECP-REC-009). It asks no peer for what is missing: then it gives
// an error whose action is halt. The caller goes on at the height behind what ledger has decided.
func (s *Session) Recover(ctx context.Context, ledger Ledger, newInstance bool) (next *pb.HeightParams, err error) {
	committed, none := s.Reply.Position.Committed, s.Reply.GetFirstHeight()-1 // Wraps at first height 0, as + 1 does.
	ours, some := ledger.Decided()
	if !some {
		ours = none
	}
	theirs := none
	if committed != nil {
		theirs = committed.GetHeight()
		if c := ledger.Certificate(theirs); c != nil && !bytes.Equal(c.Commitment, committed.Commitment) {
			return nil, conflict(theirs)
		}
	}
	if theirs+1 > ours+1 {
		if err := s.follow(ctx, ledger, ours+1, theirs, some); err != nil {
			return nil, err
		}
	}
	if committed != nil {
		if err := ledger.Acknowledge(theirs); err != nil {
			return nil, err
		}
	}
	for height := theirs + 1; height < ours+1; height++ {
		if height == ours && !newInstance {
			next, err = s.Commit(ctx, ledger, height)
		} else {
			next, err = s.HandOver(ctx, ledger, height)
		}
		if err != nil {
			return nil, err
		}
	}
	return next, nil
}

func conflict(height uint64) error {
	return halt(ecp.ReasonConflict, "two decisions at height %d: compare the certificates", height)
}

// follow reads what the execution half is ahead by, and verifies each certificate (ECP-REC-013).
func (s *Session) follow(ctx context.Context, ledger Ledger, from, to uint64, some bool) error {
	earliest := s.Reply.Position.Earliest
	if earliest == nil || *earliest > from {
		return halt(ecp.ReasonPruned, "the archive does not serve height %d: get its certificate from peers", from)
	}
	if some && *earliest < from {
		from-- // The last height that both hold, to compare.
	}
	for block, err := range s.Decided(ctx, from, to) {
		if err == nil {
			err = s.learn(ctx, ledger, block.Header.Certificate, block.Parts)
		}
		if err != nil {
			return err
		}
	}
	if !bytes.Equal(ledger.Certificate(to).GetCommitment(), s.Reply.Position.Committed.Commitment) {
		return conflict(to)
	}
	return nil
}

// learn keeps a decided block of the archive, after its certificate proved it. A certificate that proves nothing is an error
// that is no *ecp.Error.
func (s *Session) learn(ctx context.Context, ledger Ledger, c *pb.CommitCertificate, parts []*pb.Part) error {
	if old := ledger.Certificate(c.GetHeight()); old != nil {
		if !bytes.Equal(old.Commitment, c.GetCommitment()) {
			return conflict(c.GetHeight())
		}
		return nil
	}
	p, err := s.Params(ctx, c.GetHeight())
	if err != nil {
		return err
	}
	if err := network.VerifyCertificate(s.config.Network, p, c); err != nil {
		return err
	}
	return ledger.Accept(c, parts)
}

// Commit calls Decide for a height that ledger has decided; what the execution half does not know is handed over
// (ECP-DEC-017). It gives the next parameters if the reply has them.
func (s *Session) Commit(ctx context.Context, ledger Ledger, height uint64) (*pb.HeightParams, error) {
	c := ledger.Certificate(height)
	var reply *pb.DecideResponse
	err := s.Persist(ctx, func() (err error) {
		reply, err = s.Decide(ctx, &pb.DecideRequest{Height: &height, Round: c.Round, Commitment: c.Commitment, Certificate: c})
		return err
	})
	if errors.Is(err, ecp.ReasonUnknownProposal) {
		return s.HandOver(ctx, ledger, height)
	}
	if err != nil {
		return nil, err
	}
	return s.acknowledged(ledger, c, reply.Committed, reply.NextParams)
}

// HandOver calls ImportDecided with the kept body (ECP-REC-012).
func (s *Session) HandOver(ctx context.Context, ledger Ledger, height uint64) (*pb.HeightParams, error) {
	c, parts := ledger.Certificate(height), ledger.Body(height)
	if c == nil || parts == nil {
		return nil, halt(ecp.ReasonPruned, "the body of height %d is not kept: get it from peers", height)
	}
	p, err := s.Params(ctx, height)
	if err != nil {
		return nil, err
	}
	for {
		_, changed := s.State()
		reply, err := s.imported(ctx, p, c, parts)
		if err != nil {
			return nil, err
		}
		switch reply.Outcome {
		case pb.ImportOutcome_IMPORT_OUTCOME_COMMITTED, pb.ImportOutcome_IMPORT_OUTCOME_ALREADY_COMMITTED:
			return s.acknowledged(ledger, c, reply.Committed, reply.NextParams)
		case pb.ImportOutcome_IMPORT_OUTCOME_NOT_READY:
			if err := s.wait(ctx, changed); err != nil {
				return nil, err
			}
		default: // The kept body is the only source here.
			return nil, halt(ecp.ReasonHalted, "import of height %d: %s: %s", height, reply.Outcome, reply.Detail)
		}
	}
}

// imported calls ImportDecided until it has an outcome; CONFLICT is an error.
func (s *Session) imported(ctx context.Context, p *pb.HeightParams, c *pb.CommitCertificate, parts []*pb.Part) (reply *pb.ImportDecidedResponse, err error) {
	header := &pb.DecidedHeader{Height: c.Height, Certificate: c, PartFormat: p.PartFormat, Counts: check.Counts(parts)}
	err = s.Persist(ctx, func() (err error) {
		reply, err = s.Import(ctx, header, parts)
		return err
	})
	if err == nil && reply.Outcome == pb.ImportOutcome_IMPORT_OUTCOME_CONFLICT {
		err = conflict(c.GetHeight())
	}
	return reply, err
}

// Adopt hands over a decided block from a peer. It gives false, and keeps nothing, if the certificate proves nothing
// (ECP-SYN-011), if the parts are not those of the certified block, so that another peer must be asked (ECP-SYN-015), or if
// a condition is still missing.
func (s *Session) Adopt(ctx context.Context, ledger Ledger, p *pb.HeightParams, c *pb.CommitCertificate, parts []*pb.Part) (bool, error) {
	if check.Message(c) != nil || check.Whole(parts, check.Counts(parts)) != nil || network.VerifyCertificate(s.config.Network, p, c) != nil {
		return false, nil
	}
	reply, err := s.imported(ctx, p, c, parts)
	if err != nil {
		return false, err
	}
	switch reply.Outcome {
	case pb.ImportOutcome_IMPORT_OUTCOME_COMMITTED, pb.ImportOutcome_IMPORT_OUTCOME_ALREADY_COMMITTED:
		if err := ledger.Accept(c, parts); err != nil {
			return false, err
		}
		_, err := s.acknowledged(ledger, c, reply.Committed, nil)
		return err == nil, err
	}
	return false, nil
}

func (s *Session) acknowledged(ledger Ledger, c *pb.CommitCertificate, at *pb.Position, next *pb.HeightParams) (*pb.HeightParams, error) {
	height := c.GetHeight()
	if at.GetHeight() != height || !bytes.Equal(at.GetCommitment(), c.Commitment) {
		return nil, halt(ecp.ReasonHalted, "height %d was answered with another position", height)
	}
	if err := ledger.Acknowledge(height); err != nil {
		return nil, err
	}
	if next == nil {
		return nil, nil
	}
	return next, s.CheckParams(next, height+1)
}
