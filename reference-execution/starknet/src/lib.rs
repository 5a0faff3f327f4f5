//! ecp-engine-starknet
