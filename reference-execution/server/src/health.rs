//! gRPC's own health and reflection services beside ECP: for load balancers and for people with a generic client.

use ecp_proto::v1alpha1::execution_service_server::ExecutionServiceServer;
use ecp_types::{Phase, WatchState};
use tokio::sync::watch;
use tonic_health::{
    ServingStatus,
    pb::health_server::{Health, HealthServer},
    server::health_reporter,
};
use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};

use crate::{ServeError, service::Service};

/// Health as Watch tells it: SERVING while the half takes every call, for the service and for the whole server.
pub(crate) async fn health(mut watched: watch::Receiver<WatchState>) -> HealthServer<impl Health> {
    let (reporter, service) = health_reporter();
    let set = async move |phase: Phase| {
        let status = if phase == Phase::Ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        reporter.set_service_status("", status).await;
        match status {
            ServingStatus::Serving => reporter.set_serving::<ExecutionServiceServer<Service>>().await,
            _ => reporter.set_not_serving::<ExecutionServiceServer<Service>>().await,
        }
    };
    let phase = watched.borrow_and_update().phase;
    set(phase).await;
    // Ends with the core, which is the sender.
    tokio::spawn(async move {
        while watched.changed().await.is_ok() {
            let phase = watched.borrow_and_update().phase;
            set(phase).await;
        }
    });
    service
}

/// The protocol's own descriptor.
pub(crate) fn reflection() -> Result<ServerReflectionServer<impl ServerReflection>, ServeError> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(ecp_proto::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(|error| ServeError::Reflection(error.to_string()))
}
