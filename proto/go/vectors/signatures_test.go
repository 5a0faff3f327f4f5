package vectors_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"math/big"
	"path/filepath"
	"testing"

	"github.com/hdevalence/ed25519consensus"
)

func number(text string) *big.Int {
	n, _ := new(big.Int).SetString(text, 0)
	return n
}

// The Stark curve: y^2 = x^3 + x + beta over the field of the prime, its order and its generator.
var (
	starkPrime = number("0x800000000000011000000000000000000000000000000000000000000000001")
	starkOrder = number("0x800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2f")
	starkBeta  = number("0x6f21413efbe40de150e596d72f7a8c5609ad26c15c915c1f4cdfcb99cee9e89")
	starkBase  = &point{
		number("0x1ef15c18599971b7beced415a40f0c7deacfd9b0d1819e03d723d8bc943cfca"),
		number("0x5668060aa49730b7be4801df46ec62de53ecd11abe43a32873000c36e8dc1f"),
	}
)

// point is a point of the Stark curve; nil is the one at infinity.
type point struct{ x, y *big.Int }

func (p *point) add(q *point) *point {
	if p == nil || q == nil {
		if p == nil {
			return q
		}
		return p
	}
	over, under := new(big.Int).Sub(q.y, p.y), new(big.Int).Sub(q.x, p.x)
	if p.x.Cmp(q.x) == 0 {
		if sum := new(big.Int).Add(p.y, q.y); sum.Mod(sum, starkPrime).Sign() == 0 {
			return nil
		}
		over.Mul(p.x, p.x).Mul(over, big.NewInt(3)).Add(over, big.NewInt(1))
		under.Lsh(p.y, 1)
	}
	slope := over.Mul(over, under.ModInverse(under.Mod(under, starkPrime), starkPrime))
	x := new(big.Int).Mul(slope, slope)
	x.Sub(x, p.x).Sub(x, q.x).Mod(x, starkPrime)
	y := new(big.Int).Sub(p.x, x)
	return &point{x, y.Mul(y, slope).Sub(y, p.y).Mod(y, starkPrime)}
}

func (p *point) times(n *big.Int) *point {
	var sum *point
	for i := n.BitLen() - 1; i >= 0; i-- {
		if sum = sum.add(sum); n.Bit(i) == 1 {
			sum = sum.add(p)
		}
	}
	return sum
}

// verifyStark says whether the signature is the key's over the lowest 251 bits of the digest.
func verifyStark(key, signature, digest []byte) bool {
	bound := new(big.Int).Lsh(big.NewInt(1), 251)
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if r.Sign() == 0 || s.Sign() == 0 || r.Cmp(bound) >= 0 || s.Cmp(bound) >= 0 {
		return false
	}
	inverse := new(big.Int).ModInverse(s, starkOrder)
	x := new(big.Int).SetBytes(key)
	if inverse.Cmp(bound) >= 0 || x.Cmp(starkPrime) >= 0 {
		return false
	}
	y := new(big.Int).Exp(x, big.NewInt(3), nil)
	if y = y.Add(y, x).Add(y, starkBeta).ModSqrt(y.Mod(y, starkPrime), starkPrime); y == nil {
		return false
	}
	message := new(big.Int).SetBytes(digest)
	message.Mod(message, bound)
	left := starkBase.times(message.Mul(message, inverse).Mod(message, starkOrder))
	share := new(big.Int).Mul(r, inverse)
	share.Mod(share, starkOrder)
	// The key has no sign: either of its two points may be meant.
	for _, y := range []*big.Int{y, new(big.Int).Sub(starkPrime, y)} {
		if sum := left.add((&point{x, y}).times(share)); sum != nil && sum.x.Cmp(r) == 0 {
			return true
		}
	}
	return false
}

func verify(scheme string, key, signature, digest []byte) bool {
	if len(signature) != 64 || len(key) != 32 {
		return false
	}
	if scheme == "stark-ecdsa" {
		return verifyStark(key, signature, digest)
	}
	return ed25519consensus.Verify(key, digest, signature)
}

func TestSignaturesHold(t *testing.T) {
	for _, scheme := range []string{"stark-ecdsa", "ed25519"} {
		var file struct {
			Network    json.RawMessage
			Scheme     string
			PrivateKey string `json:"private_key"`
			PublicKey  string `json:"public_key"`
			Cases      []struct {
				Name, Preimage, Digest, Message, Signature string
				Fields                                     json.RawMessage
			}
		}
		read(t, filepath.Join(vectorsDir, "signatures", scheme+".json"), &file)
		for i, c := range file.Cases {
			digest := sha256.Sum256(unhex(t, c.Preimage))
			if !bytes.Equal(digest[:], unhex(t, c.Digest)) {
				t.Errorf("%s, %s: digest %x", scheme, c.Name, digest)
			}
			other := file.Cases[(i+1)%len(file.Cases)]
			key := unhex(t, file.PublicKey)
			if !verify(scheme, key, unhex(t, c.Signature), digest[:]) {
				t.Errorf("%s, %s: the signature does not hold", scheme, c.Name)
			}
			if verify(scheme, key, unhex(t, other.Signature), digest[:]) {
				t.Errorf("%s, %s: the signature of %s holds", scheme, c.Name, other.Name)
			}
		}
	}
}

func TestStarkSignaturesAtTheEdges(t *testing.T) {
	var file struct {
		About string
		Cases []struct {
			Name, Digest, Signature string
			PublicKey               string `json:"public_key"`
			Valid                   bool
		}
	}
	read(t, filepath.Join(vectorsDir, "signatures", "stark-edges.json"), &file)
	for _, c := range file.Cases {
		if got := verify("stark-ecdsa", unhex(t, c.PublicKey), unhex(t, c.Signature), unhex(t, c.Digest)); got != c.Valid {
			t.Errorf("%s: %t", c.Name, got)
		}
	}
}

// TestEd25519IsVerifiedByZIP215 also shows that the standard library's rules are others.
func TestEd25519IsVerifiedByZIP215(t *testing.T) {
	var file struct {
		About, Digest string
		SmallOrder    []struct {
			Encoding  string
			Order     int
			Canonical bool
		} `json:"small_order"`
		Cases []struct {
			Name, Signature string
			PublicKey       string `json:"public_key"`
			ZIP215, RFC8032 bool
		}
	}
	read(t, filepath.Join(vectorsDir, "signatures", "zip215.json"), &file)
	digest := unhex(t, file.Digest)
	differ := 0
	for _, c := range file.Cases {
		key, signature := unhex(t, c.PublicKey), unhex(t, c.Signature)
		if got := ed25519consensus.Verify(key, digest, signature); got != c.ZIP215 {
			t.Errorf("%s: %t", c.Name, got)
		}
		standard := ed25519.Verify(key, digest, signature)
		if standard && !c.ZIP215 {
			t.Errorf("%s: only the standard library takes it", c.Name)
		}
		if standard != c.ZIP215 {
			differ++
		}
	}
	if differ == 0 {
		t.Error("no case shows a difference to crypto/ed25519")
	}
	for _, key := range file.SmallOrder {
		for _, first := range file.SmallOrder {
			signature := append(unhex(t, first.Encoding), make([]byte, 32)...)
			if !ed25519consensus.Verify(unhex(t, key.Encoding), digest, signature) {
				t.Errorf("key %s, R %s", key.Encoding, first.Encoding)
			}
		}
	}
}

type certificateFile struct {
	Network json.RawMessage
	Scheme  string
	Height  uint64
	Quorum  struct{ Numerator, Denominator int64 }
	Cases   []struct {
		Name, Verdict string
		Committee     []struct {
			Address     string
			PublicKey   string `json:"public_key"`
			VotingPower string `json:"voting_power"`
		}
		Certificate struct {
			Height     uint64
			Round      uint32
			Commitment string
			Signatures []struct{ Address, Signature string }
		}
	}
}

// TestCertificatesCountPower judges all but the signatures, which TestSignaturesHold verifies by their preimages.
func TestCertificatesCountPower(t *testing.T) {
	for _, scheme := range []string{"stark-ecdsa", "ed25519"} {
		var file certificateFile
		read(t, filepath.Join(vectorsDir, "signatures", "certificates-"+scheme+".json"), &file)
		for _, c := range file.Cases {
			power, total := map[string]*big.Int{}, new(big.Int)
			for _, member := range c.Committee {
				power[member.Address] = decimal(t, member.VotingPower)
				total.Add(total, power[member.Address])
			}
			verdict, seen, signed := "", map[string]bool{}, new(big.Int)
			if c.Certificate.Height != file.Height {
				verdict = "height"
			}
			for _, s := range c.Certificate.Signatures {
				switch member := power[s.Address]; {
				case verdict != "":
				case seen[s.Address]:
					verdict = "duplicate signer"
				case member == nil:
					verdict = "unknown signer"
				default:
					seen[s.Address] = true
					signed.Add(signed, member)
				}
			}
			signed.Mul(signed, big.NewInt(file.Quorum.Denominator))
			if verdict == "" && signed.Cmp(total.Mul(total, big.NewInt(file.Quorum.Numerator))) <= 0 {
				verdict = "no quorum"
			}
			if counted := c.Verdict == "valid" || c.Verdict == "signature"; counted != (verdict == "") || !counted && verdict != c.Verdict {
				t.Errorf("%s, %s: %q, not %q", scheme, c.Name, verdict, c.Verdict)
			}
		}
	}
}
