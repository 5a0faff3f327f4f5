//! ecp-consensus-core
