//! Everything that travels is read back as it was, and nothing that a peer sends makes the codec panic.
#![allow(clippy::unwrap_used)]

use std::fmt::Debug;

use arc_malachitebft_codec::{Codec, HasEncodedLen};
use arc_malachitebft_core_consensus::{LivenessMsg, ProposedValue, SignedConsensusMsg};
use arc_malachitebft_core_types::{
    ExtendedCommitCertificate, ExtendedCommitSignature, NilOrVal, PolkaCertificate, PolkaSignature, Round,
    RoundCertificate, RoundCertificateType, RoundSignature, SignedMessage, ValidatorProof, Validity, VoteType,
};
use arc_malachitebft_sync::{PeerId, RawDecidedValue, Request, Response, Status, ValueRequest, ValueResponse};
use bytes::Bytes;
use ecp_malachite_context::{
    Address, BlockHeight, Content, DecodeError, EcpContext, EcpProposal, EcpVote, Envelope, ProposalPart, Signature,
    StreamHeader, ValueId, WireCodec,
};
use ecp_types::{Commitment, Counts, Felt, Part, PartKind};
use proptest::{array::uniform32, collection::vec, option, prelude::*};

const CODEC: WireCodec = WireCodec { max_gossip_bytes: 1 << 16, max_sync_bytes: 1 << 16 };

/// Encodes, decodes, and sees that any other length or trailing byte is refused.
fn round_trip<T>(value: &T) -> Result<(), TestCaseError>
where
    T: PartialEq + Debug,
    WireCodec: Codec<T, Error = DecodeError>,
{
    let bytes = CODEC.encode(value).unwrap();
    prop_assert_eq!(&CODEC.decode(bytes.clone()).unwrap(), value);
    let mut longer = bytes.to_vec();
    longer.extend([0xf8, 0x01, 0x00]);
    let refused: Result<T, _> = CODEC.decode(longer.into());
    prop_assert!(refused.is_err(), "an unknown field is not canonical");
    if !bytes.is_empty() {
        let cut: Result<T, _> = CODEC.decode(bytes.slice(..bytes.len() - 1));
        prop_assert!(cut.is_err(), "a cut message is refused");
    }
    Ok(())
}

/// Feeds bytes to every decoder.
fn feed(bytes: &Bytes) {
    fn one<T>(bytes: &Bytes)
    where
        WireCodec: Codec<T>,
    {
        let _: Result<T, _> = CODEC.decode(bytes.clone());
    }
    one::<SignedConsensusMsg<EcpContext>>(bytes);
    one::<LivenessMsg<EcpContext>>(bytes);
    one::<PolkaCertificate<EcpContext>>(bytes);
    one::<ProposedValue<EcpContext>>(bytes);
    one::<ValidatorProof<EcpContext>>(bytes);
    one::<ProposalPart>(bytes);
    one::<Status<EcpContext>>(bytes);
    one::<Request<EcpContext>>(bytes);
    one::<Response<EcpContext>>(bytes);
}

prop_compose! {
    fn address()(mut bytes in uniform32(any::<u8>())) -> Address {
        bytes[0] &= 0x07;
        Address(Felt::from_bytes(&bytes).unwrap())
    }
}

prop_compose! {
    fn signature()(bytes in vec(any::<u8>(), 64)) -> Signature {
        Signature::from_bytes(&bytes).unwrap()
    }
}

fn value() -> impl Strategy<Value = ValueId> {
    uniform32(any::<u8>()).prop_map(|bytes| ValueId(Commitment(bytes)))
}

fn nil_or_value() -> impl Strategy<Value = NilOrVal<ValueId>> {
    option::of(value()).prop_map(|value| value.map_or(NilOrVal::Nil, NilOrVal::Val))
}

fn height() -> impl Strategy<Value = BlockHeight> {
    (0..1u64 << 62).prop_map(BlockHeight::of)
}

fn round() -> impl Strategy<Value = Round> {
    (0..1u32 << 30).prop_map(Round::new)
}

fn valid_round() -> impl Strategy<Value = Round> {
    option::of(0..1u32 << 30).prop_map(Round::from)
}

fn vote_type() -> impl Strategy<Value = VoteType> {
    prop_oneof![Just(VoteType::Prevote), Just(VoteType::Precommit)]
}

prop_compose! {
    fn vote()(
        vote_type in vote_type(), height in height(), round in round(), value in nil_or_value(), address in address(),
        signature in signature(),
    ) -> SignedMessage<EcpContext, EcpVote> {
        SignedMessage::new(EcpVote { vote_type, height, round, value, address }, signature)
    }
}

prop_compose! {
    fn proposal()(
        height in height(), round in round(), value in value(), valid_round in valid_round(), address in address(),
        signature in signature(),
    ) -> SignedMessage<EcpContext, EcpProposal> {
        SignedMessage::new(EcpProposal { height, round, value, valid_round, address }, signature)
    }
}

prop_compose! {
    fn polka()(
        height in height(), round in round(), value_id in value(), entries in vec((address(), signature()), 0..5),
    ) -> PolkaCertificate<EcpContext> {
        let polka_signatures = entries.into_iter().map(|(address, signature)| PolkaSignature { address, signature });
        PolkaCertificate { height, round, value_id, polka_signatures: polka_signatures.collect() }
    }
}

prop_compose! {
    fn round_certificate()(
        height in height(), round in round(), skip: bool,
        entries in vec((vote_type(), nil_or_value(), address(), signature()), 0..5),
    ) -> RoundCertificate<EcpContext> {
        let cert_type = if skip { RoundCertificateType::Skip } else { RoundCertificateType::Precommit };
        let signatures = entries.into_iter().map(|(vote_type, value, address, signature)| {
            RoundSignature::new(vote_type, value, address, signature)
        });
        RoundCertificate { height, round, cert_type, round_signatures: signatures.collect() }
    }
}

prop_compose! {
    fn envelope()(
        stream_id in uniform32(any::<u8>()), height in 0..1u64 << 62, round in 0..1u32 << 30,
        valid_round in option::of(0..1u32 << 30), proposer in address(), signature in signature(),
        kind in 0..4u8, index: u32, payload in vec(any::<u8>(), 0..300), bytes: u64, commitment in value(),
    ) -> ProposalPart {
        let stream_id = stream_id[..16].try_into().unwrap();
        let header = StreamHeader { stream_id, height, round, valid_round, proposer: proposer.0 };
        let part = |kind| Content::Part(Part { index, kind, payload: payload.into() });
        let content = match kind {
            0 => part(PartKind::Init),
            1 => part(PartKind::Body),
            2 => part(PartKind::Fin),
            _ => Content::End { counts: Counts { parts: index, bytes }, commitment: commitment.0 },
        };
        ProposalPart(Envelope { header, content, signature })
    }
}

prop_compose! {
    fn decided()(
        height in height(), round in round(), value_id in value(), entries in vec((address(), signature()), 0..5),
        bytes in vec(any::<u8>(), 0..300),
    ) -> RawDecidedValue<EcpContext> {
        let commit_signatures = entries
            .into_iter()
            .map(|(address, signature)| ExtendedCommitSignature::new(address, signature, None))
            .collect();
        let certificate = ExtendedCommitCertificate { height, round, value_id, commit_signatures };
        RawDecidedValue::new(bytes.into(), certificate)
    }
}

proptest! {
    #[test]
    fn votes_and_proposals(vote in vote(), proposal in proposal()) {
        round_trip(&SignedConsensusMsg::Vote(vote.clone()))?;
        round_trip(&SignedConsensusMsg::Proposal(proposal))?;
        round_trip(&LivenessMsg::Vote(vote))?;
    }

    #[test]
    fn certificates(polka in polka(), round in round_certificate()) {
        round_trip(&polka)?;
        round_trip(&LivenessMsg::PolkaCertificate(polka))?;
        round_trip(&LivenessMsg::SkipRoundCertificate(round))?;
    }

    #[test]
    fn proposed_values_and_proofs(
        height in height(), round in round(), valid_round in valid_round(), proposer in address(), value in value(),
        valid: bool, public_key in vec(any::<u8>(), 33), peer_id in vec(any::<u8>(), 38), signature in signature(),
    ) {
        let validity = Validity::from_bool(valid);
        round_trip(&ProposedValue::<EcpContext> { height, round, valid_round, proposer, value, validity })?;
        round_trip(&ValidatorProof::<EcpContext>::new(public_key, peer_id, signature))?;
    }

    #[test]
    fn parts(part in envelope()) {
        round_trip(&part)?;
    }

    #[test]
    fn sync(
        tip in height(), earliest in height(), length in 0..10u64, values in vec(decided(), 0..4),
    ) {
        let peer_id = PeerId::from_bytes(&[&[0x12, 32][..], &[7; 32]].concat()).unwrap();
        round_trip(&Status::<EcpContext> { peer_id, tip_height: tip, history_min_height: earliest })?;
        let to = BlockHeight::of(tip.block() + length);
        round_trip(&Request::<EcpContext>::ValueRequest(ValueRequest::new(tip..=to)))?;
        let response = Response::ValueResponse(ValueResponse::<EcpContext>::new(tip, values));
        prop_assert_eq!(CODEC.encoded_len(&response).unwrap(), CODEC.encode(&response).unwrap().len());
        round_trip(&response)?;
    }

    #[test]
    fn random_bytes_do_no_harm(bytes in vec(any::<u8>(), 0..400)) {
        feed(&bytes.into());
    }

    #[test]
    fn damaged_messages_do_no_harm(
        vote in vote(), round in round_certificate(), part in envelope(), decided in decided(),
        position: prop::sample::Index, byte: u8,
    ) {
        let response = Response::ValueResponse(ValueResponse::<EcpContext>::new(BlockHeight::of(0), vec![decided]));
        let messages = [
            CODEC.encode(&SignedConsensusMsg::Vote(vote)).unwrap(),
            CODEC.encode(&LivenessMsg::SkipRoundCertificate(round)).unwrap(),
            CODEC.encode(&part).unwrap(),
            CODEC.encode(&response).unwrap(),
        ];
        for message in messages {
            let mut message = message.to_vec();
            let position = position.index(message.len());
            message[position] = byte;
            feed(&message.into());
        }
    }
}

#[test]
fn limits_hold() {
    let signed = |address: u64| (Address(Felt::from_u64(address)), Signature([1; 64]));
    let polka = |members: u64| PolkaCertificate::<EcpContext> {
        height: BlockHeight::of(1),
        round: Round::new(0),
        value_id: ValueId(Commitment([1; 32])),
        polka_signatures: (0..members).map(signed).map(|(a, s)| PolkaSignature::new(a, s)).collect(),
    };
    let largest = CODEC.encode(&polka(1_000)).unwrap();
    assert_eq!(Codec::<PolkaCertificate<_>>::decode(&CODEC, largest).unwrap(), polka(1_000));
    let over = CODEC.encode(&polka(1_001)).unwrap();
    assert_eq!(Codec::<PolkaCertificate<_>>::decode(&CODEC, over), Err(DecodeError::TooManySignatures));

    let too_large = Bytes::from(vec![0; CODEC.max_gossip_bytes + 1]);
    let refused = Codec::<ProposalPart>::decode(&CODEC, too_large.clone());
    assert_eq!(refused, Err(DecodeError::TooLarge { size: (1 << 16) + 1, limit: 1 << 16 }));
    let refused = Codec::<Response<_>>::decode(&CODEC, too_large);
    assert_eq!(refused, Err(DecodeError::TooLarge { size: (1 << 16) + 1, limit: 1 << 16 }));
}

#[test]
fn what_could_overflow_a_counter_is_refused() {
    let vote = |height, round| {
        let vote =
            EcpVote { vote_type: VoteType::Prevote, height, round, value: NilOrVal::Nil, address: Address(Felt::ZERO) };
        SignedConsensusMsg::<EcpContext>::Vote(SignedMessage::new(vote, Signature([0; 64])))
    };
    for (message, field) in [
        (vote(BlockHeight::of(1), Round::new(u32::MAX)), "round"),
        (vote(BlockHeight::of(u64::MAX - 1), Round::new(0)), "height"),
    ] {
        let bytes = CODEC.encode(&message).unwrap();
        assert_eq!(Codec::<SignedConsensusMsg<_>>::decode(&CODEC, bytes), Err(DecodeError::Field(field)));
    }
    let nil = vote(BlockHeight::of(1), Round::Nil);
    assert_eq!(CODEC.encode(&nil), Err(DecodeError::Field("round")));
}
