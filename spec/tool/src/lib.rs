//! ecp-spec
