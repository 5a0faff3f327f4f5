//! The context's codec, and the frame of streamed parts.
//!
//! The engine's frame around a part has a stream id and a sequence number. The envelope has both and signs them, so
//! the frame is the envelope: what is not signed is not on the wire.

use arc_malachitebft_codec::{Codec, HasEncodedLen};
use arc_malachitebft_core_consensus::{LivenessMsg, ProposedValue, SignedConsensusMsg};
use arc_malachitebft_core_types::{PolkaCertificate, ValidatorProof};
use arc_malachitebft_engine::util::streaming::{StreamContent, StreamId, StreamMessage};
use arc_malachitebft_sync::{Request, Response, Status};
use bytes::Bytes;
use ecp_malachite_context::{DecodeError, EcpContext, ProposalPart, WireCodec};

/// The codec of all actors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EngineCodec(pub(crate) WireCodec);

/// Passes on what the context can already encode.
macro_rules! delegate {
    ($($ty:ty),* $(,)?) => {$(
        impl Codec<$ty> for EngineCodec {
            type Error = DecodeError;

            fn decode(&self, bytes: Bytes) -> Result<$ty, DecodeError> {
                self.0.decode(bytes)
            }

            fn encode(&self, message: &$ty) -> Result<Bytes, DecodeError> {
                self.0.encode(message)
            }
        }
    )*};
}

delegate! {
    ProposalPart,
    SignedConsensusMsg<EcpContext>,
    LivenessMsg<EcpContext>,
    ValidatorProof<EcpContext>,
    ProposedValue<EcpContext>,
    PolkaCertificate<EcpContext>,
    Status<EcpContext>,
    Request<EcpContext>,
    Response<EcpContext>,
}

impl HasEncodedLen<Response<EcpContext>> for EngineCodec {
    fn encoded_len(&self, response: &Response<EcpContext>) -> Result<usize, DecodeError> {
        self.0.encoded_len(response)
    }
}

/// Frames a part.
pub(crate) fn frame(part: ProposalPart) -> StreamMessage<ProposalPart> {
    let stream_id = StreamId::new(Bytes::copy_from_slice(&part.0.header.stream_id));
    let sequence = u64::from(part.0.sequence());
    StreamMessage::new(stream_id, sequence, StreamContent::Data(part))
}

impl Codec<StreamMessage<ProposalPart>> for EngineCodec {
    type Error = DecodeError;

    fn decode(&self, bytes: Bytes) -> Result<StreamMessage<ProposalPart>, DecodeError> {
        self.0.decode(bytes).map(frame)
    }

    fn encode(&self, message: &StreamMessage<ProposalPart>) -> Result<Bytes, DecodeError> {
        match &message.content {
            StreamContent::Data(part) => self.0.encode(part),
            StreamContent::Fin => Err(DecodeError::NoMessage("the end of a stream outside an envelope")),
        }
    }
}
