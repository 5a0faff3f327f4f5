//! Errors of a view as errors of JSON-RPC, with the codes and data of Starknet's specification.

use jsonrpsee::types::{
    ErrorObjectOwned,
    error::{INTERNAL_ERROR_CODE, INVALID_PARAMS_CODE},
};
use serde_json::{Value, json};
use starknet_rust_core::types::StarknetError;

use crate::ViewError;

/// Wrong parameters, with what is wrong in the data.
pub(crate) fn invalid_params(what: String) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(INVALID_PARAMS_CODE, "Invalid params", Some(what))
}

/// The node's own failure.
pub(crate) fn internal(what: &str) -> ErrorObjectOwned {
    tracing::error!(what, "a JSON-RPC call failed");
    ErrorObjectOwned::owned(INTERNAL_ERROR_CODE, "Internal error", Some(what))
}

/// An error of the specification.
pub(crate) fn starknet(error: &StarknetError) -> ErrorObjectOwned {
    let code = i32::try_from(error.code()).unwrap_or(INTERNAL_ERROR_CODE);
    ErrorObjectOwned::owned(code, error.message(), data(error))
}

fn data(error: &StarknetError) -> Option<Value> {
    match error {
        StarknetError::ContractError(data) => Some(json!(data)),
        StarknetError::TransactionExecutionError(data) => Some(json!(data)),
        StarknetError::NoTraceAvailable(data) => Some(json!(data)),
        StarknetError::InvalidTransactionNonce(text)
        | StarknetError::ValidationFailure(text)
        | StarknetError::CompilationFailed(text)
        | StarknetError::UnexpectedError(text) => Some(json!(text)),
        _ => None,
    }
}

impl From<ViewError> for ErrorObjectOwned {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Starknet(error) => starknet(&error),
            ViewError::StateNotKept(_) => invalid_params(error.to_string()),
            ViewError::Internal(what) => internal(&what),
        }
    }
}
