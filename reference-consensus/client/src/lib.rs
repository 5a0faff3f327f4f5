//! The consensus half's way to an execution half.
//!
//! [`ExecutionClient`] is the seam: one method per call, in the domain's own types. [`GrpcConnector`] speaks ECP over
//! gRPC; a team that runs both halves in one process implements the trait over its own execution half instead.
//!
//! | module | what |
//! |---|---|
//! | [`client`] | the traits, and what their streams carry |
//! | [`error`] | how calls fail, each with the one action of the table |
//! | [`address`] | where an execution half is, and how it is trusted |
//! | [`grpc`] | the implementation over gRPC |

pub mod address;
pub mod client;
pub mod error;
pub mod grpc;

pub use address::{Address, BadAddress, Credentials, Tls};
pub use client::{Connector, ExecutionClient, Stream};
pub use error::CallError;
pub use grpc::{GrpcClient, GrpcConnector};
