//! Steps below the level of messages.

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UnixStream},
};
use tower::{Service, ServiceExt};

use super::{
    call::{Incoming, recorded},
    state::{Observed, State, Trouble, session_name},
};
use crate::{
    schema::{self, raw, record::Event, step_ended::Observed as What},
    subject::Address,
    wire,
};

impl State {
    pub(super) async fn raw(&mut self, raw: &schema::Raw) -> Result<Observed, Trouble> {
        match raw.what.as_ref().ok_or_else(|| Trouble("raw says what".into()))? {
            raw::What::Body(body) => self.raw_body(body).await,
            raw::What::Connection(digits) => {
                let bytes = hex::decode(digits).map_err(Trouble::of)?;
                self.record_raw("a new connection", &bytes, bytes.len());
                self.raw_connection(&bytes).await
            }
            raw::What::Oversize(oversize) => self.oversize(oversize).await,
        }
    }

    fn record_raw(&self, what: &str, bytes: &[u8], length: usize) {
        self.recorder.record(Event::Raw(schema::RawBytes {
            what: what.to_owned(),
            bytes: Bytes::copy_from_slice(bytes),
            length: length as u64,
        }));
    }

    async fn raw_body(&mut self, body: &schema::RawBody) -> Result<Observed, Trouble> {
        let bytes = hex::decode(&body.bytes).map_err(Trouble::of)?;
        self.record_raw(&format!("the body of {}", body.method), &bytes, bytes.len());
        let token = self.token(&body.session, &body.method, None)?;
        let call = self.number();
        self.recorder.record(Event::CallBegan(schema::CallBegan {
            call,
            method: body.method.clone(),
            session: session_name(&body.session).to_owned(),
            token: token.clone(),
            instance: 0,
            r#as: String::new(),
        }));
        let mut request = Request::post(format!("http://localhost{}", wire::path(&body.method)))
            .header(header::CONTENT_TYPE, "application/grpc")
            .header(header::TE, "trailers");
        if let Some(token) = &token {
            let text = tonic::metadata::BinaryMetadataValue::from_bytes(token);
            request = request.header(ecp_proto::SESSION_KEY, text.as_encoded_bytes());
        }
        let request = request.body(tonic::body::Body::new(Full::new(Bytes::from(bytes)))).map_err(Trouble::of)?;
        let mut channel = self.session(&body.session)?.channel(&body.method);
        let patience = self.patience(0);
        let answer = async {
            let response =
                channel.ready().await.map_err(|e| e.to_string())?.call(request).await.map_err(|e| e.to_string())?;
            if let Some(status) = tonic::Status::from_header_map(response.headers()) {
                return Ok(status);
            }
            let body = response.into_body().collect().await.map_err(|e| e.to_string())?;
            let trailers = body.trailers().cloned().unwrap_or_default();
            tonic::Status::from_header_map(&trailers).ok_or_else(|| "no status came".to_owned())
        };
        let observed = match tokio::time::timeout(patience, answer).await {
            Err(_) => Observed::silence(Some(call), patience),
            Ok(Err(why)) => Observed { call: Some(call), what: What::Lost(why) },
            Ok(Ok(status)) => {
                self.recorder.record(Event::Status(recorded(call, &status)));
                Observed::status(call)
            }
        };
        Ok(observed)
    }

    /// Writes bytes on a new connection and reads until the half closes it or has nothing more to say.
    async fn raw_connection(&mut self, bytes: &[u8]) -> Result<Observed, Trouble> {
        let patience = self.patience(0);
        let talk = async {
            match &self.address {
                Address::Unix(path) => exchange(UnixStream::connect(path).await?, bytes).await,
                Address::Tcp(url) => {
                    exchange(TcpStream::connect(url.trim_start_matches("http://")).await?, bytes).await
                }
            }
        };
        let what = match tokio::time::timeout(patience, talk).await {
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => What::Lost(error.to_string()),
            // Closed, reset, or still open: each is a way to answer bytes that are no HTTP/2.
            _ => What::Done(pbjson_types::Empty {}),
        };
        Ok(Observed { call: None, what })
    }

    async fn oversize(&mut self, oversize: &schema::Oversize) -> Result<Observed, Trouble> {
        let length = usize::try_from(oversize.bytes).map_err(Trouble::of)?;
        let sound = self.request(&oversize.method, &oversize.session, &serde_json::json!({}))?;
        let message = padded(&sound, length);
        self.record_raw(&format!("a message of {}", oversize.method), &message[..message.len().min(64)], message.len());
        let mut call = self.begin(&oversize.method, &oversize.session, "", None)?;
        call.send_unrecorded(message);
        call.half_close();
        let patience = self.patience(0);
        loop {
            match call.next(patience).await {
                Some(Incoming::Message(..)) => {}
                Some(Incoming::Status(_)) => return Ok(Observed::status(call.id)),
                None => return Ok(Observed::silence(Some(call.id), patience)),
            }
        }
    }
}

/// A sound message with a field that nobody knows, so that it has `length` bytes and is too long for no other reason.
fn padded(sound: &[u8], length: usize) -> Bytes {
    // Field 1000, length-delimited; the length takes five bytes in a form that every decoder reads.
    const TAG: [u8; 2] = [0xc2, 0x3e];
    let padding = length.saturating_sub(sound.len() + TAG.len() + 5);
    let mut message = sound.to_vec();
    message.extend_from_slice(&TAG);
    for shift in [0, 7, 14, 21] {
        message.push(((padding >> shift) & 0x7f) as u8 | 0x80);
    }
    message.push(((padding >> 28) & 0x7f) as u8);
    message.resize(message.len() + padding, 0);
    message.into()
}

async fn exchange<S: AsyncReadExt + AsyncWriteExt + Unpin>(mut stream: S, bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    stream.shutdown().await?;
    let mut sink = Vec::new();
    stream.read_to_end(&mut sink).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use ecp_proto::v1alpha1::StartRoundRequest;
    use prost::Message;

    use super::*;

    #[test]
    fn a_padded_message_has_its_length_and_its_meaning() {
        let sound = StartRoundRequest { height: Some(300), ..StartRoundRequest::default() };
        let message = padded(&sound.encode_to_vec(), 100_000);
        assert_eq!(message.len(), 100_000);
        assert_eq!(StartRoundRequest::decode(message), Ok(sound));
    }
}
