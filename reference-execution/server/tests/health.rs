//! gRPC's own health and reflection beside ECP.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::PathBuf;

use ecp_execution_core::Input;
use hyper_util::rt::TokioIo;
use support::{Half, Net};
use tokio::net::UnixStream;
use tokio_stream::StreamExt;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

async fn channel(path: PathBuf) -> Channel {
    Endpoint::from_static("http://localhost")
        .connect_with_connector(tower::service_fn(move |_: Uri| {
            let path = path.clone();
            async move { Ok::<_, std::io::Error>(TokioIo::new(UnixStream::connect(path).await?)) }
        }))
        .await
        .unwrap()
}

const SERVICE: &str = "starknet.ecp.v1alpha1.ExecutionService";

#[tokio::test(flavor = "multi_thread")]
async fn health_is_what_watch_tells() {
    let half = Half::start(Net::default()).await;
    let mut health = HealthClient::new(channel(half.socket()).await);
    for service in ["", SERVICE] {
        let reply = health.check(HealthCheckRequest { service: service.into() }).await.unwrap().into_inner();
        assert_eq!(reply.status(), ServingStatus::Serving);
    }
    let unknown = health.check(HealthCheckRequest { service: "another".into() }).await.unwrap_err();
    assert_eq!(unknown.code(), tonic::Code::NotFound);
    let request = HealthCheckRequest { service: SERVICE.into() };
    let mut watched = health.watch(request).await.unwrap().into_inner();
    assert_eq!(watched.next().await.unwrap().unwrap().status(), ServingStatus::Serving);
    // A half that stops for an operator is not healthy.
    half.handle.as_ref().unwrap().host().tell(Input::Broken("the disk is gone".into()));
    assert_eq!(watched.next().await.unwrap().unwrap().status(), ServingStatus::NotServing);
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_tells_the_protocol() {
    let half = Half::start(Net::default()).await;
    let mut reflection = ServerReflectionClient::new(channel(half.socket()).await);
    let ask = |request: MessageRequest| {
        tokio_stream::once(ServerReflectionRequest { host: String::new(), message_request: Some(request) })
    };
    let mut answers =
        reflection.server_reflection_info(ask(MessageRequest::ListServices(String::new()))).await.unwrap().into_inner();
    let Some(MessageResponse::ListServicesResponse(list)) = answers.next().await.unwrap().unwrap().message_response
    else {
        panic!("no list of services")
    };
    assert!(list.service.iter().any(|service| service.name == SERVICE), "{list:?}");
    let symbol = MessageRequest::FileContainingSymbol(SERVICE.into());
    let mut answers = reflection.server_reflection_info(ask(symbol)).await.unwrap().into_inner();
    let answer = answers.next().await.unwrap().unwrap().message_response;
    assert!(matches!(answer, Some(MessageResponse::FileDescriptorResponse(_))), "{answer:?}");
}
