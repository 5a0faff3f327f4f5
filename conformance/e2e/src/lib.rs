//! ecp-e2e
