//! ecp-jsonrpc
