//! ecp-execution-client
