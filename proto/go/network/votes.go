package network

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"

	"github.com/hdevalence/ed25519consensus"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
)

// Keys is a keys file of the scheme ed25519.
type Keys struct {
	// Address is the validator's address in the committee, 32 bytes.
	Address []byte
	// Secret signs; it is never printed.
	Secret ed25519.PrivateKey
	// P2P is the identity in gossip.
	P2P ed25519.PrivateKey
}

// ReadKeys reads a keys file. It refuses one that its group or others can read (ECP-SEC-008), another scheme than
// ed25519, and a public key that does not belong to the secret one (ECP-TST-023); a refusal repeats no value.
func ReadKeys(path string) (*Keys, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, &FileError{File: "keys file", Field: "the file", Rule: "can be read by its group or others: chmod 600"}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	root := Parse("keys file", data)
	file := root.Object([]string{"format", "scheme", "secret_key", "public_key", "address", "p2p_secret_key"})
	if root.Err() == nil && file["format"].Text(64) != "ecp-keys/1" {
		file["format"].Fail("is not ecp-keys/1")
	}
	if root.Err() == nil && file["scheme"].Text(64) != SchemeEd25519 {
		file["scheme"].Fail("is not %s, the one that this half signs with", SchemeEd25519)
	}
	if root.Err() != nil {
		return nil, root.Err()
	}
	keys := &Keys{
		Address: file["address"].Felt(),
		Secret:  ed25519.NewKeyFromSeed(file["secret_key"].Bytes(32, 32)),
		P2P:     ed25519.NewKeyFromSeed(file["p2p_secret_key"].Bytes(32, 32)),
	}
	if public := file["public_key"].Bytes(32, 32); !keys.Public().Equal(ed25519.PublicKey(public)) {
		file["public_key"].Fail("does not belong to secret_key")
	}
	return keys, root.Err()
}

// freshNote says that a key never signed.
const freshNote = "{\"format\":\"ecp-signing-record/1\",\"last_signed\":null}\n"

// IsFresh reports whether the note stands beside a keys file that its key never signed: only then may a key without a
// signing record sign at once (ECP-REC-011).
func IsFresh(keysPath string) (bool, error) {
	data, err := os.ReadFile(keysPath + ".fresh")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil && string(data) != freshNote {
		err = &FileError{File: "note of a fresh key", Field: "the file", Rule: "is no such note"}
	}
	return err == nil, err
}

// SpendFresh removes the note durably. Call it once the signing record is durable, before anything is signed: a note that
// stayed would let the key sign again after its record is lost.
func SpendFresh(keysPath string) error {
	if err := os.Remove(keysPath + ".fresh"); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(keysPath))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// Public is the public key of Secret.
func (k *Keys) Public() ed25519.PublicKey { return k.Secret.Public().(ed25519.PublicKey) }

// VoteDigest is what a vote signs (ECP-SEC-004); a nil commitment is a vote for nil.
func VoteDigest(n *pb.NetworkIdentity, kind pb.VoteType, height uint64, round uint32, commitment []byte) []byte {
	const tag = "ecp/vote/v1"
	b := append([]byte{byte(len(tag))}, tag...)
	b = append(b, byte(len(n.ChainId)))
	b = append(b, n.ChainId...)
	b = append(b, be64(n.GetForkId())...)
	b = append(b, byte(kind))
	b = append(b, be64(height)...)
	b = append(b, be32(round)...)
	if commitment == nil {
		b = append(b, 0)
	} else {
		b = append(append(b, 1), commitment...)
	}
	digest := sha256.Sum256(b)
	return digest[:]
}

// Verify checks an Ed25519 signature by ZIP 215, the one rule under which all validators agree.
func Verify(public, digest, signature []byte) bool {
	return len(public) == ed25519.PublicKeySize && ed25519consensus.Verify(public, digest, signature)
}

// Exceeds reports whether power is strictly more than the fraction numerator/denominator of total, in 128 bits
// (ECP-HGT-007).
func Exceeds(power, total uint64, numerator, denominator uint32) bool {
	high, low := bits.Mul64(power, uint64(denominator))
	otherHigh, otherLow := bits.Mul64(total, uint64(numerator))
	return high > otherHigh || high == otherHigh && low > otherLow
}

// TotalPower is the voting power of a committee.
func TotalPower(c *pb.Committee) (total uint64) {
	for _, m := range c.GetMembers() {
		total += m.VotingPower
	}
	return total
}

// Member finds a member by its address, or gives nil.
func Member(c *pb.Committee, address []byte) *pb.CommitteeMember {
	for _, m := range c.GetMembers() {
		if string(m.Address) == string(address) {
			return m
		}
	}
	return nil
}

// errCertificate is what VerifyCertificate wraps.
var errCertificate = errors.New("the certificate proves nothing")

// VerifyCertificate checks a certificate against the parameters of its height (ECP-DEC-009): height, known members, each
// at most once, every signature, and a strict quorum. It verifies the scheme ed25519 only.
func VerifyCertificate(n *pb.NetworkIdentity, p *pb.HeightParams, c *pb.CommitCertificate) error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", errCertificate, fmt.Sprintf(format, args...))
	}
	if c == nil || c.Height == nil || c.Round == nil || c.GetHeight() != p.GetHeight() || len(c.Commitment) != 32 {
		return wrong("its height, round or commitment is missing or another")
	}
	if p.SignatureScheme != SchemeEd25519 {
		return wrong("the scheme %s is not supported", p.SignatureScheme)
	}
	digest := VoteDigest(n, pb.VoteType_VOTE_TYPE_PRECOMMIT, c.GetHeight(), c.GetRound(), c.Commitment)
	power, seen := uint64(0), map[string]bool{}
	for _, s := range c.Signatures {
		member := Member(p.Committee, s.Address)
		if member == nil || seen[string(s.Address)] {
			return wrong("%x is no member, or signed twice", s.Address)
		}
		seen[string(s.Address)] = true
		if !Verify(member.PublicKey, digest, s.Signature) {
			return wrong("the signature of %x does not verify", s.Address)
		}
		power += member.VotingPower
	}
	if !Exceeds(power, TotalPower(p.Committee), p.Quorum.GetNumerator(), p.Quorum.GetDenominator()) {
		return wrong("it has no quorum")
	}
	return nil
}
