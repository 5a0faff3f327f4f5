// Package check tells whether the fields of a message are in the ranges that the protocol gives them: presence, length,
// range, canonical felts, enumerations. It looks at one message alone, never at the state of its receiver.
//
// An execution half checks what it is asked; a consensus half checks what it is answered, since it must not act on a
// broken reply (ECP-ERR-008). The packages session and server do both by themselves.
package check

import (
	"bytes"
	"fmt"
	"math/big"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	idBytes, digestBytes           = 16, 32
	keyBytesMax, tokenMin          = 1024, 16
	tokenMax, nameBytesMax         = 64, 64
	labelMax, versionMax, chainMax = 64, 31, 31
	revisionsMax, evidenceMax      = 16, 64
)

var prime = func() []byte {
	p := new(big.Int).Lsh(big.NewInt(1), 251)
	p.Add(p, new(big.Int).Lsh(big.NewInt(17), 192)).Add(p, big.NewInt(1))
	return p.Bytes()
}()

// Felt reports whether data is a felt: 32 bytes, big-endian, below the prime (ECP-ENC-002).
func Felt(data []byte) bool { return len(data) == digestBytes && bytes.Compare(data, prime) < 0 }

// Message gives nil, or the *ecp.Error of the first field that is out of range: FIELD_INVALID with the path of the field
// in the metadata key "field" (ECP-ENC-001 to ECP-ENC-003), or LIMIT_EXCEEDED (ECP-LIM-002, ECP-LIM-006). A message of
// another package is never refused.
func Message(m proto.Message) error {
	c := checker{}
	c.message("", m)
	if c.err != nil {
		return c.err
	}
	return nil
}

// checker keeps the first thing that is wrong.
type checker struct{ err *ecp.Error }

func (c *checker) fail(ok bool, field, format string, args ...any) {
	if !ok && c.err == nil {
		c.err = ecp.Invalid(field, format, args...)
	}
}

func (c *checker) limit(ok bool, most uint64, format string) {
	if !ok && c.err == nil {
		c.err = limitExceeded(most, format)
	}
}

// limitExceeded names the limit in text and metadata (ECP-ERR-009).
func limitExceeded(most uint64, format string) *ecp.Error {
	return ecp.NewError(ecp.ReasonLimitExceeded, format, most).With("limit", most)
}

// present looks whether every named field of m is set.
func (c *checker) present(at string, m proto.Message, names ...protoreflect.Name) {
	r := m.ProtoReflect()
	for _, name := range names {
		c.fail(r.Has(r.Descriptor().Fields().ByName(name)), at+string(name), "is absent")
	}
}

func (c *checker) sized(field string, data []byte, least, most int) {
	c.fail(len(data) >= least && len(data) <= most, field, "has %d bytes, not %d to %d", len(data), least, most)
}

func (c *checker) digest(field string, data []byte) { c.sized(field, data, digestBytes, digestBytes) }

func (c *checker) felt(field string, data []byte) {
	c.fail(Felt(data), field, "is no canonical felt of 32 bytes")
}

func (c *checker) between(field string, n, least, most uint64) {
	c.fail(n >= least && n <= most, field, "is %d, not %d to %d", n, least, most)
}

func (c *checker) label(field, text string, least, most int) {
	ok := len(text) >= least && len(text) <= most
	for i := range len(text) {
		ok = ok && text[i] >= ' ' && text[i] <= '~'
	}
	c.fail(ok, field, "is not %d to %d printable ASCII characters", least, most)
}

func (c *checker) people(field, text string) {
	c.fail(uint64(len(text)) <= ecp.ErrorDetailBytes, field, "has more than %d bytes", ecp.ErrorDetailBytes)
}

func (c *checker) known(field string, value protoreflect.Enum) {
	number := value.Number()
	c.fail(number != 0 && value.Descriptor().Values().ByNumber(number) != nil, field, "is no known value")
}

func (c *checker) optionalDigest(at string, m proto.Message, name protoreflect.Name) {
	r := m.ProtoReflect()
	if field := r.Descriptor().Fields().ByName(name); r.Has(field) {
		c.digest(at+string(name), r.Get(field).Bytes())
	}
}

func (c *checker) roundBelow(at string, validRound, round uint32) {
	c.fail(validRound < round, at+"valid_round", "is not below the round")
}

// inner checks a message field that is present.
func (c *checker) inner(at string, m proto.Message) {
	if m.ProtoReflect().IsValid() {
		c.message(at+".", m)
	}
}

// arm checks a oneof: it is set, and what is in it.
func (c *checker) arm(at string, m proto.Message, name protoreflect.Name) {
	r := m.ProtoReflect()
	field := r.WhichOneof(r.Descriptor().Oneofs().ByName(name))
	if field == nil {
		c.fail(false, at+string(name), "is absent")
		return
	}
	if field.Message() != nil {
		c.inner(at+string(field.Name()), r.Get(field).Message().Interface())
	}
}

// message checks one message; at is its path with a dot at the end, empty for the outermost.
func (c *checker) message(at string, m proto.Message) {
	switch m := m.(type) {
	case *pb.HandshakeRequest, *pb.HandshakeResponse, *pb.WatchResponse, *pb.ConsensusPosition, *pb.ExecutionPosition,
		*pb.LastSigned, *pb.NetworkIdentity, *pb.Limits, *pb.SoftwareIdentity, *pb.Position:
		c.session(at, m)
	case *pb.GetHeightParamsResponse, *pb.HeightParams, *pb.Committee, *pb.CommitteeMember, *pb.Quorum, *pb.Timeouts,
		*pb.GetHeightParamsRequest, *pb.StartRoundRequest:
		c.height(at, m)
	case *pb.BuildProposalRequest, *pb.BuildProposalResponse, *pb.Built, *pb.ReframeInitRequest, *pb.AbortRequest,
		*pb.ValidateProposalRequest, *pb.ValidateOpen, *pb.Basis, *pb.ValidateProposalResponse, *pb.Part, *pb.End:
		c.proposal(at, m)
	case *pb.Verdict, *pb.Valid, *pb.Invalid, *pb.RejectedLocal, *pb.NotReady, *pb.MissingCondition:
		c.verdict(at, m)
	default:
		c.decision(at, m)
	}
}

func index(at, list string, i int) string { return fmt.Sprintf("%s%s[%d]", at, list, i) }
