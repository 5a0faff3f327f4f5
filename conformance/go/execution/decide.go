package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"github.com/starknet-ecp/ecp/proto/go/server"
	"google.golang.org/grpc"
)

const importWait = 2 * time.Second // How long an import waits for a hash before NOT_READY.

// failed stops the half because its store did.
func (h *half) failed(err error) error {
	text := fmt.Sprintf("nothing was committed: %v: free the disk or mend it, then restart", err)
	h.enter(pb.Phase_PHASE_HALTED, text)
	return ecp.NewError(ecp.ReasonStorageFailed, "%s", text)
}

// settled compares a certificate with what is committed at its height: nil if nothing is. Another commitment is kept as
// evidence and stops the half [ECP-DEC-007].
func (h *half) settled(c *pb.CommitCertificate) (at *pb.Position, same bool, err error) {
	if c.GetHeight() < h.genesis.FirstHeight || c.GetHeight() >= h.due() {
		return nil, false, nil
	}
	d, err := h.store.block(c.GetHeight())
	if err != nil {
		return nil, false, err
	}
	ours := d.header.Certificate
	at = &pb.Position{Height: ours.Height, Commitment: ours.Commitment}
	if string(ours.Commitment) == string(c.Commitment) {
		return at, true, nil
	}
	if err := h.store.addEvidence("CONFLICT", c.GetHeight(), ours, c); err != nil {
		return nil, false, h.failed(err)
	}
	h.enter(pb.Phase_PHASE_HALTED, fmt.Sprintf("two decisions at height %d: compare the certificates", c.GetHeight()))
	return at, false, nil
}

// diverged keeps the evidence and stops the half [ECP-DEC-008].
func (h *half) diverged(c *pb.CommitCertificate, p *proposal) error {
	evidence := &pb.DecidedHeader{Height: c.Height, Certificate: c, PartFormat: network.TestChain, Counts: p.order.Counts()}
	if err := h.store.addEvidence("DIVERGENCE", c.GetHeight(), evidence); err != nil {
		return h.failed(err)
	}
	for i, part := range p.parts {
		if err := h.store.addEvidence(fmt.Sprintf("DIVERGENCE/%06d", i), c.GetHeight(), part); err != nil {
			return h.failed(err)
		}
	}
	text := fmt.Sprintf("the decided block of height %d is INVALID here: compare versions with other validators", c.GetHeight())
	h.enter(pb.Phase_PHASE_DIVERGED, text)
	return ecp.NewError(ecp.ReasonDivergence, "%s", text)
}

// endLocked ends all work of the height but these validations.
func (h *half) endLocked(but map[*validation]bool) {
	for _, b := range h.builds {
		b.burn(true)
	}
	for v := range h.validations {
		if !but[v] {
			v.abortLocked()
		}
	}
}

func (h *half) commitAll(b *block, c *pb.CommitCertificate) error {
	if err := h.commit(b, c); err != nil {
		return h.failed(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.endLocked(nil)
	h.nextHeight()
	return nil
}

// attach runs something to its end whatever happens to the call; a repeat in the same session
// gets the same result [ECP-ORD-002, ECP-DEC-012].
func attach[T any](h *half, key string, run func() (T, error)) (T, error) {
	result, err, _ := h.once.Do(key, func() (any, error) {
		h.lane.Lock()
		defer h.lane.Unlock()
		if err := h.ready(); err != nil {
			return nil, err
		}
		return run()
	})
	value, _ := result.(T)
	return value, err
}

// Decide commits a decided candidate.
func (h *half) Decide(ctx context.Context, request *pb.DecideRequest) (*pb.DecideResponse, error) {
	if err := h.ready(); err != nil {
		return nil, err
	}
	if err := h.supported(request.GetHeight()); err != nil {
		return nil, err
	}
	session, c := server.SessionOf(ctx), request.Certificate
	return attach(h, fmt.Sprintf("decide %p %d %x", session, c.GetHeight(), c.Commitment), func() (*pb.DecideResponse, error) {
		if err := session.Err(); err != nil {
			return nil, err
		}
		at, same, err := h.settled(c)
		switch {
		case err != nil:
			return nil, err
		case at != nil && !same:
			return nil, ecp.NewError(ecp.ReasonConflict, "another commitment is committed at this height: compare the certificates")
		case at == nil:
			if err := h.next(c.GetHeight()); err != nil {
				return nil, err
			}
			b, err := h.candidate(c)
			if err == nil {
				err = h.commitAll(b, c)
			}
			if err != nil {
				return nil, err
			}
			at = &pb.Position{Height: c.Height, Commitment: c.Commitment}
		}
		return &pb.DecideResponse{Committed: at, NextParams: h.genesis.Params(c.GetHeight() + 1)}, nil
	})
}

// candidate finds the decided block by its commitment, whatever round it was seen in [ECP-DEC-003], and awaits the
// validations that may give it [ECP-DEC-004].
func (h *half) candidate(c *pb.CommitCertificate) (*block, error) {
	commitment := hash(c.Commitment)
	h.mu.Lock()
	if b := h.candidates[commitment]; b != nil {
		h.mu.Unlock()
		return b, nil
	}
	awaited := map[*validation]bool{}
	for v := range h.validations {
		if v.p.ended() && v.p.fin != nil && v.p.fin.commitment == commitment {
			awaited[v] = true
			v.awaited = true
			v.budget.Stop()
		}
	}
	unknown := ecp.NewError(ecp.ReasonUnknownProposal, "no candidate has this commitment: hand the block over by ImportDecided")
	if len(awaited) == 0 {
		h.mu.Unlock()
		return nil, unknown
	}
	h.deciding = true
	h.endLocked(awaited) // [ECP-DEC-016]
	h.mu.Unlock()
	for v := range awaited {
		<-v.ended
	}
	h.mu.Lock()
	b := h.candidates[commitment]
	h.deciding = false
	h.mu.Unlock()
	if b != nil {
		return b, nil
	}
	for v := range awaited {
		if content(v.reason) && v.p.computed() == commitment {
			return nil, h.diverged(c, v.p)
		}
	}
	return nil, unknown
}

// ImportDecided commits a decided block that came from elsewhere.
func (h *half) ImportDecided(stream grpc.ClientStreamingServer[pb.ImportDecidedRequest, pb.ImportDecidedResponse]) error {
	event, err := stream.Recv()
	header := event.GetHeader()
	if errors.Is(err, io.EOF) || err == nil && header == nil {
		return ecp.NewError(ecp.ReasonStreamOrder, "the first message is header").With("expected", "header")
	}
	if err != nil {
		return err
	}
	if header.PartFormat != h.genesis.Params(header.GetHeight()).PartFormat {
		return ecp.Invalid("header.part_format", "is not that of the height")
	}
	if err := h.ready(); err != nil {
		return err
	}
	if err := h.supported(header.GetHeight()); err != nil {
		return err
	}
	if header.GetHeight() < h.genesis.FirstHeight || header.GetHeight() > h.due() { // [ECP-SYN-004]
		return h.next(header.GetHeight())
	}
	p := newProposal(h.chain, header.GetHeight(), nil)
	bad, err := receive(stream, p)
	if err != nil {
		return err
	}
	if counts := p.order.Counts(); bad == "" && (counts.GetParts() != header.Counts.GetParts() || counts.GetBytes() != header.Counts.GetBytes()) {
		bad = "the parts do not match the counts of the header"
	}
	session, c := server.SessionOf(stream.Context()), header.Certificate
	reply, err := attach(h, fmt.Sprintf("import %p %d %x", session, c.GetHeight(), c.Commitment), func() (*pb.ImportDecidedResponse, error) {
		if err := session.Err(); err != nil {
			return nil, err
		}
		return h.imported(c, p, bad)
	})
	if err != nil {
		return err
	}
	return stream.SendAndClose(reply)
}

// receive reads parts and End, and gives the first thing that is wrong with the payloads.
func receive(stream grpc.ClientStreamingServer[pb.ImportDecidedRequest, pb.ImportDecidedResponse], p *proposal) (bad string, err error) {
	for !p.ended() {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return "", ecp.NewError(ecp.ReasonStreamOrder, "the stream ended without end").With("expected", "end")
		}
		if err != nil {
			return "", err
		}
		switch event := event.Event.(type) {
		case *pb.ImportDecidedRequest_Part:
			reason, err := p.part(event.Part)
			if err != nil {
				return "", err
			}
			if reason != valid && bad == "" {
				bad = reason.String()
			}
		case *pb.ImportDecidedRequest_End:
			if err := p.end(event.End); err != nil {
				return "", err
			}
		default:
			return "", ecp.NewError(ecp.ReasonStreamOrder, "a second header: send parts, then end").With("expected", "end")
		}
	}
	return bad, nil
}

func (h *half) imported(c *pb.CommitCertificate, p *proposal, bad string) (*pb.ImportDecidedResponse, error) {
	at, same, err := h.settled(c)
	if err != nil {
		return nil, err
	}
	params := h.genesis.Params(c.GetHeight() + 1)
	if at != nil && same {
		return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_ALREADY_COMMITTED, Committed: at, NextParams: params}, nil
	}
	if at != nil {
		return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_CONFLICT, Committed: at}, nil
	}
	if err := h.next(c.GetHeight()); err != nil {
		return nil, err
	}
	if bad != "" {
		return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_MALFORMED, Detail: bad}, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), importWait)
	defer cancel()
	if h.waitHash(ctx, c.GetHeight()) != nil {
		height, _ := h.missing(c.GetHeight())
		missing := &pb.MissingCondition{Condition: &pb.MissingCondition_BlockHash{BlockHash: height}}
		return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_NOT_READY, Missing: missing}, nil
	}
	b, reason, err := p.execute(context.Background())
	if err != nil {
		return nil, err
	}
	computed := hash{}
	if reason == valid {
		computed = b.commitment
	} else {
		computed = p.computed()
	}
	switch {
	case computed != hash(c.Commitment): // [ECP-SYN-006]
		return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_MISMATCH, Computed: computed[:], Detail: reason.String()}, nil
	case content(reason): // [ECP-SYN-014]
		return nil, h.diverged(c, p)
	case reason != valid:
		return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_MALFORMED, Detail: "FIN is not that of the block: " + reason.String()}, nil
	}
	if err := h.commitAll(b, c); err != nil {
		return nil, err
	}
	at = &pb.Position{Height: c.Height, Commitment: c.Commitment}
	return &pb.ImportDecidedResponse{Outcome: pb.ImportOutcome_IMPORT_OUTCOME_COMMITTED, Committed: at, NextParams: params}, nil
}

// Finalize belongs to a feature that this half does not name [ECP-DEC-011].
func (h *half) Finalize(context.Context, *pb.FinalizeRequest) (*pb.FinalizeResponse, error) {
	return nil, ecp.NewError(ecp.ReasonFeatureNotNegotiated, "this half has no FINALIZE: call it only if the handshake names it")
}
