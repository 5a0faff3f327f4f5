package check

import (
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/protobuf/proto"
)

// session checks the messages of session.proto, and what of common.proto only they hold.
func (c *checker) session(at string, m proto.Message) {
	switch m := m.(type) {
	case *pb.HandshakeRequest:
		c.limit(uint64(proto.Size(m)) <= ecp.HandshakeBytes, ecp.HandshakeBytes, "a handshake has at most %d bytes")
		c.fail(len(m.Revisions) >= 1 && len(m.Revisions) <= revisionsMax, at+"revisions", "are not 1 to %d", revisionsMax)
		for i, revision := range m.Revisions {
			c.fail(revision != 0, index(at, "revisions", i), "is 0")
		}
		c.present(at, m, "limits", "network", "software")
		c.inner(at+"limits", m.Limits)
		c.inner(at+"network", m.Network)
		c.inner(at+"software", m.Software)
		c.known(at+"role", m.Role)
		c.sized(at+"consensus_id", m.ConsensusId, idBytes, idBytes)
		if m.Role == pb.SessionRole_SESSION_ROLE_WRITER {
			c.present(at, m, "position")
		}
		c.inner(at+"position", m.Position)
	case *pb.HandshakeResponse:
		c.limit(uint64(proto.Size(m)) <= ecp.HandshakeBytes, ecp.HandshakeBytes, "a handshake has at most %d bytes")
		c.fail(m.Revision != 0, at+"revision", "is 0")
		c.present(at, m, "limits", "network", "software", "position", "first_height")
		c.inner(at+"limits", m.Limits)
		c.inner(at+"network", m.Network)
		c.inner(at+"software", m.Software)
		c.sized(at+"instance_id", m.InstanceId, idBytes, idBytes)
		c.sized(at+"session_token", m.SessionToken, tokenMin, tokenMax)
		c.inner(at+"position", m.Position)
	case *pb.WatchResponse:
		c.sized(at+"instance_id", m.InstanceId, idBytes, idBytes)
		c.known(at+"phase", m.Phase)
		c.people(at+"reason", m.Reason)
		c.inner(at+"committed", m.Committed)
	case *pb.ConsensusPosition:
		c.inner(at+"committed", m.Committed)
		c.inner(at+"last_signed", m.LastSigned)
		c.inner(at+"certified", m.Certified)
	case *pb.ExecutionPosition:
		c.inner(at+"committed", m.Committed)
	case *pb.LastSigned:
		c.present(at, m, "height", "round")
		c.known(at+"step", m.Step)
	case *pb.NetworkIdentity:
		c.label(at+"chain_id", m.ChainId, 1, chainMax)
		c.digest(at+"genesis_hash", m.GenesisHash)
		c.present(at, m, "fork_id")
		c.digest(at+"activation_digest", m.ActivationDigest)
	case *pb.Limits:
		c.fail(m.MaxMessageBytes >= ecp.MessageBytes, at+"max_message_bytes", "is below %d", ecp.MessageBytes)
		c.fail(m.MaxPartBytes >= ecp.PartBytes, at+"max_part_bytes", "is below %d", ecp.PartBytes)
		c.fail(uint64(m.MaxCandidates) >= ecp.CandidatesMin, at+"max_candidates", "is below %d", ecp.CandidatesMin)
	case *pb.SoftwareIdentity:
		c.sized(at+"name", []byte(m.Name), 0, nameBytesMax)
		c.sized(at+"version", []byte(m.Version), 0, nameBytesMax)
	case *pb.Position:
		c.present(at, m, "height")
		c.digest(at+"commitment", m.Commitment)
	}
}
