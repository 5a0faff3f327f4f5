//! ecp-malachite-engine
