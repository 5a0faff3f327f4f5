package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/starknet-ecp/ecp/conformance/go/gossip"
	"github.com/starknet-ecp/ecp/proto/go/check"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
)

// message is what nodes tell each other, one kind at a time. What counts is signed: votes and proposals by themselves,
// parts by Signature; a block proves itself by its certificate. So peers need no identity.
type message struct {
	Height      uint64                // The next height of the sender, if nothing else is set.
	Round       uint32                `json:",omitempty"`
	Vote        *pb.SignedVote        `json:",omitempty"`
	Proposal    *pb.SignedProposal    `json:",omitempty"`
	Part        *pb.Part              `json:",omitempty"`
	Certificate *pb.CommitCertificate `json:",omitempty"` // Of a decided block, with Parts.
	Parts       []*pb.Part            `json:",omitempty"`

	// Of a part.
	ValidRound *uint32 `json:",omitempty"`
	Proposer   []byte  `json:",omitempty"`
	Signature  []byte  `json:",omitempty"`
}

type (
	peer  = gossip.Peer[message]
	heard = gossip.Heard[message]
)

func (n *node) broadcast(m *message) {
	for p := range n.peers {
		if p.Gone() {
			delete(n.peers, p)
			continue
		}
		p.Send(m)
	}
}

// sayAll tells a peer what is known of the height.
func (n *node) sayAll(p *peer) {
	p.Send(&message{Height: n.height})
	for _, proposal := range n.proposals {
		for _, m := range proposal.said {
			p.Send(m)
		}
	}
	for _, votes := range n.m.Votes {
		for _, v := range votes {
			p.Send(&message{Height: n.height, Round: v.GetRound(), Vote: v})
		}
	}
}

// How many rounds ahead votes and parts are kept of, so that no member fills the memory. Parts are said again.
const votesAhead, partsAhead = 4096, 16

// hear takes what a peer said; nothing in it is trusted before it is verified.
func (n *node) hear(ctx context.Context, h heard) error {
	m := h.Message
	if m == nil {
		n.peers[h.From] = true
		n.sayAll(h.From)
		return nil
	}
	switch kept := n.store.certificates[m.Height]; {
	case m.Certificate != nil && m.Height == n.height: // A decided block that this node missed.
		_, err := n.s.Adopt(ctx, n.store, n.m.Params, m.Certificate, m.Parts)
		return err
	case m.Height == n.height+1 && len(n.later) < queueMax:
		n.later = append(n.later, h) // [ECP-ORD-007]
	case m.Height < n.height && kept != nil && m.Vote == nil && m.Part == nil && m.Proposal == nil:
		if body := n.store.body(m.Height, kept.Commitment); body != nil {
			h.From.Send(&message{Height: m.Height, Certificate: kept, Parts: body.Parts})
		}
	case m.Height != n.height:
	case m.Vote != nil:
		n.hearVote(m.Vote)
	case m.Part != nil && m.Round <= n.m.Round+partsAhead:
		n.hearPart(ctx, m)
	case m.Proposal != nil:
		n.hearProposal(m)
	}
	return nil
}

func (n *node) hearVote(v *pb.SignedVote) {
	member := network.Member(n.m.Params.Committee, v.GetAddress())
	if member == nil || check.Message(v) != nil || v.GetHeight() != n.height || v.GetRound() > n.m.Round+votesAhead ||
		!network.Verify(member.PublicKey, network.VoteDigest(n.genesis.Identity, v.VoteType, n.height, v.GetRound(), v.Commitment), v.Signature) {
		return
	}
	at := signing{slot{n.height, v.GetRound()}, steps[v.VoteType]}
	if bytes.Equal(v.Address, n.keys.Address) && (n.store.last == nil || above(at, *n.store.last)) { // [ECP-REC-015]
		n.silent = max(n.silent, n.height+1)
	}
	n.m.Add(v)
}

func (n *node) hearPart(ctx context.Context, m *message) {
	proposer := network.Proposer(n.m.Params, m.Round)
	if check.Message(m.Part) != nil || !bytes.Equal(m.Proposer, proposer.Address) || bytes.Equal(m.Proposer, n.keys.Address) ||
		m.ValidRound != nil && *m.ValidRound >= m.Round || !network.Verify(proposer.PublicKey, n.partDigest(m), m.Signature) {
		return
	}
	p := n.proposal(m.Round, m.ValidRound, m.Proposer)
	if sameRound(p.ValidRound, m.ValidRound) && p.parts.Add(m.Part) {
		p.said = append(p.said, m)
		n.validate(ctx, p, n.basis(p))
	}
}

func sameRound(a, b *uint32) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

func (n *node) hearProposal(m *message) {
	proposer := network.Proposer(n.m.Params, m.Proposal.GetRound())
	p := n.proposals[m.Proposal.GetRound()]
	if p == nil || p.Commitment != "" || check.Message(m.Proposal) != nil || m.Proposal.GetHeight() != n.height ||
		!sameRound(p.ValidRound, m.Proposal.ValidRound) || !network.Verify(proposer.PublicKey, n.proposalDigest(m.Proposal), m.Proposal.Signature) {
		return
	}
	p.Commitment = string(m.Proposal.Commitment)
	p.said = append(p.said, m)
}

// partDigest and proposalDigest have tags of their own, so that no signature serves twice [ECP-SEC-004].
func (n *node) partDigest(m *message) []byte {
	return n.digest("ecp-go/part/v1", m.Height, m.Round, m.ValidRound, binary.BigEndian.AppendUint32(nil, m.Part.GetIndex()),
		[]byte{byte(m.Part.GetKind())}, m.Part.GetPayload())
}

func (n *node) proposalDigest(p *pb.SignedProposal) []byte {
	return n.digest("ecp-go/proposal/v1", p.GetHeight(), p.GetRound(), p.ValidRound, p.Commitment)
}

func (n *node) digest(tag string, height uint64, round uint32, validRound *uint32, rest ...[]byte) []byte {
	id := n.genesis.Identity
	text := fmt.Sprintf("%s %q %d %d %d", tag, id.ChainId, id.GetForkId(), height, round)
	if validRound != nil {
		text += fmt.Sprintf(" %d", *validRound)
	}
	digest := sha256.Sum256(slices.Concat([]byte(text+"\n"), slices.Concat(rest...)))
	return digest[:]
}
