// Package network holds what all halves of a network share: the genesis file with the parameters of each height, the
// keys file, the digests of votes, and certificates. Pages: spec/files.md, spec/height.md, spec/security.md.
package network

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"os"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/protobuf/proto"
)

// Names of formats and schemes.
const (
	genesisFormat = "ecp-genesis/1"
	// SchemeEd25519 is the signature scheme of test networks, the one that this package signs and verifies.
	SchemeEd25519 = "ed25519"
	schemeStark   = "stark-ecdsa"
	// TestChain is the part format and commitment scheme of the test chain.
	TestChain            = "ecp-test/1"
	testChainProposalMin = 313
)

var (
	timeoutNames = []string{"propose_ms", "propose_delta_ms", "prevote_ms", "prevote_delta_ms", "precommit_ms",
		"precommit_delta_ms", "rebroadcast_ms"}
	paramNames = []string{"committee", "builder", "quorum", "timeouts", "starknet_version", "part_format",
		"commitment_scheme", "signature_scheme", "max_proposal_bytes"}
)

// Genesis is a genesis file that keeps all rules.
type Genesis struct {
	// Identity is what the handshake tells of the network (ECP-TST-021).
	Identity *pb.NetworkIdentity
	// FirstHeight is the height of the first block.
	FirstHeight uint64
	// Workload is the name of the workload's section, "test_chain" or "starknet".
	Workload string
	// Section is that section, not yet read.
	Section Field

	entries []entry
}

// entry is what holds from a height on: Params without height and, if rotate is above 0, without proposers.
type entry struct {
	height uint64
	rotate uint32
	params *pb.HeightParams
}

// ReadGenesis reads a genesis file. Its error is an *os.PathError or a *FileError.
func ReadGenesis(path string) (*Genesis, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseGenesis(data)
}

// ParseGenesis reads the bytes of a genesis file as they are, since their hash names the network. Its error is a
// *FileError that names the field (ECP-TST-001).
func ParseGenesis(data []byte) (*Genesis, error) {
	root := Parse("genesis file", data)
	file := root.Object([]string{"format", "chain_id", "fork_id", "first_height", "params", "workload"}, "activations")
	if err := root.Err(); err != nil {
		return nil, err
	}
	if file["format"].Text(64) != genesisFormat {
		file["format"].Fail("is not %s", genesisFormat)
	}
	hash := sha256.Sum256(data)
	g := &Genesis{
		Identity: &pb.NetworkIdentity{
			ChainId: file["chain_id"].Text(31), GenesisHash: hash[:],
			ForkId: proto.Uint64(file["fork_id"].Number(0, math.MaxUint64)),
		},
		FirstHeight: file["first_height"].Number(0, math.MaxUint64),
	}
	fields := file["params"].Object(paramNames, "proposers")
	if root.Err() == nil {
		g.entries = append(g.entries, readParams(g.FirstHeight, fields))
	}
	if list := file["activations"]; list.Here() && root.Err() == nil {
		for _, activation := range list.List(0, math.MaxInt) {
			g.activate(activation, fields)
			if root.Err() != nil {
				break
			}
		}
	}
	g.Workload, g.Section = readWorkload(file["workload"])
	if err := root.Err(); err != nil {
		return nil, err
	}
	g.Identity.ActivationDigest = g.activationDigest()
	return g, nil
}

// readWorkload gives the one section of the workload, which has rules of its own.
func readWorkload(field Field) (string, Field) {
	names := field.names()
	if len(names) != 1 || names[0] != "test_chain" && names[0] != "starknet" {
		field.Fail("has not exactly one of test_chain and starknet")
		return "", field
	}
	return names[0], field.Object(names)[names[0]]
}

// activate adds an entry: fields that are present replace those before as a whole, and what results keeps all rules.
func (g *Genesis) activate(activation Field, fields map[string]Field) {
	change := activation.Object([]string{"height"}, append([]string{"proposers"}, paramNames...)...)
	last := g.entries[len(g.entries)-1].height
	height := change["height"].Number(0, math.MaxUint64)
	if height <= last {
		change["height"].Fail("is not above the one before")
	}
	delete(change, "height")
	for name, field := range change {
		if field.Here() {
			fields[name] = field
		}
	}
	if activation.Err() == nil {
		g.entries = append(g.entries, readParams(height, fields))
	}
}

func readParams(height uint64, fields map[string]Field) entry {
	p := &pb.HeightParams{
		StarknetVersion:  fields["starknet_version"].Text(31),
		PartFormat:       fields["part_format"].Text(64),
		CommitmentScheme: fields["commitment_scheme"].Text(64),
		SignatureScheme:  fields["signature_scheme"].Text(64),
		Builder:          fields["builder"].Felt(),
		MaxProposalBytes: fields["max_proposal_bytes"].Number(1, math.MaxUint64),
	}
	if p.PartFormat == TestChain && p.CommitmentScheme == TestChain && p.MaxProposalBytes < testChainProposalMin {
		fields["max_proposal_bytes"].Fail("is below %d", testChainProposalMin)
	}
	p.Committee = readCommittee(fields["committee"], p.SignatureScheme)
	e := entry{height: height, params: p}
	e.rotate, p.Proposers = readProposers(fields["proposers"], len(p.Committee.Members))
	quorum := fields["quorum"].Object([]string{"numerator", "denominator"})
	p.Quorum = &pb.Quorum{
		Numerator:   uint32(quorum["numerator"].Number(1, math.MaxUint32)),
		Denominator: uint32(quorum["denominator"].Number(1, math.MaxUint32)),
	}
	if low, high := uint64(p.Quorum.Numerator), uint64(p.Quorum.Denominator); high <= low || high > 2*low {
		fields["quorum"].Fail("has a denominator that is not above the numerator and at most twice it")
	}
	p.Timeouts = readTimeouts(fields["timeouts"])
	return e
}

func readTimeouts(field Field) *pb.Timeouts {
	times := field.Object(timeoutNames, "target_height_ms")
	at := func(name string, least uint64) uint32 { return uint32(times[name].Number(least, math.MaxUint32)) }
	out := &pb.Timeouts{
		ProposeMs: at("propose_ms", 1), ProposeDeltaMs: at("propose_delta_ms", 0),
		PrevoteMs: at("prevote_ms", 1), PrevoteDeltaMs: at("prevote_delta_ms", 0),
		PrecommitMs: at("precommit_ms", 1), PrecommitDeltaMs: at("precommit_delta_ms", 0),
		RebroadcastMs: at("rebroadcast_ms", 1),
	}
	if times["target_height_ms"].Here() {
		out.TargetHeightMs = proto.Uint32(at("target_height_ms", 1))
	}
	return out
}

func readCommittee(field Field, scheme string) *pb.Committee {
	least, most := 1, 1024
	if scheme == SchemeEd25519 || scheme == schemeStark {
		least, most = 32, 32
	}
	committee, seen, total := &pb.Committee{}, map[string]bool{}, uint64(0)
	for _, entry := range field.List(1, int(ecp.CommitteeMembersMax)) {
		member := entry.Object([]string{"address", "public_key", "voting_power"})
		m := &pb.CommitteeMember{
			Address: member["address"].Felt(), PublicKey: member["public_key"].Bytes(least, most),
			VotingPower: member["voting_power"].Number(1, math.MaxUint64),
		}
		for name, value := range map[string][]byte{"address": m.Address, "public_key": m.PublicKey} {
			if key := name + string(value); seen[key] {
				member[name].Fail("stands twice")
			} else {
				seen[key] = true
			}
		}
		if m.VotingPower > ecp.VotingPowerTotalMax-total {
			field.Fail("has more than 2^62 of voting power")
			break
		}
		total += m.VotingPower
		committee.Members = append(committee.Members, m)
	}
	committee.Hash = CommitteeHash(committee.Members)
	return committee
}

func readProposers(field Field, members int) (rotate uint32, fixed []uint32) {
	if !field.Here() {
		return uint32(min(members, int(ecp.ProposersMax))), nil
	}
	rule := field.Object(nil, "rotate", "fixed")
	switch {
	case rule["rotate"].Here() == rule["fixed"].Here():
		field.Fail("is not one of rotate and fixed")
	case rule["rotate"].Here():
		rotate = uint32(rule["rotate"].Number(1, ecp.ProposersMax))
	default:
		for _, member := range rule["fixed"].List(1, int(ecp.ProposersMax)) {
			fixed = append(fixed, uint32(member.Number(0, uint64(max(members, 1)-1))))
		}
	}
	return rotate, fixed
}

// Params gives the parameters of a height from FirstHeight on (ECP-TST-022), in a message of its own.
func (g *Genesis) Params(height uint64) *pb.HeightParams {
	e := g.entries[0]
	for _, later := range g.entries[1:] {
		if later.height <= height {
			e = later
		}
	}
	p := proto.CloneOf(e.params)
	p.Height = proto.Uint64(height)
	members := uint64(len(p.Committee.Members))
	for i := range uint64(e.rotate) {
		p.Proposers = append(p.Proposers, uint32(((height-g.FirstHeight)%members+i)%members))
	}
	return p
}

func (g *Genesis) activationDigest() []byte {
	var b bytes.Buffer
	b.WriteString("ecp/activations/v1")
	b.Write(be64(uint64(len(g.entries))))
	for _, e := range g.entries {
		p := e.params
		b.Write(be64(e.height))
		b.Write(p.Committee.Hash)
		if e.rotate > 0 {
			b.WriteByte(0)
			b.Write(be32(e.rotate))
		} else {
			b.WriteByte(1)
			b.Write(be32(uint32(len(p.Proposers))))
			for _, member := range p.Proposers {
				b.Write(be32(member))
			}
		}
		b.Write(p.Builder)
		t := p.Timeouts
		for _, n := range []uint32{p.Quorum.Numerator, p.Quorum.Denominator, t.ProposeMs, t.ProposeDeltaMs, t.PrevoteMs,
			t.PrevoteDeltaMs, t.PrecommitMs, t.PrecommitDeltaMs, t.RebroadcastMs, t.GetTargetHeightMs()} {
			b.Write(be32(n))
		}
		for _, text := range []string{p.StarknetVersion, p.PartFormat, p.CommitmentScheme, p.SignatureScheme} {
			b.Write(be32(uint32(len(text))))
			b.WriteString(text)
		}
		b.Write(be64(p.MaxProposalBytes))
	}
	digest := sha256.Sum256(b.Bytes())
	return digest[:]
}

// CommitteeHash is the hash of a committee (ECP-HGT-005).
func CommitteeHash(members []*pb.CommitteeMember) []byte {
	b := append([]byte("ecp/committee/v1"), be64(uint64(len(members)))...)
	for _, m := range members {
		b = append(b, m.Address...)
		b = append(b, be32(uint32(len(m.PublicKey)))...)
		b = append(b, m.PublicKey...)
		b = binary.BigEndian.AppendUint64(b, m.VotingPower)
	}
	digest := sha256.Sum256(b)
	return digest[:]
}

// Proposer gives the member that proposes in a round (ECP-HGT-011). The parameters must keep the rules of package check.
func Proposer(p *pb.HeightParams, round uint32) *pb.CommitteeMember {
	members, listed := p.Committee.Members, uint32(len(p.Proposers))
	if round < listed {
		return members[p.Proposers[round]]
	}
	return members[(round-listed)%uint32(len(members))]
}

// SameNetwork reports whether two identities are equal (ECP-SES-003, ECP-SES-023); if not, field names the first field
// that differs, such as "network.chain_id".
func SameNetwork(a, b *pb.NetworkIdentity) (field string, same bool) {
	switch {
	case a.GetChainId() != b.GetChainId():
		return "network.chain_id", false
	case !bytes.Equal(a.GetGenesisHash(), b.GetGenesisHash()):
		return "network.genesis_hash", false
	case a.GetForkId() != b.GetForkId() || (a.GetForkId() == 0 && (a == nil || b == nil || (a.ForkId == nil) != (b.ForkId == nil))):
		return "network.fork_id", false
	case !bytes.Equal(a.GetActivationDigest(), b.GetActivationDigest()):
		return "network.activation_digest", false
	}
	return "", true
}
