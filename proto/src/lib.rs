//! ecp-proto
