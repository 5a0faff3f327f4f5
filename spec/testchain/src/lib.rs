//! ecp-testchain
