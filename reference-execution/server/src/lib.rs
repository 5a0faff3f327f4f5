//! ecp-execution-server
