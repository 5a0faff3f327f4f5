package check

import (
	"fmt"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/protobuf/proto"
)

// Order follows a sequence of parts: INIT at index 0, any number of BODY, one FIN, indexes that rise by one, then End with
// their counts (ECP-STR-002, ECP-STR-003). The zero value is the beginning of a sequence.
type Order struct {
	// InitOnly is for a validation that opened with same_as: INIT and End, nothing between (ECP-VAL-013).
	InitOnly bool

	parts uint32
	bytes uint64
	fin   bool
	ended bool
}

// Part takes the next part, or gives STREAM_ORDER with what was due; LIMIT_EXCEEDED for an index at PARTS_MAX or above
// (ECP-LIM-010).
func (o *Order) Part(p *pb.Part) error {
	if uint64(p.GetIndex()) >= ecp.PartsMax {
		return limitExceeded(ecp.PartsMax, "a proposal has at most %d parts")
	}
	isInit := p.GetKind() == pb.PartKind_PART_KIND_INIT
	wrong := o.ended || o.fin || p.GetIndex() != o.parts || isInit != (o.parts == 0) || o.InitOnly && o.parts > 0
	if wrong {
		due := ecp.NewError(ecp.ReasonStreamOrder, "part %d is out of order: send parts by index, then end", p.GetIndex())
		if o.ended {
			return due.With("expected", "nothing")
		}
		if o.fin || o.InitOnly && o.parts > 0 {
			return due.With("expected", "end")
		}
		return due.With("expected", fmt.Sprintf("part %d", o.parts))
	}
	o.parts++
	o.bytes += uint64(len(p.GetPayload()))
	o.fin = p.GetKind() == pb.PartKind_PART_KIND_FIN
	return nil
}

// End takes the end of the sequence, or gives STREAM_ORDER.
func (o *Order) End(e *pb.End) error {
	whole := o.fin || o.InitOnly && o.parts > 0
	if o.ended || !whole {
		return ecp.NewError(ecp.ReasonStreamOrder, "end is out of order: INIT and FIN come before it, once").With("expected", "part")
	}
	if e.GetParts() != o.parts || e.GetBytes() != o.bytes {
		return ecp.NewError(ecp.ReasonStreamOrder, "end counts %d parts of %d bytes, and %d of %d came", e.GetParts(), e.GetBytes(), o.parts, o.bytes).
			With("expected", "end with the counts of what was sent")
	}
	o.ended = true
	return nil
}

// Counts tells what came so far.
func (o *Order) Counts() *pb.End { return &pb.End{Parts: &o.parts, Bytes: &o.bytes} }

// Ended reports whether End was taken.
func (o *Order) Ended() bool { return o.ended }

// Counts makes the End of parts.
func Counts(parts []*pb.Part) *pb.End {
	bytes := uint64(0)
	for _, p := range parts {
		bytes += uint64(len(p.GetPayload()))
	}
	return &pb.End{Parts: proto.Uint32(uint32(len(parts))), Bytes: &bytes}
}

// Whole gives nil if parts are one whole proposal with these counts and each part keeps its ranges; else the first error
// (ECP-BLD-011).
func Whole(parts []*pb.Part, counts *pb.End) error {
	order := Order{}
	for _, p := range parts {
		if err := Message(p); err != nil {
			return err
		}
		if err := order.Part(p); err != nil {
			return err
		}
	}
	return order.End(counts)
}
