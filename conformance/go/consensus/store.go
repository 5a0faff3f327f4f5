package main

import (
	"bytes"
	"cmp"
	"log"
	"maps"
	"slices"

	"github.com/starknet-ecp/ecp/conformance/go/journal"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/session"
)

// slot is a height and a round.
type slot struct {
	Height uint64
	Round  uint32
}

// record is one line of the log. Each is synced before it counts.
type record struct {
	Kind        string // "id", "fresh", "instance", "mark", "body", "signed", "certificate" or "committed".
	ID          []byte `json:",omitempty"`
	Slot        slot
	ValidRound  *uint32               `json:",omitempty"`
	Proposer    []byte                `json:",omitempty"`
	Step        pb.SignedStep         `json:",omitempty"`
	Commitment  []byte                `json:",omitempty"`
	Signature   []byte                `json:",omitempty"`
	Parts       []*pb.Part            `json:",omitempty"`
	Certificate *pb.CommitCertificate `json:",omitempty"`
}

// signing names a signature of this node.
type signing struct {
	Slot slot
	Step pb.SignedStep
}

func above(a, b signing) bool {
	return cmp.Or(cmp.Compare(a.Slot.Height, b.Slot.Height), cmp.Compare(a.Slot.Round, b.Slot.Round), cmp.Compare(a.Step, b.Step)) > 0
}

// store is the write-ahead log and the signing record of one node.
type store struct {
	journal *journal.Journal[record]

	id, instance []byte
	fresh        bool // The record was begun with a key that never signed.
	marks        map[slot]bool
	bodies       map[slot]*record // Proposals that are whole, own ones and VALID ones [ECP-REC-002].
	signed       map[signing]*record
	certificates map[uint64]*pb.CommitCertificate
	last         *signing // The highest signature.
	decided      *uint64  // The highest height with a certificate.
	committed    *uint64  // The highest height whose Decide was acknowledged.
}

func openStore(folder string) (*store, error) {
	j, records, err := journal.Open[record](folder)
	if err != nil {
		return nil, err
	}
	s := &store{journal: j, marks: map[slot]bool{}, bodies: map[slot]*record{}, signed: map[signing]*record{}, certificates: map[uint64]*pb.CommitCertificate{}}
	for _, r := range records {
		s.apply(r)
	}
	if s.id == nil {
		s.id = session.StreamID() // Made once with the store.
	}
	return s, s.compact()
}

func (s *store) apply(r *record) {
	switch r.Kind {
	case "id":
		s.id = r.ID
	case "fresh":
		s.fresh = true
	case "instance":
		s.instance = r.ID
	case "mark":
		s.marks[r.Slot] = true
	case "body":
		s.bodies[r.Slot] = r
	case "signed":
		at := signing{r.Slot, r.Step}
		s.signed[at] = r
		if s.last == nil || above(at, *s.last) {
			s.last = &at
		}
	case "certificate":
		s.certificates[r.Slot.Height] = r.Certificate
		s.decided = raised(s.decided, r.Slot.Height)
	case "committed":
		s.committed = raised(s.committed, r.Slot.Height)
	}
}

func raised(old *uint64, height uint64) *uint64 {
	if old != nil && *old > height {
		return old
	}
	return &height
}

// put makes a record durable, then applies it.
func (s *store) put(r *record) error {
	if err := s.journal.Append(r); err != nil {
		return err
	}
	s.apply(r)
	if r.Kind == "committed" && r.Slot.Height%ecp.BodiesKeptMin == 0 {
		return s.compact()
	}
	return nil
}

// compact writes the log again without what is no longer needed: bodies and certificates of the last BODIES_KEPT_MIN
// heights stay [ECP-REC-014], marks and signatures only of heights that are not committed, and the highest one.
func (s *store) compact() error {
	over := func(height uint64) bool { return s.committed != nil && height <= *s.committed }
	old := func(height uint64) bool { return over(height) && *s.committed-height >= ecp.BodiesKeptMin }
	maps.DeleteFunc(s.marks, func(at slot, _ bool) bool { return over(at.Height) })
	maps.DeleteFunc(s.bodies, func(at slot, _ *record) bool { return old(at.Height) })
	maps.DeleteFunc(s.signed, func(at signing, _ *record) bool { return over(at.Slot.Height) && at != *s.last })
	maps.DeleteFunc(s.certificates, func(height uint64, _ *pb.CommitCertificate) bool { return old(height) })
	records := []*record{{Kind: "id", ID: s.id}, {Kind: "instance", ID: s.instance}}
	if s.fresh {
		records = append(records, &record{Kind: "fresh"})
	}
	for at := range s.marks {
		records = append(records, &record{Kind: "mark", Slot: at})
	}
	records = slices.AppendSeq(records, maps.Values(s.bodies))
	records = slices.AppendSeq(records, maps.Values(s.signed))
	for height, c := range s.certificates {
		records = append(records, certificateRecord(height, c))
	}
	if s.committed != nil {
		records = append(records, &record{Kind: "committed", Slot: slot{Height: *s.committed}})
	}
	return s.journal.Rewrite(records)
}

func certificateRecord(height uint64, c *pb.CommitCertificate) *record {
	return &record{Kind: "certificate", Slot: slot{Height: height}, Certificate: c}
}

// body finds a kept body by its commitment, whatever round it was seen in.
func (s *store) body(height uint64, commitment []byte) *record {
	for at, r := range s.bodies {
		if at.Height == height && bytes.Equal(r.Commitment, commitment) {
			return r
		}
	}
	return nil
}

// Decided, Certificate, Body, Accept and Acknowledge are what session.Recover needs.
func (s *store) Decided() (uint64, bool) {
	if s.decided == nil {
		return 0, false
	}
	return *s.decided, true
}

func (s *store) Certificate(height uint64) *pb.CommitCertificate { return s.certificates[height] }

func (s *store) Body(height uint64) []*pb.Part {
	if r := s.body(height, s.certificates[height].GetCommitment()); r != nil {
		return r.Parts
	}
	return nil
}

// Accept makes the body durable, then the certificate [ECP-DEC-013, ECP-REC-004].
func (s *store) Accept(c *pb.CommitCertificate, parts []*pb.Part) error {
	if s.body(c.GetHeight(), c.Commitment) == nil {
		body := &record{Kind: "body", Slot: slot{c.GetHeight(), c.GetRound()}, Commitment: c.Commitment, Parts: parts}
		if err := s.put(body); err != nil {
			return err
		}
	}
	return s.put(certificateRecord(c.GetHeight(), c))
}

func (s *store) Acknowledge(height uint64) error {
	if s.certificates[height] == nil || s.committed != nil && *s.committed >= height {
		return nil
	}
	log.Printf("committed %d", height)
	return s.put(&record{Kind: "committed", Slot: slot{Height: height}})
}

// position is what the handshake tells [ECP-SES-007].
func (s *store) position() *pb.ConsensusPosition {
	p := &pb.ConsensusPosition{}
	at := func(height uint64) *pb.Position {
		return &pb.Position{Height: &height, Commitment: s.certificates[height].GetCommitment()}
	}
	if s.committed != nil {
		p.Committed = at(*s.committed)
	}
	for height, c := range s.certificates {
		if s.body(height, c.Commitment) != nil && height >= p.Certified.GetHeight() {
			p.Certified = at(height)
		}
	}
	if s.last != nil {
		p.LastSigned = &pb.LastSigned{Height: &s.last.Slot.Height, Round: &s.last.Slot.Round, Step: s.last.Step}
	}
	return p
}
