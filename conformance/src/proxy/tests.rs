//! The proxy between a real client and a real server, over Unix sockets.

use std::sync::Mutex;

use hyper_util::rt::TokioIo;
use tokio::net::{UnixListener, UnixStream};
use tokio_stream::{StreamExt as _, wrappers::UnboundedReceiverStream};
use tonic::{
    Code,
    transport::{Endpoint, Server, Uri},
};

use super::*;

/// Echoes each message twice; `fail` ends the call with an error that has details; `hold` says nothing.
#[derive(Clone)]
struct Echo {
    seen: mpsc::UnboundedSender<Option<Bytes>>,
}

impl NamedService for Echo {
    const NAME: &'static str = Proxy::NAME;
}

impl tower::Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let echo = self.clone();
        Box::pin(async move { Ok(tonic::server::Grpc::new(RawCodec).streaming(echo, request).await) })
    }
}

impl StreamingService<Bytes> for Echo {
    type Response = Bytes;
    type ResponseStream = ReceiverStream<Result<Bytes, Status>>;
    type Future = BoxFuture<'static, Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        let seen = self.seen.clone();
        Box::pin(async move {
            let mut inbound = request.into_inner();
            let (out, messages) = mpsc::channel(1);
            tokio::spawn(async move {
                while let Ok(Some(message)) = inbound.message().await {
                    let _ = seen.send(Some(message.clone()));
                    if message == "hold" {
                        continue;
                    }
                    if message == "fail" {
                        let details = Bytes::from_static(b"details");
                        let _ = out.send(Err(Status::with_details(Code::DataLoss, "failed", details))).await;
                        continue;
                    }
                    for _ in 0..2 {
                        let _ = out.send(Ok(message.clone())).await;
                    }
                }
                let _ = seen.send(None);
            });
            Ok(Response::new(ReceiverStream::new(messages)))
        })
    }
}

/// Writes down what it sees; messages named after a flow get that flow.
struct Witness(mpsc::UnboundedSender<String>);

impl Witness {
    fn say(&self, what: String) {
        let _ = self.0.send(what);
    }

    fn flow(message: Bytes) -> Flow {
        match &message[..] {
            b"swallow" => Flow::Swallow,
            b"change" => Flow::Forward(Bytes::from_static(b"changed")),
            b"end" => Flow::End(Status::aborted("by the script")),
            b"answer" => Flow::Answer(vec![Bytes::from_static(b"one"), Bytes::from_static(b"two")]),
            b"silence" => Flow::Silence,
            _ => Flow::Forward(message),
        }
    }
}

#[async_trait]
impl Script for Witness {
    fn began(&self, head: &CallHead) -> CallNumber {
        self.say(format!("{} on {:?}", head.method, head.connection));
        7
    }
    async fn consensus_said(&self, call: CallNumber, message: Bytes) -> Flow {
        self.say(format!("{call} > {}", String::from_utf8_lossy(&message)));
        Self::flow(message)
    }
    async fn execution_said(&self, call: CallNumber, message: Bytes) -> Flow {
        self.say(format!("{call} < {}", String::from_utf8_lossy(&message)));
        Flow::Forward(message)
    }
    async fn execution_ended(&self, _: CallNumber, status: Status) -> Status {
        status
    }
    fn half_closed(&self, call: CallNumber) {
        self.say(format!("{call} half-closed"));
    }
    fn ended(&self, call: CallNumber, end: CallEnd) {
        match end {
            CallEnd::Status(status) => self.say(format!("{call} ended {:?}", status.code())),
            CallEnd::Reset => self.say(format!("{call} reset")),
        }
    }
}

struct Fixed(Mutex<Channel>);

#[async_trait]
impl Upstream for Fixed {
    async fn channel(&self, _: &str) -> Result<Channel, Status> {
        Ok(self.0.lock().unwrap().clone())
    }
}

struct Stand {
    door: Door,
    client: Channel,
    said: mpsc::UnboundedReceiver<String>,
    /// What the server saw; `None` is the end of its caller's side.
    seen: mpsc::UnboundedReceiver<Option<Bytes>>,
    _tasks: (AbortOnDropHandle<()>, AbortOnDropHandle<()>),
    _folder: tempfile::TempDir,
}

fn channel(path: std::path::PathBuf) -> Channel {
    Endpoint::from_static("http://localhost").connect_with_connector_lazy(tower::service_fn(move |_: Uri| {
        let path = path.clone();
        async move { Ok::<_, std::io::Error>(TokioIo::new(UnixStream::connect(path).await?)) }
    }))
}

fn stand() -> Stand {
    let folder = tempfile::tempdir().unwrap();
    let (behind, front) = (folder.path().join("b"), folder.path().join("f"));
    let (tell, seen) = mpsc::unbounded_channel();
    let listener = UnixListener::bind(&behind).unwrap();
    let incoming = tokio_stream::wrappers::UnixListenerStream::new(listener);
    let server = Server::builder().add_service(Echo { seen: tell }).serve_with_incoming(incoming);
    let server = AbortOnDropHandle::new(tokio::spawn(async move { server.await.unwrap() }));
    let (say, said) = mpsc::unbounded_channel();
    let upstream = Arc::new(Fixed(Mutex::new(channel(behind))));
    let (door, task) = Door::serve(&front, |_| Proxy::new(Arc::new(Witness(say)), upstream)).unwrap();
    Stand { door, client: channel(front), said, seen, _tasks: (server, task), _folder: folder }
}

impl Stand {
    /// Opens a call that sends what comes on the sender.
    async fn open(&self, method: &str) -> (mpsc::UnboundedSender<Bytes>, Result<Streaming<Bytes>, Status>) {
        let (send, messages) = mpsc::unbounded_channel();
        let mut grpc = tonic::client::Grpc::new(self.client.clone());
        grpc.ready().await.unwrap();
        let path = format!("/{}/{method}", Proxy::NAME).parse().unwrap();
        let replies = grpc.streaming(Request::new(UnboundedReceiverStream::new(messages)), path, RawCodec).await;
        (send, replies.map(Response::into_inner))
    }

    /// Sends these, half-closes, and reads to the end.
    async fn call(&self, messages: &[&'static str]) -> (Vec<Bytes>, Result<(), Status>) {
        let (send, replies) = self.open("Some").await;
        for message in messages {
            send.send(Bytes::from_static(message.as_bytes())).unwrap();
        }
        drop(send);
        let (mut got, mut replies) = (Vec::new(), replies.unwrap());
        loop {
            match replies.message().await {
                Ok(Some(message)) => got.push(message),
                Ok(None) => return (got, Ok(())),
                Err(status) => return (got, Err(status)),
            }
        }
    }

    /// What the script said up to and with `last`.
    async fn until(&mut self, last: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = self.said.recv().await {
            lines.push(line);
            if lines.last().is_some_and(|line| line == last) {
                break;
            }
        }
        lines
    }
}

#[tokio::test]
async fn messages_pass_both_ways_and_are_seen() {
    let mut stand = stand();
    let (got, end) = stand.call(&["a", "b"]).await;
    assert_eq!(got, ["a", "a", "b", "b"]);
    end.unwrap();
    let mut said = stand.until("7 ended Ok").await;
    assert_eq!(said.remove(0), "Some on Some(0)");
    for line in ["7 > a", "7 > b", "7 < a", "7 < b", "7 half-closed"] {
        assert!(said.iter().any(|said| said == line), "{line} in {said:?}");
    }
}

#[tokio::test]
async fn a_stream_goes_on_message_by_message() {
    let stand = stand();
    let (send, replies) = stand.open("Some").await;
    let mut replies = replies.unwrap();
    for message in ["a", "b", "c"] {
        send.send(Bytes::from_static(message.as_bytes())).unwrap();
        for _ in 0..2 {
            assert_eq!(replies.message().await.unwrap().unwrap(), message);
        }
    }
    drop(send);
    assert!(replies.next().await.is_none());
}

#[tokio::test]
async fn a_status_passes_with_its_details() {
    let mut stand = stand();
    let (got, end) = stand.call(&["fail"]).await;
    let status = end.unwrap_err();
    assert_eq!(
        (got.len(), status.code(), status.message(), status.details()),
        (0, Code::DataLoss, "failed", &b"details"[..])
    );
    stand.until("7 ended DataLoss").await;
}

#[tokio::test]
async fn a_reset_reaches_the_other_side() {
    let mut stand = stand();
    let (send, replies) = stand.open("Some").await;
    send.send(Bytes::from_static(b"hold")).unwrap();
    assert_eq!(stand.seen.recv().await, Some(Some(Bytes::from_static(b"hold"))));
    drop((replies, send));
    stand.until("7 reset").await;
    assert_eq!(stand.seen.recv().await, Some(None));
}

#[tokio::test]
async fn the_script_changes_swallows_and_answers() {
    let mut stand = stand();
    assert_eq!(stand.call(&["change", "swallow", "a"]).await.0, ["changed", "changed", "a", "a"]);
    let (got, end) = stand.call(&["answer"]).await;
    assert_eq!(got, ["one", "two"]);
    end.unwrap();
    let (got, end) = stand.call(&["a", "end"]).await;
    assert!(got.len() <= 2);
    assert_eq!(end.unwrap_err().code(), Code::Aborted);
    stand.until("7 ended Aborted").await;
    let mut seen = Vec::new();
    while let Ok(message) = stand.seen.try_recv() {
        seen.extend(message);
    }
    assert!(!seen.iter().any(|m| m == "swallow" || m == "end" || m == "answer"), "{seen:?}");
}

#[tokio::test]
async fn silence_lasts_until_the_connection_is_cut() {
    let mut stand = stand();
    let (send, replies) = stand.open("Some").await;
    send.send(Bytes::from_static(b"silence")).unwrap();
    stand.until("7 > silence").await;
    stand.door.cut(0);
    assert!(replies.unwrap().message().await.is_err());
    stand.until("7 reset").await;
    drop(send);
    // The next call finds the door open, on another connection.
    assert_eq!(stand.call(&["a"]).await.0, ["a", "a"]);
    assert_eq!(stand.until("Some on Some(1)").await, ["Some on Some(1)"]);
}

#[tokio::test]
async fn a_closed_door_lets_nobody_in() {
    let stand = stand();
    assert_eq!(stand.call(&["a"]).await.0, ["a", "a"]);
    stand.door.close();
    let (_send, replies) = stand.open("Some").await;
    assert!(replies.is_err());
    stand.door.reopen();
    assert_eq!(stand.call(&["a"]).await.0, ["a", "a"]);
}
