//! ecp-malachite-context
