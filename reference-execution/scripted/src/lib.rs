//! ecp-engine-scripted
